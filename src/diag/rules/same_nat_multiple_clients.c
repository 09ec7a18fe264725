#include "diag/identity.h"
#include "diag/local.h"

#define CLASH(e) FIELDS(e, child_clash)

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* It has ended since: of those with its selectors there is one. */
static bool is_over(const struct story *s, const struct event *e)
{
	for (const struct event *o = e + 1; o < s->event + s->n; o++)
		if (o->id == EV_child_clash_over &&
			is(FIELDS(o, child_clash_over)->ts_remote.str, CLASH(e)->ts_remote.str) &&
			is(FIELDS(o, child_clash_over)->ts_local.str, CLASH(e)->ts_local.str))
			return true;
	return false;
}

static const struct event *last_clash(const struct story *s)
{
	for (unsigned i = s->n; i > 0; i--)
		if (s->event[i - 1].id == EV_child_clash && !is_over(s, &s->event[i - 1]))
			return &s->event[i - 1];
	return NULL;
}

/* Addresses that nobody has here. */
static const char *pool_for(const char *nets)
{
	static const char first[] = "100.64.100.1-100.64.100.254";

	return local_is_inside("100.64.100.0/24", nets) && !local_is_inside("172.30.100.0/24", nets)
		       ? "172.30.100.1-172.30.100.254"
		       : first;
}

static const char *file_of(const struct story *s)
{
	return FACT(s, file)[0] ? FACT(s, file) : "/etc/ipsec.conf";
}

/* The lines of ours that make each client somebody else. */
static void pool_instead(const struct story *s, struct finding *f, bool is_v1)
{
	const char *theirs = story_their_end(s), *name = story_name(s);

	if (is_v1)
		finding_conn(f, FIX_HERE, "", "keyexchange", "ikev2");
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"sed -i '/^conn %s$/,/^conn "
		"/s/^\\([[:space:]]*\\)%ssubnet=.*/\\1%saddresspool=%s/' %s && "
		"ipsec replace %s",
		name, theirs, theirs, pool_for(FACT(s, our_nets)), file_of(s), name);
}

/* Hosts without an address in the tunnel: a conn of IKEv2 beside that of L2TP. */
static void conn_beside(const struct story *s, struct finding *f)
{
	const char *ours = story_our_end(s), *theirs = story_their_end(s), *name = story_name(s);

	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"printf '\\nconn %s-ikev2\\n\\tkeyexchange=ikev2\\n\\t%s=%s\\n\\t%sid=%s\\n"
		"\\t%ssubnet=0.0.0.0/0\\n\\t%s=%%%%any\\n\\t%sid=%%%%any\\n\\t%saddresspool=%s\\n"
		"\\tauthby=secret\\n\\tauto=add\\n' >>%s && ipsec add %s-ikev2",
		name, ours, FACT(s, ours), ours, FACT(s, our_id), ours, theirs, theirs, theirs,
		pool_for(""), file_of(s), name);
}

static void at_the_clients(const struct story *s, struct finding *f, bool is_v1, bool is_transport)
{
	if (is_transport)
		finding_fix(f, FIX_PEER_LIBRESWAN, FIX_WORDS,
			"a conn with keyexchange=ikev2, leftmodecfgclient=yes, "
			"rightsubnet=0.0.0.0/0 and narrowing=yes, without type=transport and "
			"protoport=");
	else
		finding_conn(f, FIX_PEER_LIBRESWAN, "left", "modecfgclient", "yes");
	if (is_v1 && !is_transport)
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "keyexchange", "ikev2");
	if (is_v1)
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2");
	if (is_transport) {
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "type", "tunnel");
		finding_conn(f, FIX_PEER_STRONGSWAN, story_their_end(s), "subnet", "0.0.0.0/0");
	}
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "modecfgclient", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, story_our_end(s), "subnet", "dynamic");
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = last_clash(s);
	const union ev_child_clash *c = e ? CLASH(e) : NULL;
	bool is_v1, is_transport, is_one;
	char a[ENDPOINT_STR], b[ENDPOINT_STR];

	if (!c)
		return CERTAINTY_NONE;
	is_v1 = is(c->version.str, "IKEv1");
	is_transport = is(c->mode.str, "transport");
	is_one = is(c->id.str, c->was_id.str);
	finding_proof(f, e);
	finding_cause(f,
		"two clients%s are the same to this host: '%s' at %s and '%s' at %s, both for %s; "
		"what goes there goes to the one that came last, and the other one hears nothing",
		addr_eq(&c->remote.ep.addr, &c->was_at.ep.addr) ? " behind one NAT" : "",
		c->was_id.str, endpoint_format(&c->was_at.ep, a), c->id.str,
		endpoint_format(&c->remote.ep, b), c->ts_remote.str);
	if (is_one)
		finding_more(f, "; or it is one device that has come back, and what is left of it "
				"is not noticed yet");
	if (is_transport)
		conn_beside(s, f);
	else
		pool_instead(s, f, is_v1);
	at_the_clients(s, f, is_v1, is_transport);
	if (is_one)
		finding_suspect(f, &rule_nat_mapping_expiry);
	return is_one ? POSSIBLE : LIKELY;
}

const struct rule rule_same_nat_multiple_clients = {
	.id = "same-nat-multiple-clients",
	.title = "two clients have the same selectors",
	.layer = "NAT",
	.most = LIKELY,
	.symptom = "the first client loses its connection when the second one comes",
	.proof = "two peers that are up at once with the same selectors (RFC 3948 5.1, 5.2)",
	.remedy =
		"IKEv2 and an address of a pool for each client; L2TP cannot do it behind one NAT",
	.judge = judge_it,
};
