/* What the name of the other end is now, as the resolver of this host has it. */
#include "cmd/local.h"
#include "cmd/name.h"

#include <stdio.h>

void local_name(const struct local *l)
{
	const char *host = l->what->their_name;
	char list[NAME_ADDRS * ADDR_STR] = "", t[ADDR_STR];
	struct name_found found;
	size_t at = 0;

	if (!host)
		return;
	name_look_up(host, &found);
	for (size_t i = 0; i < found.n; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? "," : "",
			addr_format(&found.addr[i], t));
	LOCAL_EMIT(l, local_name, .host = ev_str(host), .addresses = ev_str(list),
		.error = ev_str(found.why));
}
