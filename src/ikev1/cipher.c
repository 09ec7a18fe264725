/* Encryption of messages (RFC 2409 appendix B, RFC 2408 3.1): CBC with a chain of IVs for each
 * exchange. */
#include "ikev1/keymat.h"

#include "crypto/cbc.h"
#include "crypto/prf.h"
#include <stdlib.h>

enum { FLAGS_AT = 19, LENGTH_AT = 24 }; /* in the header */

struct v1_cipher {
	struct cbc *cbc;
	size_t block_n;
};

/* hash(parts), cut to a block of the cipher */
static enum err iv_of(const struct suite *s, const struct bytes *parts, size_t n, struct v1_iv *ret)
{
	const struct alg *a = alg_find(TT_ENCR, s->encr);
	struct v1_iv iv = { 0 };
	uint8_t hash[V1_HASH_MAX];
	size_t hash_n = 0;
	enum err e;

	if (!a || a->block_n < 8 || a->block_n > sizeof(iv.b))
		return ERR_UNSUPPORTED;
	if ((e = prf_hash(s->prf, parts, n, hash, &hash_n)))
		return e;
	iv.n = a->block_n;
	memcpy(iv.b, hash, iv.n);
	*ret = iv;
	return OK;
}

enum err v1_iv_phase1(const struct suite *s, struct bytes gxi, struct bytes gxr, struct v1_iv *ret)
{
	return iv_of(s, (struct bytes[]){ gxi, gxr }, 2, ret);
}

enum err v1_iv_phase2(
	const struct suite *s, const struct v1_iv *phase1, uint32_t message_id, struct v1_iv *ret)
{
	uint8_t id[4];
	struct wr w = wr_to(id, sizeof(id));

	wr_u32(&w, message_id);
	return iv_of(s, (struct bytes[]){ bytes_of(phase1->b, phase1->n), BYTES(id) }, 2, ret);
}

enum err v1_cipher_new(const struct suite *s, struct bytes key, struct v1_cipher **ret)
{
	struct cbc *cbc = NULL;
	struct v1_cipher *c;
	enum err e;

	if (key.n != suite_encr_key_n(s))
		return ERR_LENGTH;
	if ((e = cbc_new(s->encr, key, &cbc)))
		return e;
	c = xalloc(sizeof(*c));
	c->cbc = cbc;
	c->block_n = cbc_block_n(cbc);
	*ret = c;
	return OK;
}

void v1_cipher_free(struct v1_cipher *c)
{
	if (!c)
		return;
	cbc_free(c->cbc);
	free(c);
}

/* The last block of a message. */
static struct v1_iv last_block(const struct v1_cipher *c, struct bytes message)
{
	struct v1_iv iv = { .n = (uint8_t)c->block_n };
	struct rd r = rd_from(message);

	rd_skip(&r, message.n - c->block_n);
	rd_copy(&r, iv.b, c->block_n);
	return iv;
}

struct bytes v1_encrypt(
	struct v1_cipher *c, struct v1_iv *iv, struct bytes message, void *room, size_t n)
{
	size_t text_n = message.n < V1_HEADER_N ? 0 : message.n - V1_HEADER_N;
	size_t pad_n = (c->block_n - text_n % c->block_n) % c->block_n;
	size_t whole_n = message.n + pad_n;
	uint8_t *out = room;
	struct wr w;

	if (text_n == 0 || whole_n > n || iv->n != c->block_n)
		return BYTES_NONE;
	memmove(out, message.p, message.n);
	memset(out + message.n, 0, pad_n);
	out[FLAGS_AT] |= V1_F_ENCRYPTION;
	w = wr_to(out + LENGTH_AT, 4);
	wr_u32(&w, (uint32_t)whole_n);
	if (cbc_encrypt(c->cbc, iv->b, out + V1_HEADER_N, text_n + pad_n) != OK)
		return BYTES_NONE;
	*iv = last_block(c, bytes_of(out, whole_n));
	return bytes_of(out, whole_n);
}

enum err v1_decrypt(struct v1_cipher *c, const struct v1_iv *iv, struct bytes datagram,
	struct buf *ret, struct v1_iv *next)
{
	size_t text_n = datagram.n < V1_HEADER_N ? 0 : datagram.n - V1_HEADER_N;
	struct buf out;
	enum err e;

	if (text_n == 0 || text_n % c->block_n != 0 || iv->n != c->block_n)
		return ERR_LENGTH;
	out = buf_from(datagram);
	if ((e = cbc_decrypt(c->cbc, iv->b, out.p + V1_HEADER_N, text_n))) {
		buf_done(&out);
		return e;
	}
	*ret = out;
	*next = last_block(c, datagram);
	return OK;
}
