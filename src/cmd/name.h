#pragma once
/* Addresses of a name, as the resolver of this host has them, in bounded time. */
#include "base/addr.h"

enum { NAME_ADDRS = 16 }; /* of one name */

struct name_found {
	struct addr addr[NAME_ADDRS];
	size_t n;
	const char *why; /* there is none, static; "": there is */
};
/* NULL or another suite's syntax is the caller's to know. Where the resolver does not answer in
 * time (cmd/patience.h) there is none, and it is not asked for that name again. */
void name_look_up(const char *name, struct name_found *ret);
/* Was it given up before, for whatever name? */
bool name_is_silent(void);
