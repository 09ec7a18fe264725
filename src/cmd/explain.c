/* explain: what a reply code, a line, a counter, an event, a state or a class of failure means.
 * Needs no daemon. */
#include "cmd/explain.h"

#include "cmd/cmd.h"
#include "dataplane/xfrm/xfrm.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { CLASSES_MAX = 6, NAMES_MAX = 12 };

/* An object as it is, or for people: its first member as a heading, the others below. Empty ones
 * are left out. */
static void show(json_t *o_take)
{
	const char *before = "";

	if (out_is_json()) {
		out_object(o_take);
		return;
	}
	for (void *at = json_object_iter(o_take); at; at = json_object_iter_next(o_take, at)) {
		json_t *value = json_object_iter_value(at);

		if (json_is_array(value) ? json_array_size(value) == 0
					 : json_string_value(value)[0] == '\0')
			continue;
		printf(*before ? "    %s:" : "%s", json_object_iter_key(at));
		before = " ";
		for (size_t i = 0; i < json_array_size(value); i++)
			printf(" %s", json_string_value(json_array_get(value, i)));
		if (json_is_string(value))
			printf(" %s", json_string_value(value));
		putchar('\n');
	}
	json_decref(o_take);
}

static json_t *number_text(unsigned code)
{
	char s[16];

	snprintf(s, sizeof(s), "%03u", code);
	return json_string(s);
}

static void show_class(const struct rule *r)
{
	show(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "class", r->id, "what", r->title, "layer",
		r->layer, "symptom", r->symptom, "proof", r->proof, "remedy", r->remedy));
}

/* Those whose symptom has a name of the line, or a piece of the text of one of the events; of a
 * line that is known well its names alone would say less. */
static unsigned show_classes(const char *line, const enum event_id *event, unsigned n)
{
	unsigned shown = 0;

	for (const struct rule *const *r = rules; *r && shown < CLASSES_MAX; r++) {
		bool fits = line && explain_shares_name((*r)->symptom, line);

		for (unsigned i = 0; i < n && !fits; i++)
			fits = explain_shares_text((*r)->symptom, event_kind(event[i]));
		if (!fits)
			continue;
		show_class(*r);
		shown++;
	}
	return shown;
}

static void show_code(const struct code *c)
{
	json_t *events = json_array();

	for (int id = 1; id < EV_END; id++) {
		const struct event_kind *k = event_kind((enum event_id)id);

		if (k->code == c->number && k->level != EVENT_DEBUG &&
			(out_is_json() || json_array_size(events) < NAMES_MAX))
			json_array_append_new(events, json_string(k->name));
	}
	if (!out_is_json() && json_array_size(events) == NAMES_MAX)
		json_array_append_new(events, json_string("..."));
	show(json_pack("{s:o, s:s, s:s, s:o, s:s}", "code", number_text(c->number), "what",
		c->meaning, "states", c->states, "events", events, "next", c->next));
}

static void show_event(enum event_id id)
{
	static const char *const level[] = { "debug", "info", "warning", "failure", "reply" };
	const struct event_kind *k = event_kind(id);
	json_t *fields = json_array();

	for (unsigned i = 0; i < k->n; i++)
		json_array_append_new(fields, json_string(k->field[i].name));
	show(json_pack("{s:s, s:o, s:s, s:s, s:o}", "event", k->name, "number",
		number_text(k->code), "level", level[k->level], "text", k->text, "fields", fields));
}

static void show_counter(enum xfrm_counter c)
{
	char *what = xasprintf("packets that %s%s",
		strncmp(xfrm_counter_text(c), "to be", 5) == 0 ? "were " : "",
		xfrm_counter_text(c));

	show(json_pack("{s:s, s:s, s:s, s:s, s:s}", "counter", xfrm_counter_name(c), "what", what,
		"reason", drop_name(xfrm_counter_reason(c)), "meaning",
		drop_text(xfrm_counter_reason(c)), "next",
		"ipsec xfrmstat, a ping through the tunnel, ipsec xfrmstat again: does it move?"));
	free(what);
}

static bool explain_counter(const char *what)
{
	for (int c = 0; c < XFRM_COUNTER_END; c++)
		if (strcasecmp(what, xfrm_counter_name((enum xfrm_counter)c)) == 0) {
			show_counter((enum xfrm_counter)c);
			show_classes(xfrm_counter_name((enum xfrm_counter)c), NULL, 0);
			return true;
		}
	return false;
}

static bool explain_code(const struct code *c)
{
	enum event_id event[EV_END];
	unsigned n = 0;

	if (!c)
		return false;
	show_code(c);
	for (int id = 1; id < EV_END; id++)
		if (event_kind((enum event_id)id)->code == c->number && c->number > 0)
			event[n++] = (enum event_id)id;
	show_classes(NULL, event, n);
	return true;
}

static bool explain_state(const char *what)
{
	const struct code *c = NULL;
	bool found = false;

	while ((c = code_of_state(what, c))) {
		show_code(c);
		found = true;
	}
	return found;
}

static bool explain_event(enum event_id id)
{
	if (id == EV_NONE)
		return false;
	show_event(id);
	if (code_find(event_kind(id)->code))
		show_code(code_find(event_kind(id)->code));
	show_classes(NULL, &id, 1);
	return true;
}

/* The event that it is, else what its number and the names in it say. */
static bool explain_pasted(const char *what)
{
	enum event_id event[EXPLAIN_EVENTS_MAX];
	unsigned n = explain_line(what, event), number;
	char first[9] = "";
	bool has_number;

	memcpy(first, what, MIN(strcspn(what, " "), sizeof(first) - 1));
	has_number = strchr(what, ' ') && explain_number(first, &number) && code_find(number);
	for (unsigned i = 0; i < n; i++)
		show_event(event[i]);
	if (has_number)
		show_code(code_find(number));
	else if (n && code_find(event_kind(event[0])->code))
		show_code(code_find(event_kind(event[0])->code));
	return show_classes(what, event, n) || n || has_number;
}

/* All names that it might have been: the nearest, and those that it is part of. */
static int nothing_found(const char *what)
{
	struct nearest best = nearest_to(what);
	json_t *names = json_array();
	char hint[NEAREST_HINT];

	for (int id = 1; id < EV_END; id++)
		json_array_append_new(names, json_string(event_kind((enum event_id)id)->name));
	for (int c = 0; c < XFRM_COUNTER_END; c++)
		json_array_append_new(names, json_string(xfrm_counter_name((enum xfrm_counter)c)));
	for (const struct rule *const *r = rules; *r; r++)
		json_array_append_new(names, json_string((*r)->id));
	for (size_t i = 0; i < json_array_size(names); i++)
		nearest_try(&best, json_string_value(json_array_get(names, i)));
	out_error("ipsec: nothing is known of \"%.200s\"%s", what, nearest_hint(&best, hint));
	for (size_t i = 0, n = 0; i < json_array_size(names) && n < NAMES_MAX; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		if (!*what || !strcasestr(name, what) || name == best.word)
			continue;
		out_error("       there is: %s", name);
		n++;
	}
	json_decref(names);
	return EXIT_NOTHING;
}

/* A line of ours, or of Libreswan, whose lines are much like ours; one of strongSwan's, which may
 * be like one of ours and mean another thing. */
static bool explain_line_of_any(const char *what)
{
	bool is_charon = false;

	if (!strchr(what, ' '))
		return explain_pasted(what);
	if (strstr(what, "[IKE]") || strstr(what, "[CFG]") || strstr(what, " notify error") ||
		strstr(what, " error notify") || strncmp(what, "received ", 9) == 0) {
		if (diagnose_line(what, &is_charon))
			return true;
		if (is_charon)
			return false;
	}
	return explain_pasted(what) || diagnose_line(what, &is_charon);
}

int run_explain(const struct cmd *c)
{
	char *what = xstrdup(c->word[0]);
	unsigned number;
	bool found;

	for (int i = 1; i < c->words; i++) {
		char *more = xasprintf("%s %s", what, c->word[i]);

		free(what);
		what = more;
	}
	if (explain_number(what, &number))
		found = explain_code(code_find(number));
	else if (rule_by_id(what)) {
		show_class(rule_by_id(what));
		found = true;
	} else
		found = explain_counter(what) || explain_event(event_by_name(what)) ||
			explain_state(what) || explain_line_of_any(what);
	number = found ? 0 : (unsigned)nothing_found(what);
	free(what);
	return (int)number;
}
