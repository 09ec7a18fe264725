/* ipsec-kernel: routes, rules and addresses for the tunnels; tells which addresses this host has.
 */
#include "proc/kernel/kernel.h"

#include "proc/names.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	SETTLE_MS = 100,
};

/* ---- data plane ---- */

void policy_answer(struct kernel *k, uint32_t ask, enum err e, const char *text)
{
	if (ask)
		LINE_SEND(
			&k->p.line[WHO_IKE], dp_answer, .ask = ask, .e = (uint8_t)e, .text = text);
}

void policy_install(struct kernel *k, uint32_t ask, const struct dp_policy *p)
{
	const char *what = NULL;
	char text[XFRM_ERROR_STR + 64] = "";
	int error = policy_add(k, p, &what);

	if (error) {
		const char *why = k->why[0] ? k->why : strerror(error);

		snprintf(text, sizeof(text), "the kernel refused %s: %s", what, why);
		PROCESS_EMIT(&k->p, kernel_refused, .what = ev_str(what), .why = ev_str(why));
	}
	stat_watch(k);
	policy_answer(k, ask, !error ? OK : k->is_taken ? ERR_EXISTS : ERR_SYSTEM, text);
}

static void add(struct kernel *k, const struct msg_dp *m)
{
	struct rd r = rd_from(m->operand);
	struct dp_policy p;
	const char *what;
	bool allowed;

	if (dp_policy_get(&r, &p) != OK || !rd_end(&r))
		abort(); /* ike builds it of checked values */
	/* The parent told us before ike: what it said may still lie on its line. */
	while (!(allowed = bounds_allow(&k->bounds, &p)) && line_receive(&k->p.line[WHO_PARENT]))
		;
	if (!allowed) {
		what = "a policy that no loaded connection covers";
		PROCESS_EMIT(&k->p, kernel_refused, .what = ev_str(what),
			.why = ev_str(err_text(ERR_DENIED)));
		policy_answer(k, m->ask, ERR_DENIED, what);
		return;
	}
	firewall_before(k, m->ask, &p);
}

static void tell_leftover(struct kernel *k, unsigned n, const char *of_what)
{
	char what[64];

	snprintf(what, sizeof(what), "%u %s", n, of_what);
	if (n)
		PROCESS_EMIT(&k->p, kernel_leftover, .what = ev_str(what));
}

/* What one before us left and nobody asked for again. */
static void forget_found(struct kernel *k)
{
	if (!k->is_finding)
		return;
	k->is_finding = false;
	tell_leftover(k, found_remove(&k->found, k->xfrm), "SAs and policies");
	tell_leftover(k, rtnl_flush(k->rtnl, k), "routes, rules and addresses");
}

/* When the policies that the new ike asked for are there. */
void settle(struct kernel *k)
{
	if (!k->is_settling || !list_empty(&k->held))
		return;
	k->is_settling = false;
	policies_settle(k);
	sas_settle(k);
	forget_found(k);
	devices_settle(k);
	policy_answer(k, k->settle_ask, OK, "");
}

static void take(struct kernel *k, const struct msg_dp *m)
{
	if (m->op == DP_POLICY_ADD) {
		add(k, m);
		return;
	}
	if (m->op == DP_POLICY_DEL) {
		policy_del(k, m->reqid);
		firewall_del(k, m->reqid);
	} else if (m->op == DP_FLUSH) {
		sas_flush(k);
		policies_flush(k);
		firewall_del(k, 0);
	} else if (m->op == DP_SETTLE) {
		k->settle_ask = m->ask;
		k->is_settling = true;
		settle(k);
		return;
	} else if (k->has_plane) {
		plane_sa(k, m);
		return;
	}
	policy_answer(k, m->ask, OK, "");
}

/* ---- addresses ---- */

/* Without those of the tunnels. */
static struct buf addresses(struct kernel *k)
{
	struct buf all = rtnl_addresses(k->rtnl, k->has_plane ? 0 : k->ifindex), ret;
	struct wr w = wr_to(all.p, all.n);
	struct rd r = rd_from(buf_view(&all));

	while (k->has_plane && rd_more(&r)) {
		const uint8_t *from = r.p;
		struct addr a = addr_get(&r);

		rd_skip(&r, ADDRESS_NAME_N);
		if (!r.failed && !effects_have_address(k, &a))
			wr_bytes(&w, bytes_of(from, (size_t)(r.p - from)));
	}
	if (!k->has_plane)
		return all;
	ret = buf_from(wr_view(&w));
	buf_done(&all);
	return ret;
}

static void tell_addresses(struct kernel *k)
{
	struct buf now = addresses(k);

	if (bytes_eq(buf_view(&now), buf_view(&k->addrs)) && !k->is_route_changed) {
		buf_done(&now);
		return;
	}
	buf_done(&k->addrs);
	k->addrs = now;
	if (k->is_route_changed && k->has_plane)
		policies_refresh(k);
	k->is_route_changed = false;
	LINE_SEND(&k->p.line[WHO_IKE], addresses, .addrs = buf_view(&now));
	LINE_SEND(&k->p.line[WHO_PARENT], addresses, .addrs = buf_view(&now));
	LINE_SEND(&k->p.line[WHO_CONTROL], addresses, .addrs = buf_view(&now));
}

/* Control and ike may be started anew without us. */
static void sibling(void *ctx, enum ipc_who who, bool is_there)
{
	struct kernel *k = ctx;

	if (!is_there || (who != WHO_CONTROL && who != WHO_IKE))
		return;
	if (who == WHO_IKE) {
		firewall_unasked(k);
		k->is_settling = false;
		policies_orphan(k);
		sas_orphan(k);
	}
	LINE_SEND(&k->p.line[who], addresses, .addrs = buf_view(&k->addrs));
	if (who == WHO_CONTROL)
		stat_tell_all(k);
}

static void on_settled(uv_timer_t *t)
{
	struct kernel *k = t->data;

	if (devices_lost(k))
		policies_refresh(k);
	tell_addresses(k);
}

static void on_watch(uv_poll_t *poll, int status, int events)
{
	struct kernel *k = poll->data;
	bool any = false;

	(void)events;
	if (rtnl_changes(k->p.fd[DESC_WATCH], k->ifindex, &any))
		k->is_route_changed = true;
	if (any && !uv_is_active((uv_handle_t *)&k->settle))
		uv_timer_start(&k->settle, on_settled, SETTLE_MS, 0);
	if (status != 0)
		uv_poll_start(poll, UV_READABLE, on_watch);
}

static void take_conn(struct kernel *k, struct bytes blob)
{
	struct rd r = rd_from(blob);
	struct conf_conn *c = NULL;

	if (conf_conn_get(&r, &c) != OK || !rd_end(&r))
		abort(); /* only our own parent speaks here */
	bounds_add_take(&k->bounds, c);
	devices_sweep(k); /* it may have named another one */
}

static void message(void *ctx, struct line *from, const struct msg *m)
{
	struct kernel *k = ctx;

	(void)from;
	if (m->id == MSG_dp)
		take(k, &m->dp);
	else if (m->id == MSG_xfrm_stat)
		stat_show(k, &m->xfrm_stat);
	else if (m->id == MSG_filter_done)
		firewall_take(k, m->filter_done.number);
	else if (m->id == MSG_conn_load)
		take_conn(k, m->conn_load.conn);
	else if (m->id == MSG_conn_unload) {
		bounds_del(&k->bounds, m->conn_unload.name);
		devices_sweep(k);
	}
}

/* ---- life ---- */

/* Of a daemon that had the kernel's plane also when this one has not. */
static void flush_xfrm(struct kernel *k)
{
	int fd = k->has_plane ? k->xfrm : xfrm_open(false);

	if (fd < 0)
		return;
	found_read(&k->found, fd);
	tell_leftover(k, found_remove(&k->found, fd), "SAs and policies");
	if (!k->has_plane)
		close(fd);
}

/* What is there already: to be asked for again, or to go. */
static void find(struct kernel *k)
{
	k->is_finding = k->p.takes_over;
	if (!k->is_finding) {
		tell_leftover(k, rtnl_flush(k->rtnl, NULL), "routes, rules and addresses");
		tell_leftover(k, devices_flush(k->rtnl), "devices");
		flush_xfrm(k);
	} else if (k->has_plane) {
		found_read(&k->found, k->xfrm);
		k->n_index = k->found.last_index;
	}
}

static bool begin(void *ctx)
{
	struct kernel *k = ctx;
	int error;

	k->rtnl = k->p.fd[DESC_RTNL];
	setsockopt(k->rtnl, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 3 },
		sizeof(struct timeval));
	k->xfrm = k->p.fd[DESC_XFRM];
	k->has_plane = k->xfrm >= 0;
	find(k);
	if (k->has_plane) {
		k->ifindex = if_nametoindex("lo");
		plane_begin(k);
		return true;
	}
	error = rtnl_link_up(k->rtnl, TUN_NAME, TUN_MTU, &k->ifindex);
	if (error)
		PROCESS_EMIT(&k->p, kernel_refused, .what = ev_str("interface " TUN_NAME),
			.why = ev_str(strerror(error)));
	return error == 0;
}

static void run(void *ctx)
{
	struct kernel *k = ctx;

	uv_timer_init(&k->p.loop, &k->settle);
	uv_poll_init(&k->p.loop, &k->watch, k->p.fd[DESC_WATCH]);
	k->settle.data = k->watch.data = k;
	uv_poll_start(&k->watch, UV_READABLE, on_watch);
	if (k->has_plane)
		plane_run(k);
	tell_addresses(k);
	stat_begin(k);
}

static void clean(void *ctx)
{
	sas_flush(ctx);
	policies_flush(ctx);
	devices_done(ctx);
}

static void stop(void *ctx)
{
	struct kernel *k = ctx;

	/* what ike still wanted, before it ended, lies on its line */
	while (k->p.hands_over && line_receive(&k->p.line[WHO_IKE]))
		;
	if (!k->p.hands_over)
		clean(k);
	watch_rest(k); /* the next one would find what nobody asks for */
	process_end(&k->p);
}

/* --flush: put in order what a process that was killed could not. */
static int flush_only(void)
{
	struct sockaddr_nl none = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct found found;

	if (fd < 0 || bind(fd, (struct sockaddr *)&none, sizeof(none)) != 0) {
		perror("ipsec-kernel: netlink");
		return EXIT_FAILURE;
	}
	rtnl_flush(fd, NULL);
	devices_flush(fd);
	close(fd);
	fd = xfrm_open(false);
	if (fd >= 0) {
		found_init(&found);
		found_read(&found, fd);
		found_remove(&found, fd);
		close(fd);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct process_ops ops = { .begin = begin,
		.run = run,
		.message = message,
		.sibling = sibling,
		.stop = stop,
		.orphaned = clean };
	struct kernel *k;
	int status;

	if (argc == 2 && strcmp(argv[1], "--flush") == 0)
		return flush_only();
	k = xalloc(sizeof(*k));
	list_init(&k->effects);
	list_init(&k->policies);
	list_init(&k->devices);
	list_init(&k->sas);
	map_init(&k->sa_by, 0);
	map_init(&k->spd, 0);
	list_init(&k->held);
	found_init(&k->found);
	bounds_init(&k->bounds);
	status = process_run(&k->p, WHO_KERNEL, &ops, k);
	if (k->p.hands_over)
		_exit(status); /* all of it stays as it is */
	clean(k);
	found_remove(&k->found, -1);
	map_done(&k->sa_by);
	spd_done(k);
	firewall_done(k);
	stat_done(k);
	bounds_done(&k->bounds);
	buf_done(&k->addrs);
	free(k);
	return status;
}
