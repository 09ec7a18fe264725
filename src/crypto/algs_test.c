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
		cmocka_unit_test(every_cipher_opens_what_it_sealed_and_refuses_a_changed_bit),
		cmocka_unit_test(names_are_found_in_every_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
