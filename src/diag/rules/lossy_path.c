#include "diag/flow.h"
#include "diag/losses.h"
#include "diag/probed.h"
#include "diag/identity.h"
#include "diag/silence.h"

enum { SOME = 4 };
#define SPAN (3600 * NS_S)

#define ANSWER(e) FIELDS(e, flow_answer)
enum { LOST_MIN = 2 }; /* of eight: one may be by chance */

static uint64_t lost(const struct event *e)
{
	return e ? ANSWER(e)->asked.u64 - MIN(ANSWER(e)->answered.u64, ANSWER(e)->asked.u64) : 0;
}

/* Some echoes are answered and some are not, of one size; outside of the tunnel as well. */
static enum certainty judge_flow(const struct story *s, struct finding *f)
{
	const struct event *in = flow_answer_of(s, "more"), *out = flow_answer_of(s, "outside");
	const struct event *way = story_flow_loss(s);

	if (way) {
		finding_proof(f, way);
		finding_proof(f, flow_of(s));
		finding_cause(f,
			"%u of %u echo requests to %s were lost and the others answered: the way "
			"there is bad; that nothing came back through the tunnel says nothing yet",
			(unsigned)lost(way), (unsigned)ANSWER(way)->asked.u64, ANSWER(way)->to.str);
		losses_measure(f, ANSWER(way)->to.str);
		finding_suspect(f, &rule_esp_blocked);
		finding_next(f, "ipsec diagnose %s, once more", story_name(s));
		return LIKELY;
	}
	if (lost(in) < LOST_MIN || !ANSWER(in)->answered.u64)
		return CERTAINTY_NONE;
	finding_proof(f, in);
	finding_proof(f, out);
	finding_cause(f,
		"%u of %u small packets through the tunnel were lost%s: the way between the two "
		"ends is bad",
		(unsigned)lost(in), (unsigned)ANSWER(in)->asked.u64,
		lost(out) && ANSWER(out)->answered.u64 ? ", and some outside of it as well" : "");
	losses_measure(f, FACT(s, theirs));
	finding_conn(f, FIX_HERE, "", "retransmit-timeout", "120s");
	return lost(out) && ANSWER(out)->answered.u64 ? LIKELY : POSSIBLE;
}

/* No tunnel yet: what was not answered may have been lost. */
static enum certainty judge_way(const struct story *s, struct finding *f)
{
	const struct event *e = story_loss(s);
	struct silence q = story_silence(s);
	struct probes p = story_probes(s);

	if (!e ||
		(!story_still_waits(s) && p.main.is != PROBED_SILENT && p.natt.is != PROBED_SILENT))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, q.repeat);
	finding_cause(f,
		"%u of %u echo requests to %s were lost and the others answered: the way there is "
		"bad, and messages of IKE are lost on it as well; what was not answered says "
		"nothing yet",
		(unsigned)lost(e), (unsigned)ANSWER(e)->asked.u64, ANSWER(e)->to.str);
	finding_conn(f, FIX_HERE, "", "retransmit-timeout", "120s");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "retransmit-timeout", "120s");
	losses_measure(f, ANSWER(e)->to.str);
	if (p.main.is == PROBED_SILENT)
		finding_suspect(f, &rule_ike_udp500_blocked);
	if (p.natt.is == PROBED_SILENT)
		finding_suspect(f, &rule_udp4500_blocked);
	finding_next(f, "ipsec diagnose %s, once more", story_name(s));
	return LIKELY;
}

/* Of messages that were repeated and answered in the end; a message is counted once. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ends[] = { EV_v2_timeout, EV_v1_timeout, EV_v1_dpd_dead,
		EV_NONE };
	const struct event *last = NULL;
	unsigned n = 0;

	if (!story_is_up(s))
		return judge_way(s, f);
	if (story_last_of(s, ends))
		return CERTAINTY_NONE;
	for (unsigned i = s->from; i < s->n; i++) {
		const struct event *e = &s->event[i];
		bool is_first =
			(e->id == EV_v2_retransmit && FIELDS(e, v2_retransmit)->count.u64 <= 1) ||
			(e->id == EV_v1_retransmit && FIELDS(e, v1_retransmit)->count.u64 <= 1);

		if (!is_first || story_age(s, e) > SPAN)
			continue;
		finding_proof(f, e);
		last = e;
		n++;
	}
	if (n < SOME || story_age(s, last) < 5 * NS_S) {
		/* the last one is not answered yet, perhaps */
		f->n_evidence = 0;
		return judge_flow(s, f);
	}
	finding_cause(f,
		"%u messages had to be repeated before the peer answered, and it always did: "
		"packets "
		"are lost on the way, or it takes long",
		n);
	finding_conn(f, FIX_HERE, "", "retransmit-timeout", "120s");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "retransmit-timeout", "120s");
	losses_measure(f, FACT(s, theirs));
	return LIKELY;
}

const struct rule rule_lossy_path = {
	.id = "lossy-path",
	.title = "packets are lost on the way",
	.layer = "network path",
	.most = LIKELY,
	.symptom = "retransmission, and the answer comes in the end",
	.proof = "several messages were repeated and all of them were answered; or some echo "
		 "requests of a test "
		 "flow are lost, inside and outside of the tunnel",
	.remedy = "find the loss; a longer retransmit-timeout= lives with it",
	.judge = judge_it,
};
