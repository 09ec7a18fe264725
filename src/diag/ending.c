#include "diag/ending.h"

#include <stdlib.h>

#define AT_ONCE (10 * NS_S)
enum { UP_MAX = 32 };

/* What is up at a moment of the story. */
struct walk {
	struct {
		uint64_t child, ike; /* serials */
	} up[UP_MAX];
	unsigned n;
	ns_t since;
	bool is_peer_back;
};

static void set_up(struct walk *w, const struct event *e, uint64_t ike)
{
	if (w->n == 0)
		w->since = e->at.mono;
	if (w->n == UP_MAX)
		return;
	w->up[w->n].child = e->about.serial;
	w->up[w->n++].ike = ike;
}

/* True: that one was up, and it was the last. */
static bool take_child(struct walk *w, uint64_t serial)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->up[i].child == serial) {
			w->up[i] = w->up[--w->n];
			return w->n == 0;
		}
	return false;
}

/* All of an IKE SA (0: not known which), likewise. */
static bool take_ike(struct walk *w, uint64_t serial)
{
	unsigned before = w->n, kept = 0;

	for (unsigned i = 0; i < w->n; i++)
		if (serial && w->up[i].ike && w->up[i].ike != serial)
			w->up[kept++] = w->up[i];
	w->n = kept;
	return before && !kept;
}

/* A rekey of the IKE SA: the new one has the Child SAs of the old one. */
static void inherit(struct walk *w, uint64_t old, uint64_t new)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->up[i].ike == old)
			w->up[i].ike = new;
}

/* Of a rekey's old Child SA, which we delete, nothing more is told. */
static void replaced(struct walk *w, const char *old)
{
	if (old[0])
		(void)take_child(w, strtoul(old, NULL, 10));
}

static bool is_farewell(const struct event *e)
{
	return strcmp(FIELDS(e, v2_timeout)->state.str, "STATE_V2_IKE_SA_DELETE") == 0;
}

static unsigned forgotten(struct walk *w, const struct event *e, const char *why)
{
	bool is_end = take_ike(w, e->about.serial);

	return is_end && strcmp(why, "INITIAL_CONTACT") == 0 ? END_FORGOTTEN : 0;
}

/* How the last Child SA goes with it; 0: it stays, or that is no ending. */
static unsigned ends(struct walk *w, const struct event *e)
{
	const uint64_t serial = e->about.serial;

	switch ((int)e->id) {
	case EV_v2_child_established:
		set_up(w, e, FIELDS(e, v2_child_established)->ike.u64);
		replaced(w, FIELDS(e, v2_child_established)->old.str);
		return 0;
	case EV_v1_child_established:
		set_up(w, e, FIELDS(e, v1_child_established)->ike.u64);
		return 0;
	case EV_v2_ike_rekeyed:
		inherit(w, strtoul(FIELDS(e, v2_ike_rekeyed)->old.str, NULL, 10), serial);
		return 0;
	case EV_v2_child_deleted_by_peer:
		return take_child(w, serial) ? END_BY_PEER : 0;
	case EV_v1_delete_child:
		return take_child(w, FIELDS(e, v1_delete_child)->child.u64
					     ? FIELDS(e, v1_delete_child)->child.u64
					     : serial)
			       ? END_BY_PEER
			       : 0;
	case EV_v2_deleting:
		return take_ike(w, serial) && strcmp(FIELDS(e, v2_deleting)->by.str, "peer") == 0
			       ? END_BY_PEER
			       : 0;
	case EV_v2_timeout:
		return !is_farewell(e) && take_ike(w, serial) ? END_SILENT : 0;
	case EV_v1_dpd_dead:
		return take_ike(w, 0) ? END_SILENT : 0;
	case EV_v2_child_expired:
		return take_child(w, serial) ? END_EXPIRED : 0;
	case EV_v1_expired:
		return strcmp(FIELDS(e, v1_expired)->what.str, "IPsec SA") == 0 &&
				       take_child(w, serial)
			       ? END_EXPIRED
			       : 0;
	case EV_v2_ike_expired:
		return take_ike(w, serial) ? END_EXPIRED : 0;
	case EV_v2_replaced:
		return forgotten(w, e, FIELDS(e, v2_replaced)->why.str);
	case EV_v1_replaced:
		return forgotten(w, e, FIELDS(e, v1_replaced)->why.str);
	case EV_v2_child_deleting:
	case EV_v1_deleting:
		(void)take_child(w, serial);
		return 0;
	case EV_conn_terminating:
		w->n = 0;
		return 0;
	}
	return 0;
}

bool story_is_up(const struct story *s)
{
	struct walk w = { 0 };

	for (unsigned i = s->from; i < s->n; i++)
		(void)ends(&w, &s->event[i]);
	return w.n > 0;
}

unsigned endings(const struct story *s, unsigned how, struct ending *ret, unsigned max)
{
	struct walk w = { 0 };
	struct ending *last = NULL;
	unsigned n = 0, is;

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
		is = ends(&w, e);
		if (!(is & how))
			continue;
		n = MIN(n + 1, max);
		memmove(ret + 1, ret, (n - 1) * sizeof(*ret));
		*ret = (struct ending){
			.e = e, .how = (enum end_how)is, .age = e->at.mono - w.since
		};
		last = ret;
		w.is_peer_back = false;
	}
	return n;
}
