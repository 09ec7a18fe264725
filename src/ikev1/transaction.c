/* The Transaction exchange (draft-dukes-ike-mode-cfg-02 3): what is awaited in which state, and how
 * XAUTH and Mode Config follow each other after Phase 1. One exchange at a time; what the peer
 * begins takes the place of what was there. */
#include "ikev1/transaction.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- saying ---- */

void v1_saying_init(struct v1_saying *s, uint8_t type)
{
	memset(&s->a, 0, sizeof(s->a));
	s->a.type = type;
	s->w = wr_to(s->room, sizeof(s->room));
}

void v1_saying_add(struct v1_saying *s, uint16_t type, struct bytes value)
{
	size_t at = s->w.n;

	if (value.n > s->w.room - at)
		return;
	wr_bytes(&s->w, value);
	v1_attr_add(&s->a, type, bytes_of(s->room + at, value.n));
}

static void say(struct v1_sa *sa, const struct v1_attrs *a, bool wants_reply)
{
	struct v1_line *l = &sa->transaction.line;
	struct v1_build b;

	v1_say_begin(sa, l, V1_TRANSACTION, &b);
	v1_put_hash_1_room(sa, &b);
	v1_put_attrs(&b, a);
	v1_put_hash_1(sa, l->message_id, &b);
	v1_say(sa, l, &b, true, wants_reply);
}

void transaction_start(struct v1_sa *sa, struct v1_attrs *a, enum v1_state s)
{
	struct v1_transaction *t = &sa->transaction;

	timer_stop(&sa->ike->timers, &t->late);
	t->is_open = t->is_ours = true;
	a->identifier = (uint16_t)rng_u32(&sa->ike->env.rng);
	v1_line_begin(sa, &t->line, v1_message_id_new(sa));
	v1_step_to(sa, s);
	say(sa, a, true);
}

void transaction_answer(struct v1_sa *sa, struct v1_attrs *a)
{
	a->identifier = sa->transaction.identifier;
	say(sa, a, false);
}

/* ---- what follows what ---- */

/* As long as for the answer to a message of ours. */
static ns_t patience(const struct v1_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;
	struct retransmit r = { 0 };

	(void)retransmit_begin(&r, conf->retransmit_interval, conf->retransmit_timeout);
	return r.timeout;
}

void transaction_wait(struct v1_sa *sa, enum v1_state s)
{
	v1_step_to(sa, s);
	timer_set(&sa->ike->timers, &sa->transaction.late, sa->ike->now.mono + patience(sa));
}

void transaction_over(struct v1_sa *sa)
{
	timer_stop(&sa->ike->timers, &sa->transaction.late);
	if (sa->established)
		v1_step_to(sa, V1_ESTABLISHED); /* a Cisco gateway asked in between */
	else
		v1_sa_established(sa);
}

void transaction_fail(struct v1_sa *sa, int exit)
{
	struct conn *c = sa->conn;

	conn_use(c);
	if (sa->is_initiator && !sa->rekeys)
		conn_settle(c, CONN_WAIT_UP, exit);
	v1_sa_terminate(sa);
	v1_conn_lost(sa->v1, c);
	conn_unuse(c);
}

static void await_peer(struct v1_sa *sa, enum v1_state s, const char *what)
{
	transaction_wait(sa, s);
	V1_EMIT(sa, v1_transaction_waiting, .what = ev_str(what));
}

static bool is_server(const struct conn *c)
{
	return c->ours->modecfgserver || c->theirs->n_pool != 0;
}

static bool mode_config_begin(struct v1_sa *sa)
{
	const struct conn *c = sa->conn;
	bool is_pull = c->conf->modecfgpull;

	if (c->ours->modecfgclient && is_pull)
		mode_config_ask(sa);
	else if (c->ours->modecfgclient)
		await_peer(sa, V1_MODECFG_C_WAITING, "address");
	else if (is_server(c) && !is_pull)
		mode_config_push(sa);
	else
		return false;
	return true;
}

void transaction_next(struct v1_sa *sa)
{
	if (sa->established || !mode_config_begin(sa))
		transaction_over(sa);
}

/* Cisco gateways ask for neither when Phase 1 is made anew. */
static bool is_skipped(struct v1_sa *sa)
{
	const struct v1_sa *old = v1_sa_by_serial(sa->v1, sa->rekeys);

	if (!old || !sa->is_initiator || sa->conn->conf->peer_type != PEER_CISCO)
		return false;
	free(sa->user);
	sa->user = xstrdup(old->user);
	return true;
}

bool v1_transaction_begin(struct v1_sa *sa)
{
	const struct conn *c = sa->conn;

	if (is_skipped(sa))
		return false;
	if (c->ours->xauthserver)
		xauth_ask(sa);
	else if (c->ours->xauthclient)
		await_peer(sa, V1_XAUTH_C_WAITING, "xauth");
	else
		return mode_config_begin(sa);
	return true;
}

/* ---- nothing came ---- */

static const char *late_hint(const struct v1_sa *sa)
{
	if (sa->state == V1_XAUTH_C_WAITING)
		return "the peer does not ask for a user name and a password: is it the server of "
		       "XAUTH (xauthserver=yes)?";
	if (sa->state == V1_XAUTH_C_ANSWERED)
		return "the peer does not say what it thinks of our user name and password";
	if (sa->state == V1_MODECFG_C_WAITING)
		return "the peer does not send an address unasked: does it wait for us to ask "
		       "(modecfgpull=yes)?";
	return "keys does not answer";
}

/* One that is made to replace another needs no new address, when the peer gives none. */
static bool can_do_without(const struct v1_sa *sa)
{
	return sa->state == V1_MODECFG_C_WAITING && sa->rekeys && addr_is_set(&sa->conn->lease[0]);
}

void v1_fire_transaction_late(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, transaction.late);
	struct v1 *v1 = sa->v1;
	char seconds[32];

	(void)ike;
	if (can_do_without(sa)) {
		transaction_over(sa);
	} else {
		V1_EMIT(sa, v1_transaction_late, .state = ev_str(v1_state_libreswan(sa)),
			.seconds = ev_str(seconds_text(patience(sa), -1, seconds, sizeof(seconds))),
			.hint = ev_str(late_hint(sa)));
		transaction_fail(sa, EXIT_IKE_NO_ANSWER);
	}
	v1_leave(v1);
}

/* ---- messages ---- */

typedef void transaction_handler(struct v1_sa *sa, const struct v1_attrs *a);

enum about { XAUTH, CONFIG };

/* clang-format off */
static const struct {
	uint8_t state, type, about;
	transaction_handler *handler;
} rows[] = {
	/* in state             what            about   who */
	{ V1_XAUTH_S_ASKED,     V1_CFG_REPLY,   XAUTH,  xauth_replied },
	{ V1_XAUTH_S_TOLD,      V1_CFG_ACK,     XAUTH,  xauth_acked },
	{ V1_XAUTH_S_TOLD,      V1_CFG_ACK,     CONFIG, xauth_acked }, /* an empty one */
	/* the acknowledgement was lost: who asks for an address has heard of its success */
	{ V1_XAUTH_S_TOLD,      V1_CFG_REQUEST, CONFIG, mode_config_requested },
	{ V1_XAUTH_C_WAITING,   V1_CFG_REQUEST, XAUTH,  xauth_requested },
	{ V1_XAUTH_C_WAITING,   V1_CFG_SET,     XAUTH,  xauth_told },
	{ V1_XAUTH_C_ANSWERED,  V1_CFG_REQUEST, XAUTH,  xauth_requested },
	{ V1_XAUTH_C_ANSWERED,  V1_CFG_SET,     XAUTH,  xauth_told },
	{ V1_MODECFG_C_ASKED,   V1_CFG_REPLY,   CONFIG, mode_config_replied },
	{ V1_MODECFG_C_ASKED,   V1_CFG_SET,     CONFIG, mode_config_set },
	{ V1_MODECFG_C_WAITING, V1_CFG_SET,     CONFIG, mode_config_set },
	{ V1_MODECFG_S_PUSHED,  V1_CFG_ACK,     CONFIG, mode_config_acked },
	{ V1_MODECFG_S_PUSHED,  V1_CFG_REQUEST, CONFIG, mode_config_requested },
	{ V1_ESTABLISHED,       V1_CFG_REQUEST, CONFIG, mode_config_requested },
	{ V1_ESTABLISHED,       V1_CFG_SET,     CONFIG, mode_config_set_again },
	{ V1_ESTABLISHED,       V1_CFG_REQUEST, XAUTH,  xauth_requested },
};
/* clang-format on */

static bool is_about_xauth(const struct v1_attrs *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->attr[i].type >= V1_XAUTH_TYPE && a->attr[i].type <= V1_XAUTH_ANSWER)
			return true;
	return false;
}

static bool may_be(const struct v1_sa *sa, transaction_handler *h)
{
	const struct conf_end *ours = sa->conn->ours;

	if (h == xauth_requested || h == xauth_told)
		return ours->xauthclient;
	if (h == mode_config_set || h == mode_config_set_again || h == mode_config_replied)
		return ours->modecfgclient;
	if (h == mode_config_requested)
		return is_server(sa->conn) && (sa->state != V1_XAUTH_S_TOLD || sa->has_user);
	return true;
}

static transaction_handler *handler_of(const struct v1_sa *sa, const struct v1_attrs *a)
{
	enum about about = is_about_xauth(a) ? XAUTH : CONFIG;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].state == sa->state && rows[i].type == a->type && rows[i].about == about)
			return may_be(sa, rows[i].handler) ? rows[i].handler : NULL;
	return NULL;
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[V1_CFG_REQUEST] = "CFG_REQUEST",
		[V1_CFG_REPLY] = "CFG_REPLY",
		[V1_CFG_SET] = "CFG_SET",
		[V1_CFG_ACK] = "CFG_ACK",
	};

	return type >= V1_CFG_REQUEST && type <= V1_CFG_ACK ? names[type] : "?";
}

static char *names_of(const struct v1_attrs *a, char *s, size_t n)
{
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < a->n && at + 1 < n; i++)
		at += (size_t)snprintf(
			s + at, n - at, "%s%s", i ? " " : "", v1_attr_name(a->attr[i].type));
	return s;
}

static enum v1_verdict unexpected(struct v1_sa *sa, const struct v1_attrs *a)
{
	char names[512];

	if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_transaction_unexpected, .type = ev_str(type_name(a->type)),
			.attributes = ev_str(names_of(a, names, sizeof(names))),
			.state = ev_str(v1_state_name(sa->state)));
	return V1_DROP;
}

/* An answer belongs to the exchange that is open and ours; what the peer begins has a message ID
 * that it never used, or the one of the exchange that it began last (Cisco). */
static bool fits(const struct v1_sa *sa, const struct v1_msg *m, bool *is_new)
{
	const struct v1_transaction *t = &sa->transaction;
	bool is_answer = m->attrs.type == V1_CFG_REPLY || m->attrs.type == V1_CFG_ACK;
	bool is_open = t->is_open && t->line.message_id == m->h.message_id;

	*is_new = !is_open;
	if (is_answer)
		return is_open && t->is_ours;
	return !is_open || !t->is_ours;
}

enum v1_verdict transaction(struct v1_sa *sa, const struct v1_msg *m)
{
	struct v1_transaction *t = &sa->transaction;
	transaction_handler *h;
	bool is_new;

	if (v1_hash_1_check(sa, m) != OK) {
		V1_EMIT(sa, v1_forged, .remote = ev_ep(sa->remote),
			.exchange = ev_str(v1_exchange_name(m->h.exchange)),
			.why = ev_str("HASH(1) is another one than the message's"));
		return V1_DROP;
	}
	h = fits(sa, m, &is_new) ? handler_of(sa, &m->attrs) : NULL;
	if (!h)
		return unexpected(sa, &m->attrs);
	if (is_new && !v1_message_id_take(sa, m->h.message_id))
		return V1_DROP;
	v1_line_heard(sa, &t->line);
	if (is_new) {
		v1_line_take(sa, &t->line, m);
		t->is_open = true;
		t->is_ours = false;
	}
	t->identifier = m->attrs.identifier;
	h(sa, &m->attrs);
	return V1_STAY;
}
