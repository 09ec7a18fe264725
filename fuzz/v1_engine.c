/* A live ISAKMP SA under fire. Datagrams as they are, datagrams with the right cookies, messages
 * properly sealed with the peer's keys and with the right HASH(1), commands, time. Oracle: nothing
 * crashes, every limit holds, every ask is answered once. */
#include "ikev1/step.h"
#include "ikev1/v1.h"
#include "live.h"

static void *newest(struct live_host *h)
{
	struct v1 *v1 = h->ike->version[0].state;

	return list_empty(&v1->sas) ? NULL : list_item(v1->sas.prev, struct v1_sa, node);
}

static bool is_up(const void *sa)
{
	const struct v1_sa *of = sa;

	return of && of->state == V1_ESTABLISHED;
}

/* exchange | message ID (1) | payload types and bodies: sealed as the peer would. */
static void sealed(struct live_host *h, void *peers, struct bytes in)
{
	struct v1_sa *keys = peers;
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
	live_datagram(h, v1_encrypt(keys->cipher, &iv, v1_build_end(&b), wire, sizeof(wire)));
}

static void with_cookies(struct live_host *h, void *peers, struct bytes in)
{
	const struct v1_sa *keys = peers;
	struct buf d = buf_from(in);

	if (d.n >= V1_HEADER_N) {
		memcpy(d.p, keys->icookie, 8);
		memcpy(d.p + 8, keys->rcookie, 8);
	}
	live_datagram(h, buf_view(&d));
	buf_done(&d);
}

static void limits_hold(const struct live_host *h)
{
	const struct v1 *v1 = h->ike->version[0].state;
	const struct v1_sa *sa;
	unsigned n = 0;

	list_each (sa, &v1->sas, struct v1_sa, node) {
		n++;
		live_check(sa->state != V1_DEAD && sa->state < V1_STATES);
		live_check(sa->n_children <= LIMIT_CHILDREN);
		live_check(sa->line.repeats <= LIMIT_V1_REPEATS);
	}
	live_check(v1->n_half_open <= LIVE_HALF_OPEN_MAX);
	live_check(n <= LIVE_HALF_OPEN_MAX + 2 * LIVE_STEPS_MAX);
	live_check(list_empty(&v1->ready));
}

const struct live_target live_target = {
	.version = &ikev1_version,
	.conf = VERSION_IKEV1,
	.asks_mac = ACTION_SKEYID,
	.rounds = 12,
	.newest = newest,
	.is_up = is_up,
	.with_spis = with_cookies,
	.sealed = sealed,
	.limits_hold = limits_hold,
};
