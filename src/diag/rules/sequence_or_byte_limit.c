#include "diag/flow.h"
#include "diag/identity.h"

#define RECENT (3600 * NS_S)

/* Its limit, as "1000 octets"; NULL: that ended no SA by a limit. */
static const char *limit_of(const struct event *e)
{
	const char *t = e->id == EV_v2_child_expired ? FIELDS(e, v2_child_expired)->limit.str
			: e->id == EV_v1_expired     ? FIELDS(e, v1_expired)->limit.str
						     : NULL;

	return t && t[0] ? t : NULL;
}

/* It is over when the connection was loaded anew, or a rekey was done in time since. */
static bool is_over(const struct event *e)
{
	return e->id == EV_conn_added || e->id == EV_conn_terminating ||
	       (e->id == EV_v2_child_established && FIELDS(e, v2_child_established)->old.str &&
		       FIELDS(e, v2_child_established)->old.str[0]);
}

/* When the tunnel has come up again, it must have happened twice. */
static const struct event *used_up(const struct story *s)
{
	static const enum event_id up[] = { EV_v2_child_established, EV_v1_child_established,
		EV_NONE };
	const struct event *last = NULL;
	unsigned n = 0;

	for (unsigned i = s->n; i > 0 && !is_over(&s->event[i - 1]); i--)
		if (limit_of(&s->event[i - 1]) && story_age(s, &s->event[i - 1]) < RECENT) {
			last = last ? last : &s->event[i - 1];
			n++;
		}
	return n > 1 || story_later(last, story_last_of(s, up)) ? last : NULL;
}

static void longer_numbers(const struct story *s, struct finding *f)
{
	finding_conn(f, FIX_HERE, "", "esn", "either");
	if (strcmp(FACT(s, rekey), "no") == 0)
		finding_conn(f, FIX_HERE, "", "rekey", "yes");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec down %s; ipsec up %s", story_name(s),
		story_name(s));
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "esn", "either");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"esp_proposals = with -esn at the end of each proposal, -esn-noesn for both");
}

static void larger(const char *limit, struct finding *f)
{
	if (strstr(limit, "octets"))
		finding_conn(f, FIX_HERE, "", "ipsec-max-bytes", "1TiB");
	if (strstr(limit, "packets"))
		finding_conn(f, FIX_HERE, "", "ipsec-max-packets", "1Gi");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"a limit there holds as well: ipsec-max-bytes=, in strongSwan life_bytes and "
		"life_packets");
}

/* Nothing left although it was to: the kernel counts that for all tunnels, so what this one's SA
 * has carried must be nothing. */
static enum certainty judge_flow(const struct story *s, struct finding *f)
{
	const struct event *seq = flow_moved(s, "XfrmOutStateSeqError"),
			   *expired = flow_moved(s, "XfrmOutStateExpired"),
			   *e = seq ? seq : expired, *sa = flow_of(s);

	if (!e || !sa || flow_heard(s) || FIELDS(sa, flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, sa);
	finding_cause(f, "the tunnel's SA is used up: %s, and nothing leaves by it any more",
		seq ? "all of its sequence numbers were sent" : "it has carried as much as it may");
	longer_numbers(s, f);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = used_up(s);
	const char *limit = e ? limit_of(e) : NULL;

	if (!limit)
		return judge_flow(s, f);
	finding_proof(f, e);
	if (strstr(limit, "sequence numbers")) {
		finding_cause(f,
			"the tunnel ended when all of its SA's %s were sent, and no rekey was done "
			"before that",
			limit);
		longer_numbers(s, f);
		return CERTAIN;
	}
	finding_cause(f,
		"the tunnel ended when its SA had carried as much as it may (%s): a rekey begins "
		"at nine tenths of that, and was not done in time",
		limit);
	larger(limit, f);
	return CERTAIN;
}

const struct rule rule_sequence_or_byte_limit = {
	.id = "sequence-or-byte-limit",
	.title = "an SA has carried as much as it may",
	.layer = "data plane",
	.most = CERTAIN,
	.symptom = "a sudden stop at high volume; Child SA expires (volume limit)",
	.proof = "the data plane's word that a limit of octets, packets or sequence numbers was "
		 "reached; XfrmOutStateSeqError or XfrmOutStateExpired grows while a test flow "
		 "runs, and the SA carries nothing",
	.remedy = "a rekey in time; esn=either at both ends; larger limits, or none",
	.judge = judge_it,
};
