#pragma once
/* A block cipher in CBC mode and nothing else: what encrypts the messages of IKEv1 (RFC 2409
 * appendix B), whose IVs are chained by the caller. It proves nothing about who wrote a text. */
#include "crypto/algs.h"

struct cbc;

/* AES, Camellia (128, 192, 256 bits, as the key is long) and 3DES. ERR_UNSUPPORTED for others,
 * ERR_LENGTH for a key that is none of the cipher's. */
enum err must_use cbc_new(uint16_t encr, struct bytes key, struct cbc **ret);
void cbc_free(struct cbc *c); /* wipes; NULL is fine */
size_t cbc_block_n(const struct cbc *c);
/* n octets, whole blocks (else ERR_LENGTH), in place. iv: a block. */
enum err must_use cbc_encrypt(struct cbc *c, const uint8_t *iv, uint8_t *text, size_t n);
enum err must_use cbc_decrypt(struct cbc *c, const uint8_t *iv, uint8_t *text, size_t n);
