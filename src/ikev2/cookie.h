#pragma once
/* Stateless cookies against floods of forged IKE_SA_INIT requests (RFC 7296 2.6):
 * version of the secret (4) | HMAC-SHA2-256(secret, IPi | SPIi | Ni) (32). The secret changes as
 * time time goes by; the one before it is still accepted, so that a cookie lives V2_COOKIE_LIFE at
 * least. */
#include "base/addr.h"
#include "base/now.h"

enum { V2_COOKIE_N = 36, V2_COOKIE_SECRET_N = 32 };
#define V2_COOKIE_LIFE (60 * NS_S)

struct v2_cookies {
	struct {
		uint32_t version; /* random: a restarted daemon does not take old cookies for new */
		uint8_t secret[V2_COOKIE_SECRET_N];
		ns_t made;
		bool is_set;
	} current, previous;
};

/* What a cookie is bound to. */
struct v2_cookie_for {
	struct addr initiator; /* where the request came from */
	const uint8_t *spi_i;  /* 8 octets */
	struct bytes ni;
};

/* *c may be zero before the first call; rng makes the secrets when they are due. ERR_CRYPTO when
 * the library fails. */
enum err must_use v2_cookie_make(struct v2_cookies *c, const struct rng *rng, struct now now,
	const struct v2_cookie_for *f, uint8_t ret[V2_COOKIE_N]);
/* Is this a cookie that we made for this initiator, not too long ago? */
bool v2_cookie_valid(const struct v2_cookies *c, struct now now, const struct v2_cookie_for *f,
	struct bytes cookie);
void v2_cookies_done(struct v2_cookies *c); /* wipes */
