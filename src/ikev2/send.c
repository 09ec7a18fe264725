/* Saying something to the peer: requests with retransmission (RFC 7296 2.1, 2.4), responses kept
 * for repeats, fragments (RFC 7383), NAT keepalives (RFC 3948 2.3). */
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL_MTU = 576, RETRANSMITS_BEFORE_SMALL = 2 };

struct v2_header v2_header_of(
	const struct v2_sa *sa, uint8_t exchange, bool is_response, uint32_t message_id)
{
	struct v2_header h = { .version = 0x20, .exchange = exchange, .message_id = message_id };

	memcpy(h.spi_i, sa->spi_i, sizeof(h.spi_i));
	memcpy(h.spi_r, sa->spi_r, sizeof(h.spi_r));
	if (sa->is_initiator)
		h.flags |= V2_F_INITIATOR;
	if (is_response)
		h.flags |= V2_F_RESPONSE;
	return h;
}

void v2_keepalive_arm(struct v2_sa *sa)
{
	ns_t every = sa->ike->setup.keep_alive;

	if (sa->nat.local_behind && sa->conn->conf->nat_keepalive && every > 0)
		timer_set(&sa->ike->timers, &sa->keepalive, sa->ike->now.mono + every);
}

void v2_fire_keepalive(struct ike *ike, struct timer *t)
{
	struct v2_sa *sa = container_of(t, struct v2_sa, keepalive);

	ike_send_keepalive(ike, &sa->local, &sa->remote);
	v2_keepalive_arm(sa);
}

static void send_datagram(struct v2_sa *sa, struct bytes datagram)
{
	ike_send(sa->ike, &sa->local, &sa->remote, datagram);
	v2_changed(sa);
	sa->sent = sa->ike->now.mono;
	v2_keepalive_arm(sa);
}

static void store(struct v2_sa *sa, bool is_response, struct bytes datagram)
{
	if (is_response)
		v2_window_store_response(&sa->window, datagram);
	else
		v2_window_store_request(&sa->window, datagram);
	send_datagram(sa, datagram);
}

static void send_fragments(
	struct v2_sa *sa, const struct v2_header *h, uint8_t first, struct bytes chain, size_t part)
{
	size_t total = (chain.n + part - 1) / part;

	for (size_t i = 1; i <= total; i++) {
		struct v2_piece piece = { part, (uint16_t)i, (uint16_t)total };
		struct bytes d = v2_protect_fragment(sa->seal, sa->seal_counter++, h, first, chain,
			piece, sa->v2->wire, LIMIT_MESSAGE);

		if (d.n)
			store(sa, h->flags & V2_F_RESPONSE, d);
	}
}

/* One chain, protected, in one datagram or in fragments, stored for repetition and sent. */
static void send_chain(
	struct v2_sa *sa, const struct v2_header *h, uint8_t first, struct bytes chain)
{
	bool is_v6 = sa->remote.addr.family == 6;
	size_t part = v2_fragment_room(sa->seal, sa->fragment_mtu, is_v6, sa->remote.port == 4500);
	/* an INFORMATIONAL in fragments is more than some peers (strongSwan 5.9) can read */
	bool is_forced = sa->conn->conf->fragmentation == FRAG_FORCE && chain.n > 1 &&
			 h->exchange != INFORMATIONAL;
	struct bytes d;

	if (sa->has_fragmentation && (chain.n > part || is_forced) &&
		chain.n <= part * LIMIT_FRAGMENTS) {
		send_fragments(
			sa, h, first, chain, is_forced ? MIN(part, (chain.n + 1) / 2) : part);
		return;
	}
	d = v2_protect(sa->seal, sa->seal_counter++, h, first, chain, sa->v2->wire, LIMIT_MESSAGE);
	if (d.n)
		store(sa, h->flags & V2_F_RESPONSE, d);
}

/* ---- responses ---- */

void v2_reply_begin(struct v2_sa *sa, struct v2_build *b)
{
	v2_build_chain(b, sa->v2->room, LIMIT_MESSAGE);
}

void v2_reply_send(struct v2_sa *sa, uint8_t exchange, struct v2_build *b)
{
	struct v2_header h = v2_header_of(sa, exchange, true, sa->window.expected);

	send_chain(sa, &h, b->first, v2_build_end(b));
	v2_window_answered(&sa->window);
}

void v2_reply_notify(struct v2_sa *sa, uint8_t exchange, uint8_t protocol, struct bytes spi,
	uint16_t notify, struct bytes data)
{
	struct v2_build b;

	v2_reply_begin(sa, &b);
	if (notify)
		v2_put_notify(&b, protocol, spi, notify, data);
	v2_reply_send(sa, exchange, &b);
}

/* ---- requests ---- */

void v2_request_begin(struct v2_sa *sa, struct v2_build *b)
{
	v2_build_chain(b, sa->v2->room, LIMIT_MESSAGE);
}

void v2_retransmit_arm(struct v2_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;
	ns_t wait = retransmit_begin(
		&sa->retransmit, conf->retransmit_interval, conf->retransmit_timeout);

	timer_set(&sa->ike->timers, &sa->resend, sa->ike->now.mono + wait);
}

void v2_request_send(struct v2_sa *sa, uint8_t exchange, struct v2_build *b)
{
	struct bytes chain = v2_build_end(b);
	struct v2_header h;
	uint32_t id;

	if (v2_window_open(&sa->window, &id) != OK) {
		/* message ids are used up (2.2): the IKE SA cannot go on */
		v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	h = v2_header_of(sa, exchange, false, id);
	sa->request_exchange = exchange;
	memset(sa->early_delete, 0, sizeof(sa->early_delete));
	sa->request_first = b->first;
	buf_set(&sa->request_chain, chain);
	send_chain(sa, &h, b->first, chain);
	v2_retransmit_arm(sa);
}

void v2_request_done(struct v2_sa *sa)
{
	timer_stop(&sa->ike->timers, &sa->resend);
	v2_window_close(&sa->window);
	wipe(sa->request_chain.p, sa->request_chain.n);
	buf_done(&sa->request_chain);
	sa->request_exchange = 0;
}

/* ---- again ---- */

/* RFC 7383 2.5.2: large datagrams may be lost for good; the same message in smaller pieces. */
static bool cut_smaller(struct v2_sa *sa)
{
	struct v2_header h;

	if (!sa->has_fragmentation || sa->request_exchange != IKE_AUTH ||
		sa->fragment_mtu <= SMALL_MTU || !sa->request_chain.p ||
		sa->retransmit.count <= RETRANSMITS_BEFORE_SMALL)
		return false;
	sa->fragment_mtu = SMALL_MTU;
	if (sa->request_chain.n <=
		v2_fragment_room(sa->seal, SMALL_MTU, sa->remote.addr.family == 6, true))
		return false;
	v2_window_retry(&sa->window);
	h = v2_header_of(sa, sa->request_exchange, false, sa->window.next);
	send_chain(sa, &h, sa->request_first, buf_view(&sa->request_chain));
	return true;
}

static void send_again(struct v2_sa *sa)
{
	struct bytes d;
	size_t at = 0;

	if (cut_smaller(sa))
		return;
	while (v2_sent_next(&sa->window.request, &at, &d))
		send_datagram(sa, d);
}

void v2_send_sooner(struct v2_sa *sa)
{
	if (sa->state < V2_ESTABLISHED && sa->window.is_open && sa->retransmit.count)
		send_again(sa);
}

static const char *timeout_hint(const struct v2_sa *sa)
{
	if (sa->state == V2_INIT_SENT)
		return "No response (or no acceptable response) to our first IKEv2 message";
	if (sa->state == V2_AUTH_SENT)
		return sa->remote.port == 4500
			       ? "IKE_SA_INIT was answered, IKE_AUTH was not: is UDP port 4500 "
				 "filtered, or are large packets lost?"
			       : "IKE_SA_INIT was answered, IKE_AUTH was not: are large packets "
				 "lost?";
	return "The peer does not answer any more";
}

static void give_up(struct v2_sa *sa)
{
	char seconds[32];

	V2_EMIT(sa, v2_timeout, .state = ev_str(v2_state_libreswan(sa->state)),
		.exchange = ev_str(v2_exchange_name(
			sa->request_exchange ? sa->request_exchange : IKE_SA_INIT)),
		.seconds =
			ev_str(seconds_text(sa->retransmit.timeout, -1, seconds, sizeof(seconds))),
		.retransmits = ev_u64(sa->retransmit.count), .remote = ev_ep(sa->remote),
		.hint = ev_str(timeout_hint(sa)));
	v2_rekey_ike_deleted(sa); /* what the peer made of it lives */
	v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

static void retransmit(struct v2_sa *sa)
{
	char seconds[32];
	ns_t wait;

	if (!retransmit_again(&sa->retransmit, &wait)) {
		give_up(sa);
		return;
	}
	V2_EMIT(sa, v2_retransmit, .state = ev_str(v2_state_libreswan(sa->state)),
		.seconds = ev_str(seconds_text(wait, -1, seconds, sizeof(seconds))),
		.count = ev_u64(sa->retransmit.count), .remote = ev_ep(sa->remote));
	send_again(sa);
	if (sa->state != V2_DEAD)
		timer_set(&sa->ike->timers, &sa->resend, sa->ike->now.mono + wait);
}

/* Others at the peer's address that are up, behind a NAT as well. */
static unsigned neighbours(const struct v2_sa *sa)
{
	const struct v2_sa *o;
	unsigned n = 0;

	list_each (o, &sa->v2->sas, struct v2_sa, node)
		n += o != sa && v2_sa_is_established(o) && o->nat.remote_behind &&
		     addr_eq(&o->remote.addr, &sa->remote.addr);
	return n;
}

/* Anybody can begin and not go on: that is told where it may have a reason. Of many that end at
 * once only some are held against all others. */
static void half_open_end(struct v2_sa *sa)
{
	unsigned n = sa->nat.remote_behind && v2_may_tell(sa->v2) ? neighbours(sa) : 0;
	char seconds[32];

	if (n)
		V2_EMIT(sa, v2_half_open_end, .state = ev_str(v2_state_libreswan(sa->state)),
			.seconds = ev_str(seconds_text(
				sa->ike->now.mono - sa->born, -1, seconds, sizeof(seconds))),
			.remote = ev_ep(sa->remote), .nat = ev_str(v2_nat_who(&sa->nat)),
			.neighbours = ev_u64(n), .repeats = ev_u64(sa->init_repeats));
	v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

void v2_fire_resend(struct ike *ike, struct timer *t)
{
	struct v2_sa *sa = container_of(t, struct v2_sa, resend);
	struct v2 *v2 = sa->v2;

	(void)ike;
	if (sa->window.is_open)
		retransmit(sa);
	else if (sa->is_half_open)
		half_open_end(sa);
	else
		v2_ready(sa); /* a task's time has come */
	v2_leave(v2);
}
