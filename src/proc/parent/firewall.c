/* What tunnels need of this host's packet filter (dataplane/firewall), by its own programs: nft,
 * and where the kernel has only the older tables, iptables-legacy-restore and its IPv6 twin.
 *
 * One program runs at a time. What is to be done is a set of steps, done in their order; what is
 * asked for meanwhile waits for the next round, so that a thousand tunnels that come at once cost a
 * few programs, not thousands. A tunnel's policy waits for its answer: before the first packet goes
 * the way of the tunnel, what it needs is there. */
#include "proc/parent/firewall.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void tunnel_free(struct tunnel *t)
{
	list_remove(&t->node);
	free(t->error);
	free(t);
}

/* ---- what a tunnel needs ---- */

static void find_rule(const struct firewall *f, struct tunnel *t)
{
	struct fw_question q = { .ts_local = &t->want.ts_local,
		.ts_remote = &t->want.ts_remote,
		.interface = t->interface[0] ? t->interface : NULL,
		.has_policy = !t->interface[0] };

	fw_nft_catches(&q, f->rules, t->rule);
	for (unsigned i = 0; i < 2 && t->rule[0] == '\0'; i++)
		if (f->saved[i])
			fw_legacy_catches(&q, i ? 6 : 4, f->saved[i], t->rule);
}

static void forget_rules(struct firewall *f)
{
	fw_nft_free(f->rules);
	f->rules = NULL;
	for (size_t i = 0; i < COUNT(f->saved); i++) {
		free(f->saved[i]);
		f->saved[i] = NULL;
	}
}

static bool is_same(const struct fw_tunnel *a, const struct fw_tunnel *b)
{
	return a->mss == b->mss && a->is_exempt == b->is_exempt &&
	       ts_list_eq(&a->ts_local, &b->ts_local) && ts_list_eq(&a->ts_remote, &b->ts_remote);
}

static void judge(struct firewall *f)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node) {
		if (!t->is_looked || t->is_judged)
			continue;
		find_rule(f, t);
		t->want.is_exempt =
			t->exempt == DP_EXEMPT_YES || (t->exempt == DP_EXEMPT_AUTO && t->rule[0]);
		t->want.mss = t->mss == DP_MSS_AUTO ? fw_mss_of_mtu(t->inner_mtu) : t->mss;
		t->is_judged = true;
		if (t->has_before && is_same(&t->want, &t->before)) {
			t->has_before = false;
			t->is_there = true;
		} else if (t->has_before || fw_tunnel_is_some(&t->want)) {
			f->todo |= STEP(APPLY_NFT);
		}
	}
	forget_rules(f);
}

/* ---- answers ---- */

static void tell(struct firewall *f)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node) {
		if (!t->is_judged || t->number == 0)
			continue;
		LINE_SEND(&f->p->child[WHO_IKE].line, filter_state, .reqid = t->want.reqid,
			.mss = t->is_there ? t->want.mss : 0,
			.is_exempt = t->is_there && t->want.is_exempt, .rule = t->rule,
			.error = t->error);
		LINE_SEND(&f->p->child[WHO_KERNEL].line, filter_done, .number = t->number);
		t->number = 0;
	}
}

/* A flow that was given another source before keeps it until it is forgotten. */
static void forget(struct firewall *f)
{
	struct tunnel *t;
	char source[RANGE_STR], to[RANGE_STR];

	list_each (t, &f->tunnels, struct tunnel, node) {
		size_t pairs = t->want.ts_local.n * t->want.ts_remote.n;
		const struct range *a, *b;
		struct prefix p;

		if (!t->is_judged || !t->is_up || t->exempt == DP_EXEMPT_NO ||
			t->forgotten >= pairs)
			continue;
		a = &t->want.ts_local.ts[t->forgotten / t->want.ts_remote.n].range;
		b = &t->want.ts_remote.ts[t->forgotten % t->want.ts_remote.n].range;
		t->forgotten++;
		f->todo |= STEP(FORGET);
		if (a->first.family != b->first.family || !range_is_prefix(a, &p) ||
			!range_is_prefix(b, &p))
			return;
		const char *const args[] = { "conntrack", "-D", "-f",
			a->first.family == 6 ? "ipv6" : "ipv4", "--src-nat", "-s",
			range_format(a, source), "-d", range_format(b, to), NULL };

		firewall_run(f, args, NULL);
		return;
	}
}

/* ---- rounds ---- */

static void do_step(struct firewall *f, enum step s)
{
	switch (s) {
	case STEP_CLEAN_NFT:
		firewall_clean_nft(f);
		break;
	case STEP_CLEAN_OLD4:
	case STEP_CLEAN_OLD6:
		firewall_clean_old(f, s == STEP_CLEAN_OLD6);
		break;
	case STEP_LOOK_NFT:
		firewall_look_nft(f);
		break;
	case STEP_LOOK_OLD4:
	case STEP_LOOK_OLD6:
		firewall_look_old(f, s == STEP_LOOK_OLD6);
		break;
	case STEP_JUDGE:
		judge(f);
		break;
	case STEP_APPLY_NFT:
		firewall_apply_nft(f);
		break;
	case STEP_APPLY_OLD4:
	case STEP_APPLY_OLD6:
		firewall_apply_old(f, s == STEP_APPLY_OLD6);
		break;
	case STEP_TELL:
		tell(f);
		break;
	case STEP_FORGET:
		forget(f);
		break;
	case STEP_END:
		break;
	}
}

void firewall_turn(struct firewall *f)
{
	while (!f->is_busy && (f->todo | f->next)) {
		unsigned s = 0;

		if (!(f->todo & ~STEP(FORGET))) { /* which nobody waits for */
			f->todo |= f->next;
			f->next = 0;
		}
		while (!(f->todo & 1u << s))
			s++;
		f->todo &= ~(1u << s);
		do_step(f, (enum step)s);
	}
}

/* ---- what is asked for ---- */

static struct tunnel *find(struct firewall *f, uint32_t reqid)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node)
		if (t->want.reqid == reqid)
			return t;
	return NULL;
}

/* Of the way to the peer, as far as the system knows it. */
static uint32_t path_mtu(const struct addr *remote)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	bool v6 = remote->family == 6;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t n = sizeof(mtu);

	a.sa.sa_family = v6 ? AF_INET6 : AF_INET;
	a.v4.sin_port = htons(500); /* at the same place in both */
	memcpy(v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr, remote->b, v6 ? 16 : 4);
	if (fd < 0 || connect(fd, &a.sa, v6 ? sizeof(a.v6) : sizeof(a.v4)) != 0 ||
		getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &n) !=
			0)
		mtu = 1500;
	if (fd >= 0)
		close(fd);
	return (uint32_t)MIN(MAX(mtu, 576), 65535);
}

static bool has_conntrack(void)
{
	return access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) == 0;
}

/* What is in force for old stays so until t is. */
static void replace(struct tunnel *old, struct tunnel *t)
{
	const struct fw_tunnel *before = old->is_there	   ? &old->want
					 : old->has_before ? &old->before
							   : NULL;

	if (before) {
		t->before = *before;
		t->has_before = true;
	}
	tunnel_free(old);
}

/* old: the one of that reqid; NULL. */
static void add(struct firewall *f, const struct msg_filter *m, struct tunnel *old)
{
	struct tunnel *t = xalloc(sizeof(*t));
	struct rd r = rd_from(m->ts);
	uint32_t path = path_mtu(&m->remote);

	t->want.reqid = m->reqid;
	if (ts_list_get(&r, &t->want.ts_local) != OK || ts_list_get(&r, &t->want.ts_remote) != OK ||
		!rd_end(&r) || m->exempt > DP_EXEMPT_AUTO ||
		(m->mss > DP_MSS_AUTO && m->mss < FW_MSS_MIN)) {
		free(t);
		uv_process_kill(
			f->p->child[WHO_KERNEL].process, SIGKILL); /* none of ours says that */
		return;
	}
	t->number = m->number;
	t->mss = m->mss;
	t->exempt = m->exempt;
	t->is_up = m->is_up;
	t->inner_mtu = path > m->overhead ? path - m->overhead : 0;
	if (m->mtu && m->mtu < t->inner_mtu)
		t->inner_mtu = m->mtu;
	snprintf(t->interface, sizeof(t->interface), "%s", m->interface);
	if (old)
		replace(old, t);
	list_append(&f->tunnels, &t->node);
	f->next |= LOOKING | (has_conntrack() ? STEP(FORGET) : 0);
}

static void del(struct firewall *f, struct tunnel *t)
{
	if (t && (t->is_there || t->has_before))
		f->next |= STEP(APPLY_NFT);
	if (t)
		tunnel_free(t);
}

static void flush(struct firewall *f)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node)
		del(f, t);
}

void firewall_take(struct parent *p, const struct msg_filter *m)
{
	struct firewall *f = p->firewall;

	if (p->state == STATE_STOPPING || p->state == STATE_PAUSED)
		return;
	if (m->reqid == 0)
		flush(f);
	else if (m->add)
		add(f, m, find(f, m->reqid));
	else
		del(f, find(f, m->reqid));
	firewall_turn(f);
}

bool firewall_end(struct parent *p)
{
	flush(p->firewall);
	firewall_turn(p->firewall);
	return firewall_is_idle(p->firewall);
}

static struct firewall *firewall_new(struct parent *p)
{
	struct firewall *f = xalloc(sizeof(*f));

	f->p = p;
	list_init(&f->tunnels);
	return f;
}

void firewall_begin(struct parent *p)
{
	if (p->firewall) /* which goes on */
		return;
	p->firewall = firewall_new(p);
	p->firewall->next = CLEANING;
	firewall_turn(p->firewall);
}

void firewall_done(struct parent *p)
{
	struct firewall *f = p->firewall;
	struct tunnel *t;

	if (!f)
		return;
	list_each (t, &f->tunnels, struct tunnel, node)
		tunnel_free(t);
	forget_rules(f);
	free(f->why_not_nft);
	free(f);
	p->firewall = NULL;
}

/* ---- from one program to the next ---- */

bool firewall_pause(struct parent *p)
{
	struct firewall *f = p->firewall;

	f->todo = f->next = 0; /* who asked is gone; the next one asks again */
	return !f->is_busy;
}

static const struct fw_tunnel *in_force(const struct tunnel *t)
{
	return t->is_there ? &t->want : t->has_before ? &t->before : NULL;
}

void firewall_put(struct wr *w, const struct parent *p)
{
	const struct firewall *f = p->firewall;
	const struct tunnel *t;
	uint32_t n = 0;

	list_each (t, &f->tunnels, struct tunnel, node)
		n += in_force(t) != NULL;
	wr_u8(w, f->is_nft_there);
	wr_u8(w, f->is_old);
	wr_u8(w, f->is_old_there[0]);
	wr_u8(w, f->is_old_there[1]);
	wr_u32(w, n);
	list_each (t, &f->tunnels, struct tunnel, node) {
		const struct fw_tunnel *x = in_force(t);

		if (!x)
			continue;
		wr_u32(w, x->reqid);
		wr_u16(w, x->mss);
		wr_u8(w, x->is_exempt);
		ts_list_put(w, &x->ts_local);
		ts_list_put(w, &x->ts_remote);
	}
}

enum err firewall_get(struct rd *r, struct parent *p)
{
	struct firewall *f = p->firewall = firewall_new(p);
	enum err e = OK;
	uint32_t n;

	f->is_nft_there = rd_flag(r);
	f->is_old = rd_flag(r);
	f->is_old_there[0] = rd_flag(r);
	f->is_old_there[1] = rd_flag(r);
	n = rd_u32(r);
	for (uint32_t i = 0; i < n && !r->failed && e == OK; i++) {
		struct tunnel *t = xalloc(sizeof(*t));

		list_append(&f->tunnels, &t->node);
		t->is_orphan = t->is_looked = t->is_judged = t->is_there = true;
		t->want.reqid = rd_u32(r);
		t->want.mss = rd_u16(r);
		t->want.is_exempt = rd_flag(r);
		e = ts_list_get(r, &t->want.ts_local);
		e = e ? e : ts_list_get(r, &t->want.ts_remote);
	}
	return r->failed ? ERR_TRUNCATED : e;
}

void firewall_settle(struct parent *p)
{
	struct firewall *f = p->firewall;
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node)
		if (t->is_orphan)
			del(f, t);
	firewall_turn(f);
}

void firewall_unasked(struct parent *p)
{
	struct tunnel *t;

	list_each (t, &p->firewall->tunnels, struct tunnel, node)
		t->number = 0;
}
