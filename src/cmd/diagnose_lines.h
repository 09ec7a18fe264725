#pragma once
/* The lines of a log as people have it: a file or standard input, as lines or JSON, oldest or
 * newest first. */
#include "base/bytes.h"

#include <stdio.h>

enum { LINES_LINE = 64 << 10 }; /* of a longer one the beginning is read */

struct lines;

/* in: stays the caller's. */
struct lines *lines_new(FILE *in);
void lines_free(struct lines *l);
/* The next line without its end, NUL-terminated; it may be written to, and lasts until the next.
 * False: it is over. */
bool lines_next(struct lines *l, char **ret_line, size_t *ret_n, uint64_t *ret_number);
/* What the file is instead of lines, with what reads it ("compressed: zcat FILE"), by its first
 * octets; NULL: nothing that is known. */
const char *lines_are_none(const struct lines *l);
/* They came newest first, and there were more than are kept to turn them round. */
bool lines_were_too_many(const struct lines *l);
