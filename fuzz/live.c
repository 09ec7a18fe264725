#include "live.h"

#include "crypto/prf.h"

#include <stdlib.h>

void live_check(bool holds)
{
	if (!holds)
		abort();
}

static void take(void *ctx, const struct event *e)
{
	static char line[16384];

	(void)ctx;
	live_check(event_check(e));
	event_line(e, true, line, sizeof(line));
}

static const struct endpoint left = { { 4, { 192, 0, 2, 1 } }, 500 };
static const struct endpoint right = { { 4, { 192, 0, 2, 2 } }, 500 };

static void start(struct live_host *h, bool is_left)
{
	struct ike_env env = { .rng = rng_seeded(&h->seed, is_left), .events = { take, NULL } };
	struct conf_setup setup = { .uniqueids = true, .max_halfopen = LIVE_HALF_OPEN_MAX };
	struct conf_conn c = {
		.name = (char *)"fuzz",
		.version = live_target.conf,
		.authby = AUTHBY_SECRET,
		.fragmentation = FRAG_YES,
		.encapsulation = YNA_AUTO,
		.esn = CONF_ESN_EITHER,
		.oriented = true,
		.local_is_left = is_left,
		.narrowing = true,
		.replay_window = 128,
		.dpddelay = 30 * NS_S,
		.explain_to = (char *)"%peer",
	};

	c.left.host_kind = c.right.host_kind = HOST_ADDR;
	c.left.host = left.addr;
	c.right.host = right.addr;
	h->now = (struct now){ NS_S, NS_S };
	h->ike = ike_new(&env, h->now);
	ike_register(h->ike, live_target.version);
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_SETUP, .setup = &setup });
	ike_command(h->ike, h->now, &(struct command){ .kind = CMD_CONN_ADD, .conn = &c });
}

static void answer(struct live_host *h, const struct action *a)
{
	static const uint8_t psk[] = "secret";
	struct answer reply = { .ask = a->ask };
	struct secret mac = { 0 };

	if (a->kind == live_target.asks_mac) {
		live_check(prf(a->psk.prf, BYTES(psk), &a->psk.octets, 1, &mac) == OK);
		reply.mac = secret_view(&mac);
	}
	ike_answer(h->ike, h->now, &reply);
	secret_done(&mac);
}

/* What h wants: answered; datagrams go to peer, or nowhere. */
static void act(struct live_host *h, struct live_host *peer)
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

static void connect_hosts(struct live_host *a, struct live_host *b)
{
	ike_command(b->ike, b->now, &(struct command){ .kind = CMD_UP, .name = "fuzz" });
	for (unsigned i = 0; i < live_target.rounds; i++) {
		act(b, a);
		act(a, b);
	}
	live_check(live_target.is_up(live_target.newest(a)));
	live_check(live_target.is_up(live_target.newest(b)));
}

void live_datagram(struct live_host *h, struct bytes data)
{
	ike_input(h->ike, h->now, &(struct datagram){ left, right, data });
}

static void command(struct live_host *h, struct bytes in)
{
	static const uint8_t verbs[] = { CMD_UP, CMD_DOWN, CMD_REKEY_CHILD, CMD_REKEY_IKE,
		CMD_ROUTE, CMD_UNROUTE };

	if (in.n)
		ike_command(h->ike, h->now,
			&(struct command){ .kind = verbs[in.p[0] % COUNT(verbs)], .name = "fuzz" });
}

static void time_goes_by(struct live_host *h, struct bytes in)
{
	h->now.mono += (ns_t)(in.n ? in.p[0] : 1) * 100 * NS_MS;
	ike_tick(h->ike, h->now);
}

static void step(struct live_host *h, void *keys, uint8_t verb, struct bytes in)
{
	if (verb % 5 == 0)
		live_datagram(h, in);
	else if (verb % 5 == 1)
		live_target.with_spis(h, keys, in);
	else if (verb % 5 == 2)
		live_target.sealed(h, keys, in);
	else if (verb % 5 == 3)
		command(h, in);
	else
		time_goes_by(h, in);
	act(h, NULL);
	live_target.limits_hold(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct live_host a, b;
	void *keys;

	start(&a, true);
	start(&b, false);
	connect_hosts(&a, &b);
	keys = live_target.newest(&b);
	for (unsigned i = 0; i < LIVE_STEPS_MAX && rd_more(&r); i++) {
		uint8_t verb = rd_u8(&r);
		uint16_t length = rd_u16(&r);

		step(&a, keys, verb, rd_bytes(&r, MIN(length, r.n)));
	}
	live_check(list_empty(&a.ike->open_asks));
	ike_free(a.ike);
	ike_free(b.ike);
	return 0;
}
