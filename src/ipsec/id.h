#pragma once
/* Identities of IKE as values (RFC 7296 3.5): type and octets, text for ipsec.conf, comparison. */
#include "base/addr.h"

enum id_type {
	ID_NONE = 0, /* not set: in ipsec.conf the address, in the engine any */
	ID_IPV4_ADDR = 1,
	ID_FQDN = 2,
	ID_RFC822_ADDR = 3,
	ID_IPV6_ADDR = 5,
	ID_DER_ASN1_DN = 9,
	ID_DER_ASN1_GN = 10,
	ID_KEY_ID = 11,
	ID_NULL = 13,
	ID_ANY = 255, /* %any in ipsec.conf; never on the wire (255 is for private use there) */
};

enum { ID_MAX = 512 }; /* octets of an identity that we accept */

struct id {
	uint8_t type; /* enum id_type */
	struct buf data;
};

void id_done(struct id *id);
struct id id_copy(const struct id *id);
struct id id_from_addr(const struct addr *a);
/* ERR_VALUE for an unknown type, ERR_LENGTH for octets that cannot be of the type. */
enum err must_use id_from_wire(uint8_t type, struct bytes data, struct id *ret);
/* ipsec.conf: address, @fqdn, user@fqdn, @#hex (KEY_ID), @[text] (KEY_ID), @~hex (DER), %any,
 * %none, %null, "C=CH, O=..., CN=..." (a DN). A name without @ is an FQDN too. ERR_VALUE when it is
 * none. */
enum err must_use id_parse(const char *s, struct id *ret);
/* Equal as RFC 4945 / 7296 compare: FQDN and RFC822 without case, a DN field by field. */
bool id_eq(const struct id *a, const struct id *b);
/* "@vpn.example.com", "192.0.2.1", "user@example.com", "CN=...", "%any" for ID_NONE; what a peer
 * sent is escaped. Cut at n. Gives s. */
#define ID_STR 560
char *id_format(const struct id *id, char *s, size_t n);
/* "ID_FQDN", "ID_IPV4_ADDR", ... */
const char *id_type_name(uint8_t type);
void id_put(struct wr *w, const struct id *id);
enum err must_use id_get(struct rd *r, struct id *ret); /* *ret owns its octets */
