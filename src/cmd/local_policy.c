/* The kernel's policies: which ones stand before the tunnel's own? */
#include "cmd/local.h"
#include "dataplane/xfrm/xfrm.h"

#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ROOM = 32 << 10, POLICIES_MAX = 512, SAY_MAX = 6 };

struct policies {
	struct xfrm_policy_said *p;
	size_t n;
	struct addr peer;
	struct addr waits_from; /* for an SA to the peer; none */
	uint32_t reqid;		/* of that */
};

/* True: that was the last. */
static bool take(struct policies *all, struct bytes read, struct xfrm_said *s)
{
	struct rd r = rd_from(read);

	while (xfrm_said_get(&r, s) == OK) {
		if (s->kind == XFRM_SAID_DONE || s->kind == XFRM_SAID_ACK)
			return true;
		if (s->kind == XFRM_SAID_SA && !s->sa.id.spi &&
			addr_eq(&s->sa.id.dst, &all->peer)) {
			all->waits_from = s->sa.id.src;
			all->reqid = s->sa.reqid;
		}
		if (s->kind == XFRM_SAID_POLICY && s->policy.dir != XFRM_DIR_END &&
			all->n < POLICIES_MAX)
			all->p[all->n++] = s->policy;
	}
	return false;
}

static void list(struct policies *all, enum xfrm_list what)
{
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	uint8_t *room = xalloc(ROOM);
	struct xfrm_said *s = xalloc(sizeof(*s));
	struct wr w = wr_to(room, ROOM);
	bool is_over;

	xfrm_list_put(&w, what);
	is_over = fd < 0 || !wr_ok(&w) ||
		  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		  send(fd, w.p, w.n, 0) < 0;
	while (!is_over) {
		ssize_t n = recv(fd, room, ROOM, 0);

		is_over = n <= 0 || take(all, bytes_of(room, (size_t)n), s);
	}
	if (fd >= 0)
		close(fd);
	wipe(room, ROOM); /* keys of SAs */
	free(room);
	free(s);
}

static bool meets(const struct ts_list *nets, const struct prefix *p)
{
	struct range r = range_from(p), common;

	for (size_t i = 0; i < nets->n; i++)
		if (range_overlap(&nets->ts[i].range, &r, &common))
			return true;
	return false;
}

static bool is_tunnels(const struct local *l, const struct xfrm_policy_said *p)
{
	struct range a = range_from(&p->sel.local), b = range_from(&p->sel.remote);
	struct ts_list x = { 1, { ts_from_range(&a) } }, y = { 1, { ts_from_range(&b) } };
	const struct addr *there = p->dir == XFRM_DIR_OUT ? &p->dst : &p->src;

	return xfrm_is_own_index(p->index) && p->reqid && addr_eq(there, &l->what->theirs) &&
	       ts_list_covers(&l->what->our_nets, &x) && ts_list_covers(&l->what->their_nets, &y);
}

/* Ours that are narrower go first on purpose. */
static bool shadows(
	const struct local *l, const struct xfrm_policy_said *p, const struct xfrm_policy_said *own)
{
	struct range a = range_from(&own->sel.local), b = range_from(&own->sel.remote), c, d;

	c = range_from(&p->sel.local);
	d = range_from(&p->sel.remote);
	if (p->dir != own->dir || p->index == own->index ||
		(xfrm_is_own_index(p->index) && p->reqid == own->reqid) ||
		p->priority > own->priority || p->if_id != own->if_id || p->mark != own->mark ||
		!meets(&l->what->our_nets, &p->sel.local) ||
		!meets(&l->what->their_nets, &p->sel.remote))
		return false;
	if (p->sel.protocol && own->sel.protocol && p->sel.protocol != own->sel.protocol)
		return false;
	return !xfrm_is_own_index(p->index) || (range_covers(&c, &a) && range_covers(&d, &b));
}

/* In user space the tunnel has no policy, a device takes its packets: any of others that drops or
 * protects them comes before it, or drops what has come out of it. */
static bool bars(const struct local *l, const struct xfrm_policy_said *p)
{
	return l->what->device[0] && !xfrm_is_own_index(p->index) && (p->is_block || p->reqid) &&
	       !p->if_id && !p->mark && meets(&l->what->our_nets, &p->sel.local) &&
	       meets(&l->what->their_nets, &p->sel.remote);
}

static void pair(
	const struct prefix *from, const char *between, const struct prefix *to, char *t, size_t n)
{
	char a[PREFIX_STR], b[PREFIX_STR];

	snprintf(t, n, "%s%s%s", prefix_format(from, a), between, prefix_format(to, b));
}

static const char *action(const struct xfrm_policy_said *p)
{
	return p->is_block ? "block" : p->reqid ? "another tunnel" : "pass";
}

/* own NULL: the tunnel has none. */
static void say(
	const struct local *l, const struct xfrm_policy_said *p, const struct xfrm_policy_said *own)
{
	static const char *const dirs[] = { "in", "out", "fwd" };
	bool is_out = p->dir == XFRM_DIR_OUT;
	char a[128] = "", b[128], src[128], command[256];

	if (own)
		pair(&own->sel.local, " - ", &own->sel.remote, a, sizeof(a));
	pair(&p->sel.local, " - ", &p->sel.remote, b, sizeof(b));
	pair(is_out ? &p->sel.local : &p->sel.remote, " dst ",
		is_out ? &p->sel.remote : &p->sel.local, src, sizeof(src));
	snprintf(
		command, sizeof(command), "ip xfrm policy delete dir %s src %s", dirs[p->dir], src);
	LOCAL_EMIT(l, local_policy_shadow, .ours = ev_str(a),
		.priority = ev_u64(own ? own->priority : 0), .other = ev_str(b),
		.other_priority = ev_u64(p->priority), .direction = ev_str(dirs[p->dir]),
		.device = ev_str(own ? "" : l->what->device), .action = ev_str(action(p)),
		.owner = ev_str(
			xfrm_is_own_index(p->index) ? "another connection" : "another program"),
		.command = ev_str(command));
}

void local_policies(const struct local *l)
{
	struct policies all = { .p = xalloc(POLICIES_MAX * sizeof(*all.p)),
		.peer = l->what->theirs };
	char src[ADDR_STR], dst[ADDR_STR];
	bool has_own = false;
	unsigned n = 0;

	list(&all, XFRM_LIST_POLICIES);
	list(&all, XFRM_LIST_SAS);
	if (addr_is_set(&all.waits_from))
		LOCAL_EMIT(l, local_larval, .src = ev_str(addr_format(&all.waits_from, src)),
			.dst = ev_str(addr_format(&all.peer, dst)), .reqid = ev_u64(all.reqid));
	for (size_t i = 0; i < all.n; i++) {
		if (!is_tunnels(l, &all.p[i]))
			continue;
		has_own = true;
		for (size_t k = 0; k < all.n && n < SAY_MAX; k++)
			if (shadows(l, &all.p[k], &all.p[i])) {
				say(l, &all.p[k], &all.p[i]);
				n++;
			}
	}
	for (size_t i = 0; i < all.n && !has_own && n < SAY_MAX; i++)
		if (bars(l, &all.p[i])) {
			say(l, &all.p[i], NULL);
			n++;
		}
	free(all.p);
}
