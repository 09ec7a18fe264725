/* The diagnosis as it runs along: when it speaks, to whom, and when it is silent again. */
#include "base/test.h"
#include "diag/words.h"

#include <stdio.h>
#include <stdlib.h>

static struct diag d;
static struct now now;
static char said[16][512];
static unsigned n_said;
static uint32_t asked;

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	if (n_said < COUNT(said))
		event_line(e, false, said[n_said++], sizeof(said[0]));
	asked = e->about.request;
}
static const struct event_sink out = { take, NULL };
static void told(void *ctx, const struct event *e)
{
	(void)ctx;
	diag_take(&d, e);
}
static const struct event_sink in = { told, NULL };
static const struct event_about about = { .conn = "vpn", .serial = 1, .request = 7 };

static void begin(void)
{
	now = (struct now){ .mono = NS_S, .wall = NS_S };
	n_said = 0;
	diag_init(&d);
}

static void pass(ns_t ns)
{
	now.mono += ns;
	now.wall += ns;
	if (diag_due(&d) <= now.mono)
		diag_turn(&d, now, &out);
}

static bool said_so(const char *what)
{
	for (unsigned i = 0; i < n_said; i++)
		if (strstr(said[i], what))
			return true;
	return false;
}

static void send_first(void)
{
	EMIT(&in, now, &about, v2_initiate, );
	EMIT(&in, now, &about, v2_init_sent, .state = ev_str("STATE_PARENT_I1"));
}

TEST(silence_is_a_finding_after_three_seconds)
{
	begin();
	send_first();
	pass(2 * NS_S);
	assert_int_equal(n_said, 0);
	pass(NS_S);
	assert_true(said_so("[ike-udp500-blocked]"));
	assert_int_equal(asked, 7);
	diag_done(&d);
}

TEST(what_was_said_is_not_said_again)
{
	unsigned before;

	begin();
	send_first();
	pass(3 * NS_S);
	before = n_said;
	EMIT(&in, now, &about, v2_timeout, .state = ev_str(""), .exchange = ev_str(""),
		.seconds = ev_str("3"), .hint = ev_str(""));
	pass(NS_S);
	assert_int_equal(n_said, before);
	diag_done(&d);
}

TEST(a_request_that_ends_has_its_verdict_first)
{
	begin();
	send_first();
	EMIT(&in, now, &about, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
		.ours = ev_str("a"), .theirs = ev_str("b"));
	diag_ending(&d, 7, now, &out);
	assert_true(said_so("[psk-mismatch-v2]"));
	assert_int_equal(asked, 7);
	diag_done(&d);
}

TEST(a_tunnel_that_is_up_clears_what_was_found)
{
	begin();
	send_first();
	pass(3 * NS_S);
	EMIT(&in, now, &about, v2_child_established, .role = ev_str("initiator"),
		.verb = ev_str("established"), .old = ev_str(""), .mode = ev_str("tunnel"),
		.ts_local = ev_str(""), .ts_remote = ev_str(""), .esp = ev_str("ESP"),
		.xfrm = ev_str(""), .natd = ev_str(""), .dpd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
	n_said = 0;
	pass(NS_S);
	assert_true(said_so("no longer"));
	diag_done(&d);
}

TEST(strangers_cannot_fill_the_memory)
{
	begin();
	for (uint32_t i = 0; i < 1000; i++)
		EMIT(&in, now, NULL, v2_no_sa,
			.remote = ev_ep((struct endpoint){ addr_v4(i + 1), 500 }),
			.exchange = ev_str("INFORMATIONAL"));
	assert_true(d.n <= STRANGERS_MAX);
	diag_done(&d);
}

/* Told with a name instead of what they are about, by who loads. */
TEST(an_event_that_names_a_connection_is_of_its_story)
{
	struct event_about asking = { .request = 9 };
	struct memory *m;

	begin();
	EMIT(&in, now, &asking, conn_unknown, .name = ev_str("office"));
	assert_int_equal(d.n, 1);
	m = container_of(d.stories.next, struct memory, node);
	assert_string_equal(m->conn, "office");
	assert_int_equal(m->request, 9);
	diag_done(&d);
}

TEST(what_is_about_the_host_has_one_memory_and_strangers_leave_it_alone)
{
	begin();
	EMIT(&in, now, NULL, kernel_flushed, .what = ev_str("SAs"),
		.what_now = ev_str("tunnels are made anew"));
	EMIT(&in, now, NULL, secrets_missing_file, .file = ev_str("/etc/ipsec.secrets"),
		.why = ev_str("No such file or directory"));
	assert_int_equal(d.n, 1);
	for (uint32_t i = 0; i < 1000; i++)
		EMIT(&in, now, NULL, v2_no_sa,
			.remote = ev_ep((struct endpoint){ addr_v4(i + 1), 500 }),
			.exchange = ev_str("INFORMATIONAL"));
	assert_true(d.n <= STRANGERS_MAX + 1);
	diag_report(&d, NULL, 0, now, &out);
	assert_true(said_so("[foreign-xfrm-writer]"));
	n_said = 0;
	diag_report(&d, "vpn", 0, now, &out);
	assert_true(said_so("[foreign-xfrm-writer]"));
	diag_done(&d);
}

static const char *proven_of(struct memory *m)
{
	static struct story s;
	static const char *good[PROVEN_MAX];

	story_open(m, now, &s);
	return proven(&s, good) ? good[0] : "nothing";
}

/* An authenticated refusal proves the secret, one that is not authenticated does not. */
TEST(what_the_peer_could_only_say_with_the_secret_proves_it)
{
	struct memory *m;

	begin();
	EMIT(&in, now, &about, v1_main_i3_sent, .state = ev_str("STATE_MAIN_I3"));
	EMIT(&in, now, &about, v1_psk_suspected, .state = ev_str("STATE_MAIN_I3"),
		.why = ev_str(""), .sign = ev_str("repeats"));
	m = container_of(d.stories.next, struct memory, node);
	assert_null(strstr(proven_of(m), "secret"));
	EMIT(&in, now, &about, v1_rejected, .state = ev_str("STATE_MAIN_I3"),
		.notify = ev_str("INVALID_ID_INFORMATION"), .ours = ev_str("a"),
		.theirs = ev_str("b"));
	assert_non_null(strstr(proven_of(m), "your secret"));
	diag_done(&d);
}

/* ---- fixes in the words of who makes them ---- */

static bool writes(enum fix_where where, const char *side, const char *keyword, const char *value,
	const char *line)
{
	static const struct story s;
	struct finding f = { .n_fix = 0 };
	char t[2 * FIX_MAX];

	finding_conn(&f, where, side, keyword, "%s", value);
	return strcmp(fix_line(&s, &f.fix[0], t, sizeof(t)), line) == 0;
}

TEST(a_line_is_written_in_the_words_of_its_file)
{
	assert_true(writes(FIX_HERE, "", "ike", "aes256-sha2", "ike=aes256-sha2"));
	assert_true(writes(FIX_PEER_LIBRESWAN, "left", "id", "@a", "leftid=@a"));
	assert_true(writes(FIX_HERE, "left", "", "%defaultroute", "left=%defaultroute"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "ike", "aes256", "proposals = aes256"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2", "version = 2"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "auto", "add", "start_action = none"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "local", "id", "a", "local { id = a }"));
	assert_true(writes(
		FIX_PEER_STRONGSWAN, "remote", "subnet", "10.0.1.0/24", "remote_ts = 10.0.1.0/24"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "mark", "7", "what ipsec.conf has as mark=7"));
}

TEST(a_cisco_has_wildcards_and_types_of_identities)
{
	struct finding f = { .n_fix = 0 };

	cisco_nets(&f, "10.0.2.0/23", "10.0.1.0/24");
	cisco_nets(&f, "2001:db8::/64", "10.0.1.0/24"); /* nothing */
	cisco_nets(&f, "10.0.2.0/23,10.9.0.0/16", "10.0.1.0/24");
	assert_int_equal(f.n_fix, 1);
	assert_non_null(strstr(f.fix[0].text, "permit ip 10.0.2.0 0.0.1.255 10.0.1.0 0.0.0.255"));
	f.n_fix = 0;
	cisco_id(&f, true, "@gw.example.com");
	cisco_id(&f, false, "192.0.2.1");
	assert_non_null(strstr(f.fix[0].text, "identity local fqdn gw.example.com"));
	assert_non_null(strstr(f.fix[1].text, "match identity remote address 192.0.2.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_a_finding_after_three_seconds),
		cmocka_unit_test(what_was_said_is_not_said_again),
		cmocka_unit_test(a_request_that_ends_has_its_verdict_first),
		cmocka_unit_test(a_tunnel_that_is_up_clears_what_was_found),
		cmocka_unit_test(strangers_cannot_fill_the_memory),
		cmocka_unit_test(an_event_that_names_a_connection_is_of_its_story),
		cmocka_unit_test(
			what_is_about_the_host_has_one_memory_and_strangers_leave_it_alone),
		cmocka_unit_test(what_the_peer_could_only_say_with_the_secret_proves_it),
		cmocka_unit_test(a_line_is_written_in_the_words_of_its_file),
		cmocka_unit_test(a_cisco_has_wildcards_and_types_of_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
