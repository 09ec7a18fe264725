#pragma once
/* ipsec.secrets: parsed in the keys process and nowhere else (and by ipsec checkconfig, for its
 * syntax). */
#include "config/conf.h"
#include "ipsec/variant.h"

struct secrets;

/* Like conf_parse. Issues never quote a secret. */
struct secrets *secrets_parse(const struct conf_source *src, const char *path);
void secrets_free(struct secrets *s); /* wipes */
size_t secrets_issues(const struct secrets *s, const struct conf_issue **ret);
size_t secrets_count(const struct secrets *s);

/* Where a secret was found: names the entry, never the secret. */
struct secrets_where {
	const char *file;
	unsigned line;
	unsigned also; /* other entries that fit as well and were passed over */
	bool is_weak;  /* shorter than 16 octets, or a word from examples */
	size_t entry;  /* which of them it is */
};
/* The PSK for these ends (4.9 of the fact sheet): both ids named beat one beat none; the first in
 * the file wins among equals. Addresses count as ids. ERR_NOT_FOUND when there is none. *ret is a
 * view. */
enum err must_use secrets_psk(const struct secrets *s, const struct id *ours,
	const struct id *theirs, const struct addr *our_addr, const struct addr *their_addr,
	struct bytes *ret, struct secrets_where *ret_where);
/* That entry's PSK as somebody else may read it. False: it is not written so, or the same comes
 * out. *ret is owned. */
bool secrets_variant(
	const struct secrets *s, size_t entry, enum secret_variant v, struct secret *ret);
/* The next PSK, from *at on (0 at first), but that of entry, which these ends could be given if the
 * peer's identity were another. False: there is none. *ret is a view. */
bool secrets_other(const struct secrets *s, size_t *at, size_t entry, const struct id *ours,
	const struct addr *our_addr, struct bytes *ret, struct secrets_where *ret_where);
/* The password of an XAUTH user of ours: an entry that names the user beats one without an index;
 * the first in the file wins. ERR_NOT_FOUND when there is none. *ret is a view. */
enum err must_use secrets_xauth(const struct secrets *s, const char *user, struct bytes *ret,
	struct secrets_where *ret_where);
/* "1: PSK @east @west", "2: XAUTH alice" lines for listall: indexes only. i from 0; false after the
 * last. */
bool secrets_list(const struct secrets *s, size_t i, char *ret, size_t n);
/* What is wrong with the mode and owner of a file of secrets, for the process that opens it; NULL:
 * nothing. Static. */
const char *secrets_mode_issue(unsigned mode, unsigned uid);
