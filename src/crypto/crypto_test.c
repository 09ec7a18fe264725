#include "base/test.h"
#include "crypto/prf.h"
#include "crypto/protect.h"

#include <stdlib.h>

/* Hexadecimal text as bytes; freed by the test's end (leaks would be seen). */
static struct buf hex(const char *s)
{
	struct buf b = { xalloc(strlen(s) / 2), strlen(s) / 2 };

	for (size_t i = 0; i < b.n; i++) {
		char two[3] = { s[2 * i], s[2 * i + 1], '\0' };

		b.p[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return b;
}

static void assert_hex(struct bytes got, const char *expected)
{
	struct buf e = hex(expected);

	assert_int_equal(got.n, e.n);
	assert_memory_equal(got.p, e.p, e.n);
	buf_done(&e);
}

static void check_prf(uint16_t id, const char *key, const char *data, const char *expected)
{
	struct buf k = hex(key), d = hex(data);
	struct bytes halves[] = { bytes_of(d.p, d.n / 2), bytes_of(d.p + d.n / 2, d.n - d.n / 2) };
	struct secret out = { 0 };

	assert_int_equal(prf(id, buf_view(&k), halves, 2, &out), OK);
	assert_hex(secret_view(&out), expected);
	secret_done(&out);
	buf_done(&k);
	buf_done(&d);
}

/* RFC 4231 4.3 ("Jefe"), RFC 2202 3 case 2 */
TEST(hmac_is_what_rfc_4231_and_2202_publish)
{
	const char *key = "4a656665",
		   *data = "7768617420646f2079612077616e7420666f72206e6f7468696e673f";

	check_prf(PRF_HMAC_SHA1, key, data, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	check_prf(PRF_HMAC_SHA2_256, key, data,
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check_prf(PRF_HMAC_SHA2_384, key, data,
		"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		"8e2240ca5e69e2c78b3239ecfab21649");
	check_prf(PRF_HMAC_SHA2_512, key, data,
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

/* RFC 4434 2: keys of 16, 10 and 18 octets */
TEST(xcbc_prf_is_what_rfc_4434_publishes)
{
	const char *msg = "000102030405060708090a0b0c0d0e0f10111213";

	check_prf(PRF_AES128_XCBC, "000102030405060708090a0b0c0d0e0f", msg,
		"47f51b4564966215b8985c63055ed308");
	check_prf(PRF_AES128_XCBC, "00010203040506070809", msg, "0fa087af7d866e7653434e602fdde835");
	check_prf(PRF_AES128_XCBC, "000102030405060708090a0b0c0d0e0fedcb", msg,
		"8cd3c93ae598a9803006ffb67c40e9e4");
}

/* RFC 4615 4 */
TEST(cmac_prf_is_what_rfc_4615_publishes)
{
	const char *msg = "000102030405060708090a0b0c0d0e0f10111213";

	check_prf(PRF_AES128_CMAC, "000102030405060708090a0b0c0d0e0fedcb", msg,
		"84a348a4a45d235babfffc0d2b4da09a");
	check_prf(PRF_AES128_CMAC, "000102030405060708090a0b0c0d0e0f", msg,
		"980ae87b5f4c9c5214f5b6a8455e4c2d");
	check_prf(PRF_AES128_CMAC, "00010203040506070809", msg, "290d9e112edb09ee141fcf64c0b72f3d");
}

TEST(prf_plus_chains_and_has_a_limit)
{
	const struct bytes seed = bytes_str("seed");
	struct secret a = { 0 }, b = { 0 }, t1 = { 0 };
	const uint8_t one = 1;
	const struct bytes first[] = { seed, bytes_of(&one, 1) };

	assert_int_equal(prf_plus(PRF_HMAC_SHA2_256, bytes_str("key"), &seed, 1, 100, &a), OK);
	assert_int_equal(prf_plus(PRF_HMAC_SHA2_256, bytes_str("key"), &seed, 1, 40, &b), OK);
	assert_memory_equal(a.p, b.p, 40);
	assert_int_equal(prf(PRF_HMAC_SHA2_256, bytes_str("key"), first, 2, &t1), OK);
	assert_memory_equal(a.p, t1.p, 32);
	secret_done(&a);
	assert_int_equal(prf_plus(PRF_HMAC_SHA2_256, bytes_str("key"), &seed, 1, 255 * 32 + 1, &a),
		ERR_LIMIT);
	secret_done(&b);
	secret_done(&t1);
}

TEST(every_group_agrees_with_itself_and_refuses_bad_values)
{
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		struct ke *x, *y;
		struct secret s = { 0 }, t = { 0 };
		struct buf bad;

		if (a->type != TT_KE || a->id == KE_NONE || a->id == KE_MODP8192 ||
			a->id == KE_MODP6144)
			continue;
		x = ke_new(a->id);
		y = ke_new(a->id);
		assert_non_null(x);
		assert_int_equal(ke_public(x).n, a->out_n);
		assert_int_equal(ke_shared(x, ke_public(y), &s), OK);
		assert_int_equal(ke_shared(y, ke_public(x), &t), OK);
		assert_true(bytes_eq(secret_view(&s), secret_view(&t)));
		bad = (struct buf){ xalloc(a->out_n), a->out_n };
		assert_int_equal(ke_shared(x, buf_view(&bad), &s), ERR_CRYPTO); /* 0 */
		bad.n--;
		assert_int_equal(ke_shared(x, buf_view(&bad), &s), ERR_CRYPTO);
		bad.n++;
		if (a->out_n > 64) {
			bad.p[bad.n - 1] = 1; /* MODP: 1; ECP: off the curve */
			assert_int_equal(ke_shared(x, buf_view(&bad), &s), ERR_CRYPTO);
		}
		buf_done(&bad);
		secret_done(&s);
		secret_done(&t);
		ke_free(x);
		ke_free(y);
	}
	assert_null(ke_new(9999));
}

/* RFC 8439 2.8.2's text under RFC 7634's nonce; McGrew and Viega's GCM test case 4 */
TEST(aeads_are_what_is_published)
{
	struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 128 };
	struct buf key = hex("feffe9928665731c6d6a8f9467308308cafebabe");
	struct buf iv = hex("facedbaddecaf888");
	struct buf aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
	struct buf text = hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
			      "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
	struct buf icv = hex("5bc94fbc3221a5db94fae95ae7121a47");
	struct protect_aad with = { buf_view(&aad), BYTES_NONE };
	struct protect *p;

	assert_int_equal(protect_new(&gcm, buf_view(&key), BYTES_NONE, &p), OK);
	assert_int_equal(protect_open(p, with, iv.p, text.p, text.n, icv.p), OK);
	assert_hex(buf_view(&text),
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	protect_free(p);
	buf_done(&key);
	buf_done(&iv);
	buf_done(&aad);
	buf_done(&text);
	buf_done(&icv);
}

static void round_trip(const struct suite *s)
{
	struct secret ek = secret_new(suite_encr_key_n(s)), ik = secret_new(suite_integ_key_n(s));
	uint8_t text[64] = "attack at dawn", iv[16], icv[64], head[8] = "head", tail[4] = "esn";
	struct protect_aad aad = { BYTES(head), BYTES(tail) };
	struct rng rng = rng_system();
	struct protect *p;

	rng_fill(&rng, ek.p, ek.n);
	rng_fill(&rng, ik.p, ik.n);
	assert_int_equal(protect_new(s, secret_view(&ek), secret_view(&ik), &p), OK);
	for (uint64_t i = 1; i < 4; i++) {
		assert_int_equal(protect_seal(p, i, aad, iv, text, sizeof(text), icv), OK);
		if (s->encr != ENCR_NULL)
			assert_memory_not_equal(text, "attack", 6);
		assert_int_equal(protect_open(p, aad, iv, text, sizeof(text), icv), OK);
		assert_string_equal((char *)text, "attack at dawn");
	}
	assert_int_equal(protect_seal(p, 4, aad, iv, text, sizeof(text), icv), OK);
	text[5] ^= 1;
	assert_int_equal(protect_open(p, aad, iv, text, sizeof(text), icv), ERR_INTEGRITY);
	assert_int_equal(protect_seal(p, 5, aad, iv, text, sizeof(text), icv), OK);
	head[0] ^= 1;
	assert_int_equal(protect_open(p, aad, iv, text, sizeof(text), icv), ERR_INTEGRITY);
	protect_free(p);
	secret_done(&ek);
	secret_done(&ik);
}

TEST(every_cipher_opens_what_it_sealed_and_refuses_a_changed_bit)
{
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *e = alg_at(i);

		if (e->type != TT_ENCR)
			continue;
		for (size_t k = 0; k < 3; k++)
			for (size_t j = 0; alg_at(j); j++) {
				const struct alg *a = alg_at(j);
				struct suite s = { e->id, e->key_bits[k], a->id, 0, 0, 0 };

				if (a->type != TT_INTEG || e->is_aead != (a->id == INTEG_NONE))
					continue;
				if (e->key_bits[k] == 0 && k > 0)
					continue;
				round_trip(&s);
			}
	}
}

TEST(names_are_found_in_every_spelling)
{
	const struct {
		enum transform_type type;
		const char *name;
		uint16_t id;
	} n[] = {
		{ TT_ENCR, "aes_gcm", ENCR_AES_GCM_16 },
		{ TT_ENCR, "AES-GCM-16", ENCR_AES_GCM_16 },
		{ TT_ENCR, "aes", ENCR_AES_CBC },
		{ TT_PRF, "sha2", PRF_HMAC_SHA2_256 },
		{ TT_INTEG, "sha2_512", INTEG_HMAC_SHA2_512_256 },
		{ TT_KE, "dh14", KE_MODP2048 },
		{ TT_KE, "x25519", KE_CURVE25519 },
		{ TT_KE, "ecp_256", KE_ECP_256 },
	};

	for (size_t i = 0; i < COUNT(n); i++) {
		const struct alg *a = alg_by_name(n[i].type, n[i].name, strlen(n[i].name));

		assert_non_null(a);
		assert_int_equal(a->id, n[i].id);
	}
	assert_null(alg_by_name(TT_KE, "dh99", 4));
	assert_string_equal(alg_nearest(TT_KE, "modp2049", 8), "MODP2048");
	assert_null(alg_nearest(TT_ENCR, "completely", 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_is_what_rfc_4231_and_2202_publish),
		cmocka_unit_test(xcbc_prf_is_what_rfc_4434_publishes),
		cmocka_unit_test(cmac_prf_is_what_rfc_4615_publishes),
		cmocka_unit_test(prf_plus_chains_and_has_a_limit),
		cmocka_unit_test(every_group_agrees_with_itself_and_refuses_bad_values),
		cmocka_unit_test(aeads_are_what_is_published),
		cmocka_unit_test(every_cipher_opens_what_it_sealed_and_refuses_a_changed_bit),
		cmocka_unit_test(names_are_found_in_every_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
