#include "diag/complaint.h"

#include "diag/probed.h"

#include <errno.h>

#define LATELY (60 * NS_S)

struct complaint story_complaint(const struct story *s)
{
	struct complaint c = { .e = story_last(s, EV_v2_net_error) };
	struct probes p;

	if (c.e) {
		const union ev_v2_net_error *n = FIELDS(c.e, v2_net_error);

		c.by = n->complainant.addr;
		c.local = n->local.ep.addr;
		c.remote = n->remote.ep;
		c.error = n->error.u64;
		c.icmp_type = n->icmp_type.u64;
		c.icmp_code = n->icmp_code.u64;
		return c;
	}
	if ((c.e = story_last(s, EV_v1_net_error))) {
		const union ev_v1_net_error *n = FIELDS(c.e, v1_net_error);

		c.by = n->complainant.addr;
		c.local = n->local.ep.addr;
		c.remote = n->remote.ep;
		c.error = n->error.u64;
		c.icmp_type = n->icmp_type.u64;
		c.icmp_code = n->icmp_code.u64;
		return c;
	}
	p = story_probes(s);
	if (p.complaint.e && !probed_is_answered(&p.main)) { /* 4500 alone is no failure */
		const union ev_probe_refused *n = FIELDS(p.complaint.e, probe_refused);

		c.e = p.complaint.e;
		c.by = n->complainant.addr;
		c.local = n->local.addr;
		c.remote = n->remote.ep;
		c.error = n->error.u64;
		c.icmp_type = n->icmp_type.u64;
		c.icmp_code = n->icmp_code.u64;
	}
	return c;
}

bool complaint_is_no_port(const struct complaint *c)
{
	return c->e && c->error == ECONNREFUSED && addr_eq(&c->by, &c->remote.addr);
}

bool story_is_refused(const struct story *s)
{
	struct complaint c = story_complaint(s);

	return complaint_is_no_port(&c) && story_age(s, c.e) < LATELY;
}
