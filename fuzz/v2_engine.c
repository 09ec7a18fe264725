/* A live IKE SA under fire. The input is a sequence of: verb, length (2), octets. Datagrams as they
 * are, datagrams with the right SPIs, chains properly protected with the peer's keys, commands,
 * time. Oracle: nothing crashes, every limit holds, every ask is answered once. */
#include "crypto/prf.h"
#include "ike/engine.h"
#include "ikev2/step.h"
#include "ikev2/v2.h"

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
		.version = VERSION_IKEV2,
		.authby = AUTHBY_SECRET,
		.fragmentation = FRAG_YES,
		.encapsulation = YNA_AUTO,
		.esn = CONF_ESN_EITHER,
		.oriented = true,
		.local_is_left = is_left,
		.narrowing = true,
		.replay_window = 128,
		.dpddelay = 30 * NS_S,
	};

	c.left.host_kind = c.right.host_kind = HOST_ADDR;
	c.left.host = left.addr;
	c.right.host = right.addr;
	h->now = (struct now){ NS_S, NS_S };
	h->ike = ike_new(&env, h->now);
	ike_register(h->ike, &ikev2_version);
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_SETUP, .setup = &setup });
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_CONN_ADD, .conn = &c });
}

static void answer(struct host *h, const struct action *a)
{
	static const uint8_t psk[] = "secret";
	struct answer reply = { .ask = a->ask };
	struct secret mac = { 0 };

	if (a->kind == ACTION_PSK) {
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

static struct v2_sa *newest(struct host *h)
{
	struct v2 *v2 = h->ike->version[0].state;

	return list_empty(&v2->sas) ? NULL : list_item(v2->sas.prev, struct v2_sa, node);
}

static void connect_hosts(struct host *a, struct host *b)
{
	ike_command(b->ike, b->now, &(struct command){ .kind = CMD_UP, .name = "fuzz" });
	for (int i = 0; i < 8; i++) {
		act(b, a);
		act(a, b);
	}
	check(newest(a) && newest(a)->state == V2_ESTABLISHED);
	check(newest(b) && newest(b)->state == V2_ESTABLISHED);
}

static void datagram(struct host *h, struct bytes data)
{
	ike_input(h->ike, h->now, &(struct datagram){ left, right, data });
}

/* exchange | flags | first payload | chain: sealed as the peer would. */
static void sealed(struct host *h, struct v2_sa *keys, struct bytes in)
{
	static uint8_t room[LIMIT_MESSAGE];
	struct rd r = rd_from(in);
	uint8_t exchange = rd_u8(&r), flags = rd_u8(&r), first = rd_u8(&r);
	struct v2_sa *sa = v2_sa_by_serial(h->ike->version[0].state, 1);
	struct v2_header head;

	if (!sa || r.failed)
		return;
	head = v2_header_of(keys, (uint8_t)(IKE_SA_INIT + exchange % 5), flags & 1,
		flags & 1 ? sa->window.next : sa->window.expected);
	datagram(h, v2_protect(keys->seal, keys->seal_counter++, &head, first, rd_rest(&r), room,
			    sizeof(room)));
}

static void with_spis(struct host *h, const struct v2_sa *keys, struct bytes in)
{
	struct buf d = buf_from(in);

	if (d.n >= V2_HEADER_N) {
		memcpy(d.p, keys->spi_i, 8);
		memcpy(d.p + 8, keys->spi_r, 8);
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
	const struct v2 *v2 = h->ike->version[0].state;
	const struct v2_sa *sa;
	unsigned n = 0;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		n++;
		check(sa->state != V2_DEAD && sa->state < V2_STATES);
		check(sa->n_children <= LIMIT_CHILDREN);
	}
	check(v2->n_half_open <= HALF_OPEN_MAX);
	check(n <= HALF_OPEN_MAX + 2 * STEPS_MAX);
	check(list_empty(&v2->ready));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct host a, b;
	struct v2_sa *keys;

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
			with_spis(&a, keys, in);
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
