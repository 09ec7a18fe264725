/* From a datagram to a message that an IKE SA may act on: SPIs, window, ICV, fragments, payloads
 * (RFC 7296 2.1 to 2.4, 2.21, 2.23). Nothing that is not authentic changes an established IKE SA.
 */
#include "ikev2/receive.h"

#include "ikev2/exchanges.h"
#include <stdlib.h>

/* One notification that nobody can authenticate, for a request that cannot be handled; at most one
 * a second, so that nobody uses us to flood another. */
static bool answer_stranger(
	struct v2 *v2, const struct datagram *d, const struct v2_header *h, uint16_t notify)
{
	struct ike *ike = v2->ike;
	struct v2_header answer = *h;
	struct v2_build b;

	if (h->flags & V2_F_RESPONSE ||
		(v2->stranger_answered && ike->now.mono - v2->stranger_answered < NS_S))
		return false;
	v2->stranger_answered = ike->now.mono;
	answer.flags = (uint8_t)((h->flags & V2_F_INITIATOR ? 0 : V2_F_INITIATOR) | V2_F_RESPONSE);
	answer.version = 0x20;
	v2_build_message(&b, v2->room, LIMIT_MESSAGE, &answer);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, notify, BYTES_NONE);
	ike_send(ike, &d->local, &d->remote, v2_build_end(&b));
	return true;
}

/* 2.21.4: a request to an IKE SA that we do not have. */
static void unknown_spi(struct v2 *v2, const struct datagram *d, const struct v2_header *h)
{
	struct event_about about = { 0 };

	if (answer_stranger(v2, d, h, N_INVALID_IKE_SPI))
		EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_no_sa,
			.remote = ev_ep(d->remote),
			.exchange = ev_str(v2_exchange_name(h->exchange)));
}

/* 2.5: a major version of the future; the header of the answer names ours. */
static void newer_version(struct v2 *v2, const struct datagram *d, const struct v2_header *h)
{
	struct event_about about = { 0 };

	if (answer_stranger(v2, d, h, N_INVALID_MAJOR_VERSION))
		EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_newer_version,
			.remote = ev_ep(d->remote), .major = ev_u64(h->version >> 4));
}

/* The IKE SA whose request that is an answer to, as far as its header tells: it has the SPI that
 * went to this address. NULL: none. */
static struct v2_sa *asked(struct v2 *v2, const struct datagram *d, const struct v2_header *h)
{
	struct v2_sa *sa = h->flags & V2_F_RESPONSE ? v2_sa_by_spi(v2, h->spi_i) : NULL;

	return sa && sa->is_initiator && sa->state == V2_INIT_SENT &&
			       addr_eq(&d->remote.addr, &sa->remote.addr)
		       ? sa
		       : NULL;
}

/* Dropped; who waits for the answer hears why nothing comes of it. */
static void init_unreadable(struct v2 *v2, const struct datagram *d, const struct v2_why *why)
{
	struct event_about about = { 0 };
	struct v2_header h;
	struct v2_sa *sa;

	if (!v2_may_tell(v2))
		return;
	if (v2_header_parse(d->data, &h) == OK && (sa = asked(v2, d, &h)))
		about = v2_about(sa);
	EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_malformed, .remote = ev_ep(d->remote),
		.exchange = ev_str("IKE_SA_INIT"), .payload = ev_str(v2_payload_name(why->payload)),
		.why = ev_str(err_text(why->e)));
}

static void init_exchange(struct v2 *v2, const struct datagram *d)
{
	struct v2_why why = { 0 };
	struct v2_msg m = { 0 };
	struct v2_sa *sa;

	if (v2_msg_parse(d->data, &m, &why) != OK) {
		init_unreadable(v2, d, &why);
		return;
	}
	if (m.h.message_id != 0)
		return;
	if (!(m.h.flags & V2_F_RESPONSE)) {
		ike_sa_init_request(v2, d, &m);
		return;
	}
	sa = asked(v2, d, &m.h);
	if (!sa)
		return;
	if (m.unknown_critical) {
		V2_EMIT(sa, v2_critical, .exchange = ev_str("IKE_SA_INIT"),
			.payload = ev_u64(m.unknown_critical));
		return;
	}
	sa->current_datagram = d;
	v2_step_message(sa, &m);
	sa->current_datagram = NULL;
}

/* 2.3: the response goes again; RFC 7383 2.6.1: for fragments when the first one comes again. */
static void repeat_response(struct v2_sa *sa, const struct v2_msg *m)
{
	struct bytes d;
	size_t at = 0;

	if (m->frag_number > 1)
		return;
	V2_EMIT(sa, v2_duplicate, .exchange = ev_str(v2_exchange_name(m->h.exchange)),
		.message_id = ev_u64(m->h.message_id));
	while (v2_sent_next(&sa->window.response, &at, &d))
		ike_send(sa->ike, &sa->local, &sa->remote, d);
}

/* 2.23: a peer behind a NAT is where its last authentic packet came from. */
static void follow_peer(struct v2_sa *sa, const struct datagram *d)
{
	struct endpoint was = sa->remote;

	if (endpoint_eq(&sa->remote, &d->remote) && endpoint_eq(&sa->local, &d->local))
		return;
	if (sa->state != V2_INIT_ANSWERED && !sa->nat.remote_behind)
		return;
	if (sa->nat.local_behind && sa->state != V2_INIT_ANSWERED)
		return;
	sa->remote = d->remote;
	sa->local = d->local;
	if (sa->state < V2_ESTABLISHED)
		return;
	V2_EMIT(sa, v2_peer_moved, .remote = ev_ep(sa->remote), .was_at = ev_ep(was));
	v2_children_follow(sa);
}

/* A protected message that cannot be understood (2.21.2, 2.21.3, 2.5). */
static void not_understood(struct v2_sa *sa, const struct v2_msg *m, const struct v2_why *why)
{
	V2_EMIT(sa, v2_malformed, .remote = ev_ep(sa->remote),
		.exchange = ev_str(v2_exchange_name(m->h.exchange)),
		.payload = ev_str(v2_payload_name(why->payload)), .why = ev_str(err_text(why->e)));
	if (m->h.flags & V2_F_RESPONSE)
		v2_request_done(sa);
	else
		v2_reply_notify(
			sa, m->h.exchange, PROTO_NONE, BYTES_NONE, N_INVALID_SYNTAX, BYTES_NONE);
	v2_sa_kill(sa, EXIT_IKE_AUTH);
}

static void unknown_critical(struct v2_sa *sa, const struct v2_msg *m)
{
	uint8_t type = m->unknown_critical;

	V2_EMIT(sa, v2_critical, .exchange = ev_str(v2_exchange_name(m->h.exchange)),
		.payload = ev_u64(type));
	if (m->h.flags & V2_F_RESPONSE) {
		/* what it answers did not happen for us, but the peer thinks so */
		v2_request_done(sa);
		v2_sa_kill(sa, EXIT_IKE_AUTH);
		return;
	}
	v2_reply_notify(sa, m->h.exchange, PROTO_NONE, BYTES_NONE, N_UNSUPPORTED_CRITICAL_PAYLOAD,
		bytes_of(&type, 1));
	/* before the IKE SA is up there will be no other IKE_AUTH */
	if (sa->state != V2_ESTABLISHED)
		v2_sa_kill(sa, EXIT_IKE_AUTH);
}

static void whole_message(struct v2_sa *sa, const struct datagram *d, struct v2_msg *m,
	uint8_t first, struct bytes chain)
{
	struct v2_why why = { 0 };
	bool is_response = m->h.flags & V2_F_RESPONSE;

	follow_peer(sa, d);
	v2_changed(sa);
	sa->heard = sa->ike->now.mono;
	if (is_response) /* what it begins itself does not say that it hears us */
		alive_heard(sa->ike, &sa->alive, (struct event_about[1]){ v2_about(sa) });
	else
		v2_window_begin(&sa->window);
	if (v2_chain_parse(first, chain, m, &why) != OK) {
		not_understood(sa, m, &why);
		return;
	}
	if (m->unknown_critical) {
		unknown_critical(sa, m);
		return;
	}
	buf_done(&sa->explain);
	sa->current = chain;
	sa->current_first = first;
	sa->current_datagram = d;
	v2_step_message(sa, m);
	sa->current = BYTES_NONE;
	sa->current_datagram = NULL;
}

/* An opened fragment; true when the message is whole: then chain (owned) and first are it. */
static bool fragment(struct v2_sa *sa, const struct v2_msg *m, struct buf *chain, uint8_t *first)
{
	bool is_response = m->h.flags & V2_F_RESPONSE;
	struct buf plain = *chain;
	enum err e;

	*chain = (struct buf){ 0 };
	if (sa->fragments_id != m->h.message_id || sa->fragments_of_response != is_response) {
		v2_fragments_done(&sa->fragments_in);
		sa->fragments_id = m->h.message_id;
		sa->fragments_of_response = is_response;
	}
	e = v2_fragments_add(&sa->fragments_in, m->frag_number, m->frag_total, m->sk_next,
		buf_view(&plain), first, chain);
	wipe(plain.p, plain.n);
	buf_done(&plain);
	return e == OK;
}

/* What the window says of it, before any key is used. */
static enum v2_window_verdict judge(const struct v2_sa *sa, const struct v2_header *h)
{
	if (!(h->flags & V2_F_RESPONSE))
		return v2_window_request(&sa->window, h->message_id);
	return v2_window_response(&sa->window, h->message_id) ? V2_WINDOW_NEW : V2_WINDOW_OUTSIDE;
}

static void protected_message(struct v2_sa *sa, const struct datagram *d)
{
	enum v2_window_verdict w;
	struct v2_msg m = { 0 };
	struct buf chain = { 0 };
	uint8_t first;

	if (!sa->open || v2_msg_parse(d->data, &m, NULL) != OK || !m.sk.p)
		return;
	w = judge(sa, &m.h);
	if (w == V2_WINDOW_BUSY || w == V2_WINDOW_OUTSIDE)
		return;
	if (v2_unprotect(sa->open, &m, &chain) != OK) {
		if (!v2_may_tell(sa->v2))
			return;
		V2_EMIT(sa, v2_forged, .remote = ev_ep(d->remote),
			.exchange = ev_str(v2_exchange_name(m.h.exchange)));
		return;
	}
	if (w == V2_WINDOW_REPEAT) {
		repeat_response(sa, &m);
		goto out;
	}
	/* what stood outside SK is not authentic in its meaning: only the chain inside counts */
	first = m.sk_next;
	if (m.frag_total && !fragment(sa, &m, &chain, &first))
		goto out;
	m.has = 0;
	m.n_notify = m.n_delete = m.n_vendor = 0;
	m.unknown_critical = 0;
	memcpy(m.names, "SK", sizeof("SK"));
	whole_message(sa, d, &m, first, buf_view(&chain));
out:
	wipe(chain.p, chain.n);
	buf_done(&chain);
}

void v2_receive(struct v2 *v2, const struct datagram *d)
{
	struct v2_header h;
	struct v2_sa *sa;
	bool from_initiator;

	if (v2_header_parse(d->data, &h) != OK)
		return;
	if (h.version >> 4 > 2) {
		newer_version(v2, d, &h);
		return;
	}
	if (h.exchange == IKE_SA_INIT) {
		init_exchange(v2, d);
		return;
	}
	from_initiator = h.flags & V2_F_INITIATOR;
	sa = v2_sa_by_spi(v2, from_initiator ? h.spi_r : h.spi_i);
	if (!sa || sa->is_initiator == from_initiator || sa->state == V2_DEAD ||
		memcmp(h.spi_i, sa->spi_i, 8) != 0 || memcmp(h.spi_r, sa->spi_r, 8) != 0) {
		unknown_spi(v2, d, &h);
		return;
	}
	protected_message(sa, d);
}
