/* Status commands: ask for the counters that will be shown, then walk and emit. The formats of
 * connections are in status_conn.c. */
#include "ike/status.h"

#include "ike/status_conn.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A command that waits for counters. */
struct job {
	struct list node;
	uint32_t request;
	uint8_t what;
	char *name; /* NULL: everything */
	struct count {
		uint32_t ask, serial;
		struct dp_counters counters;
	} * count;
	size_t n, waiting;
};

struct status {
	struct ike *ike;
	const struct job *job;
	struct event_about about;
	const struct conn *newest; /* whose algorithms are being shown */
	uint64_t ike_total, ike_half_open, ike_established, child_total, child_established;
};

#define REPLY(s, name, ...)                                                                        \
	EMIT(&(s)->ike->env.events, (s)->ike->now, &(s)->about, name, __VA_ARGS__)

static void about(struct status *s, const struct conn *c, uint32_t serial)
{
	s->about = c ? conn_about(c, serial) : (struct event_about){ .serial = serial };
	s->about.request = s->job->request;
}

static void walk(struct status *s, void (*sa)(void *, const struct ike_sa_view *),
	void (*child)(void *, const struct ike_child_view *))
{
	const struct ike_visitor v = { sa, child, s };

	for (size_t i = 0; i < s->ike->n_version; i++)
		s->ike->version[i].ops->walk(s->ike->version[i].state, &v);
}

/* Is it asked for? By name or alias of the connection or of its template. */
static bool wanted(const struct status *s, const struct conn *c)
{
	const char *name = s->job->name;

	return !name || conf_conn_is_called(c->conf, name);
}

static const struct dp_counters *counters(const struct status *s, const struct child *c)
{
	for (size_t i = 0; i < s->job->n; i++)
		if (s->job->count[i].serial == c->serial)
			return &s->job->count[i].counters;
	return &c->last;
}

/* ---- trafficstatus ---- */

static void lease_text(const struct conn *c, char *ret, size_t n)
{
	size_t at = 0;
	char a[ADDR_STR];

	ret[0] = '\0';
	for (size_t i = 0; i < COUNT(c->lease); i++)
		if (addr_is_set(&c->lease[i]))
			at += (size_t)snprintf(ret + at, n - at, "%s%s/%u", at ? "," : "",
				addr_format(&c->lease[i], a), addr_bits(c->lease[i].family));
}

static void traffic(void *ctx, const struct ike_child_view *v)
{
	struct status *s = ctx;
	const struct child *c = v->child;
	const struct dp_counters *k = counters(s, c);
	char id[ID_STR] = "", lease[2 * PREFIX_STR], user[4 * LIMIT_XAUTH_USER + 1] = "";

	if (!v->is_established || !wanted(s, c->conn))
		return;
	about(s, c->conn, c->serial);
	lease_text(c->conn, lease, sizeof(lease));
	/* who has a name is not told by the identity, which a whole group may share */
	if (c->conn->xauth.user)
		event_escape(bytes_str(c->conn->xauth.user), user, sizeof(user));
	else
		id_format(v->their_id, id, sizeof(id));
	REPLY(s, traffic_status, .username = ev_str(user), .type = ev_str("ESP"),
		.add_time = ev_u64((uint64_t)(c->add_time / NS_S)), .in_bytes = ev_u64(k->in_bytes),
		.out_bytes = ev_u64(k->out_bytes), .id = ev_str(id), .lease = ev_str(lease),
		.drops = ev_u64(k->drops));
}

/* ---- showstates ---- */

/* Seconds until at, "" when it is not armed. */
static const char *seconds(const struct status *s, ns_t at, char *ret, size_t n)
{
	ret[0] = '\0';
	if (at != 0)
		snprintf(ret, n, "%" PRId64,
			at > s->ike->now.mono ? (at - s->ike->now.mono) / NS_S : 0);
	return ret;
}

static bool is_v1(const struct conn *c)
{
	return c->conf->version == VERSION_IKEV1;
}

static void state_sa(void *ctx, const struct ike_sa_view *v)
{
	struct status *s = ctx;
	char rekey[24], replace[24], again[24], timer[40] = "";

	about(s, v->conn, v->serial);
	seconds(s, v->rekey_at, rekey, sizeof(rekey));
	seconds(s, v->expires_at, replace, sizeof(replace));
	if (*seconds(s, v->retransmit_at, again, sizeof(again)))
		snprintf(timer, sizeof(timer), "RETRANSMIT in %ss", again);
	REPLY(s, state_status, .port = ev_u64(v->remote.port), .state = ev_str(v->state),
		.story = ev_str(v->state_text), .rekey = ev_str(rekey), .replace = ev_str(replace),
		.timer = ev_str(timer),
		.newest = ev_str(v->conn->newest_ike == v->serial ? "newest" : ""),
		.parent = ev_str(""), .ike_sa = ev_str(""));
}

static void human(uint64_t v, char *ret, size_t n)
{
	static const char *const unit[] = { "B", "KB", "MB" };
	size_t u = 0;

	for (; v > 10240 && u + 1 < COUNT(unit); u++)
		v /= 1024;
	snprintf(ret, n, "%" PRIu64 "%s", v, unit[u]);
}

static void state_child(void *ctx, const struct ike_child_view *v)
{
	struct status *s = ctx;
	const struct child *c = v->child;
	const struct dp_counters *k = counters(s, c);
	char rekey[24], replace[24], parent[24], in[24], out[24], spi_in[12], spi_out[12];
	bool is_newest = c->conn->newest_child == c->serial;

	about(s, c->conn, c->serial);
	seconds(s, v->rekey_at, rekey, sizeof(rekey));
	seconds(s, v->expires_at, replace, sizeof(replace));
	snprintf(parent, sizeof(parent), "%u", v->ike_serial);
	REPLY(s, state_status, .port = ev_u64(c->remote.port ? c->remote.port : 500),
		.state = ev_str(v->state), .story = ev_str(v->state_text), .rekey = ev_str(rekey),
		.replace = ev_str(replace), .timer = ev_str(""),
		.newest = ev_str(is_newest ? "newest; eroute owner" : ""),
		.parent = ev_str(is_v1(c->conn) ? "isakmp" : "IKE SA "), .ike_sa = ev_str(parent));
	if (!v->is_established)
		return;
	human(k->in_bytes, in, sizeof(in));
	human(k->out_bytes, out, sizeof(out));
	snprintf(spi_in, sizeof(spi_in), "%x", c->spi_in);
	snprintf(spi_out, sizeof(spi_out), "%x", c->spi_out);
	REPLY(s, state_traffic, .spi_out = ev_str(spi_out), .spi_in = ev_str(spi_in),
		.remote = ev_addr(c->remote.addr), .local = ev_addr(c->local.addr),
		.in_human = ev_str(in), .out_human = ev_str(out), .in_bytes = ev_u64(k->in_bytes),
		.out_bytes = ev_u64(k->out_bytes));
}

/* ---- briefstatus, globalstatus ---- */

static void count_sa(void *ctx, const struct ike_sa_view *v)
{
	struct status *s = ctx;

	s->ike_total++;
	s->ike_half_open += v->is_half_open;
	s->ike_established += v->is_established;
}

static void count_child(void *ctx, const struct ike_child_view *v)
{
	struct status *s = ctx;

	s->child_total++;
	s->child_established += v->is_established;
}

static void count_all(struct status *s)
{
	s->ike_total = s->ike_half_open = s->ike_established = 0;
	s->child_total = s->child_established = 0;
	walk(s, count_sa, count_child);
	about(s, NULL, 0);
}

static bool wants_cookies(const struct status *s)
{
	return s->ike->setup.ddos_mode == 1 ||
	       (s->ike->setup.ddos_mode == 0 && s->ike_half_open >= s->ike->setup.ddos_threshold);
}

static void brief(struct status *s)
{
	count_all(s);
	REPLY(s, brief_state, .cookies = ev_str(wants_cookies(s) ? "REQUIRED" : "not required"),
		.accepting = ev_str(s->ike_half_open >= s->ike->setup.max_halfopen
					    ? "NOT ACCEPTING new IKE connections"
					    : "Accepting new IKE connections"));
	REPLY(s, brief_ike, .total = ev_u64(s->ike_total), .half_open = ev_u64(s->ike_half_open),
		.open = ev_u64(s->ike_total - s->ike_half_open - s->ike_established),
		.authenticated = ev_u64(s->ike_established), .anonymous = ev_u64(0));
	REPLY(s, brief_child, .total = ev_u64(s->child_established),
		.authenticated = ev_u64(s->child_established), .anonymous = ev_u64(0));
}

static void global(struct status *s)
{
	const struct conf_setup *setup = &s->ike->setup;
	uint64_t in = 0, out = 0;

	count_all(s);
	for (size_t i = 0; i < s->job->n; i++) {
		in += s->job->count[i].counters.in_bytes;
		out += s->job->count[i].counters.out_bytes;
	}
	const struct {
		const char *key;
		uint64_t value;
	} line[] = {
		{ "config.setup.ike.ddos_threshold", setup->ddos_threshold },
		{ "config.setup.ike.max_halfopen", setup->max_halfopen },
		{ "current.states.all", s->ike_total + s->child_total },
		{ "current.states.ike", s->ike_total },
		{ "current.states.ipsec", s->child_established },
		{ "current.states.iketype.halfopen", s->ike_half_open },
		{ "current.states.iketype.open",
			s->ike_total - s->ike_half_open - s->ike_established },
		{ "current.states.iketype.authenticated", s->ike_established },
		{ "current.states.iketype.anonymous", 0 },
		{ "current.ipsec.traffic.in", in },
		{ "current.ipsec.traffic.out", out },
	};
	for (size_t i = 0; i < COUNT(line); i++)
		REPLY(s, global_value, .key = ev_str(line[i].key), .value = ev_u64(line[i].value));
}

/* ---- connections, shunts, pools ---- */

static const char *name_of(enum transform_type type, uint16_t id, const char *otherwise)
{
	const struct alg *a = id ? alg_find(type, id) : NULL;

	return a ? a->name : otherwise;
}

/* AES_GCM_16_256-HMAC_SHA2_512-CURVE25519; IKEv1 has one hash for both. */
static void newest_ike(void *ctx, const struct ike_sa_view *v)
{
	struct status *s = ctx;
	bool has_integ = v->suite.integ && !is_v1(v->conn);
	char encr[ALG_STR], suite[4 * ALG_STR];

	if (v->serial != s->newest->newest_ike)
		return;
	snprintf(suite, sizeof(suite), "%s%s%s-%s-%s", suite_encr_name(&v->suite, encr),
		has_integ ? "-" : "", has_integ ? name_of(TT_INTEG, v->suite.integ, "") : "",
		name_of(TT_PRF, v->suite.prf, "?"), name_of(TT_KE, v->suite.ke, "?"));
	REPLY(s, connection_ike_newest, .version = ev_str(is_v1(v->conn) ? "IKEv1" : "IKEv2"),
		.suite = ev_str(suite));
}

/* AES_GCM_16_256-NONE; pfsgroup is that of the last rekey, or of the IKE SA. */
static void newest_child(void *ctx, const struct ike_child_view *v)
{
	struct status *s = ctx;
	const struct suite *k = &v->child->suite;
	char encr[ALG_STR], suite[2 * ALG_STR];

	if (v->child->serial != s->newest->newest_child)
		return;
	snprintf(suite, sizeof(suite), "%s-%s", suite_encr_name(k, encr),
		name_of(TT_INTEG, k->integ, "NONE"));
	REPLY(s, connection_esp_newest, .suite = ev_str(suite),
		.pfs = ev_str(name_of(TT_KE, k->ke, "<Phase1>")));
}

static void connections(struct status *s)
{
	uint64_t loaded = 0, active = 0;
	struct conn *c;

	list_each (c, &s->ike->conns, struct conn, node) {
		if (c->is_removed || !wanted(s, c))
			continue;
		loaded++;
		active += c->n_children != 0;
		about(s, c, 0);
		status_conn(s->ike, c, &s->about);
		s->newest = c;
		if (c->newest_ike || c->newest_child)
			walk(s, newest_ike, newest_child);
	}
	about(s, NULL, 0);
	REPLY(s, status_blank, );
	REPLY(s, connection_total, .loaded = ev_u64(loaded), .active = ev_u64(active));
}

static void shunts(struct status *s)
{
	struct conn *c;

	about(s, NULL, 0);
	REPLY(s, shunt_heading, );
	REPLY(s, status_blank, );
	list_each (c, &s->ike->conns, struct conn, node) {
		struct ts_list ours, theirs;
		char a[TS_STR], b[TS_STR];

		if (conn_routing(c) != CONN_TRAP)
			continue;
		conn_ts_ours(c, &ours);
		conn_ts_theirs(c, &theirs);
		about(s, c, 0);
		for (size_t i = 0; i < ours.n; i++)
			for (size_t k = 0; k < theirs.n; k++)
				REPLY(s, shunt_status, .local = ev_str(ts_format(&ours.ts[i], a)),
					.protocol = ev_u64(ours.ts[i].protocol),
					.remote = ev_str(ts_format(&theirs.ts[k], b)),
					.action = ev_str(conn_shunt_word(c)));
	}
}

static void pools(struct status *s)
{
	struct pool *p;
	struct lease *l;

	about(s, NULL, 0);
	list_each (p, &s->ike->pools.all, struct pool, node) {
		char range[RANGE_STR], id[ID_STR];
		uint64_t size = range_count(&p->range);

		REPLY(s, pool_status, .range = ev_str(range_format(&p->range, range)),
			.size = ev_u64(size), .used = ev_u64(p->n_lent),
			.free = ev_u64(size - p->n_lent));
		list_each (l, &p->leases, struct lease, node)
			REPLY(s, pool_lease, .address = ev_addr(l->addr),
				.id = ev_str(id_format(&l->id, id, sizeof(id))),
				.state = ev_str(l->uses ? "" : "free, kept for its return"));
	}
}

/* The heading is the control process's, which knows more of it. */
static void everything(struct status *s)
{
	about(s, NULL, 0);
	REPLY(s, status_heading, .text = ev_str("Connection list:"));
	REPLY(s, status_blank, );
	connections(s);
	REPLY(s, status_blank, );
	brief(s);
	REPLY(s, status_blank, );
	walk(s, state_sa, state_child);
	about(s, NULL, 0);
	if (s->ike_total)
		REPLY(s, status_blank, );
	shunts(s);
}

static void show(struct ike *ike, const struct job *job)
{
	struct status s = { .ike = ike, .job = job };

	switch ((enum status_kind)job->what) {
	case STATUS_ALL:
		everything(&s);
		break;
	case STATUS_BRIEF:
		brief(&s);
		break;
	case STATUS_TRAFFIC:
		walk(&s, NULL, traffic);
		break;
	case STATUS_STATES:
		walk(&s, state_sa, state_child);
		break;
	case STATUS_CONNECTIONS:
		connections(&s);
		break;
	case STATUS_GLOBAL:
		global(&s);
		break;
	case STATUS_SHUNTS:
		shunts(&s);
		break;
	case STATUS_POOLS:
		pools(&s);
		break;
	}
}

/* ---- the job ---- */

static void job_free(struct job *j)
{
	list_remove(&j->node);
	free(j->name);
	free(j->count);
	free(j);
}

static void job_end(struct ike *ike, struct job *j)
{
	show(ike, j);
	ike_request_release(ike, j->request, EXIT_IKE_OK);
	job_free(j);
}

struct asking {
	struct ike *ike;
	struct job *job;
};

static void ask_child(void *ctx, const struct ike_child_view *v)
{
	struct asking *a = ctx;
	struct job *j = a->job;
	const struct action query = { .dp = { .op = DP_SA_QUERY, .serial = v->child->serial } };

	if (!v->child->has_in && !v->child->has_out)
		return;
	j->count = xrealloc(j->count, (j->n + 1) * sizeof(*j->count));
	j->count[j->n++] = (struct count){
		.ask = ike_ask_dataplane(
			a->ike, IKE_ASK_OURS, v->child->serial, ASK_STATUS, &query),
		.serial = v->child->serial,
		.counters = v->child->last,
	};
	j->waiting++;
}

static bool shows_counters(uint8_t what)
{
	return what == STATUS_ALL || what == STATUS_TRAFFIC || what == STATUS_STATES ||
	       what == STATUS_GLOBAL;
}

void ike_status(struct ike *ike, const struct command *c)
{
	struct job *j;
	struct asking a = { .ike = ike };

	if (c->name && !conn_find(ike, c->name, 0)) {
		const struct event_about who = { .request = c->request };

		EMIT(&ike->env.events, ike->now, &who, conn_unknown, .name = ev_str(c->name),
			.nearest = ev_str(conn_nearest(ike, c->name)));
		ike_request_release(ike, c->request, EXIT_IKE_UNKNOWN);
		return;
	}
	a.job = j = xalloc(sizeof(*j));
	j->request = c->request;
	j->what = c->what;
	j->name = xstrdup(c->name);
	list_append(&ike->status_jobs, &j->node);
	if (shows_counters(c->what)) {
		const struct ike_visitor v = { NULL, ask_child, &a };

		for (size_t i = 0; i < ike->n_version; i++)
			ike->version[i].ops->walk(ike->version[i].state, &v);
	}
	if (j->waiting == 0)
		job_end(ike, j);
}

void ike_status_answer(struct ike *ike, const struct answer *a)
{
	struct job *j;

	list_each (j, &ike->status_jobs, struct job, node)
		for (size_t i = 0; i < j->n; i++) {
			if (j->count[i].ask != a->ask)
				continue;
			if (a->e == OK)
				j->count[i].counters = a->counters;
			if (--j->waiting == 0)
				job_end(ike, j);
			return;
		}
}

void ike_status_done(struct ike *ike)
{
	struct job *j;

	list_each (j, &ike->status_jobs, struct job, node)
		job_free(j);
}
