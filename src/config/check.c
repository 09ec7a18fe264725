/* Cross-checks of a conn (4.4 of the compatibility facts), each with what would work. */
#include "config/check.h"

#include "config/lex.h"
#include <stdlib.h>

struct check {
	struct conf *c;
	struct conf_conn *conn;
	bool ok;
};

static void say(struct check *x, bool is_error, char *text_take)
{
	conf_issue_take(x->c, is_error, x->conn->file, x->conn->line, x->conn->name, text_take);
	x->ok &= !is_error;
}

static void hosts(struct check *x)
{
	const struct conf_end *l = &x->conn->left, *r = &x->conn->right;

	if (l->host_kind == HOST_UNSET)
		say(x, true, xasprintf("conn \"%s\": left= is missing", x->conn->name));
	if (r->host_kind == HOST_UNSET)
		say(x, true, xasprintf("conn \"%s\": right= is missing", x->conn->name));
	if (l->host_kind == HOST_ANY && r->host_kind == HOST_ANY)
		say(x, true, xasprintf("conn \"%s\": left= and right= are both %%any; one end must be this host "
				       "(its address, or %%defaultroute)", x->conn->name));
	if (l->host_kind == HOST_ADDR && r->host_kind == HOST_ADDR && l->host.family != r->host.family)
		say(x, true, xasprintf("conn \"%s\": left= and right= are not of the same address family",
				       x->conn->name));
	if (l->host_kind == HOST_ADDR && r->host_kind == HOST_ADDR && addr_eq(&l->host, &r->host))
		say(x, true, xasprintf("conn \"%s\": left= and right= are the same address", x->conn->name));
}

static void end(struct check *x, const char *side, const struct conf_end *e)
{
	if (e->n_pool && e->subnet.n)
		say(x, true, xasprintf("conn \"%s\": %ssubnet= and %saddresspool= exclude each other: an end that "
				       "is leased its address has no subnet", x->conn->name, side, side));
	for (size_t i = 0; i < e->n_sourceip && e->subnet.n; i++) {
		char s[ADDR_STR];

		if (!ts_list_has(&e->subnet, e->protocol, &e->sourceip[i], e->port))
			say(x, false, xasprintf("conn \"%s\": %ssourceip=%s lies outside %ssubnet=", x->conn->name,
						side, addr_format(&e->sourceip[i], s), side));
	}
	if (e->authby & ~AUTHBY_SECRET)
		say(x, true, xasprintf("conn \"%s\": %sauth=: only \"secret\" works in this version", x->conn->name,
				       side));
}

static void authentication(struct check *x)
{
	struct conf_conn *c = x->conn;

	if (c->left.authby && c->right.authby && !c->authby)
		c->authby = c->left.authby;
	if (c->authby & AUTHBY_SECRET) {
		if (c->authby & ~AUTHBY_SECRET)
			say(x, false, xasprintf("conn \"%s\": of authby= only \"secret\" is used in this version", c->name));
		c->authby = AUTHBY_SECRET;
	} else if (c->authby == 0)
		say(x, true, xasprintf("conn \"%s\": authby= is missing, which means certificates; they come in a "
				       "later version. For a pre-shared key write: authby=secret", c->name));
	else
		say(x, true, xasprintf("conn \"%s\": authby=: only \"secret\" works in this version", c->name));
}

static void kind(struct check *x)
{
	struct conf_conn *c = x->conn;

	if (c->version == VERSION_IKEV1)
		say(x, true, xasprintf("conn \"%s\": IKEv1 (ikev2=no, keyexchange=ikev1) comes in a later version; "
				       "ikev2=yes works", c->name));
	if (c->type == TYPE_TRANSPORT)
		say(x, true, xasprintf("conn \"%s\": type=transport comes with the kernel's ESP in a later version; "
				       "type=tunnel works", c->name));
	else if (c->type != TYPE_TUNNEL)
		say(x, true, xasprintf("conn \"%s\": shunts (type=passthrough, drop, reject) come in a later "
				       "version; type=tunnel works", c->name));
	if (c->ah)
		say(x, true, xasprintf("conn \"%s\": phase2=ah is refused; esp= with AES-GCM protects as well",
				       c->name));
	if (c->compress)
		say(x, false, xasprintf("conn \"%s\": compress=yes: IPCOMP is never used", c->name));
	if (c->mobike)
		say(x, false, xasprintf("conn \"%s\": mobike=yes comes in a later version; a peer that changes its "
					"address behind a NAT is followed", c->name));
	if (c->left.n_pool || c->right.n_pool)
		c->narrowing = true;
	if (c->replay_window == 0 && c->esn != CONF_ESN_NO)
		c->esn = CONF_ESN_NO; /* ESN needs a window (RFC 4303 2.2.1) */
}

static void times(struct check *x)
{
	struct conf_conn *c = x->conn;
	ns_t shorter = MIN(c->ikelifetime, c->salifetime);
	/* the largest margin that leaves something of the lifetime */
	ns_t longest = c->rekeymargin + c->rekeymargin / 100 * (ns_t)c->rekeyfuzz;

	if (!c->rekey || longest < shorter)
		return;
	c->rekeymargin = shorter / 4;
	c->rekeyfuzz = MIN(c->rekeyfuzz, 100u);
	say(x, false, xasprintf("conn \"%s\": rekeymargin= with rekeyfuzz= is longer than a lifetime of %lld s; "
				"%lld s is used", c->name, (long long)(shorter / NS_S),
				(long long)(c->rekeymargin / NS_S)));
}

bool conf_check(struct conf *c, struct conf_conn *conn)
{
	struct check x = { c, conn, true };

	hosts(&x);
	end(&x, "left", &conn->left);
	end(&x, "right", &conn->right);
	if (conn->left.n_pool && conn->right.n_pool)
		say(&x, true, xasprintf("conn \"%s\": addresspool= on both sides", conn->name));
	kind(&x);
	authentication(&x);
	times(&x);
	return x.ok;
}
