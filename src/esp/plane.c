/* The control thread's side: requests of the contract, publishing, reclaiming, telling. */
#include "esp/plane.h"

#include "esp/table.h"
#include <stdlib.h>

enum { OUTER_MTU_DEFAULT = 1500, OUTER_MTU_MIN = 576 };

/* Something that packet threads may still see. */
struct retired {
	struct list node;
	uint64_t epoch;
	struct esp_table *table;
	struct esp_sa *sa;
	struct esp_policy *policy;
	struct esp_path *path;
};

struct esp_plane {
	_Atomic(struct esp_table *) table;
	_Atomic uint64_t epoch;
	struct esp_worker *worker;
	struct esp_set set;
	struct list retired;
	uint64_t order, table_id;
	uint32_t outer_mtu;
};

/* ---- publishing ---- */

static struct retired *retire(struct esp_plane *p)
{
	struct retired *r = xalloc(sizeof(*r));

	list_append(&p->retired, &r->node);
	r->epoch = atomic_load(&p->epoch);
	return r;
}

static void retired_free(struct retired *r)
{
	list_remove(&r->node);
	esp_table_free(r->table);
	esp_sa_free(r->sa);
	free(r->policy);
	free(r->path);
	free(r);
}

/* A new table stands; what was retired so far is unreachable for batches that begin from now on. */
static void publish(struct esp_plane *p)
{
	struct esp_table *t = esp_table_new(&p->set, ++p->table_id);

	retire(p)->table = atomic_exchange(&p->table, t);
	atomic_fetch_add(&p->epoch, 1);
	esp_plane_reclaim(p);
}

void esp_plane_reclaim(struct esp_plane *p)
{
	uint64_t oldest = UINT64_MAX;
	struct retired *r;

	for (unsigned i = 0; i < ESP_WORKERS; i++) {
		uint64_t e = atomic_load(&p->worker[i].epoch);

		oldest = e && e < oldest ? e : oldest;
	}
	list_each (r, &p->retired, struct retired, node)
		if (r->epoch < oldest)
			retired_free(r);
}

void esp_enter(struct esp_worker *w, ns_t now)
{
	atomic_store(&w->epoch, atomic_load(&w->plane->epoch));
	w->table = atomic_load(&w->plane->table);
	w->now = now;
	w->room_n = 0;
}

void esp_leave(struct esp_worker *w)
{
	w->table = NULL;
	atomic_store_explicit(&w->epoch, 0, memory_order_release);
}

struct esp_plane *esp_plane_new(uint32_t outer_mtu)
{
	struct esp_plane *p = xalloc(sizeof(*p));
	size_t n = ESP_WORKERS * sizeof(*p->worker);

	list_init(&p->retired);
	p->outer_mtu = outer_mtu ? outer_mtu : OUTER_MTU_DEFAULT;
	p->worker = aligned_alloc(64, n);
	if (!p->worker)
		abort();
	memset(p->worker, 0, n);
	for (unsigned i = 0; i < ESP_WORKERS; i++)
		p->worker[i].plane = p;
	atomic_store(&p->epoch, 1); /* 0 in a worker means that it is between batches */
	atomic_store(&p->table, esp_table_new(&p->set, ++p->table_id));
	return p;
}

void esp_plane_free(struct esp_plane *p)
{
	struct retired *r;

	if (!p)
		return;
	list_each (r, &p->retired, struct retired, node)
		retired_free(r);
	esp_table_free(atomic_load(&p->table));
	for (size_t i = 0; i < p->set.n_sa; i++)
		esp_sa_free(p->set.sa[i]);
	for (size_t i = 0; i < p->set.n_policy; i++)
		free(p->set.policy[i]);
	free(p->set.sa);
	free(p->set.policy);
	free(p->worker);
	free(p);
}

struct esp_worker *esp_plane_worker(struct esp_plane *p, enum esp_worker_id id)
{
	return &p->worker[id];
}

/* ---- requests ---- */

static bool in_spi_taken(const struct esp_plane *p, const struct dp_sa *dp)
{
	for (size_t i = 0; i < p->set.n_sa; i++)
		if (dp->dir == DP_IN && !p->set.sa[i]->is_out && p->set.sa[i]->spi == dp->spi)
			return true;
	return false;
}

enum err esp_plane_sa_add(struct esp_plane *p, const struct dp_sa *dp)
{
	struct esp_set *s = &p->set;
	struct esp_sa *sa = NULL;
	enum err e;

	if (in_spi_taken(p, dp))
		return ERR_EXISTS;
	if ((e = esp_sa_new(dp, p->outer_mtu, &sa)))
		return e;
	sa->order = ++p->order;
	if (s->n_sa == s->room_sa) {
		s->room_sa = s->room_sa ? 2 * s->room_sa : 16;
		s->sa = xrealloc(s->sa, s->room_sa * sizeof(struct esp_sa *));
	}
	s->sa[s->n_sa++] = sa;
	publish(p);
	return OK;
}

/* Packets that the peer sent before it heard of the Delete are still under way, or wait in a
 * socket: a replaced inbound SA receives for so long. */
enum { LINGER_SECONDS = 3 };

/* Is there an inbound SA of the same policy that is not leaving? */
static bool has_successor(const struct esp_set *s, const struct esp_sa *sa)
{
	for (size_t i = 0; i < s->n_sa; i++) {
		const struct esp_sa *other = s->sa[i];

		if (other != sa && !other->is_out && !other->lingers && other->reqid == sa->reqid)
			return true;
	}
	return false;
}

/* Takes out what may go: by serial and direction, and with the last of a policy those that linger.
 */
static bool sa_drop(
	struct esp_plane *p, bool (*goes)(const struct esp_set *, const struct esp_sa *))
{
	struct esp_set *s = &p->set;
	size_t before = s->n_sa;

	for (size_t i = s->n_sa; i-- > 0;) {
		struct esp_sa *sa = s->sa[i];

		if (!goes(s, sa))
			continue;
		retire(p)->sa = sa;
		s->sa[i] = s->sa[--s->n_sa];
	}
	return s->n_sa != before;
}

static bool lingers_alone(const struct esp_set *s, const struct esp_sa *sa)
{
	return sa->lingers && !has_successor(s, sa);
}

static bool has_lingered(const struct esp_set *s, const struct esp_sa *sa)
{
	(void)s;
	return sa->lingers == 1;
}

static enum err sa_del(struct esp_plane *p, uint32_t serial, uint8_t dir)
{
	struct esp_set *s = &p->set;
	bool found = false;

	for (size_t i = s->n_sa; i-- > 0;) {
		struct esp_sa *sa = s->sa[i];

		if (sa->serial != serial || sa->lingers || (dir && (dir == DP_OUT) != sa->is_out))
			continue;
		found = true;
		if (!sa->is_out && has_successor(s, sa)) {
			sa->lingers = LINGER_SECONDS + 1;
			continue;
		}
		retire(p)->sa = sa;
		s->sa[i] = s->sa[--s->n_sa];
	}
	if (!found)
		return ERR_NOT_FOUND;
	(void)sa_drop(p, lingers_alone);
	publish(p);
	return OK;
}

void esp_plane_second(struct esp_plane *p)
{
	bool gone = sa_drop(p, has_lingered);

	for (size_t i = 0; i < p->set.n_sa; i++)
		if (p->set.sa[i]->lingers)
			p->set.sa[i]->lingers--;
	if (gone)
		publish(p);
}

static enum err sa_move(struct esp_plane *p, const struct esp_op *op)
{
	bool found = false;

	for (size_t i = 0; i < p->set.n_sa; i++) {
		struct esp_sa *sa = p->set.sa[i];
		struct esp_path *path;

		if (sa->serial != op->serial)
			continue;
		path = xalloc(sizeof(*path));
		*path = (struct esp_path){ op->local, op->remote, op->encap };
		retire(p)->path = atomic_exchange(&sa->path, path);
		atomic_store(&sa->outer_mtu, p->outer_mtu);
		found = true;
	}
	if (!found)
		return ERR_NOT_FOUND;
	publish(p);
	return OK;
}

static enum err sa_query(const struct esp_plane *p, uint32_t serial, struct dp_counters *ret)
{
	struct dp_counters c = { 0 };
	bool found = false;

	for (size_t i = 0; i < p->set.n_sa; i++) {
		const struct esp_sa *sa = p->set.sa[i];

		if (sa->serial != serial)
			continue;
		found = true;
		for (unsigned r = 0; r < DROP_END; r++)
			c.drops += esp_counted(&sa->dropped[r]);
		if (sa->is_out) {
			c.out_bytes += esp_counted(&sa->bytes);
			c.out_packets += esp_counted(&sa->packets);
			c.out_seq = esp_counted(&sa->seq);
			c.last_out = (ns_t)esp_counted(&sa->last);
		} else {
			c.in_bytes += esp_counted(&sa->bytes);
			c.in_packets += esp_counted(&sa->packets);
			c.in_seq = esp_counted(&sa->seq);
			c.last_in = (ns_t)esp_counted(&sa->last);
		}
	}
	if (!found)
		return ERR_NOT_FOUND;
	*ret = c;
	return OK;
}

/* Takes the policy of a reqid out of the set; false: there was none. */
static bool policy_take(struct esp_plane *p, uint32_t reqid)
{
	struct esp_set *s = &p->set;

	for (size_t i = 0; i < s->n_policy; i++) {
		if (s->policy[i]->dp.reqid != reqid)
			continue;
		retire(p)->policy = s->policy[i];
		memmove(&s->policy[i], &s->policy[i + 1],
			(--s->n_policy - i) * sizeof(struct esp_policy *));
		return true;
	}
	return false;
}

/* Of two clients with the same selectors the one that came last has them, as in the kernel: who
 * comes back is not locked out by what is left of him (ike/clash.c). */
static bool goes_before(const struct esp_policy *a, const struct esp_policy *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->dp.extra.is_instance && b->dp.extra.is_instance)
		return a->dp.reqid > b->dp.reqid;
	return a->dp.reqid < b->dp.reqid;
}

/* Keeps the order, so that no table has to be sorted. */
static void policy_put(struct esp_set *s, struct esp_policy *policy)
{
	size_t at = s->n_policy;

	if (s->n_policy == s->room_policy) {
		s->room_policy = s->room_policy ? 2 * s->room_policy : 16;
		s->policy = xrealloc(s->policy, s->room_policy * sizeof(struct esp_policy *));
	}
	for (; at > 0 && goes_before(policy, s->policy[at - 1]); at--)
		s->policy[at] = s->policy[at - 1];
	s->policy[at] = policy;
	s->n_policy++;
}

enum err esp_plane_policy_add(struct esp_plane *p, const struct dp_policy *dp)
{
	struct esp_policy *policy;

	if (dp->action > DP_DROP)
		return ERR_VALUE;
	(void)policy_take(p, dp->reqid);
	policy = xalloc(sizeof(*policy));
	policy->dp = *dp;
	policy->priority =
		dp->priority ? dp->priority : selectors_priority(&dp->ts_local, &dp->ts_remote);
	policy_put(&p->set, policy);
	publish(p);
	return OK;
}

static enum err policy_del(struct esp_plane *p, uint32_t reqid)
{
	if (!policy_take(p, reqid))
		return ERR_NOT_FOUND;
	publish(p);
	return OK;
}

static void flush(struct esp_plane *p)
{
	struct esp_set *s = &p->set;

	while (s->n_sa)
		retire(p)->sa = s->sa[--s->n_sa];
	while (s->n_policy)
		retire(p)->policy = s->policy[--s->n_policy];
	publish(p);
}

static enum err get_sa_add(struct esp_plane *p, struct bytes operand)
{
	struct rd r = rd_from(operand);
	struct dp_sa sa = { 0 };
	enum err e = dp_sa_get(&r, &sa);

	if (!e && !rd_end(&r))
		e = ERR_LENGTH;
	if (!e)
		e = esp_plane_sa_add(p, &sa);
	dp_sa_done(&sa);
	return e;
}

void esp_plane_orphan(struct esp_plane *p)
{
	for (size_t i = 0; i < p->set.n_sa; i++)
		p->set.sa[i]->is_orphan = true;
	for (size_t i = 0; i < p->set.n_policy; i++)
		p->set.policy[i]->is_orphan = true;
}

static enum err get_sa_adopt(struct esp_plane *p, struct bytes operand, struct dp_counters *ret)
{
	enum err e = ERR_NOT_FOUND;
	struct rd r = rd_from(operand);
	struct dp_sa sa = { 0 };

	if ((e = dp_sa_get(&r, &sa)))
		return e;
	e = rd_end(&r) ? ERR_NOT_FOUND : ERR_LENGTH;
	for (size_t i = 0; i < p->set.n_sa && e == ERR_NOT_FOUND; i++) {
		struct esp_sa *s = p->set.sa[i];

		if (s->serial != sa.serial || s->is_out != (sa.dir == DP_OUT) || s->lingers ||
			s->spi != sa.spi || s->reqid != sa.reqid)
			continue;
		s->is_orphan = false;
		e = sa_query(p, sa.serial, ret);
	}
	dp_sa_done(&sa);
	return e;
}

static bool is_orphan(const struct esp_set *s, const struct esp_sa *sa)
{
	(void)s;
	/* one that lingers goes by itself */
	return sa->is_orphan && !sa->lingers;
}

static void settle(struct esp_plane *p)
{
	struct esp_set *s = &p->set;

	for (size_t i = s->n_policy; i-- > 0;)
		if (s->policy[i]->is_orphan)
			(void)policy_take(p, s->policy[i]->dp.reqid);
	(void)sa_drop(p, is_orphan);
	publish(p);
}

static enum err get_policy_add(struct esp_plane *p, struct bytes operand)
{
	struct rd r = rd_from(operand);
	struct dp_policy policy = { 0 };
	enum err e = dp_policy_get(&r, &policy);

	if (e)
		return e;
	return rd_end(&r) ? esp_plane_policy_add(p, &policy) : ERR_LENGTH;
}

enum err esp_plane_op(struct esp_plane *p, const struct esp_op *op, struct dp_counters *counters)
{
	switch ((enum dp_op)op->op) {
	case DP_SA_ADD:
		return get_sa_add(p, op->operand);
	case DP_SA_DEL:
		return sa_del(p, op->serial, op->dir);
	case DP_SA_MOVE:
		return sa_move(p, op);
	case DP_SA_QUERY:
		return sa_query(p, op->serial, counters);
	case DP_POLICY_ADD:
		return get_policy_add(p, op->operand);
	case DP_POLICY_DEL:
		return policy_del(p, op->reqid);
	case DP_FLUSH:
		flush(p);
		return OK;
	case DP_SA_ADOPT:
		return get_sa_adopt(p, op->operand, counters);
	case DP_SETTLE:
		settle(p);
		return OK;
	}
	return ERR_VALUE;
}

/* ---- telling ---- */

void esp_plane_path_mtu(struct esp_plane *p, const struct addr *remote, uint32_t mtu)
{
	mtu = MAX(mtu, (uint32_t)OUTER_MTU_MIN); /* smaller ones are attacks (RFC 4301 8.2.1) */
	for (size_t i = 0; i < p->set.n_sa; i++) {
		struct esp_sa *sa = p->set.sa[i];
		struct esp_path *path = atomic_load(&sa->path);

		if (sa->is_out && addr_eq(&path->remote.addr, remote) &&
			mtu < atomic_load(&sa->outer_mtu))
			atomic_store(&sa->outer_mtu, mtu);
	}
}

bool esp_plane_notice(struct esp_plane *p, struct dp_notice *ret)
{
	for (unsigned i = 0; i < ESP_WORKERS; i++) {
		struct esp_worker *w = &p->worker[i];
		uint32_t got = atomic_load_explicit(&w->got, memory_order_relaxed);

		if (got == atomic_load_explicit(&w->put, memory_order_acquire))
			continue;
		*ret = w->notice[got % ESP_NOTICES];
		atomic_store_explicit(&w->got, got + 1, memory_order_release);
		return true;
	}
	return false;
}

static void tell_drops(uint32_t serial, const esp_counter *now, uint64_t *told,
	void (*tell)(void *ctx, const struct dp_notice *), void *ctx)
{
	for (unsigned r = 0; r < DROP_END; r++) {
		uint64_t v = esp_counted(&now[r]);
		struct dp_notice n = { .kind = DP_DROPPED,
			.serial = serial,
			.reason = (uint8_t)r,
			.count = v - told[r] };

		if (v == told[r])
			continue;
		told[r] = v;
		tell(ctx, &n);
	}
}

void esp_plane_drops(
	struct esp_plane *p, void (*tell)(void *ctx, const struct dp_notice *), void *ctx)
{
	for (unsigned i = 0; i < ESP_WORKERS; i++)
		tell_drops(0, p->worker[i].dropped, p->worker[i].dropped_told, tell, ctx);
	for (size_t i = 0; i < p->set.n_sa; i++)
		tell_drops(p->set.sa[i]->serial, p->set.sa[i]->dropped, p->set.sa[i]->dropped_told,
			tell, ctx);
}

struct esp_sa **esp_plane_sas(struct esp_plane *p, size_t *ret_n)
{
	*ret_n = p->set.n_sa;
	return p->set.sa;
}
