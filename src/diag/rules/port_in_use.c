#include "diag/local.h"

#include <inttypes.h>

#define SOCKET(e) FIELDS(e, local_socket)

/* The unit that is known to run such a program. */
static const char *unit_of(const char *command)
{
	static const char *const units[][2] = { { "charon", "strongswan-starter" },
		{ "charon-systemd", "strongswan" }, { "pluto", "ipsec" }, { "racoon", "racoon" },
		{ "iked", "iked" } };

	for (size_t i = 0; i < COUNT(units); i++)
		if (strcmp(units[i][0], command) == 0)
			return units[i][1];
	return NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = NULL;
	const char *unit;

	while ((e = local_next(s, EV_local_socket, e)))
		if (!SOCKET(e)->is_ours.u64)
			break;
	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"another program has UDP port %" PRIu64
		" of this host: %s%s%s; what peers send goes there",
		SOCKET(e)->port.u64, SOCKET(e)->command.str,
		SOCKET(e)->pid.str[0] ? ", process " : "", SOCKET(e)->pid.str);
	unit = unit_of(SOCKET(e)->command.str);
	if (unit)
		finding_fix(f, FIX_HERE, FIX_COMMAND, "systemctl disable --now %s && ipsec restart",
			unit);
	else if (SOCKET(e)->pid.str[0])
		finding_fix(
			f, FIX_HERE, FIX_COMMAND, "kill %s && ipsec restart", SOCKET(e)->pid.str);
	else
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ss -Hulnp sport = :%" PRIu64,
			SOCKET(e)->port.u64);
	return CERTAIN;
}

const struct rule rule_port_in_use = {
	.id = "port-in-use",
	.title = "another program has UDP port 500 or 4500",
	.layer = "resources",
	.most = CERTAIN,
	.symptom = "bind() of UDP port 500: Address already in use; or silence",
	.proof = "the socket, the process that has it, and its command",
	.remedy = "stop and disable the other program, or listen= on another address",
	.judge = judge_it,
};
