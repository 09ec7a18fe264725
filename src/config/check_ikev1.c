/* Cross-checks of a conn for what belongs to one version of IKE only. */
#include "config/check_say.h"

#include "config/proposal_text.h"
#include "config_build.h"
#include "ipsec/limits.h"

#include <stdlib.h>

/* ---- connections of IKEv2 ---- */

/* Given, and it does nothing. */
static void idle(struct check *x, int side, const char *keyword, const char *why)
{
	const struct item *i = check_item(x, side, keyword);

	if (i)
		check_say(x, false, side, keyword, xasprintf("%s= has no effect %s", i->key, why));
}

static void without_ikev1(struct check *x)
{
	static const char why[] = "without keyexchange=ikev1";
	const struct conf_conn *c = x->conn;
	const struct {
		bool is;
		const char *keyword, *why;
	} word[] = {
		{ c->aggressive, "aggressive", why },
		{ c->modecfgpull, "modecfgpull", why },
		{ c->modecfgbanner != NULL, "modecfgbanner", why },
		{ c->cisco_unity, "cisco-unity", why },
		{ c->cisco_split, "cisco-split", why },
		{ c->peer_type != PEER_IETF, "remote-peer-type", why },
		{ c->nat_ikev1_method != NAT_METHOD_BOTH, "nat-ikev1-method", why },
		{ c->xauthby != XAUTHBY_FILE, "xauthby", why },
		{ c->xauthfail != XAUTHFAIL_HARD, "xauthfail", why },
		{ c->dpdtimeout != 0, "dpdtimeout",
			"without keyexchange=ikev1; IKEv2 uses retransmit-timeout=" },
		{ c->dpdaction != DPDACTION_HOLD, "dpdaction",
			"without keyexchange=ikev1: auto= decides; what must be up (start, keep, "
			"ondemand) comes up again, the rest is cleared" },
	};
	const struct conf_end *end[] = { &c->left, &c->right };

	for (size_t i = 0; i < COUNT(word); i++)
		if (word[i].is)
			idle(x, LEFT, word[i].keyword, word[i].why);
	for (int side = LEFT; side <= RIGHT; side++) {
		if (end[side]->xauthclient)
			idle(x, side, "xauthclient", why);
		if (end[side]->xauthserver)
			idle(x, side, "xauthserver", why);
		if (end[side]->username)
			idle(x, side, "username", why);
	}
}

/* ---- connections of IKEv1 ---- */

static const char *const side_name[] = { "left", "right" };

static const char *version_keyword(const struct check *x)
{
	return check_item(x, LEFT, "ikev2") ? "ikev2" : "keyexchange";
}

/* Is it to be had at all? */
static void version(struct check *x)
{
	uint8_t policy = x->c ? x->c->setup.ikev1_policy : IKEV1_AUTO;

	if (!WITH_IKEV1)
		check_wrong(x, version_keyword(x),
			"this build has no IKEv1; ikev2=yes works when the peer can");
	else if (policy == IKEV1_DROP || policy == IKEV1_REJECT)
		check_say(x, true, LEFT, version_keyword(x),
			xasprintf("ikev1-policy=%s in \"config setup\" does not allow IKEv1 "
				  "connections; write ikev1-policy=accept, or leave it out",
				policy == IKEV1_DROP ? "drop" : "reject"));
}

/* The same text means other defaults, and fewer algorithms. */
static void proposals(
	struct check *x, const char *keyword, enum protocol_id protocol, struct proposals **field)
{
	const struct item *i = check_item(x, LEFT, keyword);
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL;

	if (!i || !*field)
		return;
	if (proposal_text_parse_ikev1(protocol, i->value, &p, &what, &warning)) {
		check_say(x, true, LEFT, keyword, xasprintf("%s=: %s", i->key, what));
	} else {
		free(*field);
		*field = p;
	}
	free(what);
	free(warning); /* said already, when the value was read */
}

static void groups(struct check *x)
{
	const struct conf_conn *c = x->conn;
	uint16_t group[32];

	if (c->aggressive && c->ike && proposals_groups(c->ike, group, COUNT(group)) > 1)
		check_note(x, "ike",
			"with aggressive=yes only the first group of ike= is offered: its public "
			"value goes out with the offer");
}

/* Where one end is, the other one is the other. */
static void roles(struct check *x)
{
	struct conf_end *end[] = { &x->conn->left, &x->conn->right };

	for (int side = LEFT; side <= RIGHT; side++) {
		struct conf_end *e = end[side], *other = end[!side];

		if (e->xauthclient && (e->xauthserver || other->xauthclient)) {
			check_say(x, true, side, "xauthclient",
				xasprintf("%sxauthclient=yes: one end is the client of XAUTH, the "
					  "other one its server",
					side_name[side]));
			return;
		}
		if (e->xauthserver && other->xauthserver) {
			check_wrong(x, "xauthserver",
				"leftxauthserver= and rightxauthserver= "
				"exclude each other");
			return;
		}
	}
	for (int side = LEFT; side <= RIGHT; side++) {
		end[side]->xauthserver |= end[!side]->xauthclient;
		end[side]->xauthclient |= end[!side]->xauthserver;
		end[side]->modecfgserver |= end[!side]->modecfgclient;
	}
}

static void users(struct check *x)
{
	struct conf_conn *c = x->conn;
	const struct conf_end *end[] = { &c->left, &c->right };

	if (c->xauthby == XAUTHBY_PAM)
		check_wrong(x, "xauthby",
			"xauthby=pam is not done; xauthby=file checks users against "
			"/etc/ipsec.d/passwd");
	if (c->xauthby == XAUTHBY_ALWAYSOK)
		check_note(x, "xauthby",
			"xauthby=alwaysok checks nothing: whoever knows the preshared key is let "
			"in with any name and password");
	for (int side = LEFT; side <= RIGHT; side++) {
		const char *user = end[side]->username;

		if (user && strlen(user) > LIMIT_XAUTH_USER)
			check_say(x, true, side, "username",
				xasprintf("%susername= is longer than %d octets", side_name[side],
					LIMIT_XAUTH_USER));
		else if (user && !end[side]->xauthclient)
			check_say(x, false, side, "username",
				xasprintf("%susername= has no effect without %sxauthclient=yes",
					side_name[side], side_name[side]));
	}
}

/* A Quick Mode has one network on each side. */
static void networks(struct check *x)
{
	const struct conf_end *end[] = { &x->conn->left, &x->conn->right };

	for (int side = LEFT; side <= RIGHT; side++)
		if (end[side]->subnet.n > 1 && !x->conn->cisco_split)
			check_say(x, true, side, "subnet",
				xasprintf("IKEv1 has one network on each side of a tunnel: write "
					  "%ssubnets= (one connection for each), or "
					  "cisco-split=yes with a Cisco-style peer",
					side_name[side]));
}

/* What IKEv1 has not. */
static void without_ikev2(struct check *x)
{
	static const char why[] = "with keyexchange=ikev1";
	struct conf_conn *c = x->conn;

	if (c->esn == CONF_ESN_YES)
		idle(x, LEFT, "esn", "with keyexchange=ikev1: sequence numbers have 32 bits");
	c->esn = CONF_ESN_NO;
	if (c->narrowing)
		idle(x, LEFT, "narrowing", why);
	c->narrowing = false;
	if (c->reauth)
		idle(x, LEFT, "reauth", "with keyexchange=ikev1, which always does it");
	c->reauth = false;
	if (c->refuses_tfc)
		idle(x, LEFT, "send-esp-tfc-padding-not-supported", why);
}

static void dead_peers(struct check *x)
{
	enum { PROBES = 4 };
	struct conf_conn *c = x->conn;

	if (c->dpdtimeout && !c->dpddelay)
		check_note(x, "dpdtimeout", "dpdtimeout= has no effect without dpddelay=");
	if (c->dpddelay && !c->dpdtimeout)
		c->dpdtimeout = PROBES * c->dpddelay;
	if (c->dpddelay && c->dpdtimeout < c->dpddelay)
		check_note(x, "dpdtimeout",
			"dpdtimeout= is shorter than dpddelay=: a peer would be dead before it was "
			"probed; dpddelay= is used");
	if (c->dpddelay)
		c->dpdtimeout = c->dpdtimeout < c->dpddelay ? c->dpddelay : c->dpdtimeout;
}

static void with_ikev1(struct check *x)
{
	struct conf_conn *c = x->conn;

	version(x);
	proposals(x, "ike", PROTO_IKE, &c->ike);
	proposals(x, "esp", PROTO_ESP, &c->esp);
	groups(x);
	roles(x);
	users(x);
	networks(x);
	without_ikev2(x);
	dead_peers(x);
	if (c->aggressive)
		check_note(x, "aggressive",
			"aggressive=yes shows a hash made with the preshared key to anybody who "
			"asks for it, and it can be guessed offline: write aggressive=no when the "
			"peer can do Main Mode, and make the key with: openssl rand -base64 33");
}

void check_ikev1(struct check *x)
{
	if (x->conn->type >= TYPE_PASS)
		return;
	if (x->conn->version == VERSION_IKEV1)
		with_ikev1(x);
	else
		without_ikev1(x);
}
