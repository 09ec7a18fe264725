#pragma once
/* strongSwan's swanctl.conf (and strongswan.conf, which has the same form) as sections with their
 * values: includes followed, references kept. Pure: files come from the caller. */
#include "base/bytes.h"

enum { SWANCTL_DEPTH = 16, SWANCTL_FILES = 256, SWANCTL_SECTIONS = 4096, SWANCTL_VALUES = 16384 };

/* read: malloc'ed, NUL-terminated, or NULL; glob: a NULL-terminated malloc'ed array of malloc'ed
 * names, or NULL. */
struct swanctl_source {
	char *(*read)(void *ctx, const char *path, size_t *ret_n);
	char **(*glob)(void *ctx, const char *pattern);
	void *ctx;
};

struct swanctl;

/* Never NULL. *ret_wrong (malloc'ed): the first thing that is not of this form, with its file and
 * line; NULL: all was understood. */
struct swanctl *swanctl_parse(const struct swanctl_source *src, const char *path, char **ret_wrong);
void swanctl_free(struct swanctl *s);

/* A value, "connections.vpn.local.id"; what the section lacks, those have to which it refers. NULL:
 * there is none. Of values that are given twice the last one counts. */
const char *swanctl_value(const struct swanctl *s, const char *path);
/* The name of the i-th section in the section of that path; NULL: there are no more. */
const char *swanctl_section(const struct swanctl *s, const char *path, size_t i);
/* Where a section begins. False: there is none. */
bool swanctl_place(
	const struct swanctl *s, const char *path, const char **ret_file, unsigned *ret_line);
