/* What our own requests say, and what becomes of them when an unusual peer answers: the engine
 * asks, the peer is made by hand (RFC 7296 1.3.2, 2.7, 2.18). */
#include "tests/pair/hand.h"

#include "base/test.h"

static void command(struct hand *h, uint8_t kind)
{
	struct command c = { .kind = kind, .name = "paris" };

	while (h->n_said)
		buf_done(&h->said[--h->n_said]);
	ike_command(h->ike, h->now, &c);
	hand_act(h);
}

/* The engine's request, opened. */
static void asked(struct hand *h, struct v2_msg *m, struct buf *plain)
{
	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), m, NULL), OK);
	assert_int_equal(m->h.flags, 0);
	assert_int_equal(v2_unprotect(h->open, m, plain), OK);
	assert_int_equal(v2_chain_parse(m->sk_next, buf_view(plain), m, NULL), OK);
}

/* Our response to it: one notification. */
static void refuse(struct hand *h, const struct v2_msg *m, uint16_t notify, struct bytes data)
{
	struct v2_header header = m->h;
	struct v2_build b;
	struct bytes chain;

	header.flags = V2_F_INITIATOR | V2_F_RESPONSE;
	v2_build_chain(&b, h->room, sizeof(h->room));
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, notify, data);
	chain = v2_build_end(&b);
	hand_tell(h, v2_protect(h->seal, h->counter++, &header, b.first, chain, h->wire,
			     sizeof(h->wire)));
}

/* strongSwan 5.9 expands the new keys with the old PRF: with the same algorithms that is the same.
 */
TEST(a_rekey_of_the_ike_sa_offers_what_it_has_and_everything_when_that_is_refused)
{
	struct buf plain = { 0 };
	struct suite s;
	struct v2_msg m;
	struct hand h;
	size_t i;
	uint8_t why;

	hand_up(&h, 0, 0);
	command(&h, CMD_REKEY_IKE);
	asked(&h, &m, &plain);
	assert_int_equal(m.sa.n, 1);
	assert_int_equal(m.sa.p[0].n, 3);
	assert_int_equal(m.sa.p[0].spi_n, 8);
	assert_int_equal(proposals_choose(&hand_ike_offer, &m.sa, true, &s, &i, &why), OK);
	refuse(&h, &m, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	buf_done(&plain);
	asked(&h, &m, &plain);
	assert_int_equal(m.sa.n, proposals_default_ike()->n);
	refuse(&h, &m, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	buf_done(&plain);
	assert_int_equal(h.n_said, 0);
	assert_int_equal(h.count[EV_v2_ike_rekey_failed], 1);
	hand_assert_alive(&h);
	hand_done(&h);
}

/* 2.9: a peer that wants one pair at a time; 2.7: the loop of groups ends in CREATE_CHILD_SA too.
 */
TEST(refusals_of_a_rekey_keep_the_tunnel)
{
	static const struct {
		uint16_t notify;
		uint8_t data[2];
		unsigned n;
	} refusals[] = { { N_SINGLE_PAIR_REQUIRED, { 0 }, 0 }, { N_NO_ADDITIONAL_SAS, { 0 }, 0 },
		{ N_TS_UNACCEPTABLE, { 0 }, 0 }, { N_INVALID_KE_PAYLOAD, { 0, 2 }, 2 },
		{ N_INVALID_KE_PAYLOAD, { 0, 31 }, 2 }, { N_INVALID_KE_PAYLOAD, { 1 }, 1 } };

	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct buf plain = { 0 };
		struct v2_msg m;
		struct hand h;

		hand_up(&h, 0, 0);
		command(&h, CMD_REKEY_CHILD);
		asked(&h, &m, &plain);
		refuse(&h, &m, refusals[i].notify, bytes_of(refusals[i].data, refusals[i].n));
		buf_done(&plain);
		assert_int_equal(h.n_said, 0);
		assert_int_equal(h.count[EV_v2_rekey_failed], 1);
		assert_int_equal(h.count[EV_v2_child_established], 1);
		hand_assert_alive(&h);
		hand_done(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_rekey_of_the_ike_sa_offers_what_it_has_and_everything_when_that_is_refused),
		cmocka_unit_test(refusals_of_a_rekey_keep_the_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
