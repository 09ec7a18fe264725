/* Attributes of transforms: RFC 2409 appendix A for Phase 1, RFC 2407 4.5 for Phase 2; AES: RFC
 * 3602, 3686, 4106, 4309; SHA-2: RFC 4868; Camellia: RFC 4312; extended sequence numbers: RFC 4304.
 */
#include "ikev1/attributes.h"

#include "ipsec/id.h"

enum { TV = 0x8000 };

/* RFC 2409 appendix A */
enum {
	P1_ENCRYPTION = 1,
	P1_HASH = 2,
	P1_AUTH = 3,
	P1_GROUP = 4,
	P1_LIFE_TYPE = 11,
	P1_LIFE = 12,
	P1_KEY_LENGTH = 14,
};
/* RFC 2407 4.5, IANA */
enum {
	P2_LIFE_TYPE = 1,
	P2_LIFE = 2,
	P2_GROUP = 3,
	P2_ENCAP = 4,
	P2_AUTH = 5,
	P2_KEY_LENGTH = 6,
	P2_ESN = 11,
};
enum { LIFE_SECONDS = 1, LIFE_KILOBYTES = 2, KEY_IKE = 1 };

struct code {
	uint16_t wire, ours;
};
static const struct code ciphers[] = { { 5, ENCR_3DES }, { 7, ENCR_AES_CBC },
	{ 8, ENCR_CAMELLIA_CBC } };
static const struct code hashes[] = { { 1, PRF_HMAC_MD5 }, { 2, PRF_HMAC_SHA1 },
	{ 4, PRF_HMAC_SHA2_256 }, { 5, PRF_HMAC_SHA2_384 }, { 6, PRF_HMAC_SHA2_512 } };
static const struct code esp_ids[] = { { 3, ENCR_3DES }, { 11, ENCR_NULL }, { 12, ENCR_AES_CBC },
	{ 13, ENCR_AES_CTR }, { 14, ENCR_AES_CCM_8 }, { 15, ENCR_AES_CCM_12 },
	{ 16, ENCR_AES_CCM_16 }, { 18, ENCR_AES_GCM_8 }, { 19, ENCR_AES_GCM_12 },
	{ 20, ENCR_AES_GCM_16 }, { 22, ENCR_CAMELLIA_CBC } };
static const struct code auths[] = { { 1, INTEG_HMAC_MD5_96 }, { 2, INTEG_HMAC_SHA1_96 },
	{ 5, INTEG_HMAC_SHA2_256_128 }, { 6, INTEG_HMAC_SHA2_384_192 },
	{ 7, INTEG_HMAC_SHA2_512_256 }, { 9, INTEG_AES_XCBC_96 } };

static bool from_wire(const struct code *c, size_t n, uint32_t wire, uint16_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (c[i].wire == wire) {
			*ret = c[i].ours;
			return true;
		}
	return false;
}

static uint16_t to_wire(const struct code *c, size_t n, uint16_t ours)
{
	for (size_t i = 0; i < n; i++)
		if (c[i].ours == ours)
			return c[i].wire;
	return 0;
}

bool v1_has_ike_cipher(uint16_t encr)
{
	return to_wire(ciphers, COUNT(ciphers), encr) != 0;
}

bool v1_has_ike_hash(uint16_t prf)
{
	return to_wire(hashes, COUNT(hashes), prf) != 0;
}

bool v1_has_esp_auth(uint16_t integ)
{
	return integ == INTEG_NONE || to_wire(auths, COUNT(auths), integ) != 0;
}

uint8_t v1_esp_id(uint16_t encr)
{
	return (uint8_t)to_wire(esp_ids, COUNT(esp_ids), encr);
}

/* ---- reading ---- */

/* One attribute, with a number in up to four octets. What is longer has none, but for a lifetime:
 * then the lifetime is long. */
struct attribute {
	uint16_t class;
	uint32_t value;
	bool is_number;
};

static struct attribute attribute_read(struct rd *r)
{
	uint16_t type = rd_u16(r), length;
	struct attribute a = { .class = type & (TV - 1), .is_number = true };
	struct rd value;

	if (type & TV) {
		a.value = rd_u16(r);
		return a;
	}
	length = rd_u16(r);
	value = rd_sub(r, length);
	a.is_number = length >= 1 && length <= 8;
	for (uint64_t v = 0; rd_more(&value);) {
		v = v << 8 | rd_u8(&value);
		a.value = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	}
	return a;
}

/* What has been read of a transform so far. */
struct reading {
	struct v1_transform *t;
	uint32_t seen; /* classes, as bits: none may come twice, but the pairs of lifetimes */
	uint16_t life_type;
};

static bool take_code(const struct code *c, size_t n, uint32_t value, uint16_t *ret)
{
	return *ret == 0 && from_wire(c, n, value, ret);
}

static bool take_u16(uint32_t value, uint16_t *ret)
{
	if (value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

static bool take_group(struct reading *x, uint32_t value)
{
	return value != KE_NONE && value <= UINT16_MAX && alg_find(TT_KE, (uint16_t)value) &&
	       take_u16(value, &x->t->suite.ke);
}

/* RFC 2407 4.5: the duration follows the type that it is of. */
static bool take_life_type(struct reading *x, uint32_t value)
{
	bool is_open = x->life_type != 0;

	x->life_type = (uint16_t)value;
	return !is_open && (value == LIFE_SECONDS || value == LIFE_KILOBYTES);
}

static bool take_life(struct reading *x, uint32_t value)
{
	uint32_t *to = x->life_type == LIFE_SECONDS	? &x->t->life_s
		       : x->life_type == LIFE_KILOBYTES ? &x->t->life_kb
							: NULL;

	x->life_type = 0;
	if (!to || *to != 0 || value == 0)
		return false;
	*to = value;
	return true;
}

static bool phase1_take(struct reading *x, uint16_t class, uint32_t value)
{
	switch (class) {
	case P1_ENCRYPTION:
		return take_code(ciphers, COUNT(ciphers), value, &x->t->suite.encr);
	case P1_HASH:
		return take_code(hashes, COUNT(hashes), value, &x->t->suite.prf);
	case P1_AUTH:
		return take_u16(value, &x->t->auth);
	case P1_GROUP:
		return take_group(x, value);
	case P1_LIFE_TYPE:
		return take_life_type(x, value);
	case P1_LIFE:
		return take_life(x, value);
	case P1_KEY_LENGTH:
		return value != 0 && take_u16(value, &x->t->suite.key_bits);
	default:
		return false;
	}
}

static bool phase2_take(struct reading *x, uint16_t class, uint32_t value)
{
	switch (class) {
	case P2_LIFE_TYPE:
		return take_life_type(x, value);
	case P2_LIFE:
		return take_life(x, value);
	case P2_GROUP:
		return take_group(x, value);
	case P2_ENCAP:
		return value != V1_ENCAP_NONE && take_u16(value, &x->t->encap);
	case P2_AUTH:
		return take_code(auths, COUNT(auths), value, &x->t->suite.integ);
	case P2_KEY_LENGTH:
		return value != 0 && take_u16(value, &x->t->suite.key_bits);
	case P2_ESN:
		return value <= 1 && take_u16(value, &x->t->suite.esn);
	default:
		return false;
	}
}

static bool is_life(uint8_t protocol, uint16_t class)
{
	return protocol == PROTO_IKE ? class == P1_LIFE_TYPE || class == P1_LIFE
				     : class == P2_LIFE_TYPE || class == P2_LIFE;
}

static bool take(struct reading *x, uint8_t protocol, const struct attribute *a)
{
	uint32_t bit = a->class < 32 ? 1u << a->class : 0;

	if (!a->is_number || (x->seen & bit && !is_life(protocol, a->class)))
		return false;
	x->seen |= bit;
	return protocol == PROTO_IKE ? phase1_take(x, a->class, a->value)
				     : phase2_take(x, a->class, a->value);
}

/* A cipher of several key lengths needs one that it has, one of a fixed length none. */
static bool key_fits(const struct suite *s)
{
	const struct alg *a = alg_find(TT_ENCR, s->encr);

	if (!a)
		return false;
	for (size_t i = 0; i < COUNT(a->key_bits); i++)
		if (a->key_bits[i] != 0 && a->key_bits[i] == s->key_bits)
			return true;
	return a->key_bits[0] == 0 && s->key_bits == 0;
}

static bool is_whole(uint8_t protocol, const struct v1_transform *t)
{
	const struct alg *encr = alg_find(TT_ENCR, t->suite.encr);

	if (!key_fits(&t->suite))
		return false;
	if (protocol == PROTO_IKE)
		return t->suite.prf != 0 && t->suite.ke != KE_NONE && t->auth != V1_AUTH_NONE;
	return protocol == PROTO_ESP && encr && encr->is_aead == (t->suite.integ == INTEG_NONE);
}

enum err v1_attributes_parse(uint8_t protocol, struct v1_transform *t)
{
	struct rd r = rd_from(t->attributes);
	struct reading x = { .t = t };
	bool is_ours = t->attributes.n <= V1_SA_ATTRIBUTES_MAX;

	if (protocol == PROTO_IKE)
		is_ours &= t->id == KEY_IKE;
	else
		is_ours &= from_wire(esp_ids, COUNT(esp_ids), t->id, &t->suite.encr);
	while (rd_more(&r)) {
		struct attribute a = attribute_read(&r);

		is_ours &= take(&x, protocol, &a);
	}
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	t->is_choosable = is_ours && x.life_type == 0 && is_whole(protocol, t);
	return OK;
}

/* ---- writing ---- */

static void put_tv(struct wr *w, uint16_t class, uint16_t value)
{
	wr_u16(w, TV | class);
	wr_u16(w, value);
}

static void put_number(struct wr *w, uint16_t class, uint32_t value)
{
	if (value <= UINT16_MAX) {
		put_tv(w, class, (uint16_t)value);
		return;
	}
	wr_u16(w, class);
	wr_u16(w, 4);
	wr_u32(w, value);
}

static void put_life(struct wr *w, uint8_t protocol, uint16_t type, uint32_t value)
{
	if (value == 0)
		return;
	put_tv(w, protocol == PROTO_IKE ? P1_LIFE_TYPE : P2_LIFE_TYPE, type);
	put_number(w, protocol == PROTO_IKE ? P1_LIFE : P2_LIFE, value);
}

void v1_lifetimes_write(struct wr *w, uint8_t protocol, uint32_t life_s, uint32_t life_kb)
{
	put_life(w, protocol, LIFE_SECONDS, life_s);
	put_life(w, protocol, LIFE_KILOBYTES, life_kb);
}

static void phase1_write(struct wr *w, const struct v1_transform *t)
{
	put_tv(w, P1_ENCRYPTION, to_wire(ciphers, COUNT(ciphers), t->suite.encr));
	if (t->suite.key_bits != 0)
		put_tv(w, P1_KEY_LENGTH, t->suite.key_bits);
	put_tv(w, P1_HASH, to_wire(hashes, COUNT(hashes), t->suite.prf));
	put_tv(w, P1_AUTH, t->auth);
	put_tv(w, P1_GROUP, t->suite.ke);
}

static void phase2_write(struct wr *w, const struct v1_transform *t)
{
	if (t->suite.ke != KE_NONE)
		put_tv(w, P2_GROUP, t->suite.ke);
	if (t->encap != V1_ENCAP_NONE)
		put_tv(w, P2_ENCAP, t->encap);
	if (t->suite.integ != INTEG_NONE)
		put_tv(w, P2_AUTH, to_wire(auths, COUNT(auths), t->suite.integ));
	if (t->suite.key_bits != 0)
		put_tv(w, P2_KEY_LENGTH, t->suite.key_bits);
	if (t->suite.esn != ESN_NO)
		put_tv(w, P2_ESN, t->suite.esn);
}

void v1_attributes_write(struct wr *w, uint8_t protocol, const struct v1_transform *t)
{
	if (protocol == PROTO_IKE)
		phase1_write(w, t);
	else
		phase2_write(w, t);
	v1_lifetimes_write(w, protocol, t->life_s, t->life_kb);
}
