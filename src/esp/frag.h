#pragma once
/* IPv4 fragmentation of an inner packet before it is sealed (RFC 791 3.2; RFC 4301 3.3 permits it
 * in tunnel mode): better than fragments outside, which are lost whole when one is lost. */
#include "esp/packet.h"

/* How many fragments of at most mtu octets; 0: it cannot be. */
size_t frag_count(const struct packet *k, size_t mtu);
/* Octets of fragment i. */
size_t frag_n(const struct packet *k, size_t mtu, size_t i);
void frag_put(const struct packet *k, size_t mtu, size_t i, uint8_t *to);
