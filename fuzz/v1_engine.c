/* A live ISAKMP SA under fire. The input is a sequence of: verb, length (2), octets. Datagrams as
 * they are, datagrams with the right cookies, messages properly sealed with the peer's keys and
 * with the right HASH(1), commands, time. Oracle: nothing crashes, every limit holds, every ask is
 * answered once. */
#include "crypto/prf.h"
#include "ike/engine.h"
#include "ikev1/step.h"
#include "ikev1/v1.h"

#include <stdlib.h>

enum { HALF_OPEN_MAX = 8, STEPS_MAX = 64 };

struct host {
	struct ike *ike;
	struct rng_seeded seed;
	struct now now;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void take(void *ctx, const struct event *e)
{
	static char line[16384];

	(void)ctx;
	check(event_check(e));
	event_line(e, true, line, sizeof(line));
}

static const struct endpoint left = { { 4, { 192, 0, 2, 1 } }, 500 };
static const struct endpoint right = { { 4, { 192, 0, 2, 2 } }, 500 };

static void start(struct host *h, bool is_left)
{
	struct ike_env env = { .rng = rng_seeded(&h->seed, is_left), .events = { take, NULL } };
	struct conf_setup setup = { .uniqueids = true, .max_halfopen = HALF_OPEN_MAX };
	struct conf_conn c = {
		.name = (char *)"fuzz",
		.version = VERSION_IKEV1,
		.authby = AUTHBY_SECRET,
		.fragmentation = FRAG_YES,
		.encapsulation = YNA_AUTO,
		.oriented = true,
		.local_is_left = is_left,
		.replay_window = 128,
		.dpddelay = 30 * NS_S,
	};

	c.left.host_kind = c.right.host_kind = HOST_ADDR;
	c.left.host = left.addr;
	c.right.host = right.addr;
	h->now = (struct now){ NS_S, NS_S };
	h->ike = ike_new(&env, h->now);
	ike_register(h->ike, &ikev1_version);
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_SETUP, .setup = &setup });
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_CONN_ADD, .conn = &c });
}

static void answer(struct host *h, const struct action *a)
{
	static const uint8_t psk[] = "secret";
	struct answer reply = { .ask = a->ask };
	struct secret mac = { 0 };

	if (a->kind == ACTION_SKEYID) {
		check(prf(a->psk.prf, BYTES(psk), &a->psk.octets, 1, &mac) == OK);
		reply.mac = secret_view(&mac);
	}
	ike_answer(h->ike, h->now, &reply);
	secret_done(&mac);
}

/* What h wants: answered; datagrams go to peer, or nowhere. */
static void act(struct host *h, struct host *peer)
{
	struct action a;

	while (ike_output(h->ike, &a)) {
		if (a.ask) {
			answer(h, &a);
		} else if (a.kind == ACTION_SEND && peer) {
			struct datagram d = { a.datagram.remote, a.datagram.local,
				a.datagram.data };

			ike_input(peer->ike, peer->now, &d);
		}
	}
}

static struct v1_sa *newest(struct host *h)
{
	struct v1 *v1 = h->ike->version[0].state;

	return list_empty(&v1->sas) ? NULL : list_item(v1->sas.prev, struct v1_sa, node);
}

static void connect_hosts(struct host *a, struct host *b)
{
	ike_command(b->ike, b->now, &(struct command){ .kind = CMD_UP, .name = "fuzz" });
	for (int i = 0; i < 12; i++) {
		act(b, a);
		act(a, b);
	}
	check(newest(a) && newest(a)->state == V1_ESTABLISHED);
	check(newest(b) && newest(b)->state == V1_ESTABLISHED);
}

static void datagram(struct host *h, struct bytes data)
{
	ike_input(h->ike, h->now, &(struct datagram){ left, right, data });
}

/* exchange | message ID (1) | payload types and bodies: sealed as the peer would. */
static void sealed(struct host *h, struct v1_sa *keys, struct bytes in)
{
	static const uint8_t exchanges[] = { V1_QUICK_MODE, V1_INFORMATIONAL, V1_TRANSACTION };
	static uint8_t room[LIMIT_MESSAGE], wire[LIMIT_MESSAGE];
	struct rd r = rd_from(in);
	uint8_t exchange = rd_u8(&r);
	struct v1_header head = { .version = V1_VERSION,
		.exchange = exchanges[exchange % COUNT(exchanges)],
		.message_id = 1 + rd_u8(&r) };
	struct v1_build b;
	struct v1_iv iv;

	if (r.failed)
		return;
	memcpy(head.icookie, keys->icookie, 8);
	memcpy(head.rcookie, keys->rcookie, 8);
	v1_build_begin(&b, room, sizeof(room), &head);
	v1_put_hash_1_room(keys, &b);
	while (rd_more(&r)) {
		uint8_t type = rd_u8(&r), n = rd_u8(&r);

		v1_put(&b, type, rd_bytes(&r, MIN(n, r.n)));
	}
	v1_put_hash_1(keys, head.message_id, &b);
	if (v1_iv_phase2(&keys->suite, &keys->phase1_iv, head.message_id, &iv) != OK)
		return;
	datagram(h, v1_encrypt(keys->cipher, &iv, v1_build_end(&b), wire, sizeof(wire)));
}

static void with_cookies(struct host *h, const struct v1_sa *keys, struct bytes in)
{
	struct buf d = buf_from(in);

	if (d.n >= V1_HEADER_N) {
		memcpy(d.p, keys->icookie, 8);
		memcpy(d.p + 8, keys->rcookie, 8);
	}
	datagram(h, buf_view(&d));
	buf_done(&d);
}

static void command(struct host *h, struct bytes in)
{
	static const uint8_t verbs[] = { CMD_UP, CMD_DOWN, CMD_REKEY_CHILD, CMD_REKEY_IKE,
		CMD_ROUTE, CMD_UNROUTE };

	if (in.n)
		ike_command(h->ike, h->now,
			&(struct command){ .kind = verbs[in.p[0] % COUNT(verbs)], .name = "fuzz" });
}

static void time_goes_by(struct host *h, struct bytes in)
{
	h->now.mono += (ns_t)(in.n ? in.p[0] : 1) * 100 * NS_MS;
	ike_tick(h->ike, h->now);
}

static void limits_hold(const struct host *h)
{
	const struct v1 *v1 = h->ike->version[0].state;
	const struct v1_sa *sa;
	unsigned n = 0;

	list_each (sa, &v1->sas, struct v1_sa, node) {
		n++;
		check(sa->state != V1_DEAD && sa->state < V1_STATES);
		check(sa->n_children <= LIMIT_CHILDREN);
		check(sa->line.repeats <= LIMIT_V1_REPEATS);
	}
	check(v1->n_half_open <= HALF_OPEN_MAX);
	check(n <= HALF_OPEN_MAX + 2 * STEPS_MAX);
	check(list_empty(&v1->ready));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct host a, b;
	struct v1_sa *keys;

	start(&a, true);
	start(&b, false);
	connect_hosts(&a, &b);
	keys = newest(&b);
	for (unsigned i = 0; i < STEPS_MAX && rd_more(&r); i++) {
		uint8_t verb = rd_u8(&r);
		uint16_t length = rd_u16(&r);
		struct bytes in = rd_bytes(&r, MIN(length, r.n));

		if (verb % 5 == 0)
			datagram(&a, in);
		else if (verb % 5 == 1)
			with_cookies(&a, keys, in);
		else if (verb % 5 == 2)
			sealed(&a, keys, in);
		else if (verb % 5 == 3)
			command(&a, in);
		else
			time_goes_by(&a, in);
		act(&a, NULL);
		limits_hold(&a);
	}
	check(list_empty(&a.ike->open_asks));
	ike_free(a.ike);
	ike_free(b.ike);
	return 0;
}
