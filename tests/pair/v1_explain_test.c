/* Reasons that nobody of ours sends (doc/protocol/explain.md), IKEv1: cut, too long, said twice,
 * from elsewhere, in clear once there are keys. Nothing is heard, and the engine does what it does
 * without them; who tells why sends no more octets than came, and once a second. */
#include "ikev1/explain.h"
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

static char peer_word[] = "%peer";
static const uint8_t list[] = { 1, EXPLAIN_IKE, 1, 6, 'a', 'e', 's', '2', '5', '6', 0 };

struct told {
	struct pair p;
	struct conf_conn a, b;
	uint32_t message_id;
};

/* An initiator whose first message is on its way. */
static void begin(struct told *t)
{
	t->message_id = 0;
	t->a = t->b = pair_conf("paris");
	t->a.version = t->b.version = VERSION_IKEV1;
	t->a.explain_to = t->b.explain_to = peer_word;
	t->a.automatic = AUTO_START;
	pair_init(&t->p, 1);
	t->p.delay_min = t->p.delay_max = 100 * NS_MS;
	pair_add(&t->p.b, &t->b);
	pair_add(&t->p.a, &t->a);
	pair_command(&t->p.a, CMD_UP, "paris");
	pair_run(&t->p, NS_MS);
}

static void end(struct told *t)
{
	pair_run(&t->p, 8 * NS_S);
	pair_assert_one_tunnel(&t->p);
	pair_done(&t->p);
}

/* As the peer would say it in clear: a refusal, and n times that reason; what a sends meanwhile is
 * nothing. */
static void forge(struct told *t, struct bytes why, unsigned n, struct addr from)
{
	struct v1_header h = { .version = V1_VERSION, .exchange = V1_INFORMATIONAL };
	struct datagram d = { { t->p.a.addr, 500 }, { from, 500 }, BYTES_NONE };
	static uint8_t room[4096];
	size_t sent = t->p.a.sent;
	struct v1_build b;

	memcpy(h.icookie, t->p.a.last_header, sizeof(h.icookie));
	memcpy(h.rcookie, t->p.a.last_header + 8, sizeof(h.rcookie));
	if (memcmp(h.rcookie, (uint8_t[8]){ 0 }, 8) == 0)
		h.rcookie[0] = 1;
	h.message_id = ++t->message_id;
	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_notify(&b, PROTO_IKE, BYTES_NONE, N1_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	while (n-- > 0)
		v1_put_notify(&b, PROTO_IKE, BYTES_NONE, N1_CLEARSWAN_EXPLAIN, why);
	d.data = v1_build_end(&b);
	assert_true(d.data.n > 0);
	ike_input(t->p.a.ike, t->p.now, &d);
	assert_int_equal(t->p.a.sent, sent);
}

TEST(a_reason_that_is_cut_or_too_long_is_none)
{
	uint8_t large[3000] = { 1, EXPLAIN_IKE, 1, 255 };
	struct told t;

	memset(large + 4, 'a', sizeof(large) - 4);
	begin(&t);
	for (size_t n = 0; n < sizeof(list); n++)
		forge(&t, bytes_of(list, n), 1, t.p.b.addr);
	forge(&t, BYTES(large), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_v1_ignored], 1);
	assert_int_equal(t.p.a.count[EV_peer_hints], 0);
	forge(&t, BYTES(list), 1, t.p.b.addr); /* it is the rest that counts */
	assert_int_equal(t.p.a.count[EV_peer_hints], 1);
	end(&t);
}

TEST(a_reason_that_is_said_again_and_again_is_heard_a_few_times)
{
	struct told t;

	begin(&t);
	for (unsigned i = 0; i < 50; i++)
		forge(&t, BYTES(list), 9, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints], LIMIT_HINTS);
	end(&t);
}

TEST(a_reason_from_elsewhere_is_not_heard)
{
	struct told t;

	begin(&t);
	forge(&t, BYTES(list), 1, addr_v4(0xc0000209));
	assert_int_equal(t.p.a.count[EV_v1_ignored] + t.p.a.count[EV_peer_hints], 0);
	end(&t);
}

/* Neither as the peer's word, while Quick Mode waits for an answer, nor as anybody's. */
TEST(a_reason_in_clear_is_not_heard_once_the_peer_is_authenticated)
{
	static const uint8_t mode[] = { 1, EXPLAIN_MODE, 0, 6, 't', 'u', 'n', 'n', 'e', 'l', 0 };
	struct told t;

	begin(&t);
	while (!t.p.a.count[EV_v1_quick_i1_sent])
		pair_run(&t.p, 10 * NS_MS);
	assert_int_equal(t.p.a.count[EV_v1_child_established], 0);
	for (unsigned i = 0; i < 3; i++) {
		forge(&t, BYTES(mode), 1, t.p.b.addr);
		forge(&t, BYTES(list), 1, t.p.b.addr);
	}
	assert_int_equal(t.p.a.count[EV_v1_quick_refused], 0);
	pair_run(&t.p, 5 * NS_S);
	forge(&t, BYTES(mode), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints] + t.p.a.count[EV_peer_explains], 0);
	end(&t);
}

TEST(an_initiator_does_the_same_with_and_without_a_reason)
{
	size_t sent = 0, octets = 0;
	struct told t;

	for (unsigned with = 0; with < 2; with++) {
		begin(&t);
		pair_done(&t.p);
		pair_init(&t.p, 1);
		pair_add(&t.p.a, &t.a);
		t.p.drop_from = &t.p.b;
		pair_command(&t.p.a, CMD_UP, "paris");
		pair_run(&t.p, NS_MS);
		forge(&t, BYTES(list), with, t.p.b.addr);
		pair_run(&t.p, 60 * NS_S);
		assert_int_equal(t.p.a.count[EV_peer_hints], with);
		assert_int_equal(t.p.a.n_done, 1);
		if (with) {
			assert_int_equal(t.p.a.sent, sent);
			assert_int_equal(t.p.a.sent_octets, octets);
		}
		sent = t.p.a.sent;
		octets = t.p.a.sent_octets;
		assert_true(sent > 1);
		pair_done(&t.p);
	}
}

/* ---- who tells ---- */

/* A first message that is refused, and says that it reads reasons; gives the octets of the answer.
 */
static size_t answered(
	struct told *t, const struct v1_proposals *offer, uint8_t cookie, size_t *asked)
{
	struct v1_header h = {
		.icookie = { cookie }, .version = V1_VERSION, .exchange = V1_MAIN_MODE
	};
	struct datagram d = { { t->p.b.addr, 500 }, { t->p.a.addr, 500 }, BYTES_NONE };
	size_t was = t->p.b.sent_octets;
	uint8_t room[4096];
	struct v1_build b;

	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_sa(&b, offer);
	v1_put_vendor(&b, explain_vendor());
	d.data = v1_build_end(&b);
	*asked = d.data.n;
	ike_input(t->p.b.ike, t->p.now, &d);
	pair_run(&t->p, NS_MS);
	return t->p.b.sent_octets - was;
}

TEST(an_answer_that_explains_has_no_more_octets_than_the_request_and_is_given_thrice)
{
	enum { PLAIN = 28 + 12 };
	struct proposals one = { .n = 1,
		.p = { { .number = 1,
			.protocol = PROTO_IKE,
			.n = 4,
			.t = { { TT_ENCR, ENCR_AES_CBC, 192 },
				{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 },
				{ TT_PRF, PRF_HMAC_SHA2_256, 0 }, { TT_KE, KE_ECP_256, 0 } } } } };
	struct v1_proposals *offer = v1_offer_ike(&one, V1_AUTH_PSK, KE_NONE, NS_S * 3600), *small;
	size_t asked, n;
	struct told t;

	begin(&t);
	pair_done(&t.p);
	small = v1_offer_ike(&one, V1_AUTH_PSK, KE_NONE, NS_S * 3600);
	one.p[0].t[0].key_bits = 128;
	t.b.ike = &one;
	pair_init(&t.p, 1);
	pair_add(&t.p.b, &t.b);
	/* a fourth refusal has no answer at all */
	for (uint8_t cookie = 1; cookie <= 4; cookie++) {
		n = answered(&t, offer, cookie, &asked);
		assert_true(cookie == 4 ? n == 0 : n > PLAIN && n <= asked);
	}
	pair_done(&t.p);

	/* what it has is longer than what came */
	pair_init(&t.p, 1);
	one.n = 5;
	for (size_t i = 1; i < one.n; i++) {
		one.p[i] = one.p[0];
		one.p[i].number = (uint8_t)(i + 1);
		one.p[i].t[0].key_bits = i & 1 ? 128 : 256;
		one.p[i].t[3].id = i & 2 ? KE_ECP_384 : KE_MODP4096;
	}
	pair_add(&t.p.b, &t.b);
	assert_int_equal(answered(&t, small, 1, &asked), PLAIN);
	pair_done(&t.p);
	free(offer);
	free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reason_that_is_cut_or_too_long_is_none),
		cmocka_unit_test(a_reason_that_is_said_again_and_again_is_heard_a_few_times),
		cmocka_unit_test(a_reason_from_elsewhere_is_not_heard),
		cmocka_unit_test(a_reason_in_clear_is_not_heard_once_the_peer_is_authenticated),
		cmocka_unit_test(an_initiator_does_the_same_with_and_without_a_reason),
		cmocka_unit_test(
			an_answer_that_explains_has_no_more_octets_than_the_request_and_is_given_thrice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
