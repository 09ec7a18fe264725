#pragma once
/* The header before each packet of a TUN device opened with IFF_VNET_HDR: virtio 1.2, 5.1.6, the
 * legacy layout of 10 octets in the host's byte order. Read from the device it is input like any
 * other. */
#include "base/err.h"

enum {
	VNET_N = 10,
	VNET_NEEDS_CSUM = 1,
	VNET_GSO_NONE = 0,
	VNET_GSO_TCPV4 = 1,
	VNET_GSO_TCPV6 = 4,
	VNET_GSO_UDP_L4 = 5,
	VNET_GSO_ECN = 0x80,
};

struct vnet {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

static inline struct vnet vnet_get(const uint8_t p[VNET_N])
{
	struct vnet v = { .flags = p[0], .gso_type = p[1] };

	memcpy(&v.hdr_len, p + 2, 2);
	memcpy(&v.gso_size, p + 4, 2);
	memcpy(&v.csum_start, p + 6, 2);
	memcpy(&v.csum_offset, p + 8, 2);
	return v;
}
static inline void vnet_put(uint8_t p[VNET_N], const struct vnet *v)
{
	p[0] = v->flags;
	p[1] = v->gso_type;
	memcpy(p + 2, &v->hdr_len, 2);
	memcpy(p + 4, &v->gso_size, 2);
	memcpy(p + 6, &v->csum_start, 2);
	memcpy(p + 8, &v->csum_offset, 2);
}
