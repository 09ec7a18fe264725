#pragma once
/* Vendor ids of what we do (RFC 2408 3.16): who says one, does it. */
#include "ikev1/message.h"

enum v1_vendor {
	V1_VENDOR_NAT_RFC = 1 << 0, /* RFC 3947 */
	V1_VENDOR_NAT_03 = 1 << 1,  /* draft-ietf-ipsec-nat-t-ike-03 */
	V1_VENDOR_NAT_02 = 1 << 2,  /* -02 */
	V1_VENDOR_NAT_02N = 1 << 3, /* -02 with a line feed in what was hashed: the usual one */
	V1_VENDOR_DPD = 1 << 4,	    /* RFC 3706, major version 1 */
	V1_VENDOR_XAUTH = 1 << 5,   /* draft-ietf-ipsec-isakmp-xauth-06 */
	V1_VENDOR_UNITY = 1 << 6,   /* Cisco Unity: its Mode Config attributes */
	V1_VENDOR_FRAGMENTATION = 1 << 7, /* fragment.h */
	V1_VENDOR_ALL = (1 << 8) - 1,
	V1_VENDOR_NAT_DRAFTS = V1_VENDOR_NAT_03 | V1_VENDOR_NAT_02 | V1_VENDOR_NAT_02N,
	V1_VENDOR_NAT = V1_VENDOR_NAT_RFC | V1_VENDOR_NAT_DRAFTS,
};
/* Bits of those that m has. */
uint32_t v1_vendors_of(const struct v1_msg *m);
/* One payload each, best first. */
void v1_put_vendors(struct v1_build *b, uint32_t vendors);
/* Octets that v1_put_vendors() adds. */
size_t v1_vendors_n(uint32_t vendors);
const char *v1_vendor_name(enum v1_vendor one); /* "RFC 3947", "Dead Peer Detection", ... */
/* "RFC 3947, XAUTH": cut at n. Gives s. */
char *v1_vendors_format(uint32_t vendors, char *s, size_t n);
