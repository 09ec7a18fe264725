/* Two clients with the same selectors: the data plane cannot tell them apart, so that what goes
 * there goes to the one that came last. RFC 3948 5.1 and 5.2 leave it open how such a conflict is
 * dealt with. The newer one is not refused: who has lost its tunnel comes back as somebody new, and
 * would wait for hours. People are told instead.
 *
 * An address of our own pool is one identity's, and is not looked for while that is one peer
 * (uniqueids=yes). */
#include "ike/child.h"

#include "ike/engine.h"
#include <stdlib.h>

static bool is_client(const struct conn *c)
{
	return c->template && !conn_is_shunt(c) && !(c->has_lent && c->ike->setup.uniqueids);
}

static bool marks_eq(const struct dp_mark *a, const struct dp_mark *b)
{
	return a->value == b->value && a->mask == b->mask;
}

/* Nothing tells packets for the two apart. */
static bool is_found_alike(const struct conn *a, const struct conn *b)
{
	struct dp_extra x, y;

	conn_extra(a, true, &x);
	conn_extra(b, true, &y);
	return x.if_id == y.if_id && marks_eq(&x.mark_out, &y.mark_out) &&
	       a->conf->priority == b->conf->priority;
}

static bool text_eq(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* One that came back, and what is left of it: its old SAs end by themselves, and nobody misses
 * them. */
static bool is_one_peer(const struct conn *a, const struct conn *b)
{
	return a->ike->setup.uniqueids && a->peer.id && b->peer.id &&
	       text_eq(a->peer.id, b->peer.id) && text_eq(a->xauth.user, b->xauth.user);
}

/* Another client carries traffic for the same selectors. */
static bool has_them(const struct conn *o, const struct child *c)
{
	const struct conn_policy *p;

	if (o == c->conn || !is_client(o) || o->n_children == 0 || !is_found_alike(o, c->conn) ||
		is_one_peer(o, c->conn))
		return false;
	list_each (p, &o->policies, struct conn_policy, node)
		if (p->carriers && ts_list_eq(&p->ts_local, &c->ts_local) &&
			ts_list_eq(&p->ts_remote, &c->ts_remote))
			return true;
	return false;
}

/* The newest of them, and how many there are. */
static const struct conn *others(const struct ike *ike, const struct child *c, unsigned *ret_n)
{
	const struct conn *o, *last = NULL;

	*ret_n = 0;
	if (!is_client(c->conn))
		return NULL;
	list_each (o, &ike->conns, struct conn, node)
		if (has_them(o, c)) {
			last = o;
			++*ret_n;
		}
	return last;
}

static void note_peer(struct conn *c, const struct endpoint *at, const struct id *id)
{
	char text[ID_STR];

	free(c->peer.id);
	c->peer.at = *at;
	c->peer.id = xstrdup(id_format(id, text, sizeof(text)));
}

/* Of the template, whoever it is told of: it is about two of its instances. */
static struct event_about about(const struct child *c)
{
	return (struct event_about){ .conn = c->conn->conf->name, .serial = c->serial };
}

void child_clash(struct ike *ike, const struct child *c, const struct id *theirs)
{
	const struct event_about of = about(c);
	char ours[TS_LIST_STR], peers[TS_LIST_STR];
	const struct conn *o;
	unsigned n;

	if (!c->conn->template)
		return;
	note_peer(c->conn, &c->remote, theirs);
	o = others(ike, c, &n);
	if (!o)
		return;
	EMIT(&ike->env.events, ike->now, &of, child_clash, .remote = ev_ep(c->remote),
		.was_at = ev_ep(o->peer.id ? o->peer.at : o->remote),
		.id = ev_str(c->conn->peer.id), .was_id = ev_str(o->peer.id),
		.other = ev_u64(o->newest_child),
		.mode = ev_str(c->is_transport ? "transport" : "tunnel"),
		.ts_local = ev_str(ts_list_format(&c->ts_local, ours)),
		.ts_remote = ev_str(ts_list_format(&c->ts_remote, peers)),
		.version = ev_str(c->conn->conf->version == VERSION_IKEV1 ? "IKEv1" : "IKEv2"));
}

void child_clash_over(struct ike *ike, const struct child *c)
{
	const struct event_about of = about(c);
	char ours[TS_LIST_STR], peers[TS_LIST_STR];
	unsigned n;

	if (!others(ike, c, &n) || n != 1)
		return;
	EMIT(&ike->env.events, ike->now, &of, child_clash_over,
		.ts_local = ev_str(ts_list_format(&c->ts_local, ours)),
		.ts_remote = ev_str(ts_list_format(&c->ts_remote, peers)));
}
