/* What charon says, strongSwan 5 and 6: 09[IKE] <name|1> text. Without the name (ike_name = no, the
 * default) the thread and the addresses of its packets tell whose line it is. */
#include "foreign/charon.h"

#include "foreign/around.h"

#include <ctype.h>
#include <stdlib.h>

static void whose(struct line *n, struct talk *t)
{
	n->talk = t;
	n->job->talk = t ? (int)(t - n->log->talk) + 1 : 0;
	if (t && addr_is_set(&n->job->remote.addr) && n->job->local.port) {
		t->remote = n->job->remote;
		t->local = n->job->local;
	}
}

/* A stranger's story bears his address until his name is known. */
static struct talk *by_address(struct line *n, const struct endpoint *remote)
{
	struct talk *t = talk_with(n->log, &remote->addr);
	char name[ADDR_STR];

	if (!t) {
		t = talk_of(n->log, addr_format(&remote->addr, name));
		t->remote = *remote;
	}
	return t;
}

void charon_need_talk(struct line *n)
{
	if (!n->talk && addr_is_set(&n->job->remote.addr))
		whose(n, by_address(n, &n->job->remote));
}

/* "vpn[1] between ...": the name before [ or { */
bool charon_named(struct line *n, const char *s)
{
	const char *name = line_until(n, s, "[{ '\"");
	struct talk *t, *before = n->talk;

	if (!*name)
		return false;
	t = talk_of(n->log, name);
	if (before && before != t && t->version != before->version) {
		/* what was a stranger's */
		t->version = before->version;
		t->is_initiator = before->is_initiator;
		t->stage = before->stage;
		line_copy(t->mode, sizeof(t->mode), before->mode);
	}
	if (before && before != t)
		before->stage = STAGE_NONE; /* is told of here from now on */
	whose(n, t);
	return true;
}

/* ---- packets ---- */
static void packet(struct line *n, bool is_in)
{
	struct endpoint from, to;
	const char *s = endpoint_read(n->after, &from);

	if (!s || !endpoint_read(s, &to))
		return;
	n->job->remote = is_in ? from : to;
	n->job->local = is_in ? to : from;
	if (is_in) {
		n->job->talk = 0;
		n->job->version = 0;
		n->talk = NULL;
	}
	if (!n->talk || !addr_eq(&n->talk->remote.addr, &n->job->remote.addr))
		n->talk = talk_with(n->log, &n->job->remote.addr);
	whose(n, n->talk);
	if (!is_in)
		n->log->sent = n->job->talk;
	if (!is_in && n->job->retransmit && !n->talk && n->job->message_id < 2)
		charon_lone_request(n, n->job->message_id);
	if (is_in || !n->job->retransmit || !n->talk)
		return;
	n->talk->retransmits = n->job->retransmit;
	n->job->retransmit = 0;
	if (n->talk->version == 1)
		SAY(n, v1_retransmit, .count = ev_u64(n->talk->retransmits));
	else
		SAY(n, v2_retransmit, .count = ev_u64(n->talk->retransmits));
}

static void packet_in(struct line *n)
{
	packet(n, true);
}

static void packet_out(struct line *n)
{
	packet(n, false);
}

static void retransmit(struct line *n)
{
	const char *id = strstr(n->after, "message ID ");

	n->job->retransmit = number_read(n->after);
	n->job->message_id = id ? number_read(id) : 0;
	n->log->message_id = n->job->message_id;
}

static void gave_up(struct line *n)
{
	uint64_t count = number_read(n->after);
	struct talk *t = n->talk;

	for (size_t i = 0; i < COUNT(n->log->talk); i++) {
		struct talk *o = &n->log->talk[i];

		if (o->used && o->retransmits == count && (!t || t->retransmits != count))
			t = o;
	}
	n->talk = t;
	if (!t) { /* nothing else is there */
		charon_lone_request(n, n->log->message_id);
		t = n->talk;
	}
	if (t->version == 1 && t->stage == STAGE_AUTH && t->is_initiator)
		SAY(n, v1_psk_suspected, .why = ev_str("no answer"));
	if (t->version == 1)
		SAY(n, v1_timeout, .retransmits = ev_u64(count));
	else
		SAY(n, v2_timeout, .retransmits = ev_u64(count),
			.exchange = ev_str(t->stage == STAGE_INIT ? "IKE_SA_INIT" : "IKE_AUTH"));
}

/* ---- the beginning ---- */
static struct talk *initiates(struct line *n)
{
	const char *to = strstr(n->after, " to ");
	struct endpoint e = { 0 };

	n->job->local.port = 0;
	n->talk = NULL;
	if (!charon_named(n, n->after) || !to || !endpoint_read(to, &e))
		return NULL;
	e.port = e.port ? e.port : 500;
	n->talk->remote = e;
	return n->talk;
}

static void v2_initiate(struct line *n)
{
	bool is_new;

	if (!initiates(n))
		return;
	is_new = talk_begins(n->talk, 2, true);
	talk_facts(n);
	if (is_new)
		SAY(n, v2_initiate, );
	talk_state(n, STAGE_INIT, "CONNECTING");
	SAY(n, v2_init_sent, );
}

static void v1_initiate(struct line *n)
{
	bool is_aggressive = strstr(n->at, "Aggressive") != NULL;
	const char *mode = is_aggressive ? "Aggressive Mode" : "Main Mode";
	bool is_new;

	if (!initiates(n))
		return;
	is_new = talk_begins(n->talk, 1, true);
	talk_facts(n);
	line_copy(n->talk->mode, sizeof(n->talk->mode), mode);
	if (is_new)
		SAY(n, v1_initiate, .mode = ev_str(mode));
	talk_state(n, STAGE_INIT, "CONNECTING");
	if (is_aggressive)
		SAY(n, v1_aggr_i1_sent, );
	else
		SAY(n, v1_main_i1_sent, );
}

static void peer_initiates(struct line *n)
{
	bool is_v1 = strstr(n->after, "Mode") != NULL;
	const char *mode = strstr(n->after, "Aggressive") ? "Aggressive Mode" : "Main Mode";
	struct endpoint e = { 0 };
	bool is_new;

	if (!endpoint_read(n->text, &e))
		return;
	if (!addr_eq(&n->job->remote.addr, &e.addr))
		n->job->remote = e;
	whose(n, by_address(n, &n->job->remote));
	n->job->version = is_v1 ? 1 : 2;
	is_new = talk_begins(n->talk, n->job->version, false);
	talk_facts(n);
	line_copy(n->talk->mode, sizeof(n->talk->mode), mode);
	if (is_new && is_v1)
		SAY(n, v1_responding, .mode = ev_str(mode));
}

/* generating, parsed: NAME request|response 0 [ payloads ] */
static void message(struct line *n, bool is_in)
{
	const char *name = line_until(n, n->after, " "), *request = strstr(n->after, " request ");
	const char *payloads = line_between(n, n->after, "[ ", " ]");
	bool is_v1 = strcmp(name, "ID_PROT") == 0 || strcmp(name, "AGGRESSIVE") == 0 ||
		     strcmp(name, "QUICK_MODE") == 0 || strstr(name, "_V1") != NULL;

	n->job->version = is_v1 ? 1 : 2;
	n->job->is_protected = is_in && strncmp(payloads, "HASH ", 5) == 0;
	if (!n->talk || strncmp(payloads, "HASH N(", 7) == 0)
		return;
	if (is_v1)
		charon_v1_message(n, name, payloads, is_in, request != NULL);
	else if (request && strcmp(name, "CREATE_CHILD_SA") == 0)
		n->talk->is_rekeying = false;
	if (!is_v1 && request && strncmp(payloads, "N(REKEY_SA)", 11) == 0)
		charon_rekeys(n, payloads);
	else if (is_in && request && strcmp(name, "IKE_AUTH") == 0) {
		n->talk->stage = STAGE_AUTH;
		SAY(n, v2_auth_processing, .payloads = ev_str(payloads));
	} else if (!is_in && request && strcmp(name, "IKE_AUTH") == 0 &&
		   n->talk->stage < STAGE_AUTH) {
		talk_state(n, STAGE_AUTH, "CONNECTING");
		SAY(n, v2_auth_sent, .suite = ev_str(n->talk->suite));
	} else if (!is_in && !request && strcmp(name, "IKE_SA_INIT") == 0 &&
		   strncmp(payloads, "SA ", 3) == 0) {
		bool is_first = n->talk->furthest < STAGE_KEYS; /* a wrong group may come before */

		talk_state(n, STAGE_KEYS, "CONNECTING");
		if (!is_first)
			return;
		SAY(n, v2_init_answered, .suite = ev_str(n->talk->suite));
	}
}

static void message_in(struct line *n)
{
	message(n, true);
}

static void message_out(struct line *n)
{
	message(n, false);
}

/* no IKE config found for 198.51.100.1...192.0.2.1, sending NO_PROPOSAL_CHOSEN */
static void no_config(struct line *n)
{
	const char *dots = strstr(n->after, "...");

	n->from = n->job->remote;
	if (!addr_is_set(&n->from.addr) && dots)
		(void)endpoint_read(dots + 3, &n->from);
	n->talk = NULL;
	if (n->job->version == 1)
		SAY(n, v1_no_connection, .kind = ev_str("unsaid"), .local = ev_ep(n->job->local),
			.mode = ev_str("Main Mode"), .why = ev_str(n->at));
	else
		SAY(n, v2_no_connection, .kind = ev_str("unsaid"), .local = ev_ep(n->job->local),
			.why = ev_str(n->at));
}

/* received X notify error: IKEv2; error notify: IKEv1; "notify, no CHILD_SA built" */
static void notified(struct line *n)
{
	const char *notify = line_until(n, n->after, " ,");
	struct talk *t = n->talk;

	if (!t)
		return;
	if (strstr(n->after, " error notify"))
		charon_v1_notified(n, notify);
	else if (strstr(n->after, "no CHILD_SA built") && charon_rekey_refused(n, notify))
		;
	else if (strstr(n->after, "no CHILD_SA built"))
		SAY(n, v2_child_refused, .exchange = ev_str("IKE_AUTH"), .notify = ev_str(notify));
	else if (!strstr(n->after, " notify error"))
		return;
	else if (t->stage < STAGE_AUTH)
		SAY(n, v2_init_refused, .notify = ev_str(notify), .payloads = ev_str("N"));
	else
		SAY(n, v2_auth_rejected, .notify = ev_str(notify), .ours = ev_str(talk_our_id(n)),
			.theirs = ev_str(talk_their_id(n)));
}

static void invalid_ke(struct line *n)
{
	const char *wanted = strstr(n->after, "requested ");

	if (n->talk)
		SAY(n, v2_invalid_ke, .sent = ev_str(line_until(n, n->after, ",")),
			.wanted = ev_str(wanted ? wanted + 10 : ""));
}

/* ---- what is up, and what is not ---- */
static void ike_up(struct line *n)
{
	const char *ours = line_between(n, n->after, "between ", "...");
	const char *theirs = strstr(n->after, "...");
	const char *end = theirs ? strrchr(theirs, ']') : NULL;

	if (!strstr(n->after, " established between ") || !charon_named(n, n->after))
		return;
	ours = strchr(ours, '[') ? line_between(n, ours, "[", "]") : "";
	line_copy(n->talk->ours, sizeof(n->talk->ours), ours);
	if (end && (theirs = strchr(theirs, '[')) && theirs < end)
		line_copy(n->talk->theirs, sizeof(n->talk->theirs),
			line_keep(n, theirs + 1, (size_t)(end - theirs - 1)));
	if (!n->talk->version)
		n->talk->version = n->job->version == 1 ? 1 : 2;
	talk_ike_is_up(n);
	if (n->talk->version == 1)
		SAY(n, v1_ike_established, .id = ev_str(n->talk->theirs));
	else
		SAY(n, v2_ike_established, .id = ev_str(n->talk->theirs),
			.role = ev_str(n->talk->is_initiator ? "initiator" : "responder"),
			.method = ev_str("secret"));
}

/* CHILD_SA net{1} established with SPIs c1_i c2_o and TS 10.0.1.0/24 === 10.0.2.0/24 */
static void child_up(struct line *n)
{
	const char *ts = strstr(n->after, "TS "), *theirs = strstr(n->after, "=== ");
	struct event_value ours, others;

	if (!strstr(n->after, " established with SPIs ") ||
		(!n->talk && !charon_named(n, n->after)))
		return;
	ours = ev_str(ts ? line_until(n, ts + 3, " ") : "");
	others = ev_str(theirs ? theirs + 4 : "");
	n->talk->stage = STAGE_DONE;
	if (n->talk->version == 1)
		SAY(n, v1_child_established, .mode = ev_str("tunnel"), .esp = ev_str("ESP"),
			.ts_local = ours, .ts_remote = others);
	else
		SAY(n, v2_child_established, .mode = ev_str("tunnel"), .esp = ev_str("ESP"),
			.role = ev_str(n->talk->is_initiator ? "initiator" : "responder"),
			.verb = ev_str("established"), .ts_local = ours, .ts_remote = others);
}

/* traffic selectors OURS === THEIRS unacceptable */
static void ts_unacceptable(struct line *n)
{
	const char *theirs = line_between(n, n->after, "=== ", " unacceptable");

	if (!*theirs) /* as it was spelt until 5.9 */
		theirs = line_between(n, n->after, "=== ", " inacceptable");

	if (n->talk && *theirs)
		SAY(n, v2_ts_refused, .tsi = ev_str(theirs),
			.tsr = ev_str(line_between(n, n->text, "selectors ", " ===")));
}

static void quick_no_connection(struct line *n)
{
	if (n->talk)
		SAY(n, v1_quick_no_connection, .wanted = ev_str(n->after), .mode = ev_str("tunnel"),
			.our_mode = ev_str("tunnel"));
}

static void netlink_error(struct line *n)
{
	line_copy(n->log->why, sizeof(n->log->why), n->after);
}

/* c65e4ca0 failed: No such process (3), of whatever connection */
static void sa_asked_for(struct line *n)
{
	const char *why = strstr(n->after, " failed: ");

	n->talk = NULL;
	if (why && strstr(why, "(3)"))
		SAY(n, kernel_sa_gone, .spi = ev_str(line_until(n, n->after, " ")),
			.why = ev_str(why + 9));
}

/* unable to install policy A === B out for reqid 5, the same policy for reqid 3 exists */
static void not_installed(struct line *n)
{
	const char *why = n->log->why;

	if (strstr(n->after, "the same policy for reqid "))
		line_copy(n->log->why, sizeof(n->log->why), "same policy");

	if (n->talk && n->talk->version == 1)
		SAY(n, v1_child_not_installed, .why = ev_str(why),
			.is_unsupported = ev_u64(is_unsupported(why)), .is_taken = ev_u64(0));
	else if (n->talk)
		SAY(n, v2_child_not_installed, .why = ev_str(why),
			.is_unsupported = ev_u64(is_unsupported(why)), .is_taken = ev_u64(0));
}

/* By the thread that sends what others have made. */
static void socket_error(struct line *n)
{
	struct event_value error = ev_u64(errno_of(n->after));

	if (n->log->sent)
		n->talk = &n->log->talk[n->log->sent - 1];
	if (n->talk && n->talk->version == 1)
		SAY(n, v1_send_failed, .what = ev_str(n->after), .error = error);
	else if (n->talk)
		SAY(n, v2_send_failed, .what = ev_str(n->after), .error = error);
}

static void deleting(struct line *n)
{
	n->talk = NULL;
	if (!charon_named(n, n->after) || !strstr(n->after, " between "))
		return;
	n->talk->is_trying = n->talk->is_trying && n->talk->stage < STAGE_UP;
	SAY(n, conn_terminating, );
}

/* deleting half open IKE_SA with 192.0.2.1 after timeout */
static void half_open_end(struct line *n)
{
	struct endpoint e = { 0 };

	n->talk = NULL;
	if (!endpoint_read(n->after, &e))
		return;
	n->talk = by_address(n, &e);
	if (!n->talk->version) { /* all that is there of it */
		n->talk->version = 2;
		n->talk->stage = STAGE_KEYS;
		talk_facts(n);
	}
	talk_half_open_end(n, "");
}

/* An encrypted message where the last one of the exchange is due: that the peer says no, is all
 * that is told of it. */
static void objection(struct line *n)
{
	if (n->talk && n->talk->version == 1 && !n->talk->is_initiator &&
		n->talk->stage == STAGE_AUTH)
		SAY(n, v1_ignored, .notify = ev_str("unsaid"));
}

/* With mode = transport the networks are the two hosts themselves. */
static void no_networks(struct line *n)
{
	if (n->talk)
		SAY(n, config_error, .file = ev_str("swanctl.conf or ipsec.conf"),
			.what = ev_str(
				"with transport mode, the networks of the connection are to be "
				"left out, or to be the addresses of the two hosts"));
}

static void pool_is_full(struct line *n)
{
	if (n->talk)
		n->talk->is_full = true;
}

/* no virtual IP found for %any requested by 'x': of IKEv2 it counts when the peer is let in */
static void no_address(struct line *n)
{
	if (n->talk && n->talk->version == 1)
		SAY(n, v1_cfg_no_lease, .pool = ev_str("here"),
			.is_full = ev_u64(n->talk->is_full));
}

static void no_child_for_address(struct line *n)
{
	if (n->talk && !n->talk->is_initiator)
		SAY(n, v2_cp_no_address, .pool = ev_str(n->talk->is_full ? "here" : ""),
			.asked = ev_str("a virtual IP"), .is_full = ev_u64(n->talk->is_full));
}

static void has_stroke(struct line *n)
{
	n->log->is_stroke = true;
}

static void bad_algorithm(struct line *n)
{
	const char *what = strstr(n->text, "algorithm '");

	n->talk = NULL;
	if (what)
		SAY(n, config_error, .file = ev_str("swanctl.conf or ipsec.conf"),
			.what = ev_str(what));
}

/* loading connection 'vpn' failed: unknown option: nonsense, config discarded */
static void not_loaded(struct line *n)
{
	n->talk = NULL;
	SAY(n, config_error, .file = ev_str("swanctl.conf"), .what = ev_str(n->at),
		.name = ev_str(line_until(n, n->after, "'")));
}

static const struct phrase phrases[] = {
	{ "received packet: from ", packet_in },
	{ "sending packet: from ", packet_out },
	{ "sending retransmit ", retransmit },
	{ "retransmit ", retransmit },
	{ "deleting half open IKE_SA with ", half_open_end },
	{ "queueing INFORMATIONAL_V1 request as tasks still active", objection },
	{ "ignoring INFORMATIONAL_V1 request, queue full", objection },
	{ "' not recognized", bad_algorithm },
	{ "loading connection '", not_loaded },
	{ "giving up after ", gave_up },
	{ "initiating IKE_SA ", v2_initiate },
	{ "initiating Main Mode IKE_SA ", v1_initiate },
	{ "initiating Aggressive Mode IKE_SA ", v1_initiate },
	{ " is initiating a", peer_initiates },
	{ "parsed ", message_in },
	{ "generating ", message_out },
	{ "received proposals unacceptable", charon_ike_unacceptable },
	{ "received proposals: ", charon_received },
	{ "configured proposals: ", charon_configured },
	{ "selected proposal: ", charon_selected },
	{ "no proposal found", charon_ike_unacceptable },
	{ "no acceptable proposal found", charon_esp_unacceptable },
	{ "no matching proposal found, sending", charon_esp_unacceptable },
	{ "no IKE config found for ", no_config },
	{ ", but none allows ", charon_none_allows },
	{ "traffic selector missing in configuration", no_networks },
	{ "no virtual IP found for ", no_address },
	{ "is full, unable to assign address", pool_is_full },
	{ "configuration payload negotiation failed", no_child_for_address },
	{ "received stroke: ", charon_wanted },
	{ "vici initiate ", charon_wanted },
	{ "resolving '", charon_not_resolved },
	{ "unable to resolve ", charon_no_address },
	{ "sending DPD request", charon_dpd_sent },
	{ "DPD check timed out", charon_dpd_dead },
	{ "peer requested EAP, config ", charon_wants_eap },
	{ "XAuth authentication of '", charon_xauth },
	{ "Aggressive Mode PSK disabled ", charon_no_aggressive },
	{ "constraint requires ", charon_other_method },
	{ "loading secrets from '", has_stroke },
	{ "no shared key found", charon_no_key },
	{ "no private key found for ", charon_no_private_key },
	{ "MAC mismatched", charon_mac_mismatched },
	{ "peer configs matching ", charon_looking },
	{ "selected peer config '", charon_peer_config },
	{ "selected peer config \"", charon_peer_config },
	{ "no matching peer config found", charon_no_peer_config },
	{ "no peer config found", charon_no_peer_config },
	{ "constraint check failed: identity ", charon_wrong_id },
	{ "authentication of '", charon_authentication },
	{ "peer didn't accept DH group ", invalid_ke },
	{ "deleting IKE_SA ", deleting },
	{ "received netlink error: ", netlink_error },
	{ "querying SAD entry with SPI ", sa_asked_for },
	{ "received ", notified },
	{ "IKE_SA ", ike_up },
	{ "traffic selectors ", ts_unacceptable },
	{ "no matching CHILD_SA config found for ", quick_no_connection },
	{ "unable to install ", not_installed },
	{ "error writing to socket: ", socket_error },
	{ "CHILD_SA ", child_up },
	{ "IDir '", charon_v1_wrong_id },
	{ "decryption failed?", charon_v1_undecryptable },
	{ "calculated HASH does not match", charon_v1_hash_mismatch },
};

void charon_line(struct line *n, const struct around *a)
{
	const char *s = n->text;

	n->job = &n->log->job[a->thread % FOREIGN_THREADS];
	if (n->job->talk)
		n->talk = &n->log->talk[n->job->talk - 1];
	if (*s == '<' && strchr(s, '>')) {
		const char *name = line_until(n, s + 1, "|>");

		if (name[strspn(name, "0123456789")]) /* <1>: not known yet */
			whose(n, talk_of(n->log, name));
		n->text = strchr(s, '>') + 1;
		n->text += strspn(n->text, " ");
	}
	if (!n->talk)
		charon_lone(n);
	line_tell(n, phrases, COUNT(phrases));
}
