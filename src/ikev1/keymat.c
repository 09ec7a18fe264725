/* SKEYID and what comes of it, HASH_I, HASH_R, HASH(1) to HASH(3), KEYMAT: RFC 2409 5, 5.5, 5.7,
 * appendix B. */
#include "ikev1/keymat.h"

#include "crypto/prf.h"

void v1_keys_done(struct v1_keys *k)
{
	secret_done(&k->skeyid);
	secret_done(&k->skeyid_d);
	secret_done(&k->skeyid_a);
	secret_done(&k->skeyid_e);
	secret_done(&k->cipher);
}

void v1_child_keys_done(struct v1_child_keys *k)
{
	secret_done(&k->encr_in);
	secret_done(&k->integ_in);
	secret_done(&k->encr_out);
	secret_done(&k->integ_out);
}

enum err v1_skeyid_psk(
	uint16_t prf_id, struct bytes psk, struct bytes ni, struct bytes nr, struct secret *ret)
{
	return prf(prf_id, psk, (struct bytes[]){ ni, nr }, 2, ret);
}

/* SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0), _a and _e with the one before in front, and 1,
 * 2. */
static enum err derive(uint16_t prf_id, struct bytes skeyid, const struct bytes seed[3],
	struct bytes before, uint8_t number, struct secret *ret)
{
	const struct bytes parts[] = { before, seed[0], seed[1], seed[2], bytes_of(&number, 1) };

	return prf(prf_id, skeyid, parts, COUNT(parts), ret);
}

/* K1 = prf(key, first), K2 = prf(key, K1 | seed), ...: n octets of K1 | K2 | ... */
static enum err expand(uint16_t prf_id, struct bytes key, struct bytes first, struct bytes seed,
	size_t n, struct secret *ret)
{
	struct secret out = secret_new(n), k = { 0 };
	struct wr w = wr_to(out.p, out.n);
	enum err e = OK;

	while (w.n < n && e == OK) {
		struct secret next = { 0 };

		e = k.p ? prf(prf_id, key, (struct bytes[]){ secret_view(&k), seed }, 2, &next)
			: prf(prf_id, key, (struct bytes[]){ first, seed }, 2, &next);
		if (e == OK)
			wr_bytes(&w, bytes_of(next.p, MIN(next.n, n - w.n)));
		secret_move(&k, &next);
	}
	if (e == OK)
		secret_move(ret, &out);
	secret_done(&k);
	secret_done(&out);
	return e;
}

/* Appendix B: the first octets of SKEYID_e, or, when it is too short, of K1 = prf(SKEYID_e, 0), K2
 * = prf(SKEYID_e, K1), ... */
static enum err cipher_key(const struct suite *s, struct bytes skeyid_e, struct secret *ret)
{
	static const uint8_t zero[1];
	size_t n = suite_encr_key_n(s);
	struct secret k;

	if (n == 0)
		return ERR_UNSUPPORTED;
	if (skeyid_e.n < n)
		return expand(s->prf, skeyid_e, BYTES(zero), BYTES_NONE, n, ret);
	k = secret_from(bytes_of(skeyid_e.p, n));
	secret_move(ret, &k);
	return OK;
}

enum err v1_keys_derive(const struct suite *s, struct bytes skeyid, struct bytes g_xy,
	struct bytes icookie, struct bytes rcookie, struct v1_keys *ret)
{
	const struct bytes seed[3] = { g_xy, icookie, rcookie };
	struct v1_keys k = { .skeyid = secret_from(skeyid) };
	enum err e;

	if ((e = derive(s->prf, skeyid, seed, BYTES_NONE, 0, &k.skeyid_d)) ||
		(e = derive(s->prf, skeyid, seed, secret_view(&k.skeyid_d), 1, &k.skeyid_a)) ||
		(e = derive(s->prf, skeyid, seed, secret_view(&k.skeyid_a), 2, &k.skeyid_e)) ||
		(e = cipher_key(s, secret_view(&k.skeyid_e), &k.cipher))) {
		v1_keys_done(&k);
		return e;
	}
	v1_keys_done(ret);
	*ret = k;
	return OK;
}

enum err v1_hash_phase1(const struct v1_keys *k, uint16_t prf_id, const struct v1_phase1_hash *h,
	struct secret *ret)
{
	const struct bytes parts[] = { h->public_own, h->public_other, h->cookie_own,
		h->cookie_other, h->sa_body, h->id_body };

	return prf(prf_id, secret_view(&k->skeyid), parts, COUNT(parts), ret);
}

struct id_octets {
	uint8_t b[4];
};

static struct id_octets octets_of(uint32_t v)
{
	struct id_octets o = { { 0 } };
	struct wr w = wr_to(o.b, sizeof(o.b));

	wr_u32(&w, v);
	return o;
}

enum err v1_hash_1(uint16_t prf_id, struct bytes skeyid_a, uint32_t message_id, struct bytes rest,
	struct secret *ret)
{
	return v1_hash_2(prf_id, skeyid_a, message_id, BYTES_NONE, rest, ret);
}

enum err v1_hash_2(uint16_t prf_id, struct bytes skeyid_a, uint32_t message_id, struct bytes ni,
	struct bytes rest, struct secret *ret)
{
	struct id_octets id = octets_of(message_id);
	const struct bytes parts[] = { BYTES(id.b), ni, rest };

	return prf(prf_id, skeyid_a, parts, COUNT(parts), ret);
}

enum err v1_hash_3(uint16_t prf_id, struct bytes skeyid_a, uint32_t message_id, struct bytes ni,
	struct bytes nr, struct secret *ret)
{
	static const uint8_t zero[1];
	struct id_octets id = octets_of(message_id);
	const struct bytes parts[] = { BYTES(zero), BYTES(id.b), ni, nr };

	return prf(prf_id, skeyid_a, parts, COUNT(parts), ret);
}

/* ---- KEYMAT (5.5) ---- */

/* The keys of the SA with that SPI: encryption's octets first, then authentication's (RFC 2407
 * 4.5's algorithms have one of each). */
static enum err one_way(const struct v1_keymat *k, uint32_t spi, const struct suite *child,
	struct secret *encr, struct secret *integ)
{
	size_t encr_n = suite_encr_key_n(child), integ_n = suite_integ_key_n(child);
	size_t seed_n = k->g_xy.n + 1 + 4 + k->ni.n + k->nr.n;
	struct secret seed = secret_new(seed_n), all = { 0 }, cut;
	struct wr w = wr_to(seed.p, seed.n);
	enum err e;

	wr_bytes(&w, k->g_xy);
	wr_u8(&w, k->protocol);
	wr_u32(&w, spi);
	wr_bytes(&w, k->ni);
	wr_bytes(&w, k->nr);
	e = expand(k->prf, k->skeyid_d, BYTES_NONE, secret_view(&seed), encr_n + integ_n, &all);
	if (e == OK && encr_n != 0) {
		cut = secret_from(bytes_of(all.p, encr_n));
		secret_move(encr, &cut);
	}
	if (e == OK && integ_n != 0) {
		cut = secret_from(bytes_of(all.p + encr_n, integ_n));
		secret_move(integ, &cut);
	}
	secret_done(&all);
	secret_done(&seed);
	return e;
}

enum err v1_child_keymat(
	const struct v1_keymat *k, const struct suite *child, struct v1_child_keys *ret)
{
	struct v1_child_keys keys = { 0 };
	enum err e;

	if ((e = one_way(k, k->spi_in, child, &keys.encr_in, &keys.integ_in)) ||
		(e = one_way(k, k->spi_out, child, &keys.encr_out, &keys.integ_out))) {
		v1_child_keys_done(&keys);
		return e;
	}
	v1_child_keys_done(ret);
	*ret = keys;
	return OK;
}
