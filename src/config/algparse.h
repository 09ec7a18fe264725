#pragma once
/* ipsec algparse: a proposal expanded, one line each. */
#include "ipsec/proposal.h"

/* text: "ike", "esp", "ike=aes256-sha2_256-dh19", ... Lines go to print. ERR_VALUE after an "ERROR:
 * " line. */
enum err must_use algparse(const char *text, bool is_ikev1, bool pfs,
	void (*print)(void *ctx, const char *line), void *ctx);
