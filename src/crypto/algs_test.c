/* The table of algorithms, and every suite that can be made of it. */
#include "base/test.h"
#include "crypto/prf.h"
#include "crypto/protect.h"

static void round_trip(const struct suite *s)
{
	struct secret ek = secret_new(suite_encr_key_n(s)), ik = secret_new(suite_integ_key_n(s));
	uint8_t text[64] = "attack at dawn", iv[16], icv[64], head[8] = "head", tail[4] = "esn";
	struct protect_aad aad = { BYTES(head), BYTES(tail) };
	struct rng rng = rng_system();
	struct protect *p;

	rng_fill(&rng, ek.p, ek.n);
	rng_fill(&rng, ik.p, ik.n);
	assert_int_equal(protect_new(s, PROTECT_BOTH, secret_view(&ek), secret_view(&ik), &p), OK);
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

/* What a Libreswan configuration may say. */
static const struct {
	enum transform_type type;
	const char *name;
	uint16_t id;
} of_libreswan[] = {
	{ TT_ENCR, "aes_cbc", ENCR_AES_CBC },
	{ TT_ENCR, "aes_gcm_16", ENCR_AES_GCM_16 },
	{ TT_ENCR, "aes_gcm_c", ENCR_AES_GCM_16 },
	{ TT_ENCR, "aes_gcm_b", ENCR_AES_GCM_12 },
	{ TT_ENCR, "aes_gcm_12", ENCR_AES_GCM_12 },
	{ TT_ENCR, "aes_gcm_a", ENCR_AES_GCM_8 },
	{ TT_ENCR, "aes_gcm_8", ENCR_AES_GCM_8 },
	{ TT_ENCR, "aes_ccm", ENCR_AES_CCM_16 },
	{ TT_ENCR, "aes_ccm_a", ENCR_AES_CCM_8 },
	{ TT_ENCR, "aes_ccm_b", ENCR_AES_CCM_12 },
	{ TT_ENCR, "aes_ccm_c", ENCR_AES_CCM_16 },
	{ TT_ENCR, "aes_ctr", ENCR_AES_CTR },
	{ TT_ENCR, "camellia", ENCR_CAMELLIA_CBC },
	{ TT_ENCR, "camellia_cbc", ENCR_CAMELLIA_CBC },
	{ TT_ENCR, "3des", ENCR_3DES },
	{ TT_ENCR, "chacha20_poly1305", ENCR_CHACHA20_POLY1305 },
	{ TT_ENCR, "null", ENCR_NULL },
	{ TT_PRF, "sha256", PRF_HMAC_SHA2_256 },
	{ TT_PRF, "sha2_256", PRF_HMAC_SHA2_256 },
	{ TT_PRF, "sha384", PRF_HMAC_SHA2_384 },
	{ TT_PRF, "sha512", PRF_HMAC_SHA2_512 },
	{ TT_PRF, "sha1", PRF_HMAC_SHA1 },
	{ TT_PRF, "sha", PRF_HMAC_SHA1 },
	{ TT_PRF, "md5", PRF_HMAC_MD5 },
	{ TT_PRF, "aes_xcbc", PRF_AES128_XCBC },
	{ TT_PRF, "aes128_xcbc", PRF_AES128_XCBC },
	{ TT_INTEG, "sha1", INTEG_HMAC_SHA1_96 },
	{ TT_INTEG, "hmac_sha1_96", INTEG_HMAC_SHA1_96 },
	{ TT_INTEG, "hmac_sha2_256_128", INTEG_HMAC_SHA2_256_128 },
	{ TT_INTEG, "sha2_384", INTEG_HMAC_SHA2_384_192 },
	{ TT_INTEG, "md5", INTEG_HMAC_MD5_96 },
	{ TT_INTEG, "aes_xcbc", INTEG_AES_XCBC_96 },
	{ TT_INTEG, "aes_cmac", INTEG_AES_CMAC_96 },
	{ TT_INTEG, "none", INTEG_NONE },
	{ TT_INTEG, "null", INTEG_NONE },
	{ TT_KE, "modp1536", KE_MODP1536 },
	{ TT_KE, "dh5", KE_MODP1536 },
	{ TT_KE, "modp8192", KE_MODP8192 },
	{ TT_KE, "dh18", KE_MODP8192 },
	{ TT_KE, "dh19", KE_ECP_256 },
	{ TT_KE, "dh20", KE_ECP_384 },
	{ TT_KE, "dh21", KE_ECP_521 },
	{ TT_KE, "dh31", KE_CURVE25519 },
	{ TT_KE, "curve25519", KE_CURVE25519 },
	{ TT_KE, "dh2", KE_MODP1024 },
};

/* Each name and alias of the table finds its own line, hence no other line has it. */
TEST(no_two_algorithms_have_the_same_name)
{
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);

		assert_ptr_equal(alg_by_name(a->type, a->name, strlen(a->name)), a);
		assert_ptr_equal(alg_find(a->type, a->id), a);
		for (const char *s = a->aliases; *s; s += strspn(s, " ")) {
			size_t n = strcspn(s, " ");

			assert_ptr_equal(alg_by_name(a->type, s, n), a);
			s += n;
		}
	}
}

/* RFC 8221, RFC 8247: what is there only to be named. */
TEST(only_these_are_weak)
{
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		bool is_weak = strstr(a->name, "MD5") || strcmp(a->name, "3DES_CBC") == 0 ||
			       strcmp(a->name, "NULL") == 0 || strcmp(a->name, "MODP1024") == 0 ||
			       strcmp(a->name, "MODP1536") == 0;

		assert_int_equal(a->is_weak, is_weak);
	}
}

/* RFC 4106 8.1, 5282 7.1, 7634 2, 3686 5.1: the salt behind the key; 4868, 2404, 4494: the whole
 * key */
TEST(keymat_is_taken_in_the_sizes_of_the_rfcs)
{
	static const struct {
		struct suite suite;
		size_t encr_n, integ_n;
		const char *name;
	} t[] = {
		{ { .encr = ENCR_AES_GCM_16, .key_bits = 256 }, 36, 0, "AES_GCM_16_256" },
		{ { .encr = ENCR_AES_CCM_8, .key_bits = 192 }, 27, 0, "AES_CCM_8_192" },
		{ { .encr = ENCR_CHACHA20_POLY1305 }, 36, 0, "CHACHA20_POLY1305" },
		{ { .encr = ENCR_AES_CTR, .key_bits = 128, .integ = INTEG_HMAC_SHA1_96 }, 20, 20,
			"AES_CTR_128" },
		{ { .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256 }, 32,
			64, "AES_CBC_256" },
		{ { .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_AES_CMAC_96 }, 16, 16,
			"AES_CBC_128" },
		{ { .encr = ENCR_3DES, .integ = INTEG_HMAC_MD5_96 }, 24, 16, "3DES_CBC" },
		{ { .encr = ENCR_NULL, .integ = INTEG_HMAC_SHA2_384_192 }, 0, 48, "NULL" },
		{ { .encr = 9999 }, 0, 0, "ENCR_9999" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		char s[ALG_STR];

		assert_int_equal(suite_encr_key_n(&t[i].suite), t[i].encr_n);
		assert_int_equal(suite_integ_key_n(&t[i].suite), t[i].integ_n);
		assert_string_equal(suite_encr_name(&t[i].suite, s), t[i].name);
	}
}

TEST(names_are_found_in_every_spelling)
{
	char s[48];

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
	for (size_t i = 0; i < COUNT(of_libreswan); i++) {
		const struct alg *a = alg_by_name(
			of_libreswan[i].type, of_libreswan[i].name, strlen(of_libreswan[i].name));

		assert_non_null(a);
		assert_int_equal(a->id, of_libreswan[i].id);
	}
	assert_null(alg_by_name(TT_KE, "dh99", 4));
	assert_null(alg_by_name(TT_KE, "", 0));
	assert_null(alg_by_name(TT_ENCR, "sha2", 4));
	assert_string_equal(alg_nearest(1 << TT_KE, "modp2049", s, sizeof(s)), "MODP2048");
	assert_string_equal(
		alg_nearest(1 << TT_KE | 1 << TT_PRF, "sha2_265", s, sizeof(s)), "sha2_256");
	assert_string_equal(alg_nearest(1 << TT_ENCR, "aes-gxm", s, sizeof(s)), "aes_gcm");
	assert_null(alg_nearest(1 << TT_ENCR, "completely", s, sizeof(s)));
	assert_null(alg_nearest(1 << TT_ENCR, "3dess", s, sizeof(s)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cipher_opens_what_it_sealed_and_refuses_a_changed_bit),
		cmocka_unit_test(no_two_algorithms_have_the_same_name),
		cmocka_unit_test(only_these_are_weak),
		cmocka_unit_test(keymat_is_taken_in_the_sizes_of_the_rfcs),
		cmocka_unit_test(names_are_found_in_every_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
