/* The plane as its two ends see it: every suite, ESN, selectors, sizes, limits, notices, rekeys. */
#include "base/test.h"
#include "esp/fixture.h"

static const struct fixture_packet small = {
	.src = "10.0.1.1", .dst = "10.0.2.1", .protocol = PROTO_UDP, .df = true, .payload = 100
};

/* Sends small with that payload; the received packet, which must be as it was sent. */
static enum drop_reason through(struct fixture *f, struct fixture_packet o, struct packet *ret)
{
	static uint8_t before[FIXTURE_FRAME];
	size_t n = fixture_frame(f, &o);
	enum drop_reason why = fixture_send(f, n);

	assert_int_equal(why, DROP_none);
	assert_int_equal(fixture_count(f), 1);
	memcpy(before, f->frame + VNET_N, n - VNET_N);
	why = fixture_receive(f, 0, o.tos, ret);
	fixture_done(f);
	if (!why) {
		assert_int_equal(ret->n, n - VNET_N);
		assert_memory_equal(ret->p, before, ret->n);
		assert_true(packet_sum_ok(ret));
	}
	return why;
}

TEST(every_suite_carries_packets_of_every_length)
{
	static const uint16_t integ[] = { INTEG_HMAC_MD5_96, INTEG_HMAC_SHA1_96, INTEG_AES_XCBC_96,
		INTEG_AES_CMAC_96, INTEG_HMAC_SHA2_256_128, INTEG_HMAC_SHA2_384_192,
		INTEG_HMAC_SHA2_512_256 };
	unsigned suites = 0;

	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);

		if (a->type != TT_ENCR || !a->for_esp)
			continue;
		for (size_t k = 0; k < (a->is_aead ? 1 : COUNT(integ)); k++)
			for (uint16_t esn = 0; esn < 2; esn++) {
				struct suite s = { .encr = a->id,
					.key_bits = a->key_bits[0],
					.integ = a->is_aead ? 0 : integ[k],
					.esn = esn };
				struct fixture *f = fixture_new(&s, NULL);
				struct packet got;

				for (size_t n = 0; n < 40; n++) {
					struct fixture_packet o = small;

					o.payload = n;
					assert_int_equal(through(f, o, &got), DROP_none);
				}
				fixture_free(f);
				suites++;
			}
	}
	assert_true(suites > 80);
}

static void plain(struct dp_sa *sa)
{
	sa->encap = false;
}

TEST(sizes_say_what_sealing_makes)
{
	static const struct suite suites[] = {
		{ .encr = ENCR_AES_GCM_16, .key_bits = 128 },
		{ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128 },
		{ .encr = ENCR_NULL, .integ = INTEG_HMAC_SHA1_96 },
	};

	for (size_t i = 0; i < COUNT(suites); i++)
		for (unsigned encap = 0; encap < 2; encap++) {
			struct fixture *f = fixture_new(&suites[i], encap ? NULL : plain);
			uint32_t mtu = esp_inner_mtu(1500, &suites[i], encap, false);
			struct fixture_packet o = small;
			struct packet got;

			o.payload = mtu - 28;
			assert_int_equal(through(f, o, &got), DROP_none);
			assert_true(fixture_datagram(f, 0).n + 20 + (encap ? 8 : 0) <= 1500);
			o.payload++;
			assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
			fixture_done(f);
			fixture_free(f);
		}
	/* by hand: 1500 - 20 - 8 - 8 - 8 - 16 = 1440, less two octets of trailer */
	assert_int_equal(esp_inner_mtu(1500, &suites[0], true, false), 1438);
	assert_int_equal(esp_inner_mtu(1500, &suites[0], false, true), 1426);
	assert_int_equal(esp_inner_mtu(40, &suites[0], true, false), 0);
}

/* RFC 4303 2: what stands on the wire. */
TEST(wire_has_spi_number_padding_and_next_header)
{
	struct suite null = { .encr = ENCR_NULL, .integ = INTEG_HMAC_SHA1_96 };
	struct fixture *f = fixture_new(&null, NULL);
	struct fixture_packet o = small;
	struct bytes d;

	o.payload = 1; /* 29 octets: 1 of padding, 2 of trailer */
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	d = fixture_datagram(f, 0);
	assert_int_equal(d.n, 8 + 32 + 12);
	assert_true(load32(d.p) == 0x12345678 && load32(d.p + 4) == 1);
	assert_memory_equal(d.p + 8, f->frame + VNET_N, 29);
	assert_true(d.p[37] == 1 && d.p[38] == 1 && d.p[39] == PROTO_IPIP);
	fixture_done(f);
	fixture_free(f);
}

TEST(replayed_and_changed_packets_are_dropped)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	uint8_t copy[512], *wire;
	struct packet got;
	struct bytes d;

	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	d = fixture_datagram(f, 0);
	wire = (uint8_t *)(uintptr_t)d.p;
	memcpy(copy, d.p, d.n);
	for (size_t i = 0; i < d.n; i++) {
		memcpy(wire, copy, d.n);
		wire[i] ^= 0x10;
		assert_int_equal(
			fixture_receive(f, 0, 0, &got), i < 4 ? DROP_no_sa : DROP_integrity);
		assert_int_equal(got.n, 0);
	}
	memcpy(wire, copy, d.n);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	memcpy(wire, copy, d.n);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_replay);
	fixture_done(f);
	fixture_free(f);
}

TEST(selectors_hold_in_both_directions)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_policy wide = fixture_policy();
	struct fixture_packet o = small;
	struct packet got;

	o.dst = "10.0.3.1"; /* no policy */
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_no_policy);
	fixture_done(f);
	wide.ts_remote = fixture_ts("10.0.0.0/8"); /* a policy wider than its SA */
	assert_int_equal(esp_plane_policy_add(f->left, &wide), OK);
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_selector_out);
	fixture_done(f);

	/* a peer that sends what was not negotiated */
	struct dp_sa loose = fixture_sa(DP_OUT, &fixture_gcm);

	loose.ts_remote = fixture_ts("10.0.0.0/8");
	loose.serial = 8;
	assert_int_equal(esp_plane_sa_add(f->left, &loose), OK);
	dp_sa_done(&loose);
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_selector_in);
	fixture_done(f);
	fixture_free(f);
}

static void one_port(struct dp_sa *sa)
{
	struct ts *t = sa->dir == DP_OUT ? sa->ts_remote.ts : sa->ts_local.ts;

	t[0].protocol = PROTO_TCP;
	t[0].port_first = t[0].port_last = 80;
}

TEST(protocol_and_port_selectors_hold)
{
	struct fixture *f = fixture_new(&fixture_gcm, one_port);
	struct fixture_packet o = small;
	struct packet got;

	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_selector_out);
	fixture_done(f);
	o.protocol = PROTO_TCP;
	o.tcp_flags = 16;
	assert_int_equal(through(f, o, &got), DROP_none);
	/* a later fragment has no ports: only "any" would fit */
	size_t n = fixture_frame(f, &o);

	store16(f->frame + VNET_N + 6, 5);
	packet_ip4_sum(f->frame + VNET_N);
	vnet_put(f->frame, &(struct vnet){ 0 });
	assert_int_equal(fixture_send(f, n), DROP_selector_out);
	fixture_done(f);
	fixture_free(f);
}

TEST(newest_outbound_sa_sends_and_old_inbound_still_receives)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa out = fixture_sa(DP_OUT, &fixture_gcm), in = fixture_sa(DP_IN, &fixture_gcm);
	struct esp_op del = { .op = DP_SA_DEL, .serial = 7, .dir = DP_OUT };
	struct dp_counters c;
	struct packet got;

	out.spi = in.spi = 0x9999;
	out.serial = in.serial = 9;
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	fixture_done(f); /* on its way with the old SA */
	assert_int_equal(esp_plane_sa_add(f->right, &in), OK);
	assert_int_equal(esp_plane_sa_add(f->right, &in), ERR_EXISTS);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	assert_int_equal(esp_plane_sa_add(f->left, &out), OK);
	assert_int_equal(through(f, small, &got), DROP_none);
	assert_true(load32(fixture_datagram(f, 0).p) == 0x9999);
	assert_int_equal(esp_plane_op(f->left, &del, &c), OK);
	assert_int_equal(esp_plane_op(f->left, &del, &c), ERR_NOT_FOUND);
	assert_int_equal(through(f, small, &got), DROP_none);
	assert_int_equal(
		esp_plane_op(f->left, &(struct esp_op){ .op = DP_SA_QUERY, .serial = 9 }, &c), OK);
	assert_true(
		c.out_packets == 2 && c.out_bytes == 256 && c.out_seq == 2 && c.last_out == NS_S);
	dp_sa_done(&out);
	dp_sa_done(&in);
	fixture_free(f);
}

TEST(a_replaced_inbound_sa_receives_what_is_under_way)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa in = fixture_sa(DP_IN, &fixture_gcm);
	struct esp_op del = { .op = DP_SA_DEL, .serial = 7, .dir = DP_IN };
	struct dp_counters c;
	struct packet got;

	in.spi = 0x9999;
	in.serial = 9;
	assert_int_equal(esp_plane_sa_add(f->right, &in), OK);
	assert_int_equal(esp_plane_op(f->right, &del, &c), OK);
	assert_int_equal(esp_plane_op(f->right, &del, &c), ERR_NOT_FOUND);
	for (int second = 0; second < 4; second++) {
		assert_int_equal(through(f, small, &got), DROP_none);
		esp_plane_second(f->right);
	}
	assert_int_equal(through(f, small, &got), DROP_no_sa);
	/* without a successor it goes at once */
	del.serial = 9;
	assert_int_equal(esp_plane_op(f->right, &del, &c), OK);
	assert_int_equal(through(f, small, &got), DROP_no_sa);
	dp_sa_done(&in);
	fixture_free(f);
}

static void short_lived(struct dp_sa *sa)
{
	sa->soft_packets = 2;
	sa->hard_packets = 3;
}

TEST(limits_are_told_once_and_then_nothing_goes)
{
	struct fixture *f = fixture_new(&fixture_gcm, short_lived);
	struct dp_notice n;
	struct packet got;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(through(f, small, &got), DROP_none);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_expired);
		assert_int_equal(f->box.n_sends, 0);
		fixture_done(f);
	}
	assert_true(esp_plane_notice(f->left, &n) && n.kind == DP_EXPIRE_SOFT && n.serial == 7);
	assert_true(esp_plane_notice(f->left, &n) && n.kind == DP_EXPIRE_HARD && n.serial == 7);
	assert_false(esp_plane_notice(f->left, &n));
	assert_true(esp_plane_notice(f->right, &n) && n.kind == DP_HEARD);
	assert_true(esp_plane_notice(f->right, &n) && n.kind == DP_EXPIRE_SOFT);
	fixture_free(f);
}

TEST(first_packet_and_new_address_are_told)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct esp_op move = { .op = DP_SA_MOVE,
		.serial = 7,
		.local = { fixture_addr("198.51.100.1"), 4500 },
		.remote = { fixture_addr("203.0.113.9"), 1024 },
		.encap = true };
	struct esp_arrival a = { .local = move.local, .remote = move.remote, .encap = true };
	struct dp_counters c;
	struct dp_notice n;
	struct packet got;

	for (unsigned i = 0; i < 3; i++) {
		struct bytes d;

		assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
		d = fixture_datagram(f, 0);
		esp_enter(f->in, (ns_t)(i + 1) * NS_MS);
		assert_int_equal(
			esp_input(f->in, &a, (uint8_t *)(uintptr_t)d.p, d.n, &got), DROP_none);
		esp_leave(f->in);
		fixture_done(f);
		if (i == 1)
			assert_int_equal(esp_plane_op(f->right, &move, &c), OK);
	}
	assert_true(esp_plane_notice(f->right, &n) && n.kind == DP_MAPPING && n.serial == 7 &&
		    endpoint_eq(&n.remote, &move.remote));
	assert_true(esp_plane_notice(f->right, &n) && n.kind == DP_HEARD && n.serial == 7);
	assert_false(
		esp_plane_notice(f->right, &n)); /* not twice within a second, not after the move */
	fixture_free(f);
}

TEST(trap_policy_asks_once_a_second)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct esp_op flush = { .op = DP_FLUSH };
	struct dp_policy trap = fixture_policy();
	struct dp_counters c;
	struct dp_notice n;

	trap.action = DP_TRAP;
	trap.reqid = 5;
	assert_int_equal(esp_plane_op(f->left, &flush, &c), OK);
	assert_int_equal(esp_plane_policy_add(f->left, &trap), OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_no_out_sa);
		fixture_done(f);
	}
	assert_true(esp_plane_notice(f->left, &n) && n.kind == DP_ACQUIRE && n.reqid == 5);
	assert_int_equal(n.ts_local.protocol, PROTO_UDP);
	assert_int_equal(n.ts_remote.port_first, 80);
	assert_false(esp_plane_notice(f->left, &n));
	fixture_free(f);
}

static void count_drops(void *ctx, const struct dp_notice *n)
{
	uint64_t *seen = ctx;

	assert_int_equal(n->kind, DP_DROPPED);
	seen[n->reason] += n->count;
}

/* The last kind that was told, and how many were. */
struct told {
	unsigned n;
	struct dp_notice last;
};

static void take_told(void *ctx, const struct dp_notice *n)
{
	struct told *t = ctx;

	t->n++;
	t->last = *n;
}

/* So many looks, before each of which a packet goes out. */
static void looks(struct fixture *f, const struct fixture_packet *o, unsigned n, struct told *t)
{
	*t = (struct told){ 0 };
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; o && k < 2; k++) {
			assert_int_equal(fixture_send(f, fixture_frame(f, o)), DROP_none);
			fixture_done(f);
		}
		esp_plane_silence(f->left, take_told, t);
	}
}

TEST(what_would_be_answered_and_is_not_is_told_and_what_needs_no_answer_is_not)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa in = fixture_sa(DP_IN, &fixture_gcm);
	struct fixture_packet tcp = small, udp = small, large = small;
	struct esp_sa **sa;
	struct told t;
	size_t n;

	tcp.protocol = PROTO_TCP;
	udp.protocol = PROTO_UDP;
	in.spi++;
	assert_int_equal(esp_plane_sa_add(f->left, &in), OK);
	looks(f, &udp, 40, &t); /* one way, for ten minutes */
	assert_int_equal(t.n, 0);
	looks(f, NULL, 40, &t);
	assert_int_equal(t.n, 0);
	large.protocol = PROTO_TCP;
	large.payload = 1200;
	looks(f, &large, 40, &t); /* it may be their size */
	assert_int_equal(t.n, 0);
	looks(f, &tcp, 3, &t);
	assert_int_equal(t.n, 0);
	looks(f, &tcp, 1, &t);
	assert_int_equal(t.n, 1);
	assert_true(t.last.kind == DP_SILENT && t.last.serial == 7 && t.last.count == 8);
	looks(f, &tcp, 8, &t); /* each minute */
	assert_int_equal(t.n, 2);
	looks(f, NULL, 40, &t); /* nobody asks any more */
	assert_int_equal(t.n, 0);
	sa = esp_plane_sas(f->left, &n);
	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out)
			esp_count(&sa[i]->packets, 1);
	looks(f, &tcp, 1, &t);
	assert_true(t.n == 1 && t.last.kind == DP_ANSWERED);
	looks(f, &tcp, 3, &t); /* from here on anew */
	assert_int_equal(t.n, 0);
	dp_sa_done(&in);
	fixture_free(f);
}

/* At that time; a second counts in which something comes in, if it does. */
static void at(struct fixture *f, ns_t now, const struct fixture_packet *o)
{
	size_t n;
	struct esp_sa **sa = esp_plane_sas(f->left, &n);

	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out)
			esp_count(&sa[i]->packets, 1);
	esp_plane_stalls(f->left);
	outbox_reset(&f->box);
	esp_enter(f->out, now);
	n = fixture_frame(f, o);
	assert_int_equal(esp_output(f->out, f->frame, n, &f->box, &f->reply), DROP_none);
	esp_leave(f->out);
}

/* A connection's first data, and its repetitions. */
static void freezes(struct fixture *f, ns_t *now, const char *src, uint16_t size)
{
	struct fixture_packet o = { .src = src,
		.dst = strchr(src, ':') ? "2001:db8:2::1" : "10.0.2.1",
		.protocol = PROTO_TCP,
		.df = true,
		.tcp_flags = 2 };

	at(f, *now, &o);
	o.tcp_flags = 0x10;
	o.seq = 77;
	o.size = size;
	o.payload = 5000;
	for (unsigned i = 0; i < 6; i++) {
		at(f, *now += 2 * NS_S, &o);
		o.size = 0;
		o.payload = size;
	}
}

TEST(large_packets_that_are_lost_are_told_and_when_they_pass)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa in = fixture_sa(DP_IN, &fixture_gcm);
	struct fixture_packet o = small;
	ns_t now = 100 * NS_S;
	struct dp_notice n;

	in.spi++;
	assert_int_equal(esp_plane_sa_add(f->left, &in), OK);
	freezes(f, &now, "10.0.1.1", 1200);
	freezes(f, &now, "10.0.1.2", 900); /* smaller ones are not meant */
	assert_false(esp_plane_notice(f->left, &n));
	freezes(f, &now, "2001:db8:1::1", 1200);
	assert_true(esp_plane_notice(f->left, &n));
	assert_true(n.kind == DP_LARGE_LOST && n.serial == 7 && n.reqid == 1);
	assert_int_equal(n.count, 40 + 20 + 1200); /* IPv6, TCP */
	assert_false(esp_plane_notice(f->left, &n));
	o.protocol = PROTO_TCP;
	o.payload = 1300;
	o.src = "10.0.1.3";
	for (unsigned i = 0; i < 4; i++, o.seq += 1300)
		at(f, now += 4 * NS_S, &o);
	assert_true(esp_plane_notice(f->left, &n));
	assert_true(n.kind == DP_LARGE_PASS && n.serial == 7 && n.count == 40 + 1300);
	assert_false(esp_plane_notice(f->left, &n));
	dp_sa_done(&in);
	fixture_free(f);
}

TEST(one_in_a_hundred_that_is_lost_is_told_and_when_it_is_over)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct esp_sa **sa;
	struct told t = { 0 };
	size_t n;

	sa = esp_plane_sas(f->right, &n);
	assert_int_equal(n, 1);
	esp_count(&sa[0]->packets, 10000);
	esp_count(&sa[0]->too_old, 90);			/* too small a part */
	esp_count(&sa[0]->dropped[DROP_integrity], 19); /* and too few */
	esp_plane_losses(f->right, take_told, &t);
	assert_int_equal(t.n, 0);
	esp_count(&sa[0]->packets, 1000);
	esp_count(&sa[0]->too_old, 50);
	esp_plane_losses(f->right, take_told, &t);
	assert_true(t.n == 1 && t.last.kind == DP_LOSING && t.last.reason == DROP_replay &&
		    t.last.count == 50 && t.last.serial == 7);
	esp_plane_losses(f->right, take_told, &t); /* nothing comes: nothing is known */
	assert_int_equal(t.n, 1);
	esp_count(&sa[0]->packets, 1000);
	esp_plane_losses(f->right, take_told, &t);
	assert_true(t.n == 2 && t.last.reason == DROP_replay && t.last.count == 0);
	esp_count(&sa[0]->dropped[DROP_integrity], 40);
	esp_plane_losses(f->right, take_told, &t);
	assert_true(t.n == 3 && t.last.reason == DROP_integrity && t.last.count == 40);
	fixture_free(f);
}

static void peer_cuts(struct dp_sa *sa)
{
	if (sa->dir == DP_OUT)
		sa->suite.integ = INTEG_HMAC_SHA2_256_TRUNCBUG;
}

static void we_cut(struct dp_sa *sa)
{
	if (sa->dir == DP_IN)
		sa->suite.integ = INTEG_HMAC_SHA2_256_TRUNCBUG;
}

TEST(an_icv_that_is_cut_differently_is_known_by_the_length)
{
	static const uint16_t encr[] = { ENCR_AES_CBC, ENCR_AES_CTR };
	static void (*const who[])(struct dp_sa *) = { peer_cuts, we_cut };
	struct packet got;

	for (unsigned i = 0; i < COUNT(encr) * COUNT(who); i++) {
		struct suite s = {
			.encr = encr[i / 2], .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128
		};
		struct fixture *f = fixture_new(&s, who[i % 2]);
		struct told t = { 0 };

		for (size_t n = 0; n < 40; n++) {
			struct fixture_packet o = small;

			o.payload = n;
			/* where any length is right, it says nothing */
			assert_int_equal(
				through(f, o, &got), i / 2 == 0 ? DROP_icv_length : DROP_integrity);
		}
		esp_plane_losses(f->right, take_told, &t);
		assert_true(t.n == 1 && t.last.kind == DP_LOSING && t.last.count == 40 &&
			    t.last.reason == (i / 2 == 0 ? DROP_icv_length : DROP_integrity));
		fixture_free(f);
	}
}

TEST(drops_are_told_by_reason_and_only_what_is_new)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	uint64_t seen[DROP_END] = { 0 };
	struct fixture_packet o = small;

	o.dst = "10.9.9.9";
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_no_policy);
		fixture_done(f);
	}
	esp_plane_drops(f->left, count_drops, seen);
	esp_plane_drops(f->left, count_drops, seen);
	assert_true(seen[DROP_no_policy] == 3);
	fixture_free(f);
}

TEST(narrowest_policy_wins)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_policy one = fixture_policy();
	struct fixture_packet o = small;
	struct packet got;

	one.reqid = 2;
	one.action = DP_DROP;
	one.ts_remote = fixture_ts("10.0.2.9/32");
	assert_int_equal(esp_plane_policy_add(f->left, &one), OK);
	assert_int_equal(through(f, small, &got), DROP_none);
	o.dst = "10.0.2.9";
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_policy_drop);
	fixture_done(f);
	fixture_free(f);
}

/* Two instances of one template; of others the first one stays. */
TEST(of_two_clients_with_the_same_selectors_the_newer_one_has_them)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_policy first = fixture_policy(), second = first;
	struct packet got;

	second.reqid = 2;
	second.action = DP_DROP;
	assert_int_equal(esp_plane_policy_add(f->left, &second), OK);
	assert_int_equal(through(f, small, &got), DROP_none);
	first.extra.is_instance = second.extra.is_instance = true;
	assert_int_equal(esp_plane_policy_add(f->left, &first), OK);
	assert_int_equal(esp_plane_policy_add(f->left, &second), OK);
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_policy_drop);
	fixture_done(f);
	fixture_free(f);
}

static void padded(struct dp_sa *sa)
{
	sa->tfc = 800;
}

TEST(tfc_padding_hides_the_length_and_is_cut)
{
	struct fixture *f = fixture_new(&fixture_gcm, padded);
	struct fixture_packet o = small;
	struct packet got;
	size_t n;

	assert_int_equal(through(f, o, &got), DROP_none);
	n = fixture_datagram(f, 0).n;
	o.payload = 700;
	assert_int_equal(through(f, o, &got), DROP_none);
	assert_int_equal(fixture_datagram(f, 0).n, n);
	fixture_free(f);
}

/* RFC 4303 2.6: next header 59 is discarded without a word. */
TEST(dummy_packet_is_silently_taken)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa dp = fixture_sa(DP_OUT, &fixture_gcm);
	struct esp_sa *sa = NULL;
	uint8_t p[200] = { 0 };
	struct esp_arrival a = { .remote = dp.local, .local = dp.remote, .encap = true };
	struct packet got;

	assert_int_equal(esp_sa_new(&dp, 1500, &sa), OK);
	assert_int_equal(esp_seal(sa, 1, p, 40, PROTO_NONE), OK);
	esp_enter(f->in, 1);
	assert_int_equal(esp_input(f->in, &a, p, esp_sealed_n(sa, 40), &got), DROP_none);
	esp_leave(f->in);
	assert_int_equal(got.n, 0);
	esp_sa_free(sa);
	dp_sa_done(&dp);
	fixture_free(f);
}

TEST(numbers_without_esn_end_and_are_told)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct esp_sa *sa;
	struct packet k = { .dst = fixture_addr("10.0.2.1"), .src = fixture_addr("10.0.1.1") };
	struct dp_notice n;

	esp_enter(f->out, 1);
	sa = esp_spd_find(f->out, &k)->sa;
	esp_leave(f->out);
	atomic_store(&sa->seq, 0xfffffffe);
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	fixture_done(f);
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_seq_exhausted);
	fixture_done(f);
	assert_true(esp_plane_notice(f->left, &n) && n.kind == DP_EXPIRE_SOFT);
	assert_true(esp_plane_notice(f->left, &n) && n.kind == DP_EXPIRE_HARD);
	fixture_free(f);
}

TEST(bad_keys_and_reserved_spis_are_refused)
{
	struct esp_plane *p = esp_plane_new(0);
	struct dp_sa sa = fixture_sa(DP_OUT, &fixture_gcm);

	sa.encr_key.n--;
	assert_int_equal(esp_plane_sa_add(p, &sa), ERR_LENGTH);
	sa.encr_key.n++;
	sa.spi = 255;
	assert_int_equal(esp_plane_sa_add(p, &sa), ERR_VALUE);
	dp_sa_done(&sa);
	esp_plane_free(p);
}

TEST(path_mtu_is_learnt_and_never_below_576)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct addr remote = fixture_addr("198.51.100.1");
	struct fixture_packet o = small;

	o.payload = 1300;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	fixture_done(f);
	esp_plane_path_mtu(f->left, &remote, 1200);
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
	assert_int_equal(load16(f->reply.p + VNET_N + 20 + 6),
		esp_inner_mtu(1200, &fixture_gcm, true, false));
	fixture_done(f);
	esp_plane_path_mtu(f->left, &remote, 60);
	o.payload = 400;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	fixture_done(f);
	fixture_free(f);
}

/* What a packet thread sees stays until it leaves. */
/* One request as it travels. */
static enum err ask(struct esp_plane *p, uint8_t op, const struct dp_sa *sa, struct dp_counters *c)
{
	uint8_t room[4096];
	struct wr w = wr_to(room, sizeof(room));
	struct esp_op o = { .op = op };

	if (sa)
		dp_sa_put(&w, sa);
	o.operand = wr_view(&w);
	return esp_plane_op(p, &o, c);
}

TEST(another_ike_adopts_what_it_knows_and_the_rest_goes)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct dp_sa in = fixture_sa(DP_IN, &fixture_gcm), wrong = in;
	struct packet got;
	struct dp_counters c;

	wrong.spi++;
	esp_plane_orphan(f->right);
	assert_int_equal(ask(f->right, DP_SA_ADOPT, &wrong, &c), ERR_NOT_FOUND);
	assert_int_equal(ask(f->right, DP_SA_ADOPT, &in, &c), OK);
	assert_int_equal(ask(f->right, DP_SETTLE, NULL, &c), OK);
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	fixture_done(f);
	/* what nobody names goes */
	esp_plane_orphan(f->right);
	assert_int_equal(ask(f->right, DP_SETTLE, NULL, &c), OK);
	assert_int_equal(ask(f->right, DP_SA_ADOPT, &in, &c), ERR_NOT_FOUND);
	esp_plane_orphan(f->left);
	assert_int_equal(ask(f->left, DP_SETTLE, NULL, &c), OK);
	assert_int_not_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	fixture_done(f);
	dp_sa_done(&in);
	fixture_free(f);
}

TEST(replaced_sas_live_while_a_batch_looks_at_them)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct esp_op flush = { .op = DP_FLUSH };
	struct dp_counters c;
	struct packet got;

	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_none);
	assert_int_equal(esp_plane_op(f->left, &flush, &c), OK);
	assert_int_equal(f->box.send[0].sa->spi, 0x12345678); /* ASan would tell */
	assert_int_equal(f->box.send[0].path->remote.port, 4500);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	fixture_done(f);
	esp_plane_reclaim(f->left);
	assert_int_equal(fixture_send(f, fixture_frame(f, &small)), DROP_no_policy);
	fixture_done(f);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_suite_carries_packets_of_every_length),
		cmocka_unit_test(sizes_say_what_sealing_makes),
		cmocka_unit_test(wire_has_spi_number_padding_and_next_header),
		cmocka_unit_test(replayed_and_changed_packets_are_dropped),
		cmocka_unit_test(selectors_hold_in_both_directions),
		cmocka_unit_test(protocol_and_port_selectors_hold),
		cmocka_unit_test(newest_outbound_sa_sends_and_old_inbound_still_receives),
		cmocka_unit_test(a_replaced_inbound_sa_receives_what_is_under_way),
		cmocka_unit_test(limits_are_told_once_and_then_nothing_goes),
		cmocka_unit_test(first_packet_and_new_address_are_told),
		cmocka_unit_test(trap_policy_asks_once_a_second),
		cmocka_unit_test(
			what_would_be_answered_and_is_not_is_told_and_what_needs_no_answer_is_not),
		cmocka_unit_test(large_packets_that_are_lost_are_told_and_when_they_pass),
		cmocka_unit_test(one_in_a_hundred_that_is_lost_is_told_and_when_it_is_over),
		cmocka_unit_test(an_icv_that_is_cut_differently_is_known_by_the_length),
		cmocka_unit_test(drops_are_told_by_reason_and_only_what_is_new),
		cmocka_unit_test(narrowest_policy_wins),
		cmocka_unit_test(of_two_clients_with_the_same_selectors_the_newer_one_has_them),
		cmocka_unit_test(tfc_padding_hides_the_length_and_is_cut),
		cmocka_unit_test(dummy_packet_is_silently_taken),
		cmocka_unit_test(numbers_without_esn_end_and_are_told),
		cmocka_unit_test(bad_keys_and_reserved_spis_are_refused),
		cmocka_unit_test(path_mtu_is_learnt_and_never_below_576),
		cmocka_unit_test(another_ike_adopts_what_it_knows_and_the_rest_goes),
		cmocka_unit_test(replaced_sas_live_while_a_batch_looks_at_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
