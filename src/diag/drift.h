#pragma once
/* What has changed since the connection last worked: last_good against conn_facts, field by field.
 */
#include "diag/diag.h"

/* Another kernel runs than when it last worked. */
bool drift_kernel(const struct story *s);
/* "2026-11-29 19:30 UTC" */
#define WHEN_STR 40
char *drift_when(const struct story *s, char ret[static WHEN_STR]);
/* Does a list as ipsec.conf writes it ("aes256-sha2_256+sha1-modp2048,aes_gcm256-dh19") have one
 * that was agreed on ("aes256-sha2_256-modp2048")? What is not written in the list follows from it.
 */
bool drift_has(const char *list, const char *one);
/* Says so to a finding about secrets, when they were written since. */
void drift_secrets(const struct story *s, struct finding *f);
/* Somebody has written something else into the conn since, and no release has changed. */
bool drift_is_edited(const struct story *s);
/* The identity that we say is another one since it worked, while the secrets are those of then. */
bool drift_our_id(const struct story *s);
/* "clearswan 1.0 is 1.1 now", "Linux A is B now", both, or "". Gives ret. */
char *drift_releases(const struct story *s, char *ret, size_t n);
