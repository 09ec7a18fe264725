#include "base/test.h"
#include "dataplane/watch.h"

#include <stdlib.h>

/* A tunnel, and what is told of it. */
struct tunnel {
	struct dp_watch out_watch, in_watch;
	struct dp_seen sa[3]; /* out, in, in of another tunnel */
	uint64_t dropped[DROP_END];
	unsigned n;
	struct dp_notice last;
};

static void take(void *ctx, const struct dp_notice *n)
{
	struct tunnel *t = ctx;

	t->n++;
	t->last = *n;
}

static struct tunnel *tunnel_new(void)
{
	struct tunnel *t = xalloc(sizeof(*t));

	t->sa[0] = (struct dp_seen){
		.serial = 7, .reqid = 16388, .is_out = true, .watch = &t->out_watch
	};
	t->sa[1] = (struct dp_seen){ .serial = 7, .reqid = 16388, .watch = &t->in_watch };
	t->sa[2] = (struct dp_seen){
		.serial = 9, .reqid = 16392, .watch = xalloc(sizeof(struct dp_watch))
	};
	return t;
}

static void tunnel_free(struct tunnel *t)
{
	free(t->sa[2].watch);
	free(t);
}

/* Looks, in each of which so many were asked and so many dropped; gives how many were told. */
static unsigned looks(
	struct tunnel *t, unsigned n, uint64_t asked, enum drop_reason why, uint64_t dropped)
{
	t->n = 0;
	for (unsigned i = 0; i < n; i++) {
		t->sa[0].asked += asked;
		t->sa[2].packets += 100; /* the other one works */
		t->dropped[why] += dropped;
		dp_watch_silence(t->sa, 3, t->dropped, take, t);
	}
	return t->n;
}

TEST(silence_is_told_after_a_minute_and_when_it_is_over)
{
	struct tunnel *t = tunnel_new();

	assert_int_equal(looks(t, 40, 0, DROP_none, 0), 0);
	assert_int_equal(looks(t, 3, 2, DROP_none, 0), 0);
	assert_int_equal(looks(t, 1, 2, DROP_none, 0), 1);
	assert_int_equal(t->last.kind, DP_SILENT);
	assert_int_equal(t->last.serial, 7);
	assert_true(t->last.count == 8);
	assert_int_equal(looks(t, 8, 2, DROP_none, 0), 2);
	t->sa[1].packets++;
	assert_int_equal(looks(t, 1, 2, DROP_none, 0), 1);
	assert_int_equal(t->last.kind, DP_ANSWERED);
	assert_int_equal(looks(t, 3, 2, DROP_none, 0), 0); /* from here on anew */
	tunnel_free(t);
}

TEST(too_few_are_no_traffic)
{
	struct tunnel *t = tunnel_new();

	assert_int_equal(looks(t, 4, 1, DROP_none, 0), 0);
	assert_int_equal(looks(t, 4, 1, DROP_none, 0), 1); /* eight by now */
	tunnel_free(t);
}

/* What was dropped before the silence is of no interest, nor is what is dropped now and then. */
TEST(what_this_host_drops_meanwhile_is_told_as_well)
{
	struct tunnel *t = tunnel_new();

	assert_int_equal(looks(t, 5, 0, DROP_no_policy, 100), 0);
	assert_int_equal(looks(t, 4, 2, DROP_no_sa, 1), 1);
	assert_int_equal(t->last.kind, DP_SILENT);
	assert_int_equal(looks(t, 4, 2, DROP_no_sa, 5), 2);
	assert_int_equal(t->last.kind, DP_LOSING);
	assert_int_equal(t->last.reason, DROP_no_sa);
	assert_true(t->last.count == 15 || t->last.count == 20);
	assert_int_equal(looks(t, 4, 2, DROP_no_policy, 50), 3); /* the other one is over */
	assert_int_equal(t->last.reason, DROP_no_policy);
	t->sa[1].packets++;
	assert_int_equal(looks(t, 1, 2, DROP_no_sa, 100), 2);
	assert_int_equal(t->last.kind, DP_LOSING);
	assert_int_equal(t->last.reason, DROP_no_policy);
	assert_true(t->last.count == 0);
	dp_watch_silence(t->sa, 3, NULL, take, t); /* a host that does not count */
	tunnel_free(t);
}

TEST(what_comes_in_unasked_is_told_each_half_minute)
{
	struct tunnel *t = tunnel_new();
	struct dp_seen *out = &t->sa[0], *in = &t->sa[1];

	for (unsigned i = 0; i < 6; i++) {
		in->packets += 4;
		dp_watch_silence(t->sa, 3, NULL, take, t);
	}
	assert_int_equal(t->n, 3);
	assert_true(t->last.kind == DP_UNASKED && t->last.serial == 7 && t->last.count == 8);
	for (unsigned i = 0; i < 6; i++) { /* both ways */
		in->packets += 4;
		out->packets += 1;
		dp_watch_silence(t->sa, 3, NULL, take, t);
	}
	for (unsigned i = 0; i < 6; i++) /* nothing */
		dp_watch_silence(t->sa, 3, NULL, take, t);
	for (unsigned i = 0; i < 4; i++) { /* too few to matter */
		in->packets += 1;
		dp_watch_silence(t->sa, 3, NULL, take, t);
	}
	assert_int_equal(t->n, 3);
	/* another SA of the same policy sends: a rekeyed one does not */
	t->sa[2].is_out = true;
	t->sa[2].reqid = out->reqid;
	for (unsigned i = 0; i < 6; i++) {
		in->packets += 4;
		t->sa[2].packets += 4;
		dp_watch_silence(t->sa, 3, NULL, take, t);
	}
	assert_int_equal(t->n, 3);
	tunnel_free(t);
}

TEST(one_in_a_hundred_that_is_lost_is_told_and_when_it_is_over)
{
	struct tunnel *t = tunnel_new();
	struct dp_seen *in = &t->sa[1];

	in->packets = 10000;
	in->lost[WATCH_LATE] = 90;	    /* too small a part */
	in->lost[WATCH_NOT_AUTHENTIC] = 19; /* too few */
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 0);
	in->packets += 1000;
	in->lost[WATCH_LATE] += 50;
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 1);
	assert_true(
		t->last.kind == DP_LOSING && t->last.reason == DROP_replay && t->last.count == 50);
	assert_int_equal(t->last.passed, 1000);
	dp_watch_losses(t->sa, 3, take, t); /* nothing comes: nothing is known */
	assert_int_equal(t->n, 1);
	in->packets += 1000;
	dp_watch_losses(t->sa, 3, take, t);
	assert_true(t->n == 2 && t->last.reason == DROP_replay && t->last.count == 0);
	in->lost[WATCH_NOT_AUTHENTIC] += 40;
	dp_watch_losses(t->sa, 3, take, t);
	assert_true(t->n == 3 && t->last.reason == DROP_integrity && t->last.count == 40);
	assert_int_equal(t->last.passed, 0);
	in->packets = 50; /* it began anew, elsewhere */
	memset(in->lost, 0, sizeof(in->lost));
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 4);
	assert_true(t->last.reason == DROP_integrity && t->last.count == 0);
	tunnel_free(t);
}

TEST(an_icv_of_another_length_is_told_when_nothing_passes)
{
	struct tunnel *t = tunnel_new();
	struct dp_seen *in = &t->sa[1];

	in->lost[WATCH_OTHER_ICV] = 2; /* too few */
	dp_watch_losses(t->sa, 3, take, t);
	in->lost[WATCH_OTHER_ICV] += 3;
	in->packets += 1; /* not the SA's own, or this one would not pass */
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 0);
	in->lost[WATCH_OTHER_ICV] += 3;
	dp_watch_losses(t->sa, 3, take, t);
	assert_true(t->n == 1 && t->last.reason == DROP_icv_length && t->last.count == 3);
	in->packets += 1;
	dp_watch_losses(t->sa, 3, take, t);
	assert_true(t->n == 2 && t->last.reason == DROP_icv_length && t->last.count == 0);
	tunnel_free(t);
}

TEST(what_was_lost_before_we_came_is_not_told)
{
	struct tunnel *t = tunnel_new();
	struct dp_seen *in = &t->sa[1];

	in->packets = 10000;
	in->lost[WATCH_LATE] = 5000;
	dp_watch_begin(in);
	in->packets += 100;
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 0);
	in->lost[WATCH_LATE] += 100;
	dp_watch_losses(t->sa, 3, take, t);
	assert_int_equal(t->n, 1);
	tunnel_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_told_after_a_minute_and_when_it_is_over),
		cmocka_unit_test(too_few_are_no_traffic),
		cmocka_unit_test(what_this_host_drops_meanwhile_is_told_as_well),
		cmocka_unit_test(what_comes_in_unasked_is_told_each_half_minute),
		cmocka_unit_test(one_in_a_hundred_that_is_lost_is_told_and_when_it_is_over),
		cmocka_unit_test(an_icv_of_another_length_is_told_when_nothing_passes),
		cmocka_unit_test(what_was_lost_before_we_came_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
