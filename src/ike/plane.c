/* What a connection wants of the data plane, and whether the one that runs can do it. Where doing
 * without would send traffic other than ipsec.conf says, the connection is refused. */
#include "ike/engine.h"

/* What only the kernel can do, as it stands in ipsec.conf; NULL: nothing. */
static const char *needs_kernel(const struct conf_conn *c)
{
	if (c->type == TYPE_TRANSPORT)
		return "type=transport";
	return NULL;
}

bool ike_plane_takes(struct ike *ike, const struct conf_conn *c, uint32_t request)
{
	const char *what = ike->plane == PLANE_KERNEL ? NULL : needs_kernel(c);
	struct event_about about = { .request = request };

	if (what)
		EMIT(&ike->env.events, ike->now, &about, conn_needs_kernel, .name = ev_str(c->name),
			.what = ev_str(what), .why = ev_str(ike->plane_why ? ike->plane_why : ""));
	return !what;
}
