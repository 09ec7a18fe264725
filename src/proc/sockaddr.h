#pragma once
/* Endpoints as the kernel's socket calls have them. */
#include "base/addr.h"
#include <netinet/in.h>
#include <sys/socket.h>

union sockaddr_any {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
socklen_t sockaddr_put(const struct endpoint *e, union sockaddr_any *ret);
/* Of another family: none. */
struct endpoint sockaddr_get(const union sockaddr_any *a);
