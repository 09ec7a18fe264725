#include "proc/sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t sockaddr_put(const struct endpoint *e, union sockaddr_any *ret)
{
	*ret = (union sockaddr_any){ 0 };
	if (e->addr.family == 4) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(e->port);
		memcpy(&ret->v4.sin_addr, e->addr.b, 4);
		return sizeof(ret->v4);
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(e->port);
	memcpy(&ret->v6.sin6_addr, e->addr.b, 16);
	return sizeof(ret->v6);
}

struct endpoint sockaddr_get(const union sockaddr_any *a)
{
	if (a->sa.sa_family == AF_INET)
		return (struct endpoint){ addr_from(bytes_of(&a->v4.sin_addr, 4)),
			ntohs(a->v4.sin_port) };
	if (a->sa.sa_family == AF_INET6)
		return (struct endpoint){ addr_from(bytes_of(&a->v6.sin6_addr, 16)),
			ntohs(a->v6.sin6_port) };
	return (struct endpoint){ 0 };
}
