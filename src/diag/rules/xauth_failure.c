#include "diag/diag.h"
#include "diag/identity.h"

static enum certainty as_server(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v1_xauth_failed *x = FIELDS(e, v1_xauth_failed);

	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_v1_xauth_given_up));
	finding_cause(f,
		"XAUTH user '%s' is not let in: %s (try %u of %u); the pre-shared key is right",
		x->user.str, x->why.str, (unsigned)x->tries.u64, (unsigned)x->limit.u64);
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"htpasswd /etc/ipsec.d/passwd USER && ipsec rereadsecrets");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_SECRET, "@USER : XAUTH \"...\"");
	return CERTAIN;
}

static enum certainty as_client(const struct event *e, struct finding *f)
{
	finding_proof(f, e);
	switch ((int)e->id) {
	case EV_v1_xauth_rejected:
		finding_cause(f,
			"the peer does not let in '%s': its password for that user is another one, "
			"or it has no such user; the pre-shared key is right",
			FIELDS(e, v1_xauth_rejected)->user.str);
		finding_fix(f, FIX_HERE, FIX_SECRET, "@USER : XAUTH \"...\"");
		finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND,
			"htpasswd /etc/ipsec.d/passwd USER && ipsec rereadsecrets");
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

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v1_xauth_failed, EV_v1_xauth_rejected,
		EV_v1_xauth_no_secret, EV_v1_xauth_unsupported, EV_NONE };
	static const enum event_id well[] = { EV_v1_xauth_verified, EV_v1_xauth_in,
		EV_v1_xauth_soft, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_later(story_last_of(s, well), e))
		return CERTAINTY_NONE;
	return e->id == EV_v1_xauth_failed ? as_server(s, e, f) : as_client(e, f);
}

const struct rule rule_xauth_failure = {
	.id = "xauth-failure",
	.title = "XAUTH: user name or password is not accepted",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "XAUTH: User x: Authentication Failed: Incorrect Username or Password",
	.proof = "the server's verdict, which the client is told; XAUTH begins only when the "
		 "pre-shared key was verified",
	.remedy = "the user's entry in /etc/ipsec.d/passwd of the server",
	.judge = judge_it,
};
