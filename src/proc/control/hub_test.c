/* Events to clients: who gets which, and what a slow reader loses. What hub.c calls of the HTTP
 * server and the log stands here. */
#include "base/test.h"
#include "event/debug.h"
#include "proc/control/control.h"

#include <stdlib.h>

static unsigned logged, resumed;

void MHD_resume_connection(struct MHD_Connection *connection)
{
	(void)connection;
	resumed++;
}

void http_turn(struct control *c)
{
	(void)c;
}

void log_line(struct control *c, const struct event *e)
{
	(void)c;
	(void)e;
	logged++;
}

void log_news(struct control *c)
{
	(void)c;
}

static struct control *control_new(void)
{
	struct control *c = xalloc(sizeof(*c));

	list_init(&c->clients);
	diag_init(&c->diag);
	c->p.events = hub_sink(c);
	logged = resumed = 0;
	return c;
}

static void control_free(struct control *c)
{
	hub_done(c);
	free(c);
}

static void client_add(struct control *c, struct client *client)
{
	client->control = c;
	list_append(&c->clients, &client->node);
}

static void step(struct control *c)
{
	REQUEST_EMIT(&c->p, 0, v2_state, .from = ev_str("A"), .to = ev_str("B"));
}

static bool got(const struct client *client, const char *text)
{
	return client->out.n && memmem(client->out.p, client->out.n, text, strlen(text));
}

TEST(debug_events_pass_when_their_class_is_asked_for)
{
	struct control *c = control_new();

	step(c);
	assert_int_equal(c->seq, 0);
	c->debug = DEBUG_routing | DEBUG_crypt;
	step(c);
	assert_int_equal(c->seq, 0);
	c->debug |= DEBUG_base;
	step(c);
	assert_int_equal(c->seq, 1);
	assert_int_equal(logged, 1);
	control_free(c);
}

TEST(who_asked_gets_the_answer_and_others_the_events)
{
	struct control *c = control_new();
	struct client asker = { .request = 7, .is_suspended = true },
		      stream = { .is_stream = true };
	struct client other = { .request = 8 };

	client_add(c, &asker);
	client_add(c, &stream);
	client_add(c, &other);
	REQUEST_EMIT(&c->p, 7, conn_added, .name = ev_str("a"));
	REQUEST_EMIT(&c->p, 7, status_heading, .text = ev_str("for the asker"));
	assert_true(got(&asker, "conn_added") && got(&stream, "conn_added"));
	assert_true(got(&asker, "for the asker"));
	assert_false(got(&stream, "for the asker"));
	assert_int_equal(logged, 1);
	assert_int_equal(resumed, 1);
	hub_request_done(c, 7, 21);
	assert_true(asker.is_done && got(&asker, "\"exit\":21"));
	assert_false(stream.is_done || other.is_done);
	assert_int_equal(other.out.n, 0);
	buf_done(&asker.out);
	buf_done(&stream.out);
	control_free(c);
}

/* Three ask for the same one after another: all hear all, and each has its own end. */
TEST(who_waits_hears_what_is_said_to_who_joins)
{
	struct control *c = control_new();
	struct client first = { .request = 7 }, second = { .request = 8 }, third = { .request = 9 },
		      other = { .request = 6 };
	struct client *all[] = { &first, &second, &third, &other };

	for (size_t i = 0; i < COUNT(all); i++)
		client_add(c, all[i]);
	REQUEST_EMIT(&c->p, 8, conn_joined, .with = ev_u64(7));
	REQUEST_EMIT(&c->p, 9, conn_joined, .with = ev_u64(8));
	REQUEST_EMIT(&c->p, 9, v2_initiate, );
	for (size_t i = 0; i < 3; i++)
		assert_true(got(all[i], "v2_initiate"));
	assert_false(got(&other, "v2_initiate"));
	hub_request_done(c, 9, 31);
	assert_true(third.is_done && !first.is_done && !second.is_done);
	assert_false(got(&first, "request_done"));
	hub_request_done(c, 7, 31);
	assert_true(first.is_done && !second.is_done);
	for (size_t i = 0; i < COUNT(all); i++)
		buf_done(&all[i]->out);
	control_free(c);
}

TEST(a_slow_reader_loses_debug_events_first_and_is_told)
{
	struct control *c = control_new();
	struct client slow = { .is_stream = true };
	unsigned sent = 0;

	client_add(c, &slow);
	c->debug = DEBUG_base;
	while (slow.lost < 5 && sent++ < 100000)
		step(c);
	assert_int_equal(slow.lost, 5);
	REQUEST_EMIT(&c->p, 0, conn_added, .name = ev_str("a"));
	assert_true(got(&slow, "conn_added"));
	assert_false(got(&slow, "log_dropped"));
	slow.out_at = slow.out.n; /* it has read all */
	step(c);
	assert_true(got(&slow, "\"event\":\"log_dropped\""));
	assert_true(got(&slow, "\"n\":5"));
	assert_int_equal(slow.lost, 0);
	assert_false(slow.is_done);
	buf_done(&slow.out);
	control_free(c);
}

/* What the parent gives back, and whether it is known to the diagnosis then. */
static bool takes_record(struct control *c, const char *json)
{
	uint64_t bad = c->count[EV_last_good_bad];
	struct event e = { .id = EV_last_good, .about = { .conn = "vpn" } };

	for (unsigned i = 0; i < event_kind(e.id)->n; i++)
		e.row[i] = i == 0 ? ev_u64(5) : ev_str("");
	last_good_take(c, &(struct msg_good_record){ .conn = "vpn",
				  .file = "/var/lib/vpn.json",
				  .error = "",
				  .record = bytes_str(json) });
	assert_true(c->count[EV_last_good_bad] == bad || !diag_knows_good(&c->diag, &e));
	return c->count[EV_last_good_bad] == bad;
}

TEST(a_record_is_read_as_if_a_stranger_had_written_it)
{
	static const char *const bad[] = { "garbage", "[]", "{}", "{\"event\":\"request_done\"}",
		"{\"event\":\"last_good\"}", "{\"event\":\"last_good\",\"conn\":\"other\"}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"ike\":7}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"worked_at\":\"x\"}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"ike\":\"\\u001b[2J\"}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"ike\":\"\\u009b2J\"}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"conn\":\"vpn\"}",
		"{\"event\":\"last_good\",\"conn\":\"vpn\",\"instance\":3}" };
	struct control *c = control_new();
	char *large = xalloc(20 << 10);

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(takes_record(c, bad[i]));
	memset(large, ' ', (20 << 10) - 1);
	assert_false(takes_record(c, large));
	assert_true(
		takes_record(c, "{\"event\":\"last_good\",\"conn\":\"vpn\",\"ike\":\"aes256\"}"));
	assert_true(takes_record(c, "")); /* there is none */
	free(large);
	control_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debug_events_pass_when_their_class_is_asked_for),
		cmocka_unit_test(who_asked_gets_the_answer_and_others_the_events),
		cmocka_unit_test(who_waits_hears_what_is_said_to_who_joins),
		cmocka_unit_test(a_slow_reader_loses_debug_events_first_and_is_told),
		cmocka_unit_test(a_record_is_read_as_if_a_stranger_had_written_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
