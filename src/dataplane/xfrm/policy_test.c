/* Our messages are octet for octet those of iproute2 6.1 for the same policy. */
#include "dataplane/xfrm/recorded.h"
#include "dataplane/xfrm/xfrm.h"

static struct addr addr(const char *s)
{
	struct addr a;

	assert_int_equal(addr_parse(s, &a), OK);
	return a;
}

static struct ts_list net(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return (struct ts_list){ 1, { ts_from_range(&r) } };
}

static struct dp_policy tunnel(void)
{
	return (struct dp_policy){ .reqid = 16389,
		.action = DP_PROTECT,
		.mode = DP_TUNNEL,
		.ts_local = net("10.0.1.0/24"),
		.ts_remote = net("10.0.2.0/24"),
		.outer_local = addr("192.0.2.1"),
		.outer_remote = addr("198.51.100.1") };
}

static struct xfrm_sel only(const struct dp_policy *p)
{
	struct xfrm_sel s;
	size_t n;

	assert_int_equal(xfrm_selectors(p, &s, 1, &n), OK);
	assert_int_equal(n, 1);
	return s;
}

static void assert_policy(
	const struct dp_policy *p, enum xfrm_how how, enum xfrm_dir d, const char *expected)
{
	struct xfrm_sel s = only(p);
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	xfrm_policy_put(&w, how, p, &s, d);
	assert_recorded(&w, expected);
}

TEST(a_tunnel_sends_and_receives)
{
	struct dp_policy p = tunnel();

	/* ip xfrm policy add src 10.0.1.0/24 dst 10.0.2.0/24 dir out priority 1757393
	 * tmpl src 192.0.2.1 dst 198.51.100.1 proto esp reqid 16389 mode tunnel */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_OUT,
		"fc000000 13000500 0*8 0a000200 0*12 0a000100 0*20 02001818 0*12 f*32 0*64 "
		"d1d01a00 00000000 01000000 00000000 44000500 c6336401 0*16 32000000 02000000 "
		"c0000201 0*12 05400000 01000000 f*12");
	/* ip xfrm policy add src 10.0.2.0/24 dst 10.0.1.0/24 dir in priority 1757393
	 * tmpl src 198.51.100.1 dst 192.0.2.1 proto esp reqid 16389 mode tunnel */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_IN,
		"fc000000 13000500 0*8 0a000100 0*12 0a000200 0*20 02001818 0*12 f*32 0*64 "
		"d1d01a00 0*12 44000500 c0000201 0*16 32000000 02000000 c6336401 0*12 "
		"05400000 01000000 f*12");
	/* ip xfrm policy update src 10.0.1.0/24 dst 10.0.2.0/24 dir out priority 9
	 * tmpl src 192.0.2.1 dst 198.51.100.1 proto esp reqid 16389 mode tunnel */
	p.priority = 9;
	p.action = DP_TRAP; /* the same to the kernel: the SA is not there yet */
	assert_policy(&p, XFRM_UPDATE, XFRM_DIR_OUT,
		"fc000000 19000500 0*8 0a000200 0*12 0a000100 0*20 02001818 0*12 f*32 0*64 "
		"09000000 00000000 01000000 00000000 44000500 c6336401 0*16 32000000 02000000 "
		"c0000201 0*12 05400000 01000000 f*12");
}

TEST(ports_stay_with_their_end)
{
	struct dp_policy p = tunnel();

	p.ts_local = net("10.0.3.0/24");
	p.ts_remote = net("10.0.4.0/23");
	p.ts_local.ts[0].protocol = 6;
	p.ts_local.ts[0].port_first = p.ts_local.ts[0].port_last = 443;
	/* ip xfrm policy add src 10.0.3.0/24 dst 10.0.4.0/23 proto tcp sport 443 dir out
	 * priority 1364179 tmpl src 192.0.2.1 dst 198.51.100.1 proto esp reqid 16389 mode tunnel */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_OUT,
		"fc000000 13000500 0*8 0a000400 0*12 0a000300 0*16 01bbffff 02001718 06000000 "
		"0*8 f*32 0*64 d3d01400 00000000 01000000 00000000 44000500 c6336401 0*16 "
		"32000000 02000000 c0000201 0*12 05400000 01000000 f*12");
}

TEST(ports_marks_and_interfaces_in_ipv6)
{
	struct dp_policy p = { .reqid = 1,
		.action = DP_PROTECT,
		.priority = 5,
		.ts_local = net("2001:db8:a::/48"),
		.ts_remote = net("2001:db8:b::/56"),
		.outer_local = addr("2001:db8::1"),
		.outer_remote = addr("2001:db8:1::2"),
		.extra = { .mark_in = { 5, 0xff }, .mark_out = { 6, 0xff }, .if_id = 9 } };
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_sel s;

	p.ts_remote.ts[0].protocol = 6;
	p.ts_remote.ts[0].port_first = p.ts_remote.ts[0].port_last = 443;
	/* ip xfrm policy add src 2001:db8:b::/56 dst 2001:db8:a::/48 proto tcp sport 443 dir fwd
	 * priority 5 mark 5 mask 0xff if_id 9
	 * tmpl src 2001:db8:1::2 dst 2001:db8::1 proto esp reqid 1 mode tunnel */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_FWD,
		"10010000 13000500 0*8 20010db8 000a0000 0*8 20010db8 000b0000 0*12 01bbffff "
		"0a003038 06000000 0*8 f*32 0*64 05000000 00000000 02000000 00000000 44000500 "
		"20010db8 0*8 00000001 00000000 32000000 0a000000 20010db8 00010000 00000000 "
		"00000002 01000000 01000000 f*12 0c001500 05000000 ff000000 08001f00 09000000");
	/* ip xfrm policy delete src 2001:db8:b::/56 dst 2001:db8:a::/48 proto tcp sport 443 dir fwd
	 * mark 5 mask 0xff if_id 9 */
	s = only(&p);
	xfrm_policy_del_put(&w, &s, XFRM_DIR_FWD, &p.extra);
	assert_recorded(&w,
		"64000000 14000500 0*8 20010db8 000a0000 0*8 20010db8 000b0000 0*12 01bbffff "
		"0a003038 06000000 0*12 02000000 0c001500 05000000 ff000000 08001f00 09000000");
}

TEST(transport_mode_takes_its_ends_from_the_packet)
{
	struct dp_policy p = { .reqid = 1,
		.action = DP_PROTECT,
		.mode = DP_TRANSPORT,
		.priority = 3,
		.ts_local = net("192.0.2.1"),
		.ts_remote = net("198.51.100.1"),
		.outer_local = addr("192.0.2.1"),
		.outer_remote = addr("198.51.100.1") };

	p.ts_local.ts[0].protocol = 1;
	p.ts_local.ts[0].port_first = p.ts_local.ts[0].port_last = 0x0800;
	/* ip xfrm policy add src 192.0.2.1/32 dst 198.51.100.1/32 proto icmp type 8 code 0 dir out
	 * priority 3 tmpl proto esp reqid 1 mode transport */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_OUT,
		"fc000000 13000500 0*8 c6336401 0*12 c0000201 0*12 0000ffff 0008ffff 02002020 "
		"01000000 0*8 f*32 0*64 03000000 00000000 01000000 00000000 44000500 0*20 "
		"32000000 02000000 0*16 01000000 00000000 f*12");
}

TEST(pass_and_drop_have_no_sa)
{
	struct dp_policy p = { .action = DP_DROP,
		.priority = 3,
		.ts_local = net("10.0.10.0/24"),
		.ts_remote = net("10.0.9.0/24") };

	/* ip xfrm policy add src 10.0.9.0/24 dst 10.0.10.0/24 dir fwd action block priority 3 */
	assert_policy(&p, XFRM_ADD, XFRM_DIR_FWD,
		"b8000000 13000500 0*8 0a000a00 0*12 0a000900 0*20 02001818 0*12 f*32 0*64 "
		"03000000 00000000 02010000 00000000");
	/* ip xfrm policy add src 10.0.7.0/24 dst 10.0.8.0/24 dir out action allow priority 3 */
	p.action = DP_PASS;
	p.ts_local = net("10.0.7.0/24");
	p.ts_remote = net("10.0.8.0/24");
	assert_policy(&p, XFRM_ADD, XFRM_DIR_OUT,
		"b8000000 13000500 0*8 0a000800 0*12 0a000700 0*20 02001818 0*12 f*32 0*64 "
		"03000000 00000000 01000000 00000000");
}

TEST(policies_are_named_by_selector_and_direction)
{
	struct dp_policy p = tunnel();
	struct xfrm_sel s = only(&p);
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	/* ip xfrm policy delete src 10.0.1.0/24 dst 10.0.2.0/24 dir out */
	xfrm_policy_del_put(&w, &s, XFRM_DIR_OUT, &p.extra);
	assert_recorded(
		&w, "50000000 14000500 0*8 0a000200 0*12 0a000100 0*20 02001818 0*16 01000000");
}

/* What Linux 6.1 accepted, and moved policy and SA by. iproute2 has no command for it. */
TEST(policy_and_sas_move_to_other_addresses)
{
	struct dp_policy p = { .reqid = 16389,
		.action = DP_PROTECT,
		.ts_local = net("10.1.0.0/24"),
		.ts_remote = net("10.2.0.0/24"),
		.outer_local = addr("10.9.0.1"),
		.outer_remote = addr("10.9.0.2") };
	struct addr to = addr("10.9.0.3");
	struct xfrm_sel s = only(&p);
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	xfrm_migrate_put(&w, &p, &s, XFRM_DIR_OUT, &p.outer_local, &to);
	assert_recorded(&w,
		"a0000000 21000500 0*8 0a020000 0*12 0a010000 0*20 02001818 0*16 01000000 "
		"50001100 0a090002 0*12 0a090001 0*12 0a090003 0*12 0a090001 0*12 "
		"32010000 05400000 02000200");
}

/* Measured on Libreswan 4.10: auto=route has a policy for what leaves only; type=passthrough and
 * type=drop have all three. */
TEST(traps_wait_for_what_leaves)
{
	for (int d = XFRM_DIR_IN; d < XFRM_DIR_END; d++) {
		assert_int_equal(xfrm_policy_has(DP_TRAP, (enum xfrm_dir)d), d == XFRM_DIR_OUT);
		assert_true(xfrm_policy_has(DP_PROTECT, (enum xfrm_dir)d));
		assert_true(xfrm_policy_has(DP_PASS, (enum xfrm_dir)d));
		assert_true(xfrm_policy_has(DP_DROP, (enum xfrm_dir)d));
	}
}

TEST(what_would_be_answered_gets_a_policy_of_its_own)
{
	struct dp_policy p = tunnel(), narrow;
	struct xfrm_sel s = only(&p), sel;

	assert_true(xfrm_policy_narrow(&p, &s, 6, &narrow, &sel));
	assert_int_equal(sel.protocol, 6);
	assert_int_equal(sel.remote_mask, 0);
	assert_int_equal(narrow.priority, xfrm_priority(&s, false) - 1);
	assert_int_equal(narrow.reqid, p.reqid);
	assert_false(xfrm_policy_has((enum dp_action)narrow.action, XFRM_DIR_IN));
	assert_true(xfrm_policy_narrow(&p, &s, 1, &narrow, &sel));
	assert_int_equal(sel.local_port, 8);
	assert_int_equal(sel.local_mask, 0xffff);
	assert_false(xfrm_policy_narrow(&p, &s, 58, &narrow, &sel)); /* of IPv6 */
	p.priority = 7;
	assert_true(xfrm_policy_narrow(&p, &s, 6, &narrow, &sel));
	assert_int_equal(narrow.priority, 6);
	p.priority = 1; /* nothing goes before it */
	assert_false(xfrm_policy_narrow(&p, &s, 6, &narrow, &sel));
	p.priority = 0;
	s.protocol = 17; /* known already */
	assert_false(xfrm_policy_narrow(&p, &s, 6, &narrow, &sel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tunnel_sends_and_receives),
		cmocka_unit_test(ports_stay_with_their_end),
		cmocka_unit_test(ports_marks_and_interfaces_in_ipv6),
		cmocka_unit_test(transport_mode_takes_its_ends_from_the_packet),
		cmocka_unit_test(pass_and_drop_have_no_sa),
		cmocka_unit_test(policies_are_named_by_selector_and_direction),
		cmocka_unit_test(policy_and_sas_move_to_other_addresses),
		cmocka_unit_test(traps_wait_for_what_leaves),
		cmocka_unit_test(what_would_be_answered_gets_a_policy_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
