/* Cross-checks of a conn, each with what would work. */
#include "config/check_say.h"

#include <stdlib.h>

const struct item *check_item(const struct check *x, int side, const char *keyword)
{
	const struct keyword *k = keyword_find(SECTION_CONN, keyword);

	if (!k || side == RIGHT)
		k = keyword_find(SECTION_END, keyword);
	return k ? x->at->by[side][keyword_number(k)] : NULL;
}

void check_say(struct check *x, bool is_error, int side, const char *keyword, char *text_take)
{
	const struct item *i = keyword ? check_item(x, side, keyword) : NULL;
	char *text;

	x->ok &= !is_error;
	text = xasprintf("conn \"%s\": %s", x->conn->name, text_take);
	free(text_take);
	if (x->c)
		conf_issue_take(x->c, is_error, i ? i->file : x->conn->file,
			i ? i->line : x->conn->line, x->conn->name, text);
	else
		free(text);
}

void check_wrong(struct check *x, const char *keyword, const char *text)
{
	check_say(x, true, LEFT, keyword, xstrdup(text));
}

void check_note(struct check *x, const char *keyword, const char *text)
{
	check_say(x, false, LEFT, keyword, xstrdup(text));
}

static bool is_ours(enum conf_host kind)
{
	return kind == HOST_ADDR || kind == HOST_DEFAULTROUTE || kind == HOST_NAME ||
	       kind == HOST_IFACE;
}

static void hosts(struct check *x)
{
	const struct conf_end *l = &x->conn->left, *r = &x->conn->right;

	if (l->host_kind == HOST_UNSET)
		check_wrong(x, NULL,
			"left= is missing: the address of one end, or %defaultroute for this host");
	if (r->host_kind == HOST_UNSET)
		check_wrong(x, NULL,
			"right= is missing: the address of the other end, or %any for any peer");
	if (l->host_kind == HOST_UNSET || r->host_kind == HOST_UNSET)
		return;
	if (!is_ours((enum conf_host)l->host_kind) && !is_ours((enum conf_host)r->host_kind))
		check_wrong(x, "",
			"left= and right= are both %any; one end must be this host: its address or "
			"%defaultroute");
	if (l->host.family && r->host.family && l->host.family != r->host.family)
		check_wrong(x, "", "left= and right= are not of the same address family");
	else if (l->host_kind == HOST_ADDR && r->host_kind == HOST_ADDR &&
		 addr_eq(&l->host, &r->host))
		check_wrong(x, "", "left= and right= are the same address");
}

/* The families of what stands behind an end, as bits; 0: it will turn out. */
static unsigned family_bit(uint8_t family)
{
	return family == 4 ? 1 : family == 6 ? 2 : 0;
}

static unsigned families(const struct conf_end *e, const struct conf_end *other)
{
	unsigned f = 0;

	for (size_t i = 0; i < e->subnet.n; i++)
		f |= family_bit(e->subnet.ts[i].range.first.family);
	for (size_t i = 0; i < e->n_pool; i++)
		f |= family_bit(e->pool[i].first.family);
	if (f == 0 && e->modecfgclient)
		return 0; /* what is leased tells */
	if (f == 0)
		f = family_bit(e->host.family);
	return f ? f : family_bit(other->host.family);
}

static void one_end(struct check *x, int side)
{
	struct conf_end *e = side == LEFT ? &x->conn->left : &x->conn->right;
	const char *name = side == LEFT ? "left" : "right";

	if (e->n_pool && e->subnet.n)
		check_say(x, true, side, "addresspool",
			xasprintf("%ssubnet= and %saddresspool= exclude each other: an end that is "
				  "leased its "
				  "address has no subnet",
				name, name));
	for (size_t i = 0; i < e->n_sourceip && e->subnet.n; i++) {
		bool inside = false;
		char s[ADDR_STR];

		for (size_t k = 0; k < e->subnet.n; k++)
			inside |= range_has(&e->subnet.ts[k].range, &e->sourceip[i]);
		if (!inside)
			check_say(x, false, side, "sourceip",
				xasprintf("%ssourceip=%s lies outside of %ssubnet=: it will not go "
					  "through the tunnel",
					name, addr_format(&e->sourceip[i], s), name));
	}
	if (e->id.type == ID_ANY &&
		(e->host_kind == HOST_DEFAULTROUTE || e->host_kind == HOST_IFACE))
		check_say(x, false, side, "id",
			xasprintf("%sid=%%any is for the peer; this end is this host, and its "
				  "address is used",
				name));
	if (e->authby && e->authby != AUTHBY_SECRET && x->conn->type < TYPE_PASS)
		check_say(x, true, side, "auth",
			xasprintf("%sauth=: certificates and others are not done yet; \"secret\" "
				  "works",
				name));
	for (size_t i = 0; e->protocol && i < e->subnet.n; i++)
		if (e->subnet.ts[i].protocol && e->subnet.ts[i].protocol != e->protocol)
			check_say(x, true, side, "protoport",
				xasprintf("%sprotoport= and %ssubnet= name different protocols",
					name, name));
}

static bool has_subnets(const struct check *x)
{
	size_t k = keyword_number(keyword_find(SECTION_END, "subnets"));

	return x->at->by[LEFT][k] || x->at->by[RIGHT][k];
}

static void both_ends(struct check *x)
{
	const struct conf_end *l = &x->conn->left, *r = &x->conn->right;
	unsigned lf = families(l, r), rf = families(r, l);

	if (l->n_pool && r->n_pool)
		check_wrong(x, "addresspool",
			"addresspool= on both sides: only one end can be leased addresses");
	if (l->modecfgclient && r->modecfgclient)
		check_wrong(x, "modecfgclient", "modecfgclient= on both sides");
	if (l->modecfgserver && r->modecfgserver)
		check_wrong(x, "modecfgserver", "modecfgserver= on both sides");
	if (lf && rf && !(lf & rf) && !has_subnets(x))
		check_wrong(x, "subnet",
			"leftsubnet= and rightsubnet= are not of the same address family");
	if (l->protocol && r->protocol && l->protocol != r->protocol)
		check_wrong(x, "protoport",
			"leftprotoport= and rightprotoport= name different protocols");
	if (!l->authby != !r->authby)
		check_wrong(x, "auth", "leftauth= and rightauth= must both be given or none");
}

static void authentication(struct check *x)
{
	struct conf_conn *c = x->conn;
	uint8_t by = c->authby;

	if (c->type >= TYPE_PASS)
		return;
	if (c->left.authby && c->right.authby)
		by = c->left.authby | c->right.authby;
	if ((by & AUTHBY_SECRET) && (by & AUTHBY_NULL))
		check_wrong(x, "authby", "secret and null cannot be mixed");
	else if (by & AUTHBY_SECRET) {
		if (by & (unsigned)~AUTHBY_SECRET && c->authby)
			check_note(x, "authby",
				"of authby= only \"secret\" is used: the others are not done yet");
		c->authby = AUTHBY_SECRET;
	} else if (by == 0)
		check_wrong(x, "authby",
			"authby= is missing; that means certificates, which are not done yet. For "
			"a "
			"preshared key write: authby=secret");
	else if (by == AUTHBY_NEVER)
		check_wrong(x, "authby",
			"authby=never goes with type=passthrough, drop and reject; a tunnel has "
			"authby=secret");
	else if (c->authby)
		check_wrong(x, "authby",
			"of authby= only \"secret\" works in this version: a preshared key in "
			"ipsec.secrets");
}

static bool is_one_host(const struct ts_list *l)
{
	return l->n == 1 && addr_eq(&l->ts[0].range.first, &l->ts[0].range.last);
}

/* Between the two hosts themselves. */
static void transport(struct check *x)
{
	const struct conf_end *end[] = { &x->conn->left, &x->conn->right };

	if (has_subnets(x))
		check_wrong(x, "type",
			"leftsubnets= and rightsubnets= need type=tunnel: type=transport protects "
			"what the two hosts say to each other");
	for (int side = LEFT; side <= RIGHT; side++) {
		const char *name = side == LEFT ? "left" : "right";

		if (end[side]->subnet.n && !is_one_host(&end[side]->subnet))
			check_say(x, true, side, "subnet",
				xasprintf("type=transport protects what the two hosts say to each "
					  "other; for %ssubnet= "
					  "write type=tunnel",
					name));
		if (end[side]->n_pool || end[side]->modecfgclient)
			check_say(x, true, side,
				end[side]->n_pool ? "addresspool" : "modecfgclient",
				xstrdup("leased addresses need type=tunnel"));
		if (end[side]->n_sourceip)
			check_say(x, false, side, "sourceip",
				xasprintf("%ssourceip= is not used with type=transport", name));
	}
}

/* A VTI is known by its marks. */
static void vti(struct check *x)
{
	const struct conf_conn *c = x->conn;
	bool is_any = c->left.host_kind == HOST_ANY || c->right.host_kind == HOST_ANY;

	if (!c->mark_in.mask || !c->mark_out.mask)
		check_wrong(x, "vti-interface",
			"vti-interface= needs a mark by which packets find the tunnel: mark=5, "
			"another number for each device");
	else if ((!c->mark_in.value && !c->mark_in.is_unique) ||
		 (!c->mark_out.value && !c->mark_out.is_unique))
		check_wrong(x, "vti-interface",
			"vti-interface= needs a mark that is not 0, which all other packets have");
	else if ((c->mark_in.is_unique || c->mark_out.is_unique) && (is_any || c->vti_shared))
		check_wrong(x, "vti-interface",
			"vti-interface= for several peers needs one mark for all: a number, not "
			"mark=-1");
}

static void without(struct check *x, enum keyword_section section, int side, const char *keyword,
	const char *other)
{
	const struct item *i = x->at->by[side][keyword_number(keyword_find(section, keyword))];

	if (i)
		check_say(x, false, side, keyword,
			xasprintf("%s= has no effect without %s=", i->key, other));
}

/* The tunnel's own. */
static void device(struct check *x)
{
	struct conf_conn *c = x->conn;

	if (c->if_id && c->vti_interface)
		check_wrong(x, "vti-interface",
			"ipsec-interface= and vti-interface= exclude each other: a tunnel has one "
			"device");
	if (c->type == TYPE_TRANSPORT && (c->if_id || c->vti_interface))
		check_wrong(x, c->if_id ? "ipsec-interface" : "vti-interface",
			"type=transport protects what the two hosts say to each other, and has no "
			"device: write type=tunnel");
	if (c->vti_interface)
		vti(x);
	for (int side = LEFT; side <= RIGHT; side++) {
		if (!c->if_id)
			without(x, SECTION_END, side, "interface-ip", "ipsec-interface");
		if (!c->vti_interface)
			without(x, SECTION_END, side, "vti", "vti-interface");
	}
	if (!c->vti_interface && c->vti_routing)
		without(x, SECTION_CONN, LEFT, "vti-routing", "vti-interface");
	if (!c->vti_interface && c->vti_shared)
		without(x, SECTION_CONN, LEFT, "vti-shared", "vti-interface");
}

/* No IKE: what is between the two networks passes, or does not. */
static void shunt(struct check *x)
{
	struct conf_conn *c = x->conn;
	const struct conf_end *end[] = { &c->left, &c->right };

	c->if_id = 0;
	free(c->vti_interface);
	c->vti_interface = NULL;
	c->authby = AUTHBY_NEVER;
	c->left.authby = c->right.authby = 0;
	if (c->type == TYPE_REJECT)
		check_note(x, "type",
			"type=reject drops as type=drop does: nobody is answered, as with "
			"Libreswan on Linux");
	if (has_subnets(x))
		return;
	for (int side = LEFT; side <= RIGHT; side++)
		if (end[side]->host_kind == HOST_ANY && end[side]->subnet.n == 0)
			check_say(x, true, side, "subnet",
				xasprintf("%ssubnet= is missing: of %%any it does not follow which "
					  "packets are meant",
					side == LEFT ? "left" : "right"));
}

static void kind(struct check *x)
{
	struct conf_conn *c = x->conn;
	uint16_t groups[32];

	if (c->type == TYPE_TRANSPORT)
		transport(x);
	else if (c->type != TYPE_TUNNEL)
		shunt(x);
	if (c->type < TYPE_PASS)
		device(x);
	if (c->ah)
		check_wrong(x, "phase2",
			"phase2=ah is refused; esp=aes_gcm protects as much and passes NAT");
	if ((c->left.n_pool || c->right.n_pool) && c->version == VERSION_IKEV2)
		c->narrowing = true;
	if (c->replay_window == 0 && c->esn != CONF_ESN_NO) {
		if (c->esn == CONF_ESN_YES)
			check_note(x, "replay-window",
				"replay-window=0 goes without extended sequence numbers: esn=no is "
				"used");
		c->esn = CONF_ESN_NO; /* RFC 4303 3.3.3: ESN goes with anti-replay */
	}
	if (c->pfs == YNA_NO && c->esp && proposals_groups(c->esp, groups, COUNT(groups)) != 0)
		check_note(x, "esp", "the group in esp= is not used, because pfs=no");
}

/* Of a network that only a tunnel leads to: RFC 1918, RFC 4193. */
static bool is_private(const struct addr *a)
{
	return a->family == 6 ? (a->b[0] & 0xfe) == 0xfc
			      : a->b[0] == 10 || (a->b[0] == 172 && (a->b[1] & 0xf0) == 16) ||
					(a->b[0] == 192 && a->b[1] == 168);
}

/* Clients send what the tunnel does not take elsewhere. */
static void dns_servers(struct check *x)
{
	const struct conf_conn *c = x->conn;
	const struct conf_end *ours = c->left.n_pool ? &c->right : &c->left;
	char t[ADDR_STR];

	if ((!c->left.n_pool && !c->right.n_pool) || ours->subnet.n == 0)
		return;
	for (size_t i = 0; i < c->n_modecfgdns; i++)
		if (is_private(&c->modecfgdns[i]) &&
			!ts_list_has(&ours->subnet, 17, &c->modecfgdns[i], 53))
			check_say(x, false, LEFT, "modecfgdns",
				xasprintf("modecfgdns=: %s is not in %ssubnet=: clients cannot ask "
					  "it through this tunnel",
					addr_format(&c->modecfgdns[i], t),
					ours == &c->left ? "left" : "right"));
}

/* What a server tells its clients. */
static void told(struct check *x)
{
	const struct conf_conn *c = x->conn;

	dns_servers(x);

	if (c->modecfgdomains && c->n_modecfgdns == 0)
		check_note(x, "modecfgdomains",
			"modecfgdomains= without modecfgdns= is not told to clients: RFC 8598 "
			"wants a DNS server beside it");
}

static void times(struct check *x)
{
	struct conf_conn *c = x->conn;
	ns_t shorter = MIN(c->ikelifetime, c->salifetime);
	/* the earliest rekey must come after the start */
	ns_t earliest = c->rekeymargin + c->rekeymargin / 100 * (ns_t)c->rekeyfuzz;

	if (c->retransmit_interval > c->retransmit_timeout)
		check_wrong(x, "retransmit-interval",
			"retransmit-interval= is longer than retransmit-timeout=");
	if (!c->rekey || earliest < shorter)
		return;
	c->rekeymargin = shorter / 4;
	c->rekeyfuzz = MIN(c->rekeyfuzz, 100u);
	check_say(x, false, LEFT, "rekeymargin",
		xasprintf("rekeymargin= with rekeyfuzz= is not less than the lifetime of %lld s; "
			  "%lld s and %u%% are "
			  "used",
			(long long)(shorter / NS_S), (long long)(c->rekeymargin / NS_S),
			c->rekeyfuzz));
}

bool conf_check(struct conf *c, const struct places *at, struct conf_conn *conn)
{
	struct check x = { c, at, conn, true };

	hosts(&x);
	one_end(&x, LEFT);
	one_end(&x, RIGHT);
	both_ends(&x);
	kind(&x);
	check_ikev1(&x);
	told(&x);
	authentication(&x);
	times(&x);
	return x.ok;
}
