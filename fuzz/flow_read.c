/* What the test flow of `ipsec diagnose` reads from a wire: the first octet says as what. Oracle:
 * the same fields taken from their places in the RFCs' pictures, by plain offsets. */
#include "cmd/flow_read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ICMP4, ICMP6, ESP4, ESP6, SEEN, DNS, KINDS };

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static void want(bool is_so)
{
	if (!is_so)
		abort();
}

/* Octets of a header of IPv4; 0: it is none, or cut off. */
static size_t header4(const uint8_t *p, size_t n)
{
	size_t head = n ? (size_t)(p[0] & 15) * 4 : 0;

	return head >= 20 && n >= head ? head : 0;
}

static bool is_addr(const struct addr *a, const uint8_t *p, size_t n)
{
	return a->family == (n == 4 ? 4 : 6) && memcmp(a->b, p, n) == 0;
}

/* ---- ICMP ---- */

/* Does it quote an echo request of that family? *ret: the ICMP in it. */
static bool quotes(bool v6, const uint8_t *p, size_t n, const uint8_t **ret)
{
	size_t head = v6 ? 40 : header4(p, n);

	if (!head || n < head + 8 || (!v6 && p[0] >> 4 != 4))
		return false;
	*ret = p + head;
	return p[v6 ? 6 : 9] == (v6 ? 58 : 1) && p[head] == (v6 ? 128 : 8);
}

static void check_icmp(bool v6, const uint8_t *p, size_t n)
{
	struct icmp_said s;
	enum icmp_kind kind = icmp_read(v6 ? 6 : 4, bytes_of(p, n), &s);
	size_t head = v6 ? 0 : header4(p, n);
	const uint8_t *icmp = p + head, *q;
	bool is_icmp = (v6 || (head && p[0] >> 4 == 4 && p[9] == 1)) && n >= head + 8, is_error;

	if (!is_icmp) {
		want(kind == ICMP_NOT_OURS);
		return;
	}
	is_error = v6 ? icmp[0] >= 1 && icmp[0] <= 3 : icmp[0] == 3 || icmp[0] == 11;
	if (icmp[0] == (v6 ? 129 : 0))
		want(kind == ICMP_ANSWER && s.id == be16(icmp + 4) && s.seq == be16(icmp + 6));
	else if (is_error && quotes(v6, icmp + 8, n - head - 8, &q))
		want(kind == ICMP_ERROR && s.id == be16(q + 4) && s.seq == be16(q + 6));
	else
		want(kind == ICMP_NOT_OURS);
	want(s.type == icmp[0] && s.code == icmp[1] && (v6 || is_addr(&s.from, p + 12, 4)));
	if (icmp_is_too_big(v6 ? 6 : 4, &s))
		want(s.mtu == (v6 ? be32(icmp + 4) : be16(icmp + 6)));
	else
		want(s.mtu == 0);
}

/* ---- ESP ---- */

/* Where the SPI stands; 0: it is no ESP, or has too few octets. *ret: from there on, as the header
 * says. */
static size_t spi_at(bool v6, const uint8_t *p, size_t n, uint32_t *ret)
{
	size_t head = v6 ? 40 : header4(p, n), at;
	uint32_t whole;
	uint8_t protocol;

	if (!head || n < head || (!v6 && (be16(p + 6) & 0x3fff)))
		return 0;
	protocol = p[v6 ? 6 : 9];
	at = head + (protocol == 17 ? 8 : 0);
	if (n < at + 4 || (protocol != 17 && protocol != 50) ||
		(protocol == 17 && be16(p + head) != 4500 && be16(p + head + 2) != 4500))
		return 0;
	whole = v6 ? be16(p + 4) + 40 : be16(p + 2);
	*ret = whole - (uint32_t)at;
	/* SPI and number, IV, a block, 12 octets of ICV */
	return be32(p + at) && whole >= at + 8 + 16 + 16 + 12 ? at : 0;
}

static void check_esp(bool v6, const uint8_t *p, size_t n)
{
	struct esp_seen seen = { 0 };
	struct esp_said s;
	bool is_esp = esp_read(v6 ? 6 : 4, bytes_of(p, n), &s);
	uint32_t size = 0;
	size_t at = spi_at(v6, p, n, &size);

	want(is_esp == (at != 0));
	if (!is_esp)
		return;
	want(s.n == size && s.spi == be32(p + at));
	want(is_addr(&s.from, p + (v6 ? 8 : 12), v6 ? 16 : 4));
	for (unsigned i = 0; i < 2; i++)
		esp_seen_take(&seen, &s);
	want(seen.n == 1 && seen.spi[0].spi == s.spi && seen.spi[0].count == 2);
	want(seen.spi[0].length == size);
	want(seen.spi[0].cut_12 == (size % 16 == 20 % 16 ? 2 : 0));
	want(seen.spi[0].cut_16 == (size % 16 == 24 % 16 ? 2 : 0));
	for (unsigned i = 0; i < 2 * ESP_SPIS; i++, s.spi++)
		esp_seen_take(&seen, &s);
	want(seen.n == ESP_SPIS);
}

/* ---- others' packets ---- */

static void check_seen(const uint8_t *p, size_t n)
{
	struct ip_seen s;
	bool is_seen = ip_see(bytes_of(p, n), &s), v6 = n && p[0] >> 4 == 6, asks = false;
	size_t head = v6 ? 40 : n && p[0] >> 4 == 4 ? header4(p, n) : 0;
	uint8_t protocol;

	/* options may be cut off: the addresses are there */
	if (!is_seen) {
		want(!head || n < head);
		return;
	}
	want(v6 ? n >= 40 : n >= 20 && p[0] >> 4 == 4);
	want(is_addr(&s.src, p + (v6 ? 8 : 12), v6 ? 16 : 4));
	want(is_addr(&s.dst, p + (v6 ? 24 : 16), v6 ? 16 : 4));
	protocol = p[v6 ? 6 : 9];
	if (head && (v6 || (be16(p + 6) & 0x1fff) == 0)) {
		if (protocol == 1 || protocol == 58)
			asks = n > head && p[head] == (v6 ? 128 : 8);
		else if (protocol == 6)
			asks = n > head + 13 && (p[head + 13] & 0x12) == 0x02;
	}
	want(s.is_asking == asks);
}

/* The first two octets are the id of the question. */
static void check_dns(const uint8_t *p, size_t n)
{
	bool is_answer;

	if (n < 2)
		return;
	is_answer = dns_is_answer(bytes_of(p + 2, n - 2), (uint16_t)be16(p));
	want(is_answer == (n >= 14 && memcmp(p, p + 2, 2) == 0 && p[4] >= 0x80));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	switch (data[0] % KINDS) {
	case ICMP4:
	case ICMP6:
		check_icmp(data[0] % KINDS == ICMP6, data + 1, n - 1);
		break;
	case ESP4:
	case ESP6:
		check_esp(data[0] % KINDS == ESP6, data + 1, n - 1);
		break;
	case SEEN:
		check_seen(data + 1, n - 1);
		break;
	default:
		check_dns(data + 1, n - 1);
	}
	return 0;
}
