/* Which connection is this peer? Every candidate gets points; obstacles are ordered by how far it
 * came. */
#include "ike/match.h"

#include "ike/engine.h"

#include <stdio.h>

enum { POINTS_TS = 1, POINTS_OUR_ID = 2, POINTS_THEIR_ID = 4, POINTS_ADDRESS = 8 };

static bool addr_may_be(const struct addr *configured, const struct addr *seen)
{
	return !addr_is_set(configured) || addr_eq(configured, seen);
}

static bool overlaps(const struct conn *c, const struct match *m)
{
	struct ts_list ours, theirs, common;

	conn_ts_ours(c, &ours);
	ts_list_overlap(&ours, m->ts_ours, &common);
	if (common.n == 0)
		return false;
	/* a peer that is leased its address proposes whatever it likes */
	if (c->theirs->n_pool)
		return true;
	conn_ts_theirs(c, &theirs);
	if (theirs.n == 0)
		return true;
	ts_list_overlap(&theirs, m->ts_theirs, &common);
	return common.n != 0;
}

static enum match_why judge(const struct conn *c, const struct match *m, int *points)
{
	struct addr ours = conf_host(c->ours), theirs = conf_host(c->theirs);

	*points = 0;
	if (!addr_may_be(&ours, &m->local.addr) || !addr_may_be(&theirs, &m->remote.addr))
		return MATCH_NO_ADDRESS;
	if (addr_is_set(&theirs))
		*points += POINTS_ADDRESS;
	if (c->conf->version != m->version)
		return MATCH_NO_VERSION;
	if (m->accepts && !m->accepts(m->ctx, c))
		return MATCH_REFUSED;
	if (m->theirs && c->their_id.type != ID_NONE) {
		if (!id_eq(&c->their_id, m->theirs))
			return MATCH_NO_ID;
		*points += POINTS_THEIR_ID;
	}
	if (m->ours && m->ours->type != ID_NONE) {
		if (!id_eq(&c->our_id, m->ours))
			return MATCH_NO_ID;
		*points += POINTS_OUR_ID;
	}
	if (m->ts_ours && m->ts_theirs && overlaps(c, m))
		*points += POINTS_TS;
	return MATCH_OK;
}

struct conn *match_conn(struct ike *ike, const struct match *m, const struct conn *prefer,
	enum match_why *why, struct conn **nearest)
{
	struct conn *c, *best = NULL, *near = NULL;
	enum match_why far = MATCH_NO_ADDRESS;
	int best_points = -1, points;

	list_each (c, &ike->conns, struct conn, node) {
		enum match_why w;

		if (c->is_removed || c->template || !c->is_oriented || conn_is_shunt(c))
			continue;
		w = judge(c, m, &points);
		if (w == MATCH_OK) {
			if (points > best_points || (points == best_points && best != prefer)) {
				best = c;
				best_points = points;
			}
		} else if (w > far || (w == far && !near && w != MATCH_NO_ADDRESS)) {
			far = w;
			near = c;
		}
	}
	*why = best ? MATCH_OK : far;
	if (nearest)
		*nearest = best ? best : near;
	return best;
}

char *match_expected(struct ike *ike, const struct match *m, char *s, size_t n)
{
	enum { SOME = 4 };
	char text[ADDR_STR];
	unsigned count = 0;
	struct conn *c;
	size_t at = 0;

	s[0] = '\0';
	list_each (c, &ike->conns, struct conn, node) {
		struct addr ours = conf_host(c->ours), theirs = conf_host(c->theirs);

		if (c->is_removed || c->template || !c->is_oriented || conn_is_shunt(c) ||
			c->conf->version != m->version || !addr_is_set(&theirs) ||
			!addr_may_be(&ours, &m->local.addr))
			continue;
		if (count++ == SOME || at + ADDR_STR + 3 > n)
			break;
		at += (size_t)snprintf(
			s + at, n - at, "%s%s", at ? " " : "", addr_format(&theirs, text));
	}
	return s;
}
