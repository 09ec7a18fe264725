/* What the name of the other end is now, as the resolver of this host has it. */
#include "cmd/local.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

enum { NAMES_MAX = 16 }; /* addresses of one name */

static struct addr addr_of(const struct sockaddr *sa)
{
	const void *p = sa;

	return sa->sa_family == AF_INET
		       ? addr_from(bytes_of(&((const struct sockaddr_in *)p)->sin_addr, 4))
		       : addr_from(bytes_of(&((const struct sockaddr_in6 *)p)->sin6_addr, 16));
}

void local_name(const struct local *l)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	const char *host = l->what->their_name;
	char list[NAMES_MAX * ADDR_STR] = "", t[ADDR_STR];
	unsigned n = 0;
	size_t at = 0;
	int e;

	if (!host)
		return;
	e = getaddrinfo(host, NULL, &hints, &found);
	for (const struct addrinfo *a = found; a && e == 0 && n < NAMES_MAX; a = a->ai_next) {
		struct addr one;

		if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
			continue;
		one = addr_of(a->ai_addr);
		at += (size_t)snprintf(
			list + at, sizeof(list) - at, "%s%s", n ? "," : "", addr_format(&one, t));
		n++;
	}
	if (found)
		freeaddrinfo(found);
	LOCAL_EMIT(l, local_name, .host = ev_str(host), .addresses = ev_str(list),
		.error = ev_str(e ? gai_strerror(e) : ""));
}
