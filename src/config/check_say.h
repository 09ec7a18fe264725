#pragma once
/* Inside of the cross-checks of a conn (check.c, check_ikev1.c). */
#include "config/check.h"

struct check {
	struct conf *c; /* NULL: quietly */
	const struct places *at;
	struct conf_conn *conn;
	bool ok;
};

enum { LEFT, RIGHT };

/* Where the keyword was given ("" is left= and right=); NULL: it was not. */
const struct item *check_item(const struct check *x, int side, const char *keyword);
/* In the line of the keyword, when it was given; else (or NULL) in the conn's. */
void check_say(struct check *x, bool is_error, int side, const char *keyword, char *text_take);
void check_wrong(struct check *x, const char *keyword, const char *text);
void check_note(struct check *x, const char *keyword, const char *text);

/* What IKEv1 has of its own, or has not; for connections of IKEv2, what belongs to IKEv1. */
void check_ikev1(struct check *x);
