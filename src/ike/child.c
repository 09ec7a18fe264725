/* A Child SA in the data plane. */
#include "ike/child.h"

#include "ike/engine.h"
#include <inttypes.h>
#include <stdio.h>

void child_init(struct child *c, uint32_t serial, struct conn *conn)
{
	*c = (struct child){ .serial = serial, .conn = conn };
	c->is_transport = conn->conf->type == TYPE_TRANSPORT;
	conn_use(conn);
}

static void keys_done(struct child *c)
{
	secret_done(&c->encr_in);
	secret_done(&c->integ_in);
	secret_done(&c->encr_out);
	secret_done(&c->integ_out);
}

void child_done(struct ike *ike, struct child *c)
{
	child_remove(ike, c, DP_OUT);
	child_remove(ike, c, DP_IN);
	if (c->is_counted)
		conn_child_down(c->conn, c);
	if (c->reqid)
		conn_policy_leave(c->conn, c->reqid);
	keys_done(c);
	if (c->conn)
		conn_unuse(c->conn);
	*c = (struct child){ 0 };
}

static uint64_t max_bytes(const struct child *c)
{
	uint64_t ours = c->conn->conf->max_bytes;

	return c->max_bytes && (!ours || c->max_bytes < ours) ? c->max_bytes : ours;
}

const char *child_limit_name(uint8_t reason)
{
	return reason == DROP_seq_exhausted ? "used up" : "volume limit";
}

char *child_limit(const struct child *c, uint8_t reason, char t[static CHILD_LIMIT])
{
	uint64_t bytes = max_bytes(c), packets = c->conn->conf->max_packets;
	int n = 0;

	t[0] = '\0';
	if (reason == DROP_seq_exhausted) {
		snprintf(t, CHILD_LIMIT, "%s sequence numbers",
			c->suite.esn == ESN_YES ? "2^64" : "2^32");
		return t;
	}
	if (bytes)
		n = snprintf(t, CHILD_LIMIT, "%" PRIu64 " octets", bytes);
	if (packets)
		snprintf(t + n, CHILD_LIMIT - (size_t)n, "%s%" PRIu64 " packets", n ? ", " : "",
			packets);
	return t;
}

/* Views of c's keys: not to be freed. */
static struct dp_sa dp_sa_of(const struct child *c, enum dp_dir dir)
{
	const struct conf_conn *conf = c->conn->conf;
	struct suite suite = c->suite;
	struct dp_extra extra;

	conn_extra(c->conn, false, &extra);
	suite.integ = conn_integ(c->conn, suite.integ);
	return (struct dp_sa){
		.dir = (uint8_t)dir,
		.mode = c->is_transport ? DP_TRANSPORT : DP_TUNNEL,
		.serial = c->serial,
		.reqid = c->reqid,
		.spi = dir == DP_IN ? c->spi_in : c->spi_out,
		.local = c->local,
		.remote = c->remote,
		.encap = c->encap,
		.suite = suite,
		.encr_key = dir == DP_IN ? c->encr_in : c->encr_out,
		.integ_key = dir == DP_IN ? c->integ_in : c->integ_out,
		.replay_window = conf->replay_window,
		.ts_local = c->ts_local,
		.ts_remote = c->ts_remote,
		.soft_bytes = max_bytes(c) - max_bytes(c) / 10,
		.hard_bytes = max_bytes(c),
		.soft_packets = conf->max_packets - conf->max_packets / 10,
		.hard_packets = conf->max_packets,
		.mtu = conf->mtu,
		.dont_copy_df = conf->nopmtudisc,
		.decap_dscp = conf->decap_dscp,
		.dont_encap_dscp = !conf->encap_dscp,
		.tfc = c->takes_no_tfc ? 0 : conf->tfc,
		.extra = extra,
	};
}

uint32_t child_install(struct ike *ike, struct child *c, enum dp_dir dir, uint8_t kind)
{
	struct action a = { .dp = { .op = DP_SA_ADD, .dir = (uint8_t)dir, .serial = c->serial } };
	struct dp_sa sa;

	if (!c->reqid)
		c->reqid = conn_policy_join(c->conn, c);
	sa = dp_sa_of(c, dir);
	a.dp.reqid = c->reqid;
	a.dp.sa = &sa;
	*(dir == DP_IN ? &c->has_in : &c->has_out) = true;
	return ike_ask_dataplane(
		ike, ike_version_index(ike, c->conn->conf->version), c->serial, kind, &a);
}

uint32_t child_adopt(struct ike *ike, struct child *c, enum dp_dir dir, uint8_t kind)
{
	struct action a = { .dp = { .op = DP_SA_ADOPT,
				    .dir = (uint8_t)dir,
				    .serial = c->serial,
				    .reqid = c->reqid } };
	struct dp_sa sa = dp_sa_of(c, dir);

	a.dp.sa = &sa;
	*(dir == DP_IN ? &c->has_in : &c->has_out) = true;
	return ike_ask_dataplane(
		ike, ike_version_index(ike, c->conn->conf->version), c->serial, kind, &a);
}

uint32_t child_carries(struct child *c, uint8_t kind)
{
	if (c->is_counted)
		return 0;
	c->is_counted = true;
	return conn_child_up(c->conn, c, kind);
}

void child_remove(struct ike *ike, struct child *c, enum dp_dir dir)
{
	struct action a = { .dp = { .op = DP_SA_DEL, .dir = (uint8_t)dir, .serial = c->serial } };
	bool *has = dir == DP_IN ? &c->has_in : &c->has_out;

	if (!*has)
		return;
	*has = false;
	ike_tell_dataplane(ike, &a);
}

void child_farewell(struct ike *ike, struct child *c)
{
	struct action a = { .dp = { .op = DP_SA_QUERY, .serial = c->serial } };
	struct ike_ask ask = {
		.version = IKE_ASK_OURS,
		.kind = ASK_FAREWELL,
		.serial = c->conn->serial,
		.farewell_serial = c->serial,
		.request = conn_request(c->conn),
	};

	if (c->is_counted) {
		ike_request_hold(ike, ask.request);
		conn_use(c->conn);
		ike_ask_dataplane_as(ike, &ask, &a);
	}
	child_remove(ike, c, DP_OUT);
	child_remove(ike, c, DP_IN);
	if (c->is_counted) {
		c->is_counted = false;
		conn_child_down(c->conn, c);
	}
}

void child_move(struct ike *ike, struct child *c, const struct endpoint *local,
	const struct endpoint *remote, bool encap)
{
	struct action a = { .dp = { .op = DP_SA_MOVE,
				    .serial = c->serial,
				    .local = *local,
				    .remote = *remote,
				    .encap = encap } };

	c->local = *local;
	c->remote = *remote;
	c->encap = encap;
	if (c->has_in || c->has_out)
		ike_tell_dataplane(ike, &a);
	if (c->is_counted)
		conn_child_moved(c->conn, c);
}

uint32_t child_query(struct ike *ike, struct child *c, uint8_t kind)
{
	struct action a = { .dp = { .op = DP_SA_QUERY, .serial = c->serial } };

	return ike_ask_dataplane(
		ike, ike_version_index(ike, c->conn->conf->version), c->serial, kind, &a);
}
