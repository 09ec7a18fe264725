/* What Phase 1 offers and takes (RFC 2409 appendix A). */
#include "ikev1/phase1.h"

#include <stdlib.h>

uint16_t v1_auth_method(const struct conn *c, bool is_initiator)
{
	if (c->ours->xauthclient)
		return is_initiator ? V1_AUTH_XAUTH_INIT_PSK : V1_AUTH_XAUTH_RESP_PSK;
	if (c->ours->xauthserver)
		return is_initiator ? V1_AUTH_XAUTH_RESP_PSK : V1_AUTH_XAUTH_INIT_PSK;
	return V1_AUTH_PSK;
}

void phase1_offer(struct v1_sa *sa)
{
	const struct conn *c = sa->conn;
	const struct proposals *all = conn_ike_proposals(c);
	uint16_t group = 0;

	/* RFC 2409 5.4: in Aggressive Mode the group cannot be negotiated */
	if (sa->is_aggressive)
		(void)proposals_groups(all, &group, 1);
	free(sa->offered);
	sa->offered = v1_offer_ike(all, v1_auth_method(c, true), group, c->conf->ikelifetime);
}

bool phase1_take_choice(struct v1_sa *sa, const struct v1_msg *m)
{
	char offered[1024], chosen[256];
	enum err e = v1_accept(sa->offered, &m->sa, &sa->chosen, &sa->suite);

	if (e == OK)
		return true;
	V1_EMIT(sa, v1_unacceptable, .why = ev_str(err_text(e)),
		.offered = ev_str(v1_proposals_format(sa->offered, offered, sizeof(offered))),
		.chosen = ev_str(v1_proposals_format(&m->sa, chosen, sizeof(chosen))));
	return false;
}
