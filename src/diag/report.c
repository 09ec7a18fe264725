/* A finding as events: one line of verdict, then why, what is proven good, and what to do. */
#include "diag/diag.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const wheres[] = {
	[FIX_HERE] = "here",
	[FIX_PEER] = "at the peer",
	[FIX_PEER_LIBRESWAN] = "at the peer, as ipsec.conf has it",
	[FIX_PEER_STRONGSWAN] = "at the peer, as swanctl.conf has it",
	[FIX_PEER_CISCO] = "at the peer, in Cisco's words",
};
static const char *const kinds[] = {
	[FIX_COMMAND] = "command",
	[FIX_CONN] = "conn",
	[FIX_SETUP] = "config setup",
	[FIX_SECRET] = "ipsec.secrets",
	[FIX_WORDS] = "words",
};

/* Is this host's file strongSwan's? */
static bool is_swanctl(const struct story *s)
{
	const char *name = strrchr(FACT(s, file), '/'), *suite = FACT(s, suite);

	return (suite && strcmp(suite, "swanctl") == 0) ||
	       (name && strcmp(name, "/swanctl.conf") == 0);
}

/* A line of the conn in strongSwan's words; algorithms have the same names. */
static void swanctl_text(const struct story *s, const struct fix *f, char *t, size_t n)
{
	static const char *const words[][2] = { { "keyexchange=ikev", "version = " },
		{ "leftsubnet=", "local_ts = " }, { "rightsubnet=", "remote_ts = " },
		{ "leftid=", "local { id = " }, { "rightid=", "remote { id = " },
		{ "ike=", "proposals = " }, { "esp=", "esp_proposals = " } };
	const char *file = FACT(s, file), *name = s->conn ? s->conn : "?";

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t len = strlen(words[i][0]);

		if (strncmp(f->text, words[i][0], len) == 0) {
			snprintf(t, n, "in connection %s of %s write: %s%s%s", name, file,
				words[i][1], f->text + len, strchr(words[i][1], '{') ? " }" : "");
			return;
		}
	}
	snprintf(t, n, "in connection %s of %s write what ipsec.conf has as %s", name, file,
		f->text);
}

/* "in conn vpn of /etc/ipsec.conf write ike=aes256-sha2;modp2048" */
static void fix_text(
	const struct story *s, const struct finding *of, const struct fix *f, char *t, size_t n)
{
	const char *file = FACT(s, file), *conn = s->conn		    ? s->conn
						  : of->conn && of->conn[0] ? of->conn
									    : "?";

	switch (f->kind) {
	case FIX_COMMAND:
		if (f->where == FIX_HERE && is_swanctl(s) &&
			strncmp(f->text, "ipsec rereadsecrets", 19) == 0)
			snprintf(t, n, "run: swanctl --load-creds");
		else
			snprintf(t, n, "run: %s", f->text);
		return;
	case FIX_CONN:
		if (f->where == FIX_HERE && is_swanctl(s))
			swanctl_text(s, f, t, n);
		else if (f->where == FIX_HERE)
			snprintf(t, n, "in conn %s of %s write: %s", conn,
				file[0] ? file : "/etc/ipsec.conf", f->text);
		else
			snprintf(t, n, "in the conn write: %s", f->text);
		return;
	case FIX_SETUP:
		snprintf(t, n, "under config setup write: %s", f->text);
		return;
	case FIX_SECRET:
		if (f->where == FIX_HERE && is_swanctl(s))
			snprintf(t, n,
				"under secrets of %s, in the ike section with the identities of "
				"both ends, write: secret = \"...\"",
				FACT(s, file));
		else
			snprintf(t, n, "in /etc/ipsec.secrets write: %s", f->text);
		return;
	case FIX_WORDS:
		snprintf(t, n, "%s", f->text);
	}
}

/* New, or as an answer to who asks. */
struct to {
	const struct event_sink *out;
	struct now now;
	struct event_about about;
	bool is_new;
};
#define SAY(to, name, ...)                                                                         \
	do {                                                                                       \
		if ((to)->is_new)                                                                  \
			EMIT((to)->out, (to)->now, &(to)->about, diag_##name, __VA_ARGS__);        \
		else                                                                               \
			EMIT((to)->out, (to)->now, &(to)->about, found_##name, __VA_ARGS__);       \
	} while (0)

/* Secrets and words are a person's. */
static bool is_applicable(const struct fix *f)
{
	return f->kind == FIX_COMMAND || f->kind == FIX_CONN || f->kind == FIX_SETUP;
}

static void details(const struct story *s, const struct finding *f, const struct to *to)
{
	struct event_value class = ev_str(f->rule->id);
	char t[FIX_MAX + 256], line[2048];

	for (unsigned i = 0; i < f->n_evidence; i++)
		SAY(to, evidence, .class = class, .number = ev_u64(f->evidence[i]->seq),
			.text = ev_str(event_line(f->evidence[i], false, line, sizeof(line))));
	for (unsigned i = 0; i < f->n_suspect; i++)
		SAY(to, suspect, .class = ev_str(f->suspect[i]->id),
			.what = ev_str(f->suspect[i]->title));
	for (unsigned i = 0; i < f->n_fix; i++) {
		fix_text(s, f, &f->fix[i], t, sizeof(t));
		SAY(to, fix, .class = class, .where = ev_str(wheres[f->fix[i].where]),
			.kind = ev_str(kinds[f->fix[i].kind]), .text = ev_str(t),
			.apply = ev_str(is_applicable(&f->fix[i]) ? f->fix[i].text : ""));
	}
	if (f->next[0])
		SAY(to, next, .class = class, .text = ev_str(f->next));
}

void report(const struct story *s, const struct finding *found, unsigned n, uint32_t request,
	bool is_new, const struct event_sink *out)
{
	struct to to = { out, s->now, { .conn = s->conn, .request = request }, is_new };
	const char *what[PROVEN_MAX];
	unsigned good = n ? proven(s, what) : 0;

	for (unsigned i = 0; i < n; i++) {
		SAY(&to, finding, .class = ev_str(found[i].rule->id),
			.certainty = ev_str(certainty_name(found[i].certainty)),
			.rank = ev_u64(i + 1), .cause = ev_str(found[i].cause));
		details(s, &found[i], &to);
	}
	for (unsigned i = 0; i < good; i++)
		SAY(&to, proven, .what = ev_str(what[i]));
}
