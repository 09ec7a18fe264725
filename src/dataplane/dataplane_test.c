#include "base/test.h"
#include "dataplane/dataplane.h"

static struct ts_list net(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return (struct ts_list){ 1, { ts_from_range(&r) } };
}

TEST(sa_survives_the_line_and_every_truncation_is_refused)
{
	struct dp_sa sa = { .dir = DP_IN,
		.serial = 2,
		.reqid = 16388,
		.spi = 0x01020304,
		.encap = true,
		.suite = { .encr = ENCR_AES_GCM_16, .key_bits = 128, .esn = ESN_YES },
		.replay_window = 128,
		.extra = { .mark_in = { 1, 2 },
			.mark_out = { 3, 4 },
			.set_mark = { 5, 6 },
			.if_id = 7,
			.offload = DP_OFFLOAD_PACKET,
			.offload_ifindex = 8,
			.no_ecn = true,
			.has_device = true } };
	uint8_t room[4096];
	struct wr w = wr_to(room, sizeof(room));
	struct dp_sa back;
	struct rd r;

	sa.encr_key = secret_new(20);
	sa.encr_key.p[7] = 7;
	sa.ts_local = net("10.0.1.0/24");
	sa.ts_remote = net("10.0.2.0/24");
	dp_sa_put(&w, &sa);
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(room, n));
		assert_int_not_equal(dp_sa_get(&r, &back), OK);
	}
	r = rd_from(wr_view(&w));
	assert_int_equal(dp_sa_get(&r, &back), OK);
	assert_true(rd_end(&r));
	assert_true(bytes_eq(secret_view(&sa.encr_key), secret_view(&back.encr_key)));
	assert_true(ts_list_eq(&sa.ts_remote, &back.ts_remote));
	assert_int_equal(back.spi, sa.spi);
	assert_memory_equal(&back.extra.mark_in, &sa.extra.mark_in, 3 * sizeof(struct dp_mark));
	assert_int_equal(back.extra.if_id, 7);
	assert_true(back.extra.has_device);
	assert_int_equal(back.extra.offload, DP_OFFLOAD_PACKET);
	assert_int_equal(back.extra.offload_ifindex, 8);
	assert_true(back.extra.no_ecn && !back.extra.is_instance);
	dp_sa_done(&sa);
	dp_sa_done(&back);
}

TEST(policy_and_notice_survive_the_line)
{
	struct dp_policy p = { .reqid = 4,
		.action = DP_TRAP,
		.mtu = 1400,
		.add_routes = true,
		.mss = DP_MSS_AUTO,
		.exempt = DP_EXEMPT_AUTO,
		.overhead = 73,
		.device = { DP_DEVICE_VTI, "vti-to-the-peer", true, false,
			{ addr_v4(0x0a630001), 24 } },
		.extra = { .mark_out = { 9, 10 }, .is_instance = true } },
			 q;
	struct dp_notice n = { .kind = DP_DROPPED, .reason = DROP_replay, .count = 9 }, m;
	uint8_t room[4096];
	struct wr w = wr_to(room, sizeof(room));
	struct rd r;

	p.ts_local = net("0.0.0.0/0");
	p.ts_remote = net("10.0.2.0/24");
	dp_policy_put(&w, &p);
	dp_notice_put(&w, &n);
	r = rd_from(wr_view(&w));
	assert_int_equal(dp_policy_get(&r, &q), OK);
	assert_int_equal(q.mtu, 1400);
	assert_int_equal(q.mss, DP_MSS_AUTO);
	assert_int_equal(q.exempt, DP_EXEMPT_AUTO);
	assert_int_equal(q.overhead, 73);
	assert_int_equal(q.device.kind, DP_DEVICE_VTI);
	assert_string_equal(q.device.name, "vti-to-the-peer");
	assert_true(q.device.is_shared && !q.device.is_unmanaged);
	assert_true(addr_eq(&q.device.address.addr, &p.device.address.addr));
	assert_int_equal(q.device.address.bits, 24);
	assert_true(q.add_routes && !q.add_source);
	assert_true(q.extra.is_instance && !q.extra.no_ecn && !q.extra.has_device &&
		    q.extra.mark_out.mask == 10);
	assert_int_equal(dp_notice_get(&r, &m), OK);
	assert_true(rd_end(&r));
	assert_int_equal(m.count, 9);
}

TEST(overhead_is_that_of_the_largest_padding)
{
	struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 256 };
	struct suite cbc = {
		.encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256
	};

	/* 20 + 8 + 8 + 2 + 3 + 16: of 1,500 octets 1,443 are left, whatever the padding */
	assert_int_equal(dp_overhead(&gcm, DP_TUNNEL, false, false), 57);
	assert_int_equal(dp_overhead(&gcm, DP_TRANSPORT, false, false), 37);
	assert_int_equal(dp_overhead(&gcm, DP_TRANSPORT, true, true), 45);
	assert_int_equal(dp_overhead(&gcm, DP_TUNNEL, true, false), 65);
	assert_int_equal(dp_overhead(&cbc, DP_TUNNEL, true, true), 40 + 8 + 8 + 16 + 2 + 15 + 32);
	assert_int_equal(
		dp_overhead(NULL, DP_TUNNEL, true, true), dp_overhead(&cbc, DP_TUNNEL, true, true));
}

TEST(every_reason_has_a_sentence)
{
	for (int i = 0; i < DROP_END; i++)
		assert_true(drop_text((enum drop_reason)i)[0] != '\0');
	assert_string_equal(drop_name(DROP_replay), "replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sa_survives_the_line_and_every_truncation_is_refused),
		cmocka_unit_test(policy_and_notice_survive_the_line),
		cmocka_unit_test(overhead_is_that_of_the_largest_padding),
		cmocka_unit_test(every_reason_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
