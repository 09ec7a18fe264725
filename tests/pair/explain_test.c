/* Reasons that nobody of ours sends (doc/protocol/explain.md), IKEv2: cut, too long, said twice,
 * from elsewhere, outside of SK, from who said nothing of them. Nothing is heard, nothing is
 * answered, and the engine does what it does without them. */
#include "ikev2/explain.h"
#include "tests/pair/hand.h"

#include "base/test.h"

static char peer_word[] = "%peer", others[] = "192.0.2.9";
static const uint8_t list[] = { 1, EXPLAIN_IKE, 1, 6, 'a', 'e', 's', '2', '5', '6', 0 };

struct told {
	struct pair p;
	struct conf_conn a, b;
};

/* An initiator whose IKE_SA_INIT request is on its way. */
static void begin(struct told *t)
{
	t->a = t->b = pair_conf("paris");
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
	pair_run(&t->p, 5 * NS_S);
	pair_assert_one_tunnel(&t->p);
	pair_done(&t->p);
}

/* A message in the name of the peer that refuses and has n notifications with that reason; what a
 * sends meanwhile is nothing. */
static void forge(struct told *t, uint8_t exchange, struct bytes why, unsigned n, struct addr from)
{
	struct v2_header h = { .version = 0x20, .exchange = exchange, .flags = V2_F_RESPONSE };
	struct datagram d = { { t->p.a.addr, 500 }, { from, 500 }, BYTES_NONE };
	static uint8_t room[4096];
	size_t sent = t->p.a.sent;
	struct v2_build b;

	memcpy(h.spi_i, t->p.a.last_header, sizeof(h.spi_i));
	memcpy(h.spi_r, t->p.a.last_header + 8, sizeof(h.spi_r));
	h.message_id = exchange == IKE_AUTH;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	while (n-- > 0)
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, why);
	d.data = v2_build_end(&b);
	assert_true(d.data.n > 0);
	ike_input(t->p.a.ike, t->p.now, &d);
	assert_int_equal(t->p.a.sent, sent);
}

TEST(a_reason_that_is_cut_anywhere_is_none)
{
	struct told t;

	begin(&t);
	for (size_t n = 0; n < sizeof(list); n++)
		forge(&t, IKE_SA_INIT, bytes_of(list, n), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_v2_init_refused], sizeof(list));
	assert_int_equal(t.p.a.count[EV_peer_hints], 0);
	forge(&t, IKE_SA_INIT, BYTES(list), 1, t.p.b.addr); /* it is the rest that counts */
	assert_int_equal(t.p.a.count[EV_peer_hints], 1);
	end(&t);
}

TEST(a_reason_with_more_octets_than_it_says_is_none)
{
	uint8_t large[3000] = { 1, EXPLAIN_IKE, 1, 255 };
	struct told t;

	memset(large + 4, 'a', sizeof(large) - 4);
	begin(&t);
	forge(&t, IKE_SA_INIT, BYTES(large), 1, t.p.b.addr);
	large[4 + 255] = 255; /* a second value, which its class has not */
	forge(&t, IKE_SA_INIT, bytes_of(large, 4 + 255 + 1 + 255), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints], 0);
	large[4 + 255] = 0;
	forge(&t, IKE_SA_INIT, bytes_of(large, 4 + 255 + 1), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints], 1);
	assert_int_equal(strlen(pair_said(&t.p.a, EV_peer_hints, "theirs")), 255);
	end(&t);
}

TEST(a_reason_that_is_said_again_and_again_is_heard_a_few_times)
{
	struct told t;

	begin(&t);
	forge(&t, IKE_SA_INIT, BYTES(list), 9, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints], 1);
	for (unsigned i = 0; i < 50; i++)
		forge(&t, IKE_SA_INIT, BYTES(list), 9, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints], LIMIT_HINTS);
	end(&t);
}

TEST(a_reason_from_elsewhere_or_for_who_asks_for_none_is_not_heard)
{
	struct told t;

	begin(&t);
	forge(&t, IKE_SA_INIT, BYTES(list), 1, addr_v4(0xc0000209));
	assert_int_equal(t.p.a.count[EV_v2_init_refused], 0);
	end(&t);

	begin(&t);
	pair_done(&t.p);
	t.a.explain_to = others;
	pair_init(&t.p, 1);
	t.p.delay_min = t.p.delay_max = 100 * NS_MS;
	pair_add(&t.p.b, &t.b);
	pair_add(&t.p.a, &t.a);
	pair_command(&t.p.a, CMD_UP, "paris");
	pair_run(&t.p, NS_MS);
	forge(&t, IKE_SA_INIT, BYTES(list), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_v2_init_refused], 1);
	assert_int_equal(t.p.a.count[EV_peer_hints], 0);
	end(&t);
}

/* Outside of SK once there are keys: IKE_AUTH is on its way, later the tunnel is up. */
TEST(a_reason_in_clear_is_not_heard_once_there_are_keys)
{
	static const uint8_t secret[] = { 1, EXPLAIN_SECRET, 0, 0, 0 }, mode[] = { 1, EXPLAIN_MODE,
		0, 9, 't', 'r', 'a', 'n', 's', 'p', 'o', 'r', 't', 0 };
	struct told t;

	begin(&t);
	pair_run(&t.p, 250 * NS_MS);
	assert_int_equal(t.p.a.count[EV_v2_auth_sent], 1);
	assert_int_equal(t.p.a.count[EV_v2_ike_established], 0);
	forge(&t, IKE_AUTH, BYTES(secret), 1, t.p.b.addr);
	forge(&t, IKE_AUTH, BYTES(mode), 1, t.p.b.addr);
	forge(&t, IKE_SA_INIT, BYTES(secret), 1, t.p.b.addr);
	pair_run(&t.p, 5 * NS_S);
	forge(&t, IKE_AUTH, BYTES(mode), 1, t.p.b.addr);
	forge(&t, CREATE_CHILD_SA, BYTES(mode), 1, t.p.b.addr);
	forge(&t, INFORMATIONAL, BYTES(mode), 1, t.p.b.addr);
	assert_int_equal(t.p.a.count[EV_peer_hints] + t.p.a.count[EV_peer_explains], 0);
	assert_int_equal(t.p.a.count[EV_v2_auth_rejected], 0);
	end(&t);
}

/* Who asks has no reason to give: in a request it is one more notification that nobody knows. */
TEST(a_request_that_gives_a_reason_is_handled_as_one_without)
{
	struct buf plain = { 0 };
	struct v2_build b;
	struct v2_msg m;
	struct hand h;

	hand_up(&h, N_CLEARSWAN_EXPLAIN, 0);
	hand_said(&h, &m, &plain);
	assert_string_equal(m.names, "SK{IDr,AUTH,SA,TSi,TSr}");
	buf_done(&plain);
	v2_build_chain(&b, h.room, sizeof(h.room));
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, BYTES(list));
	hand_request(&h, INFORMATIONAL, &b);
	hand_said(&h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	buf_done(&plain);
	assert_int_equal(h.count[EV_peer_explains] + h.count[EV_peer_hints], 0);
	hand_assert_alive(&h);
	hand_done(&h);
}

/* What the initiator of a refused attempt does in a minute, with and without a reason beside it. */
static void refused_for_a_minute(struct told *t, const uint8_t *why, size_t n)
{
	begin(t);
	pair_done(&t->p);
	pair_init(&t->p, 1);
	t->p.drop_from = &t->p.b;
	pair_add(&t->p.a, &t->a);
	pair_command(&t->p.a, CMD_UP, "paris");
	pair_run(&t->p, NS_MS);
	forge(t, IKE_SA_INIT, bytes_of(why, n), why ? 1 : 0, t->p.b.addr);
	pair_run(&t->p, 60 * NS_S);
}

TEST(an_initiator_does_the_same_with_and_without_a_reason)
{
	static const uint8_t version[] = { 1, EXPLAIN_VERSION_OF, 0, 5, 'i', 'k', 'e', 'v', '1',
		0 };
	size_t sent, octets;
	struct told t;
	int status;

	refused_for_a_minute(&t, NULL, 0);
	assert_int_equal(t.p.a.count[EV_peer_hints], 0);
	sent = t.p.a.sent;
	octets = t.p.a.sent_octets;
	status = (int)t.p.a.exit;
	assert_true(sent > 1);
	assert_int_equal(t.p.a.n_done, 1);
	pair_done(&t.p);
	refused_for_a_minute(&t, version, sizeof(version));
	assert_int_equal(t.p.a.count[EV_peer_hints], 1);
	assert_int_equal(t.p.a.sent, sent);
	assert_int_equal(t.p.a.sent_octets, octets);
	assert_int_equal(t.p.a.exit, status);
	assert_int_equal(t.p.a.count[EV_v1_initiate], 0);
	pair_done(&t.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reason_that_is_cut_anywhere_is_none),
		cmocka_unit_test(a_reason_with_more_octets_than_it_says_is_none),
		cmocka_unit_test(a_reason_that_is_said_again_and_again_is_heard_a_few_times),
		cmocka_unit_test(a_reason_from_elsewhere_or_for_who_asks_for_none_is_not_heard),
		cmocka_unit_test(a_reason_in_clear_is_not_heard_once_there_are_keys),
		cmocka_unit_test(a_request_that_gives_a_reason_is_handled_as_one_without),
		cmocka_unit_test(an_initiator_does_the_same_with_and_without_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
