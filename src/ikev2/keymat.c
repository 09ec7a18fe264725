/* Keys of an IKE SA and of its Child SAs (RFC 7296 2.14, 2.17, 2.18), and the octets that AUTH
 * covers (2.15). */
#include "ikev2/keymat.h"

#include "base/wr.h"

void v2_keys_done(struct v2_keys *k)
{
	secret_done(&k->sk_d);
	secret_done(&k->sk_ai);
	secret_done(&k->sk_ar);
	secret_done(&k->sk_ei);
	secret_done(&k->sk_er);
	secret_done(&k->sk_pi);
	secret_done(&k->sk_pr);
}

void v2_child_keys_done(struct v2_child_keys *k)
{
	secret_done(&k->encr_i);
	secret_done(&k->integ_i);
	secret_done(&k->encr_r);
	secret_done(&k->integ_r);
}

/* The next n octets of key material as a key of its own; none for n 0. */
static struct secret cut(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	return b.n != 0 ? secret_from(b) : (struct secret){ NULL, 0 };
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) */
static enum err keys_expand(const struct suite *s, struct bytes skeyseed,
	const struct bytes seed[4], struct v2_keys *ret)
{
	const struct alg *a = alg_find(TT_PRF, s->prf);
	size_t integ_n = suite_integ_key_n(s), encr_n = suite_encr_key_n(s);
	struct secret all = { 0 };
	struct rd r;
	enum err e;

	if (!a)
		return ERR_UNSUPPORTED;
	e = prf_plus(
		s->prf, skeyseed, seed, 4, 3 * (size_t)a->out_n + 2 * integ_n + 2 * encr_n, &all);
	if (e)
		return e;

	r = rd_from(secret_view(&all));
	ret->sk_d = cut(&r, a->out_n);
	ret->sk_ai = cut(&r, integ_n);
	ret->sk_ar = cut(&r, integ_n);
	ret->sk_ei = cut(&r, encr_n);
	ret->sk_er = cut(&r, encr_n);
	ret->sk_pi = cut(&r, a->out_n);
	ret->sk_pr = cut(&r, a->out_n);
	secret_done(&all);
	return OK;
}

/* 2.14: the two PRFs that once took a fixed key get the first 64 bits of each nonce. */
static size_t nonce_part(uint16_t prf_id, struct bytes nonce)
{
	bool is_fixed = prf_id == PRF_AES128_XCBC || prf_id == PRF_AES128_CMAC;

	return is_fixed ? MIN(nonce.n, 8) : nonce.n;
}

enum err v2_keys_init(const struct suite *s, struct bytes ni, struct bytes nr, struct bytes g_ir,
	struct bytes spi_i, struct bytes spi_r, struct v2_keys *ret)
{
	size_t ni_n = nonce_part(s->prf, ni), nr_n = nonce_part(s->prf, nr);
	struct secret key = secret_new(ni_n + nr_n), skeyseed = { 0 };
	struct wr w = wr_to(key.p, key.n);
	enum err e;

	wr_bytes(&w, bytes_of(ni.p, ni_n));
	wr_bytes(&w, bytes_of(nr.p, nr_n));
	if ((e = prf(s->prf, secret_view(&key), &g_ir, 1, &skeyseed)))
		goto out;
	e = keys_expand(s, secret_view(&skeyseed), (struct bytes[]){ ni, nr, spi_i, spi_r }, ret);
out:
	secret_done(&skeyseed);
	secret_done(&key);
	return e;
}

enum err v2_keys_rekey(struct v2_rekeyed old, const struct suite *s, struct bytes ni,
	struct bytes nr, struct bytes g_ir, struct bytes spi_i, struct bytes spi_r,
	struct v2_keys *ret)
{
	struct secret skeyseed = { 0 };
	enum err e;

	if ((e = prf(old.prf, old.sk_d, (struct bytes[]){ g_ir, ni, nr }, 3, &skeyseed)))
		return e;
	e = keys_expand(s, secret_view(&skeyseed), (struct bytes[]){ ni, nr, spi_i, spi_r }, ret);
	secret_done(&skeyseed);
	return e;
}

/* 2.17: keys for what the initiator of the exchange sends come first, encryption before integrity.
 */
enum err v2_child_keymat(uint16_t prf_id, struct bytes sk_d, struct bytes g_ir, struct bytes ni,
	struct bytes nr, const struct suite *child, struct v2_child_keys *ret)
{
	size_t encr_n = suite_encr_key_n(child), integ_n = suite_integ_key_n(child);
	struct secret all = { 0 };
	struct rd r;
	enum err e;

	e = prf_plus(
		prf_id, sk_d, (struct bytes[]){ g_ir, ni, nr }, 3, 2 * (encr_n + integ_n), &all);
	if (e)
		return e;

	r = rd_from(secret_view(&all));
	ret->encr_i = cut(&r, encr_n);
	ret->integ_i = cut(&r, integ_n);
	ret->encr_r = cut(&r, encr_n);
	ret->integ_r = cut(&r, integ_n);
	secret_done(&all);
	return OK;
}

enum err v2_auth_octets(uint16_t prf_id, struct bytes real_message, struct bytes nonce,
	struct bytes sk_p, struct bytes id_body, struct buf *ret)
{
	struct secret maced_id = { 0 };
	struct buf octets;
	struct wr w;
	enum err e;

	if ((e = prf(prf_id, sk_p, &id_body, 1, &maced_id)))
		return e;

	octets.n = real_message.n + nonce.n + maced_id.n;
	octets.p = xalloc(octets.n);
	w = wr_to(octets.p, octets.n);
	wr_bytes(&w, real_message);
	wr_bytes(&w, nonce);
	wr_bytes(&w, secret_view(&maced_id));
	secret_done(&maced_id);
	*ret = octets;
	return OK;
}

void v2_nat_hash(
	const uint8_t spi_i[8], const uint8_t spi_r[8], const struct endpoint *e, uint8_t ret[20])
{
	const uint8_t port[2] = { (uint8_t)(e->port >> 8), (uint8_t)e->port };
	const struct bytes parts[] = { bytes_of(spi_i, 8), bytes_of(spi_r, 8), addr_bytes(&e->addr),
		BYTES(port) };

	sha1(parts, COUNT(parts), ret);
}
