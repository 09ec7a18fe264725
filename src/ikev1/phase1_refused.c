/* Phase 1 does not come to be, and who says so: anybody (in clear), or the peer. What anybody could
 * have sent ends the wait of people; an attempt that must go on goes on. */
#include "ikev1/exchanges.h"
#include "ikev1/explain.h"
#include "ikev1/phase1.h"

#include <inttypes.h>
#include <stdio.h>

enum { REFUSALS_END_WAIT = 2, REPEATS_SUSPECT = 3 };
#define REFUSAL_PATIENCE NS_S

/* People's wait is over; so is the attempt, unless it must go on. */
static void end_wait(struct v1_sa *sa)
{
	timer_stop(&sa->ike->timers, &sa->patience);
	conn_settle(sa->conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
	if (!sa->conn->must_be_up)
		v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

static void refused_end(struct v1_sa *sa)
{
	char offered[1024] = "";

	if (sa->offered)
		v1_proposals_format(sa->offered, offered, sizeof(offered));
	if (conn_is_waited(sa->conn, CONN_WAIT_UP))
		V1_EMIT(sa, v1_refused, .state = ev_str(v1_state_libreswan(sa)),
			.notify = ev_str(v1_notify_name(sa->refused)), .offered = ev_str(offered),
			.remote = ev_ep(sa->remote));
	end_wait(sa);
}

void v1_fire_patience(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, patience);
	struct v1 *v1 = sa->v1;

	(void)ike;
	if (!v1_sa_is_authenticated(sa))
		refused_end(sa);
	v1_leave(v1);
}

void phase1_suspect_psk(struct v1_sa *sa, const char *why, const char *sign)
{
	if (conn_is_waited(sa->conn, CONN_WAIT_UP) || !sa->is_suspected)
		V1_EMIT(sa, v1_psk_suspected, .state = ev_str(v1_state_libreswan(sa)),
			.why = ev_str(why), .remote = ev_ep(sa->remote), .sign = ev_str(sign));
	sa->is_suspected = true;
	end_wait(sa);
}

/* Somebody told a responder that its keys are of no use to him. */
static void responder_refused(struct v1_sa *sa, const struct v1_notify *n)
{
	char why[96];

	if (sa->is_suspected || (sa->state != V1_AGGR_R1_SENT && sa->state != V1_MAIN_R2_SENT))
		return;
	sa->is_suspected = true;
	snprintf(why, sizeof(why), "the peer answers %s", v1_notify_name(n->type));
	V1_EMIT(sa, v1_psk_mismatch, .why = ev_str(why), .remote = ev_ep(sa->remote));
}

static void tell(struct v1_sa *sa, const struct v1_msg *m, const struct v1_notify *n)
{
	const struct proposals *ours = conn_ike_proposals(sa->conn);
	char offered[1024] = "", msgid[16], conf[1024], swanctl[1024];

	if (sa->offered)
		v1_proposals_format(sa->offered, offered, sizeof(offered));
	snprintf(msgid, sizeof(msgid), "%08" PRIx32, m->h.message_id);
	V1_EMIT(sa, v1_ignoring, .notify = ev_str(v1_notify_name(n->type)), .msgid = ev_str(msgid),
		.length = ev_u64(12 + n->spi.n + n->data.n));
	V1_EMIT(sa, v1_ignored, .notify = ev_str(v1_notify_name(n->type)),
		.remote = ev_ep(sa->remote), .offered = ev_str(offered),
		.ours_conf = ev_str(proposals_conf(ours, conf, sizeof(conf))),
		.ours_swanctl = ev_str(proposals_swanctl(ours, swanctl, sizeof(swanctl))));
}

static void refused(struct v1_sa *sa, uint16_t notify)
{
	sa->refused = notify;
	if (sa->refusals >= REFUSALS_END_WAIT)
		refused_end(sa);
	else
		timer_set(&sa->ike->timers, &sa->patience, sa->ike->now.mono + REFUSAL_PATIENCE);
}

void phase1_version_refused(struct v1_sa *sa, const struct endpoint *by, uint8_t major)
{
	if ((sa->state != V1_MAIN_I1_SENT && sa->state != V1_AGGR_I1_SENT) ||
		!addr_eq(&by->addr, &sa->remote.addr))
		return;
	if (sa->refusals++ == 0)
		V1_EMIT(sa, ike_version_refused, .remote = ev_ep(sa->remote), .ours = ev_u64(1),
			.theirs = ev_u64(major));
	refused(sa, N1_INVALID_MAJOR_VERSION);
}

enum v1_verdict phase1_refused(struct v1_sa *sa, const struct v1_msg *m)
{
	const struct v1_notify *n = v1_notify_error(m);
	char why[96];

	if (!n)
		return V1_DROP;
	if (!sa->is_initiator) {
		responder_refused(sa, n);
		return V1_DROP;
	}
	if (sa->refusals++ == 0)
		tell(sa, m, n);
	v1_explain_heard(sa, m);
	if (sa->state == V1_MAIN_I3_SENT) {
		sa->refused = n->type;
		snprintf(why, sizeof(why), "the peer answers %s (not authenticated)",
			v1_notify_name(n->type));
		phase1_suspect_psk(sa, why, "notification");
	} else {
		refused(sa, n->type);
	}
	return V1_DROP;
}

enum v1_verdict phase1_rejected(struct v1_sa *sa, const struct v1_msg *m)
{
	const struct v1_notify *n = v1_notify_error(m);
	char ours[ID_STR], theirs[ID_STR];

	if (!n || v1_hash_1_check(sa, m) != OK)
		return V1_DROP;
	V1_EMIT(sa, v1_rejected, .state = ev_str(v1_state_libreswan(sa)),
		.notify = ev_str(v1_notify_name(n->type)),
		.ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))),
		.theirs = ev_str(id_format(&sa->conn->their_id, theirs, sizeof(theirs))),
		.remote = ev_ep(sa->remote));
	return V1_CLOSE;
}

/* An encrypted message that our keys do not open: a forgery, or the peer has another secret. */
void phase1_not_opened(struct v1_sa *sa, const char *what)
{
	static const struct explain its_secret = { .class = EXPLAIN_SECRET };

	if (sa->unopened++ != 0 && sa->is_suspected)
		return;
	if (sa->state == V1_MAIN_I3_SENT) {
		phase1_suspect_psk(sa, "the peer answers with a message that our keys do not open",
			"unreadable");
	} else if (sa->state == V1_MAIN_R2_SENT || sa->state == V1_AGGR_R1_SENT) {
		bool tells_why = sa->peer_reads_unproven &&
				 conn_explains_to(sa->conn, &sa->remote.addr) &&
				 ike_may_explain(sa->ike);

		sa->is_suspected = true;
		V1_EMIT(sa, v1_psk_mismatch, .why = ev_str(what), .remote = ev_ep(sa->remote));
		v1_tell_why(sa, PROTO_IKE, BYTES_NONE, N1_PAYLOAD_MALFORMED,
			tells_why ? &its_secret : NULL);
	}
}

/* Libreswan says nothing, and repeats what came before: one loss does that once, not thrice. */
void phase1_repeated(struct v1_sa *sa)
{
	char why[96];

	if (sa->state != V1_MAIN_I3_SENT || sa->line.repeats != REPEATS_SUSPECT)
		return;
	snprintf(why, sizeof(why), "the peer repeated its second message %u times after our third",
		sa->line.repeats);
	phase1_suspect_psk(sa, why, "repeats");
}
