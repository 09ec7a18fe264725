/* Lists and selectors of ipsec.conf: subnets, pools, source addresses, protocols and ports. */
#include "config/value.h"

#include "base/word.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { WORD = 160 };

/* ---- protocol and port ---- */

static const struct keyword_word protocols[] = { { "%any", 0 }, { "any", 0 }, { "icmp", 1 },
	{ "igmp", 2 }, { "ipip", 4 }, { "ipencap", 4 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6", 41 },
	{ "gre", 47 }, { "esp", 50 }, { "ah", 51 }, { "icmpv6", 58 }, { "ipv6-icmp", 58 },
	{ "ospf", 89 }, { "l2tp", 115 }, { "sctp", 132 }, { NULL, 0 } };
static const struct {
	const char *name;
	uint16_t port;
} ports[] = { { "%any", 0 }, { "any", 0 }, { "ssh", 22 }, { "smtp", 25 }, { "domain", 53 },
	{ "http", 80 }, { "kerberos", 88 }, { "ntp", 123 }, { "snmp", 161 }, { "bgp", 179 },
	{ "ldap", 389 }, { "https", 443 }, { "syslog", 514 }, { "ldaps", 636 }, { "l2tp", 1701 } };

/* A decimal number up to max; false when it is none. */
static bool number(const char *s, unsigned long max, unsigned long *ret)
{
	char *rest;

	if (*s < '0' || *s > '9' || strlen(s) > 5)
		return false;
	*ret = strtoul(s, &rest, 10);
	return *rest == '\0' && *ret <= max;
}

/* "tcp/443" to *protocol and *port, 0 for any. */
static bool read_protocol(const char *v, uint8_t *protocol, uint16_t *port)
{
	const char *slash = strchr(v, '/');
	char name[32];
	unsigned long p = 256, n = 0;

	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - v) : (int)strlen(v), v);
	for (const struct keyword_word *w = protocols; w->word; w++)
		if (strcasecmp(w->word, name) == 0)
			p = w->value;
	if (p == 256 && !number(name, 255, &p))
		return false;
	if (slash && !number(slash + 1, 65535, &n)) {
		size_t i = 0;

		while (i < COUNT(ports) && strcasecmp(ports[i].name, slash + 1) != 0)
			i++;
		if (i == COUNT(ports))
			return false;
		n = ports[i].port;
	}
	if (p == 0 && n != 0)
		return false;
	*protocol = (uint8_t)p;
	*port = (uint16_t)n;
	return true;
}

enum err value_read_protoport(struct conf_end *end, const char *v, char **what)
{
	if (!read_protocol(v, &end->protocol, &end->port))
		return value_wrong(what, v,
			"a protocol with or without a port, by name or number: tcp/443, udp, 47");
	return OK;
}

/* ---- subnets ---- */

static bool read_net(const char *net, struct ts *ret, const char *word, char **warning)
{
	struct prefix p;
	struct range r;

	if (strchr(net, '-')) {
		if (range_parse(net, &r))
			return false;
		*ret = ts_from_range(&r);
		return true;
	}
	if (prefix_parse(net, &p))
		return false;
	if (!prefix_is_clean(&p)) {
		char clean[PREFIX_STR];
		struct prefix q = prefix_clean(p);

		if (!*warning)
			*warning = xasprintf("\"%s\" has bits set behind its length; %s is used",
				word, prefix_format(&q, clean));
	}
	*ret = ts_from_prefix(&p);
	return true;
}

/* net/bits, A-B, A; with /protocol or /protocol/port behind. */
static bool read_selector(const char *word, struct ts *ret, char **warning)
{
	char net[WORD];
	const char *slash = strchr(word, '/'), *more;
	uint8_t protocol = 0;
	uint16_t port = 0;

	more = slash && !strchr(word, '-') ? strchr(slash + 1, '/') : slash;
	snprintf(net, sizeof(net), "%.*s", more ? (int)(more - word) : (int)strlen(word), word);
	if (!read_net(net, ret, word, warning))
		return false;
	if (more && !read_protocol(more + 1, &protocol, &port))
		return false;
	ret->protocol = protocol;
	if (port != 0)
		ret->port_first = ret->port_last = port;
	return true;
}

enum err value_read_subnets(struct ts_list *ret, const char *v, char **what, char **warning)
{
	struct ts_list l = { 0 };
	char word[WORD];

	if (strncasecmp(v, "vhost:", 6) == 0 || strncasecmp(v, "vnet:", 5) == 0) {
		*what = xasprintf("\"%.60s\" of IKEv1 is not done: for clients with leased "
				  "addresses write addresspool=; L2TP (type=transport) needs no "
				  "subnet, also behind NATs; with IKEv2 there is narrowing=yes",
			v);
		return ERR_VALUE;
	}
	while (value_next_word(&v, word, sizeof(word))) {
		if (l.n == CONF_SUBNETS_MAX) {
			*what = xasprintf("more than %d subnets", CONF_SUBNETS_MAX);
			return ERR_VALUE;
		}
		if (!read_selector(word, &l.ts[l.n], warning))
			return value_wrong(what, word,
				"a subnet: 10.0.1.0/24, 10.0.1.1-10.0.1.9 or 10.0.1.0/24/tcp/443");
		l.n++;
	}
	if (l.n == 0)
		return value_wrong(what, v, "a subnet like 10.0.1.0/24");
	*ret = l;
	return OK;
}

/* ---- addresses ---- */

static enum err read_addrs(const char *v, struct addr *ret, size_t max, size_t *n, char **what)
{
	char word[WORD];
	struct addr list[16];
	size_t got = 0;

	while (value_next_word(&v, word, sizeof(word))) {
		char *slash = strchr(word, '/');

		if (slash && (strcmp(slash, "/32") == 0 || strcmp(slash, "/128") == 0))
			*slash = '\0'; /* sourceip=10.0.1.1/32 */
		if (got == max) {
			*what = xasprintf("more than %zu addresses", max);
			return ERR_VALUE;
		}
		if (addr_parse(word, &list[got]))
			return value_wrong(what, word, "an address");
		got++;
	}
	if (got == 0)
		return value_wrong(what, v, "an address");
	memcpy(ret, list, got * sizeof(*list));
	*n = got;
	return OK;
}

enum err value_read_sourceip(struct conf_end *end, const char *v, char **what)
{
	struct range pool;

	if (strncasecmp(v, "%config", 7) == 0 || strncasecmp(v, "%modeconfig", 11) == 0) {
		*what = xasprintf("\"%s\" is strongSwan's; to be leased an address write "
				  "leftmodecfgclient=yes (rightmodecfgclient=, when right is this "
				  "end)",
			v);
		return ERR_VALUE;
	}
	if (!strchr(v, ',') && range_parse(v, &pool) == OK && !addr_eq(&pool.first, &pool.last)) {
		*what = xasprintf("\"%s\" is not an address but many; to lease them to the peer "
				  "write rightaddresspool=%s (leftaddresspool=, when left is the "
				  "peer)",
			v, v);
		return ERR_VALUE;
	}
	return read_addrs(v, end->sourceip, COUNT(end->sourceip), &end->n_sourceip, what);
}

enum err value_read_dns(struct conf_conn *conn, const char *v, char **what)
{
	return read_addrs(v, conn->modecfgdns, COUNT(conn->modecfgdns), &conn->n_modecfgdns, what);
}

enum err value_read_pool(struct conf_end *end, const char *v, char **what)
{
	char word[WORD];
	struct range pool[CONF_POOLS_MAX];
	size_t n = 0;

	while (value_next_word(&v, word, sizeof(word))) {
		if (n == CONF_POOLS_MAX) {
			*what = xasprintf("more than %d ranges", CONF_POOLS_MAX);
			return ERR_VALUE;
		}
		if (range_parse(word, &pool[n]))
			return value_wrong(
				what, word, "a range: 100.64.13.2-100.64.13.254 or 100.64.13.0/24");
		for (size_t i = 0; i < n; i++)
			if (range_overlap(&pool[i], &pool[n], &(struct range){ 0 }))
				return value_wrong(
					what, word, "free: it overlaps another range of this list");
		n++;
	}
	if (n == 0)
		return value_wrong(what, v, "a range: 100.64.13.2-100.64.13.254 or 100.64.13.0/24");
	memcpy(end->pool, pool, n * sizeof(*pool));
	end->n_pool = n;
	return OK;
}

enum err value_check_private(const char *v, char **what)
{
	char word[WORD];
	struct prefix p;

	while (value_next_word(&v, word, sizeof(word))) {
		const char *net = word + 4;
		bool known = strncasecmp(word, "%v4:", 4) == 0 || strncasecmp(word, "%v6:", 4) == 0;

		net += known && *net == '!';
		if (!known || prefix_parse(net, &p) || p.addr.family != word[2] - '0')
			return value_wrong(what, word,
				"like %v4:10.0.0.0/8, %v6:fd00::/8 or %v4:!10.1.0.0/16");
	}
	return OK;
}

/* ---- explain-to= ---- */

enum err value_check_nets(const char *v, char **what)
{
	char word[WORD], expected[128], hint[NEAREST_HINT];
	struct nearest near;
	struct range r;

	while (value_next_word(&v, word, sizeof(word))) {
		if (strcasecmp(word, "%peer") == 0 || strcasecmp(word, "%none") == 0 ||
			range_parse(word, &r) == OK)
			continue;
		near = nearest_to(word);
		nearest_try(&near, "%peer");
		nearest_try(&near, "%none");
		snprintf(expected, sizeof(expected),
			"an address, a network like 192.0.2.0/24, %%peer or %%none%s",
			nearest_hint(&near, hint));
		return value_wrong(what, word, expected);
	}
	return OK;
}

bool conf_nets_have(const char *nets, const struct addr *of_peer, const struct addr *a)
{
	char word[WORD];
	struct range r;

	while (value_next_word(&nets, word, sizeof(word))) {
		if (strcasecmp(word, "%peer") == 0 && addr_is_set(of_peer) && addr_eq(of_peer, a))
			return true;
		if (range_parse(word, &r) == OK && range_has(&r, a))
			return true;
	}
	return false;
}
