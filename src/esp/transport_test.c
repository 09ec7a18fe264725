/* Transport mode: what is on the wire, what comes out, what cannot be carried, and a NAT between.
 */
#include "base/test.h"
#include "esp/coalesce.h"
#include "esp/fixture.h"
#include "esp/transport.h"

enum { ACK = 16 };

static const struct fixture_packet udp4 = {
	.src = "192.0.2.1", .dst = "198.51.100.1", .protocol = PROTO_UDP, .df = true, .payload = 100
};
static const struct fixture_packet udp6 = {
	.src = "2001:db8::1", .dst = "2001:db8::2", .protocol = PROTO_UDP, .payload = 100
};

static struct ts_list only(const struct addr *a)
{
	struct range r = range_one(a);

	return (struct ts_list){ .n = 1, .ts = { ts_from_range(&r) } };
}

static void hosts(struct dp_sa *sa)
{
	sa->mode = DP_TRANSPORT;
	sa->ts_local = only(&sa->local.addr);
	sa->ts_remote = only(&sa->remote.addr);
}

static void hosts6(struct dp_sa *sa)
{
	bool out = sa->dir == DP_OUT;

	sa->local.addr = fixture_addr(out ? udp6.src : udp6.dst);
	sa->remote.addr = fixture_addr(out ? udp6.dst : udp6.src);
	hosts(sa);
}

/* Behind a NAT: the receiver knows itself and the sender by other addresses. */
static void natted(struct dp_sa *sa)
{
	if (sa->dir == DP_IN) {
		sa->local.addr = fixture_addr("10.7.7.7");
		sa->remote.addr = fixture_addr("203.0.113.9");
	}
	hosts(sa);
}

static void natted6(struct dp_sa *sa)
{
	hosts6(sa);
	if (sa->dir == DP_IN)
		sa->remote.addr = fixture_addr("2001:db8:9::9");
	hosts(sa);
}

static struct fixture *begin(const struct suite *suite, void (*change)(struct dp_sa *))
{
	struct fixture *f = fixture_new(suite, change);
	struct dp_sa out = fixture_sa(DP_OUT, suite);
	struct dp_policy p = { .reqid = 1, .action = DP_PROTECT, .mode = DP_TRANSPORT };

	change(&out);
	p.ts_local = out.ts_local;
	p.ts_remote = out.ts_remote;
	assert_int_equal(esp_plane_policy_add(f->left, &p), OK);
	dp_sa_done(&out);
	return f;
}

static enum drop_reason send(struct fixture *f, struct fixture_packet o)
{
	return fixture_send(f, fixture_frame(f, &o));
}

static uint64_t drops(struct esp_plane *p)
{
	struct esp_op query = { .op = DP_SA_QUERY, .serial = 7 };
	struct dp_counters c = { 0 };

	assert_int_equal(esp_plane_op(p, &query, &c), OK);
	return c.drops;
}

/* RFC 4303 3.1.1: the upper layer alone, its number as next header. */
TEST(the_wire_has_what_follows_the_ip_header)
{
	struct suite null = { .encr = ENCR_NULL, .integ = INTEG_HMAC_SHA1_96 };

	for (int v6 = 0; v6 < 2; v6++) {
		struct fixture *f = begin(&null, v6 ? hosts6 : hosts);
		struct fixture_packet o = v6 ? udp6 : udp4;
		struct bytes d;

		o.payload = 1; /* 9 octets: 1 of padding, 2 of trailer */
		o.tos = 0xb9;  /* the header outside is the packet's own */
		assert_int_equal(send(f, o), DROP_none);
		assert_int_equal(f->box.send[0].tos, 0xb9);
		d = fixture_datagram(f, 0);
		assert_int_equal(d.n, 8 + 12 + 12);
		assert_true(load32(d.p) == 0x12345678 && load32(d.p + 4) == 1);
		assert_memory_equal(d.p + 8, f->frame + VNET_N + (v6 ? 40 : 20), 9);
		assert_true(d.p[17] == 1 && d.p[18] == 1 && d.p[19] == PROTO_UDP);
		fixture_done(f);
		fixture_free(f);
	}
}

/* What came out is what went in, but for what only routers read: TTL, identification, DF. */
static void assert_same(const struct packet *got, const uint8_t *sent, size_t n, uint8_t tos)
{
	size_t at = got->version == 4 ? 20 : 40;

	assert_int_equal(got->n, n);
	assert_int_equal(got->tos, tos);
	assert_memory_equal(got->p + at, sent + at, n - at);
	if (got->version == 4) {
		assert_memory_equal(got->p + 12, sent + 12, 8);
		assert_int_equal(got->p[9], sent[9]);
		assert_int_equal(sum_fold(sum_add(0, got->p, 20)), 0xffff);
	} else {
		assert_memory_equal(got->p + 8, sent + 8, 32);
		assert_int_equal(got->p[6], sent[6]);
	}
}

TEST(a_packet_is_put_together_again)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct fixture *f = begin(&fixture_gcm, v6 ? hosts6 : hosts);
		struct fixture_packet o = v6 ? udp6 : udp4;
		struct packet got;

		for (o.payload = 0; o.payload < 70; o.payload++) {
			size_t n = fixture_frame(f, &o) - VNET_N;

			assert_int_equal(fixture_send(f, n + VNET_N), DROP_none);
			/* as the network has marked it */
			assert_int_equal(fixture_receive(f, 0, 0x03, &got), DROP_none);
			assert_same(&got, f->frame + VNET_N, n, 0x03);
			assert_true(packet_sum_ok(&got));
			fixture_done(f);
		}
		assert_int_equal(drops(f->left) + drops(f->right), 0);
		fixture_free(f);
	}
}

/* One read of the device, as its driver makes it of a stream: cut, carried, merged again. */
TEST(super_packets_go_and_come)
{
	static struct coalesce c = { .tcp = true, .udp = true };
	static uint8_t stream[65536];

	for (int i = 0; i < 4; i++) {
		struct fixture *f = begin(&fixture_gcm, i & 1 ? hosts6 : hosts);
		struct fixture_packet o = i & 1 ? udp6 : udp4;
		size_t payload = 0;
		struct packet k;

		o.size = 1300;
		o.payload = 44 * 1300 + 77;
		o.protocol = i & 2 ? PROTO_TCP : PROTO_UDP;
		o.tcp_flags = ACK;
		assert_int_equal(send(f, o), DROP_none);
		assert_int_equal(fixture_count(f), 45);
		coalesce_reset(&c);
		esp_enter(f->in, NS_S);
		for (size_t d = 0; d < 45; d++) {
			struct bytes b = fixture_datagram(f, d);
			struct esp_arrival a = { .encap = true };

			assert_int_equal(esp_input(f->in, &a, (uint8_t *)(uintptr_t)b.p, b.n, &k),
				DROP_none);
			assert_true(packet_sum_ok(&k));
			assert_true(coalesce_add(&c, &k));
			memcpy(stream + payload, k.p + packet_header_n(&k),
				k.n - packet_header_n(&k));
			payload += k.n - packet_header_n(&k);
		}
		esp_leave(f->in);
		assert_int_equal(payload, o.payload);
		for (size_t at = 0; at < payload; at++)
			assert_int_equal(stream[at], (uint8_t)(at * 31 + (at >> 8)));
		assert_int_equal(c.n_groups, 1);
		fixture_done(f);
		fixture_free(f);
	}
}

/* RFC 3948 3.1.2: the sender's checksum covers addresses that are not those here. */
TEST(checksums_are_made_anew_behind_a_nat)
{
	static const uint8_t protocols[] = { PROTO_TCP, PROTO_UDP };
	struct packet got;

	for (size_t i = 0; i < COUNT(protocols); i++) {
		struct fixture *f = begin(&fixture_gcm, natted);
		struct fixture_packet o = udp4;
		struct addr from = fixture_addr("203.0.113.9"), to = fixture_addr("10.7.7.7");

		o.protocol = protocols[i];
		assert_int_equal(send(f, o), DROP_none);
		assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
		assert_true(addr_eq(&got.src, &from) && addr_eq(&got.dst, &to));
		assert_true(packet_sum_ok(&got));
		fixture_done(f);
		fixture_free(f);
	}
}

/* A UDP datagram with that checksum goes through: with which it comes out. */
static uint16_t sum_after(void (*change)(struct dp_sa *), uint16_t sum)
{
	struct fixture *f = begin(&fixture_gcm, change);
	size_t n = fixture_frame(f, &udp4);
	struct packet got = { 0 };

	memset(f->frame, 0, VNET_N);
	store16(f->frame + VNET_N + 20 + 6, sum);
	assert_int_equal(fixture_send(f, n), DROP_none);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	sum = load16(got.p + 20 + 6);
	fixture_done(f);
	fixture_free(f);
	return sum;
}

static void plain(struct dp_sa *sa)
{
	hosts(sa);
	sa->encap = false;
}

/* Without a NAT a new checksum would only hide an error. */
TEST(checksums_of_nothing_stay_and_so_do_wrong_ones_without_a_nat)
{
	assert_int_equal(sum_after(natted, 0), 0);
	assert_int_not_equal(sum_after(natted, 0x1234), 0x1234);
	assert_int_equal(sum_after(plain, 0x1234), 0x1234);
}

/* ICMPv6's covers addresses as well; ICMP's does not. */
TEST(pings_pass_a_nat)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct fixture *f = begin(&fixture_gcm, v6 ? natted6 : natted);
		struct fixture_packet o = v6 ? udp6 : udp4;
		uint8_t *h = f->frame + VNET_N + (v6 ? 40 : 20);
		struct packet k;
		size_t n;

		o.protocol = v6 ? PROTO_ICMPV6 : PROTO_ICMP;
		o.payload = 56;
		n = fixture_frame(f, &o);
		store32(h, v6 ? 0x80000000 : 0x08000000);
		assert_int_equal(packet_parse(f->frame + VNET_N, n - VNET_N, &k), OK);
		sum_store(h + 2,
			(uint16_t)~sum_fold(sum_add(v6 ? packet_pseudo_sum(&k, 64) : 0, h, 64)));
		assert_int_equal(fixture_send(f, n), DROP_none);
		assert_int_equal(fixture_receive(f, 0, 0, &k), DROP_none);
		assert_int_equal(sum_fold(sum_add(v6 ? packet_pseudo_sum(&k, 64) : 0, k.p + k.l4,
					 k.n - k.l4)),
			0xffff);
		fixture_done(f);
		fixture_free(f);
	}
}

TEST(fragments_and_options_are_dropped_by_name)
{
	struct fixture *f = begin(&fixture_gcm, hosts);
	struct fixture_packet o = udp4;
	uint8_t *p = f->frame + VNET_N;
	size_t n;

	o.protocol = 99;
	o.df = false;
	n = fixture_frame(f, &o);
	store16(p + 6, 0x2000);
	assert_int_equal(fixture_send(f, n), DROP_transport);
	fixture_done(f);
	store16(p + 6, 0x00b9);
	assert_int_equal(fixture_send(f, n), DROP_transport);
	fixture_done(f);
	store16(p + 6, 0);
	p[0] = 0x46;
	memset(p + 20, 1, 4); /* four times "no operation" */
	assert_int_equal(fixture_send(f, n), DROP_transport);
	fixture_done(f);
	assert_int_equal(drops(f->left), 3);
	p[0] = 0x45;
	assert_int_equal(fixture_send(f, n), DROP_none);
	fixture_done(f);
	fixture_free(f);
}

/* An extension header of 8 octets between IPv6 and UDP: for whom says its number. */
static size_t put_extension(struct fixture *f, uint8_t number)
{
	size_t n = fixture_frame(f, &udp6);
	uint8_t *p = f->frame + VNET_N;

	struct packet k;

	memset(f->frame, 0, VNET_N);
	assert_int_equal(packet_parse(p, n - VNET_N, &k), OK);
	store16(p + 46, 0);
	sum_store(p + 46, (uint16_t)~sum_fold(sum_add(packet_pseudo_sum(&k, 108), p + 40, 108)));
	memmove(p + 48, p + 40, n - VNET_N - 40);
	memcpy(p + 40, (uint8_t[]){ PROTO_UDP, 0, 1, 4, 0, 0, 0, 0 }, 8); /* PadN */
	p[6] = number;
	store16(p + 4, (uint16_t)(load16(p + 4) + 8));
	return n + 8;
}

TEST(destination_options_go_inside_and_those_for_routers_cannot)
{
	struct fixture *f = begin(&fixture_gcm, hosts6);
	size_t n = put_extension(f, 60);
	struct packet got;

	assert_int_equal(fixture_send(f, n), DROP_none);
	assert_int_equal(fixture_receive(f, 0, 0, &got), DROP_none);
	assert_same(&got, f->frame + VNET_N, n - VNET_N, 0);
	assert_int_equal(got.protocol, PROTO_UDP);
	fixture_done(f);
	for (size_t i = 0; i < 3; i++) {
		n = put_extension(f, (uint8_t[]){ 0, 43, 44 }[i]);
		assert_int_equal(fixture_send(f, n), DROP_transport);
		fixture_done(f);
	}
	fixture_free(f);
}

static void wide(struct dp_sa *sa)
{
	sa->mode = DP_TRANSPORT;
	sa->ts_local = sa->ts_remote = fixture_ts("0.0.0.0/0");
}

TEST(only_the_ends_of_the_sa_speak_on_it)
{
	struct fixture *f = begin(&fixture_gcm, wide);
	struct fixture_packet o = udp4;

	assert_int_equal(send(f, o), DROP_none);
	fixture_done(f);
	o.src = "192.0.2.2";
	assert_int_equal(send(f, o), DROP_selector_out);
	fixture_done(f);
	o = udp4;
	o.dst = "198.51.100.2";
	assert_int_equal(send(f, o), DROP_selector_out);
	fixture_done(f);
	fixture_free(f);
}

static void port_80(struct dp_sa *sa)
{
	struct ts *remote = sa->ts_remote.ts, *local = sa->ts_local.ts;

	hosts(sa);
	remote->protocol = local->protocol = PROTO_UDP;
	if (sa->dir == DP_OUT)
		remote->port_first = remote->port_last = 80;
	else
		local->port_first = local->port_last = 80;
}

/* What a peer with our keys may put into ESP. */
static enum drop_reason crafted(struct fixture *f, uint8_t next, const uint8_t *text, size_t n)
{
	static uint64_t seq = 100;
	struct dp_sa dp = fixture_sa(DP_OUT, &fixture_gcm);
	struct esp_arrival a = { .remote = dp.local, .local = dp.remote, .encap = true };
	struct esp_sa *sa = NULL;
	uint8_t p[300] = { 0 };
	struct packet got = { 0 };
	enum drop_reason why;

	assert_int_equal(esp_sa_new(&dp, 1500, &sa), OK);
	memcpy(p + esp_text_at(sa), text, n);
	assert_int_equal(esp_seal(sa, seq++, p, n, next), OK);
	esp_enter(f->in, 1);
	why = esp_input(f->in, &a, p, esp_sealed_n(sa, n), &got);
	esp_leave(f->in);
	assert_true(why || next == PROTO_NONE || got.n == n + 20);
	esp_sa_free(sa);
	dp_sa_done(&dp);
	return why;
}

TEST(what_comes_in_is_held_against_selectors)
{
	static const uint8_t to_80[] = { 1, 2, 0, 80, 0, 8, 0, 0 },
			     to_81[] = { 1, 2, 0, 81, 0, 8, 0, 0 };
	struct fixture *f = begin(&fixture_gcm, port_80);

	assert_int_equal(send(f, udp4), DROP_none);
	fixture_done(f);
	assert_int_equal(crafted(f, PROTO_UDP, to_80, 8), DROP_none);
	assert_int_equal(crafted(f, PROTO_UDP, to_81, 8), DROP_selector_in);
	assert_int_equal(crafted(f, PROTO_TCP, to_80, 8), DROP_selector_in);
	assert_int_equal(crafted(f, PROTO_UDP, to_80, 0), DROP_selector_in);
	assert_int_equal(crafted(f, PROTO_NONE, to_80, 8), DROP_none);
	assert_int_equal(drops(f->right), 3);
	fixture_free(f);
}

TEST(headers_for_routers_do_not_come_out_of_esp)
{
	static const uint8_t text[] = { PROTO_UDP, 0, 1, 4, 0, 0, 0, 0, 1, 2, 0, 80, 0, 8, 0, 0 };
	struct fixture *f = begin(&fixture_gcm, hosts);

	assert_int_equal(crafted(f, PROTO_UDP, text, 16), DROP_none);
	fixture_free(f);
	f = begin(&fixture_gcm, hosts6);
	assert_int_equal(crafted(f, 0, text, 16), DROP_decrypt);
	assert_int_equal(crafted(f, 43, text, 16), DROP_decrypt);
	assert_int_equal(crafted(f, 44, text, 16), DROP_decrypt);
	assert_int_equal(crafted(f, 60, text, 7), DROP_decrypt);
	fixture_free(f);
}

/* The header that stays outside is not inside as well: 20 octets more than a tunnel leaves. */
TEST(sizes_say_what_sealing_makes)
{
	struct fixture *f = begin(&fixture_gcm, hosts);
	uint32_t most = esp_inner_mtu(1500, &fixture_gcm, true, false) + 20;
	struct fixture_packet o = udp4;

	o.payload = most - 28;
	assert_int_equal(send(f, o), DROP_none);
	assert_true(f->box.n + 28 <= 1500 && f->box.n + 28 + 4 > 1500);
	assert_true(f->box.send[0].df);
	fixture_done(f);
	o.payload++;
	assert_int_equal(send(f, o), DROP_too_big);
	assert_int_equal(load16(f->reply.p + VNET_N + 20 + 6), most);
	fixture_done(f);
	/* without DF it is cut outside */
	o.df = false;
	o.payload = 8000;
	assert_int_equal(send(f, o), DROP_none);
	assert_int_equal(fixture_count(f), 1);
	assert_int_equal(f->box.n, 8 + 8 + 8012 + 16); /* ESP, IV, text, ICV */
	assert_false(f->box.send[0].df);
	fixture_done(f);
	o.payload = 65500;
	assert_int_equal(send(f, o), DROP_too_big);
	fixture_done(f);
	fixture_free(f);
}

TEST(of_ipv6_only_tcp_is_told_its_size)
{
	struct fixture *f = begin(&fixture_gcm, hosts6);
	uint32_t most = esp_inner_mtu(1500, &fixture_gcm, true, true) + 40;
	struct fixture_packet o = udp6;

	o.payload = 8000;
	assert_int_equal(send(f, o), DROP_none);
	assert_false(f->box.send[0].df);
	fixture_done(f);
	o.protocol = PROTO_TCP;
	assert_int_equal(send(f, o), DROP_too_big);
	assert_int_equal(load32(f->reply.p + VNET_N + 40 + 4), most);
	fixture_done(f);
	o.payload = most - 60;
	assert_int_equal(send(f, o), DROP_none);
	assert_true(f->box.send[0].df && f->box.n + 48 <= 1500);
	fixture_done(f);
	fixture_free(f);
}

static void padded(struct dp_sa *sa)
{
	hosts(sa);
	sa->tfc = 800;
}

/* RFC 4303 2.7: not where nothing says how long the packet is. */
TEST(no_tfc_padding)
{
	struct fixture *f = begin(&fixture_gcm, padded);

	assert_int_equal(send(f, udp4), DROP_none);
	assert_int_equal(f->box.n, 8 + 8 + 108 + 4 + 16);
	fixture_done(f);
	fixture_free(f);
}

/* Packets stand in the worker's room until they are let go. */
TEST(a_full_room_is_told_before)
{
	struct fixture *f = begin(&fixture_gcm, hosts);
	struct fixture_packet o = udp4;
	struct esp_arrival a = { .encap = true };
	struct packet k, first = { 0 };
	unsigned packets = 0;

	o.df = false;
	o.payload = 60000;
	esp_enter(f->in, NS_S);
	for (; esp_input_has_room(f->in); packets++) {
		struct bytes d;

		assert_int_equal(send(f, o), DROP_none);
		d = fixture_datagram(f, 0);
		assert_int_equal(
			esp_input(f->in, &a, (uint8_t *)(uintptr_t)d.p, d.n, &k), DROP_none);
		first = packets ? first : k;
		fixture_done(f);
	}
	assert_int_equal(packets, 4);
	assert_true(packet_sum_ok(&first) && first.p + first.n <= k.p);
	assert_true(k.p + k.n <= f->in->room + sizeof(f->in->room));
	assert_int_equal(send(f, o), DROP_none);
	assert_int_equal(esp_input(f->in, &a, f->room, f->box.n, &k), DROP_no_buffer);
	fixture_done(f);
	esp_input_let_go(f->in);
	assert_int_equal(send(f, o), DROP_none);
	assert_int_equal(esp_input(f->in, &a, f->room, f->box.n, &k), DROP_none);
	assert_ptr_equal(k.p, f->in->room);
	fixture_done(f);
	esp_leave(f->in);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wire_has_what_follows_the_ip_header),
		cmocka_unit_test(a_packet_is_put_together_again),
		cmocka_unit_test(super_packets_go_and_come),
		cmocka_unit_test(checksums_are_made_anew_behind_a_nat),
		cmocka_unit_test(checksums_of_nothing_stay_and_so_do_wrong_ones_without_a_nat),
		cmocka_unit_test(pings_pass_a_nat),
		cmocka_unit_test(fragments_and_options_are_dropped_by_name),
		cmocka_unit_test(destination_options_go_inside_and_those_for_routers_cannot),
		cmocka_unit_test(only_the_ends_of_the_sa_speak_on_it),
		cmocka_unit_test(what_comes_in_is_held_against_selectors),
		cmocka_unit_test(headers_for_routers_do_not_come_out_of_esp),
		cmocka_unit_test(sizes_say_what_sealing_makes),
		cmocka_unit_test(of_ipv6_only_tcp_is_told_its_size),
		cmocka_unit_test(no_tfc_padding),
		cmocka_unit_test(a_full_room_is_told_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
