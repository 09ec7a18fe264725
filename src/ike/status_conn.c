/* The lines of one connection in ipsec status: who, where, how long, what policy. */
#include "ike/status_conn.h"

#include <inttypes.h>
#include <stdio.h>

#define REPLY(name, ...) EMIT(&ike->env.events, ike->now, about, name, __VA_ARGS__)

struct line {
	char s[TS_LIST_STR + ID_STR + 2 * ENDPOINT_STR];
	size_t n;
};

static void add(struct line *l, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof(l->s) - l->n)
		n = sizeof(l->s) - l->n - 1;
	memcpy(l->s + l->n, text, n);
	l->s[l->n += n] = '\0';
}

static void host(struct line *l, const struct conf_end *e, const struct endpoint *at)
{
	char a[ADDR_STR], port[8];

	if (addr_is_set(&at->addr))
		add(l, addr_format(&at->addr, a));
	else
		add(l, "%any");
	if (e->ikeport && e->ikeport != 500) {
		snprintf(port, sizeof(port), ":%u", e->ikeport);
		add(l, port);
	}
	if (e->host_kind == HOST_NAME && e->host_name) {
		add(l, "<");
		add(l, e->host_name);
		add(l, ">");
	}
}

/* is_any: that it may be any is worth a word. */
static void id(struct line *l, const struct id *i, const struct addr *a, bool is_any)
{
	char text[ID_STR], own[ADDR_STR];

	id_format(i, text, sizeof(text));
	if (i->type == ID_NONE ? !is_any : strcmp(text, addr_format(a, own)) == 0)
		return; /* it says no more than the address */
	add(l, "[");
	add(l, text);
	add(l, "]");
}

/* net===host[id] for our end, host[id]===net for theirs */
static void end(struct line *l, const struct conf_end *e, const struct endpoint *at,
	const struct id *who, bool is_ours)
{
	char nets[TS_LIST_STR], pool[RANGE_STR];

	l->n = 0;
	l->s[0] = '\0';
	ts_list_format(&e->subnet, nets);
	if (is_ours && e->subnet.n) {
		add(l, nets);
		add(l, "===");
	}
	host(l, e, at);
	id(l, who, &at->addr, !is_ours && e->id.type == ID_ANY && e->host_kind != HOST_ANY);
	if (!is_ours && e->n_pool) {
		add(l, "==={");
		add(l, range_format(&e->pool[0], pool));
		add(l, "}");
	} else if (!is_ours && e->subnet.n) {
		add(l, "===");
		add(l, nets);
	}
}

static const char *routing(const struct conn *c)
{
	switch (conn_routing(c)) {
	case CONN_UNROUTED:
		return "unrouted";
	case CONN_TRAP:
		return "prospective erouted";
	case CONN_TUNNEL:
		return "erouted";
	}
	return "unrouted";
}

static const char *addr_or_unset(const struct addr *a, char *s)
{
	return addr_is_set(a) ? addr_format(a, s) : "unset";
}

static const char *xauth_role(const struct conf_end *e)
{
	return e->xauthserver ? "server" : e->xauthclient ? "client" : "none";
}

static const char *user_or_any(const struct conf_end *e)
{
	return e->username ? e->username : "[any]";
}

static void who(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	const char *auth = conn_is_shunt(c) ? "never" : "secret";
	struct line ours, theirs;
	char a[ADDR_STR], b[ADDR_STR], i[ID_STR], k[ID_STR];

	end(&ours, c->ours, &c->local, &c->our_id, true);
	end(&theirs, c->theirs, &c->remote, &c->their_id, false);
	REPLY(connection_topology, .ours = ev_str(ours.s), .theirs = ev_str(theirs.s),
		.routing = ev_str(routing(c)), .owner = ev_u64(c->newest_child));
	REPLY(connection_state, .oriented = ev_str(c->is_oriented ? "oriented" : "unoriented"),
		.my_ip = ev_str(addr_or_unset(&c->lease[0], a)),
		.their_ip = ev_str(addr_or_unset(&c->theirs->sourceip[0], b)),
		.updown = ev_str(c->ours->updown ? c->ours->updown : "built in"));
	REPLY(connection_xauth, .us = ev_str(xauth_role(c->ours)),
		.them = ev_str(xauth_role(c->theirs)), .ours = ev_str(user_or_any(c->ours)),
		.theirs = ev_str(user_or_any(c->theirs)));
	REPLY(connection_auth, .ours = ev_str(auth), .theirs = ev_str(auth));
	REPLY(connection_ids, .our_type = ev_str(id_type_name(c->our_id.type)),
		.our_id = ev_str(id_format(&c->our_id, i, sizeof(i))),
		.their_type = ev_str(id_type_name(c->their_id.type)),
		.their_id = ev_str(id_format(&c->their_id, k, sizeof(k))));
}

static const char *role(const struct conf_end *e)
{
	return e->modecfgserver ? "server" : e->modecfgclient ? "client" : "none";
}

/* What a server tells its clients, or what a client was told. */
static void modecfg(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	bool was_told = c->dns.n_server != 0 || c->dns.n_domain != 0;
	const struct addr *server = was_told ? c->dns.server : c->conf->modecfgdns;
	size_t n = was_told ? c->dns.n_server : c->conf->n_modecfgdns, at = 0;
	const char *domains = was_told ? c->dns.domains : c->conf->modecfgdomains;
	char dns[(CONF_DNS_MAX + LIMIT_DNS_SERVERS) * (ADDR_STR + 2)] = "unset", a[ADDR_STR];

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(dns + at, sizeof(dns) - at, "%s%s", at ? ", " : "",
			addr_format(&server[i], a));
	REPLY(connection_modecfg, .us = ev_str(role(c->ours)), .them = ev_str(role(c->theirs)),
		.policy = ev_str(c->conf->modecfgpull ? "pull" : "push"), .dns = ev_str(dns),
		.domains = ev_str(domains ? domains : "unset"));
	if (c->conf->modecfgbanner)
		REPLY(connection_banner, .banner = ev_str(c->conf->modecfgbanner));
}

static const char *limit(uint64_t v, const char *unit, char *s, size_t n)
{
	if (v == 0)
		snprintf(s, n, "2^63%s", unit);
	else
		snprintf(s, n, "%" PRIu64 "%s", v, unit);
	return s;
}

static void dead_peers(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	static const char *const action[] = { "hold", "clear", "restart", "none" };
	const struct conf_conn *k = c->conf;
	const char *mode = k->dpddelay ? "active" : "passive";
	uint64_t delay = (uint64_t)(k->dpddelay / NS_S);

	if (k->version == VERSION_IKEV1)
		REPLY(connection_dpd_v1, .mode = ev_str(mode),
			.action = ev_str(action[MIN(k->dpdaction, DPDACTION_NONE)]),
			.delay = ev_u64(delay),
			.timeout = ev_u64((uint64_t)(k->dpdtimeout / NS_S)));
	else
		REPLY(connection_dpd, .mode = ev_str(mode), .delay = ev_u64(delay),
			.timeout = ev_u64((uint64_t)(k->retransmit_timeout / NS_S)));
}

static void how_long(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	const struct conf_conn *k = c->conf;
	char bytes[32], packets[32];

	REPLY(connection_life, .ike_life = ev_u64((uint64_t)(k->ikelifetime / NS_S)),
		.ipsec_life = ev_u64((uint64_t)(k->salifetime / NS_S)),
		.max_bytes = ev_str(limit(k->max_bytes, "B", bytes, sizeof(bytes))),
		.max_packets = ev_str(limit(k->max_packets, "", packets, sizeof(packets))),
		.replay_window = ev_u64(k->replay_window),
		.rekey_margin = ev_u64((uint64_t)(k->rekeymargin / NS_S)),
		.rekey_fuzz = ev_u64(k->rekeyfuzz));
	REPLY(connection_retransmit, .interval = ev_u64((uint64_t)(k->retransmit_interval / NS_MS)),
		.timeout = ev_u64((uint64_t)(k->retransmit_timeout / NS_S)));
	dead_peers(ike, c, about);
}

/* Of the first network; a host, or no single network: all bits. */
static unsigned net_bits(const struct ts_list *l, const struct addr *host)
{
	struct prefix p;

	if (l->n == 0)
		return addr_bits(host->family == 6 ? 6 : 4);
	return range_is_prefix(&l->ts[0].range, &p) ? p.bits
						    : addr_bits(l->ts[0].range.first.family);
}

const char *conn_shunt_word(const struct conn *c)
{
	return c->conf->type == TYPE_PASS ? "pass" : conn_is_shunt(c) ? "drop" : "trap";
}

char *conn_policy_text(const struct conn *c, char *s)
{
	enum { SHUNT_WORDS = 6 }; /* what comes behind them belongs to IKE */
	const struct conf_conn *k = c->conf;
	bool is_v1 = k->version == VERSION_IKEV1;
	const struct {
		bool is;
		const char *word;
	} word[] = {
		{ conn_is_shunt(c), "AUTH_NEVER" },
		{ c->is_routed && conn_is_shunt(c), "+ROUTE" },
		{ k->type == TYPE_PASS, "+PASS" },
		{ k->type == TYPE_DROP, "+DROP" },
		{ k->type == TYPE_REJECT, "+REJECT" },
		{ conn_is_shunt(c), "+NEVER_NEGOTIATE" },
		{ k->version == VERSION_IKEV2, "IKEv2" },
		{ k->version == VERSION_IKEV1, "IKEv1" },
		{ (k->authby & AUTHBY_SECRET) != 0, "+PSK" },
		{ true, "+ENCRYPT" },
		{ k->type == TYPE_TUNNEL, "+TUNNEL" },
		{ k->type == TYPE_TRANSPORT, "+TRANSPORT" },
		{ k->pfs != YNA_NO, "+PFS" },
		{ k->sha2_truncbug, "+SHA2_TRUNCBUG" },
		{ !k->rekey, "+DONT_REKEY" },
		{ k->reauth, "+REAUTH" },
		{ c->is_routed, "+ROUTE" },
		{ c->must_be_up, "+UP" },
		{ is_v1 && (k->left.xauthclient || k->right.xauthclient), "+XAUTH" },
		{ is_v1 && k->modecfgpull, "+MODECFG_PULL" },
		{ is_v1 && k->aggressive, "+AGGRESSIVE" },
		{ k->narrowing, "+IKEV2_ALLOW_NARROWING" },
		{ k->fragmentation == FRAG_YES, "+IKE_FRAG_ALLOW" },
		{ k->fragmentation == FRAG_FORCE, "+IKE_FRAG_FORCE" },
		{ k->esn != CONF_ESN_YES, "+ESN_NO" },
		{ k->esn != CONF_ESN_NO, "+ESN_YES" },
	};
	size_t n = 0;

	for (size_t i = 0; i < (conn_is_shunt(c) ? SHUNT_WORDS : COUNT(word)); i++)
		if (word[i].is)
			n += (size_t)snprintf(s + n, CONN_POLICY_STR - n, "%s", word[i].word);
	return s;
}

/* What only the kernel's ESP can do. */
static void for_kernel(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	static const char *const offload[] = { "no", "crypto", "packet", "auto" };
	char mark[64] = "unset";
	struct dp_extra x;

	conn_extra(c, true, &x);
	if (x.mark_in.mask || x.mark_out.mask)
		snprintf(mark, sizeof(mark),
			"%" PRIu32 "/0x%08" PRIx32 ", %" PRIu32 "/0x%08" PRIx32, x.mark_in.value,
			x.mark_in.mask, x.mark_out.value, x.mark_out.mask);
	REPLY(connection_kernel, .mark = ev_str(mark),
		.vti = ev_str(c->conf->vti_interface ? c->conf->vti_interface : "unset"),
		.routing = ev_str(c->conf->vti_routing ? "yes" : "no"),
		.shared = ev_str(c->conf->vti_shared ? "yes" : "no"),
		.offload = ev_str(offload[MIN(c->conf->nic_offload, OFFLOAD_AUTO)]));
}

static void policy(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	static const char *const method[] = { "rfc+drafts", "rfc", "drafts", "none" };
	const struct conf_conn *k = c->conf;
	char nets[16], mtu[16] = "unset", prio[16] = "auto", tfc[16] = "none";
	char words[CONN_POLICY_STR], device[CONF_DEVICE_NAME] = "ipsec0";

	(void)conf_device_name(k, device);
	REPLY(connection_policy, .policy = ev_str(conn_policy_text(c, words)));
	if (k->mtu)
		snprintf(mtu, sizeof(mtu), "%u", k->mtu);
	if (k->priority)
		snprintf(prio, sizeof(prio), "%u", k->priority);
	if (k->tfc)
		snprintf(tfc, sizeof(tfc), "%u", k->tfc);
	snprintf(nets, sizeof(nets), "%u,%u", net_bits(&c->ours->subnet, &c->local.addr),
		net_bits(&c->theirs->subnet, &c->remote.addr));
	REPLY(connection_prio, .prio = ev_str(nets), .interface = ev_str(device),
		.metric = ev_u64(k->metric), .mtu = ev_str(mtu), .sa_prio = ev_str(prio),
		.tfc = ev_str(tfc));
	REPLY(connection_nat,
		.encapsulation = ev_str(k->encapsulation == YNA_YES    ? "yes"
					: k->encapsulation == YNA_AUTO ? "auto"
								       : "no"),
		.keepalive = ev_str(k->nat_keepalive ? "20s" : "no"),
		.method = ev_str(k->version == VERSION_IKEV1
					 ? method[MIN(k->nat_ikev1_method, NAT_METHOD_NONE)]
					 : ""));
}

/* What is asked of the packet filter, and what it does: for the first of the connection's policies
 * that it does something for. */
static void filter(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	static const char *const exempt[] = {
		[YNA_NO] = "no", [YNA_YES] = "yes", [YNA_AUTO] = "auto"
	};
	const struct conn_policy *p, *some = NULL;
	char mss[16], now[16] = "";

	list_each (p, &c->policies, struct conn_policy, node)
		if (!some && (p->filter.mss || p->filter.rule))
			some = p;
	snprintf(mss, sizeof(mss), "%u", c->conf->mss);
	if (some && some->filter.mss)
		snprintf(now, sizeof(now), "%u", some->filter.mss);
	REPLY(connection_filter,
		.mss = ev_str(c->conf->mss == 0		      ? "off"
			      : c->conf->mss == CONF_MSS_AUTO ? "auto"
							      : mss),
		.mss_now = ev_str(now), .nat_exempt = ev_str(exempt[c->conf->nat_exempt]),
		.exempt_now = ev_str(!some		      ? ""
				     : some->filter.is_exempt ? "in force"
				     : *some->filter.rule     ? "missing"
							      : "not needed"),
		.rule = ev_str(some ? some->filter.rule : ""),
		.refused = ev_str(some ? some->filter.error : ""));
}

static void newest(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	char template[16] = "";

	if (c->template)
		snprintf(template, sizeof(template), "%u", c->template->serial);
	REPLY(connection_newest, .ike_sa = ev_u64(c->newest_ike),
		.child_sa = ev_u64(c->newest_child), .serial = ev_u64(c->serial),
		.template = ev_str(template));
}

void status_conn(struct ike *ike, const struct conn *c, const struct event_about *about)
{
	who(ike, c, about);
	modecfg(ike, c, about);
	how_long(ike, c, about);
	policy(ike, c, about);
	for_kernel(ike, c, about);
	filter(ike, c, about);
	newest(ike, c, about);
}
