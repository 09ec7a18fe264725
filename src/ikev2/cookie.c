/* Stateless cookies (RFC 7296 2.6): see cookie.h. */
#include "ikev2/cookie.h"

#include "base/wr.h"
#include "crypto/prf.h"

enum { VERSION_N = 4, HASH_N = V2_COOKIE_N - VERSION_N };

static void renew(struct v2_cookies *c, const struct rng *rng, struct now now)
{
	if (c->current.is_set && now.mono - c->current.made < V2_COOKIE_LIFE)
		return;
	c->previous = c->current;
	rng_fill(rng, c->current.secret, sizeof(c->current.secret));
	c->current.version = rng_u32(rng);
	c->current.made = now.mono;
	c->current.is_set = true;
}

/* The parts of fixed size first, so that no two initiators give the same octets. */
static enum err hash(
	const uint8_t secret[V2_COOKIE_SECRET_N], const struct v2_cookie_for *f, struct secret *ret)
{
	const struct bytes parts[] = {
		bytes_of(&f->initiator.family, 1),
		BYTES(f->initiator.b),
		bytes_of(f->spi_i, 8),
		f->ni,
	};

	return prf(
		PRF_HMAC_SHA2_256, bytes_of(secret, V2_COOKIE_SECRET_N), parts, COUNT(parts), ret);
}

enum err v2_cookie_make(struct v2_cookies *c, const struct rng *rng, struct now now,
	const struct v2_cookie_for *f, uint8_t ret[V2_COOKIE_N])
{
	struct wr w = wr_to(ret, V2_COOKIE_N);
	struct secret h = { 0 };
	enum err e;

	renew(c, rng, now);
	if ((e = hash(c->current.secret, f, &h)))
		return e;
	wr_u32(&w, c->current.version);
	wr_bytes(&w, secret_view(&h));
	secret_done(&h);
	return OK;
}

bool v2_cookie_valid(const struct v2_cookies *c, struct now now, const struct v2_cookie_for *f,
	struct bytes cookie)
{
	ns_t age = now.mono - c->current.made;
	const uint8_t *secret = NULL;
	struct rd r = rd_from(cookie);
	uint32_t version = rd_u32(&r);
	struct bytes claimed = rd_rest(&r);
	struct secret h = { 0 };
	bool ok;

	/* A secret makes cookies for one V2_COOKIE_LIFE, and the last of them lives another. */
	if (c->current.is_set && version == c->current.version && age < 2 * V2_COOKIE_LIFE)
		secret = c->current.secret;
	else if (c->previous.is_set && version == c->previous.version && age < V2_COOKIE_LIFE)
		secret = c->previous.secret;
	if (!secret || claimed.n != HASH_N || hash(secret, f, &h))
		return false;
	ok = bytes_eq_ct(secret_view(&h), claimed);
	secret_done(&h);
	return ok;
}

void v2_cookies_done(struct v2_cookies *c)
{
	wipe(c, sizeof(*c));
}
