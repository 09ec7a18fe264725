#include "base/test.h"
#include "esp/stall.h"

#include <stdlib.h>

enum { MSS = 1398, SIZE = 1438 };
#define MS (NS_S / 1000)

/* An SA, and what was said of it. */
struct path {
	struct stall s;
	ns_t now;
	uint64_t came; /* packets, as control counts them */
	bool is_heard; /* something comes in each second */
	unsigned lost, pass;
	uint16_t size;
};

static struct path *path_new(void)
{
	struct path *p = xalloc(sizeof(*p));

	p->now = 1000 * NS_S;
	return p;
}

/* Time goes by, in which control looks once a second. */
static void wait_ms(struct path *p, unsigned ms)
{
	for (ns_t end = p->now + ms * MS; p->now < end; p->now += 10 * MS)
		if (p->now % NS_S == 0) {
			p->came += p->is_heard;
			if (stall_wants(&p->s))
				stall_count(&p->s, p->came);
		}
}

static void see(struct path *p, const struct stall_packet *k)
{
	uint16_t size = 0;
	enum stall_said said = stall_see(&p->s, k, p->now, &size);

	p->lost += said == STALL_LOST;
	p->pass += said == STALL_PASS;
	if (said) {
		p->size = size;
		stall_told(&p->s, said, size, p->now);
	}
}

static void sends(struct path *p, uint32_t flow, uint32_t seq, uint32_t n)
{
	struct stall_packet k = { .flow = flow, .seq = seq, .n = n, .size = SIZE };

	see(p, &k);
}

static void begins(struct path *p, uint32_t flow)
{
	struct stall_packet k = { .flow = flow, .is_syn = true };

	if (stall_is_waiting(&p->s, p->now))
		see(p, &k);
}

/* As RFC 6298 has it: so often, twice as long each time. */
static void repeats(struct path *p, uint32_t flow, uint32_t seq, unsigned times)
{
	unsigned rto = 200;

	for (unsigned i = 0; i < times; i++, rto *= 2) {
		wait_ms(p, rto);
		sends(p, flow, seq, MSS);
	}
}

/* A connection that freezes with its first data. */
static void freezes(struct path *p, uint32_t flow, unsigned times)
{
	begins(p, flow);
	wait_ms(p, 20);
	sends(p, flow, 100, 10 * MSS);
	repeats(p, flow, 100, times);
}

/* One that goes on for so long, a window each round trip. */
static void flows(struct path *p, uint32_t flow, unsigned rounds)
{
	static uint32_t at;

	for (unsigned i = 0; i < rounds; i++, at += 10 * MSS) {
		sends(p, flow, at, 10 * MSS);
		wait_ms(p, 20);
	}
}

TEST(two_that_freeze_in_turn_are_told)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	assert_int_equal(p->lost, 0);
	freezes(p, 2, 6);
	assert_int_equal(p->lost, 1);
	assert_int_equal(p->size, SIZE);
	assert_int_equal(p->pass, 0);
	freezes(p, 3, 4); /* each minute */
	assert_int_equal(p->lost, 1);
	wait_ms(p, 60 * 1000);
	freezes(p, 4, 4);
	assert_int_equal(p->lost, 2);
	free(p);
}

TEST(one_that_freezes_may_be_a_host_that_is_gone)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 9);
	for (uint32_t flow = 2; flow < 40; flow++) {
		begins(p, flow); /* to the same host: no answer */
		wait_ms(p, 300);
	}
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(few_that_are_sent_again_or_soon_are_lost_by_chance)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 3);
	freezes(p, 2, 7);
	assert_int_equal(p->lost, 0);
	wait_ms(p, 200 * 1000);
	sends(p, 3, 100, MSS);
	for (unsigned i = 0; i < 6; i++, wait_ms(p, 10))
		sends(p, 3, 100, MSS);
	freezes(p, 4, 7);
	assert_int_equal(p->lost, 0);
	wait_ms(p, 200 * 1000);
	for (unsigned i = 0; i < 4; i++, wait_ms(p, 1000u << i)) /* a longer way */
		sends(p, 5, 100, MSS);
	freezes(p, 6, 7);
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(what_was_begun_before_another_has_moved_on_is_not_late)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	begins(p, 2);
	sends(p, 1, 100 + 10 * MSS, MSS);
	sends(p, 2, 100, 10 * MSS);
	repeats(p, 2, 100, 7);
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(those_that_freeze_together_may_be_a_path_that_is_gone)
{
	struct path *p = path_new();

	p->is_heard = true;
	for (unsigned i = 0; i < 8; i++) {
		for (uint32_t flow = 1; flow <= 4; flow++)
			sends(p, flow, 100, i ? MSS : 10 * MSS);
		wait_ms(p, 200u << i);
	}
	sends(p, 5, 100, MSS); /* begun long ago: no SYN was seen */
	repeats(p, 5, 100, 7);
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(while_nothing_at_all_comes_in_nothing_is_known)
{
	struct path *p = path_new();

	freezes(p, 1, 6);
	p->is_heard = true;
	begins(p, 2);
	wait_ms(p, 2000);
	p->is_heard = false;
	sends(p, 2, 100, 10 * MSS);
	repeats(p, 2, 100, 7);
	assert_int_equal(p->lost, 0);
	p->is_heard = true;
	wait_ms(p, 2000);
	sends(p, 2, 100, MSS);
	assert_int_equal(p->lost, 0); /* this one may arrive */
	sends(p, 2, 100, MSS);
	assert_int_equal(p->lost, 1); /* and has not */
	free(p);
}

/* Control looks at whole seconds, and only when it is asked. At: milliseconds of a second. */
static void until_ms(struct path *p, unsigned at)
{
	do
		wait_ms(p, 10);
	while (p->now / MS % 1000 != at);
}

TEST(what_came_in_before_is_not_of_interest)
{
	static const unsigned at[] = { 50, 20, 110, 100, 100, 100 };
	struct path *p = path_new();

	p->came = 1000; /* nothing more comes in */
	freezes(p, 1, 5);
	until_ms(p, 10);
	begins(p, 2);
	sends(p, 2, 100, MSS);
	for (size_t i = 0; i < COUNT(at); i++) {
		until_ms(p, at[i]);
		sends(p, 2, 100, MSS);
	}
	assert_int_equal(p->lost, 0);
	until_ms(p, 100);
	p->came++; /* the answer to its SYN */
	begins(p, 3);
	sends(p, 3, 100, MSS);
	for (size_t i = 0; i < 9; i++) {
		wait_ms(p, i < 4 ? 200 : 1500);
		sends(p, 3, 100, MSS);
	}
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(what_passes_meanwhile_has_the_size_that_is_in_question)
{
	struct path *p = path_new();
	struct stall_packet small = { .flow = 9, .n = 1240, .size = 1280 };

	p->is_heard = true;
	freezes(p, 1, 5);
	flows(p, 7, 40);
	freezes(p, 2, 6);
	assert_int_equal(p->lost, 0);
	assert_int_equal(p->pass, 1);
	wait_ms(p, 400 * 1000);
	freezes(p, 3, 5);
	freezes(p, 4, 4);
	for (unsigned i = 0; i < 400; i++, small.seq += small.n) /* a host with a smaller MSS */
		see(p, &small);
	wait_ms(p, 3200);
	sends(p, 4, 100, MSS);
	assert_int_equal(p->lost, 1);
	for (unsigned i = 0; i < 400; i++, small.seq += small.n)
		see(p, &small);
	assert_int_equal(p->pass, 1);
	free(p);
}

TEST(healthy_flows_lose_one_in_a_hundred_and_are_overtaken)
{
	struct path *p = path_new();
	uint32_t seq[4] = { 0 };

	p->is_heard = true;
	srand(7);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t flow = (uint32_t)rand() % 4;

		if (rand() % 100 == 0)
			sends(p, 1 + flow, seq[flow] - MSS * (1 + (uint32_t)rand() % 10), MSS);
		else if (rand() % 1000 == 0)
			begins(p, 1 + flow);
		sends(p, 1 + flow, seq[flow] += MSS, MSS);
		if (rand() % 10 == 0)
			wait_ms(p, 10);
	}
	assert_int_equal(p->lost, 0);
	assert_int_equal(p->pass, 1);
	free(p);
}

/* Without SACK all that was in flight goes out again, from the first that was lost. */
TEST(what_goes_on_after_a_pause_has_passed)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	freezes(p, 2, 4);
	assert_int_equal(p->lost, 0);
	for (uint32_t i = 1; i < 10; i++)
		sends(p, 1, 100 + i * MSS, MSS);
	assert_int_equal(p->pass, 1);
	wait_ms(p, 3200);
	sends(p, 2, 100, MSS);
	wait_ms(p, 6400);
	sends(p, 2, 100, MSS);
	assert_int_equal(p->lost, 0);
	free(p);
}

TEST(what_passed_before_does_not_count)
{
	struct path *p = path_new();

	p->is_heard = true;
	flows(p, 8, 40);
	sends(p, 9, 100, 2 * MSS);
	freezes(p, 1, 5); /* the others are idle for longer and longer */
	sends(p, 10, 100, 2 * MSS);
	freezes(p, 2, 5);
	sends(p, 10, 100 + 2 * MSS, MSS);
	assert_int_equal(p->pass, 1);
	assert_int_equal(p->lost, 1);
	sends(p, 9, 100 + 2 * MSS, MSS);
	assert_int_equal(p->pass, 1);
	wait_ms(p, 3000);
	sends(p, 9, 100 + 3 * MSS, MSS);
	assert_int_equal(p->pass, 2);
	free(p);
}

TEST(it_is_over_when_such_packets_pass)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	freezes(p, 2, 6);
	assert_int_equal(p->lost, 1);
	sends(p, 2, 100 + 10 * MSS, MSS); /* it goes on */
	assert_int_equal(p->pass, 1);
	assert_int_equal(p->size, SIZE);
	flows(p, 3, 40);
	assert_int_equal(p->pass, 1);
	freezes(p, 4, 6);
	assert_int_equal(p->lost, 1); /* one is none */
	freezes(p, 5, 6);
	assert_int_equal(p->lost, 2);
	free(p);
}

TEST(a_little_that_is_not_sent_again_has_passed)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	freezes(p, 2, 6);
	assert_int_equal(p->lost, 1);
	begins(p, 3);
	sends(p, 3, 100, 3 * MSS);
	wait_ms(p, 6000);
	assert_int_equal(p->pass, 0);
	begins(p, 4);
	assert_int_equal(p->pass, 1);
	free(p);
}

TEST(now_and_then_a_little_has_passed_as_well)
{
	struct path *p = path_new();

	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(p->pass, 0);
		sends(p, 1, i * MSS, MSS);
		wait_ms(p, i ? 4000 : 2000);
	}
	sends(p, 1, 3 * MSS, MSS);
	assert_int_equal(p->pass, 1);
	free(p);
}

TEST(much_later_all_has_to_be_seen_anew)
{
	struct path *p = path_new();

	p->is_heard = true;
	freezes(p, 1, 6);
	freezes(p, 2, 6);
	assert_int_equal(p->lost, 1);
	wait_ms(p, 1000 * 1000);
	freezes(p, 3, 8); /* a host that is gone */
	assert_int_equal(p->lost, 1);
	freezes(p, 4, 6);
	assert_int_equal(p->lost, 2);
	free(p);
}

TEST(a_sender_that_learns_by_itself_is_not_stuck)
{
	struct path *p = path_new();
	struct stall_packet k = { .seq = 100, .n = 1024, .size = 1064 };

	p->is_heard = true;
	for (k.flow = 1; k.flow < 6; k.flow++) {
		freezes(p, k.flow, 3);
		wait_ms(p, 1600);
		see(p, &k);
		k.seq += 20000;
		see(p, &k);
		k.seq = 100;
	}
	assert_int_equal(p->lost, 0);
	free(p);
}

/* So many flows, each of which sends the same again and again. */
static void all_repeat(struct path *p, uint32_t from, unsigned n, unsigned times)
{
	unsigned rto = 200;

	for (unsigned i = 0; i <= times; i++, rto *= 2) {
		for (uint32_t flow = from; flow < from + n; flow++) {
			sends(p, flow, 100, MSS);
			wait_ms(p, flow % 2 ? 10 : 0);
		}
		wait_ms(p, rto);
	}
}

TEST(where_all_freeze_some_are_seen)
{
	struct path *p = path_new();
	uint32_t other = 3000;
	unsigned rto = 200;

	p->is_heard = true;
	all_repeat(p, 1000, 200, 5);
	begins(p, 2);
	for (unsigned i = 0; i < 6; i++, rto *= 2) {
		for (unsigned ms = 0; ms < rto; ms += 50) {
			begins(p, other++); /* nobody answers those */
			sends(p, 1000 + other % 200, 100, MSS);
			wait_ms(p, 50);
		}
		sends(p, 2, 100, MSS);
	}
	assert_int_equal(p->lost, 1);
	free(p);
}

/* They have a smaller MSS. */
TEST(those_that_flow_give_their_places_away)
{
	struct stall_packet k = { .n = 1024, .size = 1064 };
	struct path *p = path_new();

	p->is_heard = true;
	for (unsigned ms = 0; ms < 10000; ms += 100, wait_ms(p, 100), k.seq += k.n)
		for (k.flow = 1000; k.flow < 1016; k.flow++)
			see(p, &k);
	freezes(p, 1, 5);
	freezes(p, 2, 5);
	assert_int_equal(p->lost, 1);
	free(p);
}

TEST(it_is_said_again_until_it_is_told)
{
	struct path *p = path_new();
	struct stall_packet k = { .flow = 2, .seq = 100, .n = MSS, .size = SIZE };
	uint16_t size;

	p->is_heard = true;
	freezes(p, 1, 5);
	freezes(p, 2, 4);
	wait_ms(p, 3200);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(stall_see(&p->s, &k, p->now, &size), STALL_LOST);
		assert_int_equal(size, SIZE);
	}
	stall_told(&p->s, STALL_LOST, size, p->now);
	assert_int_equal(stall_see(&p->s, &k, p->now, &size), STALL_NOTHING);
	free(p);
}

TEST(another_connection_with_the_same_ends_begins_anew)
{
	struct path *p = path_new();

	freezes(p, 1, 6);
	sends(p, 1, 1U << 30, MSS); /* that one has not moved on */
	assert_int_equal(p->pass, 0);
	for (uint32_t i = 0; i < 20; i++)
		sends(p, 1, i * 10 * MSS, 10 * MSS);
	assert_int_equal(p->pass, 1);
	free(p);
}

/* Sequence numbers begin anew after 2^32. */
TEST(numbers_wrap)
{
	struct path *p = path_new();
	uint32_t at = UINT32_MAX - 3 * MSS;

	p->is_heard = true;
	for (uint32_t flow = 1; flow <= 2; flow++) {
		begins(p, flow);
		sends(p, flow, at, 10 * MSS);
		repeats(p, flow, at, 4 + (flow == 2));
	}
	assert_int_equal(p->lost, 1);
	sends(p, 2, at + 10 * MSS, MSS);
	assert_int_equal(p->pass, 1);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_freeze_in_turn_are_told),
		cmocka_unit_test(one_that_freezes_may_be_a_host_that_is_gone),
		cmocka_unit_test(few_that_are_sent_again_or_soon_are_lost_by_chance),
		cmocka_unit_test(what_was_begun_before_another_has_moved_on_is_not_late),
		cmocka_unit_test(those_that_freeze_together_may_be_a_path_that_is_gone),
		cmocka_unit_test(while_nothing_at_all_comes_in_nothing_is_known),
		cmocka_unit_test(what_came_in_before_is_not_of_interest),
		cmocka_unit_test(what_passes_meanwhile_has_the_size_that_is_in_question),
		cmocka_unit_test(healthy_flows_lose_one_in_a_hundred_and_are_overtaken),
		cmocka_unit_test(what_goes_on_after_a_pause_has_passed),
		cmocka_unit_test(what_passed_before_does_not_count),
		cmocka_unit_test(it_is_over_when_such_packets_pass),
		cmocka_unit_test(a_little_that_is_not_sent_again_has_passed),
		cmocka_unit_test(now_and_then_a_little_has_passed_as_well),
		cmocka_unit_test(much_later_all_has_to_be_seen_anew),
		cmocka_unit_test(a_sender_that_learns_by_itself_is_not_stuck),
		cmocka_unit_test(where_all_freeze_some_are_seen),
		cmocka_unit_test(those_that_flow_give_their_places_away),
		cmocka_unit_test(it_is_said_again_until_it_is_told),
		cmocka_unit_test(another_connection_with_the_same_ends_begins_anew),
		cmocka_unit_test(numbers_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
