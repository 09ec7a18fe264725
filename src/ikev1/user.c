/* Users who share a group's identity and its secret are different peers: each has an instance of
 * the connection, with a lease and Child SAs of its own. */
#include "ikev1/transaction.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_same_user(const struct v1_sa *a, const char *user)
{
	return a->user && user && strcmp(a->user, user) == 0;
}

static bool is_template_of(const struct conn *a, const struct conn *b)
{
	return a->template && a->template == b->template;
}

/* The instance that this user has already: Phase 1 is made anew. NULL. */
static struct conn *users_own(const struct v1_sa *sa)
{
	const struct v1_sa *o;

	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && o->state != V1_DEAD && v1_sa_is_authenticated(o) &&
			is_template_of(o->conn, sa->conn) && v1_is_same_peer(o, sa) &&
			addr_eq(&o->remote.addr, &sa->remote.addr))
			return o->conn;
	return NULL;
}

/* Another user who is in, or on the way in, on the same connection. NULL. */
static struct v1_sa *other_user(const struct v1_sa *sa)
{
	struct v1_sa *o;

	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && o->state != V1_DEAD && o->conn == sa->conn &&
			v1_sa_is_authenticated(o) && !is_same_user(o, sa->user))
			return o;
	return NULL;
}

static void change_conn(struct v1_sa *sa, struct conn *to)
{
	struct conn *from = sa->conn;

	if (to == from)
		return;
	conn_use(to);
	sa->conn = to;
	if (from->newest_ike == sa->serial)
		from->newest_ike = 0;
	conn_unuse(from);
}

static struct conn *fresh_instance(const struct v1_sa *sa)
{
	struct conn *old = sa->conn, *c = conn_instantiate(old->template, &sa->remote);

	c->local = sa->local;
	id_done(&c->their_id);
	c->their_id = id_copy(&sa->peer_id);
	return c;
}

/* The connection is for one peer alone (right=ADDRESS): the last one to come has it. */
static void oust(struct v1_sa *sa)
{
	struct v1_sa *o;

	while ((o = other_user(sa))) {
		V1_EMIT(o, v1_replaced, .by = ev_u64(sa->serial),
			.why = ev_str("another user on a connection for one peer"),
			.was_at = ev_ep(o->remote), .remote = ev_ep(sa->remote));
		v1_sa_terminate(o);
	}
}

void user_settle(struct v1_sa *sa)
{
	struct conn *own = users_own(sa);

	if (own)
		change_conn(sa, own);
	else if (other_user(sa) && sa->conn->template)
		change_conn(sa, fresh_instance(sa));
	else
		oust(sa);
	if (sa->conn->xauth.user && !is_same_user(sa, sa->conn->xauth.user))
		conn_lease_return(sa->conn);
	conn_set_user(sa->conn, sa->user);
	sa->conn->xauth.has_failed = sa->has_failed_xauth;
}

struct id user_id(const struct v1_sa *sa)
{
	char user[4 * LIMIT_XAUTH_USER + 1], group[ID_STR], *text;
	struct id id = { .type = ID_KEY_ID };

	if (!sa->user)
		return id_copy(&sa->peer_id);
	/* quotes inside are escaped: no user can look like one of another group */
	event_escape(bytes_str(sa->user), user, sizeof(user));
	text = xasprintf("\"%s\" of %s", user, id_format(&sa->peer_id, group, sizeof(group)));
	id.data = buf_from(bytes_str(text));
	free(text);
	return id;
}
