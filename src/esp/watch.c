/* The plane's counters, for what is judged of them (dataplane/watch.h). */
#include "esp/plane.h"

#include <stdlib.h>

/* What ike does not know of is not told. */
static struct dp_seen *seen(struct esp_plane *p, size_t *ret_n)
{
	size_t n, k = 0;
	struct esp_sa **sa = esp_plane_sas(p, &n);
	struct dp_seen *s = xalloc((n + 1) * sizeof(*s));

	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out || !sa[i]->is_orphan)
			s[k++] = (struct dp_seen){ .serial = sa[i]->serial,
				.reqid = sa[i]->reqid,
				.is_out = sa[i]->is_out,
				.packets = esp_counted(&sa[i]->packets),
				.asked = esp_counted(&sa[i]->asking),
				.lost = { esp_counted(&sa[i]->too_old),
					esp_counted(&sa[i]->dropped[DROP_integrity]),
					esp_counted(&sa[i]->dropped[DROP_icv_length]) },
				.watch = &sa[i]->watch };
	*ret_n = k;
	return s;
}

/* Of what came in. */
static void count_dropped(struct esp_plane *p, uint64_t *ret)
{
	const struct esp_worker *w = esp_plane_worker(p, ESP_INBOUND);
	size_t n;
	struct esp_sa **sa = esp_plane_sas(p, &n);

	for (unsigned r = 0; r < DROP_END; r++) {
		ret[r] = esp_counted(&w->dropped[r]);
		for (size_t i = 0; i < n; i++)
			ret[r] += sa[i]->is_out ? 0 : esp_counted(&sa[i]->dropped[r]);
	}
}

void esp_plane_silence(struct esp_plane *p, dp_tell *tell, void *ctx)
{
	size_t n;
	struct dp_seen *s = seen(p, &n);
	uint64_t dropped[DROP_END];

	count_dropped(p, dropped);
	dp_watch_silence(s, n, dropped, tell, ctx);
	free(s);
}

void esp_plane_losses(struct esp_plane *p, dp_tell *tell, void *ctx)
{
	size_t n;
	struct dp_seen *s = seen(p, &n);

	dp_watch_losses(s, n, tell, ctx);
	free(s);
}

/* By all inbound SAs of a policy. */
static uint64_t came(struct esp_sa **sa, size_t n, uint32_t reqid)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out && sa[i]->reqid == reqid)
			sum += esp_counted(&sa[i]->packets);
	return sum;
}

void esp_plane_stalls(struct esp_plane *p)
{
	enum { AT_ONCE = 64 };
	unsigned counted = 0;
	size_t n;
	struct esp_sa **sa = esp_plane_sas(p, &n);

	for (size_t i = 0; i < n; i++) {
		if (!sa[i]->is_out || !stall_wants(sa[i]->stall))
			continue;
		if (counted++ < AT_ONCE)
			stall_count(sa[i]->stall, came(sa, n, sa[i]->reqid));
		else
			sa[i]->stall->is_counting = false;
	}
}
