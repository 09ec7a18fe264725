#pragma once
/* What charon says of IKEv1. */
#include "foreign/line.h"

/* generating, parsed: what it means for who waits */
void charon_v1_message(
	struct line *n, const char *name, const char *payloads, bool is_in, bool is_request);
void charon_v1_notified(struct line *n, const char *notify);
void charon_v1_wrong_id(struct line *n);
void charon_v1_undecryptable(struct line *n);
void charon_v1_hash_mismatch(struct line *n);
