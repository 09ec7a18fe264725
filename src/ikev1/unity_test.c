#include "base/test.h"
#include "ikev1/unity.h"

static struct ts_list list(size_t n, const char *const text[])
{
	struct ts_list l = { .n = n };
	struct range r;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(range_parse(text[i], &r), OK);
		l.ts[i] = ts_from_range(&r);
	}
	return l;
}
#define LIST(...)                                                                                  \
	list(COUNT(((const char *const[]){ __VA_ARGS__ })), (const char *const[]){ __VA_ARGS__ })

static void assert_list(const struct ts_list *l, const char *expected)
{
	char text[TS_LIST_STR];

	assert_string_equal(ts_list_format(l, text), expected);
}

TEST(networks_survive_the_wire)
{
	uint8_t room[256];
	struct wr w = wr_to(room, sizeof(room));
	/* an IPv6 network and a range have no place there */
	struct ts_list l = LIST("10.0.2.0/24", "2001:db8::/32", "192.168.0.0/16",
			       "10.0.0.1-10.0.0.6", "0.0.0.0/0"),
		       back;

	v1_split_put(&w, &l);
	assert_int_equal(wr_view(&w).n, 3 * V1_SPLIT_N);
	v1_split_parse(wr_view(&w), &back);
	assert_list(&back, "10.0.2.0/24,192.168.0.0/16,0.0.0.0/0");
}

TEST(networks_that_are_none_are_left_out)
{
	static const uint8_t value[] = { 10, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 0, 0, 0, /* holes */
		10, 1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, /* cut: */ 10, 2, 0 };
	static const uint8_t bare[] = { 10, 1, 0, 0, 255, 255, 0, 0 };
	uint8_t many[V1_SPLIT_N * (TS_LIST_MAX + 1)] = { 0 };
	struct ts_list l;

	v1_split_parse(bytes_of(value, sizeof(value)), &l);
	assert_list(&l, "10.1.0.0/16");
	v1_split_parse(bytes_of(bare, sizeof(bare)), &l);
	assert_list(&l, "10.1.0.0/16");
	v1_split_parse(bytes_of(many, sizeof(many)), &l);
	assert_int_equal(l.n, TS_LIST_MAX);
	v1_split_parse(BYTES_NONE, &l);
	assert_int_equal(l.n, 0);
}

TEST(everything_means_the_split_and_no_more_than_is_allowed)
{
	struct ts_list wire = LIST("0.0.0.0/0"), ret;
	struct ts_list allowed = LIST("10.0.0.0/8"), split = LIST("10.0.2.0/24", "192.168.0.0/16");
	struct ts_list other = LIST("10.0.0.0/8"), elsewhere = LIST("192.168.0.0/16");

	assert_true(v1_split_narrow(&wire, &allowed, &split, &ret));
	assert_list(&ret, "10.0.2.0/24");
	assert_false(v1_split_narrow(&other, &allowed, &split, &ret));
	assert_false(v1_split_narrow(&wire, &allowed, &elsewhere, &ret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_survive_the_wire),
		cmocka_unit_test(networks_that_are_none_are_left_out),
		cmocka_unit_test(everything_means_the_split_and_no_more_than_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
