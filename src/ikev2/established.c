/* An IKE SA is up: the event, its timers, and what it replaces (RFC 7296 2.4, uniqueids=). */
#include "ikev2/exchanges.h"

#include <stdio.h>

static void established_event(struct v2_sa *sa)
{
	char id[ID_STR], old[16];

	if (sa->rekeys) {
		snprintf(old, sizeof(old), "%u", sa->rekeys);
		V2_EMIT(sa, v2_ike_rekeyed,
			.role = ev_str(sa->is_initiator ? "initiator" : "responder"),
			.old = ev_str(old));
		return;
	}
	V2_EMIT(sa, v2_ike_established,
		.role = ev_str(sa->is_initiator ? "initiator" : "responder"),
		.method = ev_str("secret"), .id_type = ev_str(id_type_name(sa->peer_id.type)),
		.id = ev_str(id_format(&sa->peer_id, id, sizeof(id))));
}

void v2_sa_established(struct v2_sa *sa)
{
	sa->established = sa->ike->now.mono;
	v2_sa_leaves_half_open(sa);
	sa->conn->newest_ike = sa->serial;
	buf_done(&sa->init_request);
	buf_done(&sa->init_response);
	established_event(sa);
	v2_lifetime_ike(sa);
	v2_liveness_arm(sa);
}

static bool is_same_peer(const struct v2_sa *a, const struct v2_sa *b)
{
	return id_eq(&a->peer_id, &b->peer_id) && id_eq(&a->conn->our_id, &b->conn->our_id);
}

/* 2.4: INITIAL_CONTACT says that the peer has forgotten all others. uniqueids= replaces those that
 * were up before this one began; when both ends began at the same time, both stay and agree on
 * that. */
void v2_unique(struct v2_sa *sa)
{
	struct v2_sa *o;

	list_each (o, &sa->v2->sas, struct v2_sa, node) {
		if (o == sa || !v2_sa_is_established(o) || !is_same_peer(o, sa))
			continue;
		if (sa->peer_is_initial_contact) {
			V2_EMIT(o, v2_replaced, .by = ev_u64(sa->serial),
				.why = ev_str("INITIAL_CONTACT"), .was_at = ev_ep(o->remote),
				.remote = ev_ep(sa->remote));
			v2_sa_kill(o, EXIT_IKE_OK);
		} else if (sa->ike->setup.uniqueids && o->established < sa->born) {
			V2_EMIT(o, v2_replaced, .by = ev_u64(sa->serial),
				.why = ev_str("uniqueids"), .was_at = ev_ep(o->remote),
				.remote = ev_ep(sa->remote));
			v2_sa_terminate(o);
		}
	}
}
