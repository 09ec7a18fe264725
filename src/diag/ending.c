#include "diag/ending.h"

#define AT_ONCE (10 * NS_S)

/* What is up at a moment of the story. */
struct walk {
	int up; /* Child SAs */
	ns_t since;
	bool is_peer_back;
};

/* True: the last Child SA goes with it, and the peer wanted it. */
static bool ends(struct walk *w, const struct event *e)
{
	bool by_peer = e->id == EV_v2_child_deleted_by_peer || e->id == EV_v1_delete_child;

	switch ((int)e->id) {
	case EV_v2_child_established:
	case EV_v1_child_established:
		if (w->up++ == 0)
			w->since = e->at.mono;
		return false;
	case EV_v2_deleting:
		by_peer = strcmp(FIELDS(e, v2_deleting)->by.str, "peer") == 0;
		if (by_peer && w->up > 0) {
			w->up = 0;
			return true;
		}
		return false;
	case EV_v2_timeout:
	case EV_v1_timeout:
	case EV_v1_dpd_dead:
	case EV_conn_terminating:
		w->up = 0;
		return false;
	case EV_v2_child_deleted_by_peer:
	case EV_v1_delete_child:
	case EV_v2_child_deleting:
	case EV_v2_child_expired:
		return w->up > 0 && --w->up == 0 && by_peer;
	}
	return false;
}

unsigned endings(const struct story *s, struct ending *ret, unsigned max)
{
	struct walk w = { 0 };
	struct ending *last = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct event *e = &s->event[i];

		if (last && e->at.mono - last->e->at.mono < AT_ONCE) {
			if (e->id == EV_v2_init_answered || e->id == EV_v1_responding)
				w.is_peer_back = true;
			else if (w.is_peer_back && !last->back &&
				 (e->id == EV_v2_child_established ||
					 e->id == EV_v1_child_established))
				last->back = e;
		}
		if (!ends(&w, e))
			continue;
		n = MIN(n + 1, max);
		memmove(ret + 1, ret, (n - 1) * sizeof(*ret));
		*ret = (struct ending){ .e = e, .age = e->at.mono - w.since };
		last = ret;
		w.is_peer_back = false;
	}
	return n;
}
