/* Phase 1 is over: on to XAUTH or Mode Config, or the ISAKMP SA is up: the event, its timers, and
 * what it replaces (uniqueids=, INITIAL-CONTACT: RFC 2407 4.6.3.3). */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"

#include <stdio.h>
#include <stdlib.h>

static void established_event(struct v1_sa *sa)
{
	char id[ID_STR], cipher[ALG_STR];
	const struct alg *prf = alg_find(TT_PRF, sa->suite.prf);
	const struct alg *ke = alg_find(TT_KE, sa->suite.ke);

	V1_EMIT(sa, v1_ike_established, .auth = ev_str(v1_auth_name(sa->chosen.auth)),
		.cipher = ev_str(suite_encr_name(&sa->suite, cipher)),
		.integ = ev_str(prf ? prf->name : "?"), .group = ev_str(ke ? ke->name : "?"),
		.id_type = ev_str(id_type_name(sa->peer_id.type)),
		.id = ev_str(id_format(&sa->peer_id, id, sizeof(id))));
}

void v1_phase1_done(struct v1_sa *sa)
{
	timer_stop(&sa->ike->timers, &sa->line.resend);
	timer_stop(&sa->ike->timers, &sa->patience);
	v1_sa_leaves_half_open(sa);
	established_event(sa);
	v1_sa_forget_exchange(sa);
	v1_keepalive_arm(sa);
	if (!v1_transaction_begin(sa))
		v1_sa_established(sa);
}

/* The peer says that it has forgotten all others (only what was up before counts: when both ends
 * begin at once, both ISAKMP SAs stay). Otherwise the others' Child SAs go over to this one, and
 * they take no more of them. */
static void replace_others(struct v1_sa *sa)
{
	struct v1_sa *o;

	list_each (o, &sa->v1->sas, struct v1_sa, node) {
		bool is_rekeyed = o->serial == sa->rekeys;

		if (o == sa || !v1_sa_is_established(o) ||
			(!is_rekeyed && (!v1_is_same_peer(o, sa) || o->established >= sa->born)))
			continue;
		if (sa->peer_is_initial_contact) {
			V1_EMIT(o, v1_replaced, .by = ev_u64(sa->serial),
				.why = ev_str("INITIAL_CONTACT"), .was_at = ev_ep(o->remote),
				.remote = ev_ep(sa->remote));
			v1_sa_kill(o, EXIT_IKE_OK);
		} else if (is_rekeyed || sa->ike->setup.uniqueids) {
			o->replaced_by = sa->serial;
			v1_replaced(o);
		}
	}
}

static void forget_before(struct list *children, const struct v1_sa *sa)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node)
		if (c->born < sa->born && v1_child_is_of(c, sa))
			v1_child_kill(c, EXIT_IKE_OK);
}

void v1_initial_contact(struct v1_sa *sa)
{
	struct v1_sa *o;

	sa->peer_is_initial_contact = true;
	if (sa->state != V1_ESTABLISHED)
		return; /* it is looked at then */
	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && o->state == V1_REPLACED && v1_is_same_peer(o, sa))
			v1_sa_kill(o, EXIT_IKE_OK);
	replace_others(sa);
	forget_before(&sa->children, sa);
	forget_before(&sa->v1->orphans, sa);
}

void v1_sa_established(struct v1_sa *sa)
{
	v1_step_to(sa, V1_ESTABLISHED);
	sa->established = sa->ike->now.mono;
	sa->conn->newest_ike = sa->serial;
	v1_lifetime_ike(sa);
	v1_dpd_arm(sa);
	replace_others(sa);
	if (sa->peer_is_initial_contact)
		forget_before(&sa->v1->orphans, sa);
	v1_children_inherit(sa);
}
