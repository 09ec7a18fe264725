/* Lists of words, and the word that is nearest to a misspelt one. */
#include "base/word.h"

#include <ctype.h>
#include <stdio.h>

enum { LONGEST = 64 }; /* a longer word is near to none */

static const char between[] = " \t,";

char word_folded(char c)
{
	return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

const char *word_next(const char **list, size_t *ret_n)
{
	const char *w = *list + strspn(*list, between);

	*ret_n = strcspn(w, between);
	*list = w + *ret_n;
	return *ret_n ? w : NULL;
}

bool word_in(const char *list, const char *word)
{
	const char *w;
	size_t n;

	while (list && (w = word_next(&list, &n)))
		if (strlen(word) == n && memcmp(w, word, n) == 0)
			return true;
	return false;
}

/* Letters to change, add or leave out, and neighbours to exchange. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST], n = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *free_row;

	if (n >= LONGEST || strlen(a) >= LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= n; j++)
		above[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			bool differs = word_folded(a[i - 1]) != word_folded(b[j - 1]);

			row[j] = MIN(above[j - 1] + differs, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && word_folded(a[i - 1]) == word_folded(b[j - 2]) &&
				word_folded(a[i - 2]) == word_folded(b[j - 1]))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		free_row = before;
		before = above;
		above = row;
		row = free_row;
	}
	return above[n];
}

struct nearest nearest_to(const char *wanted)
{
	size_t n = strlen(wanted), reach = n < 4 ? 1 : n < 8 ? 2 : 3;

	return (struct nearest){ wanted, NULL, reach + 1 };
}

bool nearest_try(struct nearest *n, const char *word)
{
	size_t d = distance(n->wanted, word);

	if (d >= n->distance)
		return false;
	n->distance = d;
	n->word = word;
	return true;
}

char *nearest_hint(const struct nearest *n, char *s)
{
	if (n->word)
		snprintf(s, NEAREST_HINT, "; did you mean \"%.64s\"?", n->word);
	else
		*s = '\0';
	return s;
}

/* isalpha() knows letters that DNS does not. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_dns_name(struct bytes b)
{
	bool has_letter = false;
	char before = '.';

	if (b.n == 0 || b.n > DNS_NAME_MAX || b.p[0] == '-')
		return false;
	for (size_t i = 0; i < b.n; i++) {
		char c = (char)b.p[i];
		bool is_digit = c >= '0' && c <= '9';

		if (c == '.' ? before == '.' : !is_digit && c != '-' && c != '_' && !is_letter(c))
			return false;
		has_letter |= c != '.' && !is_digit;
		before = c;
	}
	return has_letter;
}
