/* What anybody in the world can make an IKEv1 responder do: nobody is flooded with our help, and
 * memory is bounded. */
#include "tests/pair/pair.h"

#include "ikev1/sa.h"
#include "ikev1/step.h"

#include <stdlib.h>

#include "base/test.h"

struct stranger {
	struct pair p;
	struct conf_conn b;
	struct v1_proposals *offer;
	uint8_t room[4096];
	size_t heard, heard_octets; /* by b */
};

static void stranger_init(struct stranger *s, bool is_aggressive)
{
	const struct conn *c;

	memset(s, 0, sizeof(*s));
	s->b = pair_conf("any");
	s->b.version = VERSION_IKEV1;
	s->b.aggressive = is_aggressive;
	s->b.left.host_kind = HOST_ANY;
	s->b.left.host = (struct addr){ 0 };
	pair_init(&s->p, 1);
	pair_add(&s->p.b, &s->b);
	c = conn_find(s->p.b.ike, "any", 0);
	assert_non_null(c);
	s->offer = v1_offer_ike(conn_ike_proposals(c), V1_AUTH_PSK,
		is_aggressive ? KE_MODP2048 : KE_NONE, NS_S * 3600);
	assert_true(s->offer->n_t > 0);
}

static void stranger_done(struct stranger *s)
{
	free(s->offer);
	pair_done(&s->p);
}

static struct v1 *v1_of(struct stranger *s)
{
	return s->p.b.ike->version[1].state;
}

static unsigned sas(struct stranger *s)
{
	const struct v1_sa *sa;
	unsigned n = 0;

	list_each (sa, &v1_of(s)->sas, struct v1_sa, node)
		n += sa->v1 != NULL;
	return n;
}

/* A first message as it should be. */
static struct bytes first(struct stranger *s, uint64_t cookie)
{
	const struct id id = { .type = ID_KEY_ID, .data = { (uint8_t *)"group", 5 } };
	struct v1_header h = { .version = V1_VERSION,
		.exchange = s->b.aggressive ? V1_AGGRESSIVE_MODE : V1_MAIN_MODE };
	uint8_t nonce[32] = { 1 };
	struct ke *ke = s->b.aggressive ? ke_new(KE_MODP2048) : NULL;
	struct v1_build b;

	memcpy(h.icookie, &cookie, sizeof(cookie));
	v1_build_begin(&b, s->room, sizeof(s->room), &h);
	v1_put_sa(&b, s->offer);
	if (ke) {
		v1_put_ke(&b, ke_public(ke));
		v1_put_nonce(&b, BYTES(nonce));
		v1_put_id(&b, &id);
	}
	v1_put_vendors(&b, V1_VENDOR_ALL);
	ke_free(ke);
	return v1_build_end(&b);
}

static void tell(struct stranger *s, uint32_t from, struct bytes data)
{
	struct datagram d = { { s->p.b.addr, 500 }, { addr_v4(from), 500 }, data };

	s->heard++;
	s->heard_octets += data.n;
	ike_input(s->p.b.ike, s->p.now, &d);
	pair_run(&s->p, NS_MS);
}

static void assert_small_help(struct stranger *s)
{
	assert_true(s->p.b.sent <= 3);
	assert_true(s->p.b.sent_octets <= s->heard_octets);
}

static void one_message_again_and_again(bool is_aggressive)
{
	struct stranger s;
	struct bytes m;

	stranger_init(&s, is_aggressive);
	m = first(&s, 0x1234);
	tell(&s, 0xc6336401, m);
	assert_int_equal(s.p.b.sent, 1);
	assert_true(s.p.b.sent_octets <= m.n);
	for (int i = 0; i < 20; i++) {
		tell(&s, 0xc6336401, m);
		pair_run(&s.p, NS_S);
	}
	assert_small_help(&s);
	assert_int_equal(sas(&s), 1);
	/* nothing is repeated by its own clock */
	pair_run(&s.p, 60 * NS_S);
	assert_small_help(&s);
	assert_int_equal(sas(&s), 0);
	stranger_done(&s);
}

TEST(a_forged_first_message_of_main_mode_makes_three_small_packets_at_most)
{
	one_message_again_and_again(false);
}

TEST(a_forged_first_message_of_aggressive_mode_makes_three_small_packets_at_most)
{
	one_message_again_and_again(true);
}

TEST(refusals_are_few_and_small)
{
	struct stranger s;

	stranger_init(&s, false);
	s.b.aggressive = true; /* only the messages: b has none of that mode */
	for (uint64_t i = 1; i <= 20; i++)
		tell(&s, 0xc6336401, first(&s, i));
	assert_int_equal(s.p.b.sent, 3);
	assert_small_help(&s);
	assert_int_equal(sas(&s), 0);
	stranger_done(&s);
}

/* The answer has one transform of the offer's; whoever makes the offer small waits until as much
 * has come as goes out: strongSwan with one proposal does, and repeats. */
TEST(an_answer_with_more_octets_than_came_waits_for_a_repeat)
{
	struct stranger s;
	struct v1_header h = { .version = V1_VERSION, .exchange = V1_AGGRESSIVE_MODE };
	const struct id id = { .type = ID_KEY_ID, .data = { (uint8_t *)"g", 1 } };
	struct ke *ke = ke_new(KE_MODP2048);
	uint8_t nonce[16] = { 1 };
	struct v1_build b;
	struct bytes m;

	stranger_init(&s, true);
	s.offer->n_t = 1;
	s.offer->p[0].n = 1;
	h.icookie[0] = 1;
	v1_build_begin(&b, s.room, sizeof(s.room), &h);
	v1_put_sa(&b, s.offer);
	v1_put_ke(&b, ke_public(ke));
	v1_put_nonce(&b, BYTES(nonce));
	v1_put_id(&b, &id);
	m = v1_build_end(&b);
	tell(&s, 0xc6336401, m);
	assert_int_equal(s.p.b.sent, 0);
	assert_int_equal(s.p.b.count[EV_v1_answer_withheld], 1);
	assert_int_equal(s.p.b.count[EV_v1_aggr_r1_sent], 0);
	tell(&s, 0xc6336401, m);
	assert_int_equal(s.p.b.sent, 1);
	assert_int_equal(s.p.b.count[EV_v1_aggr_r1_sent], 1);
	assert_int_equal(s.p.b.count[EV_v1_duplicate], 0);
	for (int i = 0; i < 20; i++) {
		assert_small_help(&s);
		tell(&s, 0xc6336401, m);
	}
	assert_small_help(&s);
	assert_int_equal(s.p.b.sent, 3);
	pair_run(&s.p, 31 * NS_S);
	assert_int_equal(sas(&s), 0);
	ke_free(ke);
	stranger_done(&s);
}

TEST(one_source_does_not_get_all_the_room)
{
	struct stranger s;

	stranger_init(&s, false);
	for (uint64_t i = 1; i <= 500; i++)
		tell(&s, 0xc6336401, first(&s, i));
	assert_int_equal(sas(&s), LIMIT_V1_HALF_OPEN_PER_SOURCE);
	assert_true(s.p.b.count[EV_v1_too_many_half_open] >= 1);
	/* others do */
	tell(&s, 0xc6336402, first(&s, 1));
	assert_int_equal(sas(&s), LIMIT_V1_HALF_OPEN_PER_SOURCE + 1);
	pair_run(&s.p, 31 * NS_S);
	assert_int_equal(sas(&s), 0);
	assert_int_equal(v1_of(&s)->n_half_open, 0);
	stranger_done(&s);
}

TEST(all_sources_together_get_what_max_halfopen_says)
{
	struct conf_setup setup = { .uniqueids = true, .max_halfopen = 100 };
	struct command c = { .kind = CMD_SETUP, .setup = &setup };
	struct stranger s;

	stranger_init(&s, false);
	ike_command(s.p.b.ike, s.p.now, &c);
	for (uint32_t i = 1; i <= 300; i++)
		tell(&s, 0xc6330000 + i, first(&s, i));
	assert_int_equal(sas(&s), 100);
	stranger_done(&s);
}

TEST(octets_of_all_kinds_do_nothing)
{
	struct stranger s;
	struct bytes m;

	stranger_init(&s, false);
	m = first(&s, 7);
	for (size_t n = 0; n < m.n; n++) {
		uint8_t cut[4096];

		memcpy(cut, m.p, m.n);
		tell(&s, 0xc6336401, bytes_of(cut, n));
		cut[16 + n % 12] ^= 0xff;
		tell(&s, 0xc6336401, bytes_of(cut, m.n));
	}
	assert_true(sas(&s) <= 1);
	assert_small_help(&s);
	stranger_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_forged_first_message_of_main_mode_makes_three_small_packets_at_most),
		cmocka_unit_test(
			a_forged_first_message_of_aggressive_mode_makes_three_small_packets_at_most),
		cmocka_unit_test(refusals_are_few_and_small),
		cmocka_unit_test(an_answer_with_more_octets_than_came_waits_for_a_repeat),
		cmocka_unit_test(one_source_does_not_get_all_the_room),
		cmocka_unit_test(all_sources_together_get_what_max_halfopen_says),
		cmocka_unit_test(octets_of_all_kinds_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
