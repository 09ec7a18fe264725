/* A finding as events: one line of verdict, then why, what is proven good, and what to do. */
#include "diag/diag.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_MAX = 4 };

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

/* "in conn vpn of /etc/ipsec.conf write ike=aes256-sha2;modp2048" */
static void fix_text(const struct story *s, const struct fix *f, char *t, size_t n)
{
	const char *file = FACT(s, file);

	switch (f->kind) {
	case FIX_COMMAND:
		snprintf(t, n, "run: %s", f->text);
		return;
	case FIX_CONN:
		if (f->where == FIX_HERE)
			snprintf(t, n, "in conn %s of %s write: %s", s->conn ? s->conn : "?",
				file[0] ? file : "/etc/ipsec.conf", f->text);
		else
			snprintf(t, n, "in the conn write: %s", f->text);
		return;
	case FIX_SETUP:
		snprintf(t, n, "under config setup write: %s", f->text);
		return;
	case FIX_SECRET:
		snprintf(t, n, "in /etc/ipsec.secrets write: %s", f->text);
		return;
	case FIX_WORDS:
		snprintf(t, n, "%s", f->text);
	}
}

static void details(const struct story *s, const struct finding *f, const struct event_about *about,
	const struct event_sink *out)
{
	const char *class = f->rule->id;
	char t[FIX_MAX + 256];

	for (unsigned i = 0; i < f->n_evidence; i++) {
		char line[2048];

		EMIT(out, s->now, about, diag_evidence, .class = ev_str(class),
			.event = ev_u64(f->evidence[i]->seq),
			.text = ev_str(event_line(f->evidence[i], false, line, sizeof(line))));
	}
	for (unsigned i = 0; i < f->n_suspect; i++)
		EMIT(out, s->now, about, diag_suspect, .class = ev_str(f->suspect[i]->id),
			.what = ev_str(f->suspect[i]->title));
	for (unsigned i = 0; i < f->n_fix; i++) {
		fix_text(s, &f->fix[i], t, sizeof(t));
		EMIT(out, s->now, about, diag_fix, .class = ev_str(class),
			.where = ev_str(wheres[f->fix[i].where]),
			.kind = ev_str(kinds[f->fix[i].kind]), .text = ev_str(t));
	}
	if (f->next[0])
		EMIT(out, s->now, about, diag_next, .class = ev_str(class),
			.text = ev_str(f->next));
}

static void verdict(const struct story *s, const struct finding *f, unsigned rank, bool is_new,
	const struct event_about *about, const struct event_sink *out)
{
	char fix[FIX_MAX + 256] = "";
	struct event_value class = ev_str(f->rule->id), sure = ev_str(certainty_name(f->certainty)),
			   cause = ev_str(f->cause);

	if (f->n_fix)
		fix_text(s, &f->fix[0], fix, sizeof(fix));
	if (is_new)
		EMIT(out, s->now, about, diag_finding, .class = class, .certainty = sure,
			.rank = ev_u64(rank), .cause = cause, .fix = ev_str(fix));
	else
		EMIT(out, s->now, about, diag_standing, .class = class, .certainty = sure,
			.rank = ev_u64(rank), .cause = cause, .fix = ev_str(fix));
}

unsigned report(const struct story *s, uint32_t request, bool is_new, const struct event_sink *out)
{
	struct event_about about = { .conn = s->conn, .request = request };
	struct finding *found = xalloc(FINDINGS_MAX * sizeof(*found));
	unsigned n = judge(s, found, FINDINGS_MAX);
	const char *good[PROVEN_MAX];

	for (unsigned i = 0; i < n; i++) {
		verdict(s, &found[i], i + 1, is_new, &about, out);
		if (request)
			details(s, &found[i], &about, out);
	}
	for (unsigned i = 0, g = n && request ? proven(s, good) : 0; i < g; i++)
		EMIT(out, s->now, &about, diag_proven, .what = ev_str(good[i]));
	free(found);
	return n;
}
