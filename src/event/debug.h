#pragma once
/* Classes of debug events: the words of plutodebug= and of ipsec whack --debug. Each event of level
 * DEBUG belongs to one; the control process drops those of classes that are not asked for. */
#include "base/base.h"

enum debug_class {
	DEBUG_base = 1 << 0,
	DEBUG_cpu_usage = 1 << 1,
	DEBUG_refcnt = 1 << 2,
	DEBUG_crypt = 1 << 3,
	DEBUG_private = 1 << 4,
	DEBUG_whackwatch = 1 << 5,
	DEBUG_add_prefix = 1 << 6,
	DEBUG_tmi = 1 << 7,
	DEBUG_routing = 1 << 8,
	DEBUG_updown = 1 << 9,
	DEBUG_add_state = 1 << 10,
};

struct debug_word {
	const char *word; /* ends with NULL */
	uint32_t mask;
	const char *help; /* NULL: a word of Libreswan 3.x for one of the others */
};
extern const struct debug_word debug_words[];

/* Words, with blanks, commas or "+" between them: each adds its classes to *mask, "no-" before it
 * takes them away, "none" takes all away. Gives the first word (inside words) that is unknown, NULL
 * when there is none; the others are applied in any case. */
const char *debug_apply(const char *words, uint32_t *mask);
/* "base+routing", "none". Gives s. */
const char *debug_format(uint32_t mask, char *s, size_t n);
