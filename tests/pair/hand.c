/* An initiator made by hand: see hand.h. */
#include "tests/pair/hand.h"

#include "crypto/prf.h"
#include "ike/version.h"
#include "ikev2/exchanges.h"
#include <stdlib.h>

#include "base/test.h"

const struct proposals hand_ike_offer = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_IKE,
		.n = 3,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_KE, KE_CURVE25519, 0 } } } } };
const struct proposals hand_esp_offer = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_ESP,
		.spi_n = 4,
		.spi = { 0xc, 0, 0, 1 },
		.n = 2,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_ESN, ESN_NO, 0 } } } } };

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

void hand_act(struct hand *h)
{
	struct action a;

	while (ike_output(h->ike, &a)) {
		struct answer answer = { .ask = a.ask };
		struct secret mac = { 0 };

		if (a.kind == ACTION_SEND) {
			assert_true(h->n_said < HAND_SAID_MAX);
			h->said[h->n_said++] = buf_from(a.datagram.data);
		} else if (a.kind == ACTION_PSK) {
			mac = psk_mac(a.psk.prf, a.psk.octets);
			answer.mac = secret_view(&mac);
		} else if (a.kind == ACTION_DATAPLANE && a.dp.op == DP_SA_ADD &&
			   a.dp.sa->dir == DP_OUT) {
			h->tfc = a.dp.sa->tfc;
		}
		h->n_moved += a.kind == ACTION_DATAPLANE && a.dp.op == DP_SA_MOVE;
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

void hand_tell(struct hand *h, struct bytes data)
{
	struct datagram d = { { addr_v4(0xc0000202), 500 }, { h->from, 500 }, data };

	forget_said(h);
	ike_input(h->ike, h->now, &d);
	hand_act(h);
}

void hand_init(struct hand *h, uint32_t tfc)
{
	struct conf_conn conf = pair_conf("paris");
	struct addr addr = addr_v4(0xc0000202);
	struct ike_env env = { .events = { take, h } };
	struct command addresses = { .kind = CMD_ADDRESSES, .addrs = &addr, .n_addrs = 1 };
	struct command add = { .kind = CMD_CONN_ADD, .what = ADD_ONLY, .conn = &conf };

	memset(h, 0, sizeof(*h));
	conf.tfc = tfc;
	h->from = addr_v4(0xc0000201);
	h->now = (struct now){ 100 * NS_S, 1700000000 * NS_S };
	env.rng = rng_seeded(&h->seed, 1);
	h->ike = ike_new(&env, h->now);
	ike_register(h->ike, &ikev2_version);
	ike_command(h->ike, h->now, &addresses);
	ike_command(h->ike, h->now, &add);
	hand_act(h);
	h->h = (struct v2_header){ .spi_i = { 1, 2, 3, 4, 5, 6, 7, 8 },
		.version = 0x20,
		.exchange = IKE_SA_INIT,
		.flags = V2_F_INITIATOR };
	memset(h->ni, 7, sizeof(h->ni));
	h->ke = ke_new(KE_CURVE25519);
}

void hand_done(struct hand *h)
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

void hand_init_put(struct hand *h, struct v2_build *b)
{
	v2_build_message(b, h->room, sizeof(h->room), &h->h);
	v2_put_sa(b, &hand_ike_offer);
	v2_put_ke(b, KE_CURVE25519, ke_public(h->ke));
	v2_put_nonce(b, BYTES(h->ni));
	v2_put_notify(b, PROTO_NONE, BYTES_NONE, N_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
}

void hand_init_exchange(struct hand *h)
{
	struct secret g_ir = { 0 };
	struct v2_build b;
	struct v2_msg m;

	hand_init_put(h, &b);
	buf_set(&h->init, v2_build_end(&b));
	hand_tell(h, buf_view(&h->init));
	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), &m, NULL), OK);
	assert_int_equal(proposals_accept(&hand_ike_offer, &m.sa, true, &h->suite), OK);
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

void hand_request(struct hand *h, uint8_t exchange, struct v2_build *b)
{
	struct bytes chain = v2_build_end(b);

	h->h.exchange = exchange;
	buf_set(&h->last, v2_protect(h->seal, h->counter++, &h->h, b->first, chain, h->wire,
				  sizeof(h->wire)));
	hand_tell(h, buf_view(&h->last));
	h->h.message_id++;
}

void hand_said(struct hand *h, struct v2_msg *m, struct buf *plain)
{
	assert_int_equal(h->n_said, 1);
	assert_int_equal(v2_msg_parse(buf_view(&h->said[0]), m, NULL), OK);
	assert_int_equal(v2_unprotect(h->open, m, plain), OK);
	assert_int_equal(v2_chain_parse(m->sk_next, buf_view(plain), m, NULL), OK);
	assert_true(m->h.flags == V2_F_RESPONSE && m->h.message_id == h->h.message_id - 1);
}

void hand_auth_put(struct hand *h, struct v2_build *b, uint16_t notify)
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
	v2_build_chain(b, h->room, sizeof(h->room));
	v2_put_id(b, V2_IDI, &id);
	v2_put_auth(b, 2, secret_view(&mac));
	if (notify)
		v2_put_notify(b, PROTO_NONE, BYTES_NONE, notify, BYTES_NONE);
	v2_put_sa(b, &hand_esp_offer);
	v2_put_ts(b, V2_TSI, &tsi);
	v2_put_ts(b, V2_TSR, &tsr);
	secret_done(&mac);
	buf_done(&octets);
	id_done(&id);
}

void hand_up(struct hand *h, uint16_t notify, uint32_t tfc)
{
	struct v2_build b;

	hand_init(h, tfc);
	hand_init_exchange(h);
	hand_auth_put(h, &b, notify);
	hand_request(h, IKE_AUTH, &b);
	assert_int_equal(h->count[EV_v2_child_established], 1);
}

void hand_assert_notify(struct hand *h, uint16_t type, struct bytes data)
{
	struct buf plain = { 0 };
	struct v2_msg m;

	hand_said(h, &m, &plain);
	assert_int_equal(m.n_notify, 1);
	assert_int_equal(m.notify[0].type, type);
	assert_true(bytes_eq(m.notify[0].data, data));
	buf_done(&plain);
}

void hand_assert_alive(struct hand *h)
{
	struct buf plain = { 0 };
	struct v2_build b;
	struct v2_msg m;

	v2_build_chain(&b, h->room, sizeof(h->room));
	hand_request(h, INFORMATIONAL, &b);
	hand_said(h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	buf_done(&plain);
}

void hand_assert_refused(const struct hand *h, uint16_t type, struct bytes data)
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
