/* A test flow through the tunnel: of what, from where, and who counts. */
#include "cmd/ladder.h"

#include <netinet/in.h>
#include <unistd.h>

/* In a cloud, for packets of others: a ping each second is seen three times. */
#define LISTENS (3500 * NS_MS)
enum { PORT_L2TP = 1701 };

static void count_octets(void *ctx, struct flow_octets *ret)
{
	struct ladder *l = ctx;

	(void)ladder_is_up(l);
	*ret = l->octets;
}

static const char *count_others(void *ctx, unsigned i, struct flow_octets *ret)
{
	const struct ladder *l = ctx;

	return diagnose_other(l->cmd, l->conf, l->conn, i, ret);
}

static void flow_step(void *ctx, const char *result)
{
	struct ladder *l = ctx;

	LADDER_STEP(l, "test flow", "%s", result);
}

const char *ladder_device(const struct conf_conn *c, char *own)
{
	if (conf_device_name(c, own))
		return own;
	/* userspace ESP has this one */
	return access("/sys/class/net/ipsec0/tun_flags", F_OK) == 0 ? "ipsec0" : "";
}

/* Echo requests do not go through a tunnel for one protocol. False: it is for all. */
static bool look_at_port(struct ladder *l, const struct flow_for *what)
{
	const struct conf_conn *c = l->conn;
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	const struct event_sink in = { ladder_told, l };
	struct addr own = conf_host(ours);

	if (!ours->protocol && !theirs->protocol)
		return false;
	if (theirs->protocol != IPPROTO_UDP || theirs->port != PORT_L2TP || !addr_is_set(&own) ||
		!addr_is_set(&what->theirs))
		LADDER_STEP(l, "test flow", "none: the tunnel takes one protocol or port alone");
	else
		LADDER_STEP(
			l, "test flow", "%s", flow_port(what, &own, ours->port, theirs->port, &in));
	return true;
}

struct flow_for ladder_flow_for(struct ladder *l, char own[static CONF_DEVICE_NAME])
{
	const struct conf_conn *c = l->conn;
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	char machine[LOCAL_MACHINE];

	return (struct flow_for){ .conn = c->name,
		.theirs = conf_host(theirs),
		/* an address that is lent is known with the tunnel only */
		.our_nets = ours->subnet.n && !ours->modecfgclient ? ours->subnet : l->selectors[0],
		.their_nets = theirs->subnet.n ? theirs->subnet : l->selectors[1],
		.device = ladder_device(c, own),
		.sa_nets = l->selectors[1],
		.dns = l->dns,
		.n_dns = l->n_dns,
		.through = l->through,
		.is_self = l->cmd->self,
		.asks_lan = l->cmd->lan,
		.listens = local_cloud_name(machine) ? LISTENS : 0,
		.octets = count_octets,
		.others = count_others,
		.ctx = l,
		.step = flow_step,
		.now = diagnose_now };
}

void ladder_flow(struct ladder *l)
{
	const struct event_sink in = { ladder_told, l };
	char own[CONF_DEVICE_NAME], machine[LOCAL_MACHINE];
	const char *cloud = local_cloud_name(machine);
	struct flow_for what = ladder_flow_for(l, own);

	l->came = (struct flow_came){ "", "" };
	if (!l->is_up)
		return;
	if (cloud)
		LADDER_STEP(l, "cloud",
			"this host runs in %s: packets from hosts behind the peer to hosts here "
			"are "
			"looked at while the test runs",
			cloud);
	if (look_at_port(l, &what))
		return;
	if (!addr_is_set(&what.theirs) || !what.our_nets.n || !what.their_nets.n)
		LADDER_STEP(l, "test flow", "none: the networks of both ends are not known here");
	else
		l->came = flow_run(&what, &in);
}
