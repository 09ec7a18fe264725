#include "base/test.h"
#include "event/event.h"

#include <stdio.h>

static struct event last;
static char kept[2][256];

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	last = *e;
}

static const struct event_sink sink = { take, NULL };
static const struct now now = { .mono = 1, .wall = 1595296930 * NS_S };

TEST(one_emit_makes_line_and_json)
{
	const struct event_about about = { .conn = "vpn.example.com",
		.instance = 1,
		.peer = addr_v4(0xc0000202),
		.serial = 15,
		.request = 7 };
	char s[1024];

	EMIT(&sink, now, &about, v2_initiate, );
	assert_string_equal(event_line(&last, true, kept[0], sizeof(kept[0])),
		"181 \"vpn.example.com\"[1] 192.0.2.2 #15: initiating IKEv2 IKE SA");
	assert_true(event_json(&last, s, sizeof(s)));
	assert_string_equal(s, "{\"event\":\"v2_initiate\",\"code\":181,\"level\":\"info\","
			       "\"time\":1595296930.000000,"
			       "\"conn\":\"vpn.example.com\",\"instance\":1,\"peer\":\"192.0.2.2\","
			       "\"sa\":15,\"request\":7,"
			       "\"line\":\"181 \\\"vpn.example.com\\\"[1] 192.0.2.2 #15: "
			       "initiating IKEv2 IKE SA\"}");
}

TEST(event_survives_the_wire)
{
	uint8_t b[512];
	struct wr w = wr_to(b, sizeof(b));
	struct event back;
	struct rd r;

	EMIT(&sink, now, NULL, config_error, .file = ev_str("/etc/ipsec.conf"),
		.at_line = ev_u64(7), .what = ev_str("unknown keyword"), .name = ev_str("vpn"));
	assert_true(event_check(&last));
	event_put(&w, &last);
	r = rd_from(wr_view(&w));
	assert_int_equal(event_get(&r, &back), OK);
	assert_true(rd_end(&r));
	assert_string_equal(event_line(&back, true, kept[1], sizeof(kept[1])),
		"003 /etc/ipsec.conf:7: unknown keyword");
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(b, n));
		assert_int_not_equal(event_get(&r, &back), OK);
	}
}

TEST(names_are_unique_and_fields_fit)
{
	for (int a = 1; a < EV_END; a++) {
		assert_true(event_kind((enum event_id)a)->n <= EVENT_FIELDS_MAX);
		assert_int_equal(event_by_name(event_kind((enum event_id)a)->name), a);
	}
}

/* A {field} in a text that no field has would be printed with its braces. */
/* Members that every event has (json.c) cannot be fields: the second of two would be lost. */
TEST(no_field_hides_a_member_of_every_event)
{
	static const char *const members[] = { "event", "code", "level", "time", "seq", "conn",
		"instance", "peer", "sa", "request", "line" };

	for (enum event_id id = 1; id < EV_END; id++)
		for (unsigned i = 0; i < event_kind(id)->n; i++)
			for (size_t m = 0; m < COUNT(members); m++)
				if (strcmp(event_kind(id)->field[i].name, members[m]) == 0)
					fail_msg("%s has a field %s", event_kind(id)->name,
						members[m]);
}

TEST(texts_name_only_their_fields)
{
	for (int id = 1; id < EV_END; id++) {
		const struct event_kind *k = event_kind((enum event_id)id);
		struct event e = { .id = (enum event_id)id };

		for (unsigned i = 0; i < k->n; i++) {
			e.row[i].type = k->field[i].type;
			if (e.row[i].type == EVENT_TYPE_str)
				e.row[i].str = "";
		}
		event_line(&e, true, kept[0], sizeof(kept[0]));
		for (unsigned i = 0; i < k->n; i++) {
			char brace[64];

			snprintf(brace, sizeof(brace), "{%s}", k->field[i].name);
			assert_null(strstr(kept[0], brace));
		}
	}
}

TEST(sections_with_an_empty_field_are_left_out)
{
	const struct event_about about = {
		.conn = "vpn.example.com", .instance = 1, .peer = addr_v4(0xc0000201), .serial = 8
	};

	EMIT(&sink, now, &about, traffic_status, .type = ev_str("ESP"),
		.add_time = ev_u64(1595296930), .in_bytes = ev_u64(5999), .out_bytes = ev_u64(3231),
		.username = ev_str(""), .id = ev_str("@vpn.example.com"),
		.lease = ev_str("100.64.13.5/32"));
	assert_string_equal(event_line(&last, true, kept[0], sizeof(kept[0])),
		"006 #8: \"vpn.example.com\"[1] 192.0.2.1, type=ESP, add_time=1595296930, "
		"inBytes=5999, outBytes=3231, id='@vpn.example.com', lease=100.64.13.5/32");
	last.row[6] = ev_str("");
	assert_string_equal(event_line(&last, true, kept[0], sizeof(kept[0])),
		"006 #8: \"vpn.example.com\"[1] 192.0.2.1, type=ESP, add_time=1595296930, "
		"inBytes=5999, outBytes=3231, id='@vpn.example.com'");
}

TEST(hostile_text_is_escaped)
{
	char s[32];

	assert_string_equal(event_escape(bytes_str("a\"\n\\"), s, sizeof(s)), "a\\x22\\x0a\\x5c");
	assert_string_equal(event_escape(bytes_str("0123456789"), s, 8), "012");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_emit_makes_line_and_json),
		cmocka_unit_test(event_survives_the_wire),
		cmocka_unit_test(names_are_unique_and_fields_fit),
		cmocka_unit_test(no_field_hides_a_member_of_every_event),
		cmocka_unit_test(texts_name_only_their_fields),
		cmocka_unit_test(sections_with_an_empty_field_are_left_out),
		cmocka_unit_test(hostile_text_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
