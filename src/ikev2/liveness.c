/* Is the peer still there (RFC 7296 2.4)? When nothing was heard for dpddelay=, neither IKE nor
 * ESP, an empty INFORMATIONAL request asks; retransmission decides. */
#include "ikev2/exchanges.h"

static void arm(struct v2_sa *sa, ns_t at)
{
	timer_set(&sa->ike->timers, &sa->liveness, at);
}

void v2_liveness_arm(struct v2_sa *sa)
{
	ns_t delay = sa->conn->conf->dpddelay;

	if (delay > 0)
		arm(sa, sa->ike->now.mono + delay);
}

static struct v2_child *any_child(struct v2_sa *sa)
{
	struct v2_child *c, *found = NULL;

	list_each (c, &sa->children, struct v2_child, node)
		if (c->c.has_in && c->state == V2_CHILD_ESTABLISHED)
			found = c;
	return found;
}

void v2_fire_liveness(struct ike *ike, struct timer *t)
{
	struct v2_sa *sa = container_of(t, struct v2_sa, liveness);
	ns_t delay = sa->conn->conf->dpddelay;
	struct v2_child *c = any_child(sa);
	struct v2 *v2 = sa->v2;

	/* the connection may have become another one, without liveness */
	if (sa->state != V2_ESTABLISHED || delay <= 0)
		return;
	if (ike->now.mono - sa->heard < delay) {
		arm(sa, sa->heard + delay);
		return;
	}
	arm(sa, ike->now.mono + delay);
	if (sa->window.is_open)
		return; /* another request is asking already */
	if (c)
		child_query(ike, &c->c, V2_ASK_LIVENESS);
	else
		v2_task_add(sa, V2_TASK_LIVENESS, 0);
	v2_leave(v2);
}

void v2_liveness_answer(struct v2_child *c, const struct answer *a)
{
	struct v2_sa *sa = c->sa;
	ns_t delay = sa->conn->conf->dpddelay;

	if (sa->state != V2_ESTABLISHED || delay <= 0)
		return;
	if (a->e == OK)
		c->c.last = a->counters;
	if (a->e == OK && a->counters.last_in > 0 &&
		sa->ike->now.mono - a->counters.last_in < delay)
		arm(sa, a->counters.last_in + delay);
	else
		v2_task_add(sa, V2_TASK_LIVENESS, 0);
}
