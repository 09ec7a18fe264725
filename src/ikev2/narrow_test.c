#include "base/test.h"
#include "ikev2/narrow.h"

static struct ts ts(const char *range, uint8_t protocol, uint16_t port)
{
	struct range r;
	struct ts t;

	assert_int_equal(range_parse(range, &r), OK);
	t = ts_from_range(&r);
	t.protocol = protocol;
	if (port != 0)
		t.port_first = t.port_last = port;
	return t;
}

/* Ranges, for any protocol and port, up to the NULL. */
static struct ts_list list(const char *const *ranges)
{
	struct ts_list l = { 0 };

	for (; *ranges; ranges++)
		l.ts[l.n++] = ts(*ranges, 0, 0);
	return l;
}
#define LIST(...) list((const char *const[]){ __VA_ARGS__, NULL })

static enum err narrow(struct ts_list tsi, struct ts_list tsr, struct ts_list allowed_i,
	struct ts_list allowed_r, bool may_narrow, struct v2_narrowed *ret)
{
	return v2_narrow(&tsi, &tsr, &allowed_i, &allowed_r, may_narrow, ret);
}

static void assert_list(const struct ts_list *l, struct ts_list expected)
{
	assert_true(ts_list_eq(l, &expected));
}

TEST(equal_selectors_are_taken_whole)
{
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("10.0.1.0/24"), LIST("10.0.2.0/24"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), false, &n),
		OK);
	assert_list(&n.tsi, LIST("10.0.1.0/24"));
	assert_list(&n.tsr, LIST("10.0.2.0/24"));
	assert_true(n.is_whole && n.has_first);
}

TEST(a_wider_proposal_is_narrowed_where_that_is_allowed)
{
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("0.0.0.0/0"), LIST("10.0.0.0/8"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), true, &n),
		OK);
	assert_list(&n.tsi, LIST("10.0.1.0/24"));
	assert_list(&n.tsr, LIST("10.0.2.0/24"));
	assert_false(n.is_whole || n.has_first);
	assert_int_equal(narrow(LIST("0.0.0.0/0"), LIST("10.0.0.0/8"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), false, &n),
		ERR_MISMATCH);
}

TEST(a_narrower_proposal_is_taken_where_narrowing_is_allowed)
{
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("10.0.1.7"), LIST("10.0.2.0/25"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), true, &n),
		OK);
	assert_list(&n.tsi, LIST("10.0.1.7"));
	assert_true(n.is_whole && n.has_first);
	assert_int_equal(narrow(LIST("10.0.1.7"), LIST("10.0.2.0/25"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), false, &n),
		ERR_MISMATCH);
}

TEST(nothing_in_common_is_unacceptable)
{
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("10.0.1.0/24"), LIST("10.9.9.0/24"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), true, &n),
		ERR_MISMATCH);
	assert_int_equal(narrow(LIST("10.9.1.0/24"), LIST("10.0.2.0/24"), LIST("10.0.1.0/24"),
				 LIST("10.0.2.0/24"), true, &n),
		ERR_MISMATCH);
}

/* 2.9: the first selectors may be of the very packet that asked for the SA; the answer has them in.
 */
TEST(the_packet_in_front_is_inside_the_answer)
{
	struct ts_list tsi = { .n = 2,
		.ts = { ts("10.0.1.43", 17, 5000), ts("10.0.1.0/24", 0, 0) } };
	struct ts_list tsr = { .n = 2,
		.ts = { ts("10.0.2.123", 17, 53), ts("10.0.2.0/24", 0, 0) } };
	struct v2_narrowed n;

	assert_int_equal(narrow(tsi, tsr, LIST("10.0.1.0/24"), LIST("10.0.2.0/24"), false, &n), OK);
	assert_list(&n.tsi, LIST("10.0.1.0/24"));
	assert_list(&n.tsr, LIST("10.0.2.0/24"));
	assert_true(n.is_whole && n.has_first);

	/* A policy for a part of it: another connection may fit the packet better. */
	assert_int_equal(narrow(tsi, tsr, LIST("10.0.1.0/25"), LIST("10.0.2.0/25"), true, &n), OK);
	assert_true(n.has_first);
	assert_false(n.is_whole);
	assert_int_equal(
		narrow(tsi, tsr, LIST("10.0.1.128/25"), LIST("10.0.2.0/24"), true, &n), OK);
	assert_false(n.has_first);
}

TEST(protocol_and_port_narrow_too)
{
	struct ts_list web = { .n = 1, .ts = { ts("10.0.2.0/24", 6, 443) } };
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("10.0.1.0/24"), LIST("10.0.2.0/24"), LIST("10.0.1.0/24"), web,
				 true, &n),
		OK);
	assert_list(&n.tsr, web);
	assert_false(n.is_whole);
	assert_int_equal(narrow(LIST("10.0.1.0/24"), LIST("10.0.2.0/24"), LIST("10.0.1.0/24"), web,
				 false, &n),
		ERR_MISMATCH);
}

TEST(a_leased_address_is_all_that_a_road_warrior_gets)
{
	struct addr leased[2];
	struct ts_list allowed;
	struct v2_narrowed n;

	assert_int_equal(addr_parse("100.64.13.5", &leased[0]), OK);
	assert_int_equal(addr_parse("2001:db8::5", &leased[1]), OK);
	v2_ts_leased(leased, 1, &allowed);
	assert_int_equal(narrow(LIST("0.0.0.0/0", "::/0"), LIST("0.0.0.0/0", "::/0"), allowed,
				 LIST("0.0.0.0/0", "::/0"), true, &n),
		OK);
	assert_list(&n.tsi, LIST("100.64.13.5"));
	assert_list(&n.tsr, LIST("0.0.0.0/0"));

	v2_ts_leased(leased, 2, &allowed);
	assert_int_equal(narrow(LIST("0.0.0.0/0", "::/0"), LIST("0.0.0.0/0", "::/0"), allowed,
				 LIST("0.0.0.0/0", "::/0"), true, &n),
		OK);
	assert_list(&n.tsi, LIST("100.64.13.5", "2001:db8::5"));
	assert_list(&n.tsr, LIST("0.0.0.0/0", "::/0"));
}

TEST(families_that_cannot_meet_are_unacceptable)
{
	struct v2_narrowed n;

	assert_int_equal(narrow(LIST("10.0.1.0/24"), LIST("2001:db8::/64"), LIST("10.0.1.0/24"),
				 LIST("2001:db8::/64"), true, &n),
		ERR_MISMATCH);
}

/* A peer whose selectors are all of types that we do not know proposes nothing. */
TEST(an_empty_proposal_is_unacceptable)
{
	struct ts_list none = { 0 };
	struct v2_narrowed n;

	assert_int_equal(narrow(none, none, LIST("10.0.1.0/24"), LIST("10.0.2.0/24"), true, &n),
		ERR_MISMATCH);
	assert_int_equal(narrow(none, none, none, none, false, &n), ERR_MISMATCH);
}

static enum err check(struct ts_list offered_i, struct ts_list offered_r, struct ts_list tsi,
	struct ts_list tsr, bool may_narrow)
{
	return v2_narrow_check(&offered_i, &offered_r, &tsi, &tsr, may_narrow);
}

TEST(the_initiator_takes_what_it_offered_or_less)
{
	struct ts_list i = LIST("10.0.1.0/24"), r = LIST("10.0.2.0/24", "10.0.3.0/24"),
		       none = { 0 };

	assert_int_equal(check(i, r, i, r, false), OK);
	assert_int_equal(check(i, r, i, LIST("10.0.3.0/24"), true), OK);
	assert_int_equal(check(i, r, i, LIST("10.0.3.0/24"), false), ERR_MISMATCH);
	assert_int_equal(check(i, r, LIST("10.0.1.1"), r, true), OK);
	assert_int_equal(check(i, r, LIST("10.0.0.0/8"), r, true), ERR_VALUE);
	assert_int_equal(check(i, r, i, LIST("10.0.4.0/24"), true), ERR_VALUE);
	assert_int_equal(check(i, r, none, r, true), ERR_VALUE);
	assert_int_equal(check(i, r, i, none, true), ERR_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_selectors_are_taken_whole),
		cmocka_unit_test(a_wider_proposal_is_narrowed_where_that_is_allowed),
		cmocka_unit_test(a_narrower_proposal_is_taken_where_narrowing_is_allowed),
		cmocka_unit_test(nothing_in_common_is_unacceptable),
		cmocka_unit_test(the_packet_in_front_is_inside_the_answer),
		cmocka_unit_test(protocol_and_port_narrow_too),
		cmocka_unit_test(a_leased_address_is_all_that_a_road_warrior_gets),
		cmocka_unit_test(families_that_cannot_meet_are_unacceptable),
		cmocka_unit_test(an_empty_proposal_is_unacceptable),
		cmocka_unit_test(the_initiator_takes_what_it_offered_or_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
