#pragma once
/* Keys (RFC 7296 2.14, 2.17, 2.18) and the octets that AUTH signs (2.15). */
#include "base/addr.h"
#include "crypto/prf.h"
#include "crypto/protect.h"

struct v2_keys {
	struct secret sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};
void v2_keys_done(struct v2_keys *k);

/* SKEYSEED = prf(Ni | Nr, g^ir), then the seven keys. s: suite of the IKE SA. spi: 8 octets each.
 */
enum err must_use v2_keys_init(const struct suite *s, struct bytes ni, struct bytes nr,
	struct bytes g_ir, struct bytes spi_i, struct bytes spi_r, struct v2_keys *ret);
/* The IKE SA that is replaced. */
struct v2_rekeyed {
	uint16_t prf;
	struct bytes sk_d;
};
/* Rekey of the IKE SA (2.18): SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), by the old prf. */
enum err must_use v2_keys_rekey(struct v2_rekeyed old, const struct suite *s, struct bytes ni,
	struct bytes nr, struct bytes g_ir, struct bytes spi_i, struct bytes spi_r,
	struct v2_keys *ret);
struct v2_child_keys {
	struct secret encr_i, integ_i, encr_r, integ_r; /* i: from the initiator of the exchange */
};
void v2_child_keys_done(struct v2_child_keys *k);
/* KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr); g_ir empty without PFS. prf: the IKE SA's. */
enum err must_use v2_child_keymat(uint16_t prf, struct bytes sk_d, struct bytes g_ir,
	struct bytes ni, struct bytes nr, const struct suite *child, struct v2_child_keys *ret);
/* RealMessage | NonceData of the other | prf(SK_p, RestOfID): what AUTH covers (2.15). */
enum err must_use v2_auth_octets(uint16_t prf, struct bytes real_message, struct bytes nonce,
	struct bytes sk_p, struct bytes id_body, struct buf *ret);
/* HASH of NAT_DETECTION_*_IP (2.23): SHA-1(SPIi | SPIr | address | port). */
void v2_nat_hash(
	const uint8_t spi_i[8], const uint8_t spi_r[8], const struct endpoint *e, uint8_t ret[20]);
