#include "cmd/explain.h"

#include "base/test.h"

#include <stdio.h>

static enum event_id only(const char *line)
{
	enum event_id found[EXPLAIN_EVENTS_MAX] = { EV_NONE };

	return explain_line(line, found) == 1 ? found[0] : EV_NONE;
}

TEST(every_number_of_the_catalogue_is_explained)
{
	for (int id = 1; id < EV_END; id++) {
		const struct code *c = code_find(event_kind((enum event_id)id)->code);

		assert_non_null(c);
		assert_true(*c->meaning && *c->next);
	}
	assert_null(code_find(999));
}

TEST(a_state_leads_to_its_number)
{
	const struct code *c = code_of_state("STATE_MAIN_I3", NULL);

	assert_non_null(c);
	assert_int_equal(c->number, 106);
	assert_null(code_of_state("STATE_MAIN_I3", c));
	assert_null(code_of_state("STATE_NONE", NULL));
}

TEST(a_line_is_found_with_and_without_its_prefix)
{
	static const char text[] =
		"dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN "
		"notification; message payloads: N; missing payloads: SA,KE,Ni";
	static const char *const prefix[] = { "", "003 ",
		"003 \"vpn.example.com\"[1] 192.0.2.2 #15: ", "003 vpn.example.com #15: ",
		"Nov 29 14:52:09.123456: \"vpn.example.com\" #15: ",
		"Nov 29 14:52:09 gate pluto[123]: \"vpn.example.com\" #15: " };
	char line[512];

	for (size_t i = 0; i < COUNT(prefix); i++) {
		snprintf(line, sizeof(line), "%s%s\n", prefix[i], text);
		assert_int_equal(only(line), EV_v2_init_refused);
	}
}

TEST(optional_parts_may_be_missing)
{
	assert_int_equal(only("authentication failed: computed hash does not match hash received "
			      "from peer ID_FQDN '@east'"),
		EV_v2_auth_mismatch);
	assert_int_equal(only("authentication failed: computed hash does not match hash received "
			      "from peer ID_FQDN '@east' (secret of /etc/ipsec.secrets:3)"),
		EV_v2_auth_mismatch);
}

TEST(braces_that_are_no_field_are_themselves)
{
	assert_int_equal(only("182 \"x\" #1: STATE_PARENT_I2: sent v2I2, expected v2R2 "
			      "{auth=IKEv2 cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_256 "
			      "group=MODP2048}"),
		EV_v2_auth_sent);
	assert_int_equal(only("182 \"x\" #1: X: sent v2I2, expected v2R2 (auth=IKEv2)"), EV_NONE);
}

TEST(a_line_that_is_cut_is_found_by_its_longest_piece)
{
	assert_int_equal(
		only("003 \"x\" #1: dropping unexpected IKE_SA_INIT message containing NO_PR"),
		EV_v2_init_refused);
}

TEST(other_lines_are_not_ours)
{
	enum event_id found[EXPLAIN_EVENTS_MAX];
	char longest[EXPLAIN_LINE_MAX * 2];

	memset(longest, ':', sizeof(longest));
	for (size_t i = 1; i < sizeof(longest); i += 2)
		longest[i] = ' ';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(explain_line("", found), 0);
	assert_int_equal(explain_line("the weather: fine", found), 0);
	assert_int_equal(explain_line(longest, found), 0);
}

TEST(a_number_has_three_digits_at_most)
{
	unsigned n;

	assert_true(explain_number("031", &n));
	assert_int_equal(n, 31);
	assert_false(explain_number("0031", &n));
	assert_false(explain_number("", &n));
	assert_false(explain_number("3x", &n));
}

TEST(symptoms_are_found_by_names_and_by_text)
{
	const char *symptom = "IKE_AUTH response contained the error notification TS_UNACCEPTABLE";

	assert_true(explain_shares_name(symptom, "responding with TS_UNACCEPTABLE: no Child SA"));
	assert_true(explain_shares_name("XfrmInNoStates grows", "XfrmInNoStates"));
	assert_false(explain_shares_name(symptom, "NO_PROPOSAL_CHOSEN"));
	assert_false(explain_shares_name("STATE_MAIN_I1 stays", "STATE_MAIN_I1: sent MI1"));
	assert_false(explain_shares_name(symptom, "response contained the error"));
	assert_true(explain_shares_text(symptom, event_kind(EV_v2_child_refused)));
	assert_false(explain_shares_text(symptom, event_kind(EV_v2_timeout)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_of_the_catalogue_is_explained),
		cmocka_unit_test(a_state_leads_to_its_number),
		cmocka_unit_test(a_line_is_found_with_and_without_its_prefix),
		cmocka_unit_test(optional_parts_may_be_missing),
		cmocka_unit_test(braces_that_are_no_field_are_themselves),
		cmocka_unit_test(a_line_that_is_cut_is_found_by_its_longest_piece),
		cmocka_unit_test(other_lines_are_not_ours),
		cmocka_unit_test(a_number_has_three_digits_at_most),
		cmocka_unit_test(symptoms_are_found_by_names_and_by_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
