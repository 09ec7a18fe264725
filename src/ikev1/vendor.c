/* Vendor ids (RFC 2408 3.16): mostly the MD5 of a text. */
#include "ikev1/vendor.h"

#include <stdio.h>

enum { GENERIC_HEADER = 4, ID_N = 20 };

struct vendor {
	uint32_t bit;
	uint8_t n;	 /* octets that we send */
	uint8_t match_n; /* octets that have to be so; a version or flags follow */
	uint8_t id[ID_N];
	const char *name;
};

static const struct vendor vendors[] = {
	/* MD5("RFC 3947") */
	{ V1_VENDOR_NAT_RFC, 16, 16,
		{ 0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e,
			0x95, 0x45, 0x2f },
		"RFC 3947" },
	/* MD5("draft-ietf-ipsec-nat-t-ike-03") */
	{ V1_VENDOR_NAT_03, 16, 16,
		{ 0x7d, 0x94, 0x19, 0xa6, 0x53, 0x10, 0xca, 0x6f, 0x2c, 0x17, 0x9d, 0x92, 0x15,
			0x52, 0x9d, 0x56 },
		"draft-ietf-ipsec-nat-t-ike-03" },
	/* MD5("draft-ietf-ipsec-nat-t-ike-02\n") */
	{ V1_VENDOR_NAT_02N, 16, 16,
		{ 0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb, 0x69, 0x6e, 0x08, 0x63, 0x81, 0xb5, 0xec,
			0x42, 0x7b, 0x1f },
		"draft-ietf-ipsec-nat-t-ike-02_n" },
	/* MD5("draft-ietf-ipsec-nat-t-ike-02") */
	{ V1_VENDOR_NAT_02, 16, 16,
		{ 0xcd, 0x60, 0x46, 0x43, 0x35, 0xdf, 0x21, 0xf8, 0x7c, 0xfd, 0xb2, 0xfc, 0x68,
			0xb6, 0xa4, 0x48 },
		"draft-ietf-ipsec-nat-t-ike-02" },
	/* RFC 3706 5.1: 14 octets, major version 1, minor version 0 */
	{ V1_VENDOR_DPD, 16, 15,
		{ 0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96, 0xfc, 0x77,
			0x57, 0x01, 0x00 },
		"Dead Peer Detection" },
	/* draft-ietf-ipsec-isakmp-xauth-06 2: the first 8 octets of MD5("draft-ietf-ipsra-isakmp-
	 * xauth-06.txt") */
	{ V1_VENDOR_XAUTH, 8, 8, { 0x09, 0x00, 0x26, 0x89, 0xdf, 0xd6, 0xb7, 0x12 }, "XAUTH" },
	/* the first 14 octets of MD5("CISCO-UNITY"), and a version */
	{ V1_VENDOR_UNITY, 16, 14,
		{ 0x12, 0xf5, 0xf2, 0x8c, 0x45, 0x71, 0x68, 0xa9, 0x70, 0x2d, 0x9f, 0xe2, 0x74,
			0xcc, 0x01, 0x00 },
		"Cisco-Unity" },
	/* MD5("FRAGMENTATION"), and flags: Main Mode, Aggressive Mode */
	{ V1_VENDOR_FRAGMENTATION, 20, 16,
		{ 0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc, 0xe8, 0x85, 0x25, 0xe7, 0xde, 0x7f, 0x00,
			0xd6, 0xc2, 0xd3, 0x80, 0x00, 0x00, 0x00 },
		"FRAGMENTATION" },
};

static uint32_t bit_of(struct bytes data)
{
	for (size_t i = 0; i < COUNT(vendors); i++) {
		const struct vendor *v = &vendors[i];

		/* XAUTH's and NAT traversal's are as long as they are; the others have tails */
		if (v->match_n == v->n ? data.n == v->n : data.n >= v->match_n && data.n <= ID_N)
			if (memcmp(data.p, v->id, v->match_n) == 0)
				return v->bit;
	}
	return 0;
}

uint32_t v1_vendors_of(const struct v1_msg *m)
{
	uint32_t all = 0;

	for (size_t i = 0; i < m->n_vendor; i++)
		all |= bit_of(m->vendor[i]);
	return all;
}

void v1_put_vendors(struct v1_build *b, uint32_t wanted)
{
	for (size_t i = 0; i < COUNT(vendors); i++)
		if (wanted & vendors[i].bit)
			v1_put_vendor(b, bytes_of(vendors[i].id, vendors[i].n));
}

size_t v1_vendors_n(uint32_t wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(vendors); i++)
		if (wanted & vendors[i].bit)
			n += GENERIC_HEADER + vendors[i].n;
	return n;
}

const char *v1_vendor_name(enum v1_vendor one)
{
	for (size_t i = 0; i < COUNT(vendors); i++)
		if (one == vendors[i].bit)
			return vendors[i].name;
	return "?";
}

char *v1_vendors_format(uint32_t wanted, char *s, size_t n)
{
	size_t at = 0;

	*s = '\0';
	for (size_t i = 0; i < COUNT(vendors) && at < n; i++)
		if (wanted & vendors[i].bit)
			at += (size_t)snprintf(
				s + at, n - at, "%s%s", at ? ", " : "", vendors[i].name);
	return s;
}
