/* A live IKE SA under fire. Datagrams as they are, datagrams with the right SPIs, chains properly
 * protected with the peer's keys, commands, time. Oracle: nothing crashes, every limit holds, every
 * ask is answered once. */
#include "ikev2/step.h"
#include "ikev2/v2.h"
#include "live.h"

static void *newest(struct live_host *h)
{
	struct v2 *v2 = h->ike->version[0].state;

	return list_empty(&v2->sas) ? NULL : list_item(v2->sas.prev, struct v2_sa, node);
}

static bool is_up(const void *sa)
{
	const struct v2_sa *of = sa;

	return of && of->state == V2_ESTABLISHED;
}

/* exchange | flags | first payload | chain: sealed as the peer would. */
static void sealed(struct live_host *h, void *peers, struct bytes in)
{
	struct v2_sa *keys = peers;
	static uint8_t room[LIMIT_MESSAGE];
	struct rd r = rd_from(in);
	uint8_t exchange = rd_u8(&r), flags = rd_u8(&r), first = rd_u8(&r);
	struct v2_sa *sa = v2_sa_by_serial(h->ike->version[0].state, 1);
	struct v2_header head;

	if (!sa || r.failed)
		return;
	head = v2_header_of(keys, (uint8_t)(IKE_SA_INIT + exchange % 5), flags & 1,
		flags & 1 ? sa->window.next : sa->window.expected);
	live_datagram(h, v2_protect(keys->seal, keys->seal_counter++, &head, first, rd_rest(&r),
				 room, sizeof(room)));
}

static void with_spis(struct live_host *h, void *peers, struct bytes in)
{
	const struct v2_sa *keys = peers;
	struct buf d = buf_from(in);

	if (d.n >= V2_HEADER_N) {
		memcpy(d.p, keys->spi_i, 8);
		memcpy(d.p + 8, keys->spi_r, 8);
	}
	live_datagram(h, buf_view(&d));
	buf_done(&d);
}

static void limits_hold(const struct live_host *h)
{
	const struct v2 *v2 = h->ike->version[0].state;
	const struct v2_sa *sa;
	unsigned n = 0;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		n++;
		live_check(sa->state != V2_DEAD && sa->state < V2_STATES);
		live_check(sa->n_children <= LIMIT_CHILDREN);
	}
	live_check(v2->n_half_open <= LIVE_HALF_OPEN_MAX);
	live_check(n <= LIVE_HALF_OPEN_MAX + 2 * LIVE_STEPS_MAX);
	live_check(list_empty(&v2->ready));
}

const struct live_target live_target = {
	.version = &ikev2_version,
	.conf = VERSION_IKEV2,
	.asks_mac = ACTION_PSK,
	.rounds = 8,
	.newest = newest,
	.is_up = is_up,
	.with_spis = with_spis,
	.sealed = sealed,
	.limits_hold = limits_hold,
};
