/* All rules over one story; what they find, ranked. */
#include "diag/explained.h"
#include "diag/losses.h"
#include "diag/strangers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define RULE(name) &rule_##name,
const struct rule *const rules[] = {
#include "diag/rules.def"
	NULL
};
#undef RULE

const struct rule *rule_by_id(const char *id)
{
	for (const struct rule *const *r = rules; *r; r++)
		if (strcmp((*r)->id, id) == 0)
			return *r;
	return NULL;
}

const char *certainty_name(enum certainty c)
{
	static const char *const names[] = { "nothing", "possible", "likely", "certain" };

	return names[c];
}

/* False: it does not fit, and is cut. */
static bool say(char *to, size_t n, const char *fmt, va_list args) printf_like(3, 0);
static bool say(char *to, size_t n, const char *fmt, va_list args)
{
	int is = vsnprintf(to, n, fmt, args);

	return is >= 0 && (size_t)is < n;
}

void finding_cause(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)say(f->cause, sizeof(f->cause), fmt, args);
	va_end(args);
}

void finding_more(struct finding *f, const char *fmt, ...)
{
	size_t n = strlen(f->cause);
	va_list args;

	va_start(args, fmt);
	(void)say(f->cause + n, sizeof(f->cause) - n, fmt, args);
	va_end(args);
}

void finding_lists(struct finding *f, const char *difference, const char *theirs, const char *ours)
{
	if (difference[0])
		finding_more(f, "; they differ in %s", difference);
	if (theirs[0])
		finding_more(f, ": offered %s", theirs);
	if (ours[0])
		finding_more(f, "%s allowed %s", theirs[0] ? "," : ":", ours);
}

void finding_next(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)say(f->next, sizeof(f->next), fmt, args);
	va_end(args);
}

static void fix(struct finding *f, struct fix what, const char *fmt, va_list args)
	printf_like(3, 0);
static void fix(struct finding *f, struct fix what, const char *fmt, va_list args)
{
	if (f->n_fix == FIXES_MAX)
		return;
	f->fix[f->n_fix] = what;
	if (say(f->fix[f->n_fix].text, FIX_MAX, fmt, args))
		f->n_fix++; /* half a line mends nothing */
}

void finding_fix(struct finding *f, enum fix_where where, enum fix_kind kind, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fix(f, (struct fix){ .where = where, .kind = kind, .side = "", .keyword = "" }, fmt, args);
	va_end(args);
}

void finding_conn(struct finding *f, enum fix_where where, const char *side, const char *keyword,
	const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fix(f, (struct fix){ .where = where, .kind = FIX_CONN, .side = side, .keyword = keyword },
		fmt, args);
	va_end(args);
}

void finding_setup(
	struct finding *f, enum fix_where where, const char *keyword, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fix(f, (struct fix){ .where = where, .kind = FIX_SETUP, .side = "", .keyword = keyword },
		fmt, args);
	va_end(args);
}

void finding_fix_list(
	struct finding *f, enum fix_where where, const char *keyword, const char *list)
{
	size_t n = strlen(list);

	while (n > FIX_MAX - 1) /* up to the last comma that fits */
		for (n--; n && list[n] != ',';)
			n--;
	if (n)
		finding_conn(f, where, "", keyword, "%.*s", (int)n, list);
}

void finding_proof(struct finding *f, const struct event *e)
{
	if (e && f->n_evidence < EVIDENCE_MAX)
		f->evidence[f->n_evidence++] = e;
}

void finding_suspect(struct finding *f, const struct rule *r)
{
	if (f->n_suspect < SUSPECTS_MAX)
		f->suspect[f->n_suspect++] = r;
}

/* Before all that are less certain; gives how many there are. */
static unsigned insert(struct finding *ret, unsigned n, unsigned max, const struct finding *f)
{
	unsigned at = n;

	while (at > 0 && ret[at - 1].certainty < f->certainty)
		at--;
	if (at >= max)
		return n;
	memmove(&ret[at + 1], &ret[at], (MIN(n, max - 1) - at) * sizeof(*ret));
	ret[at] = *f;
	return MIN(n + 1, max);
}

/* What the peer says goes before what is guessed from its refusal. */
static unsigned with_explained(const struct story *s, struct finding *ret, unsigned n, unsigned max)
{
	struct finding f;
	unsigned kept = 0;

	if (!explained(s, &f))
		return n;
	for (unsigned i = 0; i < n; i++) {
		bool is_guess = ret[i].certainty < CERTAIN;

		if (is_guess && ret[i].rule == f.rule)
			continue;
		if (is_guess)
			ret[i].certainty = POSSIBLE;
		if (kept != i)
			ret[kept] = ret[i];
		kept++;
	}
	return insert(ret, kept, max, &f);
}

static bool is_of(const struct finding *f, const struct event *e)
{
	for (unsigned i = 0; i < f->n_evidence; i++)
		if (f->evidence[i] == e)
			return true;
	return false;
}

/* What explains the same event stands before one that is aside, which is no more certain than that.
 */
static void aside_after(struct finding *ret, unsigned n)
{
	struct finding f = n ? ret[0] : (struct finding){ 0 };
	unsigned at = 1;

	while (at < n && !is_of(&ret[at], f.evidence[0]))
		at++;
	if (at >= n || !f.is_aside)
		return;
	f.certainty = MIN(f.certainty, ret[at].certainty);
	memmove(&ret[0], &ret[1], at * sizeof(*ret));
	ret[at] = f;
}

/* Is it concluded from what did not come? Where packets are lost at random, that is no wonder. */
static bool rests_on_silence(const struct finding *f, bool is_up)
{
	for (unsigned i = 0; i < f->n_evidence; i++)
		switch ((int)f->evidence[i]->id) {
		case EV_ike_not_alive:
		case EV_flow_sa:
			if (is_up && f->certainty < CERTAIN)
				return true;
			break;
		case EV_probe_silence:
		case EV_v2_retransmit:
		case EV_v1_retransmit:
		case EV_v2_timeout:
		case EV_v1_timeout:
		case EV_v1_psk_suspected:
			return true;
		case EV_probe_answer: /* the same was asked before, from the other port */
		case EV_v2_cookie:    /* it was answered, and then nothing came */
			if (f->rule == &rule_ike_udp500_blocked ||
				f->rule == &rule_half_open_or_rate_limit)
				return true;
			break;
		}
	return false;
}

unsigned judge(const struct story *s, struct finding *ret, unsigned max)
{
	bool is_up = story_is_up(s), is_lossy = story_loss(s) || story_flow_loss(s);
	unsigned n = 0;

	for (const struct rule *const *r = rules; *r; r++) {
		struct finding f = { .rule = *r };

		f.certainty = (*r)->judge(s, &f);
		if (!f.certainty ||
			(is_lossy && *r != &rule_lossy_path && rests_on_silence(&f, is_up)))
			continue;
		if (!f.conn && f.n_evidence)
			f.conn = story_nearest(f.evidence[0]);
		f.certainty = stranger_certainty(s, &f, MIN(f.certainty, (*r)->most));
		n = insert(ret, n, max, &f);
	}
	n = with_explained(s, ret, n, max);
	n = with_hinted(s, ret, n, max);
	aside_after(ret, n);
	return n;
}
