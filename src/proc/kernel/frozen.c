/* Tunnels that lose large packets, where the kernel does ESP: no packet is seen here, but each SA
 * is asked for its counters twice a second, as long as there are few. A connection that freezes
 * shows in them (dataplane/frozen.h). One may be a host that is gone, or no TCP at all: from then
 * on policies tell what TCP sends (watch.c), and a second one that freezes, while nothing but TCP
 * and pings goes out, is told. */
#include "proc/kernel/kernel.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Both directions of so many tunnels. */
enum { SAS_MAX = 64, OTHER_HEADERS = 40 };
#define COUNTS (900 * NS_S)
#define AGAIN  (60 * NS_S)

static void tell(struct kernel *k, const struct sa *s, enum dp_notice_kind kind, uint32_t octets)
{
	struct dp_notice n = {
		.kind = (uint8_t)kind, .serial = s->serial, .reqid = s->reqid, .count = octets
	};

	plane_tell(k, &n);
}

/* Has nothing else gone out since then but TCP, and perhaps echo requests? The kernel counts in
 * seconds. */
static bool is_tcp(struct kernel *k, const struct policy *p, ns_t since)
{
	struct now now = process_now();
	uint64_t from = (uint64_t)((now.wall - (now.mono - since)) / NS_S);

	if (p->is_tcp)
		return true;
	return p->narrow && p->narrowed <= since && spd_used_out(k, p, 0) < from &&
	       spd_used_out(k, p->narrow, IPPROTO_TCP) >= from - 1;
}

static void froze(struct kernel *k, struct policy *p, struct sa *s, ns_t now)
{
	bool is_another = s->frozen.began != p->froze_from, counts = now - p->froze < COUNTS;

	if (p->lost ? now - p->told >= AGAIN && counts
		    : is_another && p->froze && counts && is_tcp(k, p, s->frozen.began)) {
		p->lost = s->frozen.low;
		p->told = now;
		tell(k, s, DP_LARGE_LOST, p->lost);
	}
	p->froze = now;
	p->froze_from = s->frozen.began;
	p->keeps = now + COUNTS;
	watch_narrow(k, p);
}

/* Of what size they were, the counters tell only when nothing else went out. */
static void flows(struct kernel *k, struct policy *p, struct sa *s)
{
	uint64_t mean = s->look.octets / s->look.packets;

	if (!is_tcp(k, p, s->look.now - NS_S) || mean + OTHER_HEADERS < p->lost)
		return;
	if (p->lost)
		tell(k, s, DP_LARGE_PASS, p->lost);
	p->froze = 0;
	p->lost = 0;
}

static void look_at(struct kernel *k, struct sa *s, ns_t now)
{
	struct xfrm_said *said = xalloc(sizeof(*said));
	struct policy *p = policy_find(k, s->reqid);

	if (!p || sa_get(k, s, said) != 0)
		goto out;
	s->look = (struct dp_frozen_look){ .now = now };
	if (s->is_looked_at) {
		s->look.packets = watch_added(s->look_packets, said->sa.packets);
		s->look.octets = watch_added(s->look_octets, said->sa.bytes);
	}
	s->is_looked_at = true;
	s->look_packets = said->sa.packets;
	s->look_octets = said->sa.bytes;
	if (s->dir == DP_IN)
		p->came += s->look.packets;
out:
	free(said);
}

static void judge(struct kernel *k, struct sa *s, ns_t now)
{
	struct policy *p = policy_find(k, s->reqid);

	if (!p || s->dir != DP_OUT || s->look.now != now)
		return;
	s->look.came = p->came;
	if (dp_frozen_see(&s->frozen, &s->look))
		froze(k, p, s, now);
	else if (p->froze && dp_frozen_is_flow(&s->look))
		flows(k, p, s);
}

static void on_glance(uv_timer_t *t)
{
	struct kernel *k = t->data;
	ns_t now = process_now().mono;
	struct policy *p;
	struct sa *s;
	size_t n = 0;

	list_each (s, &k->sas, struct sa, node)
		n++;
	if (n > SAS_MAX)
		return;
	list_each (p, &k->policies, struct policy, node)
		p->came = 0;
	list_each (s, &k->sas, struct sa, node)
		if (!s->is_leaving && !s->is_orphan)
			look_at(k, s, now);
	list_each (s, &k->sas, struct sa, node)
		judge(k, s, now);
}

void frozen_run(struct kernel *k)
{
	uv_timer_init(&k->p.loop, &k->glance);
	k->glance.data = k;
	uv_timer_start(&k->glance, on_glance, FROZEN_LOOK_MS, FROZEN_LOOK_MS);
}
