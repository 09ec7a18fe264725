/* Silence: what would be answered goes out, and nothing comes in. Traffic of one direction is
 * nobody's fault (syslog, video), so only packets count that have an answer if anybody gets them:
 * TCP's, and pings. Unasked: what comes in by a tunnel that sends nothing; it matters when it is
 * the answer to what another one sends. Losses: packets that came too late for the replay window,
 * or whose ICV does not match. A few are dropped anywhere; what is told is more than one in a
 * hundred, of some. */
#include "dataplane/watch.h"

#include <assert.h>
#include <stdlib.h>

enum {
	SILENT_LOOKS = 4,   /* in a row, in each of which something was asked */
	SILENT_PACKETS = 5, /* fewer are no traffic */
	UNASKED_LOOKS = 2,  /* in a row, in each of which something came in and nothing went out */
	LOSSES_MIN = 20,
	LOSSES_PART = 100,
	LENGTHS_MIN = 3 /* a length is no accident */
};

/* What came in and went out for a policy, on all of its SAs. */
struct heard {
	uint32_t reqid;
	uint64_t packets, sent;
};

static int by_reqid(const void *a, const void *b)
{
	const struct heard *x = a, *y = b;

	return (x->reqid > y->reqid) - (x->reqid < y->reqid);
}

/* Sorted; gives how many. */
static size_t count_heard(const struct dp_seen *sa, size_t n, struct heard *ret)
{
	size_t k = 0, merged = 0;

	for (size_t i = 0; i < n; i++)
		ret[k++] = (struct heard){ sa[i].reqid, sa[i].is_out ? 0 : sa[i].packets,
			sa[i].is_out ? sa[i].packets : 0 };
	if (k)
		qsort(ret, k, sizeof(*ret), by_reqid);
	for (size_t i = 0; i < k; i++)
		if (merged && ret[merged - 1].reqid == ret[i].reqid) {
			ret[merged - 1].packets += ret[i].packets;
			ret[merged - 1].sent += ret[i].sent;
		} else {
			ret[merged++] = ret[i];
		}
	return merged;
}

/* Something does arrive, and no SA or policy of this host takes it. What comes for others' tunnels
 * counts as well, so it must be as much as a tunnel that carries something has at least. */
static enum drop_reason why_dropped(
	const struct dp_watch *w, const uint64_t *dropped, uint64_t *ret_count)
{
	static const enum drop_reason inbound[] = { DROP_no_sa, DROP_selector_in, DROP_no_policy };
	enum drop_reason why = DROP_none;

	*ret_count = SILENT_PACKETS - 1;
	for (size_t i = 0; dropped && i < COUNT(inbound); i++) {
		uint64_t more = watch_added(w->silence.dropped[inbound[i]], dropped[inbound[i]]);

		if (more > *ret_count) {
			*ret_count = more;
			why = inbound[i];
		}
	}
	return why;
}

/* Told besides the silence, as what is lost; it ends with another reason, and with the silence. */
static void tell_why(struct dp_watch *w, struct dp_notice n, const uint64_t *dropped,
	bool is_silent, dp_tell *tell, void *ctx)
{
	enum drop_reason why = DROP_none, was = (enum drop_reason)w->silence.why;
	uint64_t count = 0;

	if (is_silent)
		why = why_dropped(w, dropped, &count);
	n.kind = DP_LOSING;
	n.reason = (uint8_t)was;
	n.count = 0;
	if (was != DROP_none && was != why)
		tell(ctx, &n);
	n.reason = w->silence.why = (uint8_t)why;
	n.count = count;
	if (why != DROP_none)
		tell(ctx, &n);
}

static void listen_to(
	const struct dp_seen *sa, uint64_t heard, const uint64_t *dropped, dp_tell *tell, void *ctx)
{
	struct dp_watch *w = sa->watch;
	uint64_t more = watch_added(w->silence.asked, sa->asked);
	struct dp_notice n = { .serial = sa->serial, .reqid = sa->reqid };
	bool is_over = heard != w->silence.heard; /* fewer: a rekeyed one has gone */

	w->silence.asked = sa->asked;
	if (dropped && (is_over || w->silence.looks % SILENT_LOOKS == 0))
		memcpy(w->silence.dropped, dropped, sizeof(w->silence.dropped));
	if (is_over) {
		w->silence.heard = heard;
		w->silence.since = w->silence.looks = 0;
		n.kind = DP_ANSWERED;
		if (w->silence.is_told)
			tell(ctx, &n);
		w->silence.is_told = false;
		tell_why(w, n, dropped, false, tell, ctx);
		return;
	}
	if (!more)
		return;
	w->silence.since += more;
	if (++w->silence.looks % SILENT_LOOKS || w->silence.since < SILENT_PACKETS)
		return;
	n.kind = DP_SILENT;
	n.count = w->silence.since;
	tell(ctx, &n);
	w->silence.is_told = true;
	tell_why(w, n, dropped, true, tell, ctx);
}

static void look_unasked(const struct dp_seen *sa, const struct heard *of, dp_tell *tell, void *ctx)
{
	struct dp_watch *w = sa->watch;
	uint64_t came = watch_added(w->unasked.heard, of->packets);
	bool is_asked = of->sent != w->unasked.sent; /* fewer: a rekeyed one has gone */
	struct dp_notice n = { .kind = DP_UNASKED, .serial = sa->serial, .reqid = sa->reqid };

	w->unasked.heard = of->packets;
	w->unasked.sent = of->sent;
	if (is_asked || !came) {
		w->unasked.since = w->unasked.looks = 0;
		return;
	}
	w->unasked.since += came;
	if (++w->unasked.looks < UNASKED_LOOKS || w->unasked.since < SILENT_PACKETS)
		return;
	n.count = w->unasked.since;
	tell(ctx, &n);
	w->unasked.since = w->unasked.looks = 0;
}

void dp_watch_silence(
	const struct dp_seen *sa, size_t n, const uint64_t *dropped, dp_tell *tell, void *ctx)
{
	struct heard *heard = xalloc((n + 1) * sizeof(*heard)), *of;
	size_t k = count_heard(sa, n, heard);

	for (size_t i = 0; i < n; i++) {
		struct heard key = { .reqid = sa[i].reqid };

		if (!sa[i].is_out)
			continue;
		of = bsearch(&key, heard, k, sizeof(*heard), by_reqid);
		assert(of); /* it counts itself */
		look_unasked(&sa[i], of, tell, ctx);
		listen_to(&sa[i], of->packets, dropped, tell, ctx);
	}
	free(heard);
}

void dp_watch_begin(const struct dp_seen *sa)
{
	struct dp_watch *w = sa->watch;

	w->losses.packets = sa->packets;
	memcpy(w->losses.lost, sa->lost, sizeof(w->losses.lost));
}

/* An ICV that is cut differently lets nothing pass at all. */
static bool is_much(enum watch_loss what, uint64_t lost, uint64_t came)
{
	if (what == WATCH_OTHER_ICV)
		return lost >= LENGTHS_MIN && !came;
	return lost >= LOSSES_MIN && lost * LOSSES_PART >= came + lost;
}

static void look(const struct dp_seen *sa, dp_tell *tell, void *ctx)
{
	static const enum drop_reason reasons[WATCH_LOSSES] = { DROP_replay, DROP_integrity,
		DROP_icv_length };
	struct dp_watch *w = sa->watch;
	uint64_t came = watch_added(w->losses.packets, sa->packets);

	w->losses.packets = sa->packets;
	for (size_t i = 0; i < WATCH_LOSSES; i++) {
		uint64_t lost = watch_added(w->losses.lost[i], sa->lost[i]);
		bool is_told = is_much((enum watch_loss)i, lost, came);
		struct dp_notice n = { .kind = DP_LOSING,
			.serial = sa->serial,
			.reqid = sa->reqid,
			.reason = (uint8_t)reasons[i],
			.count = is_told ? lost : 0,
			.passed = came };

		w->losses.lost[i] = sa->lost[i];
		/* it is over when packets come and pass */
		if (is_told || (w->losses.is_told[i] && came && !lost)) {
			tell(ctx, &n);
			w->losses.is_told[i] = is_told;
		}
	}
}

void dp_watch_losses(const struct dp_seen *sa, size_t n, dp_tell *tell, void *ctx)
{
	for (size_t i = 0; i < n; i++)
		if (!sa[i].is_out)
			look(&sa[i], tell, ctx);
}
