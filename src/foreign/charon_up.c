/* What charon says of tunnels that are up, and of what it is asked for: rekeys, dead peers, names.
 */
#include "foreign/charon.h"

void charon_rekeys(struct line *n, const char *payloads)
{
	n->talk->is_rekeying = true;
	n->talk->has_group = strstr(payloads, " KE") != NULL;
}

/* Of a rekey that is refused, here or there; false: it is of the first Child SA. */
bool charon_rekey_refused(struct line *n, const char *notify)
{
	struct talk *t = n->talk;

	if (!t->is_rekeying)
		return false;
	t->is_rekeying = false;
	SAY(n, v2_rekey_failed, .notify = ev_str(notify),
		.groups = ev_str(t->has_group ? "ours" : ""));
	return true;
}

/* The groups of a list of proposals: "MODP_2048 ECP_256". */
const char *charon_groups(struct line *n, const char *list)
{
	char t[160] = "";
	size_t used = 0;

	while (*list) {
		size_t len = strcspn(list, "/, ");
		bool is_group = strncmp(list, "MODP", 4) == 0 || strncmp(list, "ECP", 3) == 0 ||
				strncmp(list, "CURVE", 5) == 0;

		if (is_group && used + len + 2 < sizeof(t)) {
			if (used)
				t[used++] = ' ';
			memcpy(t + used, list, len);
			used += len;
		}
		list += len + strspn(list + len, "/, ");
	}
	return line_keep(n, t, used);
}

void charon_dpd_sent(struct line *n)
{
	n->log->asked = n->job->talk;
}

/* DPD check timed out, enforcing DPD action: by another thread, of IKEv1 */
void charon_dpd_dead(struct line *n)
{
	n->talk = n->log->asked ? &n->log->talk[n->log->asked - 1] : NULL;
	if (n->talk && n->talk->version == 1)
		SAY(n, v1_timeout, .hint = ev_str("the peer does not answer DPD any more"));
}

/* vici initiate CHILD_SA 'vpn'; received stroke: initiate 'vpn' */
void charon_wanted(struct line *n)
{
	const char *name = line_between(n, n->at, "'", "'");

	if (strstr(n->at, "stroke"))
		n->log->is_stroke = true;
	if (strstr(n->at, "initiate"))
		line_copy(n->log->wanted, sizeof(n->log->wanted), name);
}

/* resolving 'vpn.example.com' failed: Name or service not known */
void charon_not_resolved(struct line *n)
{
	const char *why = strstr(n->after, " failed: ");

	line_copy(n->log->why, sizeof(n->log->why), why ? why + 9 : "");
}

/* unable to resolve vpn.example.com, initiate aborted */
void charon_no_address(struct line *n)
{
	const char *host = line_until(n, n->after, ", ");

	if (!n->talk && n->log->wanted[0])
		n->talk = talk_of(n->log, n->log->wanted);
	SAY(n, resolve_failed, .host = ev_str(host),
		.why = ev_str(n->log->why[0] ? n->log->why : "no answer"),
		.name = ev_str(n->talk ? n->talk->name : ""));
}
