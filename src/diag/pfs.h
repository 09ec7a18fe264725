#pragma once
/* A rekey of a Child SA that fails because of its group: in IKEv2 the first one has none. */
#include "diag/diag.h"

/* Cause, evidence and lines; product is the peer's. */
enum certainty pfs_rekey(const struct story *s, struct finding *f, const char **product);
/* The peer rekeyed without a group at an age that Apple's devices have; 0: no. */
unsigned pfs_apple_minutes(const struct story *s);
