#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"
#include "diag/probed.h"
#include "diag/words.h"

/* A name that was misspelt once is not to be told of for ever. */
#define UNKNOWN_FOR (600 * NS_S)

/* An initiator whose peer refuses whatever it is offered. */
static enum certainty unknown_there(
	const struct story *s, const struct probes *p, struct finding *f)
{
	const char *ours = FACT(s, ours);

	finding_proof(f, p->strong.e);
	finding_proof(f, p->weak.e);
	finding_proof(f, p->other.e);
	finding_cause(f,
		"the peer is there and refuses every algorithm that is known, in either version: "
		"it has no "
		"connection for our address%s%s that is loaded",
		ours[0] ? " " : "", ours);
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND, "ipsec status && ipsec add CONN");
	finding_fix(
		f, FIX_PEER_STRONGSWAN, FIX_COMMAND, "swanctl --load-all && swanctl --list-conns");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"its connection has to have the address of this host, as it is seen there (a NAT "
		"changes it), or "
		"%%any");
	finding_suspect(f, &rule_ike_proposal_mismatch);
	return LIKELY;
}

/* Another program that has our port is why it does not run. */
static bool is_kept_out(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_socket, e)))
		if (!FIELDS(e, local_socket)->is_ours.u64)
			return true;
	return false;
}

/* Somebody begins, and no connection is for these two addresses: all that is known is both. */
static enum certainty unknown_peer(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_no_connection, EV_v1_no_connection, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	char from[ADDR_STR], to[ADDR_STR];
	const char *kind = "", *expected = "";

	if (e && e->id == EV_v2_no_connection) {
		kind = FIELDS(e, v2_no_connection)->kind.str;
		expected = FIELDS(e, v2_no_connection)->expected.str;
		addr_format(&FIELDS(e, v2_no_connection)->remote.ep.addr, from);
		addr_format(&FIELDS(e, v2_no_connection)->local.ep.addr, to);
	} else if (e) {
		kind = FIELDS(e, v1_no_connection)->kind.str;
		expected = FIELDS(e, v1_no_connection)->expected.str;
		addr_format(&FIELDS(e, v1_no_connection)->remote.ep.addr, from);
		addr_format(&FIELDS(e, v1_no_connection)->local.ep.addr, to);
	}
	if (strcmp(kind, "address") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"%s begins with %s, and no connection here is for these two addresses%s%s%s; the "
		"one for it is not loaded, or it has another address for the peer, which may be "
		"behind a NAT",
		from, to, expected[0] ? " (peers of the ones that there are: " : "", expected,
		expected[0] ? ")" : "");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"if it is a peer of yours, write right=%s in its conn and run: ipsec add NAME",
		from);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"if it is to come from another address, write that one as left= (swanctl: "
		"local_addrs) there");
	return CERTAIN;
}

/* It was to be loaded and this host could not: that is why it is unknown, and adding it again does
 * not help. */
static bool is_refused(const struct story *s)
{
	static const enum event_id ids[] = { EV_conn_needs_kernel, EV_conn_no_device, EV_NONE };
	static const enum event_id better[] = { EV_conn_added, EV_service_ready, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	return e && !story_later(story_last_of(s, better), e);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_conn_unknown, EV_load_lost, EV_load_unknown,
		EV_service_waiting, EV_process_died, EV_local_daemon, EV_NONE };
	static const enum event_id better[] = { EV_conn_added, EV_service_ready,
		EV_process_restarted, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	struct probes p = story_probes(s);
	const char *nearest;

	if (!e && probes_are_refused(&p) && !story_is_up(s))
		return unknown_there(s, &p, f);
	if (!e)
		return unknown_peer(s, f);
	if (story_later(story_last_of(s, better), e) ||
		story_later(story_last(s, EV_config_error), e) ||
		(e->id == EV_conn_unknown && (is_refused(s) || local_written_late(s) ||
						     story_age(s, e) > UNKNOWN_FOR)) ||
		(e->id == EV_local_daemon && is_kept_out(s)))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	switch ((int)e->id) {
	case EV_conn_unknown:
		f->until = e->at.mono + UNKNOWN_FOR;
		nearest = FIELDS(e, conn_unknown)->nearest.str;
		finding_cause(f,
			"connection \"%s\" is not loaded: it was not added, or it has another name",
			FIELDS(e, conn_unknown)->name.str);
		if (nearest[0]) {
			finding_more(f, " (\"%s\"?)", nearest);
			finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec up %s", nearest);
		}
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec add %s && ipsec up %s",
			FIELDS(e, conn_unknown)->name.str, FIELDS(e, conn_unknown)->name.str);
		break;
	case EV_load_lost:
		finding_proof(f, story_last(s, EV_config_error));
		finding_cause(f, "connection \"%s\" has an error and was not loaded",
			FIELDS(e, load_lost)->name.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec checkconfig");
		finding_suspect(f, &rule_config_syntax);
		break;
	case EV_load_unknown:
		finding_cause(f, "%s has no connection \"%s\"", FIELDS(e, load_unknown)->file.str,
			FIELDS(e, load_unknown)->name.str);
		nearest = FIELDS(e, load_unknown)->nearest.str;
		if (nearest[0]) {
			finding_more(f, ", but \"%s\"", nearest);
			finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec add %s && ipsec up %s",
				nearest, nearest);
		}
		finding_fix(
			f, FIX_HERE, FIX_COMMAND, "grep -rn '^conn' /etc/ipsec.conf /etc/ipsec.d");
		break;
	case EV_service_waiting:
		finding_cause(
			f, "the daemon is not running: %s", FIELDS(e, service_waiting)->why.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec start");
		break;
	case EV_local_daemon:
		if (story_is_foreign(s)) { /* it can have another port */
			finding_cause(f, "the daemon is not running: nobody has %s",
				FIELDS(e, local_daemon)->socket.str);
			finding_fix(f, FIX_HERE, FIX_WORDS,
				"start it: systemctl start strongswan (strongswan-starter where it "
				"has "
				"ipsec.conf)");
			return LIKELY;
		}
		finding_cause(f, "the daemon is not running: nobody answers on %s",
			FIELDS(e, local_daemon)->socket.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec start && ipsec up %s", story_name(s));
		break;
	default:
		finding_cause(f, "process %s of the daemon died: %s",
			FIELDS(e, process_died)->process.str, FIELDS(e, process_died)->how.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec status");
		return LIKELY;
	}
	return CERTAIN;
}

const struct rule rule_conn_not_loaded_or_daemon_down = {
	.id = "conn-not-loaded-or-daemon-down",
	.title = "the connection is not loaded, or the daemon does not run",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "no connection named \"x\"",
	.proof = "the connections that the daemon has, against those of ipsec.conf",
	.remedy = "ipsec start; ipsec add; ipsec up; auto=start when it is to come up alone",
	.judge = judge_it,
};
