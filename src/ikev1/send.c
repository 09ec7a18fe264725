/* Saying something to the peer: sealed where it has to be, cut where it is too long, kept for
 * repeats, repeated where an answer is wanted; NAT keepalives (RFC 3948 2.3). To an address that is
 * not proven no more octets go out than came from there: an answer with more waits for a repeat of
 * what it answers. */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ikev1/transaction.h"

#include <inttypes.h>
#include <stdio.h>

enum { MTU = 1280, SMALL_MTU = 576, RETRANSMITS_BEFORE_SMALL = 2, PORT_NAT = 4500 };

/* ---- datagrams ---- */

void v1_keepalive_arm(struct v1_sa *sa)
{
	ns_t every = sa->ike->setup.keep_alive;

	if (sa->nat.local_behind && sa->conn->conf->nat_keepalive && every > 0)
		timer_set(&sa->ike->timers, &sa->keepalive, sa->ike->now.mono + every);
}

void v1_fire_keepalive(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, keepalive);

	ike_send_keepalive(ike, &sa->local, &sa->remote);
	v1_keepalive_arm(sa);
}

static void send_fragments(struct v1_sa *sa, struct bytes datagram, size_t size)
{
	uint16_t id = ++sa->fragment_id;
	size_t n = v1_fragment_count(datagram.n, size);

	for (size_t i = 1; i <= n; i++) {
		struct bytes d =
			v1_fragment_of(datagram, id, (uint8_t)i, size, sa->v1->room, LIMIT_MESSAGE);

		if (d.n)
			ike_send(sa->ike, &sa->local, &sa->remote, d);
	}
}

/* datagram may stand in v1->wire, not in v1->room. */
static void transmit(struct v1_sa *sa, struct bytes datagram, unsigned retransmits)
{
	bool is_small = retransmits > RETRANSMITS_BEFORE_SMALL ||
			sa->conn->conf->fragmentation == FRAG_FORCE;
	size_t size = v1_fragment_room(is_small ? SMALL_MTU : MTU, sa->remote.addr.family == 6,
		sa->remote.port == PORT_NAT);

	if (sa->has_fragmentation && sa->is_proven && datagram.n > size + V1_FRAGMENT_HEAD &&
		v1_fragment_count(datagram.n, size) != 0)
		send_fragments(sa, datagram, size);
	else
		ike_send(sa->ike, &sa->local, &sa->remote, datagram);
	if (!sa->is_proven)
		sa->credit -= MIN(datagram.n, sa->credit);
	sa->sent = sa->ike->now.mono;
	if (v1_sa_is_authenticated(sa))
		v1_keepalive_arm(sa);
}

/* ---- lines ---- */

void v1_line_begin(struct v1_sa *sa, struct v1_line *l, uint32_t message_id)
{
	buf_done(&l->sent);
	l->message_id = message_id;
	l->has_heard = false;
	l->repeats = 0;
	if (v1_iv_phase2(&sa->suite, &sa->phase1_iv, message_id, &l->iv) != OK)
		l->iv.n = 0; /* nothing can be sealed then */
}

void v1_line_take(struct v1_sa *sa, struct v1_line *l, const struct v1_msg *m)
{
	buf_done(&l->sent);
	l->message_id = m->h.message_id;
	l->iv = sa->arrival.iv;
	memcpy(l->heard, sa->arrival.hash, sizeof(l->heard));
	l->has_heard = true;
	l->has_said = false;
	l->repeats = 0;
}

void v1_line_heard(struct v1_sa *sa, struct v1_line *l)
{
	timer_stop(&sa->ike->timers, &l->resend);
}

void v1_say_begin(struct v1_sa *sa, struct v1_line *l, uint8_t exchange, struct v1_build *b)
{
	struct v1_header h = {
		.version = V1_VERSION, .exchange = exchange, .message_id = l->message_id
	};

	memcpy(h.icookie, sa->icookie, sizeof(h.icookie));
	memcpy(h.rcookie, sa->rcookie, sizeof(h.rcookie));
	v1_build_begin(b, sa->v1->room, LIMIT_MESSAGE, &h);
}

/* The finished message in v1->wire; none when it cannot be made. */
static struct bytes finish(
	struct v1_sa *sa, struct v1_line *l, struct v1_build *b, bool is_encrypted)
{
	struct bytes plain = v1_build_end(b), d;

	if (!plain.n)
		return BYTES_NONE;
	if (!is_encrypted) {
		memcpy(sa->v1->wire, plain.p, plain.n);
		return bytes_of(sa->v1->wire, plain.n);
	}
	d = v1_encrypt(sa->cipher, &l->iv, plain, sa->v1->wire, LIMIT_MESSAGE);
	wipe(sa->v1->room, plain.n);
	if (d.n && l == &sa->line)
		sa->phase1_iv = l->iv;
	return d;
}

static const char *mode_of(const struct v1_sa *sa)
{
	return sa->is_aggressive ? "Aggressive Mode" : "Main Mode";
}

void v1_say(struct v1_sa *sa, struct v1_line *l, struct v1_build *b, bool is_encrypted,
	bool wants_reply)
{
	struct bytes d = finish(sa, l, b, is_encrypted);
	const struct conf_conn *conf = sa->conn->conf;
	ns_t wait;

	if (!d.n)
		return;
	buf_set(&l->sent, d);
	l->has_said = true;
	l->is_withheld = !sa->is_proven && d.n > sa->credit;
	if (l->is_withheld) {
		V1_EMIT(sa, v1_answer_withheld, .remote = ev_ep(sa->remote),
			.mode = ev_str(mode_of(sa)), .octets = ev_u64(sa->credit),
			.ours = ev_u64(d.n));
		return;
	}
	transmit(sa, d, 0);
	if (!wants_reply)
		return;
	wait = retransmit_begin(
		&l->retransmit, conf->retransmit_interval, conf->retransmit_timeout);
	timer_set(&sa->ike->timers, &l->resend, sa->ike->now.mono + wait);
}

void v1_repeat(struct v1_sa *sa, struct v1_line *l)
{
	unsigned limit = sa->is_proven ? LIMIT_V1_REPEATS : LIMIT_V1_REPEATS_UNPROVEN;
	bool is_first = l->is_withheld;

	if (l->repeats >= limit || (!sa->is_proven && l->sent.n > sa->credit))
		return;
	l->repeats += !is_first;
	l->is_withheld = false;
	/* an initiator that waits repeats by its own clock */
	if (!l->sent.p || (sa->is_initiator && timer_is_set(&l->resend)))
		return;
	if (!is_first)
		V1_EMIT(sa, v1_duplicate, .state = ev_str(v1_state_libreswan(sa)));
	else if (sa->state == V1_AGGR_R1_SENT)
		V1_EMIT(sa, v1_aggr_r1_sent, .state = ev_str(v1_state_libreswan(sa)),
			.remote = ev_ep(sa->remote));
	transmit(sa, buf_view(&l->sent), 0);
}

/* ---- again ---- */

static const char *timeout_hint(const struct v1_sa *sa)
{
	if (sa->state == V1_MAIN_I1_SENT || sa->state == V1_AGGR_I1_SENT)
		return "No response (or no acceptable response) to our first IKEv1 message";
	if (sa->state == V1_MAIN_I3_SENT)
		return "Possible authentication failure: no acceptable response to our first "
		       "encrypted message";
	return "No response (or no acceptable response) to our IKEv1 message";
}

/* True: sent again. False: the time for it is over. */
static bool again(
	struct v1_sa *sa, struct v1_line *l, const struct event_about *about, const char *state)
{
	char seconds[32];
	ns_t wait;

	if (!retransmit_again(&l->retransmit, &wait))
		return false;
	EMIT(&sa->ike->env.events, sa->ike->now, about, v1_retransmit, .state = ev_str(state),
		.seconds = ev_str(seconds_text(wait, -1, seconds, sizeof(seconds))),
		.count = ev_u64(l->retransmit.count), .remote = ev_ep(sa->remote));
	transmit(sa, buf_view(&l->sent), l->retransmit.count);
	timer_set(&sa->ike->timers, &l->resend, sa->ike->now.mono + wait);
	return true;
}

static void timeout_event(struct v1_sa *sa, const struct v1_line *l,
	const struct event_about *about, const char *state, const char *hint)
{
	char seconds[32];

	EMIT(&sa->ike->env.events, sa->ike->now, about, v1_timeout, .state = ev_str(state),
		.seconds =
			ev_str(seconds_text(l->retransmit.timeout, -1, seconds, sizeof(seconds))),
		.retransmits = ev_u64(l->retransmit.count), .remote = ev_ep(sa->remote),
		.hint = ev_str(hint));
}

/* Others at the peer's address that are up, behind a NAT as well. */
static unsigned neighbours(const struct v1_sa *sa)
{
	const struct v1_sa *o;
	unsigned n = 0;

	list_each (o, &sa->v1->sas, struct v1_sa, node)
		n += o != sa && v1_sa_is_established(o) && o->nat.remote_behind &&
		     addr_eq(&o->remote.addr, &sa->remote.addr);
	return n;
}

/* Of many that end at once only some are held against all others. */
static void half_open_end(struct v1_sa *sa)
{
	unsigned n = v1_may_tell(sa->v1) ? neighbours(sa) : 0;
	char seconds[32];

	V1_EMIT(sa, v1_half_open_end, .state = ev_str(v1_state_libreswan(sa)),
		.seconds = ev_str(
			seconds_text(sa->ike->now.mono - sa->born, -1, seconds, sizeof(seconds))),
		.remote = ev_ep(sa->remote), .nat = ev_str(v1_nat_who(&sa->nat)),
		.neighbours = ev_u64(n), .repeats = ev_u64(sa->line.repeats));
	v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

void v1_fire_resend(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, line.resend);
	struct event_about about = v1_about(sa);
	struct v1 *v1 = sa->v1;

	(void)ike;
	if (sa->is_half_open) {
		half_open_end(sa);
	} else if (!again(sa, &sa->line, &about, v1_state_libreswan(sa))) {
		timeout_event(sa, &sa->line, &about, v1_state_libreswan(sa), timeout_hint(sa));
		v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
	}
	v1_leave(v1);
}

void v1_fire_transaction_resend(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, transaction.line.resend);
	struct v1_line *l = &sa->transaction.line;
	struct event_about about = v1_about(sa);
	struct v1 *v1 = sa->v1;

	(void)ike;
	if (!again(sa, l, &about, v1_state_libreswan(sa))) {
		timeout_event(sa, l, &about, v1_state_libreswan(sa), timeout_hint(sa));
		transaction_fail(sa, EXIT_IKE_NO_ANSWER);
	}
	v1_leave(v1);
}

void v1_fire_child_resend(struct ike *ike, struct timer *t)
{
	struct v1_child *c = container_of(t, struct v1_child, line.resend);
	struct event_about about = v1_child_about(c);
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	(void)ike;
	conn_use(conn);
	if (c->sa && !again(c->sa, &c->line, &about, v1_child_state_libreswan(c))) {
		timeout_event(c->sa, &c->line, &about, v1_child_state_libreswan(c),
			c->state == V1_QUICK_I1_SENT
				? "No acceptable response to our first Quick Mode message: perhaps "
				  "peer likes no proposal"
				: "No response (or no acceptable response) to our IKEv1 message");
		v1_child_kill(c, EXIT_IKE_NO_ANSWER);
		v1_conn_lost(v1, conn);
	}
	v1_leave(v1);
	conn_unuse(conn);
}
