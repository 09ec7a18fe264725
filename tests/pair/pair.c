/* Two engines and a virtual wire: see pair.h. */
#include "tests/pair/pair.h"

#include "config_build.h"
#include "crypto/prf.h"
#include "ike/version.h"
#if WITH_IKEV1
#include "ikev1/v1.h"
#endif
#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

struct pair_event {
	struct pair_event *next;
	ns_t at;
	unsigned order;
	struct side *to;
	bool is_answer;
	struct answer answer;
	struct secret mac;
	struct endpoint local, remote;
	struct buf data;
};

static void act(struct pair *p, struct side *s);

/* ---- events of the engines ---- */

static void forget_event(struct side *s, enum event_id id)
{
	struct event *e = s->last[id];

	for (size_t i = 0; e && i < event_kind(id)->n; i++)
		if (e->row[i].type == EVENT_TYPE_str)
			free((char *)e->row[i].str);
	free(e);
	s->last[id] = NULL;
}

static void keep_event(struct side *s, const struct event *e)
{
	struct event *k = xalloc(sizeof(*k));

	forget_event(s, e->id);
	*k = *e;
	for (size_t i = 0; i < event_kind(e->id)->n; i++)
		if (k->row[i].type == EVENT_TYPE_str)
			k->row[i].str = xstrdup(e->row[i].str);
	s->last[e->id] = k;
}

const char *pair_said(const struct side *s, enum event_id id, const char *field)
{
	const struct event_kind *k = event_kind(id);

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->field[i].name, field) == 0) {
			assert_int_equal(k->field[i].type, EVENT_TYPE_str);
			return s->last[id] ? s->last[id]->row[i].str : "";
		}
	fail_msg("%s has no field %s", k->name, field);
	return "";
}

static void take(void *ctx, const struct event *e)
{
	struct side *s = ctx;
	char line[8192];

	assert_true(event_check(e));
	s->count[e->id]++;
	if (s->watch.take)
		s->watch.take(s->watch.ctx, e);
	/* what every schedule of thousands says is not looked at */
	if ((event_kind(e->id)->level != EVENT_DEBUG && event_kind(e->id)->level != EVENT_REPLY) ||
		e->id == EV_child_elsewhere || e->id == EV_connection_modecfg ||
		e->id == EV_traffic_status || e->id == EV_pool_status)
		keep_event(s, e);
	if (e->id == EV_request_done) {
		s->n_done++;
		s->exit = (unsigned)e->row[0].u64;
	}
	event_line(e, true, line, sizeof(line));
	if (getenv("PAIR_SHOW"))
		printf("%10.3f %s %s (%s, request %u)\n", (double)s->pair->now.mono / 1e9, s->name,
			line, event_kind(e->id)->name, e->about.request);
}

/* ---- records ---- */

static struct pair_record *record_of(struct side *s, uint32_t serial)
{
	for (size_t i = 0; i < s->n_record; i++)
		if (s->record[i].serial == serial)
			return &s->record[i];
	s->record = xrealloc(s->record, (s->n_record + 1) * sizeof(*s->record));
	s->record[s->n_record] = (struct pair_record){ .serial = serial };
	return &s->record[s->n_record++];
}

static void keep(void *ctx, uint32_t serial, struct bytes record)
{
	struct pair_record *r = record_of(ctx, serial);

	buf_set(&r->fresh, record);
	r->is_new = true;
	r->is_gone = false;
}

static void forget(void *ctx, uint32_t serial)
{
	struct pair_record *r = record_of(ctx, serial);

	r->is_new = false;
	r->is_gone = true;
}

static void commit(void *ctx)
{
	struct side *s = ctx;

	for (size_t i = s->n_record; i-- > 0;) {
		struct pair_record *r = &s->record[i];

		if (r->is_new) {
			buf_done(&r->octets);
			r->octets = r->fresh;
			r->fresh = (struct buf){ 0 };
		}
		r->is_new = false;
		if (!r->is_gone)
			continue;
		buf_done(&r->octets);
		buf_done(&r->fresh);
		*r = s->record[--s->n_record];
	}
}

static void records_forget(struct side *s)
{
	for (size_t i = 0; i < s->n_record; i++) {
		buf_done(&s->record[i].octets);
		buf_done(&s->record[i].fresh);
	}
	free(s->record);
	s->record = NULL;
	s->n_record = 0;
}

static void side_start(struct pair *p, struct side *s, uint64_t seed)
{
	struct ike_env env = { .rng = rng_seeded(&s->seed, seed),
		.events = { take, s },
		.keeper = { keep, forget, commit, s } };
	struct command addresses = { .kind = CMD_ADDRESSES, .addrs = &s->addr, .n_addrs = 1 };

	s->pair = p;
	s->ike = ike_new(&env, p->now);
	ike_register(s->ike, &ikev2_version);
#if WITH_IKEV1
	ike_register(s->ike, &ikev1_version);
#endif
	for (size_t i = 0; i < s->n_record; i++)
		if (s->record[i].serial == 0)
			ike_restore(s->ike, p->now, 0, buf_view(&s->record[i].octets));
	ike_command(s->ike, p->now, &addresses);
}

void pair_init(struct pair *p, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	p->now = (struct now){ 100 * NS_S, 1700000000 * NS_S };
	p->rng = rng_seeded(&p->seed, seed);
	p->a.name = "A";
	p->b.name = "                    B";
	p->a.psk = p->b.psk = "one secret";
	p->a.addr = addr_v4(0xc0000201);
	p->b.addr = addr_v4(0xc0000202);
	side_start(p, &p->a, 2 * seed + 1);
	side_start(p, &p->b, 2 * seed + 2);
}

static void event_free(struct pair_event *e)
{
	secret_done(&e->mac);
	buf_done(&e->data);
	free(e);
}

static void forget_events(struct pair *p, const struct side *to)
{
	for (struct pair_event **at = &p->head; *at;) {
		struct pair_event *e = *at;

		if (to && e->to != to) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		event_free(e);
	}
}

void pair_done(struct pair *p)
{
	forget_events(p, NULL);
	ike_free(p->a.ike);
	ike_free(p->b.ike);
	records_forget(&p->a);
	records_forget(&p->b);
	for (unsigned i = 0; i < EV_END; i++) {
		forget_event(&p->a, i);
		forget_event(&p->b, i);
	}
}

void pair_restart(struct pair *p, struct side *s)
{
	forget_events(p, s);
	ike_free(s->ike);
	s->n_sa = s->n_policy = 0;
	records_forget(s);
	side_start(p, s, rng_u64(&p->rng));
}

/* Answers are for a process that is gone; datagrams wait in the socket. */
static void forget_answers(struct pair *p, const struct side *to)
{
	for (struct pair_event **at = &p->head; *at;) {
		struct pair_event *e = *at;

		if (e->to != to || !e->is_answer) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		event_free(e);
	}
}

void pair_take_over(struct pair *p, struct side *s, const struct conf_conn *c, size_t n)
{
	struct command settle = { .kind = CMD_SETTLE };
	uint32_t *serial;
	size_t n_serial = 0;

	forget_answers(p, s);
	ike_free(s->ike);
	for (size_t i = 0; i < s->n_sa; i++)
		s->sa[i].is_orphan = true;
	for (size_t i = 0; i < s->n_policy; i++)
		s->policy[i].is_orphan = true;
	side_start(p, s, rng_u64(&p->rng));
	for (size_t i = 0; i < n; i++)
		pair_add(s, &c[i]);
	serial = xalloc((s->n_record + 1) * sizeof(*serial));
	for (size_t i = 0; i < s->n_record; i++)
		if (s->record[i].serial != 0)
			serial[n_serial++] = s->record[i].serial;
	for (size_t i = 0; i < n_serial; i++) {
		struct buf octets = buf_from(buf_view(&record_of(s, serial[i])->octets));

		ike_restore(s->ike, p->now, serial[i], buf_view(&octets));
		buf_done(&octets);
		act(p, s);
	}
	free(serial);
	ike_command(s->ike, p->now, &settle);
	act(p, s);
}

/* ---- later ---- */

static struct pair_event *later(struct pair *p, struct side *to, ns_t min, ns_t max)
{
	struct pair_event *e = xalloc(sizeof(*e)), **at = &p->head;

	e->at = p->now.mono + min;
	if (max > min)
		e->at += (ns_t)(rng_u64(&p->rng) % (uint64_t)(max - min));
	e->order = p->order++;
	e->to = to;
	while (*at && (*at)->at <= e->at)
		at = &(*at)->next;
	e->next = *at;
	*at = e;
	return e;
}

static bool chance(struct pair *p, unsigned percent)
{
	return percent && rng_u32(&p->rng) % 100 < percent;
}

static bool translate(const struct pair *p, const struct side *from, struct pair_event *e)
{
	const struct pair_nat *nat = &p->nat;

	if (nat->inside == from) {
		e->remote.addr = nat->addr;
		e->remote.port = e->remote.port == 500 ? nat->port : nat->port_nat;
	} else if (nat->inside) {
		if (!addr_eq(&e->local.addr, &nat->addr) ||
			(e->local.port != nat->port && e->local.port != nat->port_nat))
			return false;
		e->local.port = e->local.port == nat->port ? 500 : 4500;
		e->local.addr = nat->inside->addr;
	}
	return true;
}

static void carry(struct pair *p, struct side *from, const struct datagram *d)
{
	struct side *to = from == &p->a ? &p->b : &p->a;
	unsigned copies = chance(p, p->duplicate) ? 2 : 1;

	p->sent++;
	from->last_port = d->remote.port;
	from->sent++;
	from->sent_octets += d->data.n;
	memcpy(from->last_header, d->data.p, sizeof(from->last_header));
	if (getenv("PAIR_WIRE"))
		printf("%10.3f %s sends exchange %u flags %02x id %u spi %02x%02x\n",
			(double)p->now.mono / 1e9, from->name, d->data.p[18], d->data.p[19],
			d->data.p[23], d->data.p[0], d->data.p[1]);
	if (p->drops_all || p->drop_from == from || chance(p, p->loss) ||
		(p->drop_larger && d->data.n > p->drop_larger))
		return;
	while (copies--) {
		struct pair_event to_be = { .local = d->remote, .remote = d->local }, *e;

		if (!translate(p, from, &to_be))
			return;
		e = later(p, to, p->delay_min, p->delay_max);
		e->local = to_be.local;
		e->remote = to_be.remote;
		e->data = buf_from(d->data);
		if (p->sets_flags && d->data.p[17] == 0x10 && d->local.port == 500)
			e->data.p[19] |= p->sets_flags;
	}
}

static void send_datagram(struct pair *p, struct side *from, const struct datagram *d)
{
	uint8_t room[PAIR_DATAGRAM_MAX];
	struct datagram part = *d;

	if (!p->cut) {
		carry(p, from, d);
		return;
	}
	for (uint8_t i = 1; (part.data = p->cut(d->data, i, room, sizeof(room))).n; i++)
		carry(p, from, &part);
}

/* ---- keys ---- */

static void answer_psk(struct pair *p, struct side *s, const struct action *a)
{
	const struct bytes pad = bytes_str("Key Pad for IKEv2");
	struct pair_event *e = later(p, s, p->answer_min, p->answer_max);
	bool is_named = a->psk.theirs->type != ID_NONE && s->psk_named;
	const char *psk = is_named ? s->psk_named : s->psk;
	bool has_one = psk && ++s->n_ops != s->refuses_op;
	struct secret key = { 0 };

	e->is_answer = true;
	e->answer = (struct answer){ .ask = a->ask, .e = has_one ? OK : ERR_NOT_FOUND };
	s->n_refused += psk && !has_one;
	if (!has_one)
		return;
	if (a->kind == ACTION_SKEYID) {
		assert_int_equal(prf(a->psk.prf, bytes_str(psk), &a->psk.octets, 1, &e->mac), OK);
	} else {
		assert_int_equal(prf(a->psk.prf, bytes_str(psk), &pad, 1, &key), OK);
		assert_int_equal(
			prf(a->psk.prf, secret_view(&key), &a->psk.octets, 1, &e->mac), OK);
	}
	secret_done(&key);
	e->answer.mac = secret_view(&e->mac);
	if (a->psk.heard.n && !bytes_eq(a->psk.heard, e->answer.mac)) {
		e->answer.fits = s->psk_fits;
		e->answer.variant = s->psk_variant;
	}
}

static void verify_user(struct pair *p, struct side *s, const struct action *a)
{
	struct pair_event *e = later(p, s, p->answer_min, p->answer_max);

	s->n_verified++;
	e->is_answer = true;
	e->answer = (struct answer){ .ask = a->ask, .e = ERR_DENIED };
	for (size_t i = 0; i < s->n_users; i++)
		if (strcmp(s->users[i].user, a->xauth.user) == 0 &&
			bytes_eq(bytes_str(s->users[i].password), a->xauth.password)) {
			e->answer.e = OK;
			e->answer.lease = s->users[i].lease;
		}
}

static const struct pair_user *login_of(struct side *s, const char *user)
{
	if (!*user && s->next_login < s->n_logins)
		return &s->logins[s->next_login++];
	if (!*user)
		return s->n_logins ? &s->logins[s->n_logins - 1] : NULL;
	for (size_t i = 0; i < s->n_logins; i++)
		if (strcmp(s->logins[i].user, user) == 0)
			return &s->logins[i];
	return NULL;
}

static void answer_login(struct pair *p, struct side *s, const struct action *a)
{
	struct pair_event *e = later(p, s, p->answer_min, p->answer_max);
	const struct pair_user *u = login_of(s, a->xauth.user);

	e->is_answer = true;
	e->answer = (struct answer){ .ask = a->ask, .e = u ? OK : ERR_NOT_FOUND };
	if (!u)
		return;
	e->answer.user = u->user;
	e->answer.password = bytes_str(u->password);
}

/* ---- the data plane ---- */

static struct pair_sa *sa_find(struct side *s, uint32_t serial, uint8_t dir)
{
	for (size_t i = 0; i < s->n_sa; i++)
		if (s->sa[i].serial == serial && s->sa[i].dir == dir)
			return &s->sa[i];
	return NULL;
}

static bool is_refused(struct side *s)
{
	bool refused =
		s->refuses_sa || ++s->n_ops == s->refuses_op || chance(s->pair, s->pair->refuses);

	s->n_refused += refused;
	return refused;
}

static enum err sa_add(struct side *s, const struct action *a)
{
	const struct dp_sa *sa = a->dp.sa;
	struct bytes keys[] = { secret_view(&sa->encr_key), secret_view(&sa->integ_key) };
	struct pair_sa *n;

	if (is_refused(s))
		return ERR_SYSTEM;
	assert_true(s->n_sa < PAIR_SAS_MAX);
	assert_null(sa_find(s, sa->serial, sa->dir));
	n = &s->sa[s->n_sa++];
	*n = (struct pair_sa){
		.serial = sa->serial,
		.reqid = sa->reqid,
		.spi = sa->spi,
		.dir = sa->dir,
		.mode = sa->mode,
		.ours = sa->ts_local.ts[0],
		.theirs = sa->ts_remote.ts[0],
		.extra = sa->extra,
		.tfc = sa->tfc,
		.hard_bytes = sa->hard_bytes,
		.order = s->pair->order++,
	};
	sha256(keys, COUNT(keys), n->key);
	return OK;
}

static void sa_del(struct side *s, const struct action *a)
{
	struct pair_sa *sa = sa_find(s, a->dp.serial, a->dp.dir);

	/* one that was refused may be deleted all the same */
	if (!sa && s->n_refused)
		return;
	assert_non_null(sa);
	*sa = s->sa[--s->n_sa];
}

static enum err policy_add(struct side *s, const struct action *a)
{
	size_t i = 0;

	if (is_refused(s))
		return ERR_SYSTEM;
	while (i < s->n_policy && s->policy[i].reqid != a->dp.reqid)
		i++;
	assert_true(i < PAIR_POLICIES_MAX);
	s->policy[i] = (struct pair_policy){
		.reqid = a->dp.reqid,
		.action = a->dp.policy->action,
		.mode = a->dp.policy->mode,
		.add_routes = a->dp.policy->add_routes,
		.extra = a->dp.policy->extra,
		.device = a->dp.policy->device,
		.outer_remote = a->dp.policy->outer_remote,
		.ours = a->dp.policy->ts_local.ts[0],
	};
	s->n_policy = MAX(s->n_policy, i + 1);
	s->source = addr_is_set(&a->dp.policy->source[0]) ? a->dp.policy->source[0]
							  : a->dp.policy->source[1];
	return OK;
}

static void policy_del(struct side *s, const struct action *a)
{
	for (size_t i = 0; i < s->n_policy; i++)
		if (s->policy[i].reqid == a->dp.reqid) {
			s->policy[i] = s->policy[--s->n_policy];
			return;
		}
	assert_true(s->n_refused);
}

static enum err sa_adopt(struct side *s, const struct action *a)
{
	struct pair_sa *sa = sa_find(s, a->dp.serial, a->dp.dir);

	if (!sa || sa->spi != a->dp.sa->spi || sa->reqid != a->dp.sa->reqid)
		return ERR_NOT_FOUND;
	sa->is_orphan = false;
	return OK;
}

static void settle(struct side *s)
{
	for (size_t i = s->n_sa; i-- > 0;)
		if (s->sa[i].is_orphan)
			s->sa[i] = s->sa[--s->n_sa];
	for (size_t i = s->n_policy; i-- > 0;)
		if (s->policy[i].is_orphan)
			s->policy[i] = s->policy[--s->n_policy];
}

static void dataplane(struct pair *p, struct side *s, const struct action *a)
{
	struct answer answer = { .ask = a->ask };

	switch ((enum dp_op)a->dp.op) {
	case DP_SA_ADD:
		answer.e = sa_add(s, a);
		break;
	case DP_SA_DEL:
		sa_del(s, a);
		break;
	case DP_POLICY_ADD:
		answer.e = policy_add(s, a);
		break;
	case DP_POLICY_DEL:
		policy_del(s, a);
		break;
	case DP_SA_QUERY:
		answer.e = ++s->n_ops == s->refuses_op ? ERR_SYSTEM : OK;
		s->n_refused += answer.e != OK;
		break;
	case DP_SA_ADOPT:
		answer.e = sa_adopt(s, a);
		if (answer.e == OK && sa_find(s, a->dp.serial, a->dp.dir)->is_heard)
			answer.counters.in_packets = 1;
		break;
	case DP_SETTLE:
		settle(s);
		break;
	case DP_SA_MOVE:
	case DP_FLUSH:
		break;
	}
	if (a->ask) {
		struct pair_event *e = later(p, s, p->answer_min, p->answer_max);

		e->is_answer = true;
		e->answer = answer;
	}
}

static void updown(struct side *s, const struct action *a)
{
	size_t at = strlen(s->updown.verbs);

	snprintf(s->updown.verbs + at, sizeof(s->updown.verbs) - at, "%s ", a->updown.verb);
	snprintf(s->updown.domains, sizeof(s->updown.domains), "%s", a->updown.domains);
	snprintf(s->updown.policy, sizeof(s->updown.policy), "%s", a->updown.policy);
	snprintf(s->updown.conn, sizeof(s->updown.conn), "%s", a->updown.conn);
	memcpy(s->updown.dns, a->updown.dns, sizeof(s->updown.dns));
	s->updown.source = a->updown.source;
	s->updown.n_dns = a->updown.n_dns;
	s->updown.add_time = a->updown.add_time;
	s->updown.is_instance = a->updown.is_instance;
	s->updown.is_cfg_client = a->updown.is_cfg_client;
	s->updown.is_cfg_server = a->updown.is_cfg_server;
	snprintf(s->updown.user, sizeof(s->updown.user), "%s", a->updown.user);
	snprintf(s->updown.banner, sizeof(s->updown.banner), "%s", a->updown.banner);
	s->updown.is_cisco = a->updown.is_cisco;
	s->updown.has_failed_xauth = a->updown.has_failed_xauth;
}

static void act_one(struct pair *p, struct side *s, const struct action *a)
{
	if (a->kind == ACTION_SEND)
		send_datagram(p, s, &a->datagram);
	else if (a->kind == ACTION_PSK || a->kind == ACTION_SKEYID)
		answer_psk(p, s, a);
	else if (a->kind == ACTION_XAUTH_VERIFY)
		verify_user(p, s, a);
	else if (a->kind == ACTION_XAUTH_SECRET)
		answer_login(p, s, a);
	else if (a->kind == ACTION_DATAPLANE)
		dataplane(p, s, a);
	else if (a->kind == ACTION_UPDOWN)
		updown(s, a);
	else if (a->kind == ACTION_RESOLVE) {
		snprintf(s->resolve.conn, sizeof(s->resolve.conn), "%s", a->resolve.conn);
		s->resolve.n++;
	}
}

static void act(struct pair *p, struct side *s)
{
	struct action a;

	while (ike_output(s->ike, &a)) {
		bool dies = ++s->n_actions == s->dies_at;

		if (!dies || s->dies_after)
			act_one(p, s, &a);
		if (!dies)
			continue;
		s->died_with_sas = s->n_sa;
		if (s->is_taken_over) {
			pair_take_over(p, s, s->conf, 1);
			return;
		}
		pair_restart(p, s);
		pair_add(s, s->conf);
		return;
	}
}

/* ---- time ---- */

static void deliver(struct pair *p)
{
	struct pair_event *e = p->head;

	p->head = e->next;
	if (e->is_answer) {
		ike_answer(e->to->ike, p->now, &e->answer);
	} else {
		struct datagram d = { e->local, e->remote, buf_view(&e->data) };

		ike_input(e->to->ike, p->now, &d);
	}
	act(p, e->to);
	event_free(e);
}

static void tick(struct pair *p, struct side *s)
{
	if (ike_next(s->ike) <= p->now.mono) {
		ike_tick(s->ike, p->now);
		act(p, s);
	}
}

void pair_run(struct pair *p, ns_t for_ns)
{
	ns_t end = p->now.mono + for_ns;

	act(p, &p->a);
	act(p, &p->b);
	for (;;) {
		ns_t next = MIN(ike_next(p->a.ike), ike_next(p->b.ike));

		if (p->head)
			next = MIN(next, p->head->at);
		if (next > end)
			break;
		if (next > p->now.mono) {
			p->now.wall += next - p->now.mono;
			p->now.mono = next;
		}
		if (p->head && p->head->at <= p->now.mono) {
			deliver(p);
		} else {
			tick(p, &p->a);
			tick(p, &p->b);
		}
	}
	p->now.wall += end - p->now.mono;
	p->now.mono = end;
}

void pair_notice(struct side *s, const struct dp_notice *n)
{
	/* the routes of policies are another process's: they are there until they are taken out */
	for (size_t i = 0; n->kind == DP_RESTARTED && i < s->n_policy; i++)
		s->policy[i].is_lost = true;
	if (n->kind == DP_RESTARTED)
		s->n_sa = 0;
	ike_notice(s->ike, s->pair->now, n);
	act(s->pair, s);
}

/* ---- traffic ---- */

static struct pair_sa *newest_out(struct side *s, uint32_t reqid)
{
	struct pair_sa *best = NULL;

	for (size_t i = 0; i < s->n_sa; i++)
		if (s->sa[i].dir == DP_OUT && s->sa[i].reqid == reqid &&
			(!best || s->sa[i].order > best->order))
			best = &s->sa[i];
	return best;
}

static void hear(struct pair *p, struct side *from, struct side *to, const struct pair_sa *out)
{
	for (size_t i = 0; i < to->n_sa; i++) {
		struct pair_sa *in = &to->sa[i];
		struct dp_notice n = { .kind = DP_HEARD, .serial = in->serial };

		if (in->dir != DP_IN || in->spi != out->spi)
			continue;
		assert_memory_equal(in->key, out->key, sizeof(in->key));
		assert_int_equal(in->mode, out->mode);
		from->carried++;
		if (in->is_heard)
			return;
		in->is_heard = true;
		ike_notice(to->ike, p->now, &n);
		act(p, to);
		return;
	}
	from->lost++;
}

static void traffic_from(struct pair *p, struct side *from, struct side *to)
{
	for (size_t i = 0; i < from->n_policy; i++) {
		struct pair_sa *out;

		if (from->policy[i].action != DP_PROTECT || from->policy[i].is_lost)
			continue;
		out = newest_out(from, from->policy[i].reqid);
		if (out)
			hear(p, from, to, out);
		else
			from->lost++;
	}
}

void pair_traffic(struct pair *p)
{
	traffic_from(p, &p->a, &p->b);
	traffic_from(p, &p->b, &p->a);
}

static bool mirrors(const struct side *a, const struct side *b, uint8_t dir)
{
	for (size_t i = 0; i < a->n_sa; i++) {
		bool found = false;

		if (a->sa[i].dir != dir)
			continue;
		for (size_t j = 0; j < b->n_sa; j++)
			found |= b->sa[j].dir != dir && b->sa[j].spi == a->sa[i].spi &&
				 memcmp(a->sa[i].key, b->sa[j].key, 32) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool pair_agrees(const struct pair *p)
{
	return mirrors(&p->a, &p->b, DP_IN) && mirrors(&p->a, &p->b, DP_OUT) &&
	       mirrors(&p->b, &p->a, DP_IN) && mirrors(&p->b, &p->a, DP_OUT);
}

/* ---- looking ---- */

struct counting {
	unsigned ike, child;
};

static void count_sa(void *ctx, const struct ike_sa_view *v)
{
	struct counting *c = ctx;

	c->ike += v->is_established;
}

static void count_child(void *ctx, const struct ike_child_view *v)
{
	struct counting *c = ctx;

	c->child += v->is_established;
}

void pair_count(struct side *s, unsigned *ret_ike, unsigned *ret_child)
{
	struct counting c = { 0 };
	struct ike_visitor v = { count_sa, count_child, &c };

	ike_walk(s->ike, &v);
	*ret_ike = c.ike;
	*ret_child = c.child;
}

/* ---- configuration and commands ---- */

struct ts pair_net(const char *text)
{
	struct range r;

	assert_int_equal(range_parse(text, &r), OK);
	return ts_from_range(&r);
}

struct conf_conn pair_conf(const char *name)
{
	struct conf_conn c = {
		.name = (char *)name,
		.type = TYPE_TUNNEL,
		.version = VERSION_IKEV2,
		.authby = AUTHBY_SECRET,
		.encapsulation = YNA_AUTO,
		.fragmentation = FRAG_YES,
		.esn = CONF_ESN_EITHER,
		.automatic = AUTO_ADD,
		.pfs = YNA_YES,
		.rekey = true,
		.ikelifetime = 8 * 3600 * NS_S,
		.salifetime = 8 * 3600 * NS_S,
		.rekeymargin = 540 * NS_S,
		.rekeyfuzz = 100,
		.replay_window = 128,
	};

	c.left.host_kind = c.right.host_kind = HOST_ADDR;
	c.left.host = addr_v4(0xc0000201);
	c.right.host = addr_v4(0xc0000202);
	c.left.subnet.n = c.right.subnet.n = 1;
	c.left.subnet.ts[0] = pair_net("10.0.1.0/24");
	c.right.subnet.ts[0] = pair_net("10.0.2.0/24");
	return c;
}

void pair_add(struct side *s, const struct conf_conn *c)
{
	struct command cmd = { .kind = CMD_CONN_ADD, .what = ADD_ONLY, .conn = c };

	ike_command(s->ike, s->pair->now, &cmd);
	act(s->pair, s);
}

void pair_plane(struct side *s, enum ike_plane plane)
{
	struct command cmd = { .kind = CMD_PLANE, .what = (uint8_t)plane, .name = "because" };

	ike_command(s->ike, s->pair->now, &cmd);
}

uint32_t pair_command(struct side *s, uint8_t kind, const char *name)
{
	struct command cmd = { .kind = kind, .request = ++s->last_request, .name = name };

	if (getenv("PAIR_SHOW"))
		printf("%10.3f %s command %u \"%s\" (request %u)\n",
			(double)s->pair->now.mono / 1e9, s->name, kind, name ? name : "",
			cmd.request);

	ike_command(s->ike, s->pair->now, &cmd);
	act(s->pair, s);
	return cmd.request;
}

void pair_do(struct side *s, uint8_t kind, const char *name)
{
	s->n_done = 0;
	pair_command(s, kind, name);
	pair_run(s->pair, 0);
}

void pair_up(struct pair *p, const struct conf_conn *a, const struct conf_conn *b)
{
	pair_add(&p->a, a);
	pair_add(&p->b, b);
	pair_do(&p->a, CMD_UP, a->name);
}

void pair_calm(struct pair *p, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		pair_run(p, NS_S);
		pair_traffic(p);
	}
}

void pair_assert_one_tunnel(struct pair *p)
{
	unsigned ike, child;

	assert_true(pair_agrees(p));
	for (int i = 0; i < 2; i++) {
		struct side *s = i ? &p->b : &p->a;

		pair_count(s, &ike, &child);
		assert_int_equal(ike, 1);
		assert_int_equal(child, 1);
		assert_int_equal(s->n_sa, 2);
		assert_int_equal(s->n_policy, 1);
	}
}
