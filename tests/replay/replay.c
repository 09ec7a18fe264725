/* replay FILE...: recorded stories and the verdict that each must get. A file holds JSON lines:
 * events as "ipsec --json events" prints them, and one object with what is expected after them:
 *
 *   {"expect": "ike-proposal-mismatch", "certainty": "likely", "after": 1, "fix": "ike="}
 *
 * expect: the class at rank 1, null: nothing is found. after: seconds from the last event (0).
 * suspects: classes that must be named beside it, at a lower rank or as what it can also be. fix:
 * in one of the fixes. without: in none of the lines among them. cause, cause_lacks: what the
 * sentence has in it, and what it has not. */
#include "diag/words.h"
#include "diag/recorded.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX = 8, RULES_MAX = 256 };
static unsigned failures;
static bool has_story[RULES_MAX]; /* by their place in rules[] */

static void wrong(const char *file, const char *what, const char *found)
{
	printf("FAIL  %s: %s, found: %s\n", file, what, found);
	failures++;
}

static bool is_named(const struct finding *f, unsigned n, const char *class)
{
	for (unsigned i = 0; i < n; i++) {
		if (i && strcmp(f[i].rule->id, class) == 0)
			return true;
		for (unsigned k = 0; i == 0 && k < f->n_suspect; k++)
			if (strcmp(f->suspect[k]->id, class) == 0)
				return true;
	}
	return false;
}

static bool has_fix(const struct story *s, const struct finding *f, const char *text)
{
	char line[2 * FIX_MAX];

	for (unsigned i = 0; i < f->n_fix; i++)
		if (strstr(fix_line(s, &f->fix[i], line, sizeof(line)), text))
			return true;
	return false;
}

static bool has_line(const struct story *s, const struct finding *f, const char *text)
{
	char line[2 * FIX_MAX];

	for (unsigned i = 0; i < f->n_fix; i++)
		if (f->fix[i].kind != FIX_WORDS &&
			strstr(fix_line(s, &f->fix[i], line, sizeof(line)), text))
			return true;
	return false;
}

static void check(const char *file, const struct story *s, const json_t *expect)
{
	struct finding *f = xalloc(MAX * sizeof(*f));
	unsigned n = judge(s, f, MAX);
	const char *class = json_string_value(json_object_get(expect, "expect"));
	const char *certainty = json_string_value(json_object_get(expect, "certainty"));
	const char *without = json_string_value(json_object_get(expect, "without"));
	const char *fix = json_string_value(json_object_get(expect, "fix")),
		   *cause = json_string_value(json_object_get(expect, "cause")),
		   *lacks = json_string_value(json_object_get(expect, "cause_lacks")),
		   *first = n ? f->rule->id : "nothing";
	json_t *suspect;
	size_t i;

	if (strcmp(class ? class : "nothing", first) != 0)
		wrong(file, class ? class : "nothing", first);
	else if (n && (!certainty || strcmp(certainty, certainty_name(f->certainty)) != 0))
		wrong(file, certainty ? certainty : "a certainty is to be expected",
			certainty_name(f->certainty));
	else if (n && !f->n_evidence)
		wrong(file, "evidence", "none");
	else if (n && fix && !has_fix(s, f, fix))
		wrong(file, fix, f->n_fix ? f->fix[0].text : "no fix");
	else if (n && ((cause && !strstr(f->cause, cause)) || (lacks && strstr(f->cause, lacks))))
		wrong(file, cause ? cause : "another cause", f->cause);
	else if (n && without && has_line(s, f, without))
		wrong(file, "no line with it", without);
	else
		printf("ok    %s: %s\n", file, n ? f->cause : "nothing");
	for (unsigned k = 0; n && rules[k]; k++)
		has_story[k] |= rules[k] == f->rule;
	json_array_foreach(json_object_get(expect, "suspects"), i,
		suspect) if (!is_named(f, n, json_string_value(suspect)))
		wrong(file, json_string_value(suspect), "not named");
	free(f);
}

/* The memory of the connection that the events are of; the first that is named. */
static void told(const struct event *e, struct memory **m)
{
	if (!*m)
		*m = memory_new(e->about.conn, e->about.instance, e->about.peer);
	memory_add(*m, e);
}

static void replay(const char *file)
{
	FILE *in = fopen(file, "r");
	struct memory *m = NULL;
	struct now now = { 0 };
	json_t *o;
	bool is_done = false;

	if (!in) {
		wrong(file, "a file", "none");
		return;
	}
	while (!is_done && (o = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL))) {
		struct event e;

		is_done = json_object_get(o, "expect") != NULL;
		if (is_done && m) {
			struct story *s = xalloc(sizeof(*s));
			ns_t after = (ns_t)(json_number_value(json_object_get(o, "after")) *
					    (double)NS_S);

			now.mono += after;
			now.wall += after;
			story_open(m, now, s);
			check(file, s, o);
			free(s);
		} else if (event_of_json(o, &e) != OK)
			wrong(file, "an event", json_string_value(json_object_get(o, "event")));
		else {
			now = e.at;
			told(&e, &m);
		}
		json_decref(o);
	}
	if (!is_done)
		wrong(file, "an expectation", "none");
	if (m)
		memory_done(m);
	fclose(in);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	for (unsigned i = 0; rules[i] && argc > 1; i++)
		if (!has_story[i])
			wrong(rules[i]->id, "a story in which it is at rank 1", "none");
	printf("%d stories, %u failures\n", argc - 1, failures);
	return failures || argc < 2;
}
