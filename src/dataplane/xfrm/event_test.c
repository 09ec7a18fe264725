/* What Linux said, recorded: 6.18 (without ESP) and 6.1 (User-Mode Linux, with ESP in UDP). */
#include "dataplane/xfrm/recorded.h"
#include "dataplane/xfrm/xfrm.h"

#include <errno.h>

static struct xfrm_said said(const char *message)
{
	struct buf b = recorded(message);
	struct rd r = rd_from(buf_view(&b));
	struct xfrm_said s, none;

	assert_int_equal(xfrm_said_get(&r, &s), OK);
	assert_int_equal(xfrm_said_get(&r, &none), ERR_NOT_FOUND);
	/* no part of it is taken for the whole */
	for (size_t n = 1; n < b.n; n++) {
		r = rd_from(bytes_of(b.p, n));
		assert_int_not_equal(xfrm_said_get(&r, &none), OK);
	}
	buf_done(&b);
	return s;
}

static void assert_addr(const struct addr *a, const char *expected)
{
	char s[ADDR_STR];

	assert_string_equal(addr_format(a, s), expected);
}

static void assert_ts(const struct ts *t, const char *expected)
{
	char s[TS_STR];

	assert_string_equal(ts_format(t, s), expected);
}

TEST(a_packet_waits_for_an_sa)
{
	/* policy src 10.0.1.0/24 dst 10.0.2.0/24, UDP from 10.0.1.1:4000 to 10.0.2.33:53 */
	struct xfrm_said s =
		said("78010000 17000000 0*8 c6336401 0*16 32000000 c0000201 0*12 0a000221 0*12 "
		     "0a000101 0*12 0035ffff 0fa0ffff 02002020 11000000 03000000 00000000 0a000200 "
		     "0*12 0a000100 0*20 02001818 0*12 f*32 0*48 8662056b 0*12 d1d01a00 01000000 "
		     "01000000 00000000 f*12 01000000 44000500 c6336401 0*16 32000000 02000000 "
		     "c0000201 0*12 05400000 01000000 f*12 0a001000 0*8");
	struct dp_notice n;

	assert_int_equal(s.kind, XFRM_SAID_ACQUIRE);
	assert_int_equal(s.policy.reqid, 16389);
	assert_int_equal(s.policy.priority, 1757393);
	assert_int_equal(s.policy.dir, XFRM_DIR_OUT);
	assert_int_equal(s.policy.sel.local.bits, 24);
	assert_addr(&s.policy.src, "192.0.2.1");
	assert_addr(&s.policy.dst, "198.51.100.1");
	assert_true(xfrm_said_notice(&s, &n));
	assert_int_equal(n.kind, DP_ACQUIRE);
	assert_int_equal(n.reqid, 16389);
	assert_ts(&n.ts_local, "10.0.1.1/32/udp/4000");
	assert_ts(&n.ts_remote, "10.0.2.33/32/udp/53");
}

TEST(a_ping_waits_for_an_sa)
{
	struct xfrm_said s =
		said("78010000 17000000 0*8 c6336401 0*16 32000000 c0000201 0*12 0a000222 0*12 "
		     "0a000101 0*12 0000ffff 0008ffff 02002020 01000000 03000000 00000000 0a000200 "
		     "0*12 0a000100 0*20 02001818 0*12 f*32 0*48 8662056b 0*12 d1d01a00 01000000 "
		     "01000000 00000000 f*12 02000000 44000500 c6336401 0*16 32000000 02000000 "
		     "c0000201 0*12 05400000 01000000 f*12 0a001000 0*8");

	assert_int_equal(s.kind, XFRM_SAID_ACQUIRE);
	assert_ts(&s.packet_src, "10.0.1.1/32/icmp/2048");
	assert_ts(&s.packet_dst, "10.0.2.34/32/icmp/2048");
}

TEST(an_acquire_that_nobody_answered_is_no_notice)
{
	struct xfrm_said s =
		said("00010000 18000000 0*8 0a000221 0*12 0a000101 0*12 0035ffff 0fa0ffff 02002020 "
		     "11000000 03000000 00000000 c6336401 0*16 32000000 c0000201 0*12 f*32 0*8 "
		     "01000000 0*36 8762056b 0*24 01000000 05400000 02000100 0*8 01000000 00000000 "
		     "05002100 02000000");
	struct dp_notice n;

	assert_int_equal(s.kind, XFRM_SAID_EXPIRE);
	assert_true(s.is_hard);
	assert_int_equal(s.sa.reqid, 16389);
	assert_false(xfrm_said_notice(&s, &n));
}

TEST(limits_are_near_and_then_reached)
{
	/* limit packet-soft 3 packet-hard 6 */
	struct xfrm_said s =
		said("f8000000 18000000 0*64 0a090002 0*12 00000100 32000000 0a090001 0*12 f*16 "
		     "03000000 00000000 06000000 0*36 80010000 00000000 03000000 00000000 bc62056b "
		     "00000000 c062056b 0*20 05400000 02000100 a0000000 0*12");
	struct dp_notice n;

	assert_int_equal(s.sa.id.spi, 0x100);
	assert_addr(&s.sa.id.dst, "10.9.0.2");
	assert_int_equal(s.sa.packets, 3);
	assert_true(xfrm_said_notice(&s, &n));
	assert_int_equal(n.kind, DP_EXPIRE_SOFT);

	s = said("f8000000 18000000 0*64 0a090003 0*12 00000100 32000000 0a090001 0*12 f*16 "
		 "03000000 00000000 06000000 0*36 00030000 00000000 06000000 00000000 bc62056b "
		 "00000000 c062056b 0*20 05400000 02000100 a0000000 00000000 01000000 00000000");
	assert_int_equal(s.sa.packets, 6);
	assert_int_equal(s.sa.bytes, 768);
	assert_true(xfrm_said_notice(&s, &n));
	assert_int_equal(n.kind, DP_EXPIRE_HARD);
	assert_int_equal(n.reqid, 16389);
}

TEST(the_peer_comes_from_another_port)
{
	struct xfrm_said s =
		said("50000000 26000000 0*8 0a090002 0*12 00000100 02003200 05400000 0a090001 0*12 "
		     "0a090001 00000000 6fe94460 00000000 11941195");
	struct dp_notice n;
	char text[ENDPOINT_STR];

	assert_int_equal(s.kind, XFRM_SAID_MAPPING);
	assert_int_equal(s.sa.id.spi, 0x100);
	assert_int_equal(s.sa.src_port, 4500);
	assert_addr(&s.local, "10.9.0.2");
	assert_true(xfrm_said_notice(&s, &n));
	assert_int_equal(n.kind, DP_MAPPING);
	assert_string_equal(endpoint_format(&n.remote, text), "10.9.0.1:4501");
}

TEST(counters_and_sequence_numbers_of_an_sa)
{
	struct xfrm_said s =
		said("90010000 10000000 0*64 0a090002 0*12 00000100 32000000 0a090001 0*12 f*32 "
		     "0*32 00020000 00000000 04000000 00000000 c062056b 00000000 c062056b 0*20 "
		     "05400000 02000100 a0000000 00000000 60001200 72666334 31303628 67636d28 "
		     "61657329 29000000 0*44 a0000000 80000000 00010203 04050607 08090a0b 0c0d0e0f "
		     "10111213 1c000400 02001194 11940000 0*16 24001700 02000000 00000000 04000000 "
		     "0*8 40000000 0f000000 00000000");
	struct now now = { .mono = 100 * NS_S, .wall = (ns_t)0x6b0562c0 * NS_S + 7 * NS_S };
	struct dp_counters c = { .drops = 1 };
	struct dp_notice n;

	assert_int_equal(s.kind, XFRM_SAID_SA);
	assert_false(xfrm_said_notice(&s, &n));
	assert_true(s.sa.encap);
	assert_int_equal(s.sa.dst_port, 4500);
	assert_int_equal(s.sa.replay.seq, 4);
	assert_int_equal(s.sa.replay.window, 64);
	assert_int_equal(s.sa.replay.bitmap_n, 2);
	assert_int_equal(s.sa.replay.bitmap[0], 0xf);
	s.sa.replayed = 2;
	s.sa.not_authentic = 3;
	xfrm_sa_count(&s.sa, DP_IN, now, &c);
	assert_int_equal(c.in_packets, 4);
	assert_int_equal(c.in_bytes, 512);
	assert_int_equal(c.in_seq, 4);
	assert_int_equal(c.out_packets, 0);
	assert_int_equal(c.drops, 6);
	assert_true(c.last_in == 93 * NS_S);
	/* a clock that was set back is no packet from the future */
	now.wall -= 10 * NS_S;
	xfrm_sa_count(&s.sa, DP_OUT, now, &c);
	assert_true(c.last_out == now.mono);
	s.sa.first_used = 0;
	c.last_out = 0;
	xfrm_sa_count(&s.sa, DP_OUT, now, &c);
	assert_true(c.last_out == 0);
	assert_int_equal(c.out_packets, 8);
}

TEST(an_spi_is_allocated_and_goes)
{
	struct xfrm_said s =
		said("00010000 10000000 0*8 c0000201 0*12 c6336401 0*20 00002020 0*12 c0000201 "
		     "0*12 00001000 32000000 c6336401 0*12 f*32 0*8 01000000 0*36 8c62056b 0*28 "
		     "05400000 02000100 0*8 10000a00 0*12");

	assert_int_equal(s.kind, XFRM_SAID_SA);
	assert_int_equal(s.sa.id.spi, 0x1000);
	assert_addr(&s.sa.id.dst, "192.0.2.1");
	assert_int_equal(s.sa.replay.bitmap_n, 0);

	s = said("1c010000 11000000 0*8 c0000201 0*12 00001000 02003200 e4000600 c0000201 0*12 "
		 "c6336401 0*20 00002020 0*12 c0000201 0*12 00001000 32000000 c6336401 0*12 "
		 "f*32 0*8 01000000 0*36 8c62056b 0*28 05400000 02000100 0*8 10000a00 0*12");
	assert_int_equal(s.kind, XFRM_SAID_SA_GONE);
	assert_int_equal(s.sa.id.spi, 0x1000);
	assert_int_equal(s.sa.reqid, 16389);
	assert_addr(&s.sa.id.src, "198.51.100.1");
}

TEST(policies_come_are_listed_and_go)
{
	struct xfrm_said s =
		said("08010000 13000200 0*8 0a000200 0*12 0a000100 0*20 02001818 0*12 f*32 0*48 "
		     "8662056b 0*12 d1d01a00 01000000 01000000 00000000 44000500 c6336401 0*16 "
		     "32000000 02000000 c0000201 0*12 05400000 01000000 f*12 0a001000 0*8");

	assert_int_equal(s.kind, XFRM_SAID_POLICY);
	assert_int_equal(s.policy.reqid, 16389);
	assert_int_equal(s.policy.priority, 1757393);
	assert_addr(&s.policy.sel.remote.addr, "10.0.2.0");
	assert_true(s.policy.used == 0);
	/* the same, used ten seconds after it was made */
	s = said("08010000 13000200 0*8 0a000200 0*12 0a000100 0*20 02001818 0*12 f*32 0*48 "
		 "8662056b 0*4 9062056b 0*4 d1d01a00 01000000 01000000 00000000 44000500 c6336401 "
		 "0*16 32000000 02000000 c0000201 0*12 05400000 01000000 f*12 0a001000 0*8");
	assert_true(s.policy.used == 0x6b056290);
	s = said("14000000 03000200 0*12");
	assert_int_equal(s.kind, XFRM_SAID_DONE);
	assert_int_equal(s.error, 0);
	s = said("4c010000 14000000 0*8 0a000200 0*12 0a000100 0*20 02001818 0*16 01000000 "
		 "ac000700 0a000200 0*12 0a000100 0*20 02001818 0*12 f*32 0*48 8662056b 0*12 "
		 "d1d01a00 01000000 01000000 00000000 44000500 c6336401 0*16 32000000 02000000 "
		 "c0000201 0*12 05400000 01000000 f*12 0a001000 0*8");
	assert_int_equal(s.kind, XFRM_SAID_POLICY_GONE);
	assert_int_equal(s.policy.reqid, 16389);
	assert_int_equal(s.policy.dir, XFRM_DIR_OUT);
	assert_addr(&s.policy.sel.local.addr, "10.0.1.0");
}

/* NEWPOLICY has the same form in both directions: this one iproute2 sent. */
TEST(ports_are_told_with_their_end)
{
	struct xfrm_said s =
		said("fc000000 13000000 0*8 0a000400 0*12 0a000300 0*16 01bbffff 02001718 06000000 "
		     "0*8 f*32 0*64 d3d01400 00000000 01000000 00000000 44000500 c6336401 0*16 "
		     "32000000 02000000 c0000201 0*12 05400000 01000000 f*12");

	assert_int_equal(s.policy.sel.protocol, 6);
	assert_int_equal(s.policy.sel.local_port, 443);
	assert_int_equal(s.policy.sel.local_mask, 0xffff);
	assert_int_equal(s.policy.sel.remote_mask, 0);
}

/* Since Linux 6.2 the kernel tells when the last packet was; the attribute is by hand. */
TEST(the_last_use_is_told)
{
	struct xfrm_said s =
		said("0c010000 10000000 0*8 c0000201 0*12 c6336401 0*20 00002020 0*12 c0000201 "
		     "0*12 00001000 32000000 c6336401 0*12 f*32 0*8 01000000 0*36 8c62056b 0*28 "
		     "05400000 02000100 0*8 10000a00 0*12 0c000f00 c062056b 00000000");

	assert_true(s.sa.last_used == 0x6b0562c0);
}

TEST(a_policy_and_its_sas_were_moved)
{
	struct xfrm_said s =
		said("ac000000 21000000 0*8 0a020000 0*12 0a010000 0*20 02001818 0*16 01000000 "
		     "0a001000 0*8 50001100 0a090002 0*12 0a090001 0*12 0a090003 0*12 0a090001 "
		     "0*12 32010000 05400000 02000200");

	assert_int_equal(s.kind, XFRM_SAID_MIGRATE);
	assert_int_equal(s.policy.reqid, 16389);
	assert_addr(&s.policy.dst, "10.9.0.2");
	assert_addr(&s.local, "10.9.0.1");
	assert_addr(&s.remote.addr, "10.9.0.3");
}

TEST(all_is_counted)
{
	struct xfrm_said s =
		said("28000000 22000000 0*8 ffffffff 08000100 05000000 0c000200 08000000 00001000");

	assert_int_equal(s.kind, XFRM_SAID_SADINFO);
	assert_int_equal(s.counts.sas, 5);
	s = said("4c000000 24000000 0*8 ffffffff 1c000100 00000000 01000000 0*16 0c000200 "
		 "07000000 00001000 06000300 20200000 06000400 80800000");
	assert_int_equal(s.kind, XFRM_SAID_SPDINFO);
	assert_int_equal(s.counts.policies[XFRM_DIR_IN], 0);
	assert_int_equal(s.counts.policies[XFRM_DIR_OUT], 1);
	assert_int_equal(s.counts.policies[XFRM_DIR_FWD], 0);
}

TEST(refusals_are_told_in_plain_words)
{
	char text[XFRM_ERROR_STR];
	struct xfrm_said s = said("24000000 02000001 0*12 3c000000 11000500 0*8");

	assert_int_equal(s.kind, XFRM_SAID_ACK);
	assert_int_equal(xfrm_err(s.error), OK);
	s = said("24000000 02000001 0*8 fdffffff 3c000000 11000500 0*8");
	assert_int_equal(s.error, ESRCH);
	assert_int_equal(xfrm_err(s.error), ERR_NOT_FOUND);
	assert_string_equal(xfrm_error_format(s.error, s.text, text),
		"the kernel has no such SA: it expired, or somebody removed it");

	/* rfc4106(gcm(aes)) on a kernel that has no GCM */
	s = said("4c000000 02000003 0*8 daffffff 6c010000 10000500 0*8 27000100 52657175 "
		 "65737465 64204145 41442061 6c676f72 6974686d 206e6f74 20666f75 6e640000");
	assert_int_equal(xfrm_err(s.error), ERR_UNSUPPORTED);
	assert_string_equal(xfrm_error_format(s.error, s.text, text),
		"this kernel lacks the algorithm (/proc/crypto; in FIPS mode it may be forbidden): "
		"Requested AEAD algorithm not found");
	/* the same, when its module went while the kernel ran */
	assert_int_equal(xfrm_err(xfrm_sa_errno(ENOENT)), ERR_UNSUPPORTED);
	assert_int_equal(xfrm_sa_errno(ESRCH), ESRCH);
	assert_int_equal(xfrm_sa_errno(0), 0);
	/* cbc(aes) with hmac(sha256) on a kernel without ESP */
	s = said("44000000 02000003 0*8 a3ffffff c0010000 10000500 0*8 1d000100 52657175 "
		 "65737465 64207479 7065206e 6f742066 6f756e64 00000000");
	assert_string_equal(xfrm_error_format(s.error, s.text, text),
		"this kernel has no ESP (modules esp4 and esp6, CONFIG_INET_ESP, "
		"CONFIG_INET6_ESP): "
		"Requested type not found");
	assert_int_equal(xfrm_err(ENOMEM), ERR_SYSTEM);
	assert_int_equal(xfrm_err(ENOTTY), ERR_SYSTEM);
	assert_string_equal(xfrm_error_format(ENOTTY, "one\ntwo", text),
		"the kernel refused it: Inappropriate ioctl for device: one?two");
}

/* Without NETLINK_CAP_ACK the refused message stands between the error and its words. */
TEST(a_refusal_may_repeat_the_message)
{
	struct xfrm_said s =
		said("44000000 02000002 0*8 eaffffff 18000000 10000500 0*8 01020304 05060708 "
		     "18000100 52657175 65737465 64207479 70650000 00000000");

	assert_int_equal(s.error, EINVAL);
	assert_string_equal(s.text, "Requested type");
}

TEST(several_messages_come_in_one_read)
{
	struct buf b = recorded("14000000 1c000000 0*12 14000000 19000000 0*12 "
				"24000000 02000001 0*12 3c000000 11000500 0*8 "
				"14000000 1d000000 0*12 18000000 1e000000 0*16 03000000");
	struct rd r = rd_from(buf_view(&b));
	struct xfrm_said s;

	assert_int_equal(xfrm_said_get(&r, &s), OK);
	assert_int_equal(s.kind, XFRM_SAID_SAS_FLUSHED);
	assert_int_equal(xfrm_said_get(&r, &s), ERR_TRUNCATED); /* no policy is as short as this */
	assert_int_equal(xfrm_said_get(&r, &s), OK);
	assert_int_equal(s.kind, XFRM_SAID_ACK);
	assert_int_equal(xfrm_said_get(&r, &s), OK);
	assert_int_equal(s.kind, XFRM_SAID_POLICIES_FLUSHED);
	assert_int_equal(xfrm_said_get(&r, &s), OK); /* NEWAE: sequence numbers, of no use */
	assert_int_equal(s.kind, XFRM_SAID_OTHER);
	assert_int_equal(xfrm_said_get(&r, &s), ERR_LENGTH); /* a header that ends early */
	buf_done(&b);
}

static void read_back(struct wr *w, struct xfrm_said *ret)
{
	struct rd r = rd_from(wr_view(w));

	assert_int_equal(xfrm_said_get(&r, ret), OK);
}

TEST(what_is_ours_is_known_again)
{
	struct endpoint here = { { .family = 4, .b = { 192, 0, 2, 1 } }, 0 };
	struct range net = { { .family = 4, .b = { 10 } },
		{ .family = 4, .b = { 10, 0, 0, 255 } } };
	struct dp_sa sa = { .dir = DP_IN,
		.spi = 0x01020304,
		.local = here,
		.remote = here,
		.suite = { .encr = ENCR_AES_GCM_16, .key_bits = 128 },
		.encr_key = secret_new(20),
		.extra = { .offload = DP_OFFLOAD_CRYPTO, .offload_ifindex = 3 } };
	struct dp_policy p = { .action = DP_DROP,
		.ts_local = { 1, { ts_from_range(&net) } },
		.ts_remote = { 1, { ts_from_range(&net) } } };
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_said s;
	struct xfrm_sel sel;
	size_t n;

	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), OK);
	read_back(&w, &s);
	assert_false(s.sa.is_ours);
	assert_int_equal(s.sa.offload_ifindex, 3);
	xfrm_own_sa(&w, sa.spi + 1); /* another's number is not ours */
	read_back(&w, &s);
	assert_false(s.sa.is_ours);
	xfrm_own_sa(&w, sa.spi);
	read_back(&w, &s);
	assert_true(s.sa.is_ours);
	dp_sa_done(&sa);

	assert_int_equal(xfrm_selectors(&p, &sel, 1, &n), OK);
	for (unsigned d = 0; d < XFRM_DIR_END; d++) {
		w = wr_to(room, sizeof(room));
		xfrm_policy_put(&w, XFRM_ADD, &p, &sel, (enum xfrm_dir)d);
		read_back(&w, &s);
		assert_false(xfrm_is_own_index(s.policy.index));
		xfrm_own_policy(&w, xfrm_own_index(7, (enum xfrm_dir)d));
		read_back(&w, &s);
		assert_true(xfrm_is_own_index(s.policy.index));
		assert_int_equal(s.policy.index & 7, d);
		w = wr_to(room, sizeof(room));
		xfrm_policy_del_put(&w, &sel, (enum xfrm_dir)d, &p.extra);
		xfrm_own_policy(&w, xfrm_own_index(7, (enum xfrm_dir)d));
		read_back(&w, &s);
		assert_int_equal(s.policy.index, xfrm_own_index(7, (enum xfrm_dir)d));
	}
	assert_true(xfrm_is_own_index(xfrm_own_index(UINT32_MAX, XFRM_DIR_FWD)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_waits_for_an_sa),
		cmocka_unit_test(a_ping_waits_for_an_sa),
		cmocka_unit_test(an_acquire_that_nobody_answered_is_no_notice),
		cmocka_unit_test(limits_are_near_and_then_reached),
		cmocka_unit_test(the_peer_comes_from_another_port),
		cmocka_unit_test(counters_and_sequence_numbers_of_an_sa),
		cmocka_unit_test(an_spi_is_allocated_and_goes),
		cmocka_unit_test(policies_come_are_listed_and_go),
		cmocka_unit_test(ports_are_told_with_their_end),
		cmocka_unit_test(the_last_use_is_told),
		cmocka_unit_test(a_policy_and_its_sas_were_moved),
		cmocka_unit_test(all_is_counted),
		cmocka_unit_test(refusals_are_told_in_plain_words),
		cmocka_unit_test(a_refusal_may_repeat_the_message),
		cmocka_unit_test(several_messages_come_in_one_read),
		cmocka_unit_test(what_is_ours_is_known_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
