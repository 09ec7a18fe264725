/* Narrowing in a world of 64 addresses, three protocols and four ports. Oracle: a packet is inside
 * the answer exactly when it is inside both what was proposed and what is allowed; the initiator
 * accepts the answer; without narrowing all that is allowed comes out. */
#include "ikev2/narrow.h"

#include <stdlib.h>

enum { ADDRESSES = 64, PROTOCOLS = 3, PORTS = 4, SELECTORS = 4 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct addr address(unsigned i)
{
	return addr_v4(0x0a000000 + i);
}

/* A selector from four octets: protocol, ports, first and last address. */
static struct ts selector(struct rd *r)
{
	uint8_t protocol = rd_u8(r);
	uint8_t ports = rd_u8(r);
	uint8_t a = rd_u8(r) % ADDRESSES;
	uint8_t b = rd_u8(r) % ADDRESSES;
	struct ts t = { .protocol = protocol % PROTOCOLS, .port_last = 65535 };

	if (t.protocol != 0 && ports & 0x80) {
		t.port_first = (uint16_t)MIN(ports & 3, ports >> 2 & 3);
		t.port_last = (uint16_t)MAX(ports & 3, ports >> 2 & 3);
	}
	t.range = (struct range){ address(MIN(a, b)), address(MAX(a, b)) };
	return t;
}

static struct ts_list list(struct rd *r)
{
	struct ts_list l = { .n = 1u + rd_u8(r) % SELECTORS };

	for (size_t i = 0; i < l.n; i++)
		l.ts[i] = selector(r);
	return l;
}

static bool has(const struct ts_list *l, unsigned packet)
{
	struct addr a = address(packet % ADDRESSES);
	unsigned protocol = packet / ADDRESSES % PROTOCOLS, port = packet / ADDRESSES / PROTOCOLS;

	return ts_list_has(l, (uint8_t)(protocol + 1), &a, (uint16_t)port);
}

static void compare(
	const struct ts_list *answer, const struct ts_list *proposed, const struct ts_list *allowed)
{
	for (unsigned i = 0; i < ADDRESSES * PROTOCOLS * PORTS; i++)
		check(has(answer, i) == (has(proposed, i) && has(allowed, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct ts_list tsi = list(&r), tsr = list(&r), allowed_i = list(&r), allowed_r = list(&r);
	struct v2_narrowed wide, strict;

	if (v2_narrow(&tsi, &tsr, &allowed_i, &allowed_r, true, &wide) == OK) {
		compare(&wide.tsi, &tsi, &allowed_i);
		compare(&wide.tsr, &tsr, &allowed_r);
		check(v2_narrow_check(&tsi, &tsr, &wide.tsi, &wide.tsr, true) == OK);
		check(!wide.is_whole || wide.has_first);
		check(!wide.is_whole ||
			v2_narrow_check(&tsi, &tsr, &wide.tsi, &wide.tsr, false) == OK);
	}
	if (v2_narrow(&tsi, &tsr, &allowed_i, &allowed_r, false, &strict) == OK) {
		compare(&strict.tsi, &allowed_i, &allowed_i);
		compare(&strict.tsr, &allowed_r, &allowed_r);
	}
	return 0;
}
