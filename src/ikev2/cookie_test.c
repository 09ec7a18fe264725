#include "base/test.h"
#include "ikev2/cookie.h"

static const uint8_t spi[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, ni[32] = { 9 };
static struct rng_seeded seed;

static struct v2_cookie_for peer(void)
{
	return (struct v2_cookie_for){ addr_v4(0xc0000201), spi, BYTES(ni) };
}

static struct now at(ns_t seconds)
{
	return (struct now){ .mono = seconds * NS_S };
}

static void make(struct v2_cookies *c, ns_t seconds, uint8_t ret[V2_COOKIE_N])
{
	const struct rng rng = rng_seeded(&seed, (uint64_t)seconds);
	const struct v2_cookie_for f = peer();

	assert_int_equal(v2_cookie_make(c, &rng, at(seconds), &f, ret), OK);
}

static bool is_valid(const struct v2_cookies *c, ns_t seconds, const uint8_t cookie[V2_COOKIE_N])
{
	const struct v2_cookie_for f = peer();

	return v2_cookie_valid(c, at(seconds), &f, bytes_of(cookie, V2_COOKIE_N));
}

TEST(a_cookie_of_ours_is_valid)
{
	struct v2_cookies c = { 0 };
	uint8_t cookie[V2_COOKIE_N];

	make(&c, 10, cookie);
	assert_true(is_valid(&c, 10, cookie));
	assert_true(is_valid(&c, 69, cookie));
	v2_cookies_done(&c);
	assert_false(is_valid(&c, 10, cookie));
}

TEST(every_changed_octet_makes_it_invalid)
{
	struct v2_cookies c = { 0 };
	uint8_t cookie[V2_COOKIE_N];

	make(&c, 10, cookie);
	for (size_t i = 0; i < sizeof(cookie); i++) {
		cookie[i] ^= 1;
		assert_false(is_valid(&c, 10, cookie));
		cookie[i] ^= 1;
	}
	assert_true(is_valid(&c, 10, cookie));
	v2_cookies_done(&c);
}

TEST(a_cookie_of_another_length_is_invalid)
{
	struct v2_cookies c = { 0 };
	uint8_t cookie[V2_COOKIE_N + 1] = { 0 };
	const struct v2_cookie_for f = peer();

	make(&c, 10, cookie);
	for (size_t n = 0; n < sizeof(cookie); n++)
		assert_int_equal(
			v2_cookie_valid(&c, at(10), &f, bytes_of(cookie, n)), n == V2_COOKIE_N);
	assert_false(v2_cookie_valid(&c, at(10), &f, BYTES(cookie)));
	v2_cookies_done(&c);
}

TEST(a_cookie_is_bound_to_address_spi_and_nonce)
{
	const uint8_t other_spi[8] = { 1, 2, 3, 4, 5, 6, 7, 9 };
	struct v2_cookies c = { 0 };
	uint8_t cookie[V2_COOKIE_N];
	struct v2_cookie_for f = peer();
	struct bytes view = bytes_of(cookie, sizeof(cookie));

	make(&c, 10, cookie);
	f.initiator = addr_v4(0xc0000202);
	assert_false(v2_cookie_valid(&c, at(10), &f, view));
	f = peer();
	f.spi_i = other_spi;
	assert_false(v2_cookie_valid(&c, at(10), &f, view));
	f = peer();
	f.ni.n--;
	assert_false(v2_cookie_valid(&c, at(10), &f, view));
	f = peer();
	assert_true(v2_cookie_valid(&c, at(10), &f, view));
	v2_cookies_done(&c);
}

TEST(a_cookie_outlives_its_secret_by_one_life)
{
	struct v2_cookies c = { 0 };
	uint8_t old[V2_COOKIE_N], young[V2_COOKIE_N], third[V2_COOKIE_N];

	make(&c, 0, old);
	make(&c, 59, young);
	assert_memory_equal(old, young, sizeof(old));
	make(&c, 61, young);
	assert_memory_not_equal(old, young, sizeof(old));
	assert_true(is_valid(&c, 61, old));
	assert_true(is_valid(&c, 61, young));
	assert_true(is_valid(&c, 120, old));
	assert_false(is_valid(&c, 121, old));
	assert_true(is_valid(&c, 121, young));
	make(&c, 130, third);
	assert_false(is_valid(&c, 130, old));
	assert_true(is_valid(&c, 130, young));
	v2_cookies_done(&c);
}

TEST(a_cookie_dies_although_nobody_asks_for_another)
{
	struct v2_cookies c = { 0 };
	uint8_t cookie[V2_COOKIE_N];

	make(&c, 0, cookie);
	assert_true(is_valid(&c, 119, cookie));
	assert_false(is_valid(&c, 120, cookie));
	v2_cookies_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_of_ours_is_valid),
		cmocka_unit_test(every_changed_octet_makes_it_invalid),
		cmocka_unit_test(a_cookie_of_another_length_is_invalid),
		cmocka_unit_test(a_cookie_is_bound_to_address_spi_and_nonce),
		cmocka_unit_test(a_cookie_outlives_its_secret_by_one_life),
		cmocka_unit_test(a_cookie_dies_although_nobody_asks_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
