/* What the host's packet filter does for a connection: told once when it begins, shown in its
 * status. */
#include "ike/engine.h"

#include <stdlib.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void replace(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

void conn_filter_clear(struct conn_policy *p)
{
	free(p->filter.rule);
	free(p->filter.error);
	memset(&p->filter, 0, sizeof(p->filter));
}

void conn_filter(struct conn *c, const struct filter_notice *n)
{
	const struct event_about about = conn_about(c, 0);
	struct ike *ike = c->ike;
	struct conn_policy *p;

	list_each (p, &c->policies, struct conn_policy, node) {
		if (p->reqid != n->reqid)
			continue;
		if (n->mss && n->mss != p->filter.mss)
			EMIT(&ike->env.events, ike->now, &about, filter_mss, .mss = ev_u64(n->mss));
		if (n->is_exempt && !(p->filter.is_exempt && same(p->filter.rule, n->rule)))
			EMIT(&ike->env.events, ike->now, &about, filter_exempt,
				.rule = ev_str(n->rule));
		if (!n->is_exempt && *n->rule && !same(p->filter.rule, n->rule))
			EMIT(&ike->env.events, ike->now, &about, filter_not_exempt,
				.rule = ev_str(n->rule));
		if (*n->error && !same(p->filter.error, n->error))
			EMIT(&ike->env.events, ike->now, &about, filter_refused,
				.why = ev_str(n->error));
		p->filter.mss = n->mss;
		p->filter.is_exempt = n->is_exempt;
		replace(&p->filter.rule, n->rule);
		replace(&p->filter.error, n->error);
	}
}
