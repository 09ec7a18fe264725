/* The diagnosis as it runs along: when it speaks, to whom, and when it is silent again. */
#include "base/test.h"
#include "diag/drift.h"

#include <stdio.h>
#include <stdlib.h>

static struct diag d;
static struct now now;
static char said[64][768];
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

static unsigned count_said(const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_said; i++)
		n += strstr(said[i], what) != NULL;
	return n;
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
	assert_true(said_so("evidence: "));
	assert_false(said_so("(event")); /* it has no number */
	diag_done(&d);
}

static void comes_up(void)
{
	EMIT(&in, now, &about, v1_child_established, .mode = ev_str("tunnel"), .natd = ev_str(""));
	pass(NS_S);
}

/* Its state goes at once; whether it comes back by itself is known a second later. */
TEST(a_peer_that_died_is_told_of_though_its_state_is_deleted)
{
	begin();
	comes_up();
	pass(NS_S);
	EMIT(&in, now, &about, v2_timeout, .state = ev_str("STATE_V2_ESTABLISHED_IKE_SA"),
		.exchange = ev_str(""), .seconds = ev_str("2"), .hint = ev_str(""));
	EMIT(&in, now, &about, v2_deleting, .state = ev_str("STATE_V2_ESTABLISHED_IKE_SA"),
		.age = ev_str("3"), .sending = ev_str("NOT sending notification"),
		.by = ev_str("us"));
	pass(NS_S / 2);
	assert_int_equal(n_said, 0);
	pass(NS_S);
	assert_true(said_so("[dpd-no-recovery]"));
	diag_done(&d);
}

/* That something else was to be judged before does not end the wait. */
TEST(silence_is_found_though_something_else_was_judged_in_between)
{
	begin();
	EMIT(&in, now, &about, conn_added, .name = ev_str("vpn"));
	send_first();
	pass(NS_S);
	assert_int_equal(n_said, 0);
	pass(2 * NS_S);
	assert_true(said_so("[ike-udp500-blocked]"));
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

TEST(who_asks_for_what_is_tried_already_is_told_what_is_known)
{
	static const struct event_about joins = { .conn = "vpn", .request = 8 };

	begin();
	send_first();
	pass(3 * NS_S);
	n_said = 0;
	EMIT(&in, now, &joins, conn_joined, .with = ev_u64(7));
	pass(NS_S);
	assert_true(said_so("[ike-udp500-blocked]"));
	assert_int_equal(asked, 8);
	diag_done(&d);
}

/* Two connections of the same two ends: the second has no attempt of its own. */
TEST(who_waits_for_the_ike_sa_of_another_connection_is_told_of_it)
{
	static const struct event_about second = { .conn = "lan", .serial = 2, .request = 8 };

	begin();
	EMIT(&in, now, &second, v2_initiate, );
	EMIT(&in, now, &second, v2_init_sent, .state = ev_str("STATE_PARENT_I1"));
	pass(3 * NS_S);
	assert_true(said_so("[ike-udp500-blocked]"));
	send_first();
	EMIT(&in, now, &second, v2_child_initiate, .ike = ev_u64(1));
	pass(NS_S);
	n_said = 0;
	EMIT(&in, now, &about, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
		.ours = ev_str("a"), .theirs = ev_str("b"));
	diag_ending(&d, 8, now, &out);
	assert_int_equal(asked, 8);
	assert_int_equal(count_said("[psk-mismatch-v2]"), 1);
	assert_false(said_so("[ike-udp500-blocked]")); /* of its own attempt before */
	diag_ending(&d, 7, now, &out);
	assert_int_equal(asked, 7);
	assert_int_equal(count_said("[psk-mismatch-v2]"), 2);
	diag_done(&d);
}

static void loads(const char *digest)
{
	struct event facts = { .id = EV_conn_facts, .about = { .conn = "vpn" }, .at = now };

	EMIT(&in, now, &about, conn_added, .name = ev_str("vpn"));
	for (unsigned i = 0; i < event_kind(EV_conn_facts)->n; i++)
		facts.row[i] = event_kind(EV_conn_facts)->field[i].type == EVENT_TYPE_str
				       ? ev_str(strcmp(event_kind(EV_conn_facts)->field[i].name,
							"digest") == 0
							 ? digest
							 : "")
				       : ev_u64(0);
	diag_take(&d, &facts);
}

/* What was refused was what it was then. */
TEST(a_connection_that_is_edited_and_loaded_has_no_finding_of_before)
{
	begin();
	loads("aa");
	send_first();
	EMIT(&in, now, &about, v2_init_refused, .notify = ev_str("NO_PROPOSAL_CHOSEN"),
		.payloads = ev_str("N"), .missing = ev_str(""), .offered = ev_str(""),
		.ours_conf = ev_str("aes128"), .ours_swanctl = ev_str(""));
	pass(NS_S);
	assert_true(said_so("[ike-proposal-mismatch]"));
	for (unsigned i = 0; i < 2; i++) {
		n_said = 0;
		loads(i ? "bb" : "aa"); /* as it was, then edited */
		pass(NS_S);
		assert_true(!i || said_so("no longer"));
		n_said = 0;
		diag_report(&d, NULL, 7, now, &out);
		assert_int_equal(count_said("[ike-proposal-mismatch]"), !i);
	}
	diag_done(&d);
}

/* The file of secrets is the host's, so its story is another one. */
TEST(a_secret_that_is_written_is_missing_no_longer)
{
	begin();
	send_first();
	EMIT(&in, now, &about, v2_no_secret, .ours = ev_str("@west"), .theirs = ev_str("@east"),
		.why = ev_str(""));
	pass(NS_S);
	assert_true(said_so("[psk-not-found-locally]"));
	for (unsigned i = 0; i < 2; i++) { /* read again as it was, then written */
		EMIT(&in, now, NULL, secrets_loading, .file = ev_str("/etc/ipsec.secrets"),
			.written = ev_u64(i ? (uint64_t)(now.wall / NS_S) : 0));
		pass(NS_S);
		n_said = 0;
		diag_report(&d, NULL, 7, now, &out);
		assert_int_equal(count_said("[psk-not-found-locally]"), i ? 0 : 1);
	}
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

static void knocks(enum event_id id, uint32_t from, const char *nearest)
{
	const struct endpoint remote = { addr_v4(from), 500 }, local = { addr_v4(0xc0000201), 500 };

	if (id == EV_v2_no_connection)
		EMIT(&in, now, NULL, v2_no_connection, .remote = ev_ep(remote),
			.local = ev_ep(local), .why = ev_str(""), .kind = ev_str("address"),
			.nearest = ev_str(nearest), .expected = ev_str(""));
	else
		EMIT(&in, now, NULL, v1_no_connection, .remote = ev_ep(remote),
			.local = ev_ep(local), .mode = ev_str("Aggressive Mode"), .why = ev_str(""),
			.kind = ev_str(nearest[0] ? "mode" : "address"), .nearest = ev_str(nearest),
			.expected = ev_str(""), .id = ev_str(""), .wanted = ev_str(""));
}

/* Who looks around in the Internet is told of a few times, and is one finding of all in the report.
 */
TEST(strangers_are_no_list_of_findings)
{
	begin();
	for (uint32_t i = 0; i < 500; i++) {
		knocks(EV_v2_no_connection, 0xc6336400 + i, "");
		pass(NS_S);
	}
	assert_int_equal(count_said("diagnosis:"), 3);
	assert_int_equal(count_said("possible: "), 3);
	assert_true(said_so("198.51.100.0 begins with"));
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(count_said("diagnosis:"), 1);
	assert_true(said_so("possible: "));
	assert_true(said_so("; 63 others likewise: "));
	n_said = 0;
	diag_report(&d, "vpn", 7, now, &out);
	assert_int_equal(n_said, 0);
	pass(901 * NS_S);
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(n_said, 0);
	diag_done(&d);
}

/* A program that has this host as its peer does not give up. */
TEST(a_stranger_that_comes_again_is_likely_a_peer_though_others_look_around)
{
	begin();
	for (uint32_t i = 0; i < 50; i++) {
		knocks(EV_v2_no_connection, 0xc6336400 + i, "");
		pass(NS_S);
	}
	n_said = 0;
	for (unsigned i = 0; i < 4; i++) {
		knocks(EV_v2_no_connection, 0xcb007101, "");
		pass(5 * NS_S);
	}
	assert_int_equal(count_said("diagnosis:"), 0); /* the cause is the same, it was said */
	diag_report(&d, NULL, 7, now, &out);
	assert_true(said_so("likely: 203.0.113.1 begins with"));
	diag_done(&d);
}

static void facts(const char *theirs)
{
	struct event e = { .id = EV_conn_facts, .about = about, .at = now };
	const struct event_kind *k = event_kind(EV_conn_facts);
	union ev_conn_facts row = { 0 };

	row.theirs = ev_str(theirs);
	row.our_side = ev_str("left");
	row.type = ev_str("transport");
	for (unsigned i = 0; i < k->n; i++)
		if (!row.row[i].type)
			row.row[i] = k->field[i].type == EVENT_TYPE_str ? ev_str("") : ev_u64(0);
	memcpy(e.row, row.row, sizeof(e.row));
	diag_take(&d, &e);
}

/* Anybody can send a first message that fits no connection: of one that is up it says nothing. */
TEST(a_stranger_is_no_fault_of_the_connection_that_it_is_nearest_to)
{
	begin();
	facts("198.51.100.1");
	comes_up();
	knocks(EV_v1_no_connection, 0xc6336401, "vpn");
	pass(NS_S);
	assert_int_equal(asked, 0);
	n_said = 0;
	diag_report(&d, "vpn", 7, now, &out);
	assert_int_equal(n_said, 0);
	diag_report(&d, NULL, 7, now, &out);
	assert_true(said_so("likely: "));
	assert_true(said_so("it comes from 198.51.100.1 [v1-mode-mismatch]"));
	assert_false(said_so("\"vpn\": "));
	assert_true(said_so("in conn vpn of /etc/ipsec.conf write: aggressive=yes"));
	diag_done(&d);
}

/* Its first message alone is answered, whoever sent it: until more follows it changes nothing. */
TEST(a_forged_first_message_moves_nothing_of_a_tunnel_that_is_up)
{
	struct event_about forged = about;
	static struct story story;

	begin();
	facts("198.51.100.1");
	comes_up();
	for (forged.serial = 100; forged.serial < 300; forged.serial++) {
		EMIT(&in, now, &forged, v2_init_answered, .suite = ev_str(""));
		EMIT(&in, now, &forged, v2_half_open_end, .state = ev_str("STATE_PARENT_R1"),
			.seconds = ev_str("30"));
	}
	pass(NS_S);
	assert_int_equal(n_said, 0);
	assert_true(diag_story(&d, "vpn", now, &story));
	assert_true(story_is_up(&story));
	/* one that goes on is another story */
	EMIT(&in, now, &forged, v2_init_answered, .suite = ev_str(""));
	EMIT(&in, now, &forged, v2_auth_processing, .payloads = ev_str(""));
	assert_true(diag_story(&d, "vpn", now, &story));
	assert_false(story_is_up(&story));
	assert_int_equal(story_count(&story, EV_v2_init_answered), 1);
	diag_done(&d);
}

TEST(of_a_connection_that_is_down_it_is_one_and_of_one_for_anybody_it_is_not)
{
	static const char *const theirs[] = { "198.51.100.1", "%any" };

	for (size_t i = 0; i < COUNT(theirs); i++) {
		begin();
		facts(theirs[i]);
		knocks(EV_v1_no_connection, 0xc6336401, "vpn");
		pass(NS_S);
		n_said = 0;
		diag_report(&d, "vpn", 7, now, &out);
		assert_int_equal(count_said("certain: "), i == 0);
		assert_int_equal(count_said("diagnosis:"), i == 0);
		diag_done(&d);
	}
}

/* A flood from anywhere is one fault of this host, and drives nothing else out. */
TEST(a_flood_is_one_finding_of_the_host)
{
	begin();
	EMIT(&in, now, NULL, kernel_flushed, .what = ev_str("SAs"), .what_now = ev_str(""),
		.program = ev_str(""), .pid = ev_str(""), .unit = ev_str(""));
	for (uint32_t i = 0; i < 1000; i++)
		EMIT(&in, now, NULL, v2_too_many_half_open,
			.remote = ev_ep((struct endpoint){ addr_v4(i + 1), 500 }),
			.limit = ev_u64(20));
	assert_int_equal(d.n, 1);
	pass(NS_S);
	assert_int_equal(count_said("[half-open-or-rate-limit]"), 1);
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_true(said_so("[foreign-xfrm-writer]"));
	pass(901 * NS_S);
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_false(said_so("[half-open-or-rate-limit]"));
	diag_done(&d);
}

TEST(a_stranger_has_a_story_of_its_own)
{
	const struct addr one = addr_v4(0xc0000201), other = addr_v4(0xc0000202);
	struct story *s;

	begin();
	EMIT(&in, now, NULL, v2_no_proposal, .remote = ev_ep((struct endpoint){ one, 500 }),
		.offered = ev_str("AES_CBC_128"), .allowed = ev_str("AES_GCM_16_256"),
		.difference = ev_str("ENCR"), .theirs = ev_str("AES_CBC_128"),
		.ours = ev_str("AES_GCM_16_256"), .theirs_conf = ev_str("aes128"),
		.ours_conf = ev_str("aes_gcm256"), .ours_swanctl = ev_str("aes256gcm16"),
		.legacy = ev_str(""), .product = ev_str(""));
	EMIT(&in, now, NULL, v2_no_sa, .remote = ev_ep((struct endpoint){ other, 500 }),
		.exchange = ev_str("INFORMATIONAL"));
	s = diag_stranger(&d, &one, now);
	assert_non_null(s);
	assert_int_equal(s->n, 1);
	free(s);
	assert_null(diag_stranger(&d, &(struct addr){ 0 }, now));
	diag_report_stranger(&d, &other, now, &out);
	assert_int_equal(n_said, 0);
	diag_report_stranger(&d, &one, now, &out);
	assert_true(said_so("[ike-proposal-mismatch]"));
	diag_done(&d);
}

/* Told with a name instead of what they are about, by who loads. */
TEST(who_comes_up_is_no_stranger_any_more)
{
	const struct event_about nobody = { 0 };
	struct endpoint remote = { .port = 500 }, other;

	assert_int_equal(addr_parse("198.51.100.1", &remote.addr), OK);
	other = remote;
	assert_int_equal(addr_parse("198.51.100.2", &other.addr), OK);
	begin();
	EMIT(&in, now, &nobody, v1_policy_drop, .remote = ev_ep(remote), .policy = ev_str("drop"),
		.nearest = ev_str(""));
	EMIT(&in, now, &nobody, v1_policy_drop, .remote = ev_ep(other), .policy = ev_str("drop"),
		.nearest = ev_str(""));
	pass(NS_S);
	EMIT(&in, now, &about, v2_init_answered, .suite = ev_str(""), .remote = ev_ep(remote));
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(d.n, 3);
	EMIT(&in, now, &about, v2_child_established, .old = ev_str(""), .natd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
	assert_int_equal(d.n, 2);
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_true(said_so("[ikev1-disabled-by-default]")); /* of the other one */
	diag_done(&d);
}

/* A client with an address that is lent is another instance in each attempt. */
TEST(an_instance_that_comes_up_clears_what_another_was_refused)
{
	struct event_about first = about, second = about;
	struct endpoint remote = { .port = 500 }, other;

	assert_int_equal(addr_parse("198.51.100.1", &remote.addr), OK);
	assert_int_equal(addr_parse("198.51.100.2", &other.addr), OK);
	other.port = 500;
	first.instance = 1;
	second.instance = 2;
	begin();
	for (unsigned i = 1; i <= 2; i++) {
		EMIT(&in, now, i == 1 ? &first : &second, v2_init_answered, .suite = ev_str(""),
			.remote = ev_ep(i == 1 ? remote : other));
		EMIT(&in, now, i == 1 ? &first : &second, v2_cp_required, .pool = ev_str("here"));
	}
	pass(NS_S);
	assert_true(said_so("[cp-required]"));
	second.instance = 3;
	EMIT(&in, now, &second, v2_init_answered, .suite = ev_str(""), .remote = ev_ep(remote));
	EMIT(&in, now, &second, v2_child_established, .old = ev_str(""), .natd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
	n_said = 0;
	pass(NS_S);
	assert_true(said_so("no longer"));
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(count_said("[cp-required]"), 1); /* of the other one */
	EMIT(&in, now, NULL, conn_deleted, .name = ev_str("vpn"));
	assert_int_equal(d.n, 0);
	diag_done(&d);
}

static void established(const struct event_about *who)
{
	EMIT(&in, now, who, v2_ike_established, .role = ev_str("responder"),
		.method = ev_str("secret"), .id_type = ev_str("ID_FQDN"), .id = ev_str("@west"));
	EMIT(&in, now, who, v2_child_established, .old = ev_str(""), .natd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
}

/* It was mended so soon that nobody was told of it yet. */
TEST(an_instance_that_comes_up_at_once_clears_what_was_not_told_yet)
{
	struct event_about first = about, second = about;
	struct endpoint remote = { .port = 500 };

	assert_int_equal(addr_parse("198.51.100.1", &remote.addr), OK);
	first.instance = 1;
	second.instance = 2;
	begin();
	EMIT(&in, now, &first, v2_init_answered, .suite = ev_str(""), .remote = ev_ep(remote));
	EMIT(&in, now, &first, v2_cp_required, .pool = ev_str("here"));
	pass(NS_S / 10);
	EMIT(&in, now, &second, v2_init_answered, .suite = ev_str(""), .remote = ev_ep(remote));
	established(&second);
	pass(NS_S);
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(n_said, 0);
	diag_done(&d);
}

/* The connection that is meant for it was not loaded, so another one was asked. */
TEST(who_comes_up_by_its_own_connection_is_no_fault_of_another)
{
	struct event_about other = about, own = about;
	struct endpoint remote = { .port = 500 };

	assert_int_equal(addr_parse("198.51.100.1", &remote.addr), OK);
	other.conn = "other";
	begin();
	for (unsigned i = 0; i < 2; i++) {
		EMIT(&in, now, &other, v2_init_answered, .suite = ev_str(""),
			.remote = ev_ep(remote));
		EMIT(&in, now, &other, v2_id_refused, .id = ev_str(i ? "@north" : "@west"),
			.asked = ev_str(""), .wanted = ev_str("@south"), .ours = ev_str("@east"));
		pass(NS_S);
		assert_true(said_so("[id-mismatch]"));
		EMIT(&in, now, &own, v2_init_answered, .suite = ev_str(""),
			.remote = ev_ep(remote));
		established(&own);
		pass(NS_S);
		n_said = 0;
		diag_report(&d, NULL, 7, now, &out);
		assert_int_equal(count_said("[id-mismatch]"), i); /* @north is still nobody */
	}
	diag_done(&d);
}

/* A client that tries again is another instance each time: it has one finding, the last. */
TEST(an_instance_that_tries_again_is_judged_by_its_last_try)
{
	struct event_about try = about;
	struct endpoint remote = { .port = 500 };

	assert_int_equal(addr_parse("198.51.100.1", &remote.addr), OK);
	begin();
	for (try.instance = 1; try.instance <= 4; try.instance++) {
		EMIT(&in, now, &try, v2_init_answered, .suite = ev_str(""),
			.remote = ev_ep(remote));
		EMIT(&in, now, &try, v2_auth_processing, .payloads = ev_str(""));
		EMIT(&in, now, &try, v2_cp_required, .pool = ev_str("here"));
		pass(NS_S);
		assert_int_equal(count_said("[cp-required]"), 1);
		assert_false(said_so("no longer"));
	}
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(count_said("[cp-required]"), 1);
	n_said = 0;
	EMIT(&in, now, &try, v2_init_answered, .suite = ev_str(""), .remote = ev_ep(remote));
	EMIT(&in, now, &try, v2_auth_processing, .payloads = ev_str(""));
	EMIT(&in, now, &try, v2_child_established, .old = ev_str(""), .natd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
	pass(NS_S);
	assert_int_equal(count_said("no longer"), 1);
	n_said = 0;
	diag_report(&d, NULL, 7, now, &out);
	assert_int_equal(n_said, 0);
	diag_done(&d);
}

/* A session of Windows with a server behind a NAT, which it deletes. */
static void windows(uint32_t instance, uint64_t octets)
{
	struct event_about at = { .conn = "vpn", .serial = instance, .instance = instance };
	struct endpoint remote = { .port = 500 };

	assert_int_equal(addr_parse("203.0.113.9", &remote.addr), OK);
	EMIT(&in, now, &at, v1_responding, .mode = ev_str("Main Mode"), .serial = ev_str(""),
		.name = ev_str("vpn"), .source = ev_str(""), .remote = ev_ep(remote));
	EMIT(&in, now, &at, v1_nat, .method = ev_str(""), .what = ev_str(""), .nat = ev_str("us"),
		.product = ev_str("Microsoft"), .remote = ev_ep(remote));
	EMIT(&in, now, &at, v1_child_established, .mode = ev_str("transport"), .natd = ev_str(""));
	EMIT(&in, now, &at, v1_delete_child, );
	EMIT(&in, now, &at, child_traffic, .in = ev_u64(octets), .out = ev_u64(octets));
	pass(NS_S);
}

TEST(what_an_instance_was_found_for_is_over_when_its_peer_has_come_again)
{
	begin();
	facts("%any");
	windows(1, 0);
	assert_true(said_so("[windows-nat-registry]"));
	n_said = 0;
	windows(2, 700);
	assert_true(said_so("no longer: windows-nat-registry"));
	diag_done(&d);
}

TEST(an_event_that_names_a_connection_is_of_its_story)
{
	struct event_about asking = { .request = 9 };
	struct memory *m;

	begin();
	EMIT(&in, now, &asking, conn_unknown, .name = ev_str("office"), .nearest = ev_str(""));
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
		.what_now = ev_str("tunnels are made anew"), .program = ev_str(""),
		.pid = ev_str(""), .unit = ev_str(""));
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

/* Who was refused before its connection was right is no stranger any more. */
TEST(who_tries_again_is_told_again)
{
	struct event_about again = about;

	begin();
	EMIT(&in, now, &about, v2_initiate, );
	EMIT(&in, now, &about, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
		.ours = ev_str("@a"), .theirs = ev_str("@b"));
	pass(NS_S);
	assert_true(said_so("[psk-mismatch-v2]"));
	n_said = 0;
	EMIT(&in, now, &about, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
		.ours = ev_str("@a"), .theirs = ev_str("@b"));
	pass(NS_S);
	assert_int_equal(n_said, 0);
	again.request = 8;
	EMIT(&in, now, &again, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
		.ours = ev_str("@a"), .theirs = ev_str("@b"));
	pass(NS_S);
	assert_true(said_so("[psk-mismatch-v2]"));
	assert_int_equal(asked, 8);
	n_said = 0;
	for (again.request = 9; again.request <= 10; again.request++) /* two, before it is judged */
		EMIT(&in, now, &again, v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"),
			.ours = ev_str("@a"), .theirs = ev_str("@b"));
	pass(NS_S);
	assert_true(said_so("[psk-mismatch-v2]"));
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

TEST(what_is_seen_in_passing_is_said_once_and_goes_away)
{
	begin();
	EMIT(&in, now, &about, v2_child_established, .old = ev_str(""), .natd = ev_str(""),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""), .role = ev_str("initiator"));
	pass(NS_S);
	for (unsigned i = 0; i < 3; i++) {
		pass(60 * NS_S);
		EMIT(&in, now, &about, child_silent, .asked = ev_u64(60 * (i + 1)),
			.heard = ev_u64(3));
		pass(NS_S);
	}
	assert_true(said_so("carries nothing"));
	for (unsigned i = 0, n = 0; i < n_said; i++) {
		n += strstr(said[i], "carries nothing") != NULL;
		assert_true(n < 2);
	}
	n_said = 0;
	EMIT(&in, now, &about, child_answered, );
	pass(NS_S);
	assert_true(said_so("no longer: esp-blocked"));
	diag_done(&d);
}

static void worked(const char *ike)
{
	EMIT(&in, now, &about, last_good, .worked_at = ev_u64((uint64_t)(now.wall / NS_S)),
		.ike = ev_str(ike));
}

TEST(how_it_worked_is_news_when_it_changes_or_is_a_day_old)
{
	struct event e = { .id = EV_last_good, .about = about };
	union ev_last_good row = { 0 };

	begin();
	row.worked_at = ev_u64(1);
	row.ike = ev_str("aes256");
	for (unsigned i = 0; i < event_kind(EV_last_good)->n; i++)
		if (!row.row[i].type)
			row.row[i] = ev_str("");
	memcpy(e.row, row.row, sizeof(e.row));
	assert_false(diag_knows_good(&d, &e));
	worked("aes256");
	assert_true(diag_knows_good(&d, &e));
	e.row[0] = ev_u64(1 + 86400);
	assert_false(diag_knows_good(&d, &e));
	e.row[0] = ev_u64(2);
	worked("aes128");
	assert_false(diag_knows_good(&d, &e));
	worked("aes256");
	assert_true(diag_knows_good(&d, &e));
	diag_forget_good(&d, "vpn");
	assert_false(diag_knows_good(&d, &e));
	diag_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_a_finding_after_three_seconds),
		cmocka_unit_test(a_peer_that_died_is_told_of_though_its_state_is_deleted),
		cmocka_unit_test(silence_is_found_though_something_else_was_judged_in_between),
		cmocka_unit_test(what_was_said_is_not_said_again),
		cmocka_unit_test(who_asks_for_what_is_tried_already_is_told_what_is_known),
		cmocka_unit_test(who_waits_for_the_ike_sa_of_another_connection_is_told_of_it),
		cmocka_unit_test(a_connection_that_is_edited_and_loaded_has_no_finding_of_before),
		cmocka_unit_test(a_secret_that_is_written_is_missing_no_longer),
		cmocka_unit_test(a_request_that_ends_has_its_verdict_first),
		cmocka_unit_test(a_tunnel_that_is_up_clears_what_was_found),
		cmocka_unit_test(strangers_cannot_fill_the_memory),
		cmocka_unit_test(strangers_are_no_list_of_findings),
		cmocka_unit_test(
			a_stranger_that_comes_again_is_likely_a_peer_though_others_look_around),
		cmocka_unit_test(a_stranger_is_no_fault_of_the_connection_that_it_is_nearest_to),
		cmocka_unit_test(a_forged_first_message_moves_nothing_of_a_tunnel_that_is_up),
		cmocka_unit_test(
			of_a_connection_that_is_down_it_is_one_and_of_one_for_anybody_it_is_not),
		cmocka_unit_test(a_flood_is_one_finding_of_the_host),
		cmocka_unit_test(who_comes_up_is_no_stranger_any_more),
		cmocka_unit_test(a_stranger_has_a_story_of_its_own),
		cmocka_unit_test(an_instance_that_comes_up_clears_what_another_was_refused),
		cmocka_unit_test(an_instance_that_comes_up_at_once_clears_what_was_not_told_yet),
		cmocka_unit_test(who_comes_up_by_its_own_connection_is_no_fault_of_another),
		cmocka_unit_test(an_instance_that_tries_again_is_judged_by_its_last_try),
		cmocka_unit_test(
			what_an_instance_was_found_for_is_over_when_its_peer_has_come_again),
		cmocka_unit_test(an_event_that_names_a_connection_is_of_its_story),
		cmocka_unit_test(
			what_is_about_the_host_has_one_memory_and_strangers_leave_it_alone),
		cmocka_unit_test(who_tries_again_is_told_again),
		cmocka_unit_test(what_the_peer_could_only_say_with_the_secret_proves_it),
		cmocka_unit_test(what_is_seen_in_passing_is_said_once_and_goes_away),
		cmocka_unit_test(how_it_worked_is_news_when_it_changes_or_is_a_day_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
