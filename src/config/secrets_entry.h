#pragma once
/* The entries of ipsec.secrets: read by secrets.c, chosen from by secrets_select.c. */
#include "config/secrets.h"

enum { INDEXES_MAX = 16 };

struct entry {
	bool is_xauth;		 /* a user's password instead of a PSK */
	char *user[INDEXES_MAX]; /* XAUTH: whose */
	struct id index[INDEXES_MAX];
	bool is_any[INDEXES_MAX]; /* %any */
	size_t n;
	struct secret secret;
	struct secret text; /* PSK: as it is written, without quotes; ended by a NUL */
	const char *file;
	unsigned line;
	bool is_weak;
};

struct secrets {
	struct conf issues; /* only its issues are used */
	struct entry *entry;
	size_t n;
	char **file;
	size_t n_file;
	const struct conf_source *src;
	unsigned depth;
};

/* What follows 0x, or 0s; *ok false: it is none. */
struct secret secrets_from_hex(const char *s, bool *ok);
struct secret secrets_from_base64(const char *s, bool *ok);
