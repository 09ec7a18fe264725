#pragma once
/* A peer of ours that refuses us may say why. */
#include "diag/diag.h"

/* What it says as a finding: likely, since it is but the peer's word. */
bool explained(const struct story *s, struct finding *ret);
/* What somebody says in the peer's name before it is authenticated (peer_hints, only where
 * explain-to= allows it), among the n findings of the story: it is put before what is no more
 * certain, and hides and lowers none. */
unsigned with_hinted(const struct story *s, struct finding *ret, unsigned n, unsigned max);
