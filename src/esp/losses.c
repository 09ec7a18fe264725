/* Tunnels that lose what arrives: packets that came too late for the replay window, or whose ICV
 * does not match. A few are dropped anywhere; what is told is more than one in a hundred, of some.
 */
#include "esp/plane.h"

enum { LOSSES_MIN = 20, LOSSES_PART = 100 };

static const enum drop_reason reasons[] = { DROP_replay, DROP_integrity };

static void look(struct esp_sa *sa, void (*tell)(void *, const struct dp_notice *), void *ctx)
{
	uint64_t packets = esp_counted(&sa->packets), came = packets - sa->losses.packets;
	const uint64_t now[] = { esp_counted(&sa->too_old),
		esp_counted(&sa->dropped[DROP_integrity]) };

	sa->losses.packets = packets;
	for (size_t i = 0; i < COUNT(reasons); i++) {
		uint64_t lost = now[i] - sa->losses.dropped[i];
		bool is_much = lost >= LOSSES_MIN && lost * LOSSES_PART >= came + lost;
		struct dp_notice n = { .kind = DP_LOSING,
			.serial = sa->serial,
			.reqid = sa->reqid,
			.reason = (uint8_t)reasons[i],
			.count = is_much ? lost : 0 };

		sa->losses.dropped[i] = now[i];
		/* it is over when packets come and pass */
		if (is_much || (sa->losses.is_told[i] && came && !lost)) {
			tell(ctx, &n);
			sa->losses.is_told[i] = is_much;
		}
	}
}

void esp_plane_losses(
	struct esp_plane *p, void (*tell)(void *ctx, const struct dp_notice *), void *ctx)
{
	size_t n;
	struct esp_sa **sa = esp_plane_sas(p, &n);

	for (size_t i = 0; i < n; i++)
		if (!sa[i]->is_out && !sa[i]->is_orphan)
			look(sa[i], tell, ctx);
}
