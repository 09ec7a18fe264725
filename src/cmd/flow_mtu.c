/* The path MTU by echo requests that may not be fragmented: each size is tried, the step between
 * what passes and what does not halves. */
#include "cmd/flow.h"

#include <errno.h>
#include <stdio.h>

enum { LINK_MTU = 1500, LOST_MS = 400 };

/* What one size came to; mtu: that somebody told. */
static enum bisect_saw try(struct flow *f, const char *way, const struct addr *from,
	const struct addr *to, unsigned flags, uint32_t size, struct addr *told_by, uint32_t *mtu)
{
	enum bisect_saw saw = BISECT_LOST;
	struct addr source;
	struct echo e;

	*mtu = 0;
	if (!echo_open(&e, way, from, to, flags | ECHO_WHOLE, 0))
		return saw;
	echo_send(&e, size);
	f->packets++;
	echo_wait(&e, 1, LOST_MS);
	if (e.answered) {
		saw = BISECT_PASSES;
	} else if (e.is_refused && icmp_is_too_big(to->family, &e.error)) {
		saw = BISECT_TOO_BIG;
		*mtu = e.error.mtu;
		*told_by = e.complainant;
	} else if (e.failed == EMSGSIZE) {
		saw = BISECT_TOO_BIG;
		if (!echo_route(from, to, flags, &source, mtu))
			*mtu = 0;
		*told_by = *from;
	}
	echo_close(&e);
	return saw;
}

void flow_mtu(struct flow *f, const char *way, const struct addr *from, const struct addr *to,
	unsigned flags)
{
	static const char *const words[] = { [BISECT_PASSES] = "passes",
		[BISECT_LOST] = "no answer",
		[BISECT_TOO_BIG] = "too big" };
	char t[ADDR_STR], said[ADDR_STR] = "", line[160], lost[16] = "";
	struct addr source, told_by = { 0 };
	uint32_t link = LINK_MTU, size, mtu = 0;
	unsigned tried = 0;
	struct bisect b;

	if (!echo_route(from, to, flags | ECHO_WHOLE, &source, &link) || !link)
		link = LINK_MTU;
	link = MIN(link, (uint32_t)LINK_MTU);
	b = bisect_from(ECHO_OCTETS, link);
	while (tried < MTU_TRIES && f->packets < FLOW_PACKETS_MAX && (size = bisect_next(&b))) {
		enum bisect_saw saw = try(f, way, from, to, flags, size, &told_by, &mtu);

		bisect_take(&b, size, saw, mtu);
		tried++;
		snprintf(line, sizeof(line), "%s, %u octets: %s", way, size, words[saw]);
		f->what->step(f->what->ctx, line);
	}
	/* who told of a size that does not pass either has not told of this one */
	if (addr_is_set(&told_by) && b.passes >= b.told)
		addr_format(&told_by, said);
	if (b.lost && !said[0])
		snprintf(lost, sizeof(lost), "%u", b.lost);
	FLOW_EMIT(f, flow_mtu, .way = ev_str(way), .to = ev_str(addr_format(to, t)),
		.mtu = ev_u64(b.passes), .lost = ev_u64(b.lost), .lost_text = ev_str(lost),
		.told_by = ev_str(said), .link = ev_u64(link), .tried = ev_u64(tried));
}
