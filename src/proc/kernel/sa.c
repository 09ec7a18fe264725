/* SAs in the kernel: made, moved, counted, taken out. */
#include "proc/kernel/kernel.h"

#include "proc/names.h"

#include <errno.h>
#include <stdlib.h>

/* What the peer sent before it heard of a Delete is still under way. */
#define LEAVE_TIME (3 * NS_S)
/* How long it is looked whether the peer sends on a new SA. */
#define HEAR_TIME (60 * NS_S)
enum { TICK_MS = 200 };

static uint64_t key_of(uint32_t serial, enum dp_dir dir)
{
	return (uint64_t)serial << 1 | (dir == DP_OUT);
}

static struct sa *find(struct kernel *k, uint32_t serial, enum dp_dir dir)
{
	return map_get(&k->sa_by, key_of(serial, dir));
}

struct sa *sa_by_id(struct kernel *k, const struct xfrm_id_of_sa *id)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		if (s->id.spi == id->spi && addr_eq(&s->id.dst, &id->dst))
			return s;
	return NULL;
}

/* Another one of that policy that receives. */
static bool has_other(struct kernel *k, const struct sa *sa)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		if (s != sa && s->reqid == sa->reqid && s->dir == DP_IN && !s->is_leaving)
			return true;
	return false;
}

static void encode(struct sa *s, const struct dp_sa *dp)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);

	dp_sa_put(&w, dp);
	wipe(s->dp.p, s->dp.n);
	buf_done(&s->dp);
	s->dp = buf_from(wr_view(&w));
	wipe(room, w.n);
	free(room);
}

static void decode(const struct sa *s, struct dp_sa *ret)
{
	struct rd r = rd_from(buf_view(&s->dp));

	if (dp_sa_get(&r, ret) != OK)
		abort(); /* we wrote it */
}

void sa_forget(struct sa *s, struct kernel *k)
{
	map_take(&k->sa_by, key_of(s->serial, (enum dp_dir)s->dir));
	list_remove(&s->node);
	wipe(s->dp.p, s->dp.n);
	buf_done(&s->dp);
	free(s);
}

static void arm(struct kernel *k);

static void on_tick(uv_timer_t *t)
{
	struct kernel *k = t->data;

	sas_tick(k);
	arm(k);
}

static bool is_awaited(struct kernel *k, const struct sa *s)
{
	return s->is_leaving ||
	       (s->dir == DP_IN && !s->is_heard && process_now().mono - s->added < HEAR_TIME &&
		       has_other(k, s));
}

static void arm(struct kernel *k)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		if (is_awaited(k, s)) {
			if (!uv_is_active((uv_handle_t *)&k->tick))
				uv_timer_start(&k->tick, on_tick, TICK_MS, 0);
			return;
		}
}

/* What came through a device of the tunnel's own leaves with our mark, so that routes to the device
 * do not hold for it. */
static enum err sa_put(
	struct wr *w, enum xfrm_how how, const struct dp_sa *dp, const struct xfrm_sa *resume)
{
	struct dp_sa own = *dp; /* with dp's keys */

	if (dp->dir == DP_OUT && dp->extra.has_device)
		own.extra.set_mark = (struct dp_mark){ IPSEC_FWMARK, UINT32_MAX };
	return xfrm_sa_put(w, how, &own, resume);
}

static int put(struct kernel *k, enum xfrm_how how, const struct dp_sa *dp,
	const struct xfrm_sa *resume, char *text)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_said *said = xalloc(sizeof(*said));
	enum err e = sa_put(&w, how, dp, resume);
	int error = e == ERR_UNSUPPORTED ? ENOSYS : EINVAL;

	if (e == OK) {
		xfrm_own_sa(&w, dp->spi);
		error = xfrm_sa_errno(xfrm_ask(k->xfrm, &w, said));
	}
	wipe(room, sizeof(room));
	if (error)
		xfrm_error_format(error, said->text, text);
	free(said);
	return error;
}

static int delete (struct kernel *k, const struct xfrm_id_of_sa *id)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	xfrm_sa_del_put(&w, id);
	return xfrm_ask(k->xfrm, &w, NULL);
}

static int get(struct kernel *k, const struct xfrm_id_of_sa *id, struct xfrm_said *ret)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	int e;

	xfrm_sa_get_put(&w, id);
	e = xfrm_ask(k->xfrm, &w, ret);
	return e ? e : ret->kind == XFRM_SAID_SA && ret->sa.is_ours ? 0 : ESRCH;
}

int sa_get(struct kernel *k, const struct sa *s, struct xfrm_said *ret)
{
	return get(k, &s->id, ret);
}

static void tell_not_offloaded(struct kernel *k, const struct dp_sa *dp, const char *why)
{
	struct rd r = rd_from(buf_view(&k->addrs));
	char name[ADDRESS_NAME_N + 1] = "the device";

	if (dp->dir != DP_OUT || dp->extra.offload == DP_OFFLOAD_AUTO)
		return;
	while (rd_more(&r)) {
		struct addr a = addr_get(&r);
		struct bytes n = rd_bytes(&r, ADDRESS_NAME_N);

		if (!r.failed && addr_eq(&a, &dp->local.addr))
			memcpy(name, n.p, n.n);
	}
	PROCESS_EMIT(&k->p, kernel_not_offloaded, .device = ev_str(name), .why = ev_str(why));
}

/* The device that leads to the peer may do it. One that cannot says so, or leaves it to the kernel
 * without a word. */
static int add(struct kernel *k, struct dp_sa *dp, const struct xfrm_sa *resume, char *text)
{
	struct xfrm_id_of_sa id = xfrm_sa_id(dp);
	struct xfrm_said *said;
	struct addr gateway;
	unsigned oif = 0;
	int e, again;

	if (dp->extra.offload)
		(void)rtnl_route_to(k->rtnl, &dp->remote.addr, &dp->local.addr, &oif, &gateway);
	dp->extra.offload_ifindex = oif;
	e = put(k, XFRM_ADD, dp, resume, text);
	if (!oif)
		return e;
	if (e) {
		dp->extra.offload_ifindex = 0;
		again = put(k, XFRM_ADD, dp, resume, text);
		if (!again)
			tell_not_offloaded(k, dp, strerror(e));
		return again;
	}
	said = xalloc(sizeof(*said));
	if (get(k, &id, said) == 0 && !said->sa.offload_ifindex)
		tell_not_offloaded(k, dp, "it has no such function");
	free(said);
	return 0;
}

/* It is in the kernel now. */
static struct sa *enlist(struct kernel *k, const struct dp_sa *dp)
{
	struct sa *s = find(k, dp->serial, (enum dp_dir)dp->dir);

	if (s)
		sa_forget(s, k);
	s = xalloc(sizeof(*s));
	s->serial = dp->serial;
	s->reqid = dp->reqid;
	s->dir = dp->dir;
	s->has_esn = dp->suite.esn == ESN_YES;
	s->added = process_now().mono;
	s->id = xfrm_sa_id(dp);
	encode(s, dp);
	list_append(&k->sas, &s->node);
	map_put(&k->sa_by, key_of(s->serial, (enum dp_dir)s->dir), s);
	arm(k);
	return s;
}

enum err sa_add(struct kernel *k, const struct dp_sa *dp, char *text)
{
	struct dp_sa own = *dp; /* with dp's keys */
	int error = add(k, &own, NULL, text);

	if (error)
		return xfrm_err(error);
	enlist(k, dp);
	return OK;
}

static void take_out(struct kernel *k, struct sa *s)
{
	delete (k, &s->id);
	sa_forget(s, k);
}

void sa_del(struct kernel *k, uint32_t serial, enum dp_dir dir)
{
	struct sa *s = find(k, serial, dir);

	if (!s)
		return;
	if (dir == DP_IN && has_other(k, s)) {
		s->is_leaving = true;
		s->leaves = process_now().mono + LEAVE_TIME;
		arm(k);
		return;
	}
	take_out(k, s);
}

/* The kernel changes ports of an SA in place; at other addresses it is another SA, which goes on
 * with the numbers of the first. */
static int move_one(struct kernel *k, struct sa *s, const struct msg_dp *m, char *text)
{
	struct xfrm_said *said = xalloc(sizeof(*said));
	struct dp_sa dp;
	bool stays;
	int e;

	decode(s, &dp);
	stays = addr_eq(&dp.local.addr, &m->local.addr) &&
		addr_eq(&dp.remote.addr, &m->remote.addr) && dp.encap == (m->encap != 0);
	dp.local = m->local;
	dp.remote = m->remote;
	dp.encap = m->encap != 0;
	if (stays) {
		e = put(k, XFRM_UPDATE, &dp, NULL, text);
	} else if ((e = get(k, &s->id, said)) == 0) {
		delete (k, &s->id);
		e = add(k, &dp, &said->sa, text);
	}
	if (!e) {
		s->id = xfrm_sa_id(&dp);
		encode(s, &dp);
	} else if (e == ESRCH) {
		xfrm_error_format(e, "", text);
	}
	dp_sa_done(&dp);
	free(said);
	return e;
}

enum err sa_move(struct kernel *k, const struct msg_dp *m, char *text)
{
	static const enum dp_dir dirs[] = { DP_IN, DP_OUT };
	int error = 0, e;

	for (size_t i = 0; i < COUNT(dirs); i++) {
		struct sa *s = find(k, m->serial, dirs[i]);

		if (!s)
			continue;
		e = move_one(k, s, m, text);
		error = error ? error : e;
	}
	return xfrm_err(error);
}

enum err sa_query(struct kernel *k, uint32_t serial, struct dp_counters *ret)
{
	static const enum dp_dir dirs[] = { DP_IN, DP_OUT };
	struct xfrm_said *said = xalloc(sizeof(*said));
	enum err e = ERR_NOT_FOUND;

	*ret = (struct dp_counters){ 0 };
	for (size_t i = 0; i < COUNT(dirs); i++) {
		struct sa *s = find(k, serial, dirs[i]);

		if (!s || get(k, &s->id, said) != 0)
			continue;
		xfrm_sa_count(&said->sa, dirs[i], process_now(), ret);
		e = OK;
	}
	free(said);
	return e;
}

enum err sa_adopt(struct kernel *k, struct dp_sa *dp, struct dp_counters *ret)
{
	struct sa *s = find(k, dp->serial, (enum dp_dir)dp->dir);
	enum err e;

	if (!s && found_sa(&k->found, dp)) {
		s = enlist(k, dp);
		s->is_adopted = true;
	}
	if (!s || s->is_leaving || s->id.spi != dp->spi || s->reqid != dp->reqid)
		return ERR_NOT_FOUND;
	s->is_orphan = false;
	e = sa_query(k, dp->serial, ret);
	s->is_heard = s->is_heard || ret->in_packets != 0; /* which ike sees for itself */
	return e;
}

void sas_orphan(struct kernel *k)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		s->is_orphan = true;
}

void sas_settle(struct kernel *k)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		if (s->is_orphan && !s->is_leaving)
			take_out(k, s);
}

void sas_flush(struct kernel *k)
{
	struct sa *s;

	list_each (s, &k->sas, struct sa, node)
		take_out(k, s);
}

static void listen_for(struct kernel *k, struct sa *s)
{
	struct xfrm_said *said = xalloc(sizeof(*said));

	if (get(k, &s->id, said) == 0 && said->sa.packets) {
		s->is_heard = true;
		plane_tell(k, &(struct dp_notice){
				      .kind = DP_HEARD, .serial = s->serial, .reqid = s->reqid });
	}
	free(said);
}

void sas_tick(struct kernel *k)
{
	ns_t now = process_now().mono;
	struct sa *s;

	list_each (s, &k->sas, struct sa, node) {
		if (s->is_leaving && now >= s->leaves)
			take_out(k, s);
		else if (!s->is_leaving && is_awaited(k, s))
			listen_for(k, s);
	}
}
