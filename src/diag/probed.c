#include "diag/probed.h"

#include "diag/silence.h"
#include "diag/words.h"

enum { PORT_NAT = 4500, NOBODY_LISTENS = 111 }; /* ECONNREFUSED */

static enum probed outcome_of(const struct event *e)
{
	const char *answer;

	if (e->id == EV_probe_silence)
		return PROBED_SILENT;
	if (e->id == EV_probe_refused)
		return PROBED_ERROR;
	answer = FIELDS(e, probe_answer)->answer.str;
	return strcmp(answer, "taken") == 0   ? PROBED_TAKEN
	       : strcmp(answer, "group") == 0 ? PROBED_GROUP
					      : PROBED_REFUSED;
}

/* What all three begin with. */
static const char *what_of(const struct event *e, struct endpoint *to)
{
	if (e->id == EV_probe_answer) {
		*to = FIELDS(e, probe_answer)->remote.ep;
		return FIELDS(e, probe_answer)->what.str;
	}
	if (e->id == EV_probe_silence) {
		*to = FIELDS(e, probe_silence)->remote.ep;
		return FIELDS(e, probe_silence)->what.str;
	}
	*to = FIELDS(e, probe_refused)->remote.ep;
	return FIELDS(e, probe_refused)->what.str;
}

/* ECONNREFUSED, EHOSTUNREACH, ENETUNREACH: by ICMP, or by this host. */
static bool is_not_there(const struct event *e)
{
	uint64_t error = e->id == EV_probe_refused ? FIELDS(e, probe_refused)->error.u64 : 0;

	return error == 111 || error == 113 || error == 101;
}

static void better(struct probed_one *to, struct probed_one o)
{
	if (o.is > to->is)
		*to = o;
}

struct probes story_probes(const struct story *s)
{
	struct probes p = { 0 };
	const struct {
		const char *what;
		struct probed_one *one;
	} by[] = { { "own", &p.own }, { "strong", &p.strong }, { "weak", &p.weak },
		{ "other", &p.other } };

	for (unsigned i = s->from; i < s->n; i++) {
		const struct event *e = &s->event[i];
		struct probed_one o = { .e = e };
		struct endpoint to;
		const char *what;

		if (e->id != EV_probe_answer && e->id != EV_probe_silence &&
			e->id != EV_probe_refused)
			continue;
		o.is = outcome_of(e);
		what = what_of(e, &to);
		better(to.port == PORT_NAT ? &p.natt : &p.main, o);
		if (to.port != PORT_NAT && is_not_there(e))
			p.complaint = o;
		for (size_t k = 0; k < COUNT(by); k++)
			if (strcmp(by[k].what, what) == 0)
				better(by[k].one, o);
	}
	return p;
}

bool probes_are_silent(const struct probes *p)
{
	return p->main.is == PROBED_SILENT && p->natt.is <= PROBED_SILENT &&
	       !probes_are_half_silent(p);
}

bool probes_are_half_silent(const struct probes *p)
{
	const union ev_probe_refused *no;

	if (p->main.is != PROBED_SILENT || p->natt.is != PROBED_ERROR)
		return false;
	no = FIELDS(p->natt.e, probe_refused);
	return no->error.u64 == NOBODY_LISTENS &&
	       addr_eq(&no->complainant.addr, &no->remote.ep.addr);
}

bool probes_are_refused(const struct probes *p)
{
	return p->strong.is == PROBED_REFUSED && !probed_is_taken(&p->weak) &&
	       p->weak.is != PROBED_GROUP && !probed_is_taken(&p->other) &&
	       p->other.is != PROBED_GROUP;
}

bool story_is_only_asked(const struct story *s, const struct probes *p)
{
	static const enum event_id tried[] = { EV_v2_initiate, EV_v1_initiate, EV_v2_init_sent,
		EV_v1_main_i1_sent, EV_v1_aggr_i1_sent, EV_NONE };

	return p->main.is != PROBED_NOT && !story_last_of(s, tried) && !story_is_up(s);
}

const char *probed_chosen(const struct story *s, const struct probed_one *o)
{
	if (!o->e || o->e->id != EV_probe_answer)
		return "";
	return story_is_strongswan(s) ? FIELDS(o->e, probe_answer)->chosen_swanctl.str
				      : FIELDS(o->e, probe_answer)->chosen.str;
}

const char *probed_offer(const struct story *s)
{
	for (unsigned i = s->from; i < s->n; i++)
		if (s->event[i].id == EV_probe_sent &&
			strcmp(FIELDS(&s->event[i], probe_sent)->what.str, "own") == 0)
			return FIELDS(&s->event[i], probe_sent)->proposal.str;
	return "";
}

/* ---- when to probe ---- */

static bool is_no_proposal(const char *notify)
{
	return strcmp(notify, "NO_PROPOSAL_CHOSEN") == 0;
}

static bool went_on(const struct story *s, const struct event *e)
{
	static const enum event_id further[] = { EV_v2_auth_sent, EV_v1_main_i2_sent, EV_NONE };

	return story_later(story_last_of(s, further), e);
}

bool story_is_stuck(const struct story *s, bool *is_refused)
{
	static const enum event_id begins[] = { EV_v2_initiate, EV_v1_initiate, EV_NONE };
	static const enum event_id ends[] = { EV_v2_init_refused, EV_v1_ignored,
		EV_v2_invalid_ke_refused, EV_ike_version_refused, EV_v2_net_error, EV_v1_net_error,
		EV_NONE };
	const struct event *e = story_last_of(s, ends);

	*is_refused = false;
	if (story_is_up(s) || !story_last_of(s, begins))
		return false;
	if (story_silence(s).at != SILENT_NOT)
		return true;
	if (!e || went_on(s, e))
		return false;
	if (e->id == EV_v2_init_refused)
		*is_refused = is_no_proposal(FIELDS(e, v2_init_refused)->notify.str);
	else if (e->id == EV_v1_ignored)
		*is_refused = is_no_proposal(FIELDS(e, v1_ignored)->notify.str);
	return true;
}

bool story_still_waits(const struct story *s)
{
	static const enum event_id waits[] = { EV_v2_init_sent, EV_v2_cookie, EV_v2_invalid_ke,
		EV_v2_auth_sent, EV_v2_retransmit, EV_v1_main_i1_sent, EV_v1_main_i2_sent,
		EV_v1_main_i3_sent, EV_v1_aggr_i1_sent, EV_v1_quick_i1_sent, EV_v1_retransmit,
		EV_v1_transaction_waiting, EV_v1_cfg_asking, EV_NONE };
	const struct event *last = story_last_of(s, waits);

	for (unsigned i = s->n; last && i > s->from && &s->event[i - 1] > last; i--)
		if (event_kind(s->event[i - 1].id)->level == EVENT_FAIL ||
			event_kind(s->event[i - 1].id)->level == EVENT_WARN)
			return false;
	return last && !story_is_up(s);
}
