/* What ipsec verify says of connections: of those that auto= loads. */
#include "cmd/checks.h"

#include "base/word.h"

#include <stdio.h>

/* What it says once when nothing is wrong with any of them. */
struct tally {
	size_t n, bad;
};

static bool is_loaded(const struct conf_conn *c)
{
	return c->automatic != AUTO_IGNORE;
}

static bool negotiates(const struct conf_conn *c)
{
	return is_loaded(c) && (c->type == TYPE_TUNNEL || c->type == TYPE_TRANSPORT);
}

static const struct conf_end *ours(const struct conf_conn *c)
{
	return c->local_is_left ? &c->left : &c->right;
}

static const struct conf_end *theirs(const struct conf_conn *c)
{
	return c->local_is_left ? &c->right : &c->left;
}

static void check_oriented(const struct conf_conn *c, struct tally *t, const struct check_sink *to)
{
	char left[ADDR_STR], right[ADDR_STR];

	if (c->left.host_kind == HOST_NAME && !addr_is_set(&c->left.host))
		return; /* said below */
	t->n++;
	if (c->oriented)
		return;
	t->bad++;
	if (c->left.host_kind == HOST_DEFAULTROUTE)
		verify_say(to, CHECK_FAIL, "addresses", "ip route add default via GATEWAY",
			"\"%s\": left=%%defaultroute, and there is no route to the peer", c->name);
	else
		verify_say(to, CHECK_FAIL, "addresses", "left=%defaultroute in the conn",
			"\"%s\": neither left=%s nor right=%s is an address of this host", c->name,
			addr_format(&c->left.host, left), addr_format(&c->right.host, right));
}

static void check_name(const struct conf_conn *c, const struct conf_end *e, struct tally *t,
	const struct check_sink *to)
{
	char repair[DNS_NAME_MAX + 32];

	if (e->host_kind != HOST_NAME)
		return;
	t->n++;
	if (addr_is_set(&e->host))
		return;
	t->bad++;
	snprintf(repair, sizeof(repair), "getent ahosts %.*s", DNS_NAME_MAX, e->host_name);
	verify_say(to, CHECK_FAIL, "names", repair,
		"\"%s\": the name %s has no address: correct it, or the resolver", c->name,
		e->host_name);
}

static bool wants_psk(const struct conf_conn *c)
{
	uint8_t our = ours(c)->authby ? ours(c)->authby : c->authby;
	uint8_t their = theirs(c)->authby ? theirs(c)->authby : c->authby;

	return (our | their) & AUTHBY_SECRET;
}

static struct id id_of(const struct conf_end *e)
{
	return e->id.type == ID_NONE && addr_is_set(&e->host) ? id_from_addr(&e->host)
							      : id_copy(&e->id);
}

static void check_psk(const struct facts *f, const struct conf_conn *c, struct tally *t,
	const struct check_sink *to)
{
	struct id us = id_of(ours(c)), them = id_of(theirs(c));
	struct addr our_addr = conf_host(ours(c)), their_addr = conf_host(theirs(c));
	char a[ID_STR], b[ID_STR], repair[320];
	struct secrets_where where;
	struct bytes psk;

	if (!c->oriented || !wants_psk(c))
		goto out;
	t->n++;
	if (f->has_secrets &&
		secrets_psk(f->secrets, &us, &them, &our_addr, &their_addr, &psk, &where) == OK)
		goto out;
	t->bad++;
	id_format(&us, a, sizeof(a));
	id_format(&them, b, sizeof(b));
	snprintf(repair, sizeof(repair),
		"%.100s %.100s : PSK \"...\" in %.60s, then ipsec rereadsecrets", a, b,
		f->secrets_path);
	verify_say(to, CHECK_FAIL, "pre-shared keys", repair, "\"%s\": %s has none for %s and %s",
		c->name, f->secrets_path, a, b);
out:
	id_done(&us);
	id_done(&them);
}

/* Are there other hosts behind our end? */
static bool is_gateway(const struct facts *f, const struct conf_conn *c, uint8_t family)
{
	const struct ts_list *l = &ours(c)->subnet;

	for (size_t i = 0; i < l->n; i++) {
		const struct range *r = &l->ts[i].range;
		bool is_local = range_count(r) == 1 && addr_eq(&r->first, &ours(c)->host);

		for (size_t k = 0; k < f->n_local && range_count(r) == 1; k++)
			is_local |= addr_eq(&r->first, &f->local[k]);
		/* with a device of its own, routes and not selectors tell who is there */
		if ((c->if_id || c->vti_interface) && range_count(r) == UINT64_MAX)
			continue;
		if (r->first.family == family && !is_local)
			return true;
	}
	return false;
}

static void check_forward(
	const struct facts *f, uint8_t family, bool forwards, const struct check_sink *to)
{
	const char *key = family == 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
	const struct conf_conn *who = NULL;
	char repair[64];

	for (size_t i = 0; i < f->conf->n && !who; i++)
		if (negotiates(f->conf->conn[i]) && f->conf->conn[i]->oriented &&
			is_gateway(f, f->conf->conn[i], family))
			who = f->conf->conn[i];
	snprintf(repair, sizeof(repair), "sysctl -w %s=1", key);
	if (who && !forwards)
		verify_say(to, CHECK_FAIL, "forwarding", repair,
			"\"%s\" has hosts behind this one, and %s=0: nothing is passed on to them",
			who->name, key);
	else if (who)
		verify_say(to, CHECK_OK, "forwarding", NULL, "%s=1", key);
}

/* The same pair of selectors, which can be of one tunnel only. */
static bool is_same_traffic(const struct conf_conn *a, const struct conf_conn *b)
{
	const struct ts_list *al = &ours(a)->subnet, *ar = &theirs(a)->subnet;
	const struct ts_list *bl = &ours(b)->subnet, *br = &theirs(b)->subnet;

	for (size_t i = 0; i < al->n; i++)
		for (size_t j = 0; j < bl->n; j++)
			for (size_t k = 0; k < ar->n && ts_eq(&al->ts[i], &bl->ts[j]); k++)
				for (size_t m = 0; m < br->n; m++)
					if (ts_eq(&ar->ts[k], &br->ts[m]))
						return true;
	return false;
}

static bool can_clash(const struct conf_conn *c)
{
	return negotiates(c) && c->oriented && !c->overlapip && !c->if_id && !c->mark_out.mask &&
	       addr_is_set(&theirs(c)->host) && c->automatic != AUTO_ADD;
}

static void check_overlap(const struct facts *f, const struct check_sink *to)
{
	const struct conf *conf = f->conf;

	for (size_t i = 0; i < conf->n; i++)
		for (size_t j = i + 1; j < conf->n; j++) {
			const struct conf_conn *a = conf->conn[i], *b = conf->conn[j];

			if (can_clash(a) && can_clash(b) && is_same_traffic(a, b) &&
				!addr_eq(&theirs(a)->host, &theirs(b)->host))
				verify_say(to, CHECK_WARN, "subnets",
					"auto=add in the one that is the spare, or "
					"ipsec-interface= in both",
					"\"%s\" and \"%s\" have the same subnets and different "
					"peers: only one can carry the traffic",
					a->name, b->name);
		}
	for (size_t i = 0; i < conf->n; i++) {
		const struct conf_conn *c = conf->conn[i];

		if (negotiates(c) && c->oriented && c->left.subnet.n &&
			ts_list_eq(&c->left.subnet, &c->right.subnet))
			verify_say(to, CHECK_WARN, "subnets",
				"renumber one side, or translate both: ipsec diagnose has the "
				"lines",
				"\"%s\" has the same subnet on both sides: hosts look for the "
				"other ones in their own network",
				c->name);
	}
}

static void summary(const struct check_sink *to, const char *name, struct tally t, const char *text)
{
	if (t.n && !t.bad)
		verify_say(to, CHECK_OK, name, NULL, "%s (%zu)", text, t.n);
}

void checks_conns(const struct facts *f, const struct check_sink *to)
{
	struct tally oriented = { 0 }, names = { 0 }, psk = { 0 };

	for (size_t i = 0; i < f->conf->n; i++) {
		const struct conf_conn *c = f->conf->conn[i];

		if (!negotiates(c))
			continue;
		check_oriented(c, &oriented, to);
		check_name(c, &c->left, &names, to);
		check_name(c, &c->right, &names, to);
		check_psk(f, c, &psk, to);
	}
	summary(to, "addresses", oriented, "each connection has an end here");
	summary(to, "names", names, "each name has an address");
	summary(to, "pre-shared keys", psk, "each connection has one");
	check_forward(f, 4, f->forwards4, to);
	check_forward(f, 6, f->forwards6, to);
	check_overlap(f, to);
}
