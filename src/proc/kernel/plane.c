/* The kernel as the data plane: what ike asks about SAs, and what the kernel tells unasked. */
#include "proc/kernel/kernel.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The kernel tells a new address with every packet that comes from there. */
#define MAPPING_TIME NS_S

/* ---- asks ---- */

static void get_sa(const struct msg_dp *m, struct dp_sa *ret)
{
	struct rd r = rd_from(m->operand);

	if (dp_sa_get(&r, ret) != OK || !rd_end(&r))
		abort(); /* ike builds it of checked values */
}

static enum err do_add(struct kernel *k, const struct msg_dp *m, char *text)
{
	struct dp_sa sa;
	enum err e;

	get_sa(m, &sa);
	e = sa_add(k, &sa, text);
	dp_sa_done(&sa);
	return e;
}

static enum err do_adopt(struct kernel *k, const struct msg_dp *m, struct dp_counters *ret)
{
	struct dp_sa sa;
	enum err e;

	get_sa(m, &sa);
	e = sa_adopt(k, &sa, ret);
	dp_sa_done(&sa);
	return e;
}

void plane_sa(struct kernel *k, const struct msg_dp *m)
{
	char why[XFRM_ERROR_STR] = "", text[XFRM_ERROR_STR + 64] = "";
	struct dp_counters c = { 0 };
	enum err e = OK;

	if (m->op == DP_SA_ADD)
		e = do_add(k, m, why);
	else if (m->op == DP_SA_DEL)
		sa_del(k, m->serial, (enum dp_dir)m->dir);
	else if (m->op == DP_SA_MOVE)
		e = sa_move(k, m, why);
	else if (m->op == DP_SA_QUERY)
		e = sa_query(k, m->serial, &c);
	else if (m->op == DP_SA_ADOPT)
		e = do_adopt(k, m, &c);
	if (e != OK && why[0]) {
		snprintf(text, sizeof(text), "the kernel refused the SA: %s", why);
		PROCESS_EMIT(&k->p, kernel_refused, .what = ev_str("an SA"), .why = ev_str(why));
	}
	if (m->ask)
		LINE_SEND(&k->p.line[WHO_IKE], dp_answer, .ask = m->ask, .e = (uint8_t)e,
			.text = text[0] ? text
				: e	? err_text(e)
					: "",
			.in_bytes = c.in_bytes, .in_packets = c.in_packets,
			.out_bytes = c.out_bytes, .out_packets = c.out_packets,
			.last_in = (uint64_t)c.last_in, .last_out = (uint64_t)c.last_out,
			.in_seq = c.in_seq, .out_seq = c.out_seq, .drops = c.drops);
}

/* ---- news ---- */

void plane_tell(struct kernel *k, const struct dp_notice *n)
{
	uint8_t room[512];
	struct wr w = wr_to(room, sizeof(room));

	dp_notice_put(&w, n);
	LINE_SEND(&k->p.line[WHO_IKE], dp_notice, .notice = wr_view(&w));
}

/* True: tell ike. */
static bool about_sa(struct kernel *k, const struct xfrm_said *said, struct dp_notice *n)
{
	struct sa *s = sa_by_id(k, &said->sa.id);
	ns_t now = process_now().mono;

	if (!s || s->is_leaving)
		return false;
	n->serial = s->serial;
	n->reqid = s->reqid;
	if (n->kind == DP_MAPPING) {
		if (s->mapped && now - s->mapped < MAPPING_TIME)
			return false;
		s->mapped = now;
	}
	return true;
}

static bool about_policy(struct kernel *k, const struct xfrm_said *said, const struct dp_notice *n)
{
	struct policy *p = policy_find(k, n->reqid);

	if (!p)
		return false;
	p->acquired = process_now().mono;
	p->wants_from = said->policy.src;
	p->wants_to = said->policy.dst;
	return true;
}

/* Somebody did that. pid: what it called itself to the kernel, 0: nothing, as ip(8) does. */
static void tell_taken(struct kernel *k, uint32_t pid, const char *what, const char *what_now)
{
	if (pid)
		LINE_SEND(&k->p.line[WHO_PARENT], taken_out, .pid = pid, .what = what,
			.what_now = what_now, .spi = "", .dst = "");
	else
		PROCESS_EMIT(&k->p, kernel_flushed, .what = ev_str(what),
			.what_now = ev_str(what_now), .program = ev_str(""), .pid = ev_str(""),
			.unit = ev_str(""));
}

static void tell_lost(struct kernel *k, uint32_t pid, const struct xfrm_id_of_sa *id)
{
	char spi[16], dst[ADDR_STR];

	snprintf(spi, sizeof(spi), "%08x", id->spi);
	addr_format(&id->dst, dst);
	if (pid)
		LINE_SEND(&k->p.line[WHO_PARENT], taken_out, .pid = pid, .what = "", .what_now = "",
			.spi = spi, .dst = dst);
	else
		PROCESS_EMIT(&k->p, kernel_sa_lost, .spi = ev_str(spi), .dst = ev_str(dst),
			.program = ev_str(""), .pid = ev_str(""), .unit = ev_str(""));
}

/* Somebody took one of our SAs out: another one takes its place, as if its time were nearly over.
 * Were it over, nobody would begin again, and the peer would send what nobody opens. */
static void lost(struct kernel *k, uint32_t pid, const struct xfrm_id_of_sa *id)
{
	struct sa *s = sa_by_id(k, id);

	if (!s)
		return;
	tell_lost(k, pid, id);
	if (!s->is_leaving)
		plane_tell(k,
			&(struct dp_notice){
				.kind = DP_EXPIRE_SOFT, .serial = s->serial, .reqid = s->reqid });
	sa_forget(s, k);
}

static void lost_all(struct kernel *k, uint32_t pid)
{
	struct sa *s;

	if (list_empty(&k->sas))
		return;
	list_each (s, &k->sas, struct sa, node)
		sa_forget(s, k);
	tell_taken(k, pid, "SAs", "tunnels are made anew");
	plane_tell(k, &(struct dp_notice){ .kind = DP_RESTARTED });
}

static void lost_policies(struct kernel *k, uint32_t pid)
{
	if (list_empty(&k->policies))
		return;
	tell_taken(k, pid, "policies", "ours are put back");
	watch_rest(k);
	spd_restore(k);
}

static void on_said(void *ctx, const struct xfrm_said *s)
{
	struct kernel *k = ctx;
	struct dp_notice n = { 0 };

	if (s->pid && s->pid == k->portid)
		return; /* we did it */
	switch ((int)s->kind) {
	case XFRM_SAID_SA_GONE:
		lost(k, s->pid, &s->sa.id);
		return;
	case XFRM_SAID_SAS_FLUSHED:
		lost_all(k, s->pid);
		return;
	case XFRM_SAID_POLICIES_FLUSHED:
		lost_policies(k, s->pid);
		return;
	case XFRM_SAID_POLICY: /* theirs in its place */
	case XFRM_SAID_POLICY_GONE:
		if (spd_has(k, &s->policy)) /* what we took out we do not have any more */
			lost_policies(k, s->pid);
		return;
	default:
		break;
	}
	if (!xfrm_said_notice(s, &n))
		return;
	if (n.kind == DP_ACQUIRE ? about_policy(k, s, &n) : about_sa(k, s, &n))
		plane_tell(k, &n);
	if (n.kind == DP_EXPIRE_HARD && n.serial)
		sa_forget(sa_by_id(k, &s->sa.id), k);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct kernel *k = poll->data;

	(void)events;
	if (xfrm_news(k->p.fd[DESC_XFRM_NEWS], on_said, k) == ENOBUFS)
		spd_restore(k); /* harmless where nothing was lost */
	if (status != 0)
		uv_poll_start(poll, UV_READABLE, on_news);
}

/* ---- life ---- */

void plane_begin(struct kernel *k)
{
	struct sockaddr_nl a = { 0 };
	socklen_t n = sizeof(a);

	if (getsockname(k->xfrm, (struct sockaddr *)&a, &n) == 0)
		k->portid = a.nl_pid;
	xfrm_sign(k->portid);
}

void plane_run(struct kernel *k)
{
	uv_timer_init(&k->p.loop, &k->tick);
	uv_poll_init(&k->p.loop, &k->news, k->p.fd[DESC_XFRM_NEWS]);
	k->tick.data = k->news.data = k;
	uv_poll_start(&k->news, UV_READABLE, on_news);
	watch_run(k);
}
