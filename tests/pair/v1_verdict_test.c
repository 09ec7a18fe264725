/* Every refusal of IKEv1 between two ends of ours: see verdict_test.c. */
#include "tests/pair/verdict.h"

#include "base/test.h"

static void main_mode(struct verdict *v)
{
	v->a.version = v->b.version = VERSION_IKEV1;
}

static void aggressive_mode(struct verdict *v)
{
	main_mode(v);
	v->a.aggressive = v->b.aggressive = true;
}

static void aggressive(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->aggressive = !conf->aggressive;
}

static void policy(struct side *side, uint8_t is)
{
	struct conf_setup setup = { .uniqueids = true, .ikev1_policy = is };
	struct command c = { .kind = CMD_SETUP, .setup = &setup };

	ike_command(side->ike, side->pair->now, &c);
}

static void drops(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)conf;
	policy(side, IKEV1_DROP);
}

static void rejects(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)conf;
	policy(side, IKEV1_REJECT);
}

static void group_is_needed(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	conf->pfs = YNA_YES;
	(conf == &v->a ? &v->b : &v->a)->pfs = YNA_NO;
}

static const struct verdict_row in_main_mode[] = {
	{ "nothing", fault_nothing, AT_INITIATOR, "", "", NULL, NULL, NULL },
	{ "ike", fault_ike, AT_INITIATOR, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "aes192", "aes256", NULL },
	{ "ike", fault_ike, AT_RESPONDER, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "aes256", "aes192", NULL },
	{ "weak", fault_weak, AT_INITIATOR, "ike-proposal-mismatch likely", "dh2-removed certain",
		"MODP1024", "MODP2048", NULL },
	{ "version", fault_version, AT_RESPONDER, "ike-proposal-mismatch likely",
		"ike-version-mismatch certain", "IKEv1", "IKEv2", "ike-version-mismatch" },
	{ "address", fault_address, AT_RESPONDER, "ike-proposal-mismatch likely",
		"conn-not-loaded-or-daemon-down possible", "192.0.2.1", "192.0.2.9", NULL },
	{ "mode of phase 1", aggressive, AT_INITIATOR, "ike-proposal-mismatch likely",
		"v1-mode-mismatch certain", "Aggressive Mode", "aggressive=no",
		"v1-mode-mismatch" },
	{ "mode of phase 1", aggressive, AT_RESPONDER, "ike-proposal-mismatch likely",
		"v1-mode-mismatch certain", "Main Mode", "aggressive=yes", "v1-mode-mismatch" },
	{ "policy drop", drops, AT_RESPONDER, "ike-udp500-blocked possible",
		"ikev1-disabled-by-default possible", NULL, NULL, NULL },
	{ "policy reject", rejects, AT_RESPONDER, "ike-version-mismatch likely",
		"ikev1-disabled-by-default possible", NULL, NULL, NULL },
	{ "secret", fault_secret, AT_INITIATOR, "psk-mismatch-v1 likely", "psk-mismatch-v1 likely",
		NULL, NULL, NULL },
	{ "secret", fault_secret, AT_RESPONDER, "psk-mismatch-v1 likely", "psk-mismatch-v1 likely",
		NULL, NULL, NULL },
	{ "no secret", fault_no_secret, AT_RESPONDER, "psk-mismatch-v1 likely",
		"psk-not-found-locally certain", "192.0.2.1", "192.0.2.2", NULL },
	{ "our id", fault_our_id, AT_INITIATOR, "id-mismatch certain", "id-mismatch certain",
		"@north", "192.0.2.1", NULL },
	{ "our id", fault_our_id, AT_RESPONDER, "id-mismatch certain", "id-mismatch likely", NULL,
		NULL, NULL },
	{ "their id", fault_their_id, AT_INITIATOR, "id-mismatch certain", "id-mismatch likely",
		NULL, NULL, NULL },
	{ "their id", fault_their_id, AT_RESPONDER, "id-mismatch certain", "id-mismatch certain",
		"192.0.2.1", "@south", NULL },
	{ "esp", fault_esp, AT_INITIATOR, "esp-proposal-mismatch certain",
		"esp-proposal-mismatch certain", "aes192", "aes256", NULL },
	{ "esp", fault_esp, AT_RESPONDER, "esp-proposal-mismatch certain",
		"esp-proposal-mismatch certain", "aes256", "aes192", NULL },
	{ "pfs", group_is_needed, AT_RESPONDER, "esp-proposal-mismatch certain",
		"esp-proposal-mismatch certain", "no PFS", "pfs=yes", NULL },
	{ "mode", fault_mode, AT_INITIATOR, "transport-tunnel-mismatch certain",
		"transport-tunnel-mismatch certain", "transport", "tunnel", NULL },
	{ "mode", fault_mode, AT_RESPONDER, "transport-tunnel-mismatch certain",
		"transport-tunnel-mismatch certain", "tunnel", "transport", NULL },
	{ "nets", fault_nets, AT_INITIATOR, "ts-mismatch-v1 certain", "ts-mismatch-v1 certain",
		"10.0.9.0/24", "10.0.2.0/24", NULL },
	{ "nets", fault_nets, AT_RESPONDER, "ts-mismatch-v1 certain", "ts-mismatch-v1 certain",
		"10.0.2.0/24", "10.0.9.0/24", NULL },
	{ "part of nets", fault_part_of_nets, AT_INITIATOR, "ts-mismatch-v1 certain",
		"ts-mismatch-v1 certain", "10.0.2.0/25", "10.0.2.0/24", NULL },
	{ "part of nets", fault_part_of_nets, AT_RESPONDER, "ts-mismatch-v1 certain",
		"peer-widens-selector certain", "10.0.2.0/24", "10.0.2.0/25", NULL },
	{ "all nets", fault_all_nets, AT_INITIATOR, "ts-mismatch-v1 certain",
		"azure-wide-selectors certain", "0.0.0.0/0", "10.0.2.0/24", NULL },
	{ "range", fault_range, AT_INITIATOR, "ts-mismatch-v1 certain", "non-cidr-selector certain",
		"10.0.2.3-10.0.2.77", "10.0.2.0/24", NULL },
};

/* With explain-to= at both ends. */
static void explained(struct verdict *v)
{
	static char peer[] = "%peer";

	main_mode(v);
	v->a.explain_to = v->b.explain_to = peer;
}

static const struct verdict_row explained_rows[] = {
	{ "nothing", fault_nothing, AT_INITIATOR, "", "", NULL, NULL, NULL },
	{ "ike", fault_ike, AT_INITIATOR, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "aes192", "aes256", NULL },
	{ "version", fault_version, AT_RESPONDER, "ike-version-mismatch likely",
		"ike-version-mismatch certain", "IKEv1", "IKEv2", NULL },
	{ "mode of phase 1", aggressive, AT_INITIATOR, "v1-mode-mismatch likely",
		"v1-mode-mismatch certain", "Aggressive Mode", "aggressive=no", NULL },
	{ "mode of phase 1", aggressive, AT_RESPONDER, "v1-mode-mismatch likely",
		"v1-mode-mismatch certain", "Main Mode", "aggressive=yes", NULL },
	{ "secret", fault_secret, AT_INITIATOR, "psk-mismatch-v1 likely", "psk-mismatch-v1 likely",
		NULL, NULL, NULL },
};

static const struct verdict_row in_aggressive_mode[] = {
	{ "nothing", fault_nothing, AT_INITIATOR, "", "", NULL, NULL, NULL },
	{ "ike", fault_ike, AT_INITIATOR, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "aes192", "aes256", NULL },
	{ "secret", fault_secret, AT_INITIATOR, "psk-mismatch-v1 certain", "psk-mismatch-v1 likely",
		NULL, NULL, NULL },
	{ "secret", fault_secret, AT_RESPONDER, "psk-mismatch-v1 certain", "psk-mismatch-v1 likely",
		NULL, NULL, NULL },
	{ "no secret", fault_no_secret, AT_RESPONDER, "id-mismatch likely",
		"psk-not-found-locally certain", "192.0.2.1", "192.0.2.2", "psk-mismatch-v1" },
	{ "our id", fault_our_id, AT_INITIATOR, "ike-proposal-mismatch likely",
		"id-mismatch certain", "@north", "192.0.2.1", "id-mismatch" },
	{ "their id", fault_their_id, AT_RESPONDER, "ike-proposal-mismatch likely",
		"id-mismatch certain", "192.0.2.1", "@south", "id-mismatch" },
	{ "our id", fault_our_id, AT_RESPONDER, "id-mismatch certain", "", NULL, NULL, NULL },
};

TEST(every_refusal_in_main_mode_and_after_it_has_its_class_at_both_ends)
{
	verdict_walk(in_main_mode, COUNT(in_main_mode), main_mode);
}

TEST(every_refusal_in_aggressive_mode_has_its_class_at_both_ends)
{
	verdict_walk(in_aggressive_mode, COUNT(in_aggressive_mode), aggressive_mode);
}

TEST(with_explain_to_who_is_refused_in_phase_1_knows_the_class)
{
	verdict_walk(explained_rows, COUNT(explained_rows), explained);
}

/* Quick Mode: inside of what both have authenticated, without being asked for. */
TEST(a_peer_of_ours_says_why_it_refuses_quick_mode)
{
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	struct pair pair;

	a.version = b.version = VERSION_IKEV1;
	b.right.subnet.ts[0] = pair_net("10.0.9.0/24");
	pair_init(&pair, 1);
	pair_up(&pair, &a, &b);
	assert_int_equal(pair.a.count[EV_peer_explains], 1);
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "class"), "ts-mismatch-v1");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "difference"), "IDcr");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "theirs"), "10.0.9.0/24");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "ours"), "10.0.1.0/24");
	assert_int_equal(pair.a.count[EV_peer_hints], 0);
	pair_done(&pair);

	/* Aggressive Mode's third message may go in clear: nobody is announced, nothing is told */
	a.aggressive = b.aggressive = true;
	pair_init(&pair, 1);
	pair_up(&pair, &a, &b);
	assert_int_equal(pair.a.count[EV_v1_quick_refused], 1);
	assert_int_equal(pair.a.count[EV_peer_explains], 0);
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_refusal_in_main_mode_and_after_it_has_its_class_at_both_ends),
		cmocka_unit_test(with_explain_to_who_is_refused_in_phase_1_knows_the_class),
		cmocka_unit_test(a_peer_of_ours_says_why_it_refuses_quick_mode),
		cmocka_unit_test(every_refusal_in_aggressive_mode_has_its_class_at_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
