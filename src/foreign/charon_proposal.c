/* What charon says of the algorithms of both ends. */
#include "foreign/charon.h"

void charon_received(struct line *n)
{
	charon_need_talk(n);
	if (n->talk)
		line_copy(n->talk->offered, sizeof(n->talk->offered), n->after);
}

void charon_configured(struct line *n)
{
	charon_need_talk(n);
	if (n->talk && strncmp(n->after, "IKE:", 4) == 0)
		line_copy(n->talk->allowed_ike, sizeof(n->talk->allowed_ike), n->after);
	else if (n->talk)
		line_copy(n->talk->allowed_esp, sizeof(n->talk->allowed_esp), n->after);
}

void charon_selected(struct line *n)
{
	if (n->talk && strncmp(n->after, "IKE:", 4) == 0)
		line_copy(n->talk->suite, sizeof(n->talk->suite), n->after);
}

void charon_ike_unacceptable(struct line *n)
{
	const struct talk *t;

	charon_need_talk(n);
	if (!(t = n->talk))
		return;
	if (t->version == 1)
		SAY(n, v1_no_proposal, .offered = ev_str(t->offered),
			.allowed = ev_str(t->allowed_ike),
			.difference = ev_str(proposals_differ(t->offered, t->allowed_ike)));
	else
		SAY(n, v2_no_proposal, .offered = ev_str(t->offered), .theirs = ev_str(t->offered),
			.allowed = ev_str(t->allowed_ike), .ours = ev_str(t->allowed_ike),
			.difference = ev_str(proposals_differ(t->offered, t->allowed_ike)));
	talk_refused(n);
}

void charon_esp_unacceptable(struct line *n)
{
	const struct talk *t = n->talk;

	if (!t)
		return;
	if (t->version == 1)
		SAY(n, v1_quick_no_proposal, .offered = ev_str(t->offered),
			.allowed = ev_str(t->allowed_esp),
			.difference = ev_str(proposals_differ(t->offered, t->allowed_esp)));
	else
		SAY(n, v2_no_esp_proposal, .offered = ev_str(t->offered),
			.theirs =
				ev_str(t->is_rekeying ? charon_groups(n, t->offered) : t->offered),
			.allowed = ev_str(t->allowed_esp),
			.ours = ev_str(
				t->is_rekeying ? charon_groups(n, t->allowed_esp) : t->allowed_esp),
			.difference = ev_str(proposals_differ(t->offered, t->allowed_esp)),
			.rekeys = ev_u64(t->is_rekeying));
}
