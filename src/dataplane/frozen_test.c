#include "base/test.h"
#include "dataplane/frozen.h"

enum { LOOKS = 240 };

/* What goes out and comes in, look by look; of two minutes. */
struct film {
	struct dp_frozen_look look[LOOKS];
};

static void put(struct film *f, unsigned ms, unsigned packets, unsigned octets, unsigned came)
{
	struct dp_frozen_look *l = &f->look[ms / FROZEN_LOOK_MS];

	l->packets += packets;
	l->octets += (uint64_t)packets * octets;
	l->came += came;
}

/* As RFC 6298 has it, with a handshake and a first window. */
static void freezes(struct film *f, unsigned at, unsigned size, unsigned times)
{
	put(f, at, 2, 56, 1);
	put(f, at + 1, 10, size, 0);
	for (unsigned i = 0, rto = 200; i < times; i++, rto *= 2) {
		at += rto;
		put(f, at, 1, size, 0);
	}
}

/* How often it is said of the film; *ret: in the end. */
static unsigned said(const struct film *f, struct dp_frozen *ret)
{
	unsigned n = 0;

	*ret = (struct dp_frozen){ 0 };
	for (unsigned i = 0; i < LOOKS; i++) {
		struct dp_frozen_look l = f->look[i];

		l.now = (100 + i) * FROZEN_LOOK_MS * NS_MS;
		n += dp_frozen_see(ret, &l);
	}
	return n;
}

TEST(a_connection_that_freezes_is_seen_whenever_it_begins)
{
	struct dp_frozen w;

	for (unsigned at = 1000; at < 3000; at += 7) {
		struct film f = { 0 };

		freezes(&f, at, 1438, 8);
		assert_in_range(said(&f, &w), 1, 4);
		assert_true(w.low == 1438 && w.high == 1438);
	}
}

TEST(small_packets_beside_it_do_not_hide_it)
{
	for (unsigned at = 1000; at < 2000; at += 7) {
		struct film f = { 0 };
		struct dp_frozen w;

		freezes(&f, at, 1438, 8);
		for (unsigned ping = 0; ping < 60000; ping += at % 2 ? 500 : 1000)
			put(&f, ping, 1, 84, 1);
		assert_in_range(said(&f, &w), 1, 4);
		assert_in_range(1438, w.low, w.high);
		assert_in_range(w.high, 1438, 1438 + 84 - 28);
	}
}

TEST(what_ends_or_goes_on_is_not_frozen)
{
	struct film f = { 0 };
	struct dp_frozen w;

	freezes(&f, 1000, 1438, 3); /* and is answered */
	put(&f, 3000, 20, 1400, 10);
	for (unsigned ms = 5000; ms < 60000; ms += 500) {
		put(&f, ms, 30, 1400, 15);
		put(&f, ms, 10, 52, 0);
	}
	assert_int_equal(said(&f, &w), 0);
}

/* Reports by UDP, and the like. */
TEST(large_ones_at_equal_distances_are_not_frozen)
{
	for (unsigned gap = 500; gap < 20000; gap += 230) {
		struct film f = { 0 };
		struct dp_frozen w;

		put(&f, 500, 12, 1400, 1);
		for (unsigned ms = 1000; ms < 119000; ms += gap)
			put(&f, ms, 1, 1400, 0);
		assert_int_equal(said(&f, &w), 0);
	}
}

TEST(large_ones_of_other_sizes_are_not_frozen)
{
	struct film f = { 0 };
	struct dp_frozen w;

	put(&f, 1000, 12, 1438, 1);
	for (unsigned i = 0, at = 1400, gap = 800; i < 6; i++, at += gap, gap *= 2)
		put(&f, at, 1, 1438 - i, 0);
	assert_int_equal(said(&f, &w), 0);
}

/* After a burst of so many packets of that size: one, and others so many milliseconds later. */
static unsigned after_burst(unsigned n, unsigned size, unsigned at, unsigned gap, unsigned times)
{
	struct film f = { 0 };
	struct dp_frozen w;

	put(&f, 1000, n, size, 1);
	for (unsigned i = 0; i < 6 && at < 119000; i++, at += gap, gap *= times)
		put(&f, at, 1, 1438, 0);
	return said(&f, &w);
}

TEST(only_what_comes_soon_and_each_time_twice_as_late_is_the_same_data)
{
	assert_in_range(after_burst(12, 1438, 2400, 1600, 2), 1, 4);
	assert_int_equal(after_burst(12, 1438, 12400, 1600, 2), 0);
	assert_int_equal(after_burst(12, 1438, 2400, 9600, 2), 0);
	assert_int_equal(after_burst(12, 1438, 2400, 1600, 4), 0);
	assert_int_equal(after_burst(100, 60, 2400, 1600, 2), 0);
}

/* QUIC to a host that is gone, or IKE: as far apart, and without a beginning that was answered. */
TEST(what_has_no_handshake_is_not_frozen)
{
	struct film f = { 0 };
	struct dp_frozen w;

	freezes(&f, 1000, 1252, 8);
	f.look[2].came = 0;
	assert_int_equal(said(&f, &w), 0);
	f.look[2].came = 1;
	assert_in_range(said(&f, &w), 1, 4);
	f.look[2].packets = f.look[2].octets = 0;
	assert_int_equal(said(&f, &w), 0);
}

TEST(another_one_is_another)
{
	struct film f = { 0 };
	struct dp_frozen first, second;

	freezes(&f, 1000, 1438, 6);
	assert_in_range(said(&f, &first), 1, 2);
	freezes(&f, 17000, 1438, 6);
	assert_in_range(said(&f, &second), 2, 5);
	assert_true(second.began > first.began);
}

TEST(much_that_is_answered_is_a_flow)
{
	struct dp_frozen_look l = { .packets = 100, .octets = 140000, .came = 50 };

	assert_true(dp_frozen_is_flow(&l));
	l.came = 7;
	assert_false(dp_frozen_is_flow(&l));
	l.came = 50;
	l.octets = 99000;
	assert_false(dp_frozen_is_flow(&l));
	l.packets = 1000;
	l.octets = 140000;
	assert_false(dp_frozen_is_flow(&l));
	l.packets = 0; /* counters that were set back */
	assert_false(dp_frozen_is_flow(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_that_freezes_is_seen_whenever_it_begins),
		cmocka_unit_test(small_packets_beside_it_do_not_hide_it),
		cmocka_unit_test(what_ends_or_goes_on_is_not_frozen),
		cmocka_unit_test(large_ones_at_equal_distances_are_not_frozen),
		cmocka_unit_test(large_ones_of_other_sizes_are_not_frozen),
		cmocka_unit_test(only_what_comes_soon_and_each_time_twice_as_late_is_the_same_data),
		cmocka_unit_test(what_has_no_handshake_is_not_frozen),
		cmocka_unit_test(another_one_is_another),
		cmocka_unit_test(much_that_is_answered_is_a_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
