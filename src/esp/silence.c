/* Tunnels that carry nothing: what would be answered goes out, and nothing comes in. Traffic of one
 * direction is nobody's fault (syslog, video), so only packets are counted that have an answer if
 * anybody gets them: TCP's, and pings. */
#include "esp/plane.h"

#include <stdlib.h>

enum {
	SILENT_LOOKS = 4,  /* in a row, in each of which something was asked */
	SILENT_PACKETS = 5 /* fewer are no traffic */
};

/* What came in for a policy, on all of its inbound SAs. */
struct heard {
	uint32_t reqid;
	uint64_t packets;
};

static int by_reqid(const void *a, const void *b)
{
	const struct heard *x = a, *y = b;

	return (x->reqid > y->reqid) - (x->reqid < y->reqid);
}

/* Sorted; gives how many. */
static size_t count_heard(struct esp_sa **sa, size_t n, struct heard *ret)
{
	size_t k = 0, merged = 0;

	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out)
			ret[k++] = (struct heard){ sa[i]->reqid, esp_counted(&sa[i]->packets) };
	if (k)
		qsort(ret, k, sizeof(*ret), by_reqid);
	for (size_t i = 0; i < k; i++)
		if (merged && ret[merged - 1].reqid == ret[i].reqid)
			ret[merged - 1].packets += ret[i].packets;
		else
			ret[merged++] = ret[i];
	return merged;
}

static void look(struct esp_sa *sa, uint64_t heard, void (*tell)(void *, const struct dp_notice *),
	void *ctx)
{
	uint64_t asked = esp_counted(&sa->asking), more = asked - sa->silence.asked;
	struct dp_notice n = { .serial = sa->serial, .reqid = sa->reqid };

	sa->silence.asked = asked;
	if (heard != sa->silence.heard) { /* fewer: a rekeyed one has gone */
		sa->silence.heard = heard;
		sa->silence.since = sa->silence.looks = 0;
		n.kind = DP_ANSWERED;
		if (sa->silence.is_told)
			tell(ctx, &n);
		sa->silence.is_told = false;
		return;
	}
	if (!more)
		return;
	sa->silence.since += more;
	if (++sa->silence.looks % SILENT_LOOKS || sa->silence.since < SILENT_PACKETS)
		return;
	n.kind = DP_SILENT;
	n.count = sa->silence.since;
	tell(ctx, &n);
	sa->silence.is_told = true;
}

void esp_plane_silence(
	struct esp_plane *p, void (*tell)(void *ctx, const struct dp_notice *), void *ctx)
{
	size_t n, k;
	struct esp_sa **sa = esp_plane_sas(p, &n);
	struct heard *heard = xalloc((n + 1) * sizeof(*heard)), *of;

	k = count_heard(sa, n, heard);
	for (size_t i = 0; i < n; i++) {
		struct heard key = { .reqid = sa[i]->reqid };

		if (!sa[i]->is_out || sa[i]->is_orphan)
			continue;
		of = bsearch(&key, heard, k, sizeof(*heard), by_reqid);
		look(sa[i], of ? of->packets : 0, tell, ctx);
	}
	free(heard);
}
