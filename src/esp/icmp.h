#pragma once
/* "Too big" to the sender of an inner packet (RFC 792 type 3 code 4 with RFC 1191's MTU; RFC
 * 4443 3.2), ready to be written to the TUN device. */
#include "esp/packet.h"
#include "esp/vnet.h"

enum { ICMP_PACKET_MAX = 1280 };

struct esp_reply {
	size_t n; /* 0: nothing to write */
	uint8_t p[VNET_N + ICMP_PACKET_MAX];
};

/* Leaves *ret empty when RFC 1122 3.2.2 or RFC 4443 2.4 e forbid an error about this packet. */
void icmp_too_big(const struct packet *k, uint32_t mtu, struct esp_reply *ret);
