#pragma once
/* Algorithms that the two ends do not have in common, where the list here is the system's. */
#include "diag/diag.h"

/* "file:line", of ike_from or esp_from of conn_facts: is it the system's crypto policy (Fedora,
 * RHEL), which ipsec.conf includes? */
static inline bool policy_sets(const char *from)
{
	return strstr(from, "/crypto-policies/") != NULL;
}

/* What the two rules for such lists judge, whosever list it is. */
enum certainty ike_proposals_differ(const struct story *s, struct finding *f);
enum certainty esp_proposals_differ(const struct story *s, struct finding *f);
