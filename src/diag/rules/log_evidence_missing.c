#include "diag/diag.h"

#include <inttypes.h>

#define RECENT	(900 * NS_S)
#define LOGFILE "/var/log/pluto.log"

/* A file that is written to has no limit of rate; a full disk has to be emptied first. */
static void fixes(struct finding *f, const char *to, const char *file)
{
	if (strcmp(to, "file") == 0 && strcmp(file, LOGFILE) == 0) {
		finding_fix(f, FIX_HERE, FIX_WORDS, "make room for %s: df -h %s", file, file);
		return;
	}
	finding_setup(f, FIX_HERE, "logfile", LOGFILE);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec restart");
}

/* It is so now. */
static void missing(const struct event *e, struct finding *f)
{
	const union ev_log_missed *m = FIELDS(e, log_missed);

	if (!m->error.u64)
		finding_cause(f, "there is no log: config setup has no logfile=, and no syslog "
				 "runs here (/dev/log)");
	else if (strcmp(m->to.str, "file") == 0)
		finding_cause(f, "the log %s cannot be written: %s", m->file.str, m->why.str);
	else
		finding_cause(f, "%s does not take what is logged: %s", m->to.str, m->why.str);
	fixes(f, m->to.str, m->file.str);
}

/* A syslog that was too slow will be so again; a file that can be written again, or that stands in
 * for it, is the cure. */
static bool is_slow(const struct event *end)
{
	return strcmp(FIELDS(end, log_resumed)->to.str, "syslog") == 0 &&
	       !FIELDS(end, log_resumed)->file.str[0];
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *begin = story_ever(s, EV_log_missed),
			   *end = story_ever(s, EV_log_resumed);

	if (story_later(begin, end)) {
		finding_proof(f, begin);
		missing(begin, f);
	} else if (end && is_slow(end) && story_age(s, end) < RECENT) {
		finding_proof(f, begin);
		finding_proof(f, end);
		finding_cause(f,
			"%" PRIu64 " lines are missing in the log, which goes on now: syslog did "
			"not take them",
			FIELDS(end, log_resumed)->n.u64);
		fixes(f, "syslog", "");
	} else {
		return CERTAINTY_NONE;
	}
	finding_next(f, "what is found does not come from the log: ipsec diagnose CONN has it, and "
			"ipsec events what happens now");
	return CERTAIN;
}

const struct rule rule_log_evidence_missing = {
	.id = "log-evidence-missing",
	.title = "the log does not say it",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "the log ends, has gaps, or there is none",
	.proof = "each line that could not be written, and why",
	.remedy = "logfile=/var/log/pluto.log in config setup; a verdict does not need the log",
	.judge = judge_it,
};
