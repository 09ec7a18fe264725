/* What pluto says of IKEv1. */
#include "foreign/line.h"

static void initiate(struct line *n, const char *mode)
{
	struct endpoint e;

	line_copy(n->talk->mode, sizeof(n->talk->mode), mode);
	if (talk_begins(n->talk, 1, true))
		SAY(n, v1_initiate, .mode = ev_str(mode));
	if (endpoint_read(n->after, &e)) {
		n->talk->remote = e;
		talk_facts(n);
	}
}

static void initiate_main(struct line *n)
{
	initiate(n, "Main Mode");
}

static void initiate_aggressive(struct line *n)
{
	initiate(n, "Aggressive Mode");
}

static void main_i1(struct line *n)
{
	if (n->talk->version != 1)
		initiate_main(n);
	talk_state(n, STAGE_INIT, "STATE_MAIN_I1");
	if (n->talk->is_retried)
		SAY(n, v1_retransmit, .count = ev_u64(++n->talk->retransmits));
	else
		SAY(n, v1_main_i1_sent, );
}

static void main_i2(struct line *n)
{
	talk_state(n, STAGE_KEYS, "STATE_MAIN_I2");
	SAY(n, v1_main_i2_sent, );
}

static void main_i3(struct line *n)
{
	talk_state(n, STAGE_AUTH, "STATE_MAIN_I3");
	SAY(n, v1_main_i3_sent, );
}

static void main_r1(struct line *n)
{
	talk_state(n, STAGE_INIT, "STATE_MAIN_R1");
	SAY(n, v1_main_r1_sent, );
}

static void main_r2(struct line *n)
{
	talk_state(n, STAGE_AUTH, "STATE_MAIN_R2");
	SAY(n, v1_main_r2_sent, );
}

static void aggr_i1(struct line *n)
{
	talk_state(n, STAGE_INIT, "STATE_AGGR_I1");
	if (n->talk->is_retried)
		SAY(n, v1_retransmit, .count = ev_u64(++n->talk->retransmits));
	else
		SAY(n, v1_aggr_i1_sent, );
}

static void aggr_r1(struct line *n)
{
	talk_state(n, STAGE_AUTH, "STATE_AGGR_R1");
	SAY(n, v1_aggr_r1_sent, );
}

static void responding(struct line *n, const char *mode)
{
	const char *from = strstr(n->after, " from ");
	struct endpoint e;

	if (endpoint_read(from ? from : n->after, &e))
		n->talk->remote = e;
	line_copy(n->talk->mode, sizeof(n->talk->mode), mode);
	if (talk_begins(n->talk, 1, false))
		SAY(n, v1_responding, .mode = ev_str(mode));
}

static void responding_main(struct line *n)
{
	responding(n, "Main Mode");
}

static void responding_aggressive(struct line *n)
{
	responding(n, "Aggressive Mode");
}

static void ike_up(struct line *n)
{
	n->talk->version = 1;
	talk_ike_is_up(n);
	SAY(n, v1_ike_established, .auth = ev_str(line_between(n, n->after, "auth=", " ")),
		.cipher = ev_str(line_between(n, n->after, "cipher=", " ")),
		.integ = ev_str(line_between(n, n->after, "integ=", " ")),
		.group = ev_str(line_between(n, n->after, "group=", "}")),
		.id = ev_str(n->talk->theirs));
}

static void peer_id(struct line *n)
{
	const char *id = line_between(n, n->after, "'", "'");

	line_copy(n->talk->theirs, sizeof(n->talk->theirs), id);
	SAY(n, v1_peer_id, .id_type = ev_str(line_until(n, n->after, ":")), .id = ev_str(id));
}

/* Of which exchange, pluto does not say: what is open tells. */
static void notified(struct line *n)
{
	const char *notify = line_until(n, n->after, " ,;");
	char why[96] = "the peer answers ";

	if (n->talk->stage == STAGE_CHILD)
		SAY(n, v1_quick_refused, .notify = ev_str(notify),
			.offered = ev_str(n->talk->offered), .pfs = ev_str(n->talk->pfs));
	else if (n->talk->stage == STAGE_AUTH && n->talk->is_initiator) {
		line_copy(why + strlen(why), sizeof(why) - strlen(why), notify);
		SAY(n, v1_ignored, .notify = ev_str(notify));
		SAY(n, v1_psk_suspected, .why = ev_str(why));
	} else {
		/* so answers who has no secret for these addresses */
		if (n->talk->stage == STAGE_KEYS && n->talk->is_initiator &&
			strcmp(notify, "INVALID_KEY_INFORMATION") == 0)
			SAY(n, v1_psk_suspected, .why = ev_str(n->text),
				.sign = ev_str("no secret"));
		SAY(n, v1_ignored, .notify = ev_str(notify),
			.offered = ev_str(n->talk->allowed_ike));
	}
}

/* What is no error (IPSEC_INITIAL_CONTACT) tells nothing. */
static bool is_error(const char *notify)
{
	static const char *const errors[] = { "NO_PROPOSAL_CHOSEN", "INVALID_ID_INFORMATION",
		"INVALID_KEY_INFORMATION", "INVALID_HASH_INFORMATION", "PAYLOAD_MALFORMED",
		"AUTHENTICATION_FAILED" };

	for (size_t i = 0; i < COUNT(errors); i++)
		if (strncmp(notify, errors[i], strlen(errors[i])) == 0)
			return true;
	return false;
}

/* 5.x, and 4.x beside the other: "ignoring unsecured informational payload NO_PROPOSAL_CHOSEN,
 * length=12" */
static void ignored_payload(struct line *n)
{
	if (is_error(n->after))
		notified(n);
}

static void psk_mismatch(struct line *n)
{
	const char *why = strstr(n->after, "): ");

	SAY(n, v1_psk_mismatch, .why = ev_str(why ? why + 3 : n->after));
}

static void hash_mismatch(struct line *n)
{
	SAY(n, v1_hash_mismatch, .id = ev_str(talk_their_id(n)));
}

static void transform_refused(struct line *n)
{
	line_copy(n->talk->offered, sizeof(n->talk->offered), line_until(n, n->after, "]"));
	SAY(n, v1_transform_refused, .transform = ev_str(n->talk->offered));
}

static void no_proposal(struct line *n)
{
	if (n->talk->has_no_secret)
		return;
	SAY(n, v1_no_proposal, .offered = ev_str(n->talk->offered),
		.allowed = ev_str(n->talk->allowed_ike));
}

static void quick_no_proposal(struct line *n)
{
	SAY(n, v1_quick_no_proposal, );
}

static void quick_no_pfs(struct line *n)
{
	SAY(n, v1_quick_no_pfs, );
}

static void quick_no_connection(struct line *n)
{
	SAY(n, v1_quick_no_connection, .wanted = ev_str(n->after), .mode = ev_str("tunnel"),
		.our_mode = ev_str("tunnel"));
}

static void quick_initiate(struct line *n)
{
	struct talk *t = n->talk;

	line_copy(t->offered, sizeof(t->offered), line_between(n, n->after, "proposal=", " "));
	line_copy(t->pfs, sizeof(t->pfs), line_between(n, n->after, "pfsgroup=", "}"));
	if (strcmp(t->pfs, "no-pfs") == 0)
		t->pfs[0] = '\0';
	SAY(n, v1_quick_initiate, .policy = ev_str(line_until(n, n->after, " ")),
		.msgid = ev_str(line_between(n, n->after, "msgid:", " ")),
		.ike = ev_u64(number_read(line_between(n, n->after, "isakmp#", " "))),
		.proposal = ev_str(t->offered), .pfs = ev_str(t->pfs));
}

static void quick_sent(struct line *n)
{
	talk_state(n, STAGE_CHILD, "STATE_QUICK_I1");
	SAY(n, v1_quick_i1_sent, );
}

static void peer_proposed(struct line *n)
{
	const char *theirs = strstr(n->after, "-> "), *both = strstr(n->after, "===");

	if (both) /* 5.x: 192.0.2.0/24===192.0.1.0/24 */
		SAY(n, v1_peer_proposed,
			.ours = ev_str(line_keep(n, n->after, (size_t)(both - n->after))),
			.theirs = ev_str(both + 3));
	else
		SAY(n, v1_peer_proposed, .ours = ev_str(line_until(n, n->after, " ")),
			.protocol = ev_str(line_between(n, n->after, "-<", ">-")),
			.theirs = ev_str(theirs ? theirs + 3 : ""));
}

/* In answer to our part of Aggressive Mode, in clear: that it says no is all that is told. */
static void objection(struct line *n)
{
	if (!n->talk->is_initiator && n->talk->stage == STAGE_AUTH)
		SAY(n, v1_ignored, .notify = ev_str("unsaid"));
}

/* What is encrypted with another key reads like noise. */
static void noise(struct line *n)
{
	if (n->talk->stage != STAGE_AUTH)
		return;
	if (n->talk->is_initiator)
		/* who refuses for another reason says so once, and is gone */
		SAY(n, v1_psk_suspected, .why = ev_str(n->text),
			.sign = ev_str(n->talk->noise++ ? "" : "unreadable"));
	else
		SAY(n, v1_psk_mismatch, .why = ev_str(n->text));
}

static void gave_up(struct line *n)
{
	talk_half_open_end(n, line_until(n, n->after, " "));
}

void pluto_v1_begun(struct line *n, const char *state)
{
	static const struct {
		const char *state;
		enum stage stage;
	} states[] = { { "STATE_MAIN_I1", STAGE_INIT }, { "STATE_MAIN_I2", STAGE_KEYS },
		{ "STATE_MAIN_I3", STAGE_AUTH }, { "STATE_AGGR_I1", STAGE_INIT },
		{ "STATE_QUICK_I1", STAGE_CHILD } };

	for (size_t i = 0; i < COUNT(states); i++) {
		if (strcmp(state, states[i].state) != 0)
			continue;
		n->talk->version = 1;
		n->talk->is_initiator = true;
		talk_facts(n);
		SAY(n, v1_initiate, .mode = ev_str(i == 3 ? "Aggressive Mode" : "Main Mode"));
		talk_state(n, states[i].stage, states[i].state);
		if (i == 0)
			SAY(n, v1_main_i1_sent, );
		else if (i == 1)
			SAY(n, v1_main_i2_sent, );
		else if (i == 2)
			SAY(n, v1_main_i3_sent, );
		else if (i == 3)
			SAY(n, v1_aggr_i1_sent, );
		else
			SAY(n, v1_quick_i1_sent, );
		return;
	}
}

/* 3.x: STATE_MAIN_I1: ignoring informational payload, type NO_PROPOSAL_CHOSEN */
static void old_payload(struct line *n)
{
	if (!is_error(n->after))
		return;
	if (!n->talk->version && strncmp(n->text, "STATE_", 6) == 0)
		pluto_v1_begun(n, line_until(n, n->text, ":"));
	else if (!n->talk->version && strncmp(n->after, "INVALID_ID_INFORMATION", 22) == 0)
		pluto_v1_begun(n, "STATE_QUICK_I1");
	notified(n);
}

/* What was asked for is not what comes back. */
static void other_selectors(struct line *n)
{
	SAY(n, v1_quick_refused, .notify = ev_str("INVALID_ID_INFORMATION"));
}

static void no_suitable(struct line *n)
{
	SAY(n, v1_id_refused, .id = ev_str(line_between(n, n->after, "'", "'")));
}

static const struct phrase named[] = {
	{ "initiating IKEv1 Main Mode", initiate_main },
	{ "initiating Main Mode", initiate_main },
	{ "initiating IKEv1 Aggressive Mode", initiate_aggressive },
	{ "initiating Aggressive Mode", initiate_aggressive },
	{ "sent Main Mode request", main_i1 },
	{ "STATE_MAIN_I1: initiate", main_i1 },
	{ "sent MI1, expecting MR1", main_i1 },
	{ "sent Main Mode I2", main_i2 },
	{ "sent MI2, expecting MR2", main_i2 },
	{ "sent Main Mode I3", main_i3 },
	{ "sent MI3, expecting MR3", main_i3 },
	{ "sent Main Mode R1", main_r1 },
	{ "sent MR1, expecting MI2", main_r1 },
	{ "sent Main Mode R2", main_r2 },
	{ "sent MR2, expecting MI3", main_r2 },
	{ "sent Aggressive Mode request", aggr_i1 },
	{ "STATE_AGGR_I1: initiate", aggr_i1 },
	{ "sent AI1, expecting AR1", aggr_i1 },
	{ "sent Aggressive Mode response", aggr_r1 },
	{ "sent AR1, expecting AI2", aggr_r1 },
	{ "responding to Main Mode", responding_main },
	{ "responding to Aggressive Mode", responding_aggressive },
	{ "IKE SA established {", ike_up },
	{ "ISAKMP SA established", ike_up },
	{ "Peer ID is ", peer_id },
	{ "received and ignored notification payload: ", notified },
	{ "received and ignored informational message with ", notified },
	{ "ignoring informational payload, type ", old_payload },
	{ " informational payload ", ignored_payload },
	{ "our client ID returned doesn't match my proposal", other_selectors },
	{ "our client peer returned port doesn't match", other_selectors },
	{ "no suitable connection for peer ", no_suitable },
	{ "probable authentication failure ", psk_mismatch },
	{ "received Hash Payload does not match computed value", hash_mismatch },
	{ "Oakley Transform [", transform_refused },
	{ "no acceptable Oakley Transform", no_proposal },
	{ "no acceptable Proposal in IPsec SA", quick_no_proposal },
	{ "we require PFS but", quick_no_pfs },
	{ "no connection is known for ", quick_no_connection },
	{ "initiating Quick Mode ", quick_initiate },
	{ "sent Quick Mode request", quick_sent },
	{ "STATE_QUICK_I1: initiate", quick_sent },
	{ "sent QI1, expecting QR1", quick_sent },
	{ "the peer proposed: ", peer_proposed },
	{ "Informational Exchange message must be encrypted", objection },
	{ "malformed payload in packet", noise },
	{ "deleting incomplete state after ", gave_up },
};

void pluto_v1_tell(struct line *n)
{
	line_tell(n, named, COUNT(named));
}

/* packet from 192.0.2.1:500: text */
static void no_connection(struct line *n)
{
	struct endpoint local = { 0 };
	const char *but = strstr(n->after, "but ");

	(void)endpoint_read(n->after, &local);
	SAY(n, v1_no_connection, .kind = ev_str("unsaid"), .local = ev_ep(local),
		.mode = ev_str(strstr(n->text, "Aggressive") ? "Aggressive Mode" : "Main Mode"),
		.why = ev_str(but ? but + 4 : n->after));
}

static void policy_drop(struct line *n)
{
	SAY(n, v1_policy_drop, .policy = ev_str("drop"), .nearest = ev_str(""));
}

static void policy_reject(struct line *n)
{
	SAY(n, v1_policy_reject, .nearest = ev_str(""));
}

static const struct phrase of_strangers[] = {
	{ "Mode message received", no_connection },
	{ "silently drop all IKEv1", policy_drop },
	{ "reject all IKEv1", policy_reject },
};

void pluto_v1_stranger(struct line *n)
{
	line_tell(n, of_strangers, COUNT(of_strangers));
}
