#include "diag/diag.h"
#include "diag/silence.h"
#include "diag/identity.h"

/* A user's name for a line or a command: what a peer has made up may be anything. */
static const char *plain(const char *user)
{
	static const char fine[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@";

	return user[0] && strspn(user, fine) == strlen(user) ? user : "USER";
}

static enum certainty as_server(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v1_xauth_failed *x = FIELDS(e, v1_xauth_failed);

	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_v1_xauth_given_up));
	finding_cause(f,
		"XAUTH user '%s' is not let in: %s (try %u of %u); the pre-shared key is right",
		x->user.str, x->why.str, (unsigned)x->tries.u64, (unsigned)x->limit.u64);
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"htpasswd /etc/ipsec.d/passwd %s && ipsec rereadsecrets", plain(x->user.str));
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_SECRET, "@%s : XAUTH \"...\"", plain(x->user.str));
	return CERTAIN;
}

static enum certainty as_client(const struct event *e, struct finding *f)
{
	const char *user = e->id == EV_v1_xauth_rejected
				   ? plain(FIELDS(e, v1_xauth_rejected)->user.str)
				   : "USER";

	finding_proof(f, e);
	switch ((int)e->id) {
	case EV_v1_xauth_rejected:
		finding_cause(f,
			"the peer does not let in '%s': its password for that user is another one, "
			"or it has no such user; the pre-shared key is right",
			FIELDS(e, v1_xauth_rejected)->user.str);
		finding_fix(f, FIX_HERE, FIX_SECRET, "@%s : XAUTH \"...\"", user);
		finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND,
			"htpasswd /etc/ipsec.d/passwd %s && ipsec rereadsecrets", user);
		break;
	case EV_v1_xauth_no_secret:
		finding_cause(f,
			"the peer asks for a user name and a password, and there is none here: "
			"%s",
			FIELDS(e, v1_xauth_no_secret)->why.str);
		finding_conn(f, FIX_HERE, "left", "username", "USER");
		finding_fix(f, FIX_HERE, FIX_SECRET, "@USER : XAUTH \"...\"");
		break;
	default:
		finding_cause(f, "the peer asks for %s; only user name and password are done here",
			FIELDS(e, v1_xauth_unsupported)->what.str);
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "xauthby", "file");
	}
	return CERTAIN;
}

/* Each end waits for the other to begin, or one asks who does not answer. */
static enum certainty as_unanswered(const struct story *s, struct finding *f)
{
	static const enum event_id asked[] = { EV_v1_transaction_waiting, EV_v1_cfg_asking,
		EV_NONE };
	static const enum event_id well[] = { EV_v1_xauth_answering, EV_v1_cfg_address,
		EV_v1_cfg_no_address, EV_v1_quick_initiate, EV_v1_child_established, EV_v1_rejected,
		EV_v1_delete_ike, EV_v1_dpd_dead, EV_NONE };
	const struct event *e = story_last_of(s, asked),
			   *late = story_last(s, EV_v1_transaction_late);
	bool is_xauth = e && e->id == EV_v1_transaction_waiting &&
			strcmp(FIELDS(e, v1_transaction_waiting)->what.str, "xauth") == 0;

	if (!e || story_age(s, e) < PATIENCE || story_later(story_last_of(s, well), e))
		return CERTAINTY_NONE;
	finding_proof(f, story_last(s, EV_v1_ike_established));
	finding_proof(f, e);
	finding_proof(f, late);
	if (is_xauth) {
		finding_cause(f, "the peer has verified the secret and does not ask for a user "
				 "name and a password, which this end is told to expect");
		finding_conn(f, FIX_HERE, story_our_end(s), "xauthclient", "no");
		finding_conn(f, FIX_PEER_LIBRESWAN, "left", "xauthserver", "yes");
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
			"in the connection: remote-xauth { auth = xauth }");
		return LIKELY;
	}
	if (e->id == EV_v1_cfg_asking) {
		finding_cause(f, "the peer has let us in and does not answer when we ask for an "
				 "address: it lends none, or sends one only unasked");
		finding_conn(f, FIX_HERE, "", "modecfgpull", "no");
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "modecfgpull", "yes");
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "modecfgpull", "yes");
		finding_suspect(f, &rule_cp_required);
		finding_suspect(f, &rule_lossy_path);
		return POSSIBLE;
	}
	finding_cause(f, "the peer has let us in and sends no address unasked, which we wait for: "
			 "it waits for us to ask, as most gateways do, or lends none");
	finding_conn(f, FIX_HERE, "", "modecfgpull", "yes");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "modecfgpull", "no");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "modecfgpull", "no");
	finding_suspect(f, &rule_cp_required);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v1_xauth_failed, EV_v1_xauth_rejected,
		EV_v1_xauth_no_secret, EV_v1_xauth_unsupported, EV_NONE };
	static const enum event_id well[] = { EV_v1_xauth_verified, EV_v1_xauth_in,
		EV_v1_xauth_soft, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_later(story_last_of(s, well), e))
		return as_unanswered(s, f);
	return e->id == EV_v1_xauth_failed ? as_server(s, e, f) : as_client(e, f);
}

const struct rule rule_xauth_failure = {
	.id = "xauth-failure",
	.title = "XAUTH or Mode Config fails",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "XAUTH: User x: Authentication Failed: Incorrect Username or Password",
	.proof = "the server's verdict, which the client is told; XAUTH begins only when the "
		 "pre-shared key was verified; or the peer is silent when an address is due",
	.remedy = "the user's entry in /etc/ipsec.d/passwd of the server; modecfgpull= the same at "
		  "both ends",
	.judge = judge_it,
};
