/* What is up at the end of a story, through rekeys. */
#include "base/test.h"
#include "diag/ending.h"

static struct story s;

static void told(void *ctx, const struct event *e)
{
	(void)ctx;
	s.event[s.n++] = *e;
}
static const struct event_sink in = { told, NULL };
static const struct event_about ike = { .conn = "vpn", .serial = 1 },
				child = { .conn = "vpn", .serial = 2 },
				next = { .conn = "vpn", .serial = 3 };
static const struct now now = { 0 };

static void up_v1(const struct event_about *about)
{
	EMIT(&in, now, about, v1_child_established, .mode = ev_str("tunnel"), .natd = ev_str(""),
		.ike = ev_u64(1));
}

static void up_v2(const struct event_about *about, const char *old)
{
	EMIT(&in, now, about, v2_child_established, .old = ev_str(old), .ike = ev_u64(1));
}

static void expires(const struct event_about *about, const char *what)
{
	EMIT(&in, now, about, v1_expired, .what = ev_str(what), .why = ev_str("lifetime"));
}

TEST(an_expired_lifetime_is_the_end)
{
	s = (struct story){ 0 };
	up_v1(&child);
	assert_true(story_is_up(&s));
	expires(&ike, "ISAKMP SA"); /* the other one stays */
	assert_true(story_is_up(&s));
	expires(&child, "IPsec SA");
	assert_false(story_is_up(&s));
}

TEST(the_old_one_of_a_rekey_goes_and_the_tunnel_stays)
{
	s = (struct story){ 0 };
	up_v1(&child);
	up_v1(&next);
	EMIT(&in, now, &child, v1_deleting, .state = ev_str("STATE_QUICK_I2"));
	assert_true(story_is_up(&s));
	expires(&child, "IPsec SA");
	assert_true(story_is_up(&s));
	EMIT(&in, now, &ike, v1_delete_child, .child = ev_u64(3));
	assert_false(story_is_up(&s));

	s = (struct story){ 0 };
	up_v2(&child, "");
	up_v2(&next, "2");
	EMIT(&in, now, &child, v2_child_deleted_by_peer, );
	assert_true(story_is_up(&s));
	EMIT(&in, now, &next, v2_child_deleted_by_peer, );
	assert_false(story_is_up(&s));
}

/* Of the old IKE SA's deletion nobody is to think that the tunnel is down. */
TEST(the_old_ike_sa_goes_and_the_tunnel_stays)
{
	static const struct event_about new = { .conn = "vpn", .serial = 5 };

	s = (struct story){ 0 };
	up_v2(&child, "");
	EMIT(&in, now, &new, v2_ike_rekeyed, .old = ev_str("1"));
	EMIT(&in, now, &ike, v2_deleting, .by = ev_str("us"));
	assert_true(story_is_up(&s));
	EMIT(&in, now, &new, v2_deleting, .by = ev_str("us"));
	assert_false(story_is_up(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expired_lifetime_is_the_end),
		cmocka_unit_test(the_old_one_of_a_rekey_goes_and_the_tunnel_stays),
		cmocka_unit_test(the_old_ike_sa_goes_and_the_tunnel_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
