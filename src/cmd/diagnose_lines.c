#include "cmd/diagnose_lines.h"

#include "foreign/foreign.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* So many lines, or octets of them, tell in which order they are; so much is turned round. */
enum { AHEAD = 2000, AHEAD_OCTETS = 1 << 20, TURNED = 4000000, TURNED_OCTETS = 256 << 20 };

struct kept {
	char *text;
	size_t n;
	uint64_t number;
};

struct lines {
	FILE *in;
	char head[9]; /* what was read to know what it is; NUL-terminated */
	size_t n_head, at_head;
	uint64_t number;
	char *line, *object;
	struct kept *kept; /* read ahead */
	size_t n_kept, room, at, octets;
	bool is_ahead, is_newest_first, is_cut;
};

struct lines *lines_new(FILE *in)
{
	/* of the order of octets; of UTF-16, NULs are left out as all are */
	static const char *const marks[] = { "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff" };
	struct lines *l = xalloc(sizeof(*l));

	l->in = in;
	l->line = xalloc(LINES_LINE);
	l->object = xalloc(LINES_LINE);
	l->n_head = fread(l->head, 1, sizeof(l->head) - 1, in);
	for (size_t i = 0; i < COUNT(marks); i++)
		if (strncmp(l->head, marks[i], strlen(marks[i])) == 0)
			l->at_head = strlen(marks[i]);
	return l;
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_kept; i++)
		free(l->kept[i].text);
	free(l->kept);
	free(l->line);
	free(l->object);
	free(l);
}

const char *lines_are_none(const struct lines *l)
{
	static const struct {
		const char *begins, *is;
	} known[] = {
		{ "\x1f\x8b", "compressed: zcat FILE" },
		{ "\x28\xb5\x2f\xfd", "compressed: zstdcat FILE" },
		{ "\xfd"
		  "7zXZ",
			"compressed: xzcat FILE" },
		{ "BZh", "compressed: bzcat FILE" },
		{ "LPKSHHRH", "of the journal: journalctl --file FILE" },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		size_t n = strlen(known[i].begins);

		if (n <= l->n_head && memcmp(l->head, known[i].begins, n) == 0)
			return known[i].is;
	}
	return NULL;
}

bool lines_were_too_many(const struct lines *l)
{
	return l->is_cut;
}

static int octet(struct lines *l)
{
	if (l->at_head < l->n_head)
		return (unsigned char)l->head[l->at_head++];
	return getc_unlocked(l->in);
}

/* The next line without its newline; of one that is longer than any of theirs the beginning, of
 * NULs (a log that was cut while it was written has a block of them) nothing. False: it is over. */
static bool read_line(struct lines *l, size_t *ret_n)
{
	size_t n = 0;
	int c;

	while ((c = octet(l)) != EOF && c != '\n')
		if (c && n < LINES_LINE - 1)
			l->line[n++] = (char)c;
	while (n && l->line[n - 1] == '\r')
		n--;
	l->line[n] = '\0';
	*ret_n = n;
	l->number++;
	return c != EOF || n;
}

/* ---- JSON ---- */

static const json_t *member(const json_t *o, const char *const *names)
{
	const json_t *v = NULL;

	for (; *names && !v; names++)
		v = json_object_get(o, *names);
	return v;
}

/* A string; the journal has what is not all printable as an array of octets. */
static void text_of(const json_t *v, char *t, size_t room)
{
	size_t n = 0;

	t[0] = '\0';
	if (json_is_string(v))
		snprintf(t, room, "%s", json_string_value(v));
	for (size_t i = 0; i < json_array_size(v) && n + 1 < room; i++)
		t[n++] = (char)json_integer_value(json_array_get(v, i));
	if (json_is_array(v))
		t[n] = '\0';
	t[strcspn(t, "\n")] = '\0';
}

static void time_of(const json_t *o, char *t, size_t room)
{
	static const char *const names[] = { "time", "timestamp", "@timestamp", "ts", NULL };
	const char *us = json_string_value(json_object_get(o, "__REALTIME_TIMESTAMP"));
	const json_t *v = member(o, names);
	unsigned long long at = us ? strtoull(us, NULL, 10) : 0;

	t[0] = '\0';
	if (us)
		snprintf(t, room, "%llu.%06llu ", at / 1000000, at % 1000000);
	else if (json_is_string(v))
		snprintf(t, room, "%s ", json_string_value(v));
	else if (json_is_number(v))
		snprintf(t, room, "%.6f ", json_number_value(v));
}

/* Who says it: "pluto[0]: ", or charon's "05[IKE] <vpn|1> " of its own JSON. */
static void tag_of(const json_t *o, char *t, size_t room)
{
	const char *who = json_string_value(json_object_get(o, "SYSLOG_IDENTIFIER")),
		   *group = json_string_value(json_object_get(o, "group")),
		   *name = json_string_value(json_object_get(o, "ikesa-name")),
		   *id = json_string_value(json_object_get(o, "ikesa-uniqueid"));
	int thread = (int)json_integer_value(json_object_get(o, "thread"));

	t[0] = '\0';
	if (who)
		snprintf(t, room, "gw %s[0]: ", who);
	else if (group)
		snprintf(t, room, "%02d[%s]%s%s%s%s%s ", thread % 100, group, id ? " <" : "",
			id && name ? name : "", id && name ? "|" : "", id ? id : "", id ? ">" : "");
}

/* A line of journalctl -o json, of a container's or of charon's own JSON as syslog would have it:
 * "1795423295.918000 gw pluto[0]: text". False: it is no object that says something. */
static bool object_line(const char *json, char *line, size_t *ret_n)
{
	static const char *const names[] = { "MESSAGE", "log", "message", "msg", NULL };
	json_t *o = json_loads(json, JSON_DISABLE_EOF_CHECK, NULL);
	const json_t *v = member(o, names);
	char *text = NULL, at[64], tag[256];

	if (v) {
		text = xalloc(LINES_LINE);
		text_of(v, text, LINES_LINE);
		time_of(o, at, sizeof(at));
		tag_of(o, tag, sizeof(tag));
		snprintf(line, LINES_LINE, "%s%s%s", at, tag, text);
		*ret_n = strlen(line);
		free(text);
	}
	json_decref(o);
	return v != NULL;
}

/* The rest of an object that journalctl -o json-pretty writes as several lines: they begin with
 * blanks. False: it was no object; what l->line has now was not looked at. */
static bool whole_object(struct lines *l, size_t *n)
{
	size_t used = *n, more;

	while (read_line(l, &more)) {
		if (!strchr(" \t}", l->line[0]) || !more) {
			*n = more;
			return false;
		}
		if (used + more + 2 < LINES_LINE) {
			l->object[used++] = ' ';
			memcpy(l->object + used, l->line, more + 1);
			used += more;
		}
		if (l->line[0] == '}')
			break;
	}
	*n = used;
	return true;
}

/* Where an object begins in the line: alone, in a list, or as an event. NULL: none does. */
static const char *object_at(const char *s)
{
	s += strspn(s, "\x1e \t[,");
	s += strncmp(s, "data: ", 6) == 0 ? 6 : 0; /* journalctl -o json-sse */
	return *s == '{' ? s : NULL;
}

/* A line as it is meant. */
static bool next(struct lines *l, size_t *ret_n, uint64_t *ret_number)
{
	const char *s;

	if (!read_line(l, ret_n))
		return false;
	for (; (s = object_at(l->line));) {
		memcpy(l->object, l->line, *ret_n + 1);
		if (!s[1] && !whole_object(l, ret_n))
			continue;
		if (!object_line(l->object + strcspn(l->object, "{"), l->line, ret_n))
			memcpy(l->line, l->object, *ret_n + 1);
		break;
	}
	*ret_number = l->number;
	return true;
}

/* ---- in which order? ---- */

static bool keep(struct lines *l, size_t n, uint64_t number)
{
	if (l->n_kept == l->room) {
		l->room = MAX(2 * l->room, (size_t)256);
		l->kept = realloc(l->kept, l->room * sizeof(*l->kept));
		if (!l->kept)
			abort();
	}
	l->kept[l->n_kept++] = (struct kept){
		.text = xasprintf("%.*s", (int)n, l->line), .n = n, .number = number
	};
	l->octets += n + sizeof(struct kept);
	return true;
}

static void turn(struct lines *l)
{
	for (size_t i = 0; i < l->n_kept / 2; i++) {
		struct kept k = l->kept[i];

		l->kept[i] = l->kept[l->n_kept - 1 - i];
		l->kept[l->n_kept - 1 - i] = k;
	}
}

static void look_ahead(struct lines *l)
{
	struct foreign_order order = { 0 };
	uint64_t number;
	size_t n;

	l->is_ahead = true;
	while (l->n_kept < AHEAD && l->octets < AHEAD_OCTETS && next(l, &n, &number)) {
		foreign_order_take(&order, bytes_of(l->line, n));
		keep(l, n, number);
	}
	if (!foreign_order_is_newest_first(&order))
		return;
	while (l->n_kept < TURNED && l->octets < TURNED_OCTETS && next(l, &n, &number))
		keep(l, n, number);
	l->is_cut = l->n_kept >= TURNED || l->octets >= TURNED_OCTETS;
	l->is_newest_first = true;
	turn(l);
}

bool lines_next(struct lines *l, char **ret_line, size_t *ret_n, uint64_t *ret_number)
{
	if (!l->is_ahead)
		look_ahead(l);
	*ret_line = l->line;
	if (l->at < l->n_kept) {
		struct kept *k = &l->kept[l->at++];

		*ret_n = k->n;
		*ret_number = k->number;
		memcpy(l->line, k->text, k->n + 1);
		free(k->text);
		k->text = NULL;
		return true;
	}
	return !l->is_newest_first && next(l, ret_n, ret_number);
}
