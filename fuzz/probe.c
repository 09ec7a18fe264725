/* Whatever comes in the peer's place, while "ipsec diagnose" asks it: datagrams of the input, each
 * cut off by its length, with the SPI of the question that was sent last, in turns from both ports.
 * Oracles: no more packets than are allowed, none to anybody else, an end in time, and what is told
 * as ike= is never empty where something was taken. */
#include "probe/probe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void told(void *ctx, const struct event *e)
{
	const union ev_probe_answer *a = (const void *)e->row;
	char line[4096];

	(void)ctx;
	(void)event_line(e, false, line, sizeof(line));
	if (e->id == EV_probe_answer && strcmp(a->answer.str, "taken") == 0)
		check(a->chosen.str[0] != '\0');
}

static const struct event_sink out = { told, NULL };
static const struct endpoint there = { { 4, { 198, 51, 100, 1 } }, 500 };

struct run {
	struct probe *p;
	struct now now;
	uint8_t room[PROBE_DATAGRAM];
	uint8_t spi[8];
	struct endpoint to;
	unsigned packets;
};

static void send_all(struct run *r)
{
	struct bytes d;

	while ((d = probe_output(r->p, r->now, &out, r->room, sizeof(r->room), &r->to)).n) {
		check(addr_eq(&r->to.addr, &there.addr) &&
			(r->to.port == 500 || r->to.port == 4500));
		memcpy(r->spi, d.p, sizeof(r->spi));
		check(++r->packets <= PROBE_PACKETS_MAX);
	}
}

/* The next datagram of the input; its first octet and a half are not the fuzzer's to guess. */
static void hear(struct run *r, struct rd *in)
{
	size_t n = rd_u16(in) & 0x0fff;
	struct buf d = { 0 };

	n = MIN(n, in->n);
	buf_set(&d, rd_bytes(in, n));
	if (d.n >= 28) {
		struct wr w = wr_to(d.p + 24, 4);

		memcpy(d.p, r->spi, sizeof(r->spi));
		wr_u32(&w, (uint32_t)d.n);
	}
	probe_input(r->p, r->now, &out, &r->to, buf_view(&d));
	buf_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd in = rd_from(bytes_of(data, n));
	struct rng_seeded seed;
	uint8_t how = rd_u8(&in);
	struct probe_for f = { .conn = "vpn",
		.remote = there,
		.version = how & 1 ? 1 : 2,
		.v1 = proposals_default_ike_v1(),
		.v2 = proposals_default_ike(),
		.is_refused = how & 2,
		.with_transforms = how & 4,
		.rng = rng_seeded(&seed, 1) };
	static struct run r;

	if (n > 1 << 16)
		return 0;
	r = (struct run){ .p = probe_new(&f, 0) };
	while (!probe_is_over(r.p)) {
		send_all(&r);
		if (rd_more(&in))
			hear(&r, &in);
		else
			r.now.mono = r.now.wall = MIN(probe_due(r.p), r.now.mono + PROBE_WAIT);
		check(r.now.mono <= PROBE_TIME + PROBE_WAIT);
	}
	probe_free(r.p);
	return 0;
}
