#pragma once
/* Keyed MACs, ready to be used again without a key schedule. Inside src/crypto only. */
#include "base/bytes.h"

enum mac_kind {
	MAC_HMAC_MD5,
	MAC_HMAC_SHA1,
	MAC_HMAC_SHA2_256,
	MAC_HMAC_SHA2_384,
	MAC_HMAC_SHA2_512,
	MAC_AES_XCBC, /* RFC 3566; key of 16 octets */
	MAC_AES_CMAC, /* RFC 4493; key of 16 octets */
};

struct mac;
enum err must_use mac_new(enum mac_kind kind, struct bytes key, struct mac **ret);
void mac_free(struct mac *m);
/* The first ret_n octets of the MAC over the parts. ERR_LENGTH when it has fewer. */
enum err must_use mac_compute(
	struct mac *m, const struct bytes *parts, size_t n, uint8_t *ret, size_t ret_n);
