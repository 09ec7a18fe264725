/* What a connection wants of the data plane, and whether the one that runs can do it. Where doing
 * without would send traffic other than ipsec.conf says, the connection is refused. */
#include "ike/engine.h"

/* What only the kernel can do, as it stands in ipsec.conf; NULL: nothing. */
static const char *needs_kernel(const struct conf_conn *c)
{
	if (c->mark_in.mask || c->mark_out.mask)
		return "mark=";
	if (c->if_id)
		return "ipsec-interface=";
	if (c->vti_interface)
		return "vti-interface=";
	return NULL;
}

/* What the plane does without, and no packet goes astray by it. */
static void tell_without(
	struct ike *ike, const struct conf_conn *c, const struct event_about *about)
{
	enum { KERNEL_WINDOW_MAX = 4096 }; /* XFRMA_REPLAY_ESN_MAX */
	bool is_user = ike->plane == PLANE_USER;

	if (is_user && c->nic_offload != OFFLOAD_NO && c->nic_offload != OFFLOAD_AUTO)
		EMIT(&ike->env.events, ike->now, about, conn_plane_without, .name = ev_str(c->name),
			.what = ev_str("nic-offload="), .why = ev_str("userspace ESP is used"));
	if (is_user && c->type > TYPE_PASS)
		EMIT(&ike->env.events, ike->now, about, conn_plane_without, .name = ev_str(c->name),
			.what = ev_str("type=drop for what comes in"),
			.why = ev_str("userspace ESP is used, which drops what leaves"));
	if (!is_user && c->replay_window > KERNEL_WINDOW_MAX)
		EMIT(&ike->env.events, ike->now, about, conn_window_cut, .name = ev_str(c->name),
			.window = ev_u64(c->replay_window), .used = ev_u64(KERNEL_WINDOW_MAX));
}

bool ike_plane_takes(struct ike *ike, const struct conf_conn *c, uint32_t request)
{
	const char *what = ike->plane == PLANE_KERNEL ? NULL : needs_kernel(c);
	struct event_about about = { .request = request };

	if (!what)
		tell_without(ike, c, &about);
	else
		EMIT(&ike->env.events, ike->now, &about, conn_needs_kernel,
			.file = ev_str(c->file ? c->file : ""), .at_line = ev_u64(c->line),
			.name = ev_str(c->name), .what = ev_str(what),
			.why = ev_str(ike->plane_why ? ike->plane_why : ""));
	return !what;
}
