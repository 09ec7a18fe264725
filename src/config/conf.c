/* Connections and setup as values: free, copy, compare, find; and their form between our processes.
 */
#include "config/conf.h"

#include "ipsec/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void end_done(struct conf_end *e)
{
	free(e->host_name);
	id_done(&e->id);
	free(e->updown);
	free(e->username);
}

void conf_conn_free(struct conf_conn *c)
{
	if (!c)
		return;
	free(c->name);
	free(c->aliases);
	free(c->file);
	free(c->ike_from);
	free(c->esp_from);
	end_done(&c->left);
	end_done(&c->right);
	free(c->ike);
	free(c->esp);
	free(c->modecfgdomains);
	free(c->modecfgbanner);
	free(c->debug);
	free(c->vti_interface);
	free(c->explain_to);
	free(c);
}

void conf_setup_done(struct conf_setup *s)
{
	free(s->logfile);
	free(s->plutodebug);
	free(s->secretsfile);
	free(s->ipsecdir);
	free(s->virtual_private);
	free(s->myvendorid);
	*s = (struct conf_setup){ 0 };
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	conf_setup_done(&c->setup);
	for (size_t i = 0; i < c->n; i++)
		conf_conn_free(c->conn[i]);
	for (size_t i = 0; i < c->n_issue; i++) {
		free(c->issue[i].file);
		free(c->issue[i].conn);
		free(c->issue[i].text);
	}
	free(c->conn);
	free(c->issue);
	free(c);
}

bool conf_conn_is_called(const struct conf_conn *c, const char *name)
{
	return strcmp(c->name, name) == 0 || word_in(c->aliases, name);
}

bool conf_device_name(const struct conf_conn *c, char *ret)
{
	if (c->if_id)
		snprintf(ret, CONF_DEVICE_NAME, "ipsec%" PRIu32,
			c->if_id == CONF_IF_ID_ZERO ? 0 : c->if_id);
	else if (c->vti_interface)
		snprintf(ret, CONF_DEVICE_NAME, "%s", c->vti_interface);
	return c->if_id || c->vti_interface;
}

const struct conf_conn *conf_find(const struct conf *c, const char *name, size_t i)
{
	for (size_t k = 0; k < c->n; k++)
		if (conf_conn_is_called(c->conn[k], name) && i-- == 0)
			return c->conn[k];
	return NULL;
}

static struct nearest nearest_name(const struct conf *c, const char *name)
{
	struct nearest best = nearest_to(name);

	for (size_t i = 0; i < c->n; i++)
		nearest_try(&best, c->conn[i]->name);
	return best;
}

const char *conf_nearest(const struct conf *c, const char *name)
{
	struct nearest best = nearest_name(c, name);

	return best.word ? best.word : "";
}

char *conf_hint(const struct conf *c, const char *name, char s[NEAREST_HINT])
{
	struct nearest best = nearest_name(c, name);

	return nearest_hint(&best, s);
}

/* ---- between our processes: every field in the order of the struct ---- */

static void str_put(struct wr *w, const char *s)
{
	wr_u8(w, s != NULL);
	if (s) {
		wr_u32(w, (uint32_t)strlen(s));
		wr_bytes(w, bytes_str(s));
	}
}

static char *str_get(struct rd *r)
{
	struct bytes b;
	uint32_t n;
	char *s;

	if (!rd_flag(r))
		return NULL;
	n = rd_u32(r);
	b = rd_bytes(r, n);
	if (b.n != 0 && memchr(b.p, 0, b.n))
		rd_fail(r);
	s = xalloc(b.n + 1);
	if (b.n != 0)
		memcpy(s, b.p, b.n);
	return s;
}

static void ranges_put(struct wr *w, const struct range *r, size_t n)
{
	wr_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		addr_put(w, &r[i].first);
		addr_put(w, &r[i].last);
	}
}

static size_t ranges_get(struct rd *r, struct range *ret, size_t max)
{
	size_t n = rd_u8(r);

	if (n > max)
		rd_fail(r);
	for (size_t i = 0; i < n && !r->failed; i++) {
		ret[i].first = addr_get(r);
		ret[i].last = addr_get(r);
	}
	return r->failed ? 0 : n;
}

static void addrs_put(struct wr *w, const struct addr *a, size_t n)
{
	wr_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		addr_put(w, &a[i]);
}

static size_t addrs_get(struct rd *r, struct addr *ret, size_t max)
{
	size_t n = rd_u8(r);

	if (n > max)
		rd_fail(r);
	for (size_t i = 0; i < n && !r->failed; i++)
		ret[i] = addr_get(r);
	return r->failed ? 0 : n;
}

static void prefix_put(struct wr *w, const struct prefix *p)
{
	addr_put(w, &p->addr);
	wr_u8(w, p->bits);
}

static struct prefix prefix_get(struct rd *r)
{
	struct prefix p = { .addr = addr_get(r) };

	p.bits = rd_u8_max(r, addr_bits(p.addr.family));
	return p;
}

static void end_put(struct wr *w, const struct conf_end *e)
{
	wr_u8(w, e->host_kind);
	addr_put(w, &e->host);
	str_put(w, e->host_name);
	addr_put(w, &e->nexthop);
	wr_u16(w, e->ikeport);
	id_put(w, &e->id);
	ts_list_put(w, &e->subnet);
	wr_u8(w, e->protocol);
	wr_u16(w, e->port);
	addrs_put(w, e->sourceip, e->n_sourceip);
	ranges_put(w, e->pool, e->n_pool);
	wr_u8(w, e->modecfgclient);
	wr_u8(w, e->modecfgserver);
	wr_u8(w, e->xauthclient);
	wr_u8(w, e->xauthserver);
	wr_u8(w, e->authby);
	str_put(w, e->updown);
	prefix_put(w, &e->interface_ip);
	prefix_put(w, &e->vti);
	str_put(w, e->username);
}

static enum err end_get(struct rd *r, struct conf_end *e)
{
	enum err err;

	e->host_kind = rd_u8_max(r, HOST_GROUP);
	e->host = addr_get(r);
	e->host_name = str_get(r);
	e->nexthop = addr_get(r);
	e->ikeport = rd_u16(r);
	if ((err = id_get(r, &e->id)) || (err = ts_list_get(r, &e->subnet)))
		return err;
	e->protocol = rd_u8(r);
	e->port = rd_u16(r);
	e->n_sourceip = addrs_get(r, e->sourceip, COUNT(e->sourceip));
	e->n_pool = ranges_get(r, e->pool, COUNT(e->pool));
	e->modecfgclient = rd_flag(r);
	e->modecfgserver = rd_flag(r);
	e->xauthclient = rd_flag(r);
	e->xauthserver = rd_flag(r);
	e->authby = rd_u8(r);
	e->updown = str_get(r);
	e->interface_ip = prefix_get(r);
	e->vti = prefix_get(r);
	e->username = str_get(r);
	return r->failed ? ERR_TRUNCATED : OK;
}

static void proposals_put_maybe(struct wr *w, const struct proposals *p)
{
	wr_u8(w, p != NULL);
	if (p)
		proposals_put(w, p);
}

static enum err proposals_get_maybe(struct rd *r, struct proposals **ret)
{
	struct proposals p;
	enum err e;

	if (!rd_flag(r))
		return r->failed ? ERR_TRUNCATED : OK;
	e = proposals_get(r, &p);
	if (!e)
		*ret = proposals_new(&p);
	return e;
}

static void mark_put(struct wr *w, const struct conf_mark *m)
{
	wr_u32(w, m->value);
	wr_u32(w, m->mask);
	wr_u8(w, m->is_unique);
}

static struct conf_mark mark_get(struct rd *r)
{
	struct conf_mark m = { .value = rd_u32(r) };

	m.mask = rd_u32(r);
	m.is_unique = rd_flag(r);
	return m;
}

/* The small fields of a conn in their order, so that put and get cannot disagree; octets with the
 * largest value. */
/* clang-format off */
#define OCTETS(X)                                                                                  \
	X(automatic, AUTO_KEEP) X(type, TYPE_REJECT) X(version, VERSION_IKEV1) X(authby, 31)       \
	X(fragmentation, FRAG_FORCE) X(encapsulation, YNA_AUTO) X(esn, CONF_ESN_EITHER)            \
	X(pfs, YNA_AUTO) X(nat_exempt, YNA_AUTO)                                                   \
	X(xauthby, XAUTHBY_ALWAYSOK) X(xauthfail, XAUTHFAIL_SOFT) X(peer_type, PEER_CISCO)         \
	X(nat_ikev1_method, NAT_METHOD_NONE) X(dpdaction, DPDACTION_NONE)                          \
	X(failureshunt, SHUNT_HOLD) X(negotiationshunt, SHUNT_HOLD) X(nic_offload, OFFLOAD_AUTO)
#define FLAGS(X)                                                                                   \
	X(rekey) X(reauth) X(compress) X(mobike) X(narrowing) X(modecfgpull)                       \
	X(initial_contact) X(nopmtudisc) X(decap_dscp) X(encap_dscp) X(nat_keepalive)              \
	X(send_vendorid) X(overlapip) X(refuses_tfc) X(ah) X(vti_routing) X(vti_shared)            \
	X(is_device_unmanaged) X(aggressive) X(cisco_unity) X(cisco_split) X(sha2_truncbug)
#define TIMES(X)                                                                                   \
	X(ikelifetime) X(salifetime) X(rekeymargin) X(dpddelay) X(dpdtimeout)                      \
	X(retransmit_interval) X(retransmit_timeout)
#define NUMBERS(X) X(rekeyfuzz) X(replay_window) X(reqid) X(priority) X(metric) X(tfc) X(if_id)
/* clang-format on */

/* Where it stands, file and line, is not part of what it means. */
static void conn_put(struct wr *w, const struct conf_conn *c, bool with_place)
{
	str_put(w, c->name);
	str_put(w, c->aliases);
	if (with_place) {
		str_put(w, c->file);
		wr_u32(w, c->line);
		str_put(w, c->ike_from);
		str_put(w, c->esp_from);
	}
	end_put(w, &c->left);
	end_put(w, &c->right);
	wr_u8(w, c->local_is_left);
	wr_u8(w, c->oriented);
#define X(f, max) wr_u8(w, c->f);
	OCTETS(X)
#undef X
#define X(f) wr_u8(w, c->f);
	FLAGS(X)
#undef X
#define X(f) wr_u64(w, (uint64_t)c->f);
	TIMES(X)
#undef X
#define X(f) wr_u32(w, c->f);
	NUMBERS(X)
#undef X
	proposals_put_maybe(w, c->ike);
	proposals_put_maybe(w, c->esp);
	wr_u64(w, c->max_bytes);
	wr_u64(w, c->max_packets);
	wr_u16(w, c->mtu);
	wr_u16(w, c->mss);
	mark_put(w, &c->mark_in);
	mark_put(w, &c->mark_out);
	addrs_put(w, c->modecfgdns, c->n_modecfgdns);
	str_put(w, c->modecfgdomains);
	str_put(w, c->modecfgbanner);
	str_put(w, c->debug);
	str_put(w, c->vti_interface);
	str_put(w, c->explain_to);
}

void conf_conn_put(struct wr *w, const struct conf_conn *c)
{
	conn_put(w, c, true);
}

static enum err conn_get(struct rd *r, struct conf_conn *c)
{
	enum err e;

	c->name = str_get(r);
	c->aliases = str_get(r);
	c->file = str_get(r);
	c->line = rd_u32(r);
	c->ike_from = str_get(r);
	c->esp_from = str_get(r);
	if ((e = end_get(r, &c->left)) || (e = end_get(r, &c->right)))
		return e;
	c->local_is_left = rd_flag(r);
	c->oriented = rd_flag(r);
#define X(f, max) c->f = rd_u8_max(r, max);
	OCTETS(X)
#undef X
#define X(f) c->f = rd_flag(r);
	FLAGS(X)
#undef X
#define X(f) c->f = (ns_t)rd_u64(r);
	TIMES(X)
#undef X
#define X(f) c->f = rd_u32(r);
	NUMBERS(X)
#undef X
	if ((e = proposals_get_maybe(r, &c->ike)) || (e = proposals_get_maybe(r, &c->esp)))
		return e;
	c->max_bytes = rd_u64(r);
	c->max_packets = rd_u64(r);
	c->mtu = rd_u16(r);
	c->mss = rd_u16(r);
	c->mark_in = mark_get(r);
	c->mark_out = mark_get(r);
	c->n_modecfgdns = addrs_get(r, c->modecfgdns, COUNT(c->modecfgdns));
	c->modecfgdomains = str_get(r);
	c->modecfgbanner = str_get(r);
	c->debug = str_get(r);
	c->vti_interface = str_get(r);
	c->explain_to = str_get(r);
	if (c->vti_interface && strlen(c->vti_interface) >= CONF_DEVICE_NAME)
		return ERR_LENGTH;
	return r->failed || !c->name || strlen(c->name) > LIMIT_CONN_NAME ? ERR_TRUNCATED : OK;
}

enum err conf_conn_get(struct rd *r, struct conf_conn **ret)
{
	struct conf_conn *c = xalloc(sizeof(*c));
	enum err e = conn_get(r, c);

	if (e)
		conf_conn_free(c);
	else
		*ret = c;
	return e;
}

/* A conn as octets, in as much room as it needs. */
static struct buf packed(const struct conf_conn *c, bool with_place)
{
	for (size_t room = 8192;; room *= 2) {
		struct buf b = { xalloc(room), room };
		struct wr w = wr_to(b.p, room);

		conn_put(&w, c, with_place);
		if (wr_ok(&w)) {
			b.n = w.n;
			return b;
		}
		buf_done(&b);
	}
}

struct conf_conn *conf_conn_copy(const struct conf_conn *c)
{
	struct buf b = packed(c, true);
	struct conf_conn *copy = NULL;
	struct rd r = rd_from(buf_view(&b));

	if (conf_conn_get(&r, &copy))
		abort(); /* we wrote it ourselves */
	buf_done(&b);
	return copy;
}

bool conf_conn_eq(const struct conf_conn *a, const struct conf_conn *b)
{
	struct buf x = packed(a, false), y = packed(b, false);
	bool eq = bytes_eq(buf_view(&x), buf_view(&y));

	buf_done(&x);
	buf_done(&y);
	return eq;
}

void conf_setup_put(struct wr *w, const struct conf_setup *s)
{
	str_put(w, s->logfile);
	wr_u8(w, s->logappend);
	wr_u8(w, s->logtime);
	wr_u8(w, s->logip);
	str_put(w, s->plutodebug);
	str_put(w, s->secretsfile);
	str_put(w, s->ipsecdir);
	str_put(w, s->virtual_private);
	addr_put(w, &s->listen);
	wr_u64(w, (uint64_t)s->keep_alive);
	wr_u32(w, s->ddos_threshold);
	wr_u32(w, s->max_halfopen);
	wr_u8(w, s->ddos_mode);
	wr_u8(w, s->uniqueids);
	wr_u8(w, s->errqueue);
	wr_u8(w, s->ipsec_interface_managed);
	wr_u8(w, s->export_keys);
	str_put(w, s->myvendorid);
	wr_u64(w, (uint64_t)s->shuntlifetime);
	wr_u8(w, s->ikev1_policy);
	wr_u8(w, s->dataplane);
}

enum err conf_setup_get(struct rd *r, struct conf_setup *ret)
{
	struct conf_setup s = { 0 };

	s.logfile = str_get(r);
	s.logappend = rd_flag(r);
	s.logtime = rd_flag(r);
	s.logip = rd_flag(r);
	s.plutodebug = str_get(r);
	s.secretsfile = str_get(r);
	s.ipsecdir = str_get(r);
	s.virtual_private = str_get(r);
	s.listen = addr_get(r);
	s.keep_alive = (ns_t)rd_u64(r);
	s.ddos_threshold = rd_u32(r);
	s.max_halfopen = rd_u32(r);
	s.ddos_mode = rd_u8_max(r, 2);
	s.uniqueids = rd_flag(r);
	s.errqueue = rd_flag(r);
	s.ipsec_interface_managed = rd_flag(r);
	s.export_keys = rd_flag(r);
	s.myvendorid = str_get(r);
	s.shuntlifetime = (ns_t)rd_u64(r);
	s.ikev1_policy = rd_u8_max(r, IKEV1_AUTO);
	s.dataplane = rd_u8_max(r, 2);
	if (r->failed) {
		conf_setup_done(&s);
		return ERR_TRUNCATED;
	}
	*ret = s;
	return OK;
}
