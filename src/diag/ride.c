#include "diag/ride.h"

struct memory *ride_owner(struct diag *d, uint64_t ike)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (ike && m->begun == ike)
			return m;
	return NULL;
}

void ride_note(struct diag *d, struct memory *m, const struct event *e)
{
	const struct memory *of;

	switch ((int)e->id) {
	case EV_v2_initiate:
		m->begun = e->about.serial;
		m->rides = 0;
		return;
	case EV_v2_ike_established:
		m->begun = 0;
		return;
	case EV_v2_child_established:
		m->rides = 0;
		return;
	case EV_v2_child_initiate:
		of = ride_owner(d, FIELDS(e, v2_child_initiate)->ike.u64);
		m->rides = of && of != m ? of->begun : 0;
		if (m->rides)
			m->past = m->n; /* its own attempt before is over */
		return;
	}
}
