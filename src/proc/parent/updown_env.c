/* Nothing that a peer sent reaches a script unchecked: identities are escaped, domains are DNS
 * names, the rest are addresses and numbers. */
#include "proc/parent/updown_env.h"

#include "base/word.h"
#include "event/event.h"
#include "ipsec/limits.h"
#include "ipsec/ts.h"
#include "proc/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct env {
	char **v;
	size_t n;
};

static void put(struct env *e, const char *name, const char *value)
{
	e->v = xrealloc(e->v, (e->n + 2) * sizeof(*e->v));
	e->v[e->n++] = xasprintf("%s=%s", name, value);
	e->v[e->n] = NULL;
}

static void put_u64(struct env *e, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put(e, name, text);
}

static void put_spi(struct env *e, const char *name, uint32_t spi)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08" PRIx32, spi);
	put(e, name, text);
}

static void put_addr(struct env *e, const char *name, const struct addr *a)
{
	char text[ADDR_STR];

	put(e, name, addr_format(a, text));
}

/* "PLUTO_PEER_CLIENT" of "PEER", "_CLIENT" */
static const char *name_of(char *s, size_t n, const char *who, const char *what)
{
	snprintf(s, n, "PLUTO_%s%s", who, what);
	return s;
}

static bool is_harmless(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr(" +,-./:=@\\_%", c);
}

/* A script may put it into a command: what a shell knows becomes \xNN, as event_escape() has it. */
static void put_clean(struct env *e, const char *name, const char *text)
{
	char clean[4 * ID_STR] = "";
	size_t n = 0;

	for (const char *c = text; *c && n + 5 < sizeof(clean); c++)
		n += (size_t)snprintf(clean + n, sizeof(clean) - n,
			is_harmless(*c) ? "%c" : "\\x%02x", (unsigned char)*c);
	put(e, name, clean);
}

static void put_id(struct env *e, const char *name, const struct ipc_id *i)
{
	struct id id = { 0 };
	char text[ID_STR];

	if (ipc_id_take(i, &id) == OK)
		put_clean(e, name, id_format(&id, text, sizeof(text)));
	id_done(&id);
}

static struct addr mask_of(const struct prefix *p)
{
	struct addr a = { .family = p->addr.family };

	for (unsigned i = 0; i < p->bits; i++)
		a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return a;
}

static void put_net(struct env *e, const char *who, const struct ts *ts)
{
	char name[40], text[RANGE_STR];
	struct prefix p;
	struct addr mask;

	put(e, name_of(name, sizeof(name), who, "_CLIENT"), range_format(&ts->range, text));
	put_addr(e, name_of(name, sizeof(name), who, "_CLIENT_NET"), &ts->range.first);
	if (range_is_prefix(&ts->range, &p)) {
		mask = mask_of(&p);
		put_addr(e, name_of(name, sizeof(name), who, "_CLIENT_MASK"), &mask);
	}
	put_u64(e, name_of(name, sizeof(name), who, "_PROTOCOL"), ts->protocol);
	put_u64(e, name_of(name, sizeof(name), who, "_PORT"), ts->port_first);
}

static void put_dns(struct env *e, const struct msg_updown *m)
{
	char text[LIMIT_DNS_SERVERS * (ADDR_STR + 1)] = "", a[ADDR_STR];
	char domains[LIMIT_DNS_DOMAINS * (DNS_NAME_MAX + 1) + 1] = "";
	const char *list = m->domains, *word;
	struct rd r = rd_from(m->dns);
	size_t n = 0, at = 0, n_domains = 0;

	for (size_t i = 0; i < LIMIT_DNS_SERVERS && rd_more(&r); i++) {
		struct addr one = addr_get(&r);

		if (addr_is_set(&one))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
				addr_format(&one, a));
	}
	put(e, "PLUTO_PEER_DNS_INFO", text);
	at = 0;
	while ((word = word_next(&list, &n)) && n_domains++ < LIMIT_DNS_DOMAINS)
		if (is_dns_name(bytes_of(word, n)))
			at += (size_t)snprintf(domains + at, sizeof(domains) - at, "%s%.*s",
				at ? " " : "", (int)n, word);
	put(e, "PLUTO_PEER_DOMAIN_INFO", domains);
}

static void put_tunnel(struct env *e, const struct msg_updown *m, const struct updown_about *a)
{
	bool is_v6 = m->local.addr.family == 6;

	put(e, "PLUTO_CONNECTION_TYPE",
		a->conf && a->conf->type == TYPE_TRANSPORT ? "transport" : "tunnel");
	put(e, "PLUTO_SA_TYPE", "ESP");
	put(e, "PLUTO_STACK", a->has_kernel_plane ? "xfrm" : "user");
	put_addr(e, "PLUTO_ME", &m->local.addr);
	put_addr(e, "PLUTO_PEER", &m->remote.addr);
	put(e, "PLUTO_CONN_ADDRFAMILY", is_v6 ? "ipv6" : "ipv4");
	put_id(e, "PLUTO_MY_ID", &m->ours);
	put_id(e, "PLUTO_PEER_ID", &m->theirs);
	put(e, "PLUTO_PEER_CA", "");
	put_u64(e, "PLUTO_SA_REQID", m->reqid);
	put_spi(e, "SPI_IN", m->spi_in);
	put_spi(e, "SPI_OUT", m->spi_out);
	put_u64(e, "PLUTO_ADDTIME", m->add_time);
	put_u64(e, "PLUTO_INBYTES", m->in_bytes);
	put_u64(e, "PLUTO_OUTBYTES", m->out_bytes);
}

static void put_conn(struct env *e, const struct msg_updown *m)
{
	put(e, "PLUTO_CONN_KIND", m->is_instance ? "CK_INSTANCE" : "CK_PERMANENT");
	put_clean(e, "PLUTO_CONN_POLICY", m->policy);
	if (m->metric)
		put_u64(e, "PLUTO_METRIC", m->metric);
	if (m->mtu)
		put_u64(e, "PLUTO_MTU", m->mtu);
	put(e, "PLUTO_CFG_CLIENT", m->is_cfg_client ? "1" : "0");
	put(e, "PLUTO_CFG_SERVER", m->is_cfg_server ? "1" : "0");
	put(e, "PLUTO_IS_PEER_CISCO", m->is_cisco ? "1" : "0");
	put_clean(e, "PLUTO_PEER_BANNER", m->banner);
	if (*m->user)
		put_clean(e, "PLUTO_USERNAME", m->user);
	put(e, "XAUTH_FAILED", m->has_failed_xauth ? "1" : "0");
}

static void put_prefix(struct env *e, const char *name, const struct prefix *p)
{
	char text[PREFIX_STR];

	if (addr_is_set(&p->addr))
		put(e, name, prefix_format(p, text));
}

static void put_mark(struct env *e, const char *name, uint32_t value, uint32_t mask)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu32 "/0x%08" PRIx32, value, mask);
	if (mask)
		put(e, name, text);
}

/* ESP goes past routes to an xfrm interface by its mark; a script whose routes take the peer along
 * needs to know it. */
static void put_device(struct env *e, const struct msg_updown *m, const struct conf_conn *conf,
	const struct ts *peer)
{
	const struct conf_end *ours =
		conf ? conf->local_is_left ? &conf->left : &conf->right : NULL;
	char device[CONF_DEVICE_NAME] = TUN_NAME;

	if (conf)
		(void)conf_device_name(conf, device);
	put(e, "PLUTO_VIRT_INTERFACE", device);
	put_mark(e, "CONNMARK_IN", m->mark_in, m->mark_in_mask);
	put_mark(e, "CONNMARK_OUT", m->mark_out, m->mark_out_mask);
	if (conf && conf->if_id) {
		put(e, "PLUTO_XFRMI_ROUTE", "yes");
		if (range_has(&peer->range, &m->remote.addr))
			put_mark(e, "PLUTO_XFRMI_FWMARK", IPSEC_FWMARK, UINT32_MAX);
		put_prefix(e, "INTERFACE_IP", &ours->interface_ip);
	} else if (conf && conf->vti_interface) {
		put(e, "VTI_IFACE", device);
		put(e, "VTI_ROUTING", conf->vti_routing ? "yes" : "no");
		put(e, "VTI_SHARED", conf->vti_shared ? "yes" : "no");
		put_prefix(e, "VTI_IP", &ours->vti);
	}
}

char **updown_env(const struct msg_updown *m, const struct updown_about *about)
{
	struct env e = { 0 };
	struct rd r = rd_from(m->ts);
	struct ts_list ts = { 0 };

	put(&e, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	put(&e, "PLUTO_VERB", m->verb);
	put(&e, "PLUTO_CONNECTION", m->conn);
	if (about->interface)
		put(&e, "PLUTO_INTERFACE", about->interface);
	put_tunnel(&e, m, about);
	put_conn(&e, m);
	if (addr_is_set(&m->source))
		put_addr(&e, "PLUTO_MY_SOURCEIP", &m->source);
	put_dns(&e, m);
	if (ts_list_get(&r, &ts) == OK && ts.n == 2) {
		put(&e, "PLUTO_CLIENT_FAMILY", ts.ts[0].range.first.family == 6 ? "ipv6" : "ipv4");
		put_net(&e, "MY", &ts.ts[0]);
		put_net(&e, "PEER", &ts.ts[1]);
	}
	put_device(&e, m, about->conf, &ts.ts[1]);
	return e.v;
}

void updown_env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}
