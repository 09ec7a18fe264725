/* This host: what it is looked at for. */
#include "cmd/ladder.h"
#include "cmd/local.h"
#include "config/facts.h"
#include "config_build.h"

#include <netinet/in.h>
#include <sys/utsname.h>

void ladder_look(struct ladder *l, const struct local_for *what)
{
	const struct event_sink in = { ladder_kept, l };
	char ours[ADDR_STR];

	l->seen = 0;
	local_look(what, diagnose_now(), &in);
	ladder_given_up(l);
	LADDER_STEP(l, "this host",
		"routes, packet filters, NAT, policies and sockets around %s: %u facts",
		addr_is_set(&what->ours) ? addr_format(&what->ours, ours) : "it", l->seen);
}

/* Which one a unique mark is, the daemon knows. */
static struct local_mark_of mark_of(const struct conf_mark *m)
{
	if (m->is_unique)
		return (struct local_mark_of){ 0 };
	return (struct local_mark_of){ m->value, m->mask };
}

struct local_for diagnose_local(const struct conf_conn *c, char own[static CONF_DEVICE_NAME])
{
	bool is_left = c->local_is_left || !c->oriented;
	const struct conf_end *ours = is_left ? &c->left : &c->right;
	const struct conf_end *theirs = is_left ? &c->right : &c->left;

	struct ts_list pools = { 0 };

	for (size_t i = 0; i < theirs->n_pool; i++)
		pools.ts[pools.n++] = ts_from_range(&theirs->pool[i]);
	return (struct local_for){ .conn = c->name,
		.pools = pools,
		.ours = conf_host(ours),
		.theirs = conf_host(theirs),
		.our_port = ours->ikeport,
		.their_port = theirs->ikeport,
		.our_nets = ours->subnet,
		.their_nets = theirs->subnet,
		.device = ladder_device(c, own),
		.mark_in = mark_of(&c->mark_in),
		.mark_out = mark_of(&c->mark_out),
		.if_id = c->if_id,
		.flow = "",
		.own_flow = "",
		/* a resolver that has not answered before is not waited for again */
		.their_name = theirs->host_kind == HOST_NAME && addr_is_set(&theirs->host)
				      ? theirs->host_name
				      : NULL,
		.is_initiator = addr_is_set(&theirs->host),
		/* of a client nobody has it when L2TP is not wanted now */
		.udp_port = ours->protocol == IPPROTO_UDP && theirs->host_kind == HOST_ANY
				    ? ours->port
				    : 0 };
}

void ladder_host(struct ladder *l)
{
	const struct conf_conn *c = l->conn;
	const struct event_sink in = { ladder_kept, l };
	char own[CONF_DEVICE_NAME];
	struct local_for what = diagnose_local(c, own);
	struct utsname host;

	if (!l->is_running && uname(&host) == 0) /* else it has told */
		conf_facts(c, &(struct facts_host){ host.release, CLEARSWAN_VERSION },
			&(struct event_about){ .conn = l->name }, diagnose_now(), &in);
	what.octets_in = l->octets.in;
	what.octets_out = l->octets.out;
	what.flow = l->came.flow;
	what.own_flow = l->came.own_flow;
	if (l->is_running && !l->is_theirs) {
		what.file = c->file;
		what.automatic = conf_auto(c);
		what.socket = cmd_socket(l->cmd);
	}
	ladder_look(l, &what);
}
