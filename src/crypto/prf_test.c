/* MACs, PRFs, prf+ and hashes against what others published. */
#include "crypto/prf.h"
#include "crypto/test_hex.h"

struct vector {
	uint16_t id;
	const char *key, *data, *expected;
};

/* The data is handed over in three parts, as prf()'s users do. */
static void check(const struct vector *v)
{
	struct buf k = hex(v->key), d = hex(v->data);
	const struct bytes parts[] = { bytes_of(d.p, d.n / 3), BYTES_NONE,
		bytes_of(d.p + d.n / 3, d.n - d.n / 3) };
	struct secret out = { 0 };

	assert_int_equal(prf(v->id, buf_view(&k), parts, COUNT(parts), &out), OK);
	assert_hex(secret_view(&out), v->expected);
	secret_done(&out);
	buf_done(&k);
	buf_done(&d);
}

#define CHECK_ALL(vectors)                                                                         \
	for (size_t i_ = 0; i_ < COUNT(vectors); i_++)                                             \
	check(&(vectors)[i_])

#define HI_THERE "4869205468657265"
#define WHAT	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define LARGER                                                                                     \
	"54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368" \
	"204b6579204669727374"
#define X10(s)	s s s s s s s s s s
#define X80(s)	X10(s) X10(s) X10(s) X10(s) X10(s) X10(s) X10(s) X10(s)
#define X50(s)	X10(s) X10(s) X10(s) X10(s) X10(s)
#define X131(s) X80(s) X50(s) s

TEST(hmac_md5_and_sha1_are_what_rfc_2202_publishes)
{
	static const struct vector v[] = {
		{ PRF_HMAC_MD5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI_THERE,
			"9294727a3638bb1c13f48ef8158bfc9d" },
		{ PRF_HMAC_MD5, "4a656665", WHAT, "750c783e6ab0b503eaa86e310a5db738" },
		{ PRF_HMAC_MD5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", X50("dd"),
			"56be34521d144c88dbb8c733f0e8b3f6" },
		{ PRF_HMAC_MD5, X80("aa"), LARGER, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
		{ PRF_HMAC_SHA1, X10("0b0b"), HI_THERE,
			"b617318655057264e28bc0b6fb378c8ef146be00" },
		{ PRF_HMAC_SHA1, "4a656665", WHAT, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ PRF_HMAC_SHA1, X10("aaaa"), X50("dd"),
			"125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
		{ PRF_HMAC_SHA1, X80("aa"), LARGER, "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	};

	CHECK_ALL(v);
}

TEST(hmac_sha2_is_what_rfc_4231_publishes)
{
	static const struct vector v[] = {
		{ PRF_HMAC_SHA2_256, X10("0b0b"), HI_THERE,
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ PRF_HMAC_SHA2_384, X10("0b0b"), HI_THERE,
			"afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
			"faea9ea9076ede7f4af152e8b2fa9cb6" },
		{ PRF_HMAC_SHA2_512, X10("0b0b"), HI_THERE,
			"87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
			"daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
		{ PRF_HMAC_SHA2_256, "4a656665", WHAT,
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ PRF_HMAC_SHA2_384, "4a656665", WHAT,
			"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
			"8e2240ca5e69e2c78b3239ecfab21649" },
		{ PRF_HMAC_SHA2_512, "4a656665", WHAT,
			"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
			"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
		{ PRF_HMAC_SHA2_256, X131("aa"), LARGER,
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ PRF_HMAC_SHA2_384, X131("aa"), LARGER,
			"4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
			"0c2ef6ab4030fe8296248df163f44952" },
		{ PRF_HMAC_SHA2_512, X131("aa"), LARGER,
			"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
			"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
	};

	CHECK_ALL(v);
}

#define COUNTING "000102030405060708090a0b0c0d0e0f"

/* RFC 3566 4.6, before truncation */
TEST(aes_xcbc_is_what_rfc_3566_publishes)
{
	static const struct vector v[] = {
		{ PRF_AES128_XCBC, COUNTING, "", "75f0251d528ac01c4573dfd584d79f29" },
		{ PRF_AES128_XCBC, COUNTING, "000102", "5b376580ae2f19afe7219ceef172756f" },
		{ PRF_AES128_XCBC, COUNTING, COUNTING, "d2a246fa349b68a79998a4394ff7a263" },
		{ PRF_AES128_XCBC, COUNTING, COUNTING "10111213",
			"47f51b4564966215b8985c63055ed308" },
		{ PRF_AES128_XCBC, COUNTING, COUNTING "101112131415161718191a1b1c1d1e1f",
			"f54f0ec8d2b9f3d36807734bd5283fd4" },
		{ PRF_AES128_XCBC, COUNTING, COUNTING "101112131415161718191a1b1c1d1e1f2021",
			"becbb3bccdb518a30677d5481fb6b4d8" },
	};

	CHECK_ALL(v);
}

/* However long, and however it is cut: 16 octets at a time, or in one piece. */
TEST(xcbc_does_not_depend_on_how_its_input_is_cut)
{
	static uint8_t text[1040];
	struct bytes pieces[COUNT(text) / 16 + 1];
	struct secret a = { 0 }, b = { 0 };

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= sizeof(text); n++) {
		struct bytes whole = bytes_of(text, n);
		size_t k = 0;

		for (size_t at = 0; at < n; at += 16)
			pieces[k++] = bytes_of(text + at, MIN((size_t)16, n - at));
		assert_int_equal(prf(PRF_AES128_XCBC, BYTES_NONE, &whole, 1, &a), OK);
		assert_int_equal(prf(PRF_AES128_XCBC, BYTES_NONE, pieces, k, &b), OK);
		assert_true(bytes_eq(secret_view(&a), secret_view(&b)));
	}
	/* computed from RFC 3566's definition with openssl enc, checked against its vectors */
	assert_hex(secret_view(&a), "5fde3a5479a58664f866ed045bae21f9");
	secret_done(&a);
	secret_done(&b);
}

/* RFC 4434 2: keys of 16, 10 and 18 octets */
TEST(xcbc_prf_is_what_rfc_4434_publishes)
{
	static const struct vector v[] = {
		{ PRF_AES128_XCBC, COUNTING, COUNTING "10111213",
			"47f51b4564966215b8985c63055ed308" },
		{ PRF_AES128_XCBC, "00010203040506070809", COUNTING "10111213",
			"0fa087af7d866e7653434e602fdde835" },
		{ PRF_AES128_XCBC, COUNTING "edcb", COUNTING "10111213",
			"8cd3c93ae598a9803006ffb67c40e9e4" },
	};

	CHECK_ALL(v);
}

#define NIST_KEY  "2b7e151628aed2a6abf7158809cf4f3c"
#define NIST_TEXT "6bc1bee22e409f96e93d7e117393172a"

TEST(aes_cmac_is_what_rfc_4493_publishes)
{
	static const struct vector v[] = {
		{ PRF_AES128_CMAC, NIST_KEY, "", "bb1d6929e95937287fa37d129b756746" },
		{ PRF_AES128_CMAC, NIST_KEY, NIST_TEXT, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ PRF_AES128_CMAC, NIST_KEY,
			NIST_TEXT "ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
			"dfa66747de9ae63030ca32611497c827" },
		{ PRF_AES128_CMAC, NIST_KEY,
			NIST_TEXT "ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
				  "f69f2445df4f9b17ad2b417be66c3710",
			"51f0bebf7e3b9d92fc49741779363cfe" },
	};

	CHECK_ALL(v);
}

TEST(cmac_prf_is_what_rfc_4615_publishes)
{
	static const struct vector v[] = {
		{ PRF_AES128_CMAC, COUNTING "edcb", COUNTING "10111213",
			"84a348a4a45d235babfffc0d2b4da09a" },
		{ PRF_AES128_CMAC, COUNTING, COUNTING "10111213",
			"980ae87b5f4c9c5214f5b6a8455e4c2d" },
		{ PRF_AES128_CMAC, "00010203040506070809", COUNTING "10111213",
			"290d9e112edb09ee141fcf64c0b72f3d" },
	};

	CHECK_ALL(v);
}

#define NI	 "3f302be1abcb28e1"
#define NR	 "8c332ee006064c9b"
#define SKEYSEED "5f00d1bd2c58ec224b1e6b71fa0f19a1faa7a193952c444411b47c1a9d8ba6fe"
#define SK_D	 "0b137d669b0947d7d026d593f0305ad401ff0c471357d695778a9c7f4b4869ec"

/* NIST CAVS, "IKEv2 KDF" with SHA-256: SKEYSEED, prf+ for 132 octets, SKEYSEED of a rekey */
TEST(keys_of_ikev2_are_what_nist_publishes)
{
	static const struct vector v[] = {
		{ PRF_HMAC_SHA2_256, NI NR,
			"0f4d257d7a58fc4545c7d7a88119eee5d5c9690c5b4c989171d3abbfd99d1d29",
			SKEYSEED },
		{ PRF_HMAC_SHA2_256, SK_D,
			"25f3b12d6f282739256e39bf54eda53b60ffcf379bb7bcc90c27b4c4c578616c" NI NR,
			"2d63f6debc92048b4fef3889c4c99ca67d6496e0fac14a2bca9a2d6566ff2398" },
	};
	static const char dkm[] =
		SK_D "e98aca531188d16041b3bb936d2dbb3b4993a6e768a809160de45d0283f273a6"
		     "cdf6854379e31be72b8d3d1fa990cf9c5b015ca9f918a7df6253c958114a09d4"
		     "e1c19bdcd4db14b29d98db1a74ad405c588662c14a04d0d36aa4ab55e90f8986"
		     "d12d4aad";
	struct buf key = hex(SKEYSEED), nonces = hex(NI NR), spis;
	struct bytes seed[2];
	struct secret out = { 0 };

	CHECK_ALL(v);
	spis = hex("40dac39e1e1a8640 8619a1cf9a6e4c07");
	seed[0] = buf_view(&nonces);
	seed[1] = buf_view(&spis);
	assert_int_equal(prf_plus(PRF_HMAC_SHA2_256, buf_view(&key), seed, 2, 132, &out), OK);
	assert_hex(secret_view(&out), dkm);
	assert_int_equal(prf_plus(PRF_HMAC_SHA2_256, buf_view(&key), seed, 2, 32, &out), OK);
	assert_hex(secret_view(&out), SK_D); /* and the old content is gone, not leaked */
	secret_done(&out);
	buf_done(&key);
	buf_done(&nonces);
	buf_done(&spis);
}

TEST(prf_plus_ends_at_255_rounds)
{
	const struct bytes seed = bytes_str("seed");
	struct secret out = { 0 };

	assert_int_equal(
		prf_plus(PRF_HMAC_SHA2_256, bytes_str("key"), &seed, 1, 255 * 32 + 1, &out),
		ERR_LIMIT);
	assert_null(out.p);
	assert_int_equal(
		prf_plus(PRF_HMAC_SHA2_256, bytes_str("key"), &seed, 1, 255 * 32, &out), OK);
	assert_int_equal(out.n, 255 * 32);
	secret_done(&out);
	assert_int_equal(prf_plus(9999, bytes_str("key"), &seed, 1, 10, &out), ERR_UNSUPPORTED);
	assert_int_equal(prf(9999, bytes_str("key"), &seed, 1, &out), ERR_UNSUPPORTED);
}

/* FIPS 180-2, appendices A.1 and B.1 */
TEST(hashes_are_what_fips_180_publishes)
{
	const struct bytes abc[] = { bytes_str("a"), BYTES_NONE, bytes_str("bc") };
	uint8_t one[20], two[32];

	sha1(abc, COUNT(abc), one);
	sha256(abc, COUNT(abc), two);
	assert_hex(BYTES(one), "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_hex(BYTES(two), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(random_octets_are_not_the_same_twice)
{
	struct rng rng = rng_system();
	uint64_t a = rng_u64(&rng), b = rng_u64(&rng);

	assert_true(a != b);
}

TEST(the_hash_under_an_hmac_is_what_published_digests_say)
{
	/* RFC 1321 A.5, FIPS 180 examples: "abc" */
	static const struct {
		uint16_t id;
		const char *digest;
	} abc[] = {
		{ PRF_HMAC_MD5, "900150983cd24fb0d6963f7d28e17f72" },
		{ PRF_HMAC_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ PRF_HMAC_SHA2_256,
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ PRF_HMAC_SHA2_384,
			"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			"8086072ba1e7cc2358baeca134c825a7" },
		{ PRF_HMAC_SHA2_512,
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	const struct bytes parts[] = { bytes_str("a"), BYTES_NONE, bytes_str("bc") };
	uint8_t out[64];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(abc); i++) {
		assert_int_equal(prf_hash(abc[i].id, parts, COUNT(parts), out, &n), OK);
		assert_hex(bytes_of(out, n), abc[i].digest);
	}
	assert_int_equal(prf_hash(PRF_AES128_XCBC, parts, 1, out, &n), ERR_UNSUPPORTED);
	assert_int_equal(prf_hash(0, parts, 1, out, &n), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_md5_and_sha1_are_what_rfc_2202_publishes),
		cmocka_unit_test(hmac_sha2_is_what_rfc_4231_publishes),
		cmocka_unit_test(aes_xcbc_is_what_rfc_3566_publishes),
		cmocka_unit_test(xcbc_does_not_depend_on_how_its_input_is_cut),
		cmocka_unit_test(xcbc_prf_is_what_rfc_4434_publishes),
		cmocka_unit_test(aes_cmac_is_what_rfc_4493_publishes),
		cmocka_unit_test(cmac_prf_is_what_rfc_4615_publishes),
		cmocka_unit_test(keys_of_ikev2_are_what_nist_publishes),
		cmocka_unit_test(prf_plus_ends_at_255_rounds),
		cmocka_unit_test(hashes_are_what_fips_180_publishes),
		cmocka_unit_test(the_hash_under_an_hmac_is_what_published_digests_say),
		cmocka_unit_test(random_octets_are_not_the_same_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
