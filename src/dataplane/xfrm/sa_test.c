/* Our messages are octet for octet those of iproute2 6.1 for the same SA. */
#include "dataplane/xfrm/recorded.h"
#include "dataplane/xfrm/xfrm.h"

static struct endpoint end(const char *s, uint16_t port)
{
	struct endpoint e = { .port = port };

	assert_int_equal(addr_parse(s, &e.addr), OK);
	return e;
}

/* 00 01 02 ...: the key of all recorded messages. */
static struct secret key(size_t n)
{
	struct secret s = secret_new(n);

	for (size_t i = 0; i < n; i++)
		s.p[i] = (uint8_t)i;
	return s;
}

static struct dp_sa sa_of(
	struct suite suite, enum dp_dir dir, const char *local, const char *remote)
{
	return (struct dp_sa){ .dir = (uint8_t)dir,
		.local = end(local, 0),
		.remote = end(remote, 0),
		.suite = suite,
		.encr_key = key(suite_encr_key_n(&suite)),
		.integ_key = key(suite_integ_key_n(&suite)) };
}

static struct dp_sa gcm(void)
{
	struct suite s = { .encr = ENCR_AES_GCM_16, .key_bits = 128, .esn = ESN_YES };
	struct dp_sa sa = sa_of(s, DP_OUT, "192.0.2.1", "198.51.100.1");

	sa.spi = 0x0a0b0c0d;
	sa.reqid = 16389;
	sa.replay_window = 128;
	return sa;
}

static void assert_sa(
	struct dp_sa *sa, enum xfrm_how how, const struct xfrm_sa *resume, const char *expected)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	assert_int_equal(xfrm_sa_put(&w, how, sa, resume), OK);
	assert_recorded(&w, expected);
	dp_sa_done(sa);
}

TEST(tunnel_with_aead_esn_and_a_large_window)
{
	struct dp_sa sa = gcm();

	/* ip xfrm state add src 192.0.2.1 dst 198.51.100.1 proto esp spi 0x0a0b0c0d reqid 16389
	 * mode tunnel replay-window 128 flag af-unspec esn
	 * aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 */
	assert_sa(&sa, XFRM_ADD, NULL,
		"6c010000 10000500 0*64 c6336401 0*12 0a0b0c0d 32000000 c0000201 0*12 f*32 "
		"0*80 05400000 02000100 a0000000 00000000 60001200 72666334 31303628 67636d28 "
		"61657329 29000000 0*44 a0000000 80000000 00010203 04050607 08090a0b 0c0d0e0f "
		"10111213 1c001700 04000000 0*16 80000000");
}

TEST(an_sa_goes_on_where_another_ended)
{
	struct dp_sa sa = gcm();
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_sa from = { .replay = { .seq = 1ULL << 32 | 7,
					.oseq = 2ULL << 32 | 3,
					.window = 128,
					.bitmap_n = 4,
					.bitmap = { 1, 2, 3, 0x7f } },
		.bytes = 84,
		.packets = 1,
		.added = 5,
		.first_used = 6 };

	/* ... ip xfrm state update, as above, with replay-seq 7 replay-oseq 3 replay-seq-hi 1
	 * replay-oseq-hi 2; iproute2 has no bitmap and no lifetime to give: those are by hand */
	assert_sa(&sa, XFRM_UPDATE, &from,
		"a0010000 1a000500 0*64 c6336401 0*12 0a0b0c0d 32000000 c0000201 0*12 f*32 "
		"0*80 05400000 02000100 a0000000 00000000 60001200 72666334 31303628 67636d28 "
		"61657329 29000000 0*44 a0000000 80000000 00010203 04050607 08090a0b 0c0d0e0f "
		"10111213 2c001700 04000000 03000000 07000000 02000000 01000000 80000000 "
		"01000000 02000000 03000000 7f000000 "
		"24000900 54000000 00000000 01000000 00000000 05000000 00000000 06000000 00000000");

	sa = gcm();
	sa.replay_window = 100; /* as many words, but a ring of another size */
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, &from), ERR_VALUE);
	sa.replay_window = 32;
	sa.suite.esn = ESN_NO;
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, &from), ERR_VALUE);
	assert_int_equal(w.n, 0);
	dp_sa_done(&sa);
}

TEST(tunnel_in_ipv6_with_everything_that_can_be_said)
{
	struct suite s = {
		.encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128
	};
	struct dp_sa sa = sa_of(s, DP_IN, "2001:db8:1::2", "2001:db8::1");

	sa.extra = (struct dp_extra){ .mark_in = { 5, 0xff },
		.mark_out = { 6, 0xff }, /* of the other direction */
		.if_id = 9,
		.set_mark = { 0x10, 0xf0 },
		.offload = DP_OFFLOAD_CRYPTO,
		.offload_ifindex = 1 };
	sa.spi = 0xc0000001;
	sa.reqid = 16393;
	sa.replay_window = 64;
	sa.decap_dscp = sa.dont_copy_df = sa.dont_encap_dscp = sa.encap = true;
	sa.remote.port = 4500;
	sa.local.port = 40001;
	sa.soft_bytes = 1000;
	sa.hard_bytes = 2000;
	sa.soft_packets = 30;
	sa.hard_packets = 40;
	sa.tfc = 1400; /* not ours to pad */
	/* ip xfrm state add src 2001:db8::1 dst 2001:db8:1::2 proto esp spi 0xc0000001 reqid 16393
	 * mode tunnel replay-window 64 flag decap-dscp nopmtudisc af-unspec
	 * enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f auth-trunc 'hmac(sha256)'
	 * 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 128
	 * encap espinudp 4500 40001 :: extra-flag dont-encap-dscp offload dev lo dir in
	 * limit byte-soft 1000 limit byte-hard 2000 limit packet-soft 30 limit packet-hard 40
	 * mark 5 mask 0xff if_id 9 output-mark 0x10 mask 0xf0 */
	assert_sa(&sa, XFRM_ADD, NULL,
		"24020000 10000500 0*64 20010db8 00010000 00000000 00000002 c0000001 32000000 "
		"20010db8 0*8 00000001 e8030000 00000000 d0070000 00000000 1e000000 00000000 "
		"28000000 0*84 09400000 0a000100 26000000 00000000 58000200 63626328 61657329 "
		"0*56 80000000 00010203 04050607 08090a0b 0c0d0e0f 6c001400 686d6163 28736861 "
		"32353629 0*52 00010000 80000000 00010203 04050607 08090a0b 0c0d0e0f 10111213 "
		"14151617 18191a1b 1c1d1e1f 1c000400 02001194 9c410000 0*16 0c001c00 01000000 "
		"02000000 1c001700 02000000 0*16 40000000 08001800 01000000 0c001500 05000000 "
		"ff000000 08001f00 09000000 08001d00 10000000 08001e00 f0000000");
}

TEST(tunnel_in_udp_without_a_window)
{
	struct suite s = { .encr = ENCR_CHACHA20_POLY1305 };
	struct dp_sa sa = sa_of(s, DP_OUT, "192.0.2.1", "198.51.100.1");

	sa.extra = (struct dp_extra){ .no_ecn = true, .if_id = 9, .set_mark = { 0x10, 0xf0 } };
	sa.spi = 0xc0000002;
	sa.reqid = 7;
	sa.encap = sa.dont_encap_dscp = true;
	sa.local.port = 4500;
	sa.remote.port = 40001;
	sa.tfc = 1400;
	/* ip xfrm state add src 192.0.2.1 dst 198.51.100.1 proto esp spi 0xc0000002 reqid 7
	 * mode tunnel replay-window 0 flag noecn af-unspec aead 'rfc7539esp(chacha20,poly1305)'
	 * 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 128
	 * encap espinudp 4500 40001 0.0.0.0 extra-flag dont-encap-dscp
	 * output-mark 0x10 mask 0xf0 if_id 9 tfcpad 1400 */
	assert_sa(&sa, XFRM_ADD, NULL,
		"a4010000 10000500 0*64 c6336401 0*12 c0000002 32000000 c0000201 0*12 f*32 "
		"0*80 07000000 02000100 21000000 00000000 70001200 72666337 35333965 73702863 "
		"68616368 6132302c 706f6c79 31333035 29000000 0*32 20010000 80000000 00010203 "
		"04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f 20212223 "
		"1c000400 02001194 9c410000 0*16 08001800 01000000 08001f00 09000000 08001600 "
		"78050000 08001d00 10000000 08001e00 f0000000");
}

TEST(transport_mode_holds_its_sa_to_the_selector)
{
	struct suite s = { .encr = ENCR_AES_CTR, .key_bits = 128, .integ = INTEG_AES_CMAC_96 };
	struct dp_sa sa = sa_of(s, DP_IN, "192.0.2.1", "198.51.100.1");

	sa.mode = DP_TRANSPORT;
	sa.spi = 0xc0000003;
	sa.reqid = 8;
	sa.replay_window = 64;
	sa.ts_local = (struct ts_list){ 1, { { 17, 1701, 1701, range_one(&sa.local.addr) } } };
	sa.ts_remote = (struct ts_list){ 1, { { 17, 1701, 1701, range_one(&sa.remote.addr) } } };
	/* ip xfrm state add src 198.51.100.1 dst 192.0.2.1 proto esp spi 0xc0000003 reqid 8
	 * mode transport replay-window 64
	 * enc 'rfc3686(ctr(aes))' 0x000102030405060708090a0b0c0d0e0f10111213
	 * auth-trunc 'cmac(aes)' 0x000102030405060708090a0b0c0d0e0f 96
	 * sel src 198.51.100.1/32 dst 192.0.2.1/32 proto udp sport 1701 dport 1701 */
	assert_sa(&sa, XFRM_ADD, NULL,
		"c4010000 10000500 0*8 c0000201 0*12 c6336401 0*12 06a5ffff 06a5ffff 02002020 "
		"11000000 0*8 c0000201 0*12 c0000003 32000000 c6336401 0*12 f*32 0*80 "
		"08000000 02000000 0*8 5c000200 72666333 36383628 63747228 61657329 29000000 "
		"0*44 a0000000 00010203 04050607 08090a0b 0c0d0e0f 10111213 5c001400 636d6163 "
		"28616573 29000000 0*52 80000000 60000000 00010203 04050607 08090a0b 0c0d0e0f "
		"1c001700 02000000 0*16 40000000");
}

TEST(a_small_window_has_the_legacy_form)
{
	struct suite s = { .encr = ENCR_AES_CCM_8, .key_bits = 128 };
	struct dp_sa sa = sa_of(s, DP_IN, "198.51.100.1", "192.0.2.1");

	sa.extra.offload_ifindex = 1;
	sa.spi = 0xc0000004;
	sa.reqid = 8;
	sa.replay_window = 32;
	/* ip xfrm state add src 192.0.2.1 dst 198.51.100.1 proto esp spi 0xc0000004 reqid 8
	 * mode tunnel replay-window 32 flag af-unspec
	 * aead 'rfc4309(ccm(aes))' 0x000102030405060708090a0b0c0d0e0f101112 64
	 * offload dev lo dir in */
	assert_sa(&sa, XFRM_ADD, NULL,
		"5c010000 10000500 0*64 c6336401 0*12 c0000004 32000000 c0000201 0*12 f*32 "
		"0*80 08000000 02000120 20000000 00000000 5f001200 72666334 33303928 63636d28 "
		"61657329 29000000 0*44 98000000 40000000 00010203 04050607 08090a0b 0c0d0e0f "
		"10111200 0c001c00 01000000 02000000");
}

TEST(sas_are_named_by_destination_and_spi)
{
	struct dp_sa sa = gcm();
	struct xfrm_id_of_sa id = xfrm_sa_id(&sa), in;
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	/* ip xfrm state delete src 192.0.2.1 dst 198.51.100.1 proto esp spi 0x0a0b0c0d */
	xfrm_sa_del_put(&w, &id);
	assert_recorded(
		&w, "3c000000 11000500 0*8 c6336401 0*12 0a0b0c0d 02003200 14000d00 c0000201 0*12");
	/* ip xfrm state get src 192.0.2.1 dst 198.51.100.1 proto esp spi 0x0a0b0c0d */
	w = wr_to(room, sizeof(room));
	xfrm_sa_get_put(&w, &id);
	assert_recorded(
		&w, "3c000000 12000100 0*8 c6336401 0*12 0a0b0c0d 02003200 14000d00 c0000201 0*12");
	dp_sa_done(&sa);

	/* ip xfrm state delete src 2001:db8::1 dst 2001:db8:1::2 proto esp spi 0xc0000001
	 * mark 5 mask 0xff */
	sa = (struct dp_sa){ .dir = DP_IN, .spi = 0xc0000001 };
	sa.local = end("2001:db8:1::2", 0);
	sa.remote = end("2001:db8::1", 0);
	sa.extra.mark_in = (struct dp_mark){ 5, 0xff };
	in = xfrm_sa_id(&sa);
	w = wr_to(room, sizeof(room));
	xfrm_sa_del_put(&w, &in);
	assert_recorded(&w,
		"48000000 11000500 0*8 20010db8 00010000 00000000 00000002 c0000001 0a003200 "
		"14000d00 20010db8 0*8 00000001 0c001500 05000000 ff000000");
}

TEST(an_spi_is_asked_for_and_all_is_counted_and_listed)
{
	struct xfrm_id_of_sa id = { .src = end("198.51.100.1", 0).addr,
		.dst = end("192.0.2.1", 0).addr };
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	/* ip xfrm state allocspi src 198.51.100.1 dst 192.0.2.1 proto esp mode tunnel reqid 16389
	 * min 0x1000 max 0x2000 */
	xfrm_spi_put(&w, &id, 16389, DP_TUNNEL, 0x1000, 0x2000);
	assert_recorded(&w, "f8000000 16000100 0*64 c0000201 0*16 32000000 c6336401 0*124 05400000 "
			    "02000100 0*8 00100000 00200000");
	/* ip xfrm state count; ip xfrm policy count */
	w = wr_to(room, sizeof(room));
	xfrm_list_put(&w, XFRM_COUNT_SAS);
	assert_recorded(&w, "14000000 23000100 0*8 ffffffff");
	w = wr_to(room, sizeof(room));
	xfrm_list_put(&w, XFRM_COUNT_POLICIES);
	assert_recorded(&w, "14000000 25000100 0*8 ffffffff");
	/* a list without a filter has no body (xfrm_user.c, xfrm_user_rcv_msg) */
	w = wr_to(room, sizeof(room));
	xfrm_list_put(&w, XFRM_LIST_SAS);
	assert_recorded(&w, "10000000 12000103 0*8");
	w = wr_to(room, sizeof(room));
	xfrm_list_put(&w, XFRM_LIST_POLICIES);
	assert_recorded(&w, "10000000 15000103 0*8");
}

TEST(windows_end_where_the_kernel_ends)
{
	struct dp_sa sa = gcm();
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	sa.replay_window = 65536;
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), OK);
	/* header, info, AEAD, and the attribute: words first, packets last */
	assert_int_equal(w.n, 16 + 224 + 96 + 4 + 24);
	assert_int_equal(room[w.n - 24], XFRM_REPLAY_MAX / 32);
	assert_int_equal(room[w.n - 3], XFRM_REPLAY_MAX >> 8);
	dp_sa_done(&sa);
}

TEST(what_the_kernel_would_refuse_is_refused_before)
{
	struct dp_sa sa = gcm();
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	sa.replay_window = 0; /* with ESN */
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_VALUE);
	sa.replay_window = 128;
	sa.remote = end("2001:db8::1", 0);
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_VALUE);
	sa.remote = end("198.51.100.1", 0);
	sa.encr_key.n--;
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_LENGTH);
	sa.encr_key.n++;
	sa.suite.encr = 9999;
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_UNSUPPORTED);
	sa.suite.encr = ENCR_AES_CBC; /* and no integrity */
	assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_UNSUPPORTED);
	assert_int_equal(w.n, 0);
	dp_sa_done(&sa);
	for (size_t n = 0; n < 364; n++) {
		sa = gcm();
		w = wr_to(room, n);
		assert_int_equal(xfrm_sa_put(&w, XFRM_ADD, &sa, NULL), ERR_LIMIT);
		dp_sa_done(&sa);
	}
}

/* A cipher or integrity algorithm that is added to algs.def needs a name in alg.c, or a decision.
 */
TEST(every_suite_of_esp_has_a_kernel_name)
{
	const struct alg *a, *b;
	struct xfrm_suite x;
	unsigned n = 0;

	for (size_t i = 0; (a = alg_at(i)); i++)
		for (size_t k = 0; a->type == TT_ENCR && a->for_esp && (b = alg_at(k)); k++) {
			struct suite s = { .encr = a->id, .integ = b->id };
			bool whole = a->is_aead || b->id != INTEG_NONE;

			if (b->type != TT_INTEG || !b->for_esp)
				continue;
			assert_int_equal(xfrm_suite_of(&s, &x), whole ? OK : ERR_UNSUPPORTED);
			if (!whole)
				continue;
			assert_int_equal(x.icv_bits, 8 * (a->is_aead ? a->icv_n : b->icv_n));
			assert_true(a->is_aead ? x.aead && !x.crypt && !x.auth
					       : !x.aead && x.crypt && x.auth);
			n++;
		}
	assert_int_equal(n, 7 * 8 + 5 * 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnel_with_aead_esn_and_a_large_window),
		cmocka_unit_test(an_sa_goes_on_where_another_ended),
		cmocka_unit_test(tunnel_in_ipv6_with_everything_that_can_be_said),
		cmocka_unit_test(tunnel_in_udp_without_a_window),
		cmocka_unit_test(transport_mode_holds_its_sa_to_the_selector),
		cmocka_unit_test(a_small_window_has_the_legacy_form),
		cmocka_unit_test(sas_are_named_by_destination_and_spi),
		cmocka_unit_test(an_spi_is_asked_for_and_all_is_counted_and_listed),
		cmocka_unit_test(windows_end_where_the_kernel_ends),
		cmocka_unit_test(what_the_kernel_would_refuse_is_refused_before),
		cmocka_unit_test(every_suite_of_esp_has_a_kernel_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
