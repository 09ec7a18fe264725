#include "diag/strangers.h"

#include <stdio.h>
#include <stdlib.h>

/* What they did is of no interest later. */
#define AGE (900 * NS_S)
/* Who comes again after that is a program that has us as its peer, or one that does not give up. */
enum { AGAIN = 3 };
#define AGAIN_AFTER (10 * NS_S)
/* News in a time as long as AGE, of one kind. */
enum { TOLD_POSSIBLE = 3, TOLD = 12 };

bool story_is_stranger(const struct story *s)
{
	return !s->conn && addr_is_set(&s->peer);
}

static bool comes_again(const struct story *s)
{
	return s->n >= AGAIN && s->event[s->n - 1].at.mono - s->event[0].at.mono >= AGAIN_AFTER;
}

enum certainty stranger_certainty(const struct story *s, const struct finding *f, enum certainty c)
{
	bool has_conn = f->conn && f->conn[0];

	if (!story_is_stranger(s))
		return c;
	return MIN(c, has_conn || comes_again(s) ? LIKELY : POSSIBLE);
}

bool strangers_may_tell(struct strangers *s, enum certainty c, struct now now)
{
	unsigned *n = &s->told[c > POSSIBLE];

	if (!s->since || now.mono - s->since > AGE)
		*s = (struct strangers){ .since = now.mono };
	return (*n)++ < (c > POSSIBLE ? TOLD : TOLD_POSSIBLE);
}

/* ---- the report ---- */

enum { NAMED = 4 };

/* All that have the same finding; of is the first that is told of: the newest among the most
 * certain. */
struct group {
	const struct rule *rule;
	char conn[64];
	const struct memory *of;
	enum certainty certainty;
	unsigned n;
	struct addr addr[NAMED];
};

static struct group *group_of(struct group *g, unsigned *n, const struct finding *f)
{
	const char *conn = f->conn ? f->conn : "";

	for (unsigned i = 0; i < *n; i++)
		if (g[i].rule == f->rule && strncmp(g[i].conn, conn, sizeof(g[i].conn) - 1) == 0)
			return &g[i];
	g[*n] = (struct group){ .rule = f->rule };
	strncpy(g[*n].conn, conn, sizeof(g[*n].conn) - 1);
	return &g[(*n)++];
}

static void join(struct group *g, const struct memory *m, enum certainty c)
{
	if (g->n < NAMED)
		g->addr[g->n] = m->peer;
	g->n++;
	if (c > g->certainty) {
		g->of = m;
		g->certainty = c;
	}
}

/* Who else, behind the cause of the one that is told of. */
static void others(const struct group *g, struct finding *f)
{
	char t[ADDR_STR];
	unsigned named = 0;

	addr_format(&g->of->peer, t);
	if (!strstr(f->cause, t))
		finding_more(f, "; it comes from %s", t);
	if (g->n < 2)
		return;
	finding_more(f, "; %u other%s likewise:", g->n - 1, g->n > 2 ? "s" : "");
	for (unsigned i = 0; i < NAMED && i < g->n; i++)
		if (!addr_eq(&g->addr[i], &g->of->peer))
			finding_more(f, "%s %s", named++ ? "," : "", addr_format(&g->addr[i], t));
	if (g->n - 1 > named)
		finding_more(f, ", ...");
}

void strangers_report(
	struct diag *d, uint32_t request, struct now now, const struct event_sink *out)
{
	struct finding *found = xalloc(FINDINGS_MAX * sizeof(*found));
	struct group *g = xalloc(STRANGERS_MAX * sizeof(*g));
	struct story *s = xalloc(sizeof(*s));
	unsigned n = 0, n_found;
	struct memory *m;

	list_each (m, &d->stories, struct memory, node) {
		if (m->conn || !addr_is_set(&m->peer) || n == STRANGERS_MAX)
			continue;
		diag_open(d, m, now, s);
		if (s->n && story_age(s, &s->event[s->n - 1]) <= AGE &&
			judge(s, found, FINDINGS_MAX))
			join(group_of(g, &n, found), m, found->certainty);
	}
	for (unsigned i = 0; i < n; i++) {
		diag_open(d, g[i].of, now, s);
		n_found = judge(s, found, FINDINGS_MAX);
		if (!n_found)
			continue;
		others(&g[i], found);
		report(s, found, n_found, request, false, out);
	}
	free(s);
	free(g);
	free(found);
}

/* The identity by which the peer was let in, or was refused last; "" when it was neither. */
static void peer_id(const struct memory *m, bool is_refused, char *t, size_t n)
{
	static const enum event_id refusals[] = { EV_v2_id_refused, EV_v2_auth_mismatch, EV_NONE };
	struct story *s = xalloc(sizeof(*s));
	const struct event *e;

	t[0] = '\0';
	story_open(m, (struct now){ 0 }, s);
	e = is_refused ? story_last_of(s, refusals) : story_ever(s, EV_v2_ike_established);
	if (e)
		snprintf(t, n, "%s",
			e->id == EV_v2_id_refused      ? FIELDS(e, v2_id_refused)->id.str
			: e->id == EV_v2_auth_mismatch ? FIELDS(e, v2_auth_mismatch)->id.str
						       : FIELDS(e, v2_ike_established)->id.str);
	free(s);
}

bool peer_was_refused(const struct memory *was, const struct memory *m)
{
	char refused[512], is[512];

	peer_id(was, true, refused, sizeof(refused));
	if (!refused[0])
		return false;
	peer_id(m, false, is, sizeof(is));
	return strcmp(refused, is) == 0;
}
