/* Which event of the catalogue a line is: the texts of the catalogue as patterns. Placeholders
 * stand for anything, what stands in [[ ]] may be missing. */
#include "cmd/explain.h"

enum { PATTERN_MAX = 512 };
/* What makes an event special: shorter pieces are in many texts. */
enum { WORDS_LEAST = 8, PIECE_LEAST = 14, NAME_LEAST = 8 };

struct pattern {
	struct element {
		char c; /* this one; 0: anything, or nothing */
		uint16_t
			skip; /* an optional part begins here, and ends there; it is no character */
	} at[PATTERN_MAX];
	size_t n;
	size_t words; /* characters of its own that must be there */
};

/* The length of "{name}" at t when it is a placeholder of this event, else 0. */
static size_t placeholder(const struct event_kind *k, const char *t)
{
	const char *close = *t == '{' ? strchr(t, '}') : NULL;
	struct bytes name = close ? bytes_of(t + 1, (size_t)(close - t - 1)) : BYTES_NONE;
	bool known = bytes_eq(name, bytes_str("conn")) || bytes_eq(name, bytes_str("sa"));

	for (unsigned i = 0; close && i < k->n; i++)
		known |= bytes_eq(name, bytes_str(k->field[i].name));
	return close && known ? name.n + 2 : 0;
}

static void pattern_of(const struct event_kind *k, struct pattern *p)
{
	size_t open = 0, n;
	bool inside = false;

	memset(p, 0, sizeof(*p));
	for (const char *t = k->text + strspn(k->text, " "); *t && p->n + 1 < PATTERN_MAX; t++) {
		if ((n = placeholder(k, t))) {
			p->n++;
			t += n - 1;
		} else if (strncmp(t, "[[", 2) == 0) {
			open = p->n++;
			inside = true;
			t++;
		} else if (strncmp(t, "]]", 2) == 0) {
			p->at[open].skip = (uint16_t)p->n;
			inside = false;
			t++;
		} else {
			p->at[p->n++].c = *t;
			p->words += !inside && *t != ' ';
		}
	}
}

/* Marks element i as reachable, and what may follow it without a character. */
static void reach(const struct pattern *p, bool *set, size_t i)
{
	while (!set[i]) {
		set[i] = true;
		if (i == p->n || p->at[i].c)
			return;
		if (p->at[i].skip)
			reach(p, set, p->at[i].skip);
		i++;
	}
}

/* All elements that may come next are followed at once, so no text takes long. */
static bool fits(const struct pattern *p, const char *line, size_t n)
{
	bool sets[2][PATTERN_MAX + 1] = { 0 };
	bool *now = sets[0], *next = sets[1], *swap;

	reach(p, now, 0);
	for (size_t k = 0; k < n; k++) {
		bool alive = false;

		memset(next, 0, PATTERN_MAX + 1);
		for (size_t i = 0; i < p->n; i++) {
			const struct element *e = &p->at[i];

			if (!now[i] || e->skip || (e->c && e->c != line[k]))
				continue;
			reach(p, next, e->c ? i + 1 : i);
			alive = true;
		}
		if (!alive)
			return false;
		swap = now;
		now = next;
		next = swap;
	}
	return now[p->n];
}

/* Does it fit what stands at the start, after the number, or after any ": " or blank-closed bracket
 * of the prefix? */
static bool fits_somewhere(const struct pattern *p, const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool starts = i == 0 || (line[i - 1] == ' ' && i >= 2 &&
						(strchr(":]", line[i - 2]) || i == 4));

		if (starts && fits(p, line + i, n - i))
			return true;
	}
	return false;
}

/* The longest piece between placeholders that the line has; 0: none that says anything. */
static size_t longest_piece(const struct event_kind *k, const char *line)
{
	struct pattern p;
	char piece[PATTERN_MAX + 1];
	size_t n = 0, best = 0;

	pattern_of(k, &p);
	for (size_t i = 0; i <= p.n; i++) {
		if (i < p.n && p.at[i].c) {
			piece[n++] = p.at[i].c;
			continue;
		}
		piece[n] = '\0';
		if (n >= PIECE_LEAST && n > best && strstr(line, piece))
			best = n;
		n = 0;
	}
	return best;
}

/* Those that have most in common with a line that is cut, or another program's. */
static unsigned similar(const char *line, enum event_id ret[EXPLAIN_EVENTS_MAX])
{
	size_t best = PIECE_LEAST, n;
	unsigned found = 0;

	for (int id = 1; id < EV_END; id++) {
		n = longest_piece(event_kind((enum event_id)id), line);
		if (n < best)
			continue;
		if (n > best)
			found = 0;
		best = n;
		if (found < EXPLAIN_EVENTS_MAX)
			ret[found++] = (enum event_id)id;
	}
	return found;
}

unsigned explain_line(const char *line, enum event_id ret[EXPLAIN_EVENTS_MAX])
{
	size_t n = strnlen(line, EXPLAIN_LINE_MAX), best = WORDS_LEAST;
	struct pattern p;
	unsigned found = 0;

	while (n && (line[n - 1] == ' ' || line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	for (int id = 1; id < EV_END; id++) {
		pattern_of(event_kind((enum event_id)id), &p);
		if (p.words < best || !fits_somewhere(&p, line, n))
			continue;
		if (p.words > best)
			found = 0;
		best = p.words;
		if (found < EXPLAIN_EVENTS_MAX)
			ret[found++] = (enum event_id)id;
	}
	return found ? found : similar(line, ret);
}

bool explain_number(const char *word, unsigned *ret)
{
	unsigned v = 0;
	size_t n = strlen(word);

	if (n == 0 || n > 3 || strspn(word, "0123456789") != n)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(word[i] - '0');
	*ret = v;
	return true;
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* NO_PROPOSAL_CHOSEN, XfrmInNoStates; names of states are in too many lines. */
static bool is_name(const char *w, size_t n)
{
	bool has_low = false, has_link = false;

	if (n < NAME_LEAST || strncmp(w, "STATE_", 6) == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		has_low |= !is_capital(w[i]) && w[i] != '_' && (w[i] < '0' || w[i] > '9');
		has_link |= w[i] == '_';
	}
	return strncmp(w, "Xfrm", 4) == 0 || (has_link && !has_low);
}

bool explain_shares_name(const char *symptom, const char *line)
{
	static const char ends[] = " ,;:.()[]{}'\"/";
	size_t n;

	for (const char *w = line; *w; w += n + (w[n] != '\0')) {
		const char *there;

		n = strcspn(w, ends);
		if (!is_name(w, n))
			continue;
		for (there = symptom; *there; there += strcspn(there, ends)) {
			there += strspn(there, ends);
			if (strcspn(there, ends) == n && strncmp(there, w, n) == 0)
				return true;
		}
	}
	return false;
}

bool explain_shares_text(const char *symptom, const struct event_kind *k)
{
	return longest_piece(k, symptom) != 0;
}
