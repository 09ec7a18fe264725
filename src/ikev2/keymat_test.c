/* Key derivation against NIST's CAVP vectors for the IKEv2 KDF (SP 800-135, HMAC-SHA1, 8-octet
 * nonces, 256 bits of g^ir, 1056 bits of DKM): 132 octets are exactly the keys of AES-CBC-128 with
 * HMAC-SHA1-96. */
#include "base/test.h"
#include "base/wr.h"
#include "ikev2/keymat.h"

#include <stdlib.h>

static const char *const ni_hex = "32b50d5f4a3763f3", *const nr_hex = "9206a04b26564cb1";
static const char *const spi_i_hex = "34c9e7c188868785", *const spi_r_hex = "3ff77d760d2b2199";
static const char *const g_ir_hex =
	"4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52";
static const char *const g_ir_new_hex =
	"863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330";
static const char *const dkm_hex = "a14293677cc80ff8f9cc0eee30d895da9d8f4056"  /* SK_d */
				   "66e30ef0dfcb63c634a46002a2a63080e514a062"  /* SK_ai */
				   "768b76606f9fa5e992204fc5a670bde3f10d6b02"  /* SK_ar */
				   "7113936a5c55b648a194ae587b0088d5"	       /* SK_ei */
				   "2204b702c979fa280870d2ed41efa9c5"	       /* SK_er */
				   "49fd11198af1670b143d384bd275c5f594cf266b"  /* SK_pi */
				   "05ebadca855e4249520a441a81157435a7a56cc4"; /* SK_pr */
static const char *const dkm_child_hex =
	"8059e3ee8810e6c3a91bc8bcd2a7a411" /* AES-CBC-128, initiator */
	"51b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d"
	"1cdabd9560b2d5e092d1f24e2d4b85ec" /* responder */
	"cdf0ad0dc9abd94b51ee71814ca6dbc8bb51b630";
static const char *const dkm_child_dh_hex = "bb43244c1860ad65ee1e211ffe8bb366"
					    "1750c8f89cb9f547df7f4fa61d37301628190e38"
					    "c66232eab4b3ab14c400a5197dd3730e"
					    "d4820a8a10394d51e1c0400052f63ebd36b0e7ef";
static const char *const skeyseed_rekey_hex = "63e81194946ebd05df7df5ebf5d8750056bf1f1d";

static const struct suite cbc_sha1 = { .encr = ENCR_AES_CBC,
	.key_bits = 128,
	.integ = INTEG_HMAC_SHA1_96,
	.prf = PRF_HMAC_SHA1,
	.ke = KE_CURVE25519 };

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Into one of the static rooms, which go round. */
static struct bytes hex(const char *s)
{
	static uint8_t rooms[12][160];
	static unsigned at;
	uint8_t *p = rooms[at++ % COUNT(rooms)];
	size_t n = strlen(s) / 2;

	assert_true(n <= sizeof(rooms[0]));
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(digit(s[2 * i]) << 4 | digit(s[2 * i + 1]));
	return bytes_of(p, n);
}

static void assert_next(struct rd *r, const struct secret *key)
{
	struct bytes expected = rd_bytes(r, key->n);

	assert_true(key->n != 0 && bytes_eq(expected, secret_view(key)));
}

/* All seven, in the order of 2.14, and nothing besides. */
static void assert_keys(const struct v2_keys *k, struct bytes dkm)
{
	struct rd r = rd_from(dkm);

	assert_next(&r, &k->sk_d);
	assert_next(&r, &k->sk_ai);
	assert_next(&r, &k->sk_ar);
	assert_next(&r, &k->sk_ei);
	assert_next(&r, &k->sk_er);
	assert_next(&r, &k->sk_pi);
	assert_next(&r, &k->sk_pr);
	assert_true(rd_end(&r));
}

TEST(the_first_keys_are_those_of_the_vector)
{
	struct v2_keys k = { 0 };

	assert_int_equal(v2_keys_init(&cbc_sha1, hex(ni_hex), hex(nr_hex), hex(g_ir_hex),
				 hex(spi_i_hex), hex(spi_r_hex), &k),
		OK);
	assert_keys(&k, hex(dkm_hex));
	v2_keys_done(&k);
	assert_null(k.sk_d.p);
}

/* The vector ends with the new SKEYSEED; what prf+ makes of it is tested above. */
TEST(rekeyed_keys_grow_from_the_skeyseed_of_the_vector)
{
	const struct bytes seed[] = { hex(ni_hex), hex(nr_hex), hex(spi_i_hex), hex(spi_r_hex) };
	struct secret expected = { 0 };
	struct v2_keys k = { 0 };

	assert_int_equal(
		prf_plus(PRF_HMAC_SHA1, hex(skeyseed_rekey_hex), seed, 4, 132, &expected), OK);
	assert_int_equal(
		v2_keys_rekey((struct v2_rekeyed){ PRF_HMAC_SHA1, bytes_of(hex(dkm_hex).p, 20) },
			&cbc_sha1, seed[0], seed[1], hex(g_ir_new_hex), seed[2], seed[3], &k),
		OK);
	assert_keys(&k, secret_view(&expected));
	v2_keys_done(&k);
	secret_done(&expected);
}

static void assert_child(struct bytes g_ir, const char *expected)
{
	struct v2_child_keys k = { 0 };
	struct bytes dkm = hex(expected);
	struct rd r = rd_from(dkm);

	assert_int_equal(v2_child_keymat(PRF_HMAC_SHA1, bytes_of(hex(dkm_hex).p, 20), g_ir,
				 hex(ni_hex), hex(nr_hex), &cbc_sha1, &k),
		OK);
	assert_next(&r, &k.encr_i);
	assert_next(&r, &k.integ_i);
	assert_next(&r, &k.encr_r);
	assert_next(&r, &k.integ_r);
	assert_true(rd_end(&r));
	v2_child_keys_done(&k);
	assert_null(k.encr_i.p);
}

TEST(child_keys_are_those_of_the_vector)
{
	assert_child(BYTES_NONE, dkm_child_hex);
}

TEST(child_keys_with_a_new_key_exchange_are_those_of_the_vector)
{
	assert_child(hex(g_ir_new_hex), dkm_child_dh_hex);
}

/* RFC 5282 7, RFC 4106 8.1: 32 octets of key and 4 of salt, and no key for integrity. */
TEST(an_aead_has_a_salt_and_no_integrity_key)
{
	const struct suite gcm = {
		.encr = ENCR_AES_GCM_16, .key_bits = 256, .prf = PRF_HMAC_SHA2_384
	};
	struct v2_keys k = { 0 };
	struct v2_child_keys c = { 0 };

	assert_int_equal(v2_keys_init(&gcm, hex(ni_hex), hex(nr_hex), hex(g_ir_hex), hex(spi_i_hex),
				 hex(spi_r_hex), &k),
		OK);
	assert_int_equal(k.sk_d.n, 48);
	assert_int_equal(k.sk_ei.n, 36);
	assert_int_equal(k.sk_er.n, 36);
	assert_int_equal(k.sk_pi.n, 48);
	assert_null(k.sk_ai.p);
	assert_null(k.sk_ar.p);
	assert_int_equal(v2_child_keymat(PRF_HMAC_SHA2_384, secret_view(&k.sk_d), BYTES_NONE,
				 hex(ni_hex), hex(nr_hex), &gcm, &c),
		OK);
	assert_int_equal(c.encr_i.n, 36);
	assert_null(c.integ_i.p);
	v2_keys_done(&k);
	v2_child_keys_done(&c);
}

/* 2.14: AES-XCBC and AES-CMAC take 64 bits of each nonce for SKEYSEED, and all of them for prf+. */
TEST(prfs_with_a_fixed_key_take_the_first_64_bits_of_each_nonce)
{
	static const uint16_t prfs[] = { PRF_AES128_XCBC, PRF_AES128_CMAC };

	for (size_t i = 0; i < COUNT(prfs); i++) {
		const struct suite s = { .encr = ENCR_AES_GCM_16, .key_bits = 128, .prf = prfs[i] };
		uint8_t ni[20], nr[24], key[16];
		const struct bytes seed[] = { BYTES(ni), BYTES(nr), hex(spi_i_hex),
			hex(spi_r_hex) };
		struct bytes g_ir = hex(g_ir_hex);
		struct secret skeyseed = { 0 }, expected = { 0 };
		struct v2_keys k = { 0 };

		memset(ni, 0x11, sizeof(ni));
		memset(nr, 0x22, sizeof(nr));
		memset(key, 0x11, 8);
		memset(key + 8, 0x22, 8);
		assert_int_equal(prf(prfs[i], BYTES(key), &g_ir, 1, &skeyseed), OK);
		assert_int_equal(
			prf_plus(prfs[i], secret_view(&skeyseed), seed, 4, 16, &expected), OK);
		assert_int_equal(
			v2_keys_init(&s, seed[0], seed[1], g_ir, seed[2], seed[3], &k), OK);
		assert_true(bytes_eq(secret_view(&k.sk_d), secret_view(&expected)));
		v2_keys_done(&k);
		secret_done(&skeyseed);
		secret_done(&expected);
	}
}

TEST(an_unknown_prf_is_refused)
{
	struct suite s = cbc_sha1;
	struct v2_keys k = { 0 };

	s.prf = 9999;
	assert_int_equal(v2_keys_init(&s, hex(ni_hex), hex(nr_hex), hex(g_ir_hex), hex(spi_i_hex),
				 hex(spi_r_hex), &k),
		ERR_UNSUPPORTED);
	assert_null(k.sk_d.p);
}

TEST(auth_covers_message_nonce_and_identity)
{
	const uint8_t id[] = { 2, 0, 0, 0, 'x' };
	struct bytes message = bytes_str("message"), nonce = hex(nr_hex), sk_p = hex(ni_hex);
	struct bytes id_body = BYTES(id);
	struct secret mac = { 0 };
	struct buf octets = { 0 };

	assert_int_equal(prf(PRF_HMAC_SHA2_256, sk_p, &id_body, 1, &mac), OK);
	assert_int_equal(
		v2_auth_octets(PRF_HMAC_SHA2_256, message, nonce, sk_p, id_body, &octets), OK);
	assert_int_equal(octets.n, 7 + 8 + 32);
	assert_memory_equal(octets.p, "message", 7);
	assert_memory_equal(octets.p + 7, nonce.p, 8);
	assert_memory_equal(octets.p + 15, mac.p, 32);
	buf_done(&octets);
	secret_done(&mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_keys_are_those_of_the_vector),
		cmocka_unit_test(rekeyed_keys_grow_from_the_skeyseed_of_the_vector),
		cmocka_unit_test(child_keys_are_those_of_the_vector),
		cmocka_unit_test(child_keys_with_a_new_key_exchange_are_those_of_the_vector),
		cmocka_unit_test(an_aead_has_a_salt_and_no_integrity_key),
		cmocka_unit_test(prfs_with_a_fixed_key_take_the_first_64_bits_of_each_nonce),
		cmocka_unit_test(an_unknown_prf_is_refused),
		cmocka_unit_test(auth_covers_message_nonce_and_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
