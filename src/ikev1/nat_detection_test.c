/* NAT-D hashes against Python's hashlib, and what they tell; vendor ids. */
#include "ikev1/nat_detection.h"

#include "crypto/test_hex.h"

static const struct v1_header header = { .icookie = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.rcookie = { 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 },
	.version = V1_VERSION,
	.exchange = V1_MAIN_MODE };

static uint8_t room[1024];
static struct v1_msg m;

static struct endpoint end(const char *addr, uint16_t port)
{
	struct endpoint e = { .port = port };

	assert_int_equal(addr_parse(addr, &e.addr), OK);
	return e;
}

static struct v1_build begin(void)
{
	struct v1_build b;

	v1_build_begin(&b, room, sizeof(room), &header);
	return b;
}

static void read_again(struct v1_build *b)
{
	m = (struct v1_msg){ 0 };
	assert_int_equal(v1_msg_parse(v1_build_end(b), &m, NULL), OK);
}

/* What local says to remote. */
static void say(
	uint32_t method, uint16_t prf, struct endpoint local, struct endpoint remote, bool force)
{
	struct v1_build b = begin();

	v1_put_nat_detection(&b, method, prf, BYTES(header.icookie), BYTES(header.rcookie), &local,
		&remote, force);
	read_again(&b);
}

TEST(hashes_are_those_of_the_negotiated_hash_destination_first)
{
	say(V1_VENDOR_NAT_RFC, PRF_HMAC_SHA1, end("192.0.2.1", 500), end("198.51.100.1", 4500),
		false);
	assert_int_equal(m.n_nat_d, 2);
	assert_hex(m.nat_d[0], "3256f7ef6ccdab39fd60ca3bf5edb6141ecd995d");
	assert_hex(m.nat_d[1], "d798d986143f878f70765e0e869c80bbc375f701");
	assert_int_equal(m.first, V1_NAT_D);
	say(V1_VENDOR_NAT_02N, PRF_HMAC_SHA2_256, end("192.0.2.1", 500), end("198.51.100.1", 4500),
		false);
	assert_hex(m.nat_d[0], "95fb045c307735c2748e280b570eb1664eda4cb263c74c4d5afdb9fc21663559");
	assert_hex(m.nat_d[1], "1f2143b5f4921e97f1d040b016b4443a97ba0383703aa02d511907f137b11a77");
	assert_int_equal(m.first, V1_NAT_D_DRAFT);
}

static struct v1_nat judge(struct endpoint local, struct endpoint remote)
{
	struct v1_nat nat = { .method = V1_VENDOR_NAT_RFC };

	v1_nat_judge(&m, PRF_HMAC_SHA1, &local, &remote, &nat);
	return nat;
}

TEST(whose_address_was_changed_can_be_told)
{
	struct endpoint a = end("192.0.2.1", 500), b = end("198.51.100.1", 500),
			nat = end("203.0.113.9", 1024), v6 = end("2001:db8::1", 500);
	struct v1_nat n;

	say(V1_VENDOR_NAT_RFC, PRF_HMAC_SHA1, a, b, false);
	n = judge(b, a);
	assert_int_equal(n.method, V1_VENDOR_NAT_RFC);
	assert_false(n.local_behind);
	assert_false(n.remote_behind);
	n = judge(b, nat);
	assert_false(n.local_behind);
	assert_true(n.remote_behind);
	n = judge(nat, a);
	assert_true(n.local_behind);
	assert_false(n.remote_behind);
	n = judge(end("198.51.100.1", 4500), a); /* the port counts */
	assert_true(n.local_behind);
	say(V1_VENDOR_NAT_RFC, PRF_HMAC_SHA1, v6, v6, false);
	n = judge(v6, v6);
	assert_false(n.local_behind || n.remote_behind);
	say(V1_VENDOR_NAT_RFC, PRF_HMAC_SHA1, a, b, true);
	n = judge(b, a);
	assert_false(n.local_behind);
	assert_true(n.remote_behind); /* it wants encapsulation */
}

TEST(a_sender_may_have_several_addresses)
{
	struct endpoint a = end("192.0.2.1", 500), b = end("198.51.100.1", 500);
	struct v1_build w = begin();
	struct v1_msg two;
	struct v1_nat n;

	say(V1_VENDOR_NAT_RFC, PRF_HMAC_SHA1, a, b, false);
	two = m;
	two.nat_d[2] = two.nat_d[1];
	two.nat_d[1] = bytes_str("another one, of 20 o");
	two.n_nat_d = 3;
	m = two;
	n = judge(b, a);
	assert_false(n.remote_behind);
	/* one alone says nothing */
	v1_put(&w, V1_NAT_D, bytes_str("lonely"));
	read_again(&w);
	n = judge(b, a);
	assert_int_equal(n.method, 0);
	assert_false(n.local_behind || n.remote_behind);
}

TEST(what_is_no_hash_never_matches)
{
	struct endpoint a = end("192.0.2.1", 500);
	struct v1_build b = begin();
	struct v1_nat n;

	v1_put(&b, V1_NAT_D, BYTES_NONE);
	v1_put(&b, V1_NAT_D, BYTES_NONE);
	read_again(&b);
	n = judge(a, a);
	assert_true(n.local_behind && n.remote_behind);
	/* nor where we have no hash at all */
	n = (struct v1_nat){ .method = V1_VENDOR_NAT_RFC };
	v1_nat_judge(&m, PRF_AES128_CMAC, &a, &a, &n);
	assert_true(n.local_behind && n.remote_behind);
}

TEST(the_best_method_that_both_know_is_used)
{
	assert_int_equal(v1_nat_method(V1_VENDOR_ALL), V1_VENDOR_NAT_RFC);
	assert_int_equal(v1_nat_method(V1_VENDOR_NAT_DRAFTS), V1_VENDOR_NAT_03);
	assert_int_equal(v1_nat_method(V1_VENDOR_NAT_02 | V1_VENDOR_NAT_02N), V1_VENDOR_NAT_02N);
	assert_int_equal(v1_nat_method(V1_VENDOR_DPD), 0);
	assert_string_equal(v1_nat_method_name(V1_VENDOR_NAT_RFC), "RFC 3947 (NAT-Traversal)");
	assert_string_equal(v1_nat_method_name(0), "none");
	assert_true(v1_nat_is_draft(V1_VENDOR_NAT_03));
	assert_false(v1_nat_is_draft(V1_VENDOR_NAT_RFC));
}

/* ---- vendor ids ---- */

TEST(vendor_ids_go_and_come)
{
	struct v1_build b = begin();
	size_t before = b.w.n;
	char s[256];

	v1_put_vendors(&b, V1_VENDOR_ALL);
	assert_int_equal(b.w.n - before, v1_vendors_n(V1_VENDOR_ALL));
	read_again(&b);
	assert_int_equal(m.n_vendor, 8);
	assert_int_equal(v1_vendors_of(&m), V1_VENDOR_ALL);
	assert_hex(m.vendor[0], "4a131c81070358455c5728f20e95452f");
	assert_string_equal(v1_vendors_format(V1_VENDOR_NAT_RFC | V1_VENDOR_XAUTH, s, sizeof(s)),
		"RFC 3947, XAUTH");
	assert_string_equal(v1_vendors_format(V1_VENDOR_ALL, s, 12), "RFC 3947, d");
	assert_string_equal(v1_vendors_format(0, s, sizeof(s)), "");
	assert_string_equal(v1_vendor_name(V1_VENDOR_DPD), "Dead Peer Detection");
	assert_string_equal(v1_vendor_name(V1_VENDOR_ALL), "?");
}

static uint32_t of(const char *id)
{
	static struct buf b;
	struct v1_msg one = { .n_vendor = 1 };

	buf_done(&b);
	b = hex(id);
	one.vendor[0] = buf_view(&b);
	return v1_vendors_of(&one);
}

TEST(vendor_ids_with_versions_and_flags_are_known_and_near_misses_not)
{
	assert_int_equal(of("12f5f28c457168a9702d9fe274cc0204"), V1_VENDOR_UNITY);
	assert_int_equal(of("4048b7d56ebce88525e7de7f00d6c2d3c0000000"), V1_VENDOR_FRAGMENTATION);
	assert_int_equal(of("4048b7d56ebce88525e7de7f00d6c2d3"), V1_VENDOR_FRAGMENTATION);
	assert_int_equal(of("afcad71368a1f1c96b8696fc77570107"), V1_VENDOR_DPD);
	assert_int_equal(of("afcad71368a1f1c96b8696fc77570200"), 0);
	assert_int_equal(of("4a131c81070358455c5728f20e954530"), 0);
	assert_int_equal(of("4a131c81070358455c5728f20e95452f00"), 0);
	assert_int_equal(of("09002689dfd6b7"), 0);
	assert_int_equal(of(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_negotiated_hash_destination_first),
		cmocka_unit_test(whose_address_was_changed_can_be_told),
		cmocka_unit_test(a_sender_may_have_several_addresses),
		cmocka_unit_test(what_is_no_hash_never_matches),
		cmocka_unit_test(the_best_method_that_both_know_is_used),
		cmocka_unit_test(vendor_ids_go_and_come),
		cmocka_unit_test(vendor_ids_with_versions_and_flags_are_known_and_near_misses_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
