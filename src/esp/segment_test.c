/* What the TUN device gives and takes: splitting, merging, fragments, "too big", DSCP and ECN. */
#include "base/test.h"
#include "esp/coalesce.h"
#include "esp/fixture.h"
#include "esp/frag.h"
#include "esp/tos.h"

enum { ACK = 16, PSH = 8, FIN = 1, CWR = 0x80 };

static const struct fixture_packet tcp4 = { .src = "10.0.1.1",
	.dst = "10.0.2.1",
	.protocol = PROTO_TCP,
	.tcp_flags = ACK,
	.df = true,
	.id = 65534,
	.seq = 0xfffffff0,
	.size = 1000,
	.payload = 4321 };

struct bench {
	struct fixture f;
	struct coalesce c;
	uint8_t pieces[70000 * 2];
	uint8_t whole[70000];
};

static struct bench *bench_new(void)
{
	struct bench *b = xalloc(sizeof(*b));

	b->c.tcp = b->c.udp = true;
	return b;
}

/* Splits the frame of o into pieces and adds each to c; gives how many. */
static size_t split_and_add(struct bench *b, const struct fixture_packet *o, size_t *ret_total)
{
	size_t n = fixture_frame(&b->f, o), at = 0;
	struct segments s;

	assert_int_equal(segments_parse(b->f.frame, n, &s), OK);
	for (size_t i = 0; i < s.count; i++) {
		struct packet k;

		segments_put(&s, i, 0, b->pieces + at);
		assert_int_equal(packet_parse(b->pieces + at, segments_n(&s, i), &k), OK);
		assert_int_equal(k.n, segments_n(&s, i));
		assert_true(packet_sum_ok(&k));
		if (k.version == 4)
			assert_int_equal(sum_fold(sum_add(0, k.p, 20)), 0xffff);
		assert_true(coalesce_add(&b->c, &k));
		at += k.n;
	}
	*ret_total = n;
	return s.count;
}

static size_t gather(struct bench *b, size_t group)
{
	struct bytes parts[COALESCE_PARTS];
	uint8_t vnet[VNET_N];
	size_t n = coalesce_parts(&b->c, group, vnet, parts), at = 0;

	for (size_t i = 0; i < n; i++) {
		memcpy(b->whole + at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	return at;
}

/* RFC 1071 2: the sum of 16-bit words, end-around carry. */
TEST(sums_agree_with_the_plainest_one)
{
	static uint8_t p[3000];

	memset(p, 0xff, sizeof(p)); /* the most carries */
	for (size_t n = 0; n < sizeof(p); n++) {
		uint32_t want = 0;
		uint8_t got[2];

		if (n == 1500)
			for (size_t i = 0; i < sizeof(p); i++)
				p[i] = (uint8_t)(i * i * 7 + i / 3);
		for (size_t i = 0; i < n; i++) {
			want += i % 2 ? p[i] : (uint32_t)p[i] << 8;
			want = (want & 0xffff) + (want >> 16);
		}
		sum_store(got, sum_fold(sum_add(0, p, n)));
		assert_int_equal(load16(got), want);
	}
}

TEST(splitting_then_merging_gives_the_same_frame)
{
	static const uint16_t sizes[] = { 1, 500, 999, 1000, 1448 };
	static const size_t payloads[] = { 1001, 1448, 2000, 4321, 20000, 58000 };
	static const uint8_t flags[] = { ACK, ACK | PSH };
	struct bench *b = bench_new();

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned udp = 0; udp < 2; udp++)
			for (size_t i = 0; i < COUNT(sizes) * COUNT(payloads) * COUNT(flags); i++) {
				struct fixture_packet o = tcp4;
				size_t count, n;

				o.size = sizes[i % COUNT(sizes)];
				o.payload = payloads[i / COUNT(sizes) % COUNT(payloads)];
				o.tcp_flags = flags[i / COUNT(sizes) / COUNT(payloads)];
				o.protocol = udp ? PROTO_UDP : PROTO_TCP;
				if (v6) {
					o.src = "2001:db8:1::1";
					o.dst = "2001:db8:2::1";
				}
				if ((o.payload + o.size - 1) / o.size > 60)
					continue;
				coalesce_reset(&b->c);
				count = split_and_add(b, &o, &n);
				assert_int_equal(count, (o.payload + o.size - 1) / o.size);
				assert_int_equal(b->c.n_groups, 1);
				assert_int_equal(gather(b, 0), n);
				if (count > 1) /* of one segment the virtio header has no size */
					assert_memory_equal(b->whole, b->f.frame, n);
			}
	free(b);
}

TEST(segments_count_on_and_only_the_last_ends)
{
	struct bench *b = bench_new();
	struct fixture_packet o = tcp4;
	struct segments s;
	uint8_t p[2000];

	o.tcp_flags = ACK | PSH | FIN | CWR;
	assert_int_equal(segments_parse(b->f.frame, fixture_frame(&b->f, &o), &s), OK);
	assert_int_equal(s.count, 5);
	for (size_t i = 0; i < 5; i++) {
		segments_put(&s, i, 0, p);
		assert_int_equal(load16(p + 4), (uint16_t)(65534 + i));
		assert_true(load32(p + 24) == (uint32_t)(0xfffffff0 + i * 1000));
		assert_int_equal(p[33], (i == 0 ? CWR : 0) | ACK | (i == 4 ? PSH | FIN : 0));
		assert_int_equal(segments_n(&s, i), i == 4 ? 361 : 1040);
	}
	free(b);
}

/* One change to the second of two segments: then they stay two packets, in order. */
TEST(packets_that_differ_are_not_merged)
{
	static const struct {
		size_t at;
		uint8_t x;
	} change[] = {
		{ 1, 4 }, { 6, 0x40 }, { 8, 1 }, { 12, 1 }, { 16, 1 }, { 20, 1 }, { 22, 1 },
		{ 27, 1 }, { 31, 1 }, { 33, FIN }, { 33, 0x20 }, { 34, 1 }, { 38, 1 },
		{ 1000, 0xff }, /* payload: its checksum is wrong, which must stay visible */
	};
	struct bench *b = bench_new();
	struct fixture_packet o = tcp4;

	o.payload = 2000;
	for (size_t i = 0; i < COUNT(change); i++) {
		struct segments s;
		struct packet k;

		coalesce_reset(&b->c);
		assert_int_equal(segments_parse(b->f.frame, fixture_frame(&b->f, &o), &s), OK);
		for (size_t n = 0; n < 2; n++) {
			uint8_t *p = b->pieces + n * 2000;

			segments_put(&s, n, 0, p);
			if (n == 1) {
				p[change[i].at] ^= change[i].x;
				if (change[i].at < 1000) { /* all checksums right again */
					assert_int_equal(packet_parse(p, 1040, &k), OK);
					packet_ip4_sum(p);
					store16(p + 36, 0);
					sum_store(p + 36, (uint16_t)~sum_fold(sum_add(
								  packet_pseudo_sum(&k, 1020),
								  p + 20, 1020)));
				}
			}
			assert_int_equal(packet_parse(p, 1040, &k), OK);
			assert_true(coalesce_add(&b->c, &k));
		}
		assert_int_equal(b->c.n_groups, 2);
		assert_int_equal(gather(b, 1), VNET_N + 1040);
		assert_memory_equal(b->whole + VNET_N, b->pieces + 2000, 1040);
	}
	free(b);
}

TEST(flows_merge_beside_each_other_and_order_holds)
{
	struct bench *b = bench_new();
	struct fixture_packet o = tcp4;
	size_t at = 0;

	o.size = 0;
	o.payload = 100;
	for (unsigned i = 0; i < 12; i++) {
		struct segments s;
		struct packet k;

		o.src = i % 3 == 0 ? "10.0.1.1" : i % 3 == 1 ? "10.0.1.2" : "10.0.1.3";
		o.seq = i / 3 * 100;
		o.id = (uint16_t)(i / 3);
		assert_int_equal(segments_parse(b->f.frame, fixture_frame(&b->f, &o), &s), OK);
		segments_put(&s, 0, 0, b->pieces + at);
		assert_int_equal(packet_parse(b->pieces + at, s.k.n, &k), OK);
		assert_true(coalesce_add(&b->c, &k));
		at += k.n;
	}
	assert_int_equal(b->c.n_groups, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(b->c.group[i].count, 4);
	free(b);
}

TEST(a_refused_group_is_taken_apart_unharmed)
{
	struct bench *b = bench_new();
	const struct coalesce_item *it;
	uint8_t before[70000];
	size_t n, at = 0;

	split_and_add(b, &tcp4, &n);
	memcpy(before, b->pieces, sizeof(before));
	gather(b, 0);
	coalesce_split(&b->c, 0);
	it = &b->c.item[b->c.group[0].first];
	for (;; it = &b->c.item[it->next]) {
		assert_memory_equal(it->k.p, before + at, it->k.n);
		at += it->k.n;
		if (!it->next)
			break;
	}
	assert_int_equal(at, 4321 + 5 * 40);
	free(b);
}

TEST(full_list_says_so)
{
	struct bench *b = bench_new();
	struct fixture_packet o = tcp4;
	struct packet k;

	o.size = 0;
	o.payload = 0;
	assert_int_equal(
		packet_parse(b->f.frame + VNET_N, fixture_frame(&b->f, &o) - VNET_N, &k), OK);
	for (unsigned i = 0; i < COALESCE_PACKETS; i++)
		assert_true(coalesce_add(&b->c, &k));
	assert_false(coalesce_add(&b->c, &k));
	assert_int_equal(b->c.n_groups, COALESCE_PACKETS); /* without payload nothing merges */
	free(b);
}

/* The virtio header is input: nothing it says may be believed. */
TEST(impossible_virtio_headers_are_refused)
{
	static const struct vnet bad[] = {
		{ .gso_type = VNET_GSO_TCPV4, .gso_size = 0 },
		{ .gso_type = VNET_GSO_TCPV6, .gso_size = 1000 },
		{ .gso_type = VNET_GSO_UDP_L4, .gso_size = 1000 },
		{ .gso_type = 3, .gso_size = 1000 },
		{ .flags = VNET_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535 },
		{ .flags = VNET_NEEDS_CSUM, .csum_start = 4360, .csum_offset = 0 },
		{ .flags = VNET_NEEDS_CSUM, .csum_start = 8, .csum_offset = 6 },  /* addresses */
		{ .flags = VNET_NEEDS_CSUM, .csum_start = 20, .csum_offset = 2 }, /* ports */
	};
	struct bench *b = bench_new();
	struct segments s;

	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t n = fixture_frame(&b->f, &tcp4);

		vnet_put(b->f.frame, &bad[i]);
		assert_int_not_equal(segments_parse(b->f.frame, n, &s), OK);
	}
	for (size_t n = 0; n < 60; n++) {
		(void)fixture_frame(&b->f, &tcp4);
		assert_int_not_equal(segments_parse(b->f.frame, n, &s), OK);
	}
	free(b);
}

TEST(unfinished_checksums_are_finished)
{
	struct bench *b = bench_new();
	struct fixture_packet o = tcp4;
	struct segments s;

	o.size = 0;
	for (unsigned i = 0; i < 2; i++) {
		o.protocol = i ? PROTO_UDP : PROTO_TCP;
		assert_int_equal(segments_parse(b->f.frame, fixture_frame(&b->f, &o), &s), OK);
		assert_int_equal(s.count, 1);
		assert_true(packet_sum_ok(&s.k));
	}
	free(b);
}

TEST(fragments_come_together_to_the_same_packet)
{
	static uint8_t p[4000], out[2000], back[4000];
	struct fixture_packet o = tcp4;
	struct bench *b = bench_new();
	struct packet k;
	size_t n = fixture_frame(&b->f, &o) - VNET_N, got = 24;

	/* the same with four octets of options: a NOP, and a record route that is not copied */
	memcpy(p, b->f.frame + VNET_N, 20);
	memcpy(p + 24, b->f.frame + VNET_N + 20, 3000);
	n = 3024;
	p[0] = 0x46;
	p[20] = 1;
	p[21] = 7;
	p[22] = 3;
	p[23] = 4;
	store16(p + 2, (uint16_t)n);
	store16(p + 6, 0x2000 | 10); /* itself a first part, more behind it */
	packet_ip4_sum(p);
	assert_int_equal(packet_parse(p, n, &k), OK);
	assert_int_equal(frag_count(&k, 1003), 4);
	for (size_t i = 0; i < 4; i++) {
		size_t m = frag_n(&k, 1003, i);
		struct packet f;

		frag_put(&k, 1003, i, out);
		assert_true(m <= 1003);
		assert_int_equal(packet_parse(out, m, &f), OK);
		assert_int_equal(sum_fold(sum_add(0, out, 24)), 0xffff);
		assert_int_equal((load16(out + 6) & 0x1fff) * 8, 80 + got - 24);
		assert_true(load16(out + 6) & 0x2000);
		assert_int_equal(out[21], i ? 1 : 7);
		memcpy(back + got, out + 24, m - 24);
		got += m - 24;
	}
	assert_int_equal(got, n);
	assert_memory_equal(back + 24, p + 24, n - 24);
	store16(p + 6, 0x4000);
	packet_ip4_sum(p);
	assert_int_equal(packet_parse(p, n, &k), OK);
	assert_int_equal(frag_count(&k, 1003), 0); /* DF */
	free(b);
}

TEST(without_df_a_large_packet_goes_in_pieces)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct fixture_packet o = {
		.src = "10.0.1.1", .dst = "10.0.2.1", .protocol = 47, .payload = 3000
	};
	size_t n = fixture_frame(f, &o), got = 0;

	assert_int_equal(fixture_send(f, n), DROP_none);
	assert_int_equal(f->reply.n, 0);
	assert_int_equal(fixture_count(f), 3);
	for (size_t i = 0; i < 3; i++) {
		struct packet k;

		assert_int_equal(fixture_receive(f, i, 0, &k), DROP_none);
		assert_true(k.is_fragment);
		got += k.n - 20;
	}
	assert_int_equal(got, 3008);
	assert_false(f->box.send[0].df);
	fixture_done(f);
	fixture_free(f);
}

/* RFC 1191, RFC 4443 3.2: the sender learns what fits. */
TEST(too_big_is_told_to_the_sender_with_the_right_size)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct fixture_packet o = { .src = "10.0.1.1",
		.dst = "10.0.2.1",
		.protocol = PROTO_UDP,
		.df = true,
		.payload = 1438 - 28 + 1 };
	uint8_t *p = f->reply.p + VNET_N;
	struct packet k;

	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
	fixture_done(f);
	assert_int_equal(packet_parse(p, f->reply.n - VNET_N, &k), OK);
	assert_true(addr_eq(&k.dst, &(struct addr){ 4, { 10, 0, 1, 1 } }));
	assert_true(k.protocol == PROTO_ICMP && p[20] == 3 && p[21] == 4);
	assert_int_equal(load16(p + 26), 1438);
	assert_int_equal(sum_fold(sum_add(0, p + 20, k.n - 20)), 0xffff);
	assert_int_equal(k.n, 576);
	assert_memory_equal(p + 28, f->frame + VNET_N, 548);

	o.src = "2001:db8:1::1";
	o.dst = "2001:db8:2::1";
	o.payload = 1438 - 48 + 1;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
	fixture_done(f);
	assert_int_equal(packet_parse(p, f->reply.n - VNET_N, &k), OK);
	assert_true(k.protocol == PROTO_ICMPV6 && p[40] == 2 && p[41] == 0);
	assert_int_equal(load32(p + 44), 1438);
	assert_int_equal(
		sum_fold(sum_add(packet_pseudo_sum(&k, k.n - 40), p + 40, k.n - 40)), 0xffff);
	assert_int_equal(k.n, 1280);
	fixture_free(f);
}

TEST(no_error_about_errors_and_not_without_end)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct fixture_packet o = { .src = "10.0.1.1",
		.dst = "10.0.2.1",
		.protocol = PROTO_ICMP,
		.df = true,
		.payload = 1500 };
	size_t n = fixture_frame(f, &o);
	unsigned told = 0;

	f->frame[VNET_N + 20] = 3; /* destination unreachable */
	assert_int_equal(fixture_send(f, n), DROP_too_big);
	assert_int_equal(f->reply.n, 0);
	fixture_done(f);
	o.protocol = PROTO_UDP;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
		fixture_done(f);
		told += f->reply.n != 0;
	}
	assert_true(told > 0 && told <= 32);
	fixture_free(f);
}

/* RFC 8200 5: every IPv6 link carries 1280 octets, and be it in fragments. */
TEST(ipv6_of_1280_passes_a_narrow_path_in_outer_fragments)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct addr remote = fixture_addr("198.51.100.1");
	struct fixture_packet o = { .src = "2001:db8:1::1",
		.dst = "2001:db8:2::1",
		.protocol = PROTO_UDP,
		.payload = 1280 - 48 };

	esp_plane_path_mtu(f->left, &remote, 800);
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	assert_false(f->box.send[0].df);
	fixture_done(f);
	o.payload++;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_too_big);
	assert_int_equal(load32(f->reply.p + VNET_N + 44), 1280);
	fixture_done(f);
	fixture_free(f);
}

static void no_df(struct dp_sa *sa)
{
	sa->dont_copy_df = true;
}

TEST(df_is_copied_unless_the_configuration_says_no)
{
	struct fixture_packet o = {
		.src = "10.0.1.1", .dst = "10.0.2.1", .protocol = PROTO_UDP, .payload = 100
	};

	for (unsigned i = 0; i < 4; i++) {
		struct fixture *f = fixture_new(&fixture_gcm, i & 2 ? no_df : NULL);

		o.df = i & 1;
		o.payload =
			i == 3 ? 1600 : 100; /* nopmtudisc=: the outer packet is cut, not refused */
		assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
		assert_int_equal(f->box.send[0].df, i == 1);
		assert_int_equal(fixture_count(f), 1);
		fixture_done(f);
		fixture_free(f);
	}
}

/* RFC 6040, figures 3 and 4: every pair. */
TEST(ecn_crosses_the_tunnel_as_rfc6040_says)
{
	enum { NOT, ECT1, ECT0, CE, DROP };
	static const uint8_t want[4][4] = {
		/* [inner][outer] */
		[NOT] = { NOT, NOT, NOT, DROP },
		[ECT1] = { ECT1, ECT1, ECT1, CE },
		[ECT0] = { ECT0, ECT1, ECT0, CE },
		[CE] = { CE, CE, CE, CE },
	};

	for (uint8_t in = 0; in < 4; in++)
		for (uint8_t out = 0; out < 4; out++) {
			uint8_t got = 0xff;
			bool ok =
				tos_decap((uint8_t)(0x28 | in), (uint8_t)(0xb8 | out), false, &got);

			assert_int_equal(ok, want[in][out] != DROP);
			if (ok)
				assert_int_equal(got, 0x28 | want[in][out]);
			if (ok &&
				tos_decap((uint8_t)(0x28 | in), (uint8_t)(0xb8 | out), true, &got))
				assert_int_equal(got, 0xb8 | want[in][out]);
		}
	assert_int_equal(tos_encap(0xb9, false), 0xb9);
	assert_int_equal(tos_encap(0xb9, true), 0x01);
}

TEST(congestion_marked_outside_is_seen_inside)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct fixture_packet o = { .src = "10.0.1.1",
		.dst = "10.0.2.1",
		.protocol = PROTO_UDP,
		.df = true,
		.payload = 100,
		.tos = 0x02 };
	struct packet k;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		o.src = v6 ? "2001:db8:1::1" : "10.0.1.1";
		o.dst = v6 ? "2001:db8:2::1" : "10.0.2.1";
		assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
		assert_int_equal(f->box.send[0].tos, 0x02);
		assert_int_equal(fixture_receive(f, 0, 0x03, &k), DROP_none);
		fixture_done(f);
		assert_int_equal(k.tos, 0x03);
		assert_int_equal(packet_parse(k.p, k.n, &k), OK);
		assert_int_equal(k.tos, 0x03);
		assert_true(packet_sum_ok(&k) && (v6 || sum_fold(sum_add(0, k.p, 20)) == 0xffff));
	}
	o.tos = 0;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	assert_int_equal(fixture_receive(f, 0, 0x03, &k), DROP_ecn);
	fixture_done(f);
	fixture_free(f);
}

TEST(super_packet_becomes_one_run_of_equal_datagrams)
{
	struct fixture *f = fixture_new(&fixture_gcm, NULL);
	struct fixture_packet o = tcp4;
	struct packet k;

	o.size = 1360;
	o.payload = 60000;
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	assert_int_equal(f->box.n_sends, 1);
	assert_int_equal(fixture_count(f), 45);
	for (size_t i = 0; i < 45; i++)
		assert_int_equal(fixture_receive(f, i, 0, &k), DROP_none);
	fixture_done(f);
	o.payload = 65000; /* too long for one send with what ESP adds */
	assert_int_equal(fixture_send(f, fixture_frame(f, &o)), DROP_none);
	assert_int_equal(f->box.n_sends, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(f->box.send[i].n <= ESP_DATAGRAM_MAX && f->box.send[i].count <= 63);
	fixture_done(f);
	fixture_free(f);
}

TEST(udp_4500_tells_esp_from_ike_and_keepalives)
{
	static const uint8_t ike[] = { 0, 0, 0, 0, 1 }, esp[] = { 0, 0, 1, 0 }, alive[] = { 0xff };

	assert_int_equal(esp_udp_kind(ike, 5), ESP_UDP_IKE);
	assert_int_equal(esp_udp_kind(esp, 4), ESP_UDP_ESP);
	assert_int_equal(esp_udp_kind(alive, 1), ESP_UDP_KEEPALIVE);
	assert_int_equal(esp_udp_kind(ike, 1), ESP_UDP_NONE);
	assert_int_equal(esp_udp_kind(ike, 0), ESP_UDP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_agree_with_the_plainest_one),
		cmocka_unit_test(splitting_then_merging_gives_the_same_frame),
		cmocka_unit_test(segments_count_on_and_only_the_last_ends),
		cmocka_unit_test(packets_that_differ_are_not_merged),
		cmocka_unit_test(flows_merge_beside_each_other_and_order_holds),
		cmocka_unit_test(a_refused_group_is_taken_apart_unharmed),
		cmocka_unit_test(full_list_says_so),
		cmocka_unit_test(impossible_virtio_headers_are_refused),
		cmocka_unit_test(unfinished_checksums_are_finished),
		cmocka_unit_test(fragments_come_together_to_the_same_packet),
		cmocka_unit_test(without_df_a_large_packet_goes_in_pieces),
		cmocka_unit_test(too_big_is_told_to_the_sender_with_the_right_size),
		cmocka_unit_test(no_error_about_errors_and_not_without_end),
		cmocka_unit_test(ipv6_of_1280_passes_a_narrow_path_in_outer_fragments),
		cmocka_unit_test(df_is_copied_unless_the_configuration_says_no),
		cmocka_unit_test(ecn_crosses_the_tunnel_as_rfc6040_says),
		cmocka_unit_test(congestion_marked_outside_is_seen_inside),
		cmocka_unit_test(super_packet_becomes_one_run_of_equal_datagrams),
		cmocka_unit_test(udp_4500_tells_esp_from_ike_and_keepalives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
