#pragma once
/* Words that people write: lists of them, and what a misspelt one may have been. */
#include "base/bytes.h"

/* Case does not count in a word, and '_' is '-'. */
char word_folded(char c);

/* The next word of a list that blanks or commas separate, n characters; *list moves behind it. NULL
 * at the end. */
const char *word_next(const char **list, size_t *ret_n);
/* Is word, to the letter, one of the list's? The list may be NULL. */
bool word_in(const char *list, const char *word);
enum { DNS_NAME_MAX = 253 };
/* "vpn.example.com": letters, digits, '-' and '_' in labels; not an address, and nothing that a
 * shell would take for more than a word. */
bool is_dns_name(struct bytes b);

/* Of the words tried, the nearest to what was written, by edit distance. */
struct nearest {
	const char *wanted;
	const char *word; /* NULL: none is near enough to have been meant */
	size_t distance;
};
struct nearest nearest_to(const char *wanted);
/* True when word is nearer than all before. */
bool nearest_try(struct nearest *n, const char *word);
/* ; did you mean "word"? */
#define NEAREST_HINT 96
/* Gives s, empty when nothing is near. */
char *nearest_hint(const struct nearest *n, char *s);
