#include "base/test.h"
#include "ipsec/ts.h"

static struct ts ts(const char *range, uint8_t protocol, uint16_t first, uint16_t last)
{
	struct ts t = { .protocol = protocol, .port_first = first, .port_last = last };

	assert_int_equal(range_parse(range, &t.range), OK);
	return t;
}

TEST(common_part_takes_the_narrower_of_everything)
{
	struct ts a = ts("10.0.0.0/8", 0, 0, 65535), b = ts("10.1.0.0-10.1.0.9", 6, 443, 443), o;
	struct ts udp = ts("10.0.0.0/8", 17, 0, 65535);
	char s[TS_STR];

	assert_true(ts_overlap(&a, &b, &o));
	assert_true(ts_eq(&o, &b));
	assert_string_equal(ts_format(&o, s), "10.1.0.0-10.1.0.9/tcp/443");
	assert_string_equal(ts_format_range(&a, s), "10.0.0.0-10.255.255.255:0-65535 0");
	assert_false(ts_overlap(&udp, &b, &o));
	assert_true(ts_covers(&a, &b));
	assert_false(ts_covers(&b, &a));
}

TEST(opaque_ports_lie_in_any_and_opaque_only)
{
	struct ts opaque = ts("10.0.0.0/8", 6, 65535, 0), any = ts("10.0.0.0/8", 6, 0, 65535);
	struct ts web = ts("10.0.0.0/8", 6, 80, 80), o;

	assert_true(ts_covers(&any, &opaque));
	assert_true(ts_covers(&opaque, &opaque));
	assert_false(ts_covers(&web, &opaque));
	assert_false(ts_overlap(&web, &opaque, &o));
	assert_true(ts_overlap(&any, &opaque, &o));
	assert_int_equal(o.port_first, 65535);
}

TEST(lists_drop_what_is_covered)
{
	struct ts_list a = { 2, { ts("10.0.0.0/16", 0, 0, 65535), ts("10.0.0.0/8", 0, 0, 65535) } };
	struct ts_list b = { 2,
		{ ts("10.0.1.0/24", 0, 0, 65535), ts("192.0.2.0/24", 0, 0, 65535) } };
	struct ts_list o, back;
	uint8_t room[256];
	struct wr w = wr_to(room, sizeof(room));
	struct rd r;
	struct addr in, out;

	ts_list_overlap(&a, &b, &o);
	assert_int_equal(o.n, 1);
	assert_true(ts_eq(&o.ts[0], &b.ts[0]));
	assert_true(ts_list_covers(&a, &o));
	assert_false(ts_list_covers(&a, &b));
	assert_int_equal(addr_parse("10.0.1.7", &in), OK);
	assert_int_equal(addr_parse("10.0.2.7", &out), OK);
	assert_true(ts_list_has(&o, 6, &in, 80));
	assert_false(ts_list_has(&o, 6, &out, 80));
	ts_list_put(&w, &b);
	r = rd_from(wr_view(&w));
	assert_int_equal(ts_list_get(&r, &back), OK);
	assert_true(ts_list_eq(&back, &b));
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(room, n));
		assert_int_not_equal(ts_list_get(&r, &back), OK);
	}
}

static struct ts_list list(size_t n, const char *const *range)
{
	struct ts_list l = { .n = n };

	for (size_t i = 0; i < n; i++)
		l.ts[i] = ts(range[i], 0, 0, 65535);
	return l;
}
#define LIST(...)                                                                                  \
	list(COUNT(((const char *const[]){ __VA_ARGS__ })), (const char *const[]){ __VA_ARGS__ })

TEST(subnets_are_written_as_configurations_have_them)
{
	struct ts_list two = LIST("10.0.1.0/24", "2001:db8::/64"),
		       range = LIST("10.0.0.0-10.0.0.2");
	struct ts_list web = { 1, { ts("10.0.1.0/24", 6, 443, 443) } }, none = { 0 };
	char s[TS_LIST_STR];

	assert_string_equal(ts_list_subnets(&two, s), "10.0.1.0/24,2001:db8::/64");
	assert_string_equal(ts_list_subnets(&range, s), "10.0.0.0/31,10.0.0.2/32");
	assert_string_equal(ts_list_subnets(&web, s), "");
	assert_string_equal(ts_list_subnets(&none, s), "");
	assert_string_equal(ts_list_selectors(&two, s), "10.0.1.0/24,2001:db8::/64");
	assert_string_equal(ts_list_selectors(&web, s), "10.0.1.0/24/6/443");
	assert_string_equal(ts_list_selectors(&range, s), "");
	web.ts[0].port_first = 0;
	assert_string_equal(ts_list_selectors(&web, s), "");
	web.ts[0].port_last = 65535;
	assert_string_equal(ts_list_selectors(&web, s), "10.0.1.0/24/6");
}

TEST(a_range_that_is_no_subnet_is_found)
{
	struct ts_list l = LIST("10.0.1.0/24", "10.0.3.50-10.0.3.250", "10.0.4.0-10.0.4.9");
	struct ts_list subnets = LIST("10.0.1.0-10.0.1.255");

	assert_ptr_equal(ts_list_range(&l), &l.ts[1]);
	assert_null(ts_list_range(&subnets));
}

TEST(two_lists_stand_in_one_relation)
{
	struct ts_list net = LIST("10.0.1.0/24"), half = LIST("10.0.1.0/25"),
		       other = LIST("10.0.2.0/24"), two = LIST("10.0.1.0/25", "10.0.2.0/24");

	assert_string_equal(ts_list_relation(&net, &net), "same");
	assert_string_equal(ts_list_relation(&net, &half), "wider");
	assert_string_equal(ts_list_relation(&half, &net), "narrower");
	assert_string_equal(ts_list_relation(&two, &net), "overlaps");
	assert_string_equal(ts_list_relation(&other, &net), "apart");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_part_takes_the_narrower_of_everything),
		cmocka_unit_test(opaque_ports_lie_in_any_and_opaque_only),
		cmocka_unit_test(lists_drop_what_is_covered),
		cmocka_unit_test(subnets_are_written_as_configurations_have_them),
		cmocka_unit_test(a_range_that_is_no_subnet_is_found),
		cmocka_unit_test(two_lists_stand_in_one_relation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
