/* Mode Config, the client (draft-dukes-ike-mode-cfg-02 4): asks for its address (pull), or is told
 * (push). What else a gateway says is not believed, but used: DNS servers and domains for the
 * user's script, Cisco's networks where ipsec.conf says that the peer is Cisco-like. */
#include "ikev1/transaction.h"
#include "ikev1/unity.h"

#include "base/word.h"
#include <stdlib.h>

static bool is_unity(const struct conn *c)
{
	return c->conf->cisco_unity || c->conf->cisco_split || c->conf->peer_type == PEER_CISCO;
}

void mode_config_ask(struct v1_sa *sa)
{
	static const uint16_t unity[] = { V1_UNITY_BANNER, V1_UNITY_DEF_DOMAIN,
		V1_UNITY_SPLITDNS_NAME, V1_UNITY_SPLIT_INCLUDE };
	struct v1_saying s;

	v1_saying_init(&s, V1_CFG_REQUEST);
	v1_saying_add(&s, V1_INTERNAL_IP4_ADDRESS, addr_bytes(&sa->conn->lease[0]));
	v1_attr_add(&s.a, V1_INTERNAL_IP4_NETMASK, BYTES_NONE);
	v1_attr_add(&s.a, V1_INTERNAL_IP4_DNS, BYTES_NONE);
	v1_attr_add(&s.a, V1_INTERNAL_IP4_NBNS, BYTES_NONE);
	for (size_t i = 0; i < COUNT(unity) && is_unity(sa->conn); i++)
		v1_attr_add(&s.a, unity[i], BYTES_NONE);
	V1_EMIT(sa, v1_cfg_asking, .state = ev_str("MODE_CFG_I1"));
	transaction_start(sa, &s.a, V1_MODECFG_C_ASKED);
}

/* ---- what it says ---- */

/* Nothing that could be ours to use: none, loopback, multicast and above. */
static bool is_usable(const struct addr *a)
{
	return a->family == 4 && a->b[0] != 0 && a->b[0] != 127 && a->b[0] < 224;
}

/* Of four octets; none otherwise. */
static struct addr addr_of(const struct v1_attr *v)
{
	return v->value.n == 4 ? addr_from(v->value) : (struct addr){ 0 };
}

static void take_dns(struct v1_sa *sa, const struct v1_attr *v)
{
	struct addr a = addr_of(v);

	if (!is_usable(&a))
		return;
	conn_dns_add_server(sa->conn, &a);
	V1_EMIT(sa, v1_cfg_dns, .address = ev_addr(a));
}

static void take_domain(struct v1_sa *sa, struct bytes name)
{
	char text[4 * DNS_NAME_MAX + 1];

	event_escape(bytes_of(name.p, MIN(name.n, (size_t)DNS_NAME_MAX)), text, sizeof(text));
	if (!is_dns_name(name)) {
		V1_EMIT(sa, v1_cfg_domain_ignored, .domain = ev_str(text));
		return;
	}
	if (word_in(sa->conn->dns.domains, text))
		return; /* the client's own domain is one of the server's, mostly */
	conn_dns_add_domain(sa->conn, name);
	V1_EMIT(sa, v1_cfg_domain, .domain = ev_str(text));
}

/* One, or several with commas or blanks between them, and a NUL behind them as some have it. */
static void take_domains(struct v1_sa *sa, struct bytes v)
{
	size_t from = 0;

	for (size_t i = 0; i <= v.n; i++) {
		if (i < v.n && v.p[i] != ',' && v.p[i] != ' ' && v.p[i] != '\0')
			continue;
		if (i > from)
			take_domain(sa, bytes_of(v.p + from, i - from));
		from = i + 1;
	}
}

static void take_banner(struct v1_sa *sa, struct bytes v)
{
	char text[4 * LIMIT_BANNER + 1];

	v.n = MIN(v.n, (size_t)LIMIT_BANNER);
	if (v.n == 0)
		return;
	event_escape(v, text, sizeof(text));
	free(sa->conn->xauth.banner);
	sa->conn->xauth.banner = xstrdup(text);
	V1_EMIT(sa, v1_cfg_banner, .text = ev_str(text));
}

static void take_split(struct v1_sa *sa, struct bytes v)
{
	struct conn *c = sa->conn;
	struct ts_list split;
	char text[TS_LIST_STR];

	v1_split_parse(v, &split);
	V1_EMIT(sa, v1_cfg_split, .networks = ev_str(ts_list_format(&split, text)),
		.use = ev_str(is_unity(c) ? ""
					  : "ignored: neither cisco-split=yes nor "
					    "remote-peer-type=cisco"));
	if (!is_unity(c) || split.n == 0)
		return;
	if (!c->split)
		c->split = xalloc(sizeof(*c->split));
	*c->split = split;
}

static void take_one(struct v1_sa *sa, const struct v1_attr *v)
{
	switch (v->type) {
	case V1_INTERNAL_IP4_DNS:
		take_dns(sa, v);
		return;
	case V1_UNITY_DEF_DOMAIN:
	case V1_UNITY_SPLITDNS_NAME:
		take_domains(sa, v->value);
		return;
	case V1_UNITY_BANNER:
		take_banner(sa, v->value);
		return;
	case V1_UNITY_SPLIT_INCLUDE:
		take_split(sa, v->value);
		return;
	default:
		return;
	}
}

static void take_rest(struct v1_sa *sa, const struct v1_attrs *a)
{
	struct conn *c = sa->conn;

	conn_dns_clear(c);
	free(c->split);
	c->split = NULL;
	for (size_t i = 0; i < a->n; i++)
		take_one(sa, &a->attr[i]);
}

/* The address it lends us. Tunnels that are up have the old one in their selectors. */
static enum err take_address(struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *v = v1_attr_find(a, V1_INTERNAL_IP4_ADDRESS);
	struct addr *lease = &sa->conn->lease[0], got = { 0 };

	if (v)
		got = addr_of(v);
	if (!is_usable(&got)) {
		V1_EMIT(sa, v1_cfg_no_address, .why = ev_str("the peer gives none"));
		return ERR_MISSING;
	}
	if (sa->conn->n_children && !addr_eq(lease, &got)) {
		V1_EMIT(sa, v1_cfg_other_address, .address = ev_addr(got), .old = ev_addr(*lease));
		return ERR_MISMATCH;
	}
	*lease = got;
	V1_EMIT(sa, v1_cfg_address, .address = ev_addr(got));
	return OK;
}

static void acknowledge(struct v1_sa *sa, const struct v1_attrs *a)
{
	struct v1_saying s;

	/* draft-dukes-ike-mode-cfg-02 3.3: what is accepted, with empty values */
	v1_saying_init(&s, V1_CFG_ACK);
	for (size_t i = 0; i < a->n; i++)
		v1_attr_add(&s.a, a->attr[i].type, BYTES_NONE);
	transaction_answer(sa, &s.a);
}

static void take(struct v1_sa *sa, const struct v1_attrs *a)
{
	enum err e = take_address(sa, a);

	if (e != OK) {
		transaction_fail(sa, EXIT_IKE_TS);
		return;
	}
	take_rest(sa, a);
	sa->has_config = true;
	transaction_over(sa);
}

void mode_config_replied(struct v1_sa *sa, const struct v1_attrs *a)
{
	take(sa, a);
}

void mode_config_set(struct v1_sa *sa, const struct v1_attrs *a)
{
	acknowledge(sa, a);
	take(sa, a);
}

void mode_config_set_again(struct v1_sa *sa, const struct v1_attrs *a)
{
	acknowledge(sa, a);
	take_rest(sa, a);
}

/* ---- Quick Mode ---- */

bool v1_split(const struct v1_sa *sa, const struct conn *c, const struct ts_list *wire,
	struct ts_list *ret)
{
	struct ts_list allowed;

	if (sa->has_told_split) {
		conn_ts_ours(c, &allowed);
		return v1_split_narrow(wire, &allowed, &allowed, ret);
	}
	if (!c->split)
		return false;
	conn_ts_theirs(c, &allowed);
	return v1_split_narrow(wire, &allowed, c->split, ret);
}
