/* Key exchange against what others published. ke.c is included, not linked: only here may a private
 * value be chosen. */
#include "crypto/ke.c"
#include "crypto/test_hex.h"

static OSSL_PARAM *pair_params(const struct group *g, struct bytes x, struct bytes gx)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *private_value = BN_bin2bn(x.p, (int)x.n, NULL);
	BIGNUM *public_value = BN_bin2bn(gx.p, (int)gx.n, NULL), *p = NULL, *two = NULL;
	uint8_t point[200] = { 4 };
	OSSL_PARAM *params;

	if (g->name)
		OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, g->name, 0);
	else {
		BN_hex2bn(&p, modp1024);
		BN_hex2bn(&two, "2");
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P, p);
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_G, two);
	}
	if (g->family == ECP) {
		assert_true(gx.n < sizeof(point));
		memcpy(point + 1, gx.p, gx.n);
		OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, gx.n + 1);
	} else
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PUB_KEY, public_value);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, private_value);
	params = OSSL_PARAM_BLD_to_param(bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(private_value);
	BN_free(public_value);
	BN_free(p);
	BN_free(two);
	return params;
}

/* A half with that private value; the public one was published with it. */
static struct ke *fixed(uint16_t id, struct bytes x, struct bytes gx)
{
	struct ke *k = xalloc(sizeof(*k));
	OSSL_PARAM *params = NULL;

	k->group = group_find(id);
	if (k->group->family == EDWARDS)
		k->key = EVP_PKEY_new_raw_private_key_ex(NULL, k->group->name, NULL, x.p, x.n);
	else {
		params = pair_params(k->group, x, gx);
		k->key = from_params(
			k->group->family == ECP ? "EC" : "DH", EVP_PKEY_KEYPAIR, params);
	}
	assert_non_null(k->key);
	assert_true(public_of(k, gx.n, &k->public_value));
	assert_true(bytes_eq(ke_public(k), gx));
	OSSL_PARAM_free(params);
	return k;
}

static void half(uint16_t group, const char *x, const char *gx, const char *other, const char *g_ir)
{
	struct buf a = hex(x), b = hex(gx), c = hex(other);
	struct ke *k = fixed(group, buf_view(&a), buf_view(&b));
	struct secret s = { 0 };

	assert_int_equal(ke_group(k), group);
	assert_int_equal(ke_public(k).n, alg_find(TT_KE, group)->out_n);
	assert_int_equal(ke_shared(k, buf_view(&c), &s), OK);
	assert_hex(secret_view(&s), g_ir);
	secret_done(&s);
	ke_free(k);
	buf_done(&a);
	buf_done(&b);
	buf_done(&c);
}

struct vector {
	uint16_t group;
	const char *i, *gi, *r, *gr, *g_ir;
};

static void check(const struct vector *v)
{
	half(v->group, v->i, v->gi, v->gr, v->g_ir);
	half(v->group, v->r, v->gr, v->gi, v->g_ir);
}

TEST(ecp_256_is_what_rfc_5903_publishes)
{
	static const struct vector v = { KE_ECP_256,
		"c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
		"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
		"5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
		"c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
		"d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
		"56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
		"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" };

	check(&v);
}

TEST(ecp_384_is_what_rfc_5903_publishes)
{
	static const struct vector v = { KE_ECP_384,
		"099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
		"e35b538041e649ee3faef896783ab194",
		"667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
		"de3ac808acb4bdb4c88732aee95f41aa"
		"9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e"
		"eb9fcff3c2c947dae69b4c634573a81c",
		"41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
		"e0308312916b8ed2960e4bd55a7448fc",
		"e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
		"0d1ac43a0336def96fda41d0774a3571"
		"dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff"
		"f83fa40142209dff5eaad96db9e6386c",
		"11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
		"d603135569b9e9d09cf5d4a270f59746" };

	check(&v);
}

TEST(ecp_521_is_what_rfc_5903_publishes)
{
	static const struct vector v = { KE_ECP_521,
		"0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
		"95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
		"0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe"
		"e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e"
		"017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10a"
		"d8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
		"0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e"
		"9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
		"00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21"
		"9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
		"015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87"
		"220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
		"01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04"
		"d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea" };

	check(&v);
}

TEST(brainpool_is_what_rfc_7027_publishes)
{
	static const struct vector v[] = {
		{ KE_BRAINPOOL_P256,
			"81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
			"44106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5"
			"8ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc",
			"55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3",
			"8d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b"
			"990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a",
			"89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b" },
		{ KE_BRAINPOOL_P384,
			"1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6"
			"f15eb5d1ee1610df870795143627d042",
			"68b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885"
			"ab698c852d4a6e77a252d6380fcaf068"
			"55bc91a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493"
			"e0d038ff2fd30c2ab67d15c85f7faa59",
			"032640bc6003c59260f7250c3db58ce647f98e1260acce4acda3dd869f74e01f"
			"8ba5e0324309db6a9831497abac96670",
			"4d44326f269a597a5b58bba565da5556ed7fd9a8a9eb76c25f46db69d19dc8ce"
			"6ad18e404b15738b2086df37e71d1eb4"
			"62d692136de56cbe93bf5fa3188ef58bc8a3a0ec6c1e151a21038a42e9185329"
			"b5b275903d192f8d4e1f32fe9cc78c48",
			"0bd9d3a7ea0b3d519d09d8e48d0785fb744a6b355e6304bc51c229fbbce239bb"
			"adf6403715c35d4fb2a5444f575d4f42" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check(&v[i]);
}

/* RFC 7748 6.1 and 6.2, which RFC 8031 takes over octet for octet */
TEST(curves_25519_and_448_are_what_rfc_7748_publishes)
{
	static const struct vector v[] = {
		{ KE_CURVE25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
		{ KE_CURVE448,
			"9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf5"
			"74a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
			"9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bb"
			"c836647241d953d40c5b12da88120d53177f80e532c41fa0",
			"1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120"
			"bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
			"3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972"
			"fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
			"07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56"
			"fd2464c335543936521c24403085d59a449a5037514a879d" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check(&v[i]);
}

/* RFC 2409 6.2, RFC 3526 2 and 3 */
#define MODP_HEAD                                                                                  \
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08"   \
	"798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637"   \
	"ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece"
#define MODP_MIDDLE                                                                                \
	"45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9"   \
	"ed529077096966d670c354e4abc9804f1746c08ca"
static const struct {
	uint16_t group;
	const char *p;
} primes[] = {
	{ KE_MODP1024, MODP_HEAD "65381ffffffffffffffff" },
	{ KE_MODP1536, MODP_HEAD MODP_MIDDLE "237327ffffffffffffffff" },
	{ KE_MODP2048, MODP_HEAD MODP_MIDDLE
		"18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf69558"
		"17183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff" },
};

/* With the private value 3 and the peer's p - 2 the result is (-2)^3 = p - 8: it tells which p. */
TEST(modp_groups_have_the_primes_of_rfc_2409_and_3526)
{
	for (size_t i = 0; i < COUNT(primes); i++) {
		struct buf p = hex(primes[i].p);
		struct buf gx = { xalloc(p.n), p.n };
		struct secret s = { 0 };
		const uint8_t x = 3;
		struct ke *k;

		gx.p[gx.n - 1] = 8;
		k = fixed(primes[i].group, bytes_of(&x, 1), buf_view(&gx));
		p.p[p.n - 1] = 0xff - 2;
		assert_int_equal(ke_shared(k, buf_view(&p), &s), OK);
		p.p[p.n - 1] = 0xff - 8;
		assert_true(bytes_eq(secret_view(&s), buf_view(&p)));
		/* RFC 6989 2.1: p - 1 and what is larger are refused */
		p.p[p.n - 1] = 0xff - 1;
		assert_int_equal(ke_shared(k, buf_view(&p), &s), ERR_CRYPTO);
		memset(p.p, 0xff, p.n);
		assert_int_equal(ke_shared(k, buf_view(&p), &s), ERR_CRYPTO);
		secret_done(&s);
		ke_free(k);
		buf_done(&p);
		buf_done(&gx);
	}
}

/* RFC 7296 2.14: g^ir is as long as the modulus. 4^3 = 64 is one octet behind 255 zeroes. */
TEST(modp_results_keep_their_leading_zeroes)
{
	uint8_t gx[256] = { 0 }, theirs[256] = { 0 }, expected[256] = { 0 };
	const uint8_t x = 3;
	struct secret s = { 0 };
	struct ke *k;

	gx[255] = 8;
	theirs[255] = 4;
	expected[255] = 64;
	k = fixed(KE_MODP2048, bytes_of(&x, 1), BYTES(gx));
	assert_int_equal(ke_shared(k, BYTES(theirs), &s), OK);
	assert_true(bytes_eq(secret_view(&s), BYTES(expected)));
	secret_done(&s);
	ke_free(k);
}

/* RFC 6989 2.3 for ECP; RFC 8031 3.2 for a result of all zeroes */
TEST(bad_public_values_are_refused)
{
	/* of small order: RFC 7748 6.1 */
	static const uint8_t zero[32], one[32] = { 1 };
	struct ke *e = ke_new(KE_ECP_256), *c = ke_new(KE_CURVE25519);
	struct buf point = buf_from(ke_public(e));
	struct secret s = { 0 };

	assert_int_equal(ke_shared(c, BYTES(zero), &s), ERR_CRYPTO);
	assert_int_equal(ke_shared(c, BYTES(one), &s), ERR_CRYPTO);
	assert_int_equal(ke_shared(e, buf_view(&point), &s), OK);
	secret_done(&s);
	point.p[63] ^= 1; /* off the curve */
	assert_int_equal(ke_shared(e, buf_view(&point), &s), ERR_CRYPTO);
	memset(point.p, 0xff, 32); /* x above the prime */
	assert_int_equal(ke_shared(e, buf_view(&point), &s), ERR_CRYPTO);
	assert_int_equal(ke_shared(e, bytes_of(point.p, 63), &s), ERR_CRYPTO);
	assert_null(s.p);
	buf_done(&point);
	ke_free(e);
	ke_free(c);
}

TEST(every_group_agrees_with_itself)
{
	for (size_t i = 0; i < COUNT(groups); i++) {
		struct ke *x = ke_new(groups[i].id), *y = ke_new(groups[i].id);
		struct secret s = { 0 }, t = { 0 };

		assert_non_null(x);
		assert_int_equal(ke_public(x).n, alg_find(TT_KE, groups[i].id)->out_n);
		assert_false(bytes_eq(ke_public(x), ke_public(y)));
		assert_int_equal(ke_shared(x, ke_public(y), &s), OK);
		assert_int_equal(ke_shared(y, ke_public(x), &t), OK);
		assert_true(bytes_eq(secret_view(&s), secret_view(&t)));
		secret_done(&s);
		secret_done(&t);
		ke_free(x);
		ke_free(y);
	}
	assert_null(ke_new(KE_NONE));
	assert_null(ke_new(9999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecp_256_is_what_rfc_5903_publishes),
		cmocka_unit_test(ecp_384_is_what_rfc_5903_publishes),
		cmocka_unit_test(ecp_521_is_what_rfc_5903_publishes),
		cmocka_unit_test(brainpool_is_what_rfc_7027_publishes),
		cmocka_unit_test(curves_25519_and_448_are_what_rfc_7748_publishes),
		cmocka_unit_test(modp_groups_have_the_primes_of_rfc_2409_and_3526),
		cmocka_unit_test(modp_results_keep_their_leading_zeroes),
		cmocka_unit_test(bad_public_values_are_refused),
		cmocka_unit_test(every_group_agrees_with_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
