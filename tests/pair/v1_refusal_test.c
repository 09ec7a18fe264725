/* Phase 1 of IKEv1 does not come to be: what both ends are told, when people's wait ends, and that
 * nobody gets in by a secret that is not his. */
#include "tests/pair/pair.h"

#include "ikev1/sa.h"

#include "base/test.h"

struct ends {
	struct pair p;
	struct conf_conn a, b;
};

static void ends_init(struct ends *e, bool is_aggressive)
{
	e->a = pair_conf("one");
	e->a.version = VERSION_IKEV1;
	e->a.aggressive = is_aggressive;
	e->b = e->a;
	pair_init(&e->p, 1);
}

static void ends_up(struct ends *e, ns_t for_ns)
{
	pair_up(&e->p, &e->a, &e->b);
	pair_run(&e->p, for_ns);
}

static void assert_no_sa(struct side *s)
{
	const struct v1 *v1 = s->ike->version[1].state;

	assert_true(list_empty(&v1->sas));
	assert_int_equal(v1->n_half_open, 0);
}

TEST(another_secret_in_main_mode_is_named_at_both_ends)
{
	struct ends e;

	ends_init(&e, false);
	e.p.b.psk = "another secret";
	ends_up(&e, 3 * NS_S);
	assert_int_equal(e.p.a.exit, 31);
	assert_int_equal(e.p.a.count[EV_v1_psk_suspected], 1);
	assert_int_equal(e.p.b.count[EV_v1_psk_mismatch], 1);
	assert_int_equal(e.p.b.count[EV_v1_notify_malformed], 1);
	pair_run(&e.p, 60 * NS_S);
	assert_int_equal(e.p.b.count[EV_v1_ike_established], 0);
	assert_no_sa(&e.p.a);
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

TEST(another_secret_in_aggressive_mode_is_found_at_once)
{
	struct ends e;

	ends_init(&e, true);
	e.p.b.psk = "another secret";
	ends_up(&e, NS_S);
	assert_int_equal(e.p.a.exit, 36);
	assert_int_equal(e.p.a.count[EV_v1_hash_mismatch], 1);
	assert_int_equal(e.p.a.count[EV_v1_notify_hash], 1);
	assert_int_equal(e.p.a.count[EV_v1_fatal], 1);
	assert_int_equal(e.p.b.count[EV_v1_psk_mismatch], 1);
	pair_run(&e.p, 60 * NS_S);
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

/* Libreswan says nothing to a message that it cannot open; it repeats its second. */
TEST(a_peer_that_repeats_its_second_message_has_another_secret_maybe)
{
	struct ends e;

	ends_init(&e, false);
	e.p.b.psk = NULL;
	e.p.delay_min = e.p.delay_max = NS_MS;
	ends_up(&e, NS_S);
	assert_int_equal(e.p.b.count[EV_v1_no_secret], 1);
	pair_run(&e.p, 60 * NS_S);
	assert_int_not_equal(e.p.a.exit, 0);
	pair_done(&e.p);
}

TEST(no_common_proposal_is_told_with_both_sides_values)
{
	struct ends e;
	struct proposals none = { .n = 1 };

	ends_init(&e, false);
	none.p[0] = (struct proposal){ .number = 1, .protocol = PROTO_IKE, .n = 3 };
	none.p[0].t[0] = (struct transform){ TT_ENCR, ENCR_AES_CBC, 192 };
	none.p[0].t[1] = (struct transform){ TT_PRF, PRF_HMAC_SHA2_512, 0 };
	none.p[0].t[2] = (struct transform){ TT_KE, KE_ECP_384, 0 };
	e.b.ike = &none;
	ends_up(&e, 3 * NS_S);
	assert_int_equal(e.p.a.exit, 31);
	assert_int_equal(e.p.a.count[EV_v1_refused], 1);
	assert_true(e.p.a.count[EV_v1_ignoring] >= 1);
	assert_true(e.p.b.count[EV_v1_no_proposal] >= 1);
	assert_true(e.p.b.count[EV_v1_transform_refused] >= 1);
	assert_true(*pair_said(&e.p.b, EV_v1_no_proposal, "offered") != '\0');
	assert_string_not_equal(pair_said(&e.p.b, EV_v1_no_proposal, "difference"), "");
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

TEST(a_mode_that_the_other_end_does_not_have_is_refused_before_memory_is_used)
{
	for (int aggressive = 0; aggressive < 2; aggressive++) {
		struct ends e;

		ends_init(&e, aggressive);
		e.b.aggressive = !aggressive;
		ends_up(&e, 3 * NS_S);
		assert_int_equal(e.p.a.exit, 31);
		assert_true(e.p.b.count[EV_v1_no_connection] >= 1);
		assert_no_sa(&e.p.b);
		pair_done(&e.p);
	}
}

static void identity(bool is_aggressive)
{
	struct ends e;

	ends_init(&e, is_aggressive);
	assert_int_equal(id_parse("@west", &e.a.left.id), OK);
	assert_int_equal(id_parse("@north", &e.b.left.id), OK);
	ends_up(&e, 5 * NS_S);
	assert_int_not_equal(e.p.a.exit, 0);
	if (is_aggressive) {
		assert_true(e.p.b.count[EV_v1_no_connection] >= 1);
	} else {
		assert_int_equal(e.p.b.count[EV_v1_id_refused], 1);
		/* the keys are right: the refusal is the peer's own word, and ends it at once */
		assert_int_equal(e.p.a.count[EV_v1_rejected], 1);
		assert_int_equal(e.p.a.exit, 36);
	}
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
	id_done(&e.a.left.id);
	id_done(&e.b.left.id);
}

TEST(an_identity_that_nobody_expects_is_refused_in_main_mode)
{
	identity(false);
}

TEST(an_identity_that_nobody_expects_is_refused_in_aggressive_mode)
{
	identity(true);
}

TEST(the_responders_identity_has_to_be_the_wanted_one)
{
	struct ends e;

	ends_init(&e, false);
	assert_int_equal(id_parse("@east", &e.a.right.id), OK);
	ends_up(&e, 5 * NS_S);
	assert_int_equal(e.p.a.exit, 36);
	assert_int_equal(e.p.a.count[EV_v1_wrong_id], 1);
	assert_int_equal(e.p.a.count[EV_v1_ike_established], 0);
	pair_done(&e.p);
	id_done(&e.a.right.id);
}

/* The secret of all the world opens the door of all the world, not that of somebody who has one of
 * his own: else each could pass for any other. */
TEST(the_secret_of_an_address_does_not_prove_an_identity_with_another_one)
{
	struct ends e;

	ends_init(&e, false);
	e.b.left.host_kind = HOST_ANY;
	e.b.left.host = (struct addr){ 0 };
	e.p.b.psk_named = "the secret of 192.0.2.1 alone";
	ends_up(&e, 5 * NS_S);
	assert_int_not_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.b.count[EV_v1_other_secret], 1);
	assert_int_equal(e.p.b.count[EV_v1_ike_established], 0);
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

TEST(a_peer_from_anywhere_comes_in_with_the_secret_of_its_identity)
{
	struct ends e;

	ends_init(&e, false);
	e.b.left.host_kind = HOST_ANY;
	e.b.left.host = (struct addr){ 0 };
	ends_up(&e, 2 * NS_S);
	assert_int_equal(e.p.a.exit, 0);
	pair_assert_one_tunnel(&e.p);
	pair_done(&e.p);
}

/* ---- who does not speak it ---- */

static void no_ikev1(uint8_t policy, bool is_answered, enum event_id said)
{
	struct conf_setup setup = { .uniqueids = true, .ikev1_policy = policy };
	struct command c = { .kind = CMD_SETUP, .setup = &setup };
	struct ends e;

	ends_init(&e, false);
	ike_command(e.p.b.ike, e.p.now, &c);
	e.b.version = VERSION_IKEV2;
	ends_up(&e, 3 * NS_S);
	assert_int_equal(e.p.b.sent != 0, is_answered);
	assert_true(e.p.b.count[said] >= 1);
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

TEST(without_a_connection_of_ikev1_nobody_is_answered)
{
	no_ikev1(IKEV1_AUTO, false, EV_v1_policy_drop);
}

TEST(policy_drop_is_silent)
{
	no_ikev1(IKEV1_DROP, false, EV_v1_policy_drop);
}

TEST(policy_reject_says_so)
{
	no_ikev1(IKEV1_REJECT, true, EV_v1_policy_reject);
}

TEST(policy_accept_names_the_connection_of_the_other_version)
{
	no_ikev1(IKEV1_ACCEPT, true, EV_v1_no_connection);
}

TEST(an_ikev2_message_meets_no_connection_of_ikev1)
{
	struct ends e;

	ends_init(&e, false);
	e.a.version = VERSION_IKEV2;
	ends_up(&e, 3 * NS_S);
	assert_true(e.p.b.count[EV_v2_no_connection] >= 1);
	assert_no_sa(&e.p.b);
	pair_done(&e.p);
}

/* A responder that has only IKEv2 and says so (RFC 7296 2.5); or somebody else. */
static void says_version(struct ends *e, const struct v1_sa *sa, struct addr from)
{
	uint8_t m[36] = { [16] = 41, [17] = 0x20, [18] = 34, [19] = 0x20, [27] = sizeof(m) };
	struct datagram d = { { e->p.a.addr, 500 }, { from, 500 }, BYTES(m) };

	memcpy(m, sa->icookie, sizeof(sa->icookie));
	m[31] = 8; /* of the notification, its type */
	m[35] = 5;
	ike_input(e->p.a.ike, e->p.now, &d);
	pair_run(&e->p, 10 * NS_MS);
}

TEST(a_peer_that_has_the_other_version_only_is_named_and_ends_the_wait)
{
	const struct v1 *v1;
	struct v1_sa *sa;
	struct ends e;

	ends_init(&e, false);
	e.p.drop_from = &e.p.b;
	pair_add(&e.p.a, &e.a);
	pair_command(&e.p.a, CMD_UP, "one");
	pair_run(&e.p, 10 * NS_MS);
	v1 = e.p.a.ike->version[1].state;
	sa = list_item(v1->sas.next, struct v1_sa, node);
	says_version(&e, sa, addr_v4(0xc6336401));
	assert_int_equal(e.p.a.count[EV_ike_version_refused], 0);
	says_version(&e, sa, e.p.b.addr);
	assert_int_equal(e.p.a.count[EV_ike_version_refused], 1);
	assert_int_equal(e.p.a.n_done, 0);
	says_version(&e, sa, e.p.b.addr);
	assert_int_equal(e.p.a.count[EV_ike_version_refused], 1);
	assert_int_equal(e.p.a.n_done, 1);
	assert_int_equal(e.p.a.exit, 31);
	assert_string_equal(pair_said(&e.p.a, EV_v1_refused, "notify"), "INVALID_MAJOR_VERSION");
	pair_done(&e.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_secret_in_main_mode_is_named_at_both_ends),
		cmocka_unit_test(another_secret_in_aggressive_mode_is_found_at_once),
		cmocka_unit_test(a_peer_that_repeats_its_second_message_has_another_secret_maybe),
		cmocka_unit_test(no_common_proposal_is_told_with_both_sides_values),
		cmocka_unit_test(
			a_mode_that_the_other_end_does_not_have_is_refused_before_memory_is_used),
		cmocka_unit_test(an_identity_that_nobody_expects_is_refused_in_main_mode),
		cmocka_unit_test(an_identity_that_nobody_expects_is_refused_in_aggressive_mode),
		cmocka_unit_test(the_responders_identity_has_to_be_the_wanted_one),
		cmocka_unit_test(
			the_secret_of_an_address_does_not_prove_an_identity_with_another_one),
		cmocka_unit_test(a_peer_from_anywhere_comes_in_with_the_secret_of_its_identity),
		cmocka_unit_test(without_a_connection_of_ikev1_nobody_is_answered),
		cmocka_unit_test(a_peer_that_has_the_other_version_only_is_named_and_ends_the_wait),
		cmocka_unit_test(policy_drop_is_silent),
		cmocka_unit_test(policy_reject_says_so),
		cmocka_unit_test(policy_accept_names_the_connection_of_the_other_version),
		cmocka_unit_test(an_ikev2_message_meets_no_connection_of_ikev1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
