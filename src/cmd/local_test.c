/* A look at the host that runs the test: it sends nothing and needs no privilege; what it sees of
 * the loopback device is the same everywhere. */
#include "base/test.h"
#include "cmd/local.h"
#include "cmd/name.h"
#include "cmd/patience.h"

#include <stdlib.h>

static char seen[128][1024];
static unsigned n_seen;

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	assert_true(event_check(e));
	assert_string_equal(e->about.conn, "vpn");
	if (n_seen < COUNT(seen))
		event_line(e, false, seen[n_seen++], sizeof(seen[0]));
}
static const struct event_sink sink = { take, NULL };

static bool has(const char *what)
{
	for (unsigned i = 0; i < n_seen; i++)
		if (strstr(seen[i], what))
			return true;
	return false;
}

static struct addr addr(const char *s)
{
	struct addr a;

	assert_int_equal(addr_parse(s, &a), OK);
	return a;
}

static struct ts_list nets(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return (struct ts_list){ 1, { ts_from_range(&r) } };
}

/* theirs NULL: the peer may be anywhere. */
static void look_for(
	const char *ours, const char *theirs, const char *our_nets, const char *their_nets)
{
	struct local_for what = { .conn = "vpn",
		.ours = addr(ours),
		.theirs = theirs ? addr(theirs) : (struct addr){ 0 },
		.our_nets = nets(our_nets),
		.their_nets = nets(their_nets),
		.device = "",
		.flow = "" };

	n_seen = 0;
	local_look(&what, (struct now){ .mono = NS_S, .wall = NS_S }, &sink);
}

static void look(const char *ours, const char *our_nets, const char *their_nets)
{
	look_for(ours, "127.0.0.9", our_nets, their_nets);
}

TEST(to_a_peer_that_may_be_anywhere_no_route_is_looked_up)
{
	look("127.0.0.1", "127.0.0.1", "10.254.2.0/24");
	assert_true(has("route to the peer"));
	look_for("127.0.0.1", NULL, "127.0.0.1", "10.254.2.0/24");
	assert_false(has("route to the peer"));
}

TEST(addresses_of_this_host_are_known)
{
	look("127.0.0.1", "127.0.0.1", "10.254.2.0/24");
	assert_true(strncmp(seen[0], "looking at this host: 127.0.0.1", 31) == 0);
	assert_true(has("local address 127.0.0.1 is on device lo"));
	look("192.0.2.77", "10.254.1.0/24", "10.254.2.0/24");
	assert_true(has("local address 192.0.2.77 is not on this host"));
}

TEST(networks_that_are_the_same_at_both_ends_are_told)
{
	look("127.0.0.1", "10.254.1.0/24", "10.254.1.0/24");
	assert_true(has("10.254.1.0/24 is equal 10.254.1.0/24"));
	look("127.0.0.1", "10.254.1.0/24", "0.0.0.0/0");
	assert_false(has(" is equal "));
	look("127.0.0.1", "10.254.1.0/24", "10.254.2.0/24");
	assert_false(has(" is equal ") || has(" is inside "));
}

TEST(the_packet_filter_is_asked_about_each_kind_of_packet)
{
	look("127.0.0.1", "10.254.1.0/24", "10.254.2.0/24");
	assert_true(has("packet filter: ike out, 127.0.0.1 to 127.0.0.9: "));
	assert_true(has("packet filter: esp in, "));
	assert_true(has("packet filter: inner in, 10.254.2.0/24 to 10.254.1.0/24: "));
	assert_true(has("packet filter: inner out, 10.254.1.0/24 to 10.254.2.0/24: "));
}

TEST(programs_are_read_and_their_complaints_kept)
{
	static const char *const says[] = { "echo", "it", NULL },
				 *const complains[] = { "ls", "/nonexistent/file", NULL },
				 *const lacks[] = { "/nonexistent/program", NULL };
	char *why, *text = program_says(says, &why);

	assert_non_null(text);
	assert_string_equal(text, "it\n");
	assert_null(why);
	free(text);
	assert_null(program_says(complains, &why));
	assert_non_null(strstr(why, "/nonexistent/file"));
	free(why);
	assert_null(program_says(lacks, NULL));
}

/* A program that hangs is given up, with what it has started, and is not asked again. */
TEST(a_program_that_hangs_is_given_up)
{
	static const char *const hangs[] = { "sh", "-c", "echo half; sleep 60 & wait", NULL };
	ns_t begun = patience_now();
	char *why;

	assert_null(program_says(hangs, NULL));
	assert_true(patience_now() - begun < PATIENCE + NS_S);
	assert_string_equal(patience_news(), "sh");
	assert_null(patience_news());
	begun = patience_now();
	assert_null(program_says(hangs, &why));
	assert_string_equal(why, "sh does not end");
	free(why);
	assert_true(patience_now() - begun < NS_S);
}

TEST(names_of_this_host_are_looked_up)
{
	struct name_found found;

	name_look_up("localhost", &found);
	assert_string_equal(found.why, "");
	assert_true(found.n > 0);
	assert_true(found.addr[0].family == 4 || found.addr[0].family == 6);
	assert_false(name_is_silent());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_a_peer_that_may_be_anywhere_no_route_is_looked_up),
		cmocka_unit_test(addresses_of_this_host_are_known),
		cmocka_unit_test(networks_that_are_the_same_at_both_ends_are_told),
		cmocka_unit_test(the_packet_filter_is_asked_about_each_kind_of_packet),
		cmocka_unit_test(programs_are_read_and_their_complaints_kept),
		cmocka_unit_test(a_program_that_hangs_is_given_up),
		cmocka_unit_test(names_of_this_host_are_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
