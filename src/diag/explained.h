#pragma once
/* A peer of ours that refuses a Child SA may say why (peer_explains). */
#include "diag/diag.h"

/* What it says as a finding: likely, since it is but the peer's word. */
bool explained(const struct story *s, struct finding *ret);
