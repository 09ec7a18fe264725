#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/silence.h"

#include <stdio.h>

/* What a failure is about: only what changed there can explain it. */
enum about { NOTHING, ABOUT_IKE, ABOUT_ESP, ABOUT_VERSION, ABOUT_IDS, ABOUT_NETS, ABOUT_HOST };

struct failure {
	const struct event *e;
	enum about about;
	const char *offered; /* by the peer whom we refused, as ipsec.conf writes it; "" */
};

static bool is_no_proposal(const char *notify)
{
	return strcmp(notify, "NO_PROPOSAL_CHOSEN") == 0;
}

/* ---- what failed ---- */

static enum about of_child(const char *notify)
{
	return is_no_proposal(notify)			? ABOUT_ESP
	       : strcmp(notify, "TS_UNACCEPTABLE") == 0 ? ABOUT_NETS
							: NOTHING;
}

static struct failure failure_of(const struct event *e)
{
	struct failure f = { e, NOTHING, "" };

	switch ((int)e->id) {
	case EV_v2_init_refused:
		f.about = is_no_proposal(FIELDS(e, v2_init_refused)->notify.str) ? ABOUT_IKE
										 : NOTHING;
		break;
	case EV_v1_ignored:
		f.about = is_no_proposal(FIELDS(e, v1_ignored)->notify.str) ? ABOUT_IKE : NOTHING;
		break;
	case EV_v2_no_proposal:
		f.about = ABOUT_IKE;
		f.offered = FIELDS(e, v2_no_proposal)->theirs_conf.str;
		break;
	case EV_v1_no_proposal:
		f.about = ABOUT_IKE;
		f.offered = FIELDS(e, v1_no_proposal)->theirs_conf.str;
		break;
	case EV_ike_version_refused:
		f.about = ABOUT_VERSION;
		break;
	case EV_v2_child_refused:
		f.about = of_child(FIELDS(e, v2_child_refused)->notify.str);
		break;
	case EV_v2_no_esp_proposal:
		f.about = ABOUT_ESP;
		f.offered = FIELDS(e, v2_no_esp_proposal)->theirs_conf.str;
		break;
	case EV_v1_quick_no_proposal:
		f.about = ABOUT_ESP;
		f.offered = FIELDS(e, v1_quick_no_proposal)->theirs_conf.str;
		break;
	case EV_v2_ts_refused:
		f.about = ABOUT_NETS;
		break;
	case EV_v2_auth_rejected:
	case EV_v2_wrong_id:
	case EV_v2_id_refused:
	case EV_v1_rejected:
	case EV_v1_wrong_id:
		f.about = ABOUT_IDS;
		break;
	}
	return f;
}

/* The newest; else silence. */
static struct failure last_failure(const struct story *s)
{
	struct silence q = story_silence(s);

	for (unsigned i = s->n; i > s->from; i--) {
		struct failure f = failure_of(&s->event[i - 1]);

		if (f.about)
			return f;
	}
	return (struct failure){ q.sent, q.at == SILENT_FIRST ? ABOUT_HOST : NOTHING, "" };
}

/* ---- what changed here ---- */

static enum certainty changed_here(
	const struct story *s, struct finding *f, const char *key, const char *was, const char *is)
{
	char when[WHEN_STR], releases[256];

	drift_releases(s, releases, sizeof(releases));
	finding_cause(f,
		"%s has changed at this end since the tunnel last worked (%s): it was %s, and is "
		"%s now%s%s%s",
		key, drift_when(s, when), was, is, releases[0] ? " (" : "", releases,
		releases[0] ? ")" : "");
	return CERTAIN;
}

/* A list without what was agreed on. */
static enum certainty lacks(const struct story *s, struct finding *f, const char *key,
	const char *was, const char *is, const char *used)
{
	char when[WHEN_STR], releases[256];

	if (!used[0] || !is[0] || drift_has(is, used))
		return CERTAINTY_NONE;
	drift_releases(s, releases, sizeof(releases));
	finding_cause(f,
		"%s= has changed at this end since the tunnel last worked (%s, with %s): it was "
		"%.200s, and is %.200s now, which lacks that%s%s%s",
		key, drift_when(s, when), used, was, is, releases[0] ? " (" : "", releases,
		releases[0] ? ")" : "");
	finding_conn(f, FIX_HERE, "", key, "%s", used);
	return CERTAIN;
}

static bool differs(const char *was, const char *is)
{
	return was[0] && is[0] && strcmp(was, is) != 0;
}

/* What ipsec.conf writes in one word. */
static bool is_word(const char *s)
{
	return s[0] && !s[strcspn(s, " ,\"'#{}")];
}

/* leftid=, rightsubnet=, right= of one of the two ends. */
static enum certainty end_changed(const struct story *s, struct finding *f, bool is_ours,
	const char *what, const char *was, const char *is)
{
	const char *side = is_ours ? story_our_end(s) : story_their_end(s);
	char key[32];

	if (!differs(was, is))
		return CERTAINTY_NONE;
	snprintf(key, sizeof(key), "%s%s=", side, what);
	if (is_word(was))
		finding_conn(f, FIX_HERE, side, what, "%s", was);
	return changed_here(s, f, key, was, is);
}

static enum certainty version_changed(const struct story *s, struct finding *f)
{
	const char *was = GOOD(s, version), *mode = GOOD(s, mode);

	if (differs(was, FACT(s, version))) {
		finding_conn(f, FIX_HERE, "", "keyexchange", "ikev%c", was[strlen(was) - 1]);
		return changed_here(s, f, "keyexchange=", was, FACT(s, version));
	}
	if (differs(mode, FACT(s, mode))) {
		finding_conn(f, FIX_HERE, "", "aggressive", "%s",
			strcmp(mode, "aggressive") == 0 ? "yes" : "no");
		return changed_here(s, f, "aggressive=", mode, FACT(s, mode));
	}
	return CERTAINTY_NONE;
}

static enum certainty here(const struct story *s, const struct failure *x, struct finding *f)
{
	enum certainty c = CERTAINTY_NONE;

	switch (x->about) {
	case ABOUT_IKE:
		c = version_changed(s, f);
		return c ? c : lacks(s, f, "ike", GOOD(s, ike), FACT(s, ike), GOOD(s, ike_used));
	case ABOUT_ESP:
		return lacks(s, f, "esp", GOOD(s, esp), FACT(s, esp), GOOD(s, esp_used));
	case ABOUT_VERSION:
		return version_changed(s, f);
	case ABOUT_IDS:
		c = end_changed(s, f, true, "id", GOOD(s, our_id), FACT(s, our_id));
		if (!c)
			c = end_changed(s, f, false, "id", GOOD(s, their_id), FACT(s, their_id));
		return c ? LIKELY : c; /* the secret may have changed as well */
	case ABOUT_NETS:
		c = end_changed(s, f, true, "subnet", GOOD(s, our_nets), FACT(s, our_nets));
		return c ? c
			 : end_changed(
				   s, f, false, "subnet", GOOD(s, their_nets), FACT(s, their_nets));
	case ABOUT_HOST:
		c = end_changed(s, f, false, "", GOOD(s, theirs), FACT(s, theirs));
		return c ? LIKELY : c;
	case NOTHING:
		break;
	}
	return CERTAINTY_NONE;
}

/* ---- nothing did: so it is the other end ---- */

static enum certainty at_peer(const struct story *s, const struct failure *x, struct finding *f)
{
	bool is_esp = x->about == ABOUT_ESP;
	const char *used = is_esp ? GOOD(s, esp_used) : GOOD(s, ike_used),
		   *key = is_esp ? "esp" : "ike";
	const char *swanctl = is_esp ? GOOD(s, esp_swanctl) : GOOD(s, ike_swanctl);
	char when[WHEN_STR];

	/* Without a list of what there was it cannot be said that it is offered still. */
	if ((x->about != ABOUT_IKE && !is_esp) || !used[0] ||
		!(is_esp ? FACT(s, esp) : FACT(s, ike))[0])
		return CERTAINTY_NONE;
	drift_when(s, when);
	if (x->offered[0]) {
		if (drift_has(x->offered, used))
			return CERTAINTY_NONE;
		finding_cause(f,
			"the peer has changed since the tunnel last worked (%s, with %s=%s): it "
			"offers %.300s now, without that; %s= here still allows it",
			when, key, used, x->offered, key);
		finding_conn(f, FIX_HERE, "", key, "%s", x->offered);
	} else {
		finding_cause(f,
			"the peer has changed since the tunnel last worked (%s, with %s=%s): this "
			"end offers that still, and the peer refuses it now%s",
			when, key, used,
			is_esp ? "" : ", or knows no connection for this address any more");
		finding_suspect(
			f, is_esp ? &rule_esp_proposal_mismatch : &rule_ike_proposal_mismatch);
		if (!is_esp) { /* refused alike */
			finding_suspect(f, &rule_ike_version_mismatch);
			finding_suspect(f, &rule_conn_not_loaded_or_daemon_down);
			finding_next(
				f, "ipsec diagnose %s asks the peer which it is", story_name(s));
		}
	}
	finding_conn(f, FIX_PEER_LIBRESWAN, "", key, "%s", used);
	finding_conn(f, FIX_PEER_STRONGSWAN, "", key, "%s", swanctl);
	return x->offered[0] ? CERTAIN : LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct failure x;
	enum certainty c;

	if (!s->good || !s->facts || story_is_up(s))
		return CERTAINTY_NONE;
	x = last_failure(s);
	if (!x.about)
		return CERTAINTY_NONE;
	c = here(s, &x, f);
	f->is_aside = c && drift_is_edited(s); /* a person did it, no upgrade */
	if (!c)
		c = at_peer(s, &x, f);
	finding_proof(f, x.e);
	finding_proof(f, s->good);
	return c;
}

const struct rule rule_defaults_changed_by_upgrade = {
	.id = "defaults-changed-by-upgrade",
	.title = "something has changed since it last worked",
	.layer = "configuration",
	.most = CERTAIN,
	.symptom = "a tunnel that worked is refused",
	.proof = "what is kept of each connection when it comes up, against what it is now, where "
		 "the "
		 "refusal is about that",
	.remedy = "write what worked into ike=, esp=, keyexchange= and the rest",
	.judge = judge_it,
};
