/* What pluto says, Libreswan 3.x to 5.x: "name"[1] 192.0.2.1 #5: text, packet from 192.0.2.1:500:
 * text. */
#include "foreign/around.h"

#include <ctype.h>
#include <stdlib.h>

static bool is_v1(const struct line *n)
{
	return n->talk && n->talk->version == 1;
}

static void remote_read(struct line *n)
{
	struct endpoint e;

	if (n->talk && endpoint_read(n->after, &e))
		n->talk->remote = e;
	if (n->talk)
		talk_facts(n);
}

/* "STATE_MAIN_I1: retransmission": the state before the phrase */
static void state_read(struct line *n)
{
	const char *state = line_until(n, n->text, ": ");

	if (n->at > n->text && *state)
		line_copy(n->talk->state, sizeof(n->talk->state), state);
}

/* ---- IKEv2 ---- */
static void v2_initiate(struct line *n)
{
	if (talk_begins(n->talk, 2, true))
		SAY(n, v2_initiate, );
	remote_read(n);
}

static void v2_init_sent(struct line *n)
{
	if (n->talk->version != 2)
		v2_initiate(n);
	talk_state(n, STAGE_INIT, "STATE_V2_PARENT_I1");
	remote_read(n);
	if (n->talk->is_retried) /* silence counts from the first one */
		SAY(n, v2_retransmit, .count = ev_u64(++n->talk->retransmits));
	else
		SAY(n, v2_init_sent, );
}

static void v2_invalid_ke(struct line *n)
{
	const char *wanted = strstr(n->after, "suggested DH ");

	if (n->talk->furthest >= STAGE_AUTH)
		return; /* the way of an attempt before: what that met with stays */
	SAY(n, v2_invalid_ke, .sent = ev_str(line_until(n, n->after, ";")),
		.wanted = ev_str(wanted ? wanted + 13 : ""));
}

static void v2_init_refused(struct line *n)
{
	const char *notify = line_until(n, n->after, " ;,");

	if (strncmp(notify, "v2N_", 4) == 0)
		notify += 4;
	SAY(n, v2_init_refused, .notify = ev_str(notify),
		/* 5.x: "message payloads N, missing SA" */
		.payloads = ev_str(strstr(n->after, "payloads: ")
					   ? line_between(n, n->after, "payloads: ", ";")
					   : line_between(n, n->after, "payloads ", ",")),
		.offered = ev_str(n->talk ? n->talk->allowed_ike : ""));
}

/* 5.x says there what 4.x says of IKE_AUTH: "..., initiating IKE_AUTH" */
static void v2_init_processed(struct line *n)
{
	line_copy(n->talk->suite, sizeof(n->talk->suite), line_between(n, n->after, "{", "}"));
}

static void v2_auth_sent(struct line *n)
{
	const char *suite = line_between(n, n->after, "{", "}");

	talk_state(n, STAGE_AUTH, "STATE_V2_PARENT_I2");
	if (n->talk->is_retried) /* silence counts from the first one */
		SAY(n, v2_retransmit, .count = ev_u64(++n->talk->retransmits));
	else
		SAY(n, v2_auth_sent, .suite = ev_str(strchr(suite, '=') ? suite : n->talk->suite));
}

static void v2_auth_rejected(struct line *n)
{
	SAY(n, v2_auth_rejected, .notify = ev_str(line_until(n, n->after, " ;,")),
		.ours = ev_str(talk_our_id(n)), .theirs = ev_str(talk_their_id(n)));
}

static void v2_child_refused_in(struct line *n, const char *exchange)
{
	const char *notify = line_until(n, n->after, " ;,");

	if (strcmp(notify, "AUTHENTICATION_FAILED") == 0) {
		v2_auth_rejected(n);
		return;
	}
	SAY(n, v2_child_refused, .exchange = ev_str(exchange), .notify = ev_str(notify),
		.offered = ev_str(n->talk->allowed_esp));
}

static void v2_child_refused(struct line *n)
{
	v2_child_refused_in(n, "IKE_AUTH");
}

static void v2_create_refused(struct line *n)
{
	v2_child_refused_in(n, "CREATE_CHILD_SA");
}

/* We got what we did not ask for. */
static void v2_child_unacceptable(struct line *n)
{
	const char *relation = strncmp(n->after, "TS_UNACCEPTABLE", 15) == 0 ? "unsaid" : "";

	SAY(n, v2_child_unacceptable, .exchange = ev_str("IKE_AUTH"), .why = ev_str(n->after),
		.relation_i = ev_str(relation), .relation_r = ev_str(relation));
}

static void v2_init_answered(struct line *n)
{
	bool is_first;

	if (n->talk->version == 2)
		talk_half_open_end(n, ""); /* the peer begins anew */
	is_first = talk_begins(n->talk, 2, false);
	talk_state(n, STAGE_KEYS, "STATE_V2_PARENT_R1");
	if (is_first)
		SAY(n, v2_init_answered, .suite = ev_str(line_between(n, n->after, "{", "}")));
}

static void v2_auth_processing(struct line *n)
{
	n->talk->stage = STAGE_AUTH;
	SAY(n, v2_auth_processing, .payloads = ev_str(n->after));
}

static void no_proposal(struct line *n)
{
	const char *offered = n->after;

	if (strstr(offered, "ESP:") || strstr(offered, "AH:"))
		SAY(n, v2_no_esp_proposal, .offered = ev_str(offered), .theirs = ev_str(offered),
			.allowed = ev_str(n->talk->allowed_esp),
			.ours = ev_str(n->talk->allowed_esp),
			.difference = ev_str(proposals_differ(offered, n->talk->allowed_esp)));
	else {
		n->talk->version = 2;
		SAY(n, v2_no_proposal, .offered = ev_str(offered), .theirs = ev_str(offered),
			.allowed = ev_str(n->talk->allowed_ike),
			.ours = ev_str(n->talk->allowed_ike),
			.difference = ev_str(proposals_differ(offered, n->talk->allowed_ike)));
	}
}

static void v2_no_ts(struct line *n)
{
	SAY(n, v2_ts_refused, );
}

/* 5.x: "{TSi=192.0.1.0/24;TSr=192.0.2.0/24} does not match any permanent IKEv2 connection" */
static void v2_no_ts_of(struct line *n)
{
	SAY(n, v2_ts_refused, .tsi = ev_str(line_between(n, n->at, "{TSi=", ";")),
		.tsr = ev_str(line_between(n, n->at, "TSr=", "}")));
}

static void v2_auth_mismatch(struct line *n)
{
	const char *id = line_between(n, n->after, "'", "'");

	SAY(n, v2_auth_mismatch, .id_type = ev_str(line_until(n, n->after, " ")),
		.id = ev_str(*id ? id : talk_their_id(n)));
}

static void v2_ike_up(struct line *n)
{
	const char *id = line_between(n, n->after, "'", "'");

	if (*id)
		line_copy(n->talk->theirs, sizeof(n->talk->theirs), id);
	n->talk->version = 2;
	talk_ike_is_up(n);
	SAY(n, v2_ike_established, .role = ev_str(line_until(n, n->text, " ")),
		.method = ev_str(line_between(n, n->after, "authby=", " ")), .id = ev_str(id));
}

static void child_up(struct line *n)
{
	const char *mode = strstr(n->text, "transport") ? "transport" : "tunnel";
	const char *arrow = strstr(n->after, "] -> "), *local = line_between(n, n->after, "[", "]"),
		   *both = strstr(local, "==="),
		   *remote = arrow ? line_between(n, arrow, "-> [", "]") : "";
	bool is_rekey = strstr(n->text, "rekeyed Child SA") != NULL;

	if (n->talk->is_trying)
		talk_ike_is_up(n);
	n->talk->stage = STAGE_DONE;
	if (both) { /* 5.x: [192.0.1.0/24===192.0.2.0/24] */
		remote = both + 3;
		local = line_keep(n, local, (size_t)(both - local));
	}
	if (is_v1(n))
		SAY(n, v1_child_established, .mode = ev_str(mode), .esp = ev_str("ESP"),
			.xfrm = ev_str(line_between(n, n->after, "xfrm=", " ")));
	else
		SAY(n, v2_child_established, .role = ev_str(line_until(n, n->text, " ")),
			.verb = ev_str(is_rekey ? "rekeyed" : "established"),
			.old = ev_str(is_rekey ? line_between(n, n->text, "#", " ") : ""),
			.mode = ev_str(mode), .esp = ev_str("ESP"), .ts_local = ev_str(local),
			.ts_remote = ev_str(remote),
			.xfrm = ev_str(line_between(n, n->after, "xfrm=", " ")));
}

/* packet from 192.0.2.1:500: ISAKMP_v2_IKE_SA_INIT message received on 198.51.100.1:500 but ... */
static void v2_no_connection(struct line *n)
{
	struct endpoint local = { 0 };
	const char *but = strstr(n->after, "but ");

	(void)endpoint_read(n->after, &local);
	SAY(n, v2_no_connection, .kind = ev_str("unsaid"), .local = ev_ep(local),
		.why = ev_str(but ? but + 4 : n->after));
}

/* ---- both ---- */
static void repeated(struct line *n)
{
	const char *seconds = line_between(n, n->at, "will wait ", " ");

	n->talk->retransmits++;
	if (is_v1(n))
		SAY(n, v1_retransmit, .seconds = ev_str(seconds),
			.count = ev_u64(n->talk->retransmits));
	else
		SAY(n, v2_retransmit, .seconds = ev_str(seconds),
			.count = ev_u64(n->talk->retransmits));
}

/* A log that begins later: the state tells what was sent. */
static void begun(struct line *n)
{
	const char *state = n->talk->state;

	if (n->talk->stage != STAGE_NONE || n->talk->version)
		return;
	n->talk->is_initiator = true;
	if (strcmp(state, "STATE_PARENT_I1") == 0 || strcmp(state, "STATE_V2_PARENT_I1") == 0 ||
		strcmp(state, "IKE_SA_INIT_I") == 0) {
		n->talk->version = 2;
		talk_facts(n);
		SAY(n, v2_initiate, );
		talk_state(n, STAGE_INIT, "STATE_V2_PARENT_I1");
		SAY(n, v2_init_sent, );
	} else if (strcmp(state, "STATE_PARENT_I2") == 0 ||
		   strcmp(state, "STATE_V2_PARENT_I2") == 0 || strcmp(state, "IKE_AUTH_I") == 0) {
		n->talk->version = 2;
		talk_facts(n);
		SAY(n, v2_initiate, );
		talk_state(n, STAGE_AUTH, "STATE_V2_PARENT_I2");
		SAY(n, v2_auth_sent, );
	} else
		pluto_v1_begun(n, state);
}

static void retransmission(struct line *n)
{
	state_read(n);
	begun(n);
	repeated(n);
}

static void timeout(struct line *n)
{
	const char *hint = strstr(n->after, ".  ");
	const char *seconds = line_between(n, n->text, ": ", " second");
	uint64_t count = number_read(n->after);

	state_read(n);
	begun(n);
	hint = hint ? hint + 3 : "";
	if (is_v1(n) && n->talk->stage == STAGE_AUTH && n->talk->is_initiator)
		SAY(n, v1_psk_suspected, .why = ev_str("no answer"));
	if (is_v1(n))
		SAY(n, v1_timeout, .seconds = ev_str(seconds), .retransmits = ev_u64(count),
			.hint = ev_str(hint));
	else
		SAY(n, v2_timeout, .seconds = ev_str(seconds), .retransmits = ev_u64(count),
			.hint = ev_str(hint),
			.exchange =
				ev_str(n->talk->stage == STAGE_INIT ? "IKE_SA_INIT" : "IKE_AUTH"));
}

/* 3.x: max number of retransmissions (2) reached STATE_MAIN_I1.  No response ... */
static void old_timeout(struct line *n)
{
	const char *hint = strstr(n->after, ".  "), *state = strstr(n->after, "STATE_");

	if (state)
		line_copy(n->talk->state, sizeof(n->talk->state), line_until(n, state, ". "));
	begun(n);
	if (is_v1(n) && n->talk->stage == STAGE_AUTH && n->talk->is_initiator)
		SAY(n, v1_psk_suspected, .why = ev_str("no answer"));
	if (is_v1(n))
		SAY(n, v1_timeout, .retransmits = ev_u64(number_read(n->after)),
			.hint = ev_str(hint ? hint + 3 : ""));
	else
		SAY(n, v2_timeout, .retransmits = ev_u64(number_read(n->after)),
			.hint = ev_str(hint ? hint + 3 : ""),
			.exchange =
				ev_str(n->talk->stage == STAGE_INIT ? "IKE_SA_INIT" : "IKE_AUTH"));
}

/* authentication failed: peer attempted PSK authentication but we want RSASIG */
static void other_method(struct line *n)
{
	if (strstr(n->after, "PSK authentication"))
		SAY(n, v2_auth_incomplete, .payloads = ev_str("secret"));
	else if (strstr(n->after, "NULL"))
		SAY(n, v2_auth_mismatch, .id = ev_str(talk_their_id(n)), .method = ev_u64(13));
	else
		SAY(n, v2_auth_mismatch, .id = ev_str(talk_their_id(n)), .method = ev_u64(14));
	talk_refused(n);
}

static void wants_eap(struct line *n)
{
	SAY(n, v2_auth_incomplete, .payloads = ev_str(n->after));
	talk_refused(n);
}

/* cannot install eroute -- it is in use for "other" #1 */
static void same_policy(struct line *n)
{
	if (is_v1(n))
		SAY(n, v1_child_not_installed, .why = ev_str("same policy"));
	else
		SAY(n, v2_child_not_installed, .why = ev_str("same policy"));
}

static void wrong_id(struct line *n)
{
	const char *wanted = line_between(n, n->after, "'", "'");
	const char *declared = line_between(n, n->after, "declares '", "'");

	if (is_v1(n))
		SAY(n, v1_wrong_id, .wanted = ev_str(wanted), .declared = ev_str(declared));
	else
		SAY(n, v2_wrong_id, .wanted = ev_str(wanted), .declared = ev_str(declared));
}

/* liveness action - clearing connection kind CK_PERMANENT; putting connection into hold */
static void peer_dead(struct line *n)
{
	const char *hint = "the peer does not answer any more";

	if (is_v1(n))
		SAY(n, v1_timeout, .hint = ev_str(hint));
	else
		SAY(n, v2_timeout, .hint = ev_str(hint));
}

static void id_refused(struct line *n)
{
	const char *id = line_between(n, n->text, "'", "'");

	id = *id ? id : talk_their_id(n); /* 3.x says it in the line before */

	if (is_v1(n))
		SAY(n, v1_id_refused, .id = ev_str(id), .ours = ev_str(talk_our_id(n)));
	else
		SAY(n, v2_id_refused, .id = ev_str(id), .ours = ev_str(talk_our_id(n)));
}

static void no_secret(struct line *n)
{
	const char *ours = line_between(n, n->after, "'", "'");
	const char *theirs = line_between(n, n->after, "' and '", "'");

	if (strstr(n->after, "`")) { /* 3.x: for `192.0.2.1' and `198.51.100.1' */
		ours = line_between(n, n->after, "`", "'");
		theirs = line_between(n, n->after, "and `", "'");
	}
	n->talk->has_no_secret = true;
	if (*ours) /* "Failed to find our PreShared Key" follows */
		line_copy(n->talk->ours, sizeof(n->talk->ours), ours);

	if (is_v1(n))
		SAY(n, v1_no_secret, .ours = ev_str(*ours ? ours : talk_our_id(n)),
			.theirs = ev_str(*theirs ? theirs : talk_their_id(n)));
	else
		SAY(n, v2_no_secret, .ours = ev_str(*ours ? ours : talk_our_id(n)),
			.theirs = ev_str(*theirs ? theirs : talk_their_id(n)));
}

static void kernel_refused(struct line *n)
{
	const char *why = strstr(n->after, ": ");

	why = why ? why + 2 : n->after;
	if (is_v1(n))
		SAY(n, v1_child_not_installed, .why = ev_str(why),
			.is_unsupported = ev_u64(is_unsupported(why)), .is_taken = ev_u64(0));
	else
		SAY(n, v2_child_not_installed, .why = ev_str(why),
			.is_unsupported = ev_u64(is_unsupported(why)), .is_taken = ev_u64(0));
}

/* esp.fa9d83aa@198.51.100.1: No such process (errno 3): asked how much it has carried */
static void sa_asked_for(struct line *n)
{
	const char *why = strstr(n->after, ": ");

	if (why && strstr(why, "(errno 3)"))
		SAY(n, kernel_sa_gone, .spi = ev_str(line_between(n, n->after, ".", "@")),
			.dst = ev_str(line_between(n, n->after, "@", ":")), .why = ev_str(why + 2));
}

static void terminating(struct line *n)
{
	n->talk->is_trying = false;
	n->talk->stage = STAGE_NONE;
	SAY(n, conn_terminating, );
}

/* 5.x: "deleting IKE SA (sent IKE_SA_INIT request)" names the state, and nothing is sent. */
static void deleting(struct line *n)
{
	(void)n;
}

static void conn_version(struct line *n)
{
	SAY(n, conn_version, .version = ev_str("IKEv1"));
}

/* We cannot identify ourselves with either end of this connection.  A or B are not usable */
static void not_ours(struct line *n)
{
	struct endpoint left, right;
	char a[ADDR_STR] = "", b[ADDR_STR] = "";
	const char *s = endpoint_read(n->after, &left);

	if (s)
		addr_format(&left.addr, a);
	if (s && endpoint_read(s, &right))
		addr_format(&right.addr, b);
	SAY(n, conn_not_ours, .left = ev_str(a), .right = ev_str(b), .name = ev_str(n->talk->name));
}

static void config_error(struct line *n)
{
	SAY(n, config_error, .file = ev_str("ipsec.conf"), .what = ev_str(n->after));
}

/* "IKE SA proposals (connection add):", then "  1:IKE=AES_GCM_C_256-..." */
static void list_begins(struct line *n)
{
	struct talk *t = n->talk;

	*(strstr(n->at, "Child") ? t->allowed_esp : t->allowed_ike) = '\0';
}

static void list_goes_on(struct line *n)
{
	bool is_esp = strncmp(n->at, ":ESP=", 5) == 0;
	char *list = is_esp ? n->talk->allowed_esp : n->talk->allowed_ike;
	size_t used = strlen(list), room = sizeof(n->talk->allowed_esp);

	if (used && used + 2 < room) {
		list[used++] = ',';
		list[used++] = ' ';
		list[used] = '\0';
	}
	line_copy(list + used, room - used, n->after);
}

static const struct phrase named[] = {
	{ "deleting IKE SA (", deleting },
	{ "initiating IKEv2 ", v2_initiate },
	{ "initiating v2 parent SA", v2_initiate },
	{ "sent IKE_SA_INIT request", v2_init_sent },
	{ "sent v2I1, expected v2R1", v2_init_sent },
	{ "INVALID_KE_PAYLOAD response to DH ", v2_invalid_ke },
	{ "IKE_SA_INIT message containing ", v2_init_refused },
	{ "IKE_SA_INIT response containing ", v2_init_refused },
	{ "received unauthenticated ", v2_init_refused },
	{ "processed IKE_SA_INIT response", v2_init_processed },
	{ "sent IKE_AUTH request", v2_auth_sent },
	{ "sent v2I2, expected v2R2", v2_auth_sent },
	{ "authentication request rejected by peer: ", v2_auth_rejected },
	{ "IKE_AUTH response rejected Child SA with ", v2_child_refused },
	{ "IKE_AUTH response contained the error notification ", v2_child_refused },
	{ "CREATE_CHILD_SA response contained the error notification ", v2_create_refused },
	{ "CREATE_CHILD_SA failed with error notification ", v2_create_refused },
	{ "CHILD SA failed: ", v2_child_unacceptable },
	{ "sent IKE_SA_INIT reply", v2_init_answered },
	{ "sent IKE_SA_INIT response", v2_init_answered },
	{ "received v2I1, sent v2R1", v2_init_answered },
	{ "processing decrypted IKE_AUTH request: ", v2_auth_processing },
	{ "no local proposal matches remote proposals ", no_proposal },
	{ "No IKEv2 connection found with compatible Traffic Selectors", v2_no_ts },
	{ "Child SA's Traffic Selector request ", v2_no_ts_of },
	{ "computed hash does not match hash received from peer ", v2_auth_mismatch },
	{ "AUTH mismatch", v2_auth_mismatch },
	{ "established IKE SA; authenticated", v2_ike_up },
	{ "PARENT SA established", v2_ike_up },
	{ "established Child SA using", child_up },
	{ "rekeyed Child SA", child_up },
	{ "IPsec SA established", child_up },
	{ "retransmission; will wait", retransmission },
	{ "request; will wait", repeated },
	{ "second timeout exceeded after", timeout },
	{ "max number of retransmissions (", old_timeout },
	{ "authentication failed: peer attempted ", other_method },
	{ "Peer attempted EAP authentication", wants_eap },
	{ "cannot install eroute -- it is in use for ", same_policy },
	{ "route already in use for ", same_policy },
	{ "asynchronous network error report", pluto_net_error },
	{ "send on ", pluto_send_failed },
	{ "peer to have ID", wrong_id },
	{ "mismatched on first found connection", id_refused },
	{ "Peer mismatch on first found connection", id_refused },
	{ "liveness action - clearing connection", peer_dead },
	{ "liveness action - putting connection into hold", peer_dead },
	{ "DPD: No response from peer - declaring peer dead", peer_dead },
	{ "no PSK found", no_secret },
	{ "no preshared key found", no_secret },
	{ "Failed to find our PreShared Key", no_secret },
	{ "netlink response for Add SA", kernel_refused },
	{ "netlink response for XFRM_MSG_UPDSA", kernel_refused },
	{ "netlink response for Get SA esp", sa_asked_for },
	{ "terminating SAs using this connection", terminating },
	{ "does not allow IKEv1 connections", conn_version },
	{ "failed to add connection: ", config_error },
	{ "e cannot identify ourselves with either end of this connection", not_ours },
	{ "IKE SA proposals (", list_begins },
	{ "Child SA proposals (", list_begins },
	{ ":IKE=", list_goes_on },
	{ ":ESP=", list_goes_on },
};

static const struct phrase of_strangers[] = {
	{ "ISAKMP_v2_IKE_SA_INIT message received on ", v2_no_connection },
	{ "IKE_SA_INIT message received on ", v2_no_connection },
	{ "initial parent SA message received on ", v2_no_connection },
};

static void stranger_line(struct line *n, const char *s)
{
	n->text = endpoint_read(s, &n->from);
	if (!n->text)
		return;
	line_tell(n, of_strangers, COUNT(of_strangers));
	if (!n->at)
		pluto_v1_stranger(n);
}

void pluto_line(struct line *n, const struct around *a)
{
	struct pluto_head h;
	struct talk *t;

	if (strncmp(a->words, "packet from ", 12) == 0)
		stranger_line(n, a->words + 12);
	if (!pluto_head_read(a->words, &h))
		return;
	t = n->talk = talk_of(n->log, line_keep(n, h.name, h.n));
	t->instance = h.instance;
	t->serial = h.serial;
	t->peer = h.peer.addr;
	if (addr_is_set(&h.peer.addr) && !addr_is_set(&t->remote.addr))
		t->remote = h.peer;
	n->text = h.text;
	if (!t->is_told)
		talk_facts(n);
	line_tell(n, named, COUNT(named));
	if (!n->at)
		pluto_v1_tell(n);
}
