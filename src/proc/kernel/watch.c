/* Tunnels that carry nothing, or lose much of what arrives, as the kernel counts them: each SA is
 * asked for its counters now and then. What dataplane/watch.h wants to know besides, whether what
 * goes out would be answered, the kernel does not count. But it remembers when each policy was used
 * last: so a tunnel that sends and hears nothing gets policies of its own for TCP and for echo
 * requests, right before its others and with the same SAs, until it hears something. */
#include "proc/kernel/kernel.h"

#include <netinet/in.h>
#include <stdlib.h>

/* An attempt that has made no SA by then has failed; one that is slow goes on all the same. */
#define ACQUIRE_TIME (10 * NS_S)
#define SPI_FIRST    0xff000000u

struct look {
	struct dp_seen *seen;
	size_t n;
};

static void tell(void *ctx, const struct dp_notice *n)
{
	plane_tell(ctx, n);
}

/* ---- what goes out ---- */

/* Whatever it is that its policies send. */
static bool is_tcp_only(const struct dp_policy *p)
{
	for (size_t i = 0; i < p->ts_local.n; i++)
		for (size_t j = 0; j < p->ts_remote.n; j++)
			if (p->ts_local.ts[i].protocol != IPPROTO_TCP &&
				p->ts_remote.ts[j].protocol != IPPROTO_TCP)
				return false;
	return true;
}

void watch_narrow(struct kernel *k, struct policy *p)
{
	struct dp_policy dp;

	if (p->narrow)
		return;
	policy_decode(p, &dp);
	p->narrow = xalloc(sizeof(*p->narrow));
	p->narrow->reqid = p->reqid;
	p->is_tcp = is_tcp_only(&dp);
	spd_narrow(k, p->narrow, &dp);
	p->narrow_used = 0;
	p->narrowed = process_now().mono;
}

void watch_leave(struct kernel *k, struct policy *p)
{
	if (!p->narrow)
		return;
	spd_remove(k, p->narrow);
	free(p->narrow);
	p->narrow = NULL;
}

void watch_rest(struct kernel *k)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		watch_leave(k, p);
}

/* Did anything go out since the last look that would be answered? */
static void ask(struct kernel *k, struct policy *p)
{
	uint64_t used = p->narrow ? spd_used(k, p->narrow) : 0;

	p->is_asking = p->narrow && (p->is_tcp || used > p->narrow_used);
	p->narrow_used = used;
	p->in = p->out = 0;
}

static void after(struct kernel *k, struct policy *p)
{
	bool is_kept = p->keeps > process_now().mono;

	if (p->in != p->heard && !is_kept)
		watch_leave(k, p);
	else if (p->out || is_kept)
		watch_narrow(k, p);
	p->heard = p->in;
}

/* ---- a look ---- */

/* The kernel says nothing when 32-bit numbers are used up (RFC 4303 3.3.3): it drops what would
 * follow. Fifteen sixteenths leave the time for a rekey, at any speed. */
static void watch_numbers(struct kernel *k, struct sa *s, uint64_t oseq)
{
	struct dp_notice n = { .serial = s->serial, .reqid = s->reqid };

	if (s->dir != DP_OUT || s->has_esn || s->told_used_up || oseq < UINT32_MAX / 16 * 15)
		return;
	if (oseq >= UINT32_MAX) {
		s->told_used_up = true;
		n.kind = DP_EXPIRE_HARD;
		n.reason = DROP_seq_exhausted;
	} else {
		n.kind = DP_EXPIRE_SOFT; /* again each time: a rekey may fail */
	}
	plane_tell(k, &n);
}

static void see(struct kernel *k, struct sa *s, struct look *l)
{
	struct xfrm_said *said = xalloc(sizeof(*said));
	const struct xfrm_sa *sa = &said->sa;
	struct policy *p = policy_find(k, s->reqid);
	uint64_t more, octets;

	if (!p || sa_get(k, s, said) != 0)
		goto out;
	watch_numbers(k, s, sa->replay.oseq);
	more = watch_added(s->packets, sa->packets);
	octets = watch_added(s->octets, sa->bytes);
	s->packets = sa->packets;
	s->octets = sa->bytes;
	if (s->dir == DP_IN)
		p->in += sa->packets;
	else
		p->out += more;
	/* of large ones the silence may be their own */
	if (s->dir == DP_OUT && p->is_asking && octets < more * FROZEN_LARGE)
		s->asked += more;
	l->seen[l->n] = (struct dp_seen){ .serial = s->serial,
		.reqid = s->reqid,
		.is_out = s->dir == DP_OUT,
		.packets = sa->packets,
		.asked = s->asked,
		.lost = { sa->late, sa->not_authentic },
		.watch = &s->watch };
	if (s->is_adopted)
		dp_watch_begin(&l->seen[l->n]);
	s->is_adopted = false;
	l->n++;
out:
	free(said);
}

/* Since it asked, the kernel keeps a place for the SA and asks no more, for
 * net.core.xfrm_acq_expires seconds: too long when the attempt has failed. It takes the place for
 * an SA when it gets an SPI. */
static void ask_again(struct kernel *k, struct policy *p)
{
	struct xfrm_id_of_sa id = { .src = p->wants_from, .dst = p->wants_to };
	struct xfrm_said *said;
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct dp_policy dp;

	if (!p->acquired || process_now().mono - p->acquired < ACQUIRE_TIME)
		return;
	p->acquired = 0;
	policy_decode(p, &dp);
	if (dp.action != DP_TRAP)
		return; /* a tunnel by now */
	said = xalloc(sizeof(*said));
	xfrm_spi_put(&w, &id, p->reqid, (enum dp_mode)dp.mode, SPI_FIRST, UINT32_MAX);
	if (xfrm_ask(k->xfrm, &w, said) == 0 && said->kind == XFRM_SAID_SA) {
		w = wr_to(room, sizeof(room));
		xfrm_sa_del_put(&w, &said->sa.id);
		(void)xfrm_ask(k->xfrm, &w, NULL);
	}
	free(said);
}

static void on_look(uv_timer_t *t)
{
	struct kernel *k = t->data;
	struct look l = { 0 };
	uint64_t dropped[DROP_END];
	struct policy *p;
	struct sa *s;
	size_t n = 0;

	list_each (s, &k->sas, struct sa, node)
		n++;
	l.seen = xalloc((n + 1) * sizeof(*l.seen));
	list_each (p, &k->policies, struct policy, node) {
		ask(k, p);
		ask_again(k, p);
	}
	list_each (s, &k->sas, struct sa, node)
		if (!s->is_leaving && !s->is_orphan)
			see(k, s, &l);
	list_each (p, &k->policies, struct policy, node)
		after(k, p);
	dp_watch_silence(l.seen, l.n, stat_dropped(k, dropped) ? dropped : NULL, tell, k);
	if (++k->looks % (LOSSES_LOOK_S / SILENCE_LOOK_S) == 0)
		dp_watch_losses(l.seen, l.n, tell, k);
	free(l.seen);
}

void watch_run(struct kernel *k)
{
	uv_timer_init(&k->p.loop, &k->look);
	k->look.data = k;
	uv_timer_start(&k->look, on_look, SILENCE_LOOK_S * 1000, SILENCE_LOOK_S * 1000);
	frozen_run(k);
}
