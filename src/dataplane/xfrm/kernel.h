#pragma once
/* Common to the files of this folder: the kernel's structures from our values and back. */
#include "dataplane/xfrm/nl.h"
#include "dataplane/xfrm/xfrm.h"

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef XFRM_OFFLOAD_PACKET
#define XFRM_OFFLOAD_PACKET 4 /* not in all of Debian 12's headers */
#endif

/* A structure for the kernel: zeroed whole and then filled member by member, since initializers
 * and returned values leave padding as it was, and what was on our stack is not the kernel's. */
#define CLEAR(s)  memset(&(s), 0, sizeof(s))
#define STRUCT(s) bytes_of(&(s), sizeof(s))

static inline uint16_t af_of(const struct addr *a)
{
	return a->family == 6 ? AF_INET6 : a->family == 4 ? AF_INET : AF_UNSPEC;
}

/* IPv4 addresses stand in the first four octets, the rest is zero. */
static inline xfrm_address_t xaddr(const struct addr *a)
{
	xfrm_address_t x;

	memcpy(&x, a->b, sizeof(x));
	return x;
}

/* None for other families, and for the address of only zeroes. */
static inline struct addr addr_of(const xfrm_address_t *x, uint16_t family)
{
	static const struct addr zero;
	struct addr a = addr_from(bytes_of(x, family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0));

	return memcmp(a.b, zero.b, sizeof(a.b)) == 0 ? zero : a;
}

/* type << 8 | code stands where others have ports (RFC 7296 3.13.1), and the kernel takes the type
 * for the source port and the code for the destination port whatever the direction. */
static inline bool has_types(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_MH;
}

static inline void put_mark(struct wr *w, uint32_t mark, uint32_t mask)
{
	struct xfrm_mark m = { mark, mask }; /* no padding */

	if (mask)
		nl_attr(w, XFRMA_MARK, STRUCT(m), BYTES_NONE);
}

/* selector.c: for packets of that direction, into a structure that was zeroed, and back. ERR_VALUE:
 * no such prefix. */
void sel_to_kernel(const struct xfrm_sel *s, enum xfrm_dir d, struct xfrm_selector *ret);
enum err must_use sel_from_kernel(
	const struct xfrm_selector *k, enum xfrm_dir d, struct xfrm_sel *ret);
/* state.c: an SA from the kernel's structure and the attributes behind it. */
void sa_from_kernel(const struct xfrm_usersa_info *k, struct rd attrs, struct xfrm_sa *ret);
