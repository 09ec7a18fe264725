/* Phase 1 of IKEv1 in Main and Aggressive Mode, both roles at once: it comes up, also over bad
 * wires and NATs, and with whom. */
#include "tests/pair/pair.h"

#include "ikev1/sa.h"

#include "base/test.h"

/* Both ends' connection, and the wire between them. */
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

static void ends_up(struct ends *e)
{
	pair_up(&e->p, &e->a, &e->b);
	pair_run(&e->p, 2 * NS_S);
}

static void ends_assert_up(struct ends *e)
{
	pair_assert_one_tunnel(&e->p);
	pair_traffic(&e->p);
	assert_int_equal(e->p.a.lost + e->p.b.lost, 0);
}

static void ends_done(struct ends *e)
{
	pair_done(&e->p);
	id_done(&e->a.left.id);
	id_done(&e->b.left.id);
}

static struct v1_sa *newest_sa(struct side *s)
{
	struct v1 *v1 = s->ike->version[1].state;

	return list_empty(&v1->sas) ? NULL : list_item(v1->sas.prev, struct v1_sa, node);
}

static void comes_up(bool is_aggressive)
{
	struct ends e;

	ends_init(&e, is_aggressive);
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.a.count[EV_v1_ike_established], 1);
	assert_int_equal(e.p.b.count[EV_v1_ike_established], 1);
	assert_string_equal(pair_said(&e.p.b, EV_v1_ike_established, "auth"), "PRESHARED_KEY");
	assert_string_equal(pair_said(&e.p.b, EV_v1_peer_id, "id"), "192.0.2.1");
	assert_int_equal(e.p.a.count[EV_v1_nat] + e.p.b.count[EV_v1_nat], 0);
	ends_assert_up(&e);
	ends_done(&e);
}

TEST(main_mode_comes_up)
{
	comes_up(false);
}

TEST(aggressive_mode_comes_up)
{
	comes_up(true);
}

/* Six messages (three), Quick Mode's three, and nothing is said twice. */
TEST(no_message_is_sent_twice_on_a_good_wire)
{
	for (int aggressive = 0; aggressive < 2; aggressive++) {
		struct ends e;

		ends_init(&e, aggressive);
		ends_up(&e);
		assert_int_equal(e.p.sent, aggressive ? 6 : 9);
		assert_int_equal(e.p.a.count[EV_v1_retransmit], 0);
		assert_int_equal(e.p.a.count[EV_v1_duplicate] + e.p.b.count[EV_v1_duplicate], 0);
		ends_done(&e);
	}
}

TEST(connections_share_an_isakmp_sa)
{
	struct conf_conn two;
	unsigned ike, child;
	struct ends e;

	ends_init(&e, false);
	ends_up(&e);
	two = e.a;
	two.name = (char *)"two";
	two.right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_add(&e.p.a, &two);
	pair_add(&e.p.b, &two);
	pair_do(&e.p.a, CMD_UP, "two");
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 2);
	ends_done(&e);
}

/* ---- NAT ---- */

static void behind_nat(bool is_aggressive, uint8_t method, const char *said)
{
	struct ends e;

	ends_init(&e, is_aggressive);
	e.a.nat_ikev1_method = method;
	e.p.nat = (struct pair_nat){ &e.p.a, addr_v4(0xcb007101), 4711, 4712 };
	e.b.left.host = e.p.nat.addr;
	assert_int_equal(id_parse("192.0.2.1", &e.b.left.id), OK);
	ends_up(&e);
	assert_int_equal(e.p.a.last_port, 4500);
	assert_int_equal(e.p.b.last_port, 4712);
	assert_string_equal(pair_said(&e.p.a, EV_v1_nat, "what"), "i am behind NAT");
	assert_string_equal(pair_said(&e.p.b, EV_v1_nat, "what"), "peer behind NAT");
	assert_string_equal(pair_said(&e.p.b, EV_v1_nat, "method"), said);
	assert_true(newest_sa(&e.p.b)->nat.remote_behind);
	ends_assert_up(&e);
	ends_done(&e);
}

TEST(main_mode_goes_through_a_nat_on_port_4500)
{
	behind_nat(false, NAT_METHOD_BOTH, v1_nat_method_name(V1_VENDOR_NAT_RFC));
}

TEST(aggressive_mode_goes_through_a_nat_on_port_4500)
{
	behind_nat(true, NAT_METHOD_BOTH, v1_nat_method_name(V1_VENDOR_NAT_RFC));
}

TEST(the_drafts_go_through_a_nat_as_well)
{
	behind_nat(false, NAT_METHOD_DRAFTS, v1_nat_method_name(V1_VENDOR_NAT_03));
}

TEST(without_nat_traversal_nothing_floats)
{
	struct ends e;

	ends_init(&e, false);
	e.b.nat_ikev1_method = NAT_METHOD_NONE;
	ends_up(&e);
	assert_int_equal(e.p.a.count[EV_v1_nat], 0);
	assert_int_equal(e.p.a.last_port, 500);
	ends_assert_up(&e);
	ends_done(&e);
}

TEST(encapsulation_yes_feigns_a_nat)
{
	struct ends e;

	ends_init(&e, false);
	e.a.encapsulation = YNA_YES;
	ends_up(&e);
	assert_int_equal(e.p.a.last_port, 4500);
	ends_assert_up(&e);
	ends_done(&e);
}

/* ---- bad wires ---- */

TEST(it_comes_up_whatever_message_is_lost)
{
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct ends e;

		ends_init(&e, seed % 2);
		pair_done(&e.p);
		pair_init(&e.p, seed);
		e.p.loss = 20;
		e.p.duplicate = 20;
		e.p.delay_max = 300 * NS_MS;
		pair_up(&e.p, &e.a, &e.b);
		pair_run(&e.p, 60 * NS_S);
		assert_int_equal(e.p.a.exit, 0);
		assert_true(e.p.b.count[EV_v1_ike_established] >= 1);
		assert_int_equal(e.p.b.count[EV_v1_psk_mismatch], 0);
		assert_int_equal(e.p.a.count[EV_v1_psk_suspected], 0);
		ends_done(&e);
	}
}

/* AI2 is said once, by who believes that all is done: Quick Mode tells the other end that it was
 * lost. */
TEST(a_lost_third_message_of_aggressive_mode_is_asked_for)
{
	struct ends e;

	ends_init(&e, true);
	e.p.delay_min = e.p.delay_max = 10 * NS_MS;
	pair_up(&e.p, &e.a, &e.b);
	pair_run(&e.p, 15 * NS_MS);
	e.p.drop_from = &e.p.a;
	pair_run(&e.p, 10 * NS_MS);
	assert_int_equal(e.p.a.count[EV_v1_ike_established], 1);
	e.p.drop_from = NULL;
	pair_run(&e.p, 5 * NS_S);
	assert_int_equal(e.p.b.count[EV_v1_ike_established], 1);
	ends_assert_up(&e);
	ends_done(&e);
}

/* Libreswan 4.10 dies of a Delete in fragments, and strongSwan mixes up the fragments of two
 * messages that come at once. */
TEST(long_messages_go_in_fragments_where_they_are_wanted_and_no_others)
{
	struct ends e;
	size_t sent;

	ends_init(&e, false);
	e.a.fragmentation = e.b.fragmentation = FRAG_FORCE;
	ends_up(&e);
	assert_true(e.p.sent > 9);
	ends_assert_up(&e);
	sent = e.p.sent;
	pair_do(&e.p.a, CMD_DOWN, "one");
	pair_run(&e.p, NS_S);
	assert_int_equal(e.p.sent, sent + 2); /* both SAs, one datagram each */
	ends_done(&e);
}

/* As strongSwan cuts what answers. */
static struct bytes cut_answer(struct bytes datagram, uint8_t number, void *room, size_t n)
{
	static const uint8_t zero[8] = { 0 };

	if (datagram.n > 400 && memcmp(datagram.p + 8, zero, sizeof(zero)) != 0)
		return v1_fragment_of(datagram, 1, number, 300, room, n);
	return number == 1 ? datagram : BYTES_NONE;
}

TEST(the_first_answer_may_come_in_fragments)
{
	for (int i = 0; i < 2; i++) {
		struct ends e;

		ends_init(&e, i);
		e.p.cut = cut_answer;
		ends_up(&e);
		ends_assert_up(&e);
		ends_done(&e);
	}
}

/* Who does not want them is not sent any, and takes none. */
TEST(without_fragmentation_no_fragment_is_taken)
{
	struct ends e;

	ends_init(&e, true);
	e.a.fragmentation = FRAG_NO;
	e.p.cut = cut_answer;
	ends_up(&e);
	assert_int_equal(e.p.a.count[EV_v1_ike_established], 0);
	ends_done(&e);
}

TEST(without_an_answer_it_is_over_after_a_minute)
{
	struct ends e;

	ends_init(&e, false);
	e.p.drops_all = true;
	pair_up(&e.p, &e.a, &e.b);
	pair_run(&e.p, 63 * NS_S);
	assert_int_equal(e.p.a.n_done, 0);
	assert_int_equal(e.p.a.count[EV_v1_retransmit], 7);
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.a.exit, 31);
	assert_int_equal(e.p.a.count[EV_v1_timeout], 1);
	ends_done(&e);
}

TEST(a_responder_forgets_who_does_not_go_on)
{
	struct ends e;

	ends_init(&e, false);
	e.p.drop_from = &e.p.b;
	pair_up(&e.p, &e.a, &e.b);
	pair_run(&e.p, 20 * NS_S);
	assert_non_null(newest_sa(&e.p.b));
	pair_run(&e.p, 60 * NS_S);
	assert_null(newest_sa(&e.p.b));
	assert_true(e.p.b.count[EV_v1_half_open_end] >= 1);
	ends_done(&e);
}

/* What a NAT does that leaves port 500 as it is for several hosts: one has all answers. */
static void beside_another(bool is_much)
{
	enum { MANY = 1000 };
	const union ev_v1_half_open_end *end;
	struct conf_conn other = pair_conf("other");
	struct ends e;

	ends_init(&e, false);
	e.b.left.host_kind = HOST_ANY;
	e.b.left.host = (struct addr){ 0 };
	assert_int_equal(id_parse("%any", &e.b.left.id), OK);
	other.version = VERSION_IKEV1;
	assert_int_equal(id_parse("@other", &other.left.id), OK);
	e.p.nat = (struct pair_nat){ &e.p.a, { 4, { 203, 0, 113, 1 } }, 500, 4500 };
	pair_up(&e.p, &e.a, &e.b);
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.a.exit, 0);
	if (is_much) { /* as in a second that does not end */
		newest_sa(&e.p.b)->v1->strangers = MANY;
		newest_sa(&e.p.b)->v1->strangers_since = INT64_MAX / 2;
	}
	e.p.drop_from = &e.p.b;
	pair_add(&e.p.a, &other);
	pair_do(&e.p.a, CMD_UP, "other");
	pair_run(&e.p, 60 * NS_S);
	assert_true(e.p.b.count[EV_v1_half_open_end] >= 1);
	end = (const void *)e.p.b.last[EV_v1_half_open_end]->row;
	assert_int_equal(end->neighbours.u64, is_much ? 0 : 1);
	assert_true(end->repeats.u64 >= 1);
	assert_int_equal(end->remote.ep.port, 500);
	id_done(&other.left.id);
	id_done(&e.b.left.id);
	ends_done(&e);
}

TEST(who_does_not_hear_us_beside_another_one_behind_its_nat_is_told_of)
{
	beside_another(false);
}

TEST(of_many_that_do_not_go_on_only_some_are_held_against_all_others)
{
	beside_another(true);
}

/* ---- who replaces whom ---- */

TEST(initial_contact_ends_what_a_crash_left)
{
	unsigned ike, child;
	struct ends e;

	ends_init(&e, false);
	e.a.initial_contact = true;
	ends_up(&e);
	pair_restart(&e.p, &e.p.a);
	pair_add(&e.p.a, &e.a);
	pair_do(&e.p.a, CMD_UP, "one");
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.b.count[EV_v1_replaced], 1);
	pair_count(&e.p.b, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 1);
	ends_done(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_mode_comes_up),
		cmocka_unit_test(aggressive_mode_comes_up),
		cmocka_unit_test(no_message_is_sent_twice_on_a_good_wire),
		cmocka_unit_test(connections_share_an_isakmp_sa),
		cmocka_unit_test(main_mode_goes_through_a_nat_on_port_4500),
		cmocka_unit_test(aggressive_mode_goes_through_a_nat_on_port_4500),
		cmocka_unit_test(the_drafts_go_through_a_nat_as_well),
		cmocka_unit_test(without_nat_traversal_nothing_floats),
		cmocka_unit_test(encapsulation_yes_feigns_a_nat),
		cmocka_unit_test(it_comes_up_whatever_message_is_lost),
		cmocka_unit_test(a_lost_third_message_of_aggressive_mode_is_asked_for),
		cmocka_unit_test(long_messages_go_in_fragments_where_they_are_wanted_and_no_others),
		cmocka_unit_test(the_first_answer_may_come_in_fragments),
		cmocka_unit_test(without_fragmentation_no_fragment_is_taken),
		cmocka_unit_test(without_an_answer_it_is_over_after_a_minute),
		cmocka_unit_test(a_responder_forgets_who_does_not_go_on),
		cmocka_unit_test(who_does_not_hear_us_beside_another_one_behind_its_nat_is_told_of),
		cmocka_unit_test(of_many_that_do_not_go_on_only_some_are_held_against_all_others),
		cmocka_unit_test(initial_contact_ends_what_a_crash_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
