#include "diag/diag.h"
#include "diag/words.h"

/* Was that file of secrets read again since? What was wrong then is told of after it. */
static bool is_read_again(const struct story *s, const struct event *e)
{
	const char *file = FIELDS(e, config_error)->file.str;

	for (; e < s->event + s->n; e++)
		if (e->id == EV_secrets_loading &&
			strcmp(FIELDS(e, secrets_loading)->file.str, file) == 0)
			return true;
	return false;
}

/* A file of secrets that is not there has no line that could be corrected: psk-not-found-locally.
 */
static bool is_missing(const struct story *s, const struct event *e)
{
	const struct event *no = story_last(s, EV_secrets_missing_file);

	return no &&
	       strcmp(FIELDS(no, secrets_missing_file)->file.str,
		       FIELDS(e, config_error)->file.str) == 0 &&
	       strncmp(FIELDS(e, config_error)->what.str, "cannot read", 11) == 0;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id better[] = { EV_conn_added, EV_NONE };
	const struct event *e = story_last(s, EV_config_error);
	const union ev_config_error *c;

	/* of the host's files: a later reload that works */
	if (!e || story_later(story_last_of(s, better), e) ||
		story_later(story_last(s, EV_load_done), e) || is_read_again(s, e) ||
		is_missing(s, e))
		return CERTAINTY_NONE;
	c = FIELDS(e, config_error);
	finding_proof(f, e);
	if (!c->at_line.u64) { /* a log that does not say which */
		finding_cause(f, "%s: %s", c->file.str, c->what.str);
		finding_fix(f, FIX_HERE, FIX_WORDS, "correct that in %s, and load it again",
			c->file.str);
		return CERTAIN;
	}
	finding_cause(f, "%s, line %u: %s", c->file.str, (unsigned)c->at_line.u64, c->what.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "sed -n %up '%s'%s", (unsigned)c->at_line.u64,
		c->file.str, story_is_foreign(s) ? "" : "; ipsec checkconfig");
	return CERTAIN;
}

const struct rule rule_config_syntax = {
	.id = "config-syntax",
	.title = "an error in ipsec.conf or ipsec.secrets",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "/etc/ipsec.conf:7: unknown keyword; the connection is not loaded",
	.proof = "file and line where the parser stopped",
	.remedy = "correct that line; ipsec checkconfig reads all without loading",
	.judge = judge_it,
};
