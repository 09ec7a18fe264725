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
	struct range all4 = range("0.0.0.0/0"), all6 = range("::/0"),
		     pool = range("10.0.0.2-10.0.0.4");
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

TEST(endpoints_survive_the_line)
{
	static const char *const text[] = { "192.0.2.1", "2001:db8::1", NULL };

	for (size_t i = 0; i < COUNT(text); i++) {
		struct endpoint e = { .port = 4500 }, back;
		uint8_t room[19];
		struct wr w = wr_to(room, sizeof(room));
		struct rd r;

		if (text[i])
			assert_int_equal(addr_parse(text[i], &e.addr), OK);
		endpoint_put(&w, &e);
		assert_int_equal(wr_view(&w).n, sizeof(room));
		r = rd_from(wr_view(&w));
		back = endpoint_get(&r);
		assert_true(rd_end(&r) && endpoint_eq(&e, &back));
		for (size_t n = 0; n < sizeof(room); n++) {
			r = rd_from(bytes_of(room, n));
			endpoint_get(&r);
			assert_true(r.failed);
		}
	}
}

/* memcmp compares addresses, so octets behind an IPv4 address must be zero. */
TEST(addresses_that_nobody_writes_are_refused)
{
	static const uint8_t family[17] = { 5 }, tail[17] = { 4, 192, 0, 2, 1, 1 },
			     unset[17] = { 0, 1 };
	const struct bytes bad[] = { BYTES(family), BYTES(tail), BYTES(unset) };

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct rd r = rd_from(bad[i]);
		struct addr a = addr_get(&r);

		assert_true(r.failed);
		assert_false(addr_is_set(&a));
	}
}

TEST(endpoints_and_ranges_read_well)
{
	struct endpoint e = { addr_v4(0xc0000201), 500 };
	struct range r = range("10.0.0.2-10.0.0.4");
	char s[RANGE_STR];

	assert_string_equal(endpoint_format(&e, s), "192.0.2.1:500");
	assert_int_equal(addr_parse("2001:db8::1", &e.addr), OK);
	assert_string_equal(endpoint_format(&e, s), "[2001:db8::1]:500");
	e.addr = (struct addr){ 0 };
	assert_string_equal(endpoint_format(&e, s), "%any:500");
	assert_string_equal(range_format(&r, s), "10.0.0.2-10.0.0.4");
	r = range("10.0.0.4-10.0.0.7");
	assert_string_equal(range_format(&r, s), "10.0.0.4/30");
	r = range("192.0.2.1");
	assert_string_equal(range_format(&r, s), "192.0.2.1/32");
}

TEST(prefixes_keep_or_clear_their_host_bits)
{
	struct prefix p, clean;
	struct addr in, out;

	assert_int_equal(prefix_parse("10.1.2.3/20", &p), OK);
	assert_false(prefix_is_clean(&p));
	clean = prefix_clean(p);
	assert_true(prefix_is_clean(&clean));
	assert_int_equal(addr_parse("10.1.15.255", &in), OK);
	assert_int_equal(addr_parse("10.1.16.0", &out), OK);
	assert_true(prefix_has(&p, &in));
	assert_false(prefix_has(&p, &out));
	assert_int_equal(addr_parse("::10.1.2.3", &out), OK);
	assert_false(prefix_has(&p, &out));
	assert_int_equal(prefix_parse("::/129", &p), ERR_VALUE);
	assert_int_equal(addr_from(bytes_str("abc")).family, 0);
}

TEST(loopback_is_known_in_both_families)
{
	struct addr a;

	assert_int_equal(addr_parse("127.8.8.8", &a), OK);
	assert_true(addr_is_loopback(&a));
	assert_int_equal(addr_parse("::1", &a), OK);
	assert_true(addr_is_loopback(&a));
	assert_int_equal(addr_parse("::2", &a), OK);
	assert_false(addr_is_loopback(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_survives_a_round_trip),
		cmocka_unit_test(wrong_text_is_refused),
		cmocka_unit_test(range_splits_into_the_fewest_prefixes),
		cmocka_unit_test(counts_and_overlaps),
		cmocka_unit_test(endpoints_survive_the_line),
		cmocka_unit_test(addresses_that_nobody_writes_are_refused),
		cmocka_unit_test(endpoints_and_ranges_read_well),
		cmocka_unit_test(prefixes_keep_or_clear_their_host_bits),
		cmocka_unit_test(loopback_is_known_in_both_families),
		cmocka_unit_test(addition_carries_and_stops_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
