/* Protection against what others published; and that a packet costs neither memory nor a repeated
 * IV. */
#include "base/rd.h"
#include "crypto/prf.h"
#include "crypto/protect.h"
#include "crypto/test_hex.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static struct protect *keyed(const struct suite *s, struct bytes encr, struct bytes integ)
{
	struct protect *p = NULL;

	assert_int_equal(protect_new(s, PROTECT_BOTH, encr, integ, &p), OK);
	return p;
}

/* key: key and salt, as in KEYMAT. aad: as ESP or IKE puts it before the IV. */
struct vector {
	struct suite suite;
	const char *key, *aad, *iv, *plain, *sealed, *icv;
};

static uint64_t number(struct bytes b)
{
	struct rd r = rd_from(b);

	return rd_u64(&r);
}

/* Opens it, and where the IV is a counter seals it again. */
static void check(const struct vector *v)
{
	struct buf key = hex(v->key), head = hex(v->aad), iv = hex(v->iv), icv = hex(v->icv);
	struct buf text = hex(v->sealed);
	struct protect_aad aad = { buf_view(&head), BYTES_NONE };
	struct protect *p = keyed(&v->suite, buf_view(&key), BYTES_NONE);
	uint8_t iv_made[16], icv_made[64];

	assert_true(protect_is_aead(p));
	assert_int_equal(protect_iv_n(p), iv.n);
	assert_int_equal(protect_icv_n(p), icv.n);
	assert_int_equal(protect_open(p, aad, iv.p, text.p, text.n, icv.p), OK);
	assert_hex(buf_view(&text), v->plain);

	assert_int_equal(
		protect_seal(p, number(buf_view(&iv)), aad, iv_made, text.p, text.n, icv_made), OK);
	assert_memory_equal(iv_made, iv.p, iv.n);
	assert_hex(buf_view(&text), v->sealed);
	assert_memory_equal(icv_made, icv.p, icv.n);

	icv.p[icv.n - 1] ^= 1;
	assert_int_equal(protect_open(p, aad, iv.p, text.p, text.n, icv.p), ERR_INTEGRITY);
	protect_free(p);
	buf_done(&key);
	buf_done(&head);
	buf_done(&iv);
	buf_done(&icv);
	buf_done(&text);
}

#define GCM(n)                                                                                     \
	{                                                                                          \
		.encr = ENCR_AES_GCM_16, .key_bits = n                                             \
	}

/* ESP packets of draft-mcgrew-gcm-test-01 4: padding and trailer are part of the text */
TEST(aes_gcm_esp_is_what_mcgrew_publishes)
{
	static const struct vector v[] = {
		{ GCM(128), "4c80cdefbb5d10da906ac73c3613a634 2e443b68", "000043218765432100000000",
			"4956ed7e3b244cfe",
			"45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
			"00000000045f736970045f756470037369700963796265726369747902646b00"
			"0021000101020201",
			"fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
			"cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
			"61bc17d768fd9732",
			"459018148f6cbe722fd04796562dfdb4" },
		{ GCM(192), "feffe9928665731c6d6a8f9467308308feffe9928665731c cafebabe",
			"0000a5f80000000a", "facedbaddecaf888",
			"45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e"
			"501016d075680001",
			"a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0"
			"315b27452144cc77",
			"95457b9652037f5318027b5b4cd7a636" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check(&v[i]);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 4, 10 and 16; a shorter ICV
 * is the first octets of the whole one (NIST SP 800-38D 7.1) */
TEST(aes_gcm_is_what_its_authors_publish)
{
#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_PLAIN                                                                                  \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                         \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_SEALED                                                                                 \
	"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"                         \
	"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	static const struct vector v[] = {
		{ GCM(128), GCM_KEY "cafebabe", GCM_AAD, "facedbaddecaf888", GCM_PLAIN, GCM_SEALED,
			"5bc94fbc3221a5db94fae95ae7121a47" },
		{ { .encr = ENCR_AES_GCM_12, .key_bits = 128 }, GCM_KEY "cafebabe", GCM_AAD,
			"facedbaddecaf888", GCM_PLAIN, GCM_SEALED, "5bc94fbc3221a5db94fae95a" },
		{ { .encr = ENCR_AES_GCM_8, .key_bits = 128 }, GCM_KEY "cafebabe", GCM_AAD,
			"facedbaddecaf888", GCM_PLAIN, GCM_SEALED, "5bc94fbc3221a5db" },
		{ GCM(192), GCM_KEY "feffe9928665731c cafebabe", GCM_AAD, "facedbaddecaf888",
			GCM_PLAIN,
			"3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
			"7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
			"2519498e80f1478f37ba55bd6d27618c" },
		{ GCM(256), GCM_KEY GCM_KEY "cafebabe", GCM_AAD, "facedbaddecaf888", GCM_PLAIN,
			"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
			"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
			"76fc6ece0f4e1768cddf8853bb2d551b" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check(&v[i]);
}

#define CHACHA_KEY "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3"

/* RFC 7634, appendices A (ESP) and B (IKE) */
TEST(chacha20_poly1305_is_what_rfc_7634_publishes)
{
	static const struct vector v[] = {
		{ { .encr = ENCR_CHACHA20_POLY1305 }, CHACHA_KEY, "0102030400000005",
			"1011121314151617",
			"45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
			"0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
			"2425262728292a2b2c2d2e2f303132333435363701020204",
			"24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
			"14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
			"cbec163fac469b502773f6fb94e664da9165b82829f641e0",
			"76aaa8266b7fb0f7b11b369907e1ad43" },
		{ { .encr = ENCR_CHACHA20_POLY1305 }, CHACHA_KEY,
			"c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e20250000000009000000452900 0029",
			"1011121314151617", "0000000c000040010000000a00",
			"610394701f8d017f7c12924889", "6b71bfe25236efd7cdc67066906315b2" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check(&v[i]);
}

/* NIST CAVS, VNT192.rsp, first case of Nlen = 11: the nonce of RFC 4309 is salt (3) | IV (8) */
TEST(aes_ccm_is_what_nist_publishes)
{
	static const struct vector v = { { .encr = ENCR_AES_CCM_16, .key_bits = 192 },
		"7a182e4e3367194662d614bb11da11e86596f724204f48ff d3284d",
		"21214ac2314fdfe07bc4d066245a97b1a10470df2a6d6b926cdcbff07f5b61ef",
		"1de51559c1ddbfe6",
		"88a5c1c2ae4eb463a3283dc5c81f665b0f6d54495f6cc9d43aa8ee179d3950f8",
		"65ed1e3919d208e9e5267370b9cf9b1431ef0c584dd2cf057d243a03523ca756",
		"2a18840cac2199030c008741d74fb220" };

	check(&v);
}

/* A cipher and a MAC, as RFC 4303 3.3.2.1 puts them together: head | IV | ciphertext | tail under
 * HMAC-SHA1 with a key of zeroes, computed here by prf(). */
static void check_cipher(const struct vector *v)
{
	static const uint8_t zero[20], head_octets[8] = "spi seq", tail_octets[4] = "esn";
	struct buf key = hex(v->key), iv = hex(v->iv), text = hex(v->sealed);
	struct protect_aad aad = { BYTES(head_octets), BYTES(tail_octets) };
	const struct bytes covered[] = { aad.head, buf_view(&iv), buf_view(&text), aad.tail };
	struct suite s = v->suite;
	struct secret icv = { 0 };
	struct protect *p;

	s.integ = INTEG_HMAC_SHA1_96;
	p = keyed(&s, buf_view(&key), BYTES(zero));
	assert_false(protect_is_aead(p));
	assert_int_equal(protect_iv_n(p), iv.n);
	assert_int_equal(protect_icv_n(p), 12);
	assert_int_equal(prf(PRF_HMAC_SHA1, BYTES(zero), covered, COUNT(covered), &icv), OK);
	assert_int_equal(protect_open(p, aad, iv.p, text.p, text.n, icv.p), OK);
	assert_hex(buf_view(&text), v->plain);
	if (protect_block_n(p) > 1)
		assert_int_equal(protect_open(p, aad, iv.p, text.p, text.n - 1, icv.p), ERR_LENGTH);
	protect_free(p);
	secret_done(&icv);
	buf_done(&key);
	buf_done(&iv);
	buf_done(&text);
}

#define SINGLE	 "53696e676c6520626c6f636b206d7367" /* "Single block msg" */
#define COUNTING "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define CIPHER(id, n)                                                                              \
	{                                                                                          \
		.encr = id, .key_bits = n                                                          \
	}

TEST(aes_cbc_is_what_rfc_3602_publishes)
{
	static const struct vector v[] = {
		{ CIPHER(ENCR_AES_CBC, 128), "06a9214036b8a15b512e03d534120006", NULL,
			"3dafba429d9eb430b422da802c9fac41", SINGLE,
			"e353779c1079aeb82708942dbe77181a", NULL },
		{ CIPHER(ENCR_AES_CBC, 128), "c286696d887c9aa0611bbb3e2025a45a", NULL,
			"562e17996d093d28ddb3ba695a2e6f58", COUNTING,
			"d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1", NULL },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check_cipher(&v[i]);
}

/* RFC 3686 6, vectors 1, 2 and 8 */
TEST(aes_ctr_is_what_rfc_3686_publishes)
{
	static const struct vector v[] = {
		{ CIPHER(ENCR_AES_CTR, 128), "ae6852f8121067cc4bf7a5765577f39e 00000030", NULL,
			"0000000000000000", SINGLE, "e4095d4fb7a7b3792d6175a3261311b8", NULL },
		{ CIPHER(ENCR_AES_CTR, 128), "7e24067817fae0d743d6ce1f32539163 006cb6db", NULL,
			"c0543b59da48d90b", COUNTING,
			"5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28", NULL },
		{ CIPHER(ENCR_AES_CTR, 256),
			"f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a23884 00faac24",
			NULL, "c1585ef15a43d875", COUNTING,
			"f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c", NULL },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check_cipher(&v[i]);
}

/* RFC 3713, appendix A, as the first block of CBC with an IV of zeroes */
TEST(camellia_is_what_rfc_3713_publishes)
{
#define CAMELLIA "0123456789abcdeffedcba9876543210"
#define ZERO16	 "00000000000000000000000000000000"
	static const struct vector v[] = {
		{ CIPHER(ENCR_CAMELLIA_CBC, 128), CAMELLIA, NULL, ZERO16, CAMELLIA,
			"67673138549669730857065648eabe43", NULL },
		{ CIPHER(ENCR_CAMELLIA_CBC, 192), CAMELLIA "0011223344556677", NULL, ZERO16,
			CAMELLIA, "b4993401b3e996f84ee5cee7d79b09b9", NULL },
		{ CIPHER(ENCR_CAMELLIA_CBC, 256), CAMELLIA "00112233445566778899aabbccddeeff", NULL,
			ZERO16, CAMELLIA, "9acc237dff16d76c20ef7c919e3a7509", NULL },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		check_cipher(&v[i]);
}

/* OpenSSL, evpciph_des3_common.txt */
TEST(triple_des_is_what_openssl_publishes)
{
	static const struct vector v = { CIPHER(ENCR_3DES, 0),
		"0123456789abcdeff1e0d3c2b5a49786fedcba9876543210", NULL, "fedcba9876543210",
		"37363534333231204e6f77206973207468652074696d6520666f722000000000",
		"3fe301c962ac01d02213763c1cbd4cdc799657c064ecf5d41c673812cfde9675", NULL };

	check_cipher(&v);
}

/* A MAC alone (ENCR_NULL), over the head. */
static void check_mac(uint16_t integ, const char *key_text, const char *data, const char *expected)
{
	struct suite s = { .encr = ENCR_NULL, .integ = integ };
	struct buf key = hex(key_text), head = hex(data), icv = hex(expected);
	struct protect_aad aad = { buf_view(&head), BYTES_NONE };
	struct protect *p = keyed(&s, BYTES_NONE, buf_view(&key));
	uint8_t text[1], made[64];

	assert_int_equal(protect_icv_n(p), icv.n);
	assert_int_equal(protect_seal(p, 1, aad, NULL, text, 0, made), OK);
	assert_memory_equal(made, icv.p, icv.n);
	assert_int_equal(protect_open(p, aad, NULL, text, 0, icv.p), OK);
	icv.p[0] ^= 0x80;
	assert_int_equal(protect_open(p, aad, NULL, text, 0, icv.p), ERR_INTEGRITY);
	protect_free(p);
	buf_done(&key);
	buf_done(&head);
	buf_done(&icv);
}

/* RFC 4868 2.7.2 (SHA-2), RFC 2202 truncated as RFC 2403 and 2404 say, RFC 3566 4.6, RFC 4494 4 */
TEST(integrity_algorithms_are_what_their_rfcs_publish)
{
#define HI_THERE "4869205468657265"
#define B16	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	check_mac(INTEG_HMAC_SHA2_256_128, B16 B16, HI_THERE, "198a607eb44bfbc69903a0f1cf2bbdc5");
	check_mac(INTEG_HMAC_SHA2_256_TRUNCBUG, B16 B16, HI_THERE, "198a607eb44bfbc69903a0f1");
	check_mac(INTEG_HMAC_SHA2_384_192, B16 B16 B16, HI_THERE,
		"b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973");
	check_mac(INTEG_HMAC_SHA2_512_256, B16 B16 B16 B16, HI_THERE,
		"637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8");
	check_mac(INTEG_HMAC_MD5_96, B16, HI_THERE, "9294727a3638bb1c13f48ef8");
	check_mac(INTEG_HMAC_SHA1_96, B16 "0b0b0b0b", HI_THERE, "b617318655057264e28bc0b6");
	check_mac(INTEG_AES_XCBC_96, "000102030405060708090a0b0c0d0e0f", COUNTING "2021",
		"becbb3bccdb518a30677d548");
	check_mac(INTEG_AES_CMAC_96, "2b7e151628aed2a6abf7158809cf4f3c",
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		"30c81c46a35ce411",
		"dfa66747de9ae63030ca3261");
}

TEST(keys_of_wrong_length_and_unknown_suites_are_refused)
{
	static const uint8_t key[64];
	static const struct {
		struct suite suite;
		size_t encr_n, integ_n;
		enum err e;
	} t[] = {
		{ GCM(128), 16, 0, ERR_LENGTH }, /* the salt is missing */
		{ GCM(128), 36, 0, ERR_LENGTH },
		{ GCM(100), 16, 0, ERR_UNSUPPORTED },
		{ GCM(0), 4, 0, ERR_UNSUPPORTED },
		{ { .encr = 9999, .key_bits = 128 }, 16, 0, ERR_UNSUPPORTED },
		{ CIPHER(ENCR_AES_CBC, 128), 16, 0, ERR_UNSUPPORTED }, /* never without a MAC */
		{ { .encr = ENCR_AES_CBC, .key_bits = 128, .integ = 9999 }, 16, 0,
			ERR_UNSUPPORTED },
		{ { .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA1_96 }, 16, 16,
			ERR_LENGTH },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct protect *p = NULL;

		assert_int_equal(protect_new(&t[i].suite, PROTECT_BOTH, bytes_of(key, t[i].encr_n),
					 bytes_of(key, t[i].integ_n), &p),
			t[i].e);
		assert_null(p);
	}
}

/* RFC 3602 2: unpredictable, hence never twice; more of them than are drawn at once. */
TEST(cbc_ivs_do_not_repeat)
{
	static const uint8_t key[16], integ[20];
	struct suite s = { .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA1_96 };
	struct protect *p = keyed(&s, BYTES(key), BYTES(integ));
	struct protect_aad aad = { BYTES_NONE, BYTES_NONE };
	uint8_t iv[50][16], text[16] = { 0 }, icv[12];

	for (size_t i = 0; i < COUNT(iv); i++) {
		assert_int_equal(protect_seal(p, i, aad, iv[i], text, sizeof(text), icv), OK);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(iv[i], iv[k], 16);
	}
	protect_free(p);
}

/* Counters that follow one another and such that do not: each IV is its counter, and what a fresh
 * context opens was sealed with just that IV. A forged packet in between spoils nothing. */
TEST(gcm_counters_need_not_be_in_order)
{
	static const uint64_t counter[] = { 1, 2, 3, 1000, 1001, 7, 0xffffffff, 0x100000000, 2,
		UINT64_MAX - 1, UINT64_MAX };
	static const uint8_t key[20] = { 1 };
	struct suite s = GCM(128);
	struct protect *p = keyed(&s, BYTES(key), BYTES_NONE);
	uint8_t head[8] = { 0 }, iv[8], text[64], icv[16];
	struct protect_aad aad = { BYTES(head), BYTES_NONE };

	for (size_t i = 0; i < COUNT(counter); i++) {
		struct protect *fresh = keyed(&s, BYTES(key), BYTES_NONE);
		uint64_t got = 0;

		memset(text, (int)i, sizeof(text));
		assert_int_equal(protect_seal(p, counter[i], aad, iv, text, sizeof(text), icv), OK);
		for (size_t k = 0; k < sizeof(iv); k++)
			got = got << 8 | iv[k];
		assert_true(got == counter[i]);
		assert_int_equal(protect_open(fresh, aad, iv, text, sizeof(text), icv), OK);
		for (size_t k = 0; k < sizeof(text); k++)
			assert_int_equal(text[k], i);
		assert_int_equal(protect_open(p, aad, iv, text, sizeof(text), icv), ERR_INTEGRITY);
		protect_free(fresh);
	}
	protect_free(p);
}

/* The library's allocations, counted. */
static unsigned long allocations;

static void *count_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(n);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(p, n);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static unsigned long allocations_of_packets(const struct suite *s, size_t packets)
{
	struct secret ek = secret_new(suite_encr_key_n(s)), ik = secret_new(suite_integ_key_n(s));
	struct protect *p = keyed(s, secret_view(&ek), secret_view(&ik));
	uint8_t text[1392] = { 0 }, head[8] = { 0 }, iv[16], icv[64];
	struct protect_aad aad = { BYTES(head), BYTES_NONE };
	unsigned long before = 0;

	for (size_t i = 0; i < packets + 1; i++) {
		if (i == 1) /* the first may set things up */
			before = allocations;
		assert_int_equal(protect_seal(p, i, aad, iv, text, sizeof(text), icv), OK);
		assert_int_equal(protect_open(p, aad, iv, text, sizeof(text), icv), OK);
	}
	protect_free(p);
	secret_done(&ek);
	secret_done(&ik);
	return allocations - before;
}

TEST(a_packet_allocates_nothing)
{
	static const struct suite none[] = { GCM(128), GCM(256), { .encr = ENCR_CHACHA20_POLY1305 },
		{ .encr = ENCR_AES_CCM_16, .key_bits = 128 },
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_AES_XCBC_96 },
		{ .encr = ENCR_AES_CTR, .key_bits = 128, .integ = INTEG_AES_CMAC_96 } };
	struct suite hmac = {
		.encr = ENCR_AES_CTR, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128
	};

	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(allocations_of_packets(&none[i], 10), 0);
	assert_true(allocations > 0); /* it does count */
	/* OpenSSL's HMAC copies its two inner states; no more than that */
	assert_true(allocations_of_packets(&hmac, 10) <= 10 * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_gcm_esp_is_what_mcgrew_publishes),
		cmocka_unit_test(aes_gcm_is_what_its_authors_publish),
		cmocka_unit_test(chacha20_poly1305_is_what_rfc_7634_publishes),
		cmocka_unit_test(aes_ccm_is_what_nist_publishes),
		cmocka_unit_test(aes_cbc_is_what_rfc_3602_publishes),
		cmocka_unit_test(aes_ctr_is_what_rfc_3686_publishes),
		cmocka_unit_test(camellia_is_what_rfc_3713_publishes),
		cmocka_unit_test(triple_des_is_what_openssl_publishes),
		cmocka_unit_test(integrity_algorithms_are_what_their_rfcs_publish),
		cmocka_unit_test(keys_of_wrong_length_and_unknown_suites_are_refused),
		cmocka_unit_test(cbc_ivs_do_not_repeat),
		cmocka_unit_test(gcm_counters_need_not_be_in_order),
		cmocka_unit_test(a_packet_allocates_nothing),
	};

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
