/* What charon says of identities, secrets and the connections that it looks for. */
#include "foreign/charon.h"

#include <stdio.h>

void charon_authentication(struct line *n)
{
	const char *id = line_until(n, n->after, "'");

	if (n->talk && strstr(n->after, "(myself)"))
		line_copy(n->talk->ours, sizeof(n->talk->ours), id);
	else if (n->talk)
		line_copy(n->talk->theirs, sizeof(n->talk->theirs), id);
}

/* tried 1 shared key for 'ours' - 'theirs', but MAC mismatched */
void charon_mac_mismatched(struct line *n)
{
	const char *ours = line_between(n, n->text, "for '", "'");

	if (!n->talk)
		return;
	if (*ours && !n->talk->ours[0]) { /* known only now */
		line_copy(n->talk->ours, sizeof(n->talk->ours), ours);
		n->talk->is_told = false;
		n->talk->told = (struct addr){ 0 };
		talk_facts(n);
	}
	SAY(n, v2_auth_mismatch, .id = ev_str(line_between(n, n->text, " - '", "'")));
	talk_refused(n);
}

void charon_no_key(struct line *n)
{
	const char *ours = line_between(n, n->after, "'", "'");
	const char *theirs = line_between(n, n->after, " - '", "'");
	const char *dash = strstr(n->after, " - ");

	if (!n->talk)
		return;
	if (!*ours && dash && strncmp(n->after, " for ", 5) == 0) { /* by their addresses */
		ours = line_keep(n, n->after + 5, (size_t)(dash - n->after - 5));
		theirs = line_until(n, dash + 3, " ,");
	}
	if (strcmp(theirs, "(null)") == 0)
		theirs = "";
	ours = *ours ? ours : talk_our_id(n);
	theirs = *theirs ? theirs : talk_their_id(n);
	if (n->talk->version == 1)
		SAY(n, v1_no_secret, .ours = ev_str(ours), .theirs = ev_str(theirs));
	else
		SAY(n, v2_no_secret, .ours = ev_str(ours), .theirs = ev_str(theirs));
	talk_refused(n);
}

/* no private key found for 'x': it is to sign, whatever secrets there are */
void charon_no_private_key(struct line *n)
{
	char what[320];

	if (!n->talk)
		return;
	snprintf(what, sizeof(what),
		"no private key for '%s' is loaded, and this end is to authenticate with a "
		"signature; "
		"with a pre-shared key it would have auth = psk (ipsec.conf: authby=secret)",
		line_between(n, n->after, "'", "'"));
	SAY(n, config_error, .file = ev_str("swanctl.conf or ipsec.conf"), .what = ev_str(what));
	talk_refused(n);
}

/* peer requested EAP, config unacceptable */
void charon_wants_eap(struct line *n)
{
	if (!n->talk)
		return;
	SAY(n, v2_auth_incomplete, .payloads = ev_str(n->text));
	talk_refused(n);
}

/* constraint requires public key authentication, but pre-shared key was used */
void charon_other_method(struct line *n)
{
	if (!n->talk)
		return;
	if (strstr(n->after, "pre-shared key was"))
		SAY(n, v2_auth_incomplete, .payloads = ev_str("secret"));
	else
		SAY(n, v2_auth_mismatch, .id = ev_str(talk_their_id(n)), .method = ev_u64(1));
	talk_refused(n);
}

/* XAuth authentication of 'x' failed; of 'x' (myself) failed */
void charon_xauth(struct line *n)
{
	const char *user = line_until(n, n->after, "'");

	if (!n->talk || !strstr(n->after, " failed"))
		return;
	if (strstr(n->after, "(myself)"))
		SAY(n, v1_xauth_rejected, .user = ev_str(user), .how = ev_str("says no"));
	else
		SAY(n, v1_xauth_failed, .user = ev_str(user),
			.why = ev_str("the daemon does not say why"), .tries = ev_u64(1),
			.limit = ev_u64(1));
}

void charon_no_aggressive(struct line *n)
{
	SAY(n, config_error, .file = ev_str("strongswan.conf"),
		.what = ev_str(
			"Aggressive Mode with pre-shared keys is off, since it gives them to "
			"who guesses: the peer is to begin with Main Mode (aggressive = no)"));
}

/* looking for peer configs matching 198.51.100.1[ours]...192.0.2.1[theirs] */
void charon_looking(struct line *n)
{
	const char *dots = strstr(n->after, "...");

	if (!addr_is_set(&n->job->remote.addr) && dots) {
		(void)endpoint_read(dots, &n->job->remote);
		n->job->version = strstr(n->text, "for peer configs") ? 2 : 1;
	}
	charon_need_talk(n);
	if (n->talk && !n->talk->version) {
		n->talk->version = n->job->version ? n->job->version : 2;
		talk_facts(n);
	}
	if (!n->talk || !dots)
		return;
	line_copy(n->talk->theirs, sizeof(n->talk->theirs), line_between(n, dots, "[", "]"));
	line_copy(n->talk->asked, sizeof(n->talk->asked),
		dots[-1] == ']' ? line_between(n, n->after, "[", "]") : "");
	if (n->talk->asked[0] == '%') /* for nobody */
		n->talk->asked[0] = '\0';
}

void charon_peer_config(struct line *n)
{
	struct talk *before = n->talk;
	char theirs[sizeof(before->theirs)] = "";

	if (before)
		line_copy(theirs, sizeof(theirs), before->theirs);
	if (charon_named(n, n->after))
		line_copy(n->talk->theirs, sizeof(n->talk->theirs), theirs);
	if (n->talk)
		talk_facts(n);
}

void charon_no_peer_config(struct line *n)
{
	struct talk *t = n->talk;

	if (!t)
		return;
	if (t->version == 1)
		SAY(n, v1_id_refused, .id = ev_str(t->theirs), .ours = ev_str(t->asked));
	else
		SAY(n, v2_id_refused, .id = ev_str(t->theirs), .asked = ev_str(t->asked));
	talk_refused(n);
}

/* found 1 matching config, but none allows pre-shared key authentication using Main Mode */
void charon_none_allows(struct line *n)
{
	const char *mode = strstr(n->after, "Aggressive") ? "Aggressive Mode" : "Main Mode";

	if (!n->talk)
		return;
	SAY(n, v1_no_connection, .kind = ev_str("mode or authby"), .local = ev_ep(n->job->local),
		.mode = ev_str(mode),
		.why = ev_str(line_between(n, n->text, "allows ", " using ")));
	talk_refused(n);
}

void charon_wrong_id(struct line *n)
{
	if (n->talk)
		SAY(n, v2_wrong_id, .wanted = ev_str(line_between(n, n->at, "'", "'")),
			.declared = ev_str(talk_their_id(n)));
}
