/* A finding as events: one line of verdict, then why, what is proven good, and what to do. */
#include "diag/identity.h"
#include "diag/words.h"

#include <stdio.h>

static const char *const wheres[] = {
	[FIX_HERE] = "here",
	[FIX_PEER] = "at the peer",
	[FIX_PEER_LIBRESWAN] = "at the peer, as ipsec.conf has it",
	[FIX_PEER_STRONGSWAN] = "at the peer, as swanctl.conf has it",
	[FIX_PEER_CISCO] = "at the peer, in Cisco's words",
};
static const char *const kinds[] = {
	[FIX_COMMAND] = "command",
	[FIX_REREAD] = "command",
	[FIX_CONN] = "conn",
	[FIX_SETUP] = "config setup",
	[FIX_SECRET] = "ipsec.secrets",
	[FIX_WORDS] = "words",
};

/* "in conn vpn of /etc/ipsec.conf write ike=aes256-sha2;modp2048" */
static void fix_text(
	const struct story *s, const struct finding *of, const struct fix *f, char *t, size_t n)
{
	const char *file = FACT(s, file)[0] ? FACT(s, file) : "/etc/ipsec.conf";
	const char *conn = s->conn ? s->conn : of->conn && of->conn[0] ? of->conn : "?";
	bool is_swanctl = f->where == FIX_HERE && story_is_swanctl(s);
	/* a stranger's story bears his address */
	const char *the = identity_is_addr(conn) ? "the " : "", *is_for = the[0] ? "for " : "";
	char line[FIX_MAX + 64];

	fix_line(s, f, line, sizeof(line));
	switch (f->kind) {
	case FIX_REREAD:
		snprintf(t, n, "run: %s", is_swanctl ? "swanctl --load-creds" : line);
		return;
	case FIX_COMMAND:
		if (is_swanctl && strncmp(line, "ipsec up ", 9) == 0)
			snprintf(t, n, "run: swanctl --initiate --child %s", line + 9);
		else
			snprintf(t, n, "run: %s",
				is_swanctl && strcmp(line, "ipsec status") == 0
					? "swanctl --list-sas"
					: line);
		return;
	case FIX_CONN:
		if (is_swanctl)
			snprintf(t, n, "in %s%sconnection %s%s of %s write: %s",
				fix_is_of_child(s, f) ? "the child (children { ... }) of " : "",
				the, is_for, conn, file, line);
		else if (f->where == FIX_HERE)
			snprintf(t, n, "in %sconn %s%s of %s write: %s", the, is_for, conn, file,
				line);
		else
			snprintf(t, n, "in the %s write: %s",
				fix_is_of_child(s, f) ? "child (children { ... })" : "conn", line);
		return;
	case FIX_SETUP:
		snprintf(t, n, "under config setup write: %s", line);
		return;
	case FIX_SECRET:
		if (is_swanctl)
			snprintf(t, n,
				"under secrets of %s, in the ike section with the identities of "
				"both ends, write: secret = \"...\"",
				file);
		else
			snprintf(t, n, "in /etc/ipsec.secrets write: %s", line);
		return;
	case FIX_WORDS:
		snprintf(t, n, "%s", line);
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
	return f->kind == FIX_COMMAND || f->kind == FIX_REREAD || f->kind == FIX_CONN ||
	       f->kind == FIX_SETUP;
}

/* Who looks itself (a probe, a fact of the host) has told nobody, and it has no number. */
static struct event_value number_of(const struct event *e)
{
	return e->seq ? ev_u64(e->seq) : (struct event_value){ 0 };
}

static void details(const struct story *s, const struct finding *f, const struct to *to)
{
	struct event_value class = ev_str(f->rule->id);
	char t[FIX_MAX + 256], line[2048];

	for (unsigned i = 0; i < f->n_evidence; i++)
		SAY(to, evidence, .class = class, .number = number_of(f->evidence[i]),
			.text = ev_str(event_line(f->evidence[i], false, line, sizeof(line))));
	for (unsigned i = 0; i < f->n_suspect; i++)
		SAY(to, suspect, .class = ev_str(f->suspect[i]->id),
			.what = ev_str(f->suspect[i]->title));
	for (unsigned i = 0; i < f->n_fix; i++) {
		fix_text(s, f, &f->fix[i], t, sizeof(t));
		if (f->fix[i].where == FIX_HERE && f->fix[i].kind == FIX_WORDS)
			keywords_as_theirs(s, t, sizeof(t));
		fix_line(s, &f->fix[i], line, sizeof(line));
		SAY(to, fix, .class = class, .where = ev_str(wheres[f->fix[i].where]),
			.kind = ev_str(kinds[f->fix[i].kind]), .text = ev_str(t),
			.apply = ev_str(is_applicable(&f->fix[i]) ? line : ""));
	}
	if (f->next[0]) {
		snprintf(t, sizeof(t), "%s", f->next);
		keywords_as_theirs(s, t, sizeof(t));
		SAY(to, next, .class = class, .text = ev_str(t));
	}
}

void report(const struct story *s, const struct finding *found, unsigned n, uint32_t request,
	bool is_new, const struct event_sink *out)
{
	struct to to = { out, s->now, { .conn = s->conn, .request = request }, is_new };
	const char *what[PROVEN_MAX];
	char t[CAUSE_MAX + 256];
	unsigned good = n ? proven(s, what) : 0;

	for (unsigned i = 0; i < n; i++) {
		snprintf(t, sizeof(t), "%s", found[i].cause);
		keywords_as_theirs(s, t, sizeof(t));
		SAY(&to, finding, .class = ev_str(found[i].rule->id),
			.certainty = ev_str(certainty_name(found[i].certainty)),
			.rank = ev_u64(i + 1), .cause = ev_str(t));
		details(s, &found[i], &to);
	}
	for (unsigned i = 0; i < good; i++) {
		snprintf(t, sizeof(t), "%s", what[i]);
		keywords_as_theirs(s, t, sizeof(t));
		SAY(&to, proven, .what = ev_str(t));
	}
}
