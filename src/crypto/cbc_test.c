/* CBC against NIST SP 800-38A F.2 (AES), RFC 3713 (Camellia, one block with IV 0), and for 3DES
 *   printf ... | openssl enc -des-ede3-cbc -nopad -K ... -iv ... (OpenSSL 3.0) */
#include "crypto/cbc.h"

#include "crypto/test_hex.h"

struct vector {
	uint16_t encr;
	const char *key, *iv, *clear, *sealed;
};

#define NIST_CLEAR                                                                                 \
	"6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 "                       \
	"30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710"
#define NIST_IV "000102030405060708090a0b0c0d0e0f"

static const struct vector vectors[] = {
	{ ENCR_AES_CBC, "2b7e151628aed2a6abf7158809cf4f3c", NIST_IV, NIST_CLEAR,
		"7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 "
		"73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7" },
	{ ENCR_AES_CBC, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", NIST_IV, NIST_CLEAR,
		"4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a "
		"571b242012fb7ae07fa9baac3df102e0 08b0e27988598881d920a9e64f5615cd" },
	{ ENCR_AES_CBC, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", NIST_IV,
		NIST_CLEAR,
		"f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d "
		"39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b" },
	{ ENCR_CAMELLIA_CBC, "0123456789abcdeffedcba9876543210", "00000000000000000000000000000000",
		"0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43" },
	{ ENCR_3DES, "0123456789abcdef23456789abcdef01456789abcdef0123", "f69f2445df4f9b17",
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c",
		"2079c3d53aa763e193b79e2569ab5262516570481f25b50f" },
};

TEST(a_text_becomes_what_the_vectors_say_and_back)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct buf key = hex(v->key), iv = hex(v->iv), text = hex(v->clear);
		struct cbc *c = NULL;

		assert_int_equal(cbc_new(v->encr, buf_view(&key), &c), OK);
		assert_non_null(c);
		assert_int_equal(cbc_block_n(c), iv.n);
		assert_int_equal(cbc_encrypt(c, iv.p, text.p, text.n), OK);
		assert_hex(buf_view(&text), v->sealed);
		assert_int_equal(cbc_decrypt(c, iv.p, text.p, text.n), OK);
		assert_hex(buf_view(&text), v->clear);
		cbc_free(c);
		buf_done(&key);
		buf_done(&iv);
		buf_done(&text);
	}
}

TEST(the_last_block_of_one_text_is_the_iv_of_the_next)
{
	const struct vector *v = &vectors[0];
	struct buf key = hex(v->key), iv = hex(v->iv), text = hex(v->clear);
	struct cbc *c = NULL;

	assert_int_equal(cbc_new(v->encr, buf_view(&key), &c), OK);
	assert_int_equal(cbc_encrypt(c, iv.p, text.p, 32), OK);
	assert_int_equal(cbc_encrypt(c, text.p + 16, text.p + 32, 32), OK);
	assert_hex(buf_view(&text), v->sealed);
	cbc_free(c);
	buf_done(&key);
	buf_done(&iv);
	buf_done(&text);
}

TEST(keys_of_another_length_other_ciphers_and_broken_blocks_are_refused)
{
	uint8_t octets[33] = { 0 };
	struct cbc *c = NULL;

	assert_int_equal(cbc_new(ENCR_AES_CBC, bytes_of(octets, 33), &c), ERR_LENGTH);
	assert_int_equal(cbc_new(ENCR_3DES, bytes_of(octets, 16), &c), ERR_LENGTH);
	assert_int_equal(cbc_new(ENCR_CAMELLIA_CBC, bytes_of(octets, 0), &c), ERR_LENGTH);
	assert_int_equal(cbc_new(ENCR_AES_GCM_16, bytes_of(octets, 16), &c), ERR_UNSUPPORTED);
	assert_int_equal(cbc_new(99, bytes_of(octets, 16), &c), ERR_UNSUPPORTED);
	assert_null(c);
	assert_int_equal(cbc_new(ENCR_AES_CBC, bytes_of(octets, 16), &c), OK);
	assert_int_equal(cbc_encrypt(c, octets, octets, 31), ERR_LENGTH);
	assert_int_equal(cbc_decrypt(c, octets, octets, 15), ERR_LENGTH);
	assert_int_equal(cbc_decrypt(c, octets, octets, 0), OK);
	cbc_free(c);
	cbc_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_becomes_what_the_vectors_say_and_back),
		cmocka_unit_test(the_last_block_of_one_text_is_the_iv_of_the_next),
		cmocka_unit_test(
			keys_of_another_length_other_ciphers_and_broken_blocks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
