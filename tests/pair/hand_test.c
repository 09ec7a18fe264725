/* One engine as responder, and an initiator made by hand that may send what no engine of ours
 * would: repeats, forgeries, nonsense under good keys, versions of the future (RFC
 * 7296 2.1, 2.3, 2.5, 2.21; RFC 7383 2.6.1). */
#include "tests/pair/pair.h"

#include "crypto/prf.h"
#include "ike/version.h"
#include "ikev2/keymat.h"
#include "ikev2/message.h"
#include <stdlib.h>

#include "base/test.h"

enum { SAID_MAX = 8, ROOM = 4096 };

struct hand {
	struct ike *ike;
	struct now now;
	struct rng_seeded seed;
	unsigned count[EV_END];
	uint32_t tfc; /* of the last outbound SA */
	/* what the engine said since the last datagram to it */
	size_t n_said;
	struct buf said[SAID_MAX];
	/* our end of the IKE SA */
	struct v2_header h; /* of the next request */
	struct suite suite;
	struct v2_keys keys;
	struct protect *seal, *open;
	uint64_t counter;
	struct ke *ke;
	uint8_t ni[32];
	struct buf nr, init, last; /* IKE_SA_INIT request; the last request, for repeats */
};

static const struct proposals ike_offer = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_IKE,
		.n = 3,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_KE, KE_CURVE25519, 0 } } } } };
static const struct proposals esp_offer = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_ESP,
		.spi_n = 4,
		.spi = { 0xc, 0, 0, 1 },
		.n = 2,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_ESN, ESN_NO, 0 } } } } };
static uint8_t room[ROOM], wire[ROOM];

/* ---- the engine's surroundings ---- */

static void take(void *ctx, const struct event *e)
{
	struct hand *h = ctx;

	assert_true(event_check(e));
	h->count[e->id]++;
}

static struct secret psk_mac(uint16_t prf_id, struct bytes octets)
{
	const struct bytes pad = bytes_str("Key Pad for IKEv2");
	struct secret key = { 0 }, mac = { 0 };

	assert_int_equal(prf(prf_id, bytes_str("one secret"), &pad, 1, &key), OK);
	assert_int_equal(prf(prf_id, secret_view(&key), &octets, 1, &mac), OK);
	secret_done(&key);
	return mac;
}

static void act(struct hand *h)
{
	struct action a;

	while (ike_output(h->ike, &a)) {
		struct answer answer = { .ask = a.ask };
		struct secret mac = { 0 };

		if (a.kind == ACTION_SEND) {
			assert_true(h->n_said < SAID_MAX);
			h->said[h->n_said++] = buf_from(a.datagram.data);
		} else if (a.kind == ACTION_PSK) {
			mac = psk_mac(a.psk.prf, a.psk.octets);
			answer.mac = secret_view(&mac);
		} else if (a.kind == ACTION_DATAPLANE && a.dp.op == DP_SA_ADD &&
			   a.dp.sa->dir == DP_OUT) {
			h->tfc = a.dp.sa->tfc;
		}
		if (a.ask)
			ike_answer(h->ike, h->now, &answer);
		secret_done(&mac);
	}
}

static void forget_said(struct hand *h)
{
	while (h->n_said)
		buf_done(&h->said[--h->n_said]);
}

static void tell(struct hand *h, struct bytes data)
{
	struct datagram d = { { addr_v4(0xc0000202), 500 }, { addr_v4(0xc0000201), 500 }, data };

	forget_said(h);
	ike_input(h->ike, h->now, &d);
	act(h);
}

static void hand_init(struct hand *h, uint32_t tfc)
{
	struct conf_conn conf = pair_conf("paris");
	struct addr addr = addr_v4(0xc0000202);
	struct ike_env env = { .events = { take, h } };
	struct command addresses = { .kind = CMD_ADDRESSES, .addrs = &addr, .n_addrs = 1 };
	struct command add = { .kind = CMD_CONN_ADD, .what = ADD_ONLY, .conn = &conf };

	memset(h, 0, sizeof(*h));
	conf.tfc = tfc;
	h->now = (struct now){ 100 * NS_S, 1700000000 * NS_S };
	env.rng = rng_seeded(&h->seed, 1);
	h->ike = ike_new(&env, h->now);
	ike_register(h->ike, &ikev2_version);
	ike_command(h->ike, h->now, &addresses);
	ike_command(h->ike, h->now, &add);
	act(h);
	h->h = (struct v2_header){ .spi_i = { 1, 2, 3, 4, 5, 6, 7, 8 },
		.version = 0x20,
		.exchange = IKE_SA_INIT,
		.flags = V2_F_INITIATOR };
	memset(h->ni, 7, sizeof(h->ni));
	h->ke = ke_new(KE_CURVE25519);
}

static void hand_done(struct hand *h)
{
	forget_said(h);
	ike_free(h->ike);
	ke_free(h->ke);
	v2_keys_done(&h->keys);
	protect_free(h->seal);
	protect_free(h->open);
	buf_done(&h->nr);
	buf_done(&h->init);
	buf_done(&h->last);
}

/* ---- our end ---- */

static void init_put(struct hand *h, struct v2_build *b)
{
	v2_build_message(b, room, sizeof(room), &h->h);
	v2_put_sa(b, &ike_offer);
	v2_put_ke(b, KE_CURVE25519, ke_public(h->ke));
	v2_put_nonce(b, BYTES(h->ni));
	v2_put_notify(b, PROTO_NONE, BYTES_NONE, N_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
}

static void init_exchange(struct hand *h)
{
	struct secret g_ir = { 0 };
	struct v2_build b;
	struct v2_msg m;

	init_put(h, &b);
	buf_set(&h->init, v2_build_end(&b));
	tell(h, buf_view(&h->init));
	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), &m, NULL), OK);
	assert_int_equal(proposals_accept(&ike_offer, &m.sa, true, &h->suite), OK);
	assert_int_equal(ke_shared(h->ke, m.ke, &g_ir), OK);
	memcpy(h->h.spi_r, m.h.spi_r, 8);
	buf_set(&h->nr, m.nonce);
	assert_int_equal(v2_keys_init(&h->suite, BYTES(h->ni), m.nonce, secret_view(&g_ir),
				 BYTES(h->h.spi_i), BYTES(h->h.spi_r), &h->keys),
		OK);
	secret_done(&g_ir);
	assert_int_equal(protect_new(&h->suite, PROTECT_BOTH, secret_view(&h->keys.sk_ei),
				 BYTES_NONE, &h->seal),
		OK);
	assert_int_equal(protect_new(&h->suite, PROTECT_BOTH, secret_view(&h->keys.sk_er),
				 BYTES_NONE, &h->open),
		OK);
	h->h.message_id = 1;
}

static void request(struct hand *h, uint8_t exchange, struct v2_build *b)
{
	struct bytes chain = v2_build_end(b);

	h->h.exchange = exchange;
	buf_set(&h->last, v2_protect(h->seal, h->counter++, &h->h, b->first, chain, wire, ROOM));
	tell(h, buf_view(&h->last));
	h->h.message_id++;
}

/* The only datagram that was said, opened. *plain owns what the views look into. */
static void said(struct hand *h, struct v2_msg *m, struct buf *plain)
{
	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), m, NULL), OK);
	assert_int_equal(v2_unprotect(h->open, m, plain), OK);
	assert_int_equal(v2_chain_parse(m->sk_next, buf_view(plain), m, NULL), OK);
	assert_true(m->h.flags == V2_F_RESPONSE && m->h.message_id == h->h.message_id - 1);
}

static void auth_put(struct hand *h, struct v2_build *b, uint16_t notify)
{
	const uint8_t id_body[] = { ID_IPV4_ADDR, 0, 0, 0, 192, 0, 2, 1 };
	struct addr us = addr_v4(0xc0000201);
	struct id id = id_from_addr(&us);
	struct ts_list tsi = { .n = 1, .ts = { pair_net("10.0.1.0/24") } };
	struct ts_list tsr = { .n = 1, .ts = { pair_net("10.0.2.0/24") } };
	struct buf octets = { 0 };
	struct secret mac;

	assert_int_equal(v2_auth_octets(h->suite.prf, buf_view(&h->init), buf_view(&h->nr),
				 secret_view(&h->keys.sk_pi), BYTES(id_body), &octets),
		OK);
	mac = psk_mac(h->suite.prf, buf_view(&octets));
	v2_build_chain(b, room, sizeof(room));
	v2_put_id(b, V2_IDI, &id);
	v2_put_auth(b, 2, secret_view(&mac));
	if (notify)
		v2_put_notify(b, PROTO_NONE, BYTES_NONE, notify, BYTES_NONE);
	v2_put_sa(b, &esp_offer);
	v2_put_ts(b, V2_TSI, &tsi);
	v2_put_ts(b, V2_TSR, &tsr);
	secret_done(&mac);
	buf_done(&octets);
	id_done(&id);
}

static void up(struct hand *h, uint16_t notify, uint32_t tfc)
{
	struct v2_build b;

	hand_init(h, tfc);
	init_exchange(h);
	auth_put(h, &b, notify);
	request(h, IKE_AUTH, &b);
	assert_int_equal(h->count[EV_v2_child_established], 1);
}

static void assert_notify_only(struct hand *h, uint16_t type, struct bytes data)
{
	struct buf plain = { 0 };
	struct v2_msg m;

	said(h, &m, &plain);
	assert_int_equal(m.n_notify, 1);
	assert_int_equal(m.notify[0].type, type);
	assert_true(bytes_eq(m.notify[0].data, data));
	buf_done(&plain);
}

static void assert_alive(struct hand *h)
{
	struct buf plain = { 0 };
	struct v2_build b;
	struct v2_msg m;

	v2_build_chain(&b, room, sizeof(room));
	request(h, INFORMATIONAL, &b);
	said(h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	buf_done(&plain);
}

/* An unprotected answer: one notification under the header of the request. */
static void assert_refused(const struct hand *h, uint16_t type, struct bytes data)
{
	struct v2_msg m;

	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), &m, NULL), OK);
	assert_int_equal(m.h.version, 0x20);
	assert_int_equal(m.h.flags, V2_F_RESPONSE);
	assert_memory_equal(m.h.spi_i, h->h.spi_i, 8);
	assert_int_equal(m.n_notify, 1);
	assert_int_equal(m.notify[0].type, type);
	assert_true(bytes_eq(m.notify[0].data, data));
}

/* ---- inside of the IKE SA ---- */

TEST(an_initiator_made_by_hand_gets_its_tunnel)
{
	struct buf plain = { 0 };
	struct v2_msg m;
	struct hand h;

	up(&h, 0, 0);
	said(&h, &m, &plain);
	assert_string_equal(m.names, "SK{IDr,AUTH,SA,TSi,TSr}");
	buf_done(&plain);
	assert_alive(&h);
	hand_done(&h);
}

TEST(a_repeated_request_gets_the_same_response_and_nothing_else)
{
	struct buf first = { 0 };
	struct hand h;

	up(&h, 0, 0);
	buf_set(&first, buf_view(&h.said[0]));
	tell(&h, buf_view(&h.last));
	assert_int_equal(h.n_said, 1);
	assert_true(bytes_eq(buf_view(&h.said[0]), buf_view(&first)));
	assert_int_equal(h.count[EV_v2_child_established], 1);
	buf_done(&first);
	hand_done(&h);
}

TEST(a_repeated_first_request_gets_the_same_response)
{
	struct buf first = { 0 };
	struct hand h;

	hand_init(&h, 0);
	init_exchange(&h);
	buf_set(&first, buf_view(&h.said[0]));
	tell(&h, buf_view(&h.init));
	assert_int_equal(h.n_said, 1);
	assert_true(bytes_eq(buf_view(&h.said[0]), buf_view(&first)));
	buf_done(&first);
	hand_done(&h);
}

TEST(a_request_outside_of_the_window_is_dropped)
{
	struct v2_build b;
	struct hand h;

	up(&h, 0, 0);
	h.h.message_id++;
	v2_build_chain(&b, room, sizeof(room));
	request(&h, INFORMATIONAL, &b);
	assert_int_equal(h.n_said, 0);
	h.h.message_id = 2;
	assert_alive(&h);
	hand_done(&h);
}

TEST(a_forged_request_changes_nothing)
{
	struct v2_build b;
	struct hand h;

	up(&h, 0, 0);
	v2_build_chain(&b, room, sizeof(room));
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last, v2_protect(h.seal, h.counter++, &h.h, b.first, BYTES_NONE, wire, ROOM));
	h.last.p[h.last.n - 1] ^= 1;
	tell(&h, buf_view(&h.last));
	assert_int_equal(h.n_said, 0);
	assert_int_equal(h.count[EV_v2_forged], 1);
	assert_alive(&h);
	hand_done(&h);
}

/* 2.5 */
TEST(an_unknown_critical_payload_is_named_and_the_ike_sa_lives)
{
	const uint8_t chain[] = { 0, 0x80, 0, 4 }, type = 200;
	struct hand h;

	up(&h, 0, 0);
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last, v2_protect(h.seal, h.counter++, &h.h, type, BYTES(chain), wire, ROOM));
	tell(&h, buf_view(&h.last));
	h.h.message_id++;
	assert_notify_only(&h, N_UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&type, 1));
	assert_alive(&h);
	hand_done(&h);
}

/* 2.21.3 */
TEST(nonsense_under_good_keys_is_invalid_syntax_and_ends_the_ike_sa)
{
	const uint8_t chain[] = { 0, 0, 0, 200 };
	struct hand h;

	up(&h, 0, 0);
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last, v2_protect(h.seal, h.counter++, &h.h, V2_D, BYTES(chain), wire, ROOM));
	tell(&h, buf_view(&h.last));
	h.h.message_id++;
	assert_notify_only(&h, N_INVALID_SYNTAX, BYTES_NONE);
	tell(&h, buf_view(&h.last));
	assert_refused(&h, N_INVALID_IKE_SPI, BYTES_NONE);
	hand_done(&h);
}

/* RFC 7383 2.6.1 */
TEST(only_the_first_fragment_of_a_repeat_is_answered)
{
	struct buf piece[2] = { 0 };
	struct v2_build b;
	struct bytes chain;
	struct hand h;

	hand_init(&h, 0);
	init_exchange(&h);
	auth_put(&h, &b, 0);
	chain = v2_build_end(&b);
	h.h.exchange = IKE_AUTH;
	for (uint16_t i = 1; i <= 2; i++)
		piece[i - 1] = buf_from(v2_protect_fragment(h.seal, h.counter++, &h.h, b.first,
			chain, (struct v2_piece){ (chain.n + 1) / 2, i, 2 }, wire, ROOM));
	tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	tell(&h, buf_view(&piece[0]));
	assert_int_equal(h.n_said, 1);
	tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	tell(&h, buf_view(&piece[0]));
	assert_int_equal(h.n_said, 1);
	assert_int_equal(h.count[EV_v2_child_established], 1);
	buf_done(&piece[0]);
	buf_done(&piece[1]);
	hand_done(&h);
}

/* 1.3.1: who asks for transport mode and hears nothing of it has tunnel mode. */
TEST(a_wish_for_transport_mode_is_not_granted)
{
	struct buf plain = { 0 };
	struct v2_msg m;
	struct hand h;

	up(&h, N_USE_TRANSPORT_MODE, 0);
	said(&h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	buf_done(&plain);
	hand_done(&h);
}

/* 3.10.1 */
TEST(tfc_padding_is_off_for_a_peer_that_cannot_take_it)
{
	struct hand h;

	up(&h, 0, 1000);
	assert_int_equal(h.tfc, 1000);
	hand_done(&h);
	up(&h, N_ESP_TFC_PADDING_NOT_SUPPORTED, 1000);
	assert_int_equal(h.tfc, 0);
	hand_done(&h);
}

/* ---- outside of any IKE SA ---- */

TEST(a_request_to_an_unknown_ike_sa_is_answered_once_a_second)
{
	struct v2_build b;
	struct bytes d;
	struct hand h;

	hand_init(&h, 0);
	h.h.exchange = INFORMATIONAL;
	memset(h.h.spi_r, 9, 8);
	v2_build_message(&b, room, sizeof(room), &h.h);
	d = v2_build_end(&b);
	tell(&h, d);
	assert_refused(&h, N_INVALID_IKE_SPI, BYTES_NONE);
	tell(&h, d);
	assert_int_equal(h.n_said, 0);
	h.now.mono += NS_S;
	tell(&h, d);
	assert_int_equal(h.n_said, 1);
	hand_done(&h);
}

TEST(a_response_to_an_unknown_ike_sa_is_never_answered)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	h.h.exchange = INFORMATIONAL;
	h.h.flags |= V2_F_RESPONSE;
	memset(h.h.spi_r, 9, 8);
	v2_build_message(&b, room, sizeof(room), &h.h);
	tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 0);
	hand_done(&h);
}

/* 2.5 */
TEST(a_version_of_the_future_is_answered_with_ours)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	h.h.version = 0x30;
	init_put(&h, &b);
	tell(&h, v2_build_end(&b));
	assert_refused(&h, N_INVALID_MAJOR_VERSION, BYTES_NONE);
	assert_int_equal(h.count[EV_v2_newer_version], 1);
	h.h.version = 0x10;
	init_put(&h, &b);
	tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 0);
	h.h.version = 0x2f;
	init_put(&h, &b);
	tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 1);
	assert_int_equal(h.count[EV_v2_init_answered], 1);
	hand_done(&h);
}

TEST(a_first_request_with_an_unknown_critical_payload_is_refused)
{
	const uint8_t type = 200;
	struct v2_build b;
	struct bytes d;
	struct hand h;

	hand_init(&h, 0);
	init_put(&h, &b);
	v2_put_vendor(&b, BYTES_NONE);
	d = v2_build_end(&b);
	/* the last payload becomes an unknown one: its type stands in the one before, of 8 octets
	 */
	room[d.n - 4 - 8] = type;
	room[d.n - 3] = 0x80;
	tell(&h, d);
	assert_refused(&h, N_UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&type, 1));
	hand_done(&h);
}

TEST(a_first_request_without_a_nonce_is_invalid_syntax)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	v2_build_message(&b, room, sizeof(room), &h.h);
	v2_put_sa(&b, &ike_offer);
	v2_put_ke(&b, KE_CURVE25519, ke_public(h.ke));
	tell(&h, v2_build_end(&b));
	assert_refused(&h, N_INVALID_SYNTAX, BYTES_NONE);
	hand_done(&h);
}

TEST(datagrams_that_are_no_messages_are_dropped)
{
	static const uint8_t zero[64];
	struct hand h;

	hand_init(&h, 0);
	for (size_t n = 0; n <= sizeof(zero); n++) {
		tell(&h, bytes_of(zero, n));
		assert_int_equal(h.n_said, 0);
	}
	hand_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initiator_made_by_hand_gets_its_tunnel),
		cmocka_unit_test(a_repeated_request_gets_the_same_response_and_nothing_else),
		cmocka_unit_test(a_repeated_first_request_gets_the_same_response),
		cmocka_unit_test(a_request_outside_of_the_window_is_dropped),
		cmocka_unit_test(a_forged_request_changes_nothing),
		cmocka_unit_test(an_unknown_critical_payload_is_named_and_the_ike_sa_lives),
		cmocka_unit_test(nonsense_under_good_keys_is_invalid_syntax_and_ends_the_ike_sa),
		cmocka_unit_test(only_the_first_fragment_of_a_repeat_is_answered),
		cmocka_unit_test(a_wish_for_transport_mode_is_not_granted),
		cmocka_unit_test(tfc_padding_is_off_for_a_peer_that_cannot_take_it),
		cmocka_unit_test(a_request_to_an_unknown_ike_sa_is_answered_once_a_second),
		cmocka_unit_test(a_response_to_an_unknown_ike_sa_is_never_answered),
		cmocka_unit_test(a_version_of_the_future_is_answered_with_ours),
		cmocka_unit_test(a_first_request_with_an_unknown_critical_payload_is_refused),
		cmocka_unit_test(a_first_request_without_a_nonce_is_invalid_syntax),
		cmocka_unit_test(datagrams_that_are_no_messages_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
