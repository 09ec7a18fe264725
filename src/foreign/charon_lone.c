/* Lines of charon whose beginning is not there, as people show them to others: what they alone tell
 * of the version, of who began and of how far it came. */
#include "foreign/charon.h"

#include <ctype.h>

/* Where a connection's name is to be written. */
static const char nobody[] = "NAME";

static const struct {
	const char *words;
	int version;
	enum stage stage;
	bool is_initiator;
} lone[] = {
	{ "received AUTHENTICATION_FAILED notify error", 2, STAGE_AUTH, true },
	{ "received INVALID_SYNTAX notify error", 2, STAGE_AUTH, true },
	{ " notify error", 2, STAGE_INIT, true },
	{ " notify, no CHILD_SA built", 2, STAGE_AUTH, true },
	{ "received INVALID_ID_INFORMATION error notify", 1, STAGE_CHILD, true },
	{ "received AUTHENTICATION_FAILED error notify", 1, STAGE_AUTH, true },
	{ "received PAYLOAD_MALFORMED error notify", 1, STAGE_AUTH, true },
	{ "received INVALID_HASH_INFORMATION error notify", 1, STAGE_AUTH, true },
	{ " error notify", 1, STAGE_INIT, true },
	{ "invalid ID_V1 payload length", 1, STAGE_AUTH, false },
	{ "invalid HASH_V1 payload length", 1, STAGE_AUTH, true },
	{ "calculated HASH does not match", 1, STAGE_AUTH, false },
	{ "no matching peer config found", 2, STAGE_AUTH, false },
	{ "no peer config found", 1, STAGE_AUTH, false },
	{ "but none allows ", 1, STAGE_AUTH, false },
	{ "MAC mismatched", 2, STAGE_AUTH, false },
	{ "no shared key found for '", 2, STAGE_AUTH, true },
	{ "no shared key found for ", 1, STAGE_KEYS, true },
	{ "no private key found for ", 2, STAGE_AUTH, true },
	{ "constraint ", 2, STAGE_AUTH, false },
	{ "peer requested EAP, ", 2, STAGE_AUTH, false },
	{ "traffic selectors ", 2, STAGE_AUTH, false },
	{ "no matching CHILD_SA config found", 1, STAGE_CHILD, false },
	{ "unable to install ", 2, STAGE_AUTH, false },
	{ "does not match to '", 1, STAGE_AUTH, true },
	{ "error writing to socket: ", 2, STAGE_INIT, true },
	{ "XAuth authentication of '", 1, STAGE_AUTH, false },
};

/* The line is of somebody. */
static void somebody(struct line *n)
{
	charon_need_talk(n);
	if (!n->talk)
		n->talk = talk_of(n->log, nobody);
	n->job->talk = (int)(n->talk - n->log->talk) + 1;
}

void charon_lone(struct line *n)
{
	if (n->log->sent && strstr(n->text, "error writing to socket: "))
		return;
	if (strncmp(n->text, "received ", 9) == 0 && !isupper((unsigned char)n->text[9]))
		return;
	for (size_t i = 0; i < COUNT(lone); i++) {
		if (!strstr(n->text, lone[i].words))
			continue;
		somebody(n);
		if (n->talk->version)
			return;
		n->talk->version = lone[i].version;
		n->talk->stage = lone[i].stage;
		n->talk->is_initiator = lone[i].is_initiator;
		talk_facts(n);
		return;
	}
}

/* What is repeated was sent: a request of that number. */
void charon_lone_request(struct line *n, uint64_t id)
{
	somebody(n);
	if (n->talk->version)
		return;
	n->talk->version = 2;
	n->talk->is_initiator = true;
	talk_facts(n);
	SAY(n, v2_initiate, );
	talk_state(n, STAGE_INIT, "CONNECTING");
	SAY(n, v2_init_sent, );
	if (!id)
		return;
	talk_state(n, STAGE_AUTH, "CONNECTING");
	SAY(n, v2_auth_sent, );
}
