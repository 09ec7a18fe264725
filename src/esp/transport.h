#pragma once
/* Transport mode (RFC 4303 3.1.1): the IP header stays outside, what follows it is protected. We
 * have only the payload of what the sockets send and receive: the header outside is the system's,
 * with the SA's ends, and is made anew when a packet comes in. */
#include "esp/input.h"

/* Octets of the header that stays outside; 0: not to be had. The sockets send nothing that stands
 * between it and ESP: IPv4 options, IPv6 headers for routers; and only whole packets are protected
 * (RFC 4301 4.1). IPv6 destination options go inside. */
size_t transport_header_n(const struct packet *k);
/* What follows it. */
static inline uint8_t transport_next(const struct packet *k)
{
	return k->p[k->version == 4 ? 9 : 6];
}

/* The packet that o was, put together at to (room for TRANSPORT_MAX octets). Where a NAT may be
 * between, the sender's checksum held for other addresses: it is made anew (RFC 3948 3.1.2), since
 * ESP has protected what it covers. Not judged by selectors yet. */
enum { TRANSPORT_MAX = 40 + 65535 };
enum drop_reason transport_put(const struct esp_path *path, const struct esp_arrival *a,
	const struct esp_opened *o, uint8_t *to, struct packet *ret);
