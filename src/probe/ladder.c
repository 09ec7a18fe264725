/* Which question is next. As few as tell the causes apart: a peer keeps state for each that it
 * likes.
 *
 *   own -> strong -> weak -> other version          while the peer refuses
 *   own -> strong and other version at once         while it is silent
 *
 * and last, where UDP port 4500 has not answered yet, what the other port answered best. Where one
 * port answers and the other does not, the silent one is asked anew before anything follows from
 * that. */
#include "probe/ask.h"
#include "probe/search.h"

static bool is_answered(const struct ask *a)
{
	return a->outcome > ASK_ERROR;
}

static bool is_good(const struct ask *a)
{
	return a->outcome == ASK_TAKEN || a->outcome == ASK_GROUP;
}

/* The newest of that kind, of any port; NULL. */
static const struct ask *past(const struct probe *p, enum what what)
{
	for (unsigned i = p->n_past; i > 0; i--)
		if (p->past[i - 1].what == what)
			return &p->past[i - 1];
	return NULL;
}

static const struct ask *past_at(const struct probe *p, enum what what, uint16_t port)
{
	for (unsigned i = p->n_past; i > 0; i--)
		if (p->past[i - 1].what == what && p->past[i - 1].to.port == port)
			return &p->past[i - 1];
	return NULL;
}

static bool has_answered(const struct probe *p, uint16_t port)
{
	for (unsigned i = 0; i < p->n_past; i++)
		if (p->past[i].to.port == port && is_answered(&p->past[i]))
			return true;
	return false;
}

static unsigned other(const struct probe *p)
{
	return p->f.version == 1 ? 2 : 1;
}

/* Where questions go: the port that answers. */
static uint16_t port_of(const struct probe *p)
{
	uint16_t port = p->f.remote.port;

	return !has_answered(p, port) && has_answered(p, PROBE_PORT_NAT) ? PROBE_PORT_NAT : port;
}

static void ask_all(struct probe *p, enum what what)
{
	struct proposals offer;

	offer_all(p->f.version, what == ASK_WEAK, &offer);
	probe_ask(p, what, p->f.version, port_of(p), &offer);
}

static void ask_other(struct probe *p)
{
	struct proposals offer;

	if (!probe_ours(p, other(p)))
		return;
	offer_other(other(p), &offer);
	probe_ask(p, ASK_OTHER, other(p), port_of(p), &offer);
}

static enum stage after_own(const struct probe *p)
{
	const struct ask *main = past_at(p, ASK_OWN, p->f.remote.port);
	const struct ask *natt = past_at(p, ASK_OWN, PROBE_PORT_NAT);
	const struct ask *best = main && is_answered(main)   ? main
				 : natt && is_answered(natt) ? natt
							     : NULL;

	if (best && best->outcome == ASK_TAKEN)
		return STAGE_END;
	if (best && best->outcome == ASK_VERSION)
		return STAGE_OTHER;
	if (best)
		return STAGE_STRONG;
	/* nobody listens there: nobody will answer another question */
	return main && main->is_refused_by_peer ? STAGE_END : STAGE_SILENT;
}

/* What the connection offers was refused in IKEv2: who refuses keeps nothing, and refuses again. */
static bool is_own_refused(const struct probe *p)
{
	const struct ask *own = past(p, ASK_OWN);

	return p->f.version == 2 && (own ? own->outcome == ASK_REFUSED : p->f.is_refused);
}

/* What the other port answered best. A refusal of IKEv1 proves nothing when it does not come a
 * second time: who refuses it may do so seldom. */
static const struct ask *best_answered(const struct probe *p)
{
	const struct ask *best = NULL;

	for (unsigned i = 0; i < p->n_past; i++) {
		const struct ask *a = &p->past[i];

		if (is_answered(a) && (is_good(a) || a->version == 2) &&
			(!best || is_good(a) >= is_good(best)))
			best = a;
	}
	return best;
}

static bool is_silent(const struct ask *a)
{
	return a && a->outcome == ASK_SILENT;
}

/* The port that does not answer what the other one does; 0: there is none. */
static uint16_t silent_port(const struct probe *p)
{
	const struct ask *main = past_at(p, ASK_OWN, p->f.remote.port);
	const struct ask *natt = past_at(p, ASK_OWN, PROBE_PORT_NAT);

	if (!main || !natt || main == natt)
		return 0;
	return is_answered(main) && is_silent(natt)   ? PROBE_PORT_NAT
	       : is_answered(natt) && is_silent(main) ? p->f.remote.port
						      : 0;
}

static enum stage after(const struct probe *p)
{
	const struct ask *strong = past(p, ASK_STRONG), *weak = past(p, ASK_WEAK);

	switch (p->stage) {
	case STAGE_BEGIN:
		return p->f.is_refused ? STAGE_STRONG : STAGE_OWN;
	case STAGE_OWN:
		return silent_port(p) ? STAGE_OWN_AGAIN : after_own(p);
	case STAGE_OWN_AGAIN:
		return after_own(p);
	case STAGE_STRONG:
		return strong && is_good(strong)		  ? STAGE_FLOATED
		       : strong && strong->outcome == ASK_REFUSED ? STAGE_WEAK
								  : STAGE_OTHER;
	case STAGE_WEAK:
		return weak && is_good(weak) ? STAGE_FLOATED : STAGE_OTHER;
	case STAGE_SILENT:
	case STAGE_OTHER:
		return STAGE_FLOATED;
	case STAGE_FLOATED:
		if (p->n_past && is_silent(&p->past[p->n_past - 1]) &&
			p->past[p->n_past - 1].to.port == PROBE_PORT_NAT && best_answered(p))
			return STAGE_FLOATED_AGAIN;
		return p->f.with_transforms ? STAGE_TRANSFORMS : STAGE_END;
	case STAGE_FLOATED_AGAIN:
		return p->f.with_transforms ? STAGE_TRANSFORMS : STAGE_END;
	case STAGE_TRANSFORMS:
	case STAGE_END:
		break;
	}
	return STAGE_END;
}

static void ask_floated(struct probe *p, bool again)
{
	const struct ask *best = best_answered(p);
	struct proposals offer;

	if (!best || p->f.remote.port == PROBE_PORT_NAT || has_answered(p, PROBE_PORT_NAT))
		return;
	if (is_own_refused(p) || best->what == ASK_OWN) {
		if (again || !past_at(p, ASK_OWN, PROBE_PORT_NAT))
			probe_ask(p, ASK_OWN, p->f.version, PROBE_PORT_NAT,
				probe_ours(p, p->f.version));
		return;
	}
	if (best->what == ASK_OTHER)
		offer_other(best->version, &offer);
	else
		offer_all(best->version, best->what == ASK_WEAK, &offer);
	probe_ask(p, best->what, best->version, PROBE_PORT_NAT, &offer);
}

/* What the peer took in IKEv2, for a search; NULL: nothing. */
static const struct ask *taken(const struct probe *p)
{
	for (unsigned i = 0; i < p->n_past; i++)
		if (p->past[i].outcome == ASK_TAKEN && p->past[i].version == 2)
			return &p->past[i];
	return NULL;
}

static void ask_of(struct probe *p)
{
	switch (p->stage) {
	case STAGE_OWN:
		probe_ask(p, ASK_OWN, p->f.version, p->f.remote.port, probe_ours(p, p->f.version));
		if (p->f.remote.port != PROBE_PORT_NAT)
			probe_ask(p, ASK_OWN, p->f.version, PROBE_PORT_NAT,
				probe_ours(p, p->f.version));
		break;
	case STAGE_STRONG:
		ask_all(p, ASK_STRONG);
		break;
	case STAGE_WEAK:
		ask_all(p, ASK_WEAK);
		break;
	case STAGE_SILENT:
		ask_all(p, ASK_STRONG);
		ask_other(p);
		break;
	case STAGE_OTHER:
		ask_other(p);
		break;
	case STAGE_OWN_AGAIN:
		probe_ask(p, ASK_OWN, p->f.version, silent_port(p), probe_ours(p, p->f.version));
		break;
	case STAGE_FLOATED:
	case STAGE_FLOATED_AGAIN:
		ask_floated(p, p->stage == STAGE_FLOATED_AGAIN);
		break;
	case STAGE_TRANSFORMS:
		search_next(p, taken(p));
		break;
	case STAGE_BEGIN:
	case STAGE_END:
		break;
	}
}

void ladder_next(struct probe *p)
{
	while (p->n == 0 && p->stage != STAGE_END) {
		/* a search has as many questions as it needs */
		if (p->stage != STAGE_TRANSFORMS || search_is_over(p))
			p->stage = after(p);
		ask_of(p);
	}
}
