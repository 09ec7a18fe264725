#include "base/test.h"
#include "dataplane/fake/fake.h"

static struct ts_list net(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return (struct ts_list){ 1, { ts_from_range(&r) } };
}

static struct endpoint at(const char *s)
{
	struct endpoint e = { .port = 500 };

	assert_int_equal(addr_parse(s, &e.addr), OK);
	return e;
}

/* One direction of a tunnel between 192.0.2.1 (10.0.1.0/24) and 198.51.100.1 (10.0.2.0/24); the key
 * is made of its SPI. */
static struct dp_sa sa(bool is_left, enum dp_dir dir, uint32_t serial, uint32_t spi)
{
	struct dp_sa s = { .dir = (uint8_t)dir,
		.serial = serial,
		.reqid = 16388,
		.spi = spi,
		.local = at(is_left ? "192.0.2.1" : "198.51.100.1"),
		.remote = at(is_left ? "198.51.100.1" : "192.0.2.1"),
		.suite = { .encr = ENCR_AES_GCM_16, .key_bits = 128 },
		.ts_local = net(is_left ? "10.0.1.0/24" : "10.0.2.0/24"),
		.ts_remote = net(is_left ? "10.0.2.0/24" : "10.0.1.0/24") };

	s.encr_key = secret_new(20);
	s.encr_key.p[0] = (uint8_t)spi;
	return s;
}

static enum err add(struct fake_dp *f, bool is_left, enum dp_dir dir, uint32_t serial, uint32_t spi)
{
	struct dp_sa s = sa(is_left, dir, serial, spi);
	struct fake_request q = { .op = DP_SA_ADD, .sa = &s };
	enum err e = fake_dp_do(f, &q, NULL);

	dp_sa_done(&s);
	return e;
}

static enum err del(struct fake_dp *f, enum dp_dir dir, uint32_t serial)
{
	struct fake_request q = { .op = DP_SA_DEL, .dir = (uint8_t)dir, .serial = serial };

	return fake_dp_do(f, &q, NULL);
}

static void tunnel(struct fake_dp *left, struct fake_dp *right, uint32_t serial)
{
	assert_int_equal(add(right, false, DP_IN, serial, serial * 2), OK);
	assert_int_equal(add(left, true, DP_IN, serial, serial * 2 + 1), OK);
	assert_int_equal(add(left, true, DP_OUT, serial, serial * 2), OK);
	assert_int_equal(add(right, false, DP_OUT, serial, serial * 2 + 1), OK);
}

TEST(mirrored_ends_are_connected_and_carry)
{
	struct fake_request query = { .op = DP_SA_QUERY, .serial = 7 };
	struct dp_counters c;
	struct fake_dp left, right;

	fake_dp_init(&left);
	fake_dp_init(&right);
	assert_true(fake_dp_connected(&left, &right));
	assert_false(fake_dp_carry(&left, 16388, &right, 84));
	tunnel(&left, &right, 7);
	assert_true(fake_dp_connected(&left, &right));
	assert_true(fake_dp_carry(&left, 16388, &right, 84));
	assert_true(fake_dp_carry(&right, 16388, &left, 80));
	assert_int_equal(fake_dp_do(&left, &query, &c), OK);
	assert_int_equal(c.out_bytes, 84);
	assert_int_equal(c.in_bytes, 80);
	assert_int_equal(c.in_packets, 1);

	assert_int_equal(del(&right, DP_IN, 7), OK);
	assert_false(fake_dp_carry(&left, 16388, &right, 84));
	assert_string_equal(fake_dp_unreached(&left, &right), "SPI");
	assert_null(fake_dp_unreached(&right, &left));
	fake_dp_done(&left);
	fake_dp_done(&right);
}

TEST(newest_outbound_sa_sends)
{
	struct fake_dp left, right;

	fake_dp_init(&left);
	fake_dp_init(&right);
	tunnel(&left, &right, 7);
	tunnel(&left, &right, 9);
	assert_int_equal(fake_dp_sender(&left, 16388)->serial, 9);
	assert_int_equal(fake_dp_receiver(&right, 18)->serial, 9);
	assert_int_equal(fake_dp_sas(&left, DP_OUT), 2);
	assert_int_equal(del(&left, DP_OUT, 9), OK);
	assert_int_equal(fake_dp_sender(&left, 16388)->serial, 7);
	assert_null(fake_dp_sa(&left, 9, DP_OUT));
	assert_non_null(fake_dp_sa(&left, 9, DP_IN));
	assert_false(fake_dp_connected(&left, &right)); /* right still listens for 9 */
	fake_dp_done(&left);
	fake_dp_done(&right);
}

/* Each difference by itself must be found, or the test of an engine could pass with broken keys. */
TEST(every_difference_is_named)
{
	static const char *const named[] = { "suite", "suite", "encryption key", "integrity key",
		"mode", "UDP encapsulation", "selectors", "selectors", "addresses", "addresses" };

	for (size_t i = 0; i < COUNT(named); i++) {
		struct dp_sa in = sa(false, DP_IN, 1, 5);
		struct fake_request q = { .op = DP_SA_ADD, .sa = &in };
		struct fake_dp left, right;

		fake_dp_init(&left);
		fake_dp_init(&right);
		assert_int_equal(add(&left, true, DP_OUT, 1, 5), OK);
		switch (i) {
		case 0:
			in.suite.key_bits = 256;
			break;
		case 1:
			in.suite.esn = ESN_YES;
			break;
		case 2:
			in.encr_key.p[19] ^= 1;
			break;
		case 3:
			in.integ_key = secret_new(20);
			break;
		case 4:
			in.mode = DP_TRANSPORT;
			break;
		case 5:
			in.encap = true;
			break;
		case 6:
			in.ts_local = net("10.0.3.0/24");
			break;
		case 7:
			in.ts_remote.ts[0].protocol = 6;
			break;
		case 8:
			in.local = at("198.51.100.2");
			break;
		default:
			in.remote = at("192.0.2.2");
			break;
		}
		assert_int_equal(fake_dp_do(&right, &q, NULL), OK);
		assert_string_equal(fake_dp_unreached(&left, &right), named[i]);
		assert_false(fake_dp_carry(&left, 16388, &right, 1));
		dp_sa_done(&in);
		fake_dp_done(&left);
		fake_dp_done(&right);
	}
}

TEST(double_adds_and_unknown_deletes_are_mistakes)
{
	struct fake_request policy_del = { .op = DP_POLICY_DEL, .reqid = 4 };
	struct fake_dp f;

	fake_dp_init(&f);
	assert_int_equal(add(&f, true, DP_IN, 1, 100), OK);
	assert_int_equal(add(&f, true, DP_OUT, 1, 100), OK); /* the peer may choose the same SPI */
	assert_int_equal(f.double_adds, 0);
	assert_int_equal(add(&f, true, DP_IN, 1, 101), ERR_EXISTS);
	assert_int_equal(add(&f, true, DP_IN, 2, 100), ERR_EXISTS);
	assert_int_equal(f.double_adds, 2);
	assert_int_equal(del(&f, DP_IN, 1), OK);
	assert_int_equal(f.unknown_deletes, 0);
	assert_int_equal(del(&f, DP_IN, 1), ERR_NOT_FOUND);
	assert_int_equal(fake_dp_do(&f, &policy_del, NULL), ERR_NOT_FOUND);
	assert_int_equal(f.unknown_deletes, 2);
	fake_dp_done(&f);
}

TEST(a_refused_request_changes_nothing)
{
	struct fake_dp f;

	fake_dp_init(&f);
	fake_dp_fail_next(&f, ERR_DENIED);
	assert_int_equal(add(&f, true, DP_IN, 1, 100), ERR_DENIED);
	assert_int_equal(fake_dp_sas(&f, DP_IN), 0);
	assert_null(fake_dp_receiver(&f, 100));
	assert_int_equal(del(&f, DP_IN, 1), ERR_NOT_FOUND);
	assert_int_equal(f.unknown_deletes, 0); /* it was asked before the refusal came */
	assert_int_equal(add(&f, true, DP_IN, 1, 100), OK);
	fake_dp_fail_next(&f, ERR_SYSTEM);
	assert_int_equal(del(&f, DP_IN, 1), ERR_SYSTEM);
	assert_int_equal(fake_dp_sas(&f, DP_IN), 1);
	fake_dp_done(&f);
}

TEST(policies_are_replaced_and_sas_move)
{
	struct dp_policy p = { .reqid = 4, .action = DP_TRAP, .ts_local = net("10.0.1.0/24") };
	struct fake_request put = { .op = DP_POLICY_ADD, .policy = &p };
	struct fake_request move = {
		.op = DP_SA_MOVE, .serial = 1, .remote = at("203.0.113.9"), .encap = true
	};
	struct fake_request flush = { .op = DP_FLUSH }, unknown = { .op = 99 };
	struct fake_dp f;

	fake_dp_init(&f);
	assert_int_equal(fake_dp_do(&f, &put, NULL), OK);
	p.action = DP_PROTECT;
	assert_int_equal(fake_dp_do(&f, &put, NULL), OK);
	assert_int_equal(fake_dp_policies(&f), 1);
	assert_int_equal(fake_dp_policy(&f, 4)->action, DP_PROTECT);
	assert_int_equal(fake_dp_do(&f, &move, NULL), ERR_NOT_FOUND);
	assert_int_equal(add(&f, true, DP_IN, 1, 100), OK);
	assert_int_equal(fake_dp_do(&f, &move, NULL), OK);
	assert_true(endpoint_eq(&fake_dp_sa(&f, 1, DP_IN)->remote, &move.remote));
	assert_int_equal(fake_dp_do(&f, &flush, NULL), OK);
	assert_int_equal(fake_dp_sas(&f, DP_IN) + fake_dp_policies(&f), 0);
	assert_int_equal(fake_dp_do(&f, &unknown, NULL), ERR_UNSUPPORTED);
	fake_dp_done(&f);
}

TEST(what_a_new_ike_does_not_name_goes_when_it_settles)
{
	struct dp_policy p = { .reqid = 4, .ts_local = net("10.0.1.0/24") }, q = p;
	struct fake_request put = { .op = DP_POLICY_ADD, .policy = &p };
	struct dp_sa s = sa(true, DP_IN, 1, 100), other = sa(true, DP_IN, 1, 101);
	struct fake_request adopt = { .op = DP_SA_ADOPT, .sa = &s };
	struct fake_request settle = { .op = DP_SETTLE };
	struct dp_counters c;
	struct fake_dp f;

	fake_dp_init(&f);
	assert_int_equal(add(&f, true, DP_IN, 1, 100), OK);
	assert_int_equal(add(&f, true, DP_IN, 2, 200), OK);
	assert_int_equal(fake_dp_do(&f, &put, NULL), OK);
	q.reqid = 5;
	put.policy = &q;
	assert_int_equal(fake_dp_do(&f, &put, NULL), OK);
	fake_dp_orphan(&f);
	assert_int_equal(fake_dp_do(&f, &adopt, &c), OK);
	adopt.sa = &other;
	assert_int_equal(fake_dp_do(&f, &adopt, &c), ERR_NOT_FOUND);
	assert_int_equal(fake_dp_do(&f, &put, NULL), OK);
	assert_int_equal(add(&f, true, DP_IN, 3, 300), OK);
	assert_int_equal(fake_dp_do(&f, &settle, NULL), OK);
	assert_non_null(fake_dp_sa(&f, 1, DP_IN));
	assert_null(fake_dp_sa(&f, 2, DP_IN));
	assert_non_null(fake_dp_sa(&f, 3, DP_IN));
	assert_null(fake_dp_policy(&f, 4));
	assert_non_null(fake_dp_policy(&f, 5));
	dp_sa_done(&s);
	dp_sa_done(&other);
	fake_dp_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mirrored_ends_are_connected_and_carry),
		cmocka_unit_test(newest_outbound_sa_sends),
		cmocka_unit_test(every_difference_is_named),
		cmocka_unit_test(double_adds_and_unknown_deletes_are_mistakes),
		cmocka_unit_test(a_refused_request_changes_nothing),
		cmocka_unit_test(policies_are_replaced_and_sas_move),
		cmocka_unit_test(what_a_new_ike_does_not_name_goes_when_it_settles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
