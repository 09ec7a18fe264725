/* What the kernel is told to match is what was negotiated: no packet more, none less. */
#include "base/test.h"
#include "dataplane/xfrm/xfrm.h"

static struct ts ts(const char *s, uint8_t protocol, uint16_t first, uint16_t last)
{
	struct ts t = { .protocol = protocol, .port_first = first, .port_last = last };

	assert_int_equal(range_parse(s, &t.range), OK);
	return t;
}

static struct ts net(const char *s)
{
	return ts(s, 0, 0, UINT16_MAX);
}

static struct dp_policy policy(struct ts local, struct ts remote)
{
	return (struct dp_policy){ .ts_local = { 1, { local } }, .ts_remote = { 1, { remote } } };
}

static void assert_sel(const struct xfrm_sel *s, const char *local, const char *remote)
{
	char one[PREFIX_STR];

	assert_string_equal(prefix_format(&s->local, one), local);
	assert_string_equal(prefix_format(&s->remote, one), remote);
}

static bool matches(uint16_t value, uint16_t mask, uint16_t port)
{
	return (port & mask) == value;
}

TEST(prefixes_stay_whole)
{
	struct dp_policy p = policy(net("10.0.1.0/24"), net("10.0.2.0/23"));
	struct xfrm_sel s[4];
	size_t n;

	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 1);
	assert_sel(&s[0], "10.0.1.0/24", "10.0.2.0/23");
	assert_int_equal(s[0].protocol | s[0].local_mask | s[0].remote_mask, 0);
}

TEST(a_range_becomes_the_prefixes_in_it)
{
	struct dp_policy p = policy(net("10.0.1.5-10.0.1.8"), net("2001:db8::/64"));
	struct xfrm_sel s[4];
	size_t n;

	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 0); /* no packet has both families */
	p.ts_remote.ts[0] = net("10.0.2.0/24");
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 3);
	assert_sel(&s[0], "10.0.1.5/32", "10.0.2.0/24");
	assert_sel(&s[1], "10.0.1.6/31", "10.0.2.0/24");
	assert_sel(&s[2], "10.0.1.8/32", "10.0.2.0/24");
	assert_int_equal(xfrm_selectors(&p, s, 2, &n), ERR_LIMIT);
}

/* Each port is matched by exactly one mask when it is in the range, by none otherwise. */
TEST(a_range_of_ports_becomes_masks_that_do_not_overlap)
{
	static const uint16_t ranges[][2] = { { 0, 65535 }, { 443, 443 }, { 0, 1023 },
		{ 1024, 65535 }, { 1, 65534 }, { 6000, 6063 }, { 500, 4500 }, { 65535, 65535 } };
	struct xfrm_sel s[32];
	size_t n;

	for (size_t i = 0; i < COUNT(ranges); i++) {
		struct dp_policy p = policy(
			ts("10.0.1.0/24", 6, ranges[i][0], ranges[i][1]), net("10.0.2.0/24"));

		assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
		assert_in_range(n, 1, 30);
		for (uint32_t port = 0; port <= UINT16_MAX; port++) {
			unsigned hits = 0;

			for (size_t k = 0; k < n; k++)
				hits += matches(s[k].local_port, s[k].local_mask, (uint16_t)port);
			assert_int_equal(hits, port >= ranges[i][0] && port <= ranges[i][1]);
		}
		assert_int_equal(s[0].protocol, 6); /* of the end that names one */
	}
}

TEST(ends_of_different_protocols_have_no_packet)
{
	struct dp_policy p =
		policy(ts("10.0.1.0/24", 6, 0, 65535), ts("10.0.2.0/24", 17, 0, 65535));
	struct xfrm_sel s[4];
	size_t n;

	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 0);
}

TEST(every_pair_of_several_is_covered)
{
	struct dp_policy p = policy(net("10.0.1.0/24"), net("10.0.2.0/24"));
	struct xfrm_sel s[XFRM_SEL_MAX];
	size_t n;

	p.ts_local.ts[p.ts_local.n++] = net("2001:db8:a::/48");
	p.ts_remote.ts[p.ts_remote.n++] = net("10.0.3.0/24");
	p.ts_remote.ts[p.ts_remote.n++] = net("2001:db8:b::/48");
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 3);
	assert_sel(&s[0], "10.0.1.0/24", "10.0.2.0/24");
	assert_sel(&s[1], "10.0.1.0/24", "10.0.3.0/24");
	assert_sel(&s[2], "2001:db8:a::/48", "2001:db8:b::/48");
}

TEST(types_and_codes_of_icmp_stand_where_the_kernel_looks_for_them)
{
	/* echo request, code 0; then all of type 3; then types 8 to 11, all codes */
	struct dp_policy p = policy(ts("10.0.1.0/24", 1, 0x0800, 0x0800), net("10.0.2.0/24"));
	struct xfrm_sel s[8];
	size_t n;

	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].local_port, 8);
	assert_int_equal(s[0].local_mask, 0xffff);
	assert_int_equal(s[0].remote_port, 0);
	assert_int_equal(s[0].remote_mask, 0xffff);
	p.ts_local.ts[0] = ts("10.0.1.0/24", 1, 0x0300, 0x03ff);
	p.ts_remote.ts[0] = ts("10.0.2.0/24", 1, 0x0300, 0x03ff);
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].local_port, 3);
	assert_int_equal(s[0].remote_mask, 0);
	p.ts_local.ts[0] = p.ts_remote.ts[0] = ts("10.0.2.0/24", 1, 0x0800, 0x0bff);
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].local_mask, 0xfffc);

	p.ts_local.ts[0] = p.ts_remote.ts[0] = ts("10.0.2.0/24", 1, 0x0801, 0x0a02);
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), ERR_UNSUPPORTED);
	p.ts_remote.ts[0] = ts("10.0.2.0/24", 1, 0x0000, 0x0000); /* no packet has both types */
	assert_int_equal(xfrm_selectors(&p, s, COUNT(s), &n), OK);
	assert_int_equal(n, 0);
}

TEST(opaque_ports_are_refused)
{
	struct dp_policy p = policy(ts("10.0.1.0/24", 6, UINT16_MAX, 0), net("10.0.2.0/24"));
	struct xfrm_sel s;
	size_t n;

	assert_int_equal(xfrm_selectors(&p, &s, 1, &n), ERR_UNSUPPORTED);
}

/* Priorities that Libreswan 4.10 gave to auto=route conns of these selectors (ip xfrm policy). */
TEST(priorities_are_those_of_libreswan)
{
	static const struct {
		const char *local, *remote;
		uint8_t protocol;
		uint16_t local_port, remote_port; /* 0: any */
		uint32_t priority;
	} measured[] = {
		{ "10.0.1.0/24", "10.0.2.0/24", 0, 0, 0, 1757393 },
		{ "192.0.2.1/32", "198.51.100.2/32", 0, 0, 0, 1753281 },
		{ "10.0.3.0/24", "10.0.4.0/23", 6, 443, 0, 1364179 },
		{ "192.0.2.1/32", "198.51.100.8/32", 17, 1701, 1701, 1097921 },
		{ "2001:db8:a::/48", "2001:db8:b::/56", 0, 0, 0, 1745041 },
	};
	struct xfrm_sel s;
	size_t n;

	for (size_t i = 0; i < COUNT(measured); i++) {
		uint16_t l = measured[i].local_port, r = measured[i].remote_port;
		uint8_t protocol = measured[i].protocol;
		struct dp_policy p = policy(ts(measured[i].local, protocol, l, l ? l : UINT16_MAX),
			ts(measured[i].remote, protocol, r, r ? r : UINT16_MAX));

		assert_int_equal(xfrm_selectors(&p, &s, 1, &n), OK);
		assert_int_equal(n, 1);
		assert_int_equal(xfrm_priority(&s, false), measured[i].priority);
		assert_int_equal(xfrm_priority(&s, true), measured[i].priority - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_stay_whole),
		cmocka_unit_test(a_range_becomes_the_prefixes_in_it),
		cmocka_unit_test(a_range_of_ports_becomes_masks_that_do_not_overlap),
		cmocka_unit_test(ends_of_different_protocols_have_no_packet),
		cmocka_unit_test(every_pair_of_several_is_covered),
		cmocka_unit_test(types_and_codes_of_icmp_stand_where_the_kernel_looks_for_them),
		cmocka_unit_test(opaque_ports_are_refused),
		cmocka_unit_test(priorities_are_those_of_libreswan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
