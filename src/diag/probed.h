#pragma once
/* What the peer did with the probes of "ipsec diagnose", as rules read it. */
#include "diag/story.h"

enum probed {
	PROBED_NOT,
	PROBED_ERROR, /* ICMP, or this host's kernel */
	PROBED_SILENT,
	PROBED_REFUSED, /* a notification, or a choice that makes no sense */
	PROBED_GROUP,	/* a group that is not among those that were offered */
	PROBED_TAKEN,
};
struct probed_one {
	enum probed is;
	const struct event *e; /* probe_answer, probe_silence, probe_refused */
};
struct probes {
	struct probed_one own, strong, weak,
		other;		      /* by what was asked, on whichever port: the best */
	struct probed_one main, natt; /* by port: that of IKE, and 4500: the best */
	/* of the port of IKE: somebody says that the peer is not there, maybe when the question was
	 * given up; e NULL: nobody does */
	struct probed_one complaint;
};
struct probes story_probes(const struct story *s);
static inline bool probed_is_answered(const struct probed_one *o)
{
	return o->is > PROBED_SILENT;
}
static inline bool probed_is_taken(const struct probed_one *o)
{
	return o->is == PROBED_TAKEN;
}
/* Probes were sent, and nothing at all came back. */
bool probes_are_silent(const struct probes *p);
/* The port of IKE is silent, and the peer itself says that nobody listens on UDP port 4500. */
bool probes_are_half_silent(const struct probes *p);
/* Everything was offered, and the peer refused it. */
bool probes_are_refused(const struct probes *p);

/* Probes alone tell of it: another daemon's connection, which was not tried. */
bool story_is_only_asked(const struct story *s, const struct probes *p);
/* What the peer chose, as this host's file writes ike= or proposals; "": nothing. */
const char *probed_chosen(const struct story *s, const struct probed_one *o);
/* What the connection offers, as ipsec.conf writes it; "": it was not asked. */
const char *probed_offer(const struct story *s);

/* The last attempt of ours ended, or hangs, before anybody was authenticated: probes can tell why.
 * is_refused: it was answered with NO_PROPOSAL_CHOSEN. */
bool story_is_stuck(const struct story *s, bool *is_refused);
/* The last attempt has neither ended nor been answered: it waits. */
bool story_still_waits(const struct story *s);
