#include "diag/silence.h"

static bool is_answered(const struct story *s, const struct event *sent)
{
	/* anything that the peer, or somebody in its place, said */
	static const enum event_id answers[] = { EV_v2_auth_sent, EV_v2_init_refused,
		EV_v2_init_refused_end, EV_v2_cookie, EV_v2_invalid_ke, EV_v2_invalid_ke_refused,
		EV_v2_init_unacceptable, EV_v2_init_incomplete, EV_v2_net_error,
		EV_v2_auth_rejected, EV_v2_ike_established, EV_v2_wrong_id, EV_v2_auth_mismatch,
		EV_v2_no_secret, EV_v2_unexpected, EV_v2_malformed, EV_v2_send_failed,
		EV_v1_main_i2_sent, EV_v1_main_i3_sent, EV_v1_ignored, EV_v1_refused,
		EV_v1_rejected, EV_v1_unacceptable, EV_v1_psk_suspected, EV_v1_wrong_id,
		EV_v1_hash_mismatch, EV_v1_no_secret, EV_v1_malformed, EV_v1_ike_established,
		EV_v1_net_error, EV_v1_send_failed, EV_ike_version_refused, EV_NONE };

	return story_later(story_last_of(s, answers), sent);
}

static void repeated(const struct story *s, struct silence *q)
{
	static const enum event_id repeats[] = { EV_v2_retransmit, EV_v1_retransmit, EV_NONE };
	static const enum event_id ends[] = { EV_v2_timeout, EV_v1_timeout, EV_NONE };
	const struct event *e = story_last_of(s, repeats);

	if (story_later(e, q->sent)) {
		bool is_v2 = e->id == EV_v2_retransmit;

		q->repeat = e;
		q->remote = is_v2 ? FIELDS(e, v2_retransmit)->remote.ep
				  : FIELDS(e, v1_retransmit)->remote.ep;
		q->repeats = (unsigned)(is_v2 ? FIELDS(e, v2_retransmit)->count.u64
					      : FIELDS(e, v1_retransmit)->count.u64);
	}
	e = story_last_of(s, ends);
	if (story_later(e, q->sent))
		q->end = e;
}

struct silence story_silence(const struct story *s)
{
	static const enum event_id sent[] = { EV_v2_init_sent, EV_v2_auth_sent, EV_v1_main_i1_sent,
		EV_v1_main_i2_sent, EV_v1_main_i3_sent, EV_v1_aggr_i1_sent, EV_NONE };
	struct silence q = { .sent = story_last_of(s, sent) };

	if (!q.sent || story_age(s, q.sent) < PATIENCE || is_answered(s, q.sent))
		return (struct silence){ 0 };
	q.at = SILENT_FIRST;
	switch ((int)q.sent->id) {
	case EV_v2_init_sent:
		q.remote = FIELDS(q.sent, v2_init_sent)->remote.ep;
		break;
	case EV_v2_auth_sent:
		q.at = SILENT_AUTH;
		q.remote = FIELDS(q.sent, v2_auth_sent)->remote.ep;
		q.octets = FIELDS(q.sent, v2_auth_sent)->octets.u64;
		q.datagrams = FIELDS(q.sent, v2_auth_sent)->datagrams.u64;
		break;
	case EV_v1_main_i1_sent:
		q.remote = FIELDS(q.sent, v1_main_i1_sent)->remote.ep;
		break;
	case EV_v1_aggr_i1_sent:
		q.remote = FIELDS(q.sent, v1_aggr_i1_sent)->remote.ep;
		break;
	case EV_v1_main_i2_sent: /* as large as the first, to the same port */
		return (struct silence){ 0 };
	case EV_v1_main_i3_sent:
		q.at = SILENT_AUTH;
		q.remote = FIELDS(q.sent, v1_main_i3_sent)->remote.ep;
		break;
	}
	repeated(s, &q);
	return q;
}
