#include "base/addr.h"
#include "base/test.h"

static struct range range(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return r;
}

TEST(text_survives_a_round_trip)
{
	static const char *const text[] = { "192.0.2.1", "2001:db8::1", "0.0.0.0", "::" };
	char s[ADDR_STR];

	for (size_t i = 0; i < COUNT(text); i++) {
		struct addr a;

		assert_int_equal(addr_parse(text[i], &a), OK);
		assert_string_equal(addr_format(&a, s), text[i]);
	}
}

TEST(wrong_text_is_refused)
{
	static const char *const text[] = { "", "1.2.3", "1.2.3.4.5", "::g", "10.0.0.0/33",
		"10.0.0.0/", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/2 4" };

	for (size_t i = 0; i < COUNT(text); i++) {
		struct range r;

		assert_int_equal(range_parse(text[i], &r), ERR_VALUE);
	}
}

TEST(range_splits_into_the_fewest_prefixes)
{
	struct range r = range("10.0.0.1-10.0.0.6");
	struct prefix p[8];
	char s[PREFIX_STR];

	assert_int_equal(range_prefixes(&r, p, 8), 4);
	assert_string_equal(prefix_format(&p[0], s), "10.0.0.1/32");
	assert_string_equal(prefix_format(&p[1], s), "10.0.0.2/31");
	assert_string_equal(prefix_format(&p[2], s), "10.0.0.4/31");
	assert_string_equal(prefix_format(&p[3], s), "10.0.0.6/32");
	assert_int_equal(range_prefixes(&r, p, 3), 0);
	r = range("0.0.0.0-255.255.255.255");
	assert_true(range_is_prefix(&r, p));
	assert_int_equal(p[0].bits, 0);
}

TEST(counts_and_overlaps)
{
	struct range all4 = range("0.0.0.0/0"), all6 = range("::/0"), pool = range("10.0.0.2-10.0.0.4");
	struct range o;

	assert_int_equal(range_count(&pool), 3);
	assert_int_equal(range_count(&all4), (uint64_t)1 << 32);
	assert_int_equal(range_count(&all6), UINT64_MAX);
	assert_true(range_overlap(&all4, &pool, &o));
	assert_true(range_eq(&o, &pool));
	assert_false(range_overlap(&all6, &pool, &o));
}

TEST(addition_carries_and_stops_at_the_end)
{
	struct range r = range("10.0.0.255-255.255.255.255");
	struct addr a;
	char s[ADDR_STR];

	assert_true(addr_add(&r.first, 257, &a));
	assert_string_equal(addr_format(&a, s), "10.0.2.0");
	assert_false(addr_next(&r.last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_survives_a_round_trip),
		cmocka_unit_test(wrong_text_is_refused),
		cmocka_unit_test(range_splits_into_the_fewest_prefixes),
		cmocka_unit_test(counts_and_overlaps),
		cmocka_unit_test(addition_carries_and_stops_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
