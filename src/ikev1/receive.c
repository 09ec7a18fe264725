/* From a datagram to a message that an ISAKMP SA may act on: cookies, fragments, repeats, the line
 * of its exchange, decryption, payloads (RFC 2408 5). CBC verifies nothing: handlers verify HASH,
 * and what they drop leaves no trace in the line. */
#include "ikev1/receive.h"

#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ikev1/stranger.h"

/* ---- what a step leaves behind ---- */

struct coming {
	struct v1_sa *sa;
	const struct datagram *d;
	struct v1_header h;
	struct v1_line *line; /* that it meets; NULL: its exchange begins with it */
	struct v1_msg m;
	struct buf opened;
};

static struct v1_line *line_of(struct v1_sa *sa, const struct v1_header *h)
{
	struct v1_child *c;

	switch (h->exchange) {
	case V1_MAIN_MODE:
	case V1_AGGRESSIVE_MODE:
		return &sa->line;
	case V1_QUICK_MODE:
		c = v1_child_by_message_id(sa, h->message_id);
		return c ? &c->line : NULL;
	case V1_TRANSACTION:
		return sa->transaction.line.message_id == h->message_id ? &sa->transaction.line
									: NULL;
	default:
		return NULL;
	}
}

static void moved(struct v1_sa *sa, const struct datagram *d)
{
	struct v1_child *c;

	if (endpoint_eq(&sa->remote, &d->remote) && endpoint_eq(&sa->local, &d->local))
		return;
	if (!sa->nat.remote_behind || sa->nat.local_behind)
		return;
	V1_EMIT(sa, v1_peer_moved, .remote = ev_ep(d->remote), .was_at = ev_ep(sa->remote));
	sa->remote = d->remote;
	sa->local = d->local;
	list_each (c, &sa->children, struct v1_child, node)
		if (v1_child_is_usable(c) && !c->c.is_transport)
			child_move(sa->ike, &c->c, &sa->local, &sa->remote, c->c.encap);
}

static void taken(struct coming *x)
{
	struct v1_sa *sa = x->sa;
	struct v1_line *l;

	sa->heard = sa->ike->now.mono;
	if (sa->state == V1_DEAD)
		return;
	if (x->h.exchange == V1_QUICK_MODE || x->h.exchange == V1_INFORMATIONAL)
		(void)v1_message_id_take(sa, x->h.message_id); /* it was, or it is now */
	if (v1_sa_is_authenticated(sa) && x->h.flags & V1_F_ENCRYPTION)
		moved(sa, x->d);
	l = line_of(sa, &x->h);
	if (!l || l != x->line)
		return;
	memcpy(l->heard, sa->arrival.hash, sizeof(l->heard));
	l->has_heard = true;
	l->repeats = 0;
	if (!l->has_said)
		buf_done(&l->sent);
}

static enum v1_verdict dispatch(struct coming *x)
{
	struct v1_sa *sa = x->sa;
	struct v1_child *c;

	if (x->h.exchange != V1_QUICK_MODE)
		return v1_step_message(sa, &x->m);
	c = v1_child_by_message_id(sa, x->h.message_id);
	return c ? v1_step_quick(c, &x->m) : quick_mode_qi1(sa, &x->m);
}

/* A responder's peer may go on from another port (RFC 3947 4): where it is, it is answered. */
static void step(struct coming *x)
{
	struct v1_sa *sa = x->sa;
	struct endpoint local = sa->local, remote = sa->remote;
	bool is_phase1 = x->line == &sa->line;
	struct v1_iv iv = x->line ? x->line->iv : (struct v1_iv){ 0 };
	enum v1_verdict v;

	if (is_phase1 && !sa->is_initiator) {
		sa->local = x->d->local;
		sa->remote = x->d->remote;
	}
	if (x->line) {
		x->line->has_said = false;
		x->line->iv = sa->arrival.iv;
	}
	if (is_phase1)
		sa->phase1_iv = sa->line.iv;
	v = dispatch(x);
	if (v != V1_DROP) {
		taken(x);
	} else if (sa->state != V1_DEAD && x->line && x->line == line_of(sa, &x->h)) {
		x->line->iv = iv;
		if (is_phase1) {
			sa->phase1_iv = iv;
			sa->local = local;
			sa->remote = remote;
		}
	}
	sa->arrival = (struct v1_arrival){ 0 };
}

/* ---- opening and parsing ---- */

static void forged(struct coming *x, const char *why)
{
	struct v1_sa *sa = x->sa;

	if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_forged, .remote = ev_ep(x->d->remote),
			.exchange = ev_str(v1_exchange_name(x->h.exchange)), .why = ev_str(why));
}

static void malformed(struct coming *x, const struct v1_why *why)
{
	struct v1_sa *sa = x->sa;

	if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_malformed, .remote = ev_ep(x->d->remote),
			.exchange = ev_str(v1_exchange_name(x->h.exchange)),
			.payload = ev_str(v1_payload_name(why->payload)),
			.why = ev_str(err_text(why->e)));
}

static bool iv_of(const struct coming *x, struct v1_iv *ret)
{
	struct v1_sa *sa = x->sa;

	if (x->line) {
		*ret = x->line->iv;
		return ret->n != 0;
	}
	return sa->phase1_iv.n &&
	       v1_iv_phase2(&sa->suite, &sa->phase1_iv, x->h.message_id, ret) == OK;
}

static void unopened(struct coming *x, const char *why)
{
	/* what follows Phase 1 can overtake its end on the way: its IV is not there yet */
	bool is_early = x->h.exchange == V1_TRANSACTION || x->h.exchange == V1_QUICK_MODE;

	forged(x, why);
	if (!v1_sa_is_authenticated(x->sa) && !is_early)
		phase1_not_opened(x->sa, why);
}

static void encrypted(struct coming *x)
{
	struct v1_sa *sa = x->sa;
	struct v1_why why = { 0 };
	struct v1_iv iv;

	if (!sa->cipher || sa->unopened >= LIMIT_V1_UNOPENED || !iv_of(x, &iv))
		return;
	if (v1_decrypt(sa->cipher, &iv, x->d->data, &x->opened, &sa->arrival.iv) != OK) {
		forged(x, "it is no whole number of blocks");
		return;
	}
	if (v1_msg_parse(buf_view(&x->opened), &x->m, &why) != OK) {
		unopened(x, "malformed payload in packet");
	} else {
		if (!v1_sa_is_authenticated(sa))
			sa->has_opened = true;
		sa->arrival.plain = buf_view(&x->opened);
		step(x);
	}
	wipe(x->opened.p, x->opened.n);
	buf_done(&x->opened);
}

static void clear(struct coming *x)
{
	struct v1_why why = { 0 };

	/* RFC 2409 5.5, 5.7: nothing of Phase 2 goes in clear, and what was authenticated is not
	 * ended by what anybody can say */
	if (v1_sa_is_authenticated(x->sa) || x->h.exchange == V1_QUICK_MODE ||
		x->h.exchange == V1_TRANSACTION)
		return;
	if (v1_msg_parse(x->d->data, &x->m, &why) != OK) {
		malformed(x, &why);
		return;
	}
	x->sa->arrival.plain = x->d->data;
	if (x->line)
		x->sa->arrival.iv = x->line->iv;
	step(x);
}

/* ---- which message is it ---- */

/* AI2 was lost, and its sender goes on: what it answered goes again (it has our cookie). */
static bool is_ahead(struct coming *x)
{
	struct v1_sa *sa = x->sa;

	if (sa->state != V1_AGGR_R1_SENT || x->line == &sa->line || !(x->h.flags & V1_F_ENCRYPTION))
		return false;
	v1_repeat(sa, &sa->line);
	return true;
}

static bool is_repeat(struct coming *x)
{
	struct v1_line *l = x->line;

	if (!l || !l->has_heard || memcmp(l->heard, x->sa->arrival.hash, sizeof(l->heard)) != 0)
		return false;
	v1_repeat(x->sa, l);
	if (l == &x->sa->line)
		phase1_repeated(x->sa);
	return true;
}

static void whole(struct coming *x)
{
	struct v1_sa *sa = x->sa;
	bool is_phase1 = x->h.exchange == V1_MAIN_MODE || x->h.exchange == V1_AGGRESSIVE_MODE;

	if (is_phase1 != (x->h.message_id == 0) &&
		!(x->h.exchange == V1_INFORMATIONAL && !(x->h.flags & V1_F_ENCRYPTION)))
		return;
	sa->arrival = (struct v1_arrival){ .datagram = x->d,
		.is_encrypted = x->h.flags & V1_F_ENCRYPTION };
	sha256(&x->d->data, 1, sa->arrival.hash);
	x->line = line_of(sa, &x->h);
	if (is_repeat(x) || is_ahead(x))
		goto out;
	if (!x->line && x->h.exchange != V1_TRANSACTION &&
		v1_message_id_is_used(sa, x->h.message_id))
		goto out;
	if (x->h.flags & V1_F_ENCRYPTION)
		encrypted(x);
	else
		clear(x);
out:
	sa->arrival = (struct v1_arrival){ 0 };
}

/* An initiator has said that it does; what says the same of the peer may come in the first of them.
 */
static bool takes_fragments(const struct v1_sa *sa)
{
	return sa->is_initiator ? sa->conn->conf->fragmentation != FRAG_NO : sa->has_fragmentation;
}

/* A piece of a datagram; the whole is judged as if it had come so. */
static void fragment(struct v1_sa *sa, const struct datagram *d)
{
	struct coming x = { .sa = sa };
	struct datagram all = *d;
	struct v1_fragment f;
	struct buf b = { 0 };

	if (!takes_fragments(sa) || v1_fragment_parse(d->data, &f) != OK ||
		v1_fragments_add(&sa->fragments, &f, &b) != OK)
		return;
	all.data = buf_view(&b);
	x.d = &all;
	if (v1_header_parse(all.data, &x.h) == OK && x.h.next != V1_FRAGMENT &&
		memcmp(x.h.icookie, f.h.icookie, 8) == 0 &&
		memcmp(x.h.rcookie, f.h.rcookie, 8) == 0)
		whole(&x);
	buf_done(&b);
}

static void known(struct v1_sa *sa, const struct datagram *d, const struct v1_header *h)
{
	struct coming x = { .sa = sa, .d = d, .h = *h };

	if (!v1_sa_is_authenticated(sa) && !addr_eq(&sa->remote.addr, &d->remote.addr))
		return;
	if (!sa->is_initiator)
		sa->is_proven = true; /* it has our cookie */
	if (h->next == V1_FRAGMENT)
		fragment(sa, d);
	else
		whole(&x);
}

void v1_receive(struct v1 *v1, const struct datagram *d)
{
	static const uint8_t zero[8] = { 0 };
	struct v1_header h;
	struct v1_sa *sa;

	if (v1_header_parse(d->data, &h) != OK || memcmp(h.icookie, zero, 8) == 0)
		return;
	if (memcmp(h.rcookie, zero, 8) == 0 && h.exchange != V1_INFORMATIONAL) {
		v1_stranger(v1, d, &h);
		return;
	}
	sa = v1_sa_by_cookies(v1, h.icookie, h.rcookie);
	if (sa && sa->state != V1_DEAD)
		known(sa, d, &h);
	else
		v1_stranger_unknown(v1, d, &h);
}
