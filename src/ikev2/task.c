/* What we want to ask of the peer, one thing at a time: the window is 1 (RFC 7296 2.3). */
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"

#include <stdlib.h>

static bool is_same(const struct v2_task *t, enum v2_task_kind kind, uint32_t child)
{
	return t && t->kind == kind && t->child == child;
}

static void add(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, ns_t not_before)
{
	struct v2_task *t;

	if (sa->state == V2_DEAD)
		return;
	if (is_same(sa->task, kind, child) && sa->window.is_open)
		return;
	list_each (t, &sa->tasks, struct v2_task, node)
		if (is_same(t, kind, child)) {
			/* someone asks for what waits for its next try */
			t->not_before = MIN(t->not_before, not_before);
			v2_ready(sa);
			return;
		}
	t = xalloc(sizeof(*t));
	t->kind = (uint8_t)kind;
	t->child = child;
	t->not_before = not_before;
	list_append(&sa->tasks, &t->node);
	v2_ready(sa);
}

void v2_task_add(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child)
{
	add(sa, kind, child, 0);
}

void v2_task_later(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, ns_t delay)
{
	add(sa, kind, child, sa->ike->now.mono + delay);
}

static bool may_begin(const struct v2_sa *sa)
{
	return (sa->state == V2_ESTABLISHED || sa->state == V2_REKEYED ||
		       sa->state == V2_DELETING) &&
	       !sa->window.is_open;
}

/* The first that is due; else *next is when one will be. */
static struct v2_task *take_due(struct v2_sa *sa, ns_t *next)
{
	struct v2_task *t;

	*next = NS_NEVER;
	list_each (t, &sa->tasks, struct v2_task, node) {
		if (t->not_before <= sa->ike->now.mono) {
			list_remove(&t->node);
			return t;
		}
		*next = MIN(*next, t->not_before);
	}
	return NULL;
}

static uint8_t exchange_of(const struct v2_task *t)
{
	switch ((enum v2_task_kind)t->kind) {
	case V2_TASK_NEW_CHILD:
	case V2_TASK_REKEY_CHILD:
	case V2_TASK_REKEY_IKE:
		return CREATE_CHILD_SA;
	case V2_TASK_DELETE_CHILD:
	case V2_TASK_DELETE_IKE:
	case V2_TASK_LIVENESS:
	case V2_TASK_ABANDONED:
	case V2_TASK_KEYLESS:
		break;
	}
	return INFORMATIONAL;
}

void v2_task_run(struct v2_sa *sa)
{
	struct v2_build b;
	struct v2_task *t;
	ns_t next;

	while (may_begin(sa) && (t = take_due(sa, &next))) {
		bool is_wanted;

		v2_request_begin(sa, &b);
		is_wanted = exchange_of(t) == CREATE_CHILD_SA ? v2_create_child_request(sa, t, &b)
							      : v2_informational_request(sa, t, &b);
		if (!is_wanted) {
			free(t);
			continue;
		}
		sa->task = t;
		v2_request_send(sa, exchange_of(t), &b);
		return;
	}
	if (!may_begin(sa))
		return;
	if (list_empty(&sa->children) && conn_is_waited(sa->conn, CONN_WAIT_DOWN) &&
		!v2_rekey_ike_is_undecided(sa))
		v2_sa_terminate(sa);
	else if (next != NS_NEVER)
		timer_set(&sa->ike->timers, &sa->resend, next);
}
