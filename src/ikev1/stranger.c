/* Messages that belong to no ISAKMP SA: ikev1-policy=, first messages, and the one notification
 * that those get who are refused: smaller than what they sent, and thrice a minute at most for a
 * source. */
#include "ikev1/stranger.h"

#include "ikev1/exchanges.h"
#include "ikev1/explain.h"
#include "ikev1/phase1.h"
#include "ike/match.h"

enum { REFUSALS_PER_MINUTE = 3 };

static const struct event_about nobody;

static bool may_answer(struct v1 *v1, const struct addr *peer)
{
	ns_t now = v1->ike->now.mono;
	uint8_t *n;

	if (!v1->refusals_since || now - v1->refusals_since >= 60 * NS_S) {
		memset(v1->refused_of, 0, sizeof(v1->refused_of));
		v1->refusals_since = now;
	}
	n = &v1->refused_of[v1_source(v1, peer)];
	if (*n >= REFUSALS_PER_MINUTE)
		return false;
	(*n)++;
	return true;
}

bool v1_answer_stranger(struct v1 *v1, const struct datagram *d, const struct v1_header *h,
	uint16_t notify, const struct explain *x)
{
	struct v1_header answer = { .version = V1_VERSION, .exchange = V1_INFORMATIONAL };
	struct v1_build b;
	struct bytes out;

	memcpy(answer.icookie, h->icookie, sizeof(answer.icookie));
	rng_fill(&v1->ike->env.rng, answer.rcookie, sizeof(answer.rcookie));
	v1_build_begin(&b, v1->room, LIMIT_MESSAGE, &answer);
	v1_put_notify(&b, PROTO_IKE, BYTES_NONE, notify, BYTES_NONE);
	if (x)
		v1_put_explain(&b, x);
	out = v1_build_end(&b);
	if (x && out.n > d->data.n)
		return v1_answer_stranger(v1, d, h, notify, NULL);
	if (out.n > d->data.n || !may_answer(v1, &d->remote.addr))
		return false;
	ike_send(v1->ike, &d->local, &d->remote, out);
	if (v1_may_tell(v1))
		EMIT(&v1->ike->env.events, v1->ike->now, &nobody, v1_stranger_refused,
			.remote = ev_ep(d->remote), .notify = ev_str(v1_notify_name(notify)));
	return true;
}

/* ---- ikev1-policy= ---- */

static bool is_wanted(const struct v1 *v1)
{
	const struct conn *c;

	list_each (c, &v1->ike->conns, struct conn, node)
		if (!c->is_removed && c->conf->version == VERSION_IKEV1)
			return true;
	return false;
}

/* The connection for these addresses, when it is for the other version; "": none. */
static const char *other_version(struct v1 *v1, const struct datagram *d)
{
	const struct match want = {
		.version = VERSION_IKEV1, .local = d->local, .remote = d->remote
	};
	enum match_why why;
	struct conn *nearest;

	return !match_conn(v1->ike, &want, NULL, &why, &nearest) && why == MATCH_NO_VERSION &&
			       nearest
		       ? nearest->conf->name
		       : "";
}

static bool passes_policy(struct v1 *v1, const struct datagram *d, const struct v1_header *h)
{
	uint8_t policy = v1->ike->setup.ikev1_policy;
	bool is_auto = policy == IKEV1_AUTO;

	if (policy == IKEV1_ACCEPT || (is_auto && is_wanted(v1)))
		return true;
	if (policy == IKEV1_REJECT) {
		if (v1_answer_stranger(v1, d, h, N1_INVALID_MAJOR_VERSION, NULL) && v1_may_tell(v1))
			EMIT(&v1->ike->env.events, v1->ike->now, &nobody, v1_policy_reject,
				.remote = ev_ep(d->remote),
				.nearest = ev_str(other_version(v1, d)));
	} else if (v1_may_tell(v1)) {
		EMIT(&v1->ike->env.events, v1->ike->now, &nobody, v1_policy_drop,
			.remote = ev_ep(d->remote),
			.policy = ev_str(
				is_auto ? "auto, and no connection of IKEv1 is loaded" : "drop"),
			.nearest = ev_str(other_version(v1, d)));
	}
	return false;
}

/* ---- first messages ---- */

static bool has_all(const struct v1_msg *m)
{
	if (m->h.exchange == V1_MAIN_MODE)
		return v1_has(m, V1_SA);
	return v1_has(m, V1_SA) && v1_has(m, V1_KE) && v1_has(m, V1_NONCE) && v1_has(m, V1_ID);
}

void v1_stranger(struct v1 *v1, const struct datagram *d, const struct v1_header *h)
{
	struct v1_why why = { 0 };
	struct v1_msg m = { 0 };

	if ((h->exchange != V1_MAIN_MODE && h->exchange != V1_AGGRESSIVE_MODE) ||
		h->message_id != 0 || h->flags & V1_F_ENCRYPTION || !passes_policy(v1, d, h))
		return;
	if (v1_msg_parse(d->data, &m, &why) != OK || !has_all(&m)) {
		if (v1_may_tell(v1))
			EMIT(&v1->ike->env.events, v1->ike->now, &nobody, v1_malformed,
				.remote = ev_ep(d->remote),
				.exchange = ev_str(v1_exchange_name(h->exchange)),
				.payload = ev_str(v1_payload_name(why.payload)),
				.why = ev_str(why.e ? err_text(why.e) : "payloads are missing"));
		return;
	}
	if (h->exchange == V1_MAIN_MODE)
		main_mode_mi1(v1, d, &m);
	else
		aggressive_mode_ai1(v1, d, &m);
}

void v1_stranger_unknown(struct v1 *v1, const struct datagram *d, const struct v1_header *h)
{
	if (v1_may_tell(v1))
		EMIT(&v1->ike->env.events, v1->ike->now, &nobody, v1_no_sa,
			.remote = ev_ep(d->remote),
			.exchange = ev_str(v1_exchange_name(h->exchange)));
}
