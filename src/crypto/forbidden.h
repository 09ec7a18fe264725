#pragma once
/* Algorithms that the library does not do on this host, and the line of its configuration that may
 * be why. */
#include "crypto/algs.h"

/* Those of alg_at(i), as bits: tried now. */
uint64_t crypto_forbidden(void);
/* Is that one in such a set? Unknown ones are in none. */
bool alg_is_in(uint64_t set, uint8_t type, uint16_t id);

/* The library's configuration file; malloc'ed, NULL: none. */
char *crypto_config_file(void);
/* The line that says which properties an algorithm has to have (default_properties = fips=yes). */
struct crypto_policy {
	unsigned line;
	char text[128];
	char include[8][128]; /* files (or folders) that text names to be read, too */
	unsigned n_include;
};
/* False: it is not there; what there is to be included is filled in nevertheless. */
bool crypto_policy_in(const char *text, struct crypto_policy *ret);
