/* What the data plane says unasked about IPsec SAs of IKEv1. */
#include "ikev1/exchanges.h"
#include "ikev1/quick_mode.h"

static void lost(struct list *children)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node) {
		c->c.has_in = c->c.has_out = false;
		if (!v1_child_is_usable(c) || c->replaced_by)
			continue;
		V1_CHILD_EMIT(c, v1_child_lost, );
		v1_child_rekey(c);
	}
}

/* It forgot them all: others with their selectors take their place. */
static void restarted(struct v1 *v1)
{
	struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node)
		if (sa->state != V1_DEAD)
			lost(&sa->children);
	lost(&v1->orphans);
}

/* Behind a NAT it is where its packets come from, and they are authentic. */
static void moved(struct v1_child *c, const struct endpoint *remote)
{
	struct v1_sa *sa = c->sa;
	struct v1_child *k;

	if (!sa || !sa->nat.remote_behind || sa->nat.local_behind ||
		endpoint_eq(&sa->remote, remote))
		return;
	V1_EMIT(sa, v1_peer_moved, .remote = ev_ep(*remote), .was_at = ev_ep(sa->remote));
	sa->remote = *remote;
	list_each (k, &sa->children, struct v1_child, node)
		if (v1_child_is_usable(k) && !k->c.is_transport)
			child_move(sa->ike, &k->c, &sa->local, &sa->remote, k->c.encap);
}

static void used_up(struct v1_child *c, uint8_t reason)
{
	char limit[CHILD_LIMIT];

	v1_child_expired(c, child_limit_name(reason), child_limit(&c->c, reason, limit));
}

void v1_notice(struct v1 *v1, const struct dp_notice *n)
{
	struct v1_child *c = v1_child_by_serial(v1, n->serial);

	if (n->kind == DP_RESTARTED)
		restarted(v1);
	else if (c && n->kind == DP_EXPIRE_SOFT)
		v1_child_rekey(c);
	else if (c && n->kind == DP_EXPIRE_HARD)
		used_up(c, n->reason);
	else if (c && n->kind == DP_HEARD)
		v1_child_heard(c);
	else if (c && n->kind == DP_MAPPING)
		moved(c, &n->remote);
	else if (c && n->kind == DP_SILENT)
		V1_CHILD_EMIT(c, child_silent, .asked = ev_u64(n->count),
			.heard = ev_u64(
				c->sa ? (uint64_t)(v1->ike->now.mono - c->sa->heard) / NS_S : 0));
	else if (c && n->kind == DP_ANSWERED)
		V1_CHILD_EMIT(c, child_answered, );
	else if (c && n->kind == DP_UNASKED)
		conn_unasked(c->c.conn, n->reqid, n->count);
	else if (c && n->kind == DP_LOSING)
		V1_CHILD_EMIT(c, child_losing, .count = ev_u64(n->count),
			.passed = ev_u64(n->passed),
			.reason = ev_str(drop_name((enum drop_reason)n->reason)),
			.window = ev_u64(c->c.conn->conf->replay_window));
	else if (c && n->kind == DP_LARGE_LOST)
		V1_CHILD_EMIT(c, child_large_lost, .octets = ev_u64(n->count));
	else if (c && n->kind == DP_LARGE_PASS)
		V1_CHILD_EMIT(c, child_large_pass, .octets = ev_u64(n->count));
}
