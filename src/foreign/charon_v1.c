#include "foreign/charon.h"

#include <stdio.h>

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void sent(struct line *n, const char *payloads, bool is_request)
{
	if (is_request && begins(payloads, "KE ")) {
		talk_state(n, STAGE_KEYS, "CONNECTING");
		SAY(n, v1_main_i2_sent, );
	} else if (is_request && begins(payloads, "ID ")) {
		talk_state(n, STAGE_AUTH, "CONNECTING");
		SAY(n, v1_main_i3_sent, );
	} else if (begins(payloads, "KE ")) {
		talk_state(n, STAGE_AUTH, "CONNECTING");
		SAY(n, v1_main_r2_sent, );
	} else if (!is_request && begins(payloads, "SA ")) {
		talk_state(n, STAGE_INIT, "CONNECTING");
		SAY(n, v1_main_r1_sent, );
	}
}

void charon_v1_message(
	struct line *n, const char *name, const char *payloads, bool is_in, bool is_request)
{
	if (is_in)
		return;
	if (strcmp(name, "ID_PROT") == 0)
		sent(n, payloads, is_request);
	else if (strcmp(name, "AGGRESSIVE") == 0 && !is_request) {
		talk_state(n, STAGE_AUTH, "CONNECTING");
		SAY(n, v1_aggr_r1_sent, );
	} else if (strcmp(name, "QUICK_MODE") == 0 && is_request && begins(payloads, "HASH SA ")) {
		SAY(n, v1_quick_initiate, );
		talk_state(n, STAGE_CHILD, "QUICK_MODE");
		SAY(n, v1_quick_i1_sent, );
	}
}

void charon_v1_notified(struct line *n, const char *notify)
{
	char why[96];

	/* who began does not take what was chosen: its log says why */
	if (!n->talk->is_initiator && n->talk->stage != STAGE_AUTH && n->talk->stage != STAGE_CHILD)
		return;

	if (n->talk->stage == STAGE_CHILD)
		SAY(n, v1_quick_refused, .notify = ev_str(notify));
	else if (n->talk->stage == STAGE_AUTH && n->talk->is_initiator && n->job->is_protected)
		/* with keys that are made of the secret */
		SAY(n, v1_rejected, .notify = ev_str(notify), .ours = ev_str(n->talk->ours),
			.theirs = ev_str(talk_their_id(n)));
	else if (n->talk->stage == STAGE_AUTH) {
		snprintf(why, sizeof(why), "the peer answers %s", notify);
		SAY(n, v1_ignored, .notify = ev_str(notify));
		SAY(n, v1_psk_suspected, .why = ev_str(why));
	} else {
		/* strongSwan looks for the secret when it has the group, and says so when it has
		 * none */
		if (n->talk->stage == STAGE_KEYS && strcmp(notify, "INVALID_KE_PAYLOAD") == 0)
			SAY(n, v1_psk_suspected, .sign = ev_str("no secret"),
				.why = ev_str(n->text));
		SAY(n, v1_ignored, .notify = ev_str(notify));
		SAY(n, v1_refused, .notify = ev_str(notify));
	}
}

/* IDir 'declared' does not match to 'wanted' */
void charon_v1_wrong_id(struct line *n)
{
	if (n->talk)
		SAY(n, v1_wrong_id, .declared = ev_str(line_until(n, n->after, "'")),
			.wanted = ev_str(line_between(n, n->after, "match to '", "'")));
}

/* What comes from who has another key reads like noise. */
void charon_v1_undecryptable(struct line *n)
{
	if (!n->talk || n->talk->version != 1 || n->talk->stage != STAGE_AUTH)
		return;
	if (n->talk->is_initiator) {
		SAY(n, v1_psk_suspected, .why = ev_str(n->text));
		return;
	}
	SAY(n, v1_psk_mismatch, .why = ev_str(n->text));
	n->talk->is_trying = false; /* another attempt is another story */
}

void charon_v1_hash_mismatch(struct line *n)
{
	if (!n->talk)
		return;
	SAY(n, v1_hash_mismatch, .id = ev_str(talk_their_id(n)));
	talk_refused(n);
}
