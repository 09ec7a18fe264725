#pragma once
/* Hashes, PRFs and KE: the rest of OpenSSL's door. Only src/crypto includes <openssl/...>. */
#include "base/now.h"
#include "crypto/algs.h"

/* prf(key, parts[0] | parts[1] | ...). RFC 7296 2.13. For AES-XCBC and CMAC keys of other lengths
 * are treated as RFC 4434 and 4615 say. ret: out_n octets. ERR_UNSUPPORTED for an unknown prf. */
enum err must_use prf(
	uint16_t id, struct bytes key, const struct bytes *parts, size_t n, struct secret *ret);
/* prf+ (RFC 7296 2.13): ret_n octets, at most 255 * out_n (else ERR_LIMIT). */
enum err must_use prf_plus(uint16_t id, struct bytes key, const struct bytes *parts, size_t n,
	size_t ret_n, struct secret *ret);

/* SHA-1 of the parts, for NAT_DETECTION_*_IP (RFC 7296 2.23) only. ret: 20 octets. */
void sha1(const struct bytes *parts, size_t n, uint8_t ret[20]);
/* SHA-256 of the parts. ret: 32 octets. */
void sha256(const struct bytes *parts, size_t n, uint8_t ret[32]);

/* The hash under an HMAC (RFC 2409 4 has one negotiated, and HMAC of it as prf): HASH(parts). ret:
 * *ret_n octets, at most 64. ERR_UNSUPPORTED for a prf that is no HMAC. */
enum err must_use prf_hash(
	uint16_t prf, const struct bytes *parts, size_t n, uint8_t ret[64], size_t *ret_n);

/* Makes the library read its configuration and fetch what it fetches late. A process calls it
 * before its sandbox closes the file system. ERR_CRYPTO when the library cannot work. */
enum err must_use crypto_begin(void);

/* The system's random numbers (OpenSSL's generator). Aborts when it cannot deliver. */
struct rng rng_system(void);

/* A key exchange: our half. */
struct ke;
/* A fresh key pair. NULL when the group is unknown or the library refuses. */
struct ke *ke_new(uint16_t group);
/* Does the library have that group? Groups of numbers are not made for it, which would take long.
 */
bool ke_is_there(uint16_t group);
void ke_free(struct ke *k); /* wipes; NULL is fine */
uint16_t ke_group(const struct ke *k);
/* As it stands in a KE payload (RFC 7296 3.4; RFC 5903 for ECP: x | y; RFC 8031). Lives with k. */
struct bytes ke_public(const struct ke *k);
/* g^ir from the peer's value. Checks it as RFC 6989 says: ERR_CRYPTO for a wrong length, a point
 * off the curve, 0, 1, p-1, or an all-zero result. MODP results keep leading zeroes (RFC
 * 7296 2.14); ECP: the x coordinate only (RFC 5903 7). */
enum err must_use ke_shared(const struct ke *k, struct bytes peer, struct secret *ret);
