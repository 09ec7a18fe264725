/* Keys, hashes and the chain of IVs against an independent computation of RFC 2409 5 and appendix
 * B: Python's hmac and hashlib, and "openssl enc -nopad" for the encrypted message. In there, as
 * here: the secret is "a secret", octet i of Ni is i, of Nr 32 + i, of g^xi 7 i + 1, of g^xr 5 i +
 * 3, of g^xy 3 i + 9 (16, 32, and 32 octets). */
#include "ikev1/keymat.h"

#include "crypto/test_hex.h"
#include <stdlib.h>

struct vector {
	struct suite s;
	const char *skeyid, *skeyid_d, *skeyid_a, *skeyid_e, *cipher;
	const char *hash_i, *hash_r, *hash_1, *hash_2, *hash_3;
	const char *iv_1, *iv_2, *sealed;
};

static const struct vector vectors[] = {
	{
		{ .encr = ENCR_3DES, .prf = PRF_HMAC_SHA1 },
		.skeyid = "d01f4a6c005d16474e93aaab4a64fcd47e6e8795",
		.skeyid_d = "a9b3b9200243f6ed695abb7e8683c7daf2562976",
		.skeyid_a = "7cf38cab59145b3ee3bd3d707951fc6917999489",
		.skeyid_e = "abea36f36d24278ec1d59c7a9e8d472c8c1c620a",
		.cipher = "cf9b8f3a3ecbd2cf7a26ac69b55cfbfcbb0d91e941bbcb21",
		.hash_i = "6838ffd874a3e2af40fc0335f1b6a01b952dd2ea",
		.hash_r = "68fd45e9345d9c3b0fb7b15d66446ed9d876ce04",
		.hash_1 = "a4ca2946fe7ee2ac479c7ca7cb43e46948db4aa4",
		.hash_2 = "25270f532288957de3cc1f5941d69f5269d098bb",
		.hash_3 = "6af38ea481b259c1cda8d49415390a5acf3f5e8c",
		.iv_1 = "36ec01c41fc21cd9",
		.iv_2 = "3db8dcba27a7494b",
		.sealed = "70757d06627ab4c42c6ce6bc3e6d3816319b0279c6c015d5",
	},
	{
		{ .encr = ENCR_AES_CBC, .key_bits = 256, .prf = PRF_HMAC_MD5 },
		.skeyid = "40274637a3b4627071700aad592c8e4c",
		.skeyid_d = "8ab8d68eb68bbf7e38040ca3abb7395c",
		.skeyid_a = "604ee9bf1006a4ff211f8344742d702e",
		.skeyid_e = "6ec0fdb9de726e09197507c0e9fe406c",
		.cipher = "ad771a17130fe7df9d6247350815e39dc0e09f31edf14018fed60ada9b1f94b7",
		.hash_i = "725525263e7c457d6a1ac2cbfda30e93",
		.hash_r = "0381056b1f56771bc3ced60c866fa470",
		.hash_1 = "992143128081b30341a39274c64c4484",
		.hash_2 = "3309cf6eabebffa0e4dd4e81c194350e",
		.hash_3 = "eaf8c6a40825f338b48f591a42dde843",
		.iv_1 = "caa00be8bc444bab57b850b3e67b044e",
		.iv_2 = "17abdccf6de7217b38a2d94a58c46704",
		.sealed = "c9da05aa287d35b0f24557c6c9efaf8d55e62c487baf222645423e2147ef7f69",
	},
	{
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .prf = PRF_HMAC_SHA2_256 },
		.skeyid = "77a57668e6777bcfae454c8d6281bd698e16f9aabb421e5b4da642f3b94745c8",
		.skeyid_d = "682978d2bb40d7dc5e4644cbc3178d5b26c7b270e7ceb9c2bb593772260e9482",
		.skeyid_a = "5fba45154cd5d6e7f07ebefd1efdb21e6fc5d5b041181507040bef68a08a0f75",
		.skeyid_e = "50e3b00958d587b8142bfbb1a0ad0b310b425a34dee2c246e565e22f27f9bb35",
		.cipher = "50e3b00958d587b8142bfbb1a0ad0b31",
		.hash_i = "110d12c6811553af9e66d6ab98583b20fab2a39cec277e51ddefb0b47175899b",
		.hash_r = "ed059fab63bfa94068e24d23273033dbd5dada3b8007482aa88e79c6709030a5",
		.hash_1 = "f4c188e6c66c608992406d09bd7648a6965560aee43d00b1bab180b5fecf6d75",
		.hash_2 = "16a363b9a41666ced6584a9ac3a420c1c7252e3103a10223f60ca5008c5a8172",
		.hash_3 = "aafb9e69cd34315c1933481339247e7a9a9b08bacbb9624ccfed64992cbd6cbf",
		.iv_1 = "5e097c7cf03bbc8c104e8cb848b6517c",
		.iv_2 = "0f2474bc0f7ec740e865a9f89a680a23",
		.sealed = "3b091f6a8db71eeb3c410be1987d5509c83e4ab7f3ef3c9c70461141346852c5",
	},
	{
		{ .encr = ENCR_AES_CBC, .key_bits = 192, .prf = PRF_HMAC_SHA2_384 },
		.skeyid = "13f84f79ae5feb037f58716b2953852d32e9f39236c3696bd8ffb4fe4398aef5"
			  "72dc5000d217add59ea3fd90dd41cf76",
		.skeyid_d = "90c21b09fa729ed49826f343aa821b4a8932942c9e1c7c30c08a884b7a287574"
			    "67286a186eea6b54e7889442fd2c251a",
		.skeyid_a = "a4e6f655d52b5c67091c41e8a94d27a3ac5ac05a1f30e09e37204e9981c1b19b"
			    "66a76c03cbe4387e10af165e4c495e81",
		.skeyid_e = "3801d7b9781da35b8f1d1fba068c9200f90fa72615055836079e76343ef36c43"
			    "ca9b90708aaf785955f1c2ad14e02213",
		.cipher = "3801d7b9781da35b8f1d1fba068c9200f90fa72615055836",
		.hash_i = "92f8129284a9d9ba7b5d23dfe0686c19bd5aee161c05b72869fa8c6482ad91d1"
			  "2629ff83b1d8bae82bfc1a8dc50c32da",
		.hash_r = "76e649f4d06fdd36da0d81d9876614b587ded1858c37aa69294e95aacbc1d325"
			  "098c5e105f81e069c64ecf601c389982",
		.hash_1 = "31ba6a74d0bb0b0882ebca98b5077d4393fb86daeb01412343726d55c8dd5640"
			  "f461e3146379fda31d6adab81862d5bd",
		.hash_2 = "7c6d835daa19392ec3d5d9ce628de9b2d91c6b5d55b37e6fbb25ca8d4b11a127"
			  "981a444a4fb8f15c4230011aa530559c",
		.hash_3 = "304fe70c2f878f6f56baec10ee2f7f6ecb33c2941f6704599d612d4214ce2f36"
			  "819106996296bf96df26763c29d79d04",
		.iv_1 = "b4f3b550a6dedbbb938523b3db89fe9b",
		.iv_2 = "eb6940d30c4a1a972abade5159d82265",
		.sealed = "fdb71bef948642b79b02f12f75b1575f5b8f4d5178e7f851256e1894447d413c",
	},
};

static const uint8_t icookie[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t rcookie[] = { 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 };
static const uint8_t sa_body[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x2c };
static const uint8_t idii[] = { 1, 0, 0, 0, 192, 0, 2, 1 },
		     idir[] = { 1, 0, 0, 0, 198, 51, 100, 1 };
static const uint32_t message_id = 0xdeadbeef;

enum { NI, NR, GXI, GXR, GXY };
static struct bytes value(int which)
{
	static uint8_t room[5][32];
	static const uint8_t step[] = { 1, 1, 7, 5, 3 }, from[] = { 0, 32, 1, 3, 9 };

	for (unsigned i = 0; i < 32; i++)
		room[which][i] = (uint8_t)(i * step[which] + from[which]);
	return bytes_of(room[which], which == NI ? 16 : 32);
}

static struct v1_keys keys_of(const struct vector *v)
{
	struct v1_keys k = { 0 };
	struct secret skeyid = { 0 };

	assert_int_equal(
		v1_skeyid_psk(v->s.prf, bytes_str("a secret"), value(NI), value(NR), &skeyid), OK);
	assert_int_equal(v1_keys_derive(&v->s, secret_view(&skeyid), value(GXY), BYTES(icookie),
				 BYTES(rcookie), &k),
		OK);
	secret_done(&skeyid);
	return k;
}

TEST(skeyid_and_its_children_and_the_ciphers_key_are_as_computed_elsewhere)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct v1_keys k = keys_of(v);

		assert_hex(secret_view(&k.skeyid), v->skeyid);
		assert_hex(secret_view(&k.skeyid_d), v->skeyid_d);
		assert_hex(secret_view(&k.skeyid_a), v->skeyid_a);
		assert_hex(secret_view(&k.skeyid_e), v->skeyid_e);
		assert_hex(secret_view(&k.cipher), v->cipher);
		v1_keys_done(&k);
	}
}

static void assert_secret(struct secret *s, const char *expected)
{
	assert_hex(secret_view(s), expected);
	secret_done(s);
}

TEST(each_end_of_phase_1_has_its_hash)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct v1_keys k = keys_of(v);
		struct v1_phase1_hash of_i = { value(GXI), value(GXR), BYTES(icookie),
			BYTES(rcookie), BYTES(sa_body), BYTES(idii) };
		struct v1_phase1_hash of_r = { value(GXR), value(GXI), BYTES(rcookie),
			BYTES(icookie), BYTES(sa_body), BYTES(idir) };
		struct secret h = { 0 };

		assert_int_equal(v1_hash_phase1(&k, v->s.prf, &of_i, &h), OK);
		assert_secret(&h, v->hash_i);
		assert_int_equal(v1_hash_phase1(&k, v->s.prf, &of_r, &h), OK);
		assert_secret(&h, v->hash_r);
		v1_keys_done(&k);
	}
}

TEST(quick_mode_has_three_hashes)
{
	struct bytes rest = bytes_str("the rest of it");

	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct v1_keys k = keys_of(v);
		struct bytes a = secret_view(&k.skeyid_a);
		struct secret h = { 0 };

		assert_int_equal(v1_hash_1(v->s.prf, a, message_id, rest, &h), OK);
		assert_secret(&h, v->hash_1);
		assert_int_equal(v1_hash_2(v->s.prf, a, message_id, value(NI), rest, &h), OK);
		assert_secret(&h, v->hash_2);
		assert_int_equal(v1_hash_3(v->s.prf, a, message_id, value(NI), value(NR), &h), OK);
		assert_secret(&h, v->hash_3);
		v1_keys_done(&k);
	}
}

/* ---- the cipher ---- */

/* "HDR*, 20 octets here" behind a header. */
static struct bytes clear_message(uint8_t room[64])
{
	struct wr w = wr_to(room, 64);

	wr_bytes(&w, BYTES(icookie));
	wr_bytes(&w, BYTES(rcookie));
	wr_bytes(&w, bytes_of("\x05\x10\x02\x00\x00\x00\x00\x00", 8));
	wr_u32(&w, V1_HEADER_N + 20);
	wr_bytes(&w, bytes_str("HDR*, 20 octets here"));
	return wr_view(&w);
}

TEST(messages_are_encrypted_with_a_chain_of_ivs)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct v1_keys k = keys_of(v);
		struct v1_cipher *c = NULL;
		struct v1_iv iv = { 0 }, before, next = { 0 }, phase2 = { 0 };
		uint8_t room[64], out[64];
		struct bytes clear = clear_message(room), sealed;
		struct buf opened = { 0 };

		assert_int_equal(v1_iv_phase1(&v->s, value(GXI), value(GXR), &iv), OK);
		assert_hex(bytes_of(iv.b, iv.n), v->iv_1);
		assert_int_equal(v1_iv_phase2(&v->s, &iv, message_id, &phase2), OK);
		assert_hex(bytes_of(phase2.b, phase2.n), v->iv_2);
		assert_int_equal(v1_cipher_new(&v->s, secret_view(&k.cipher), &c), OK);
		assert_non_null(c);
		before = iv;
		sealed = v1_encrypt(c, &iv, clear, out, sizeof(out));
		assert_non_null(sealed.p);
		assert_hex(bytes_of(sealed.p + V1_HEADER_N, sealed.n - V1_HEADER_N), v->sealed);
		assert_int_equal(sealed.p[19], V1_F_ENCRYPTION);
		assert_int_equal(sealed.p[27], sealed.n);
		/* the next message's IV is the last block of this one */
		assert_memory_equal(iv.b, sealed.p + sealed.n - iv.n, iv.n);
		assert_int_equal(v1_decrypt(c, &before, sealed, &opened, &next), OK);
		assert_non_null(opened.p);
		assert_memory_equal(opened.p + V1_HEADER_N, "HDR*, 20 octets here", 20);
		assert_memory_equal(&next, &iv, sizeof(iv));
		buf_done(&opened);
		v1_cipher_free(c);
		v1_keys_done(&k);
	}
	v1_cipher_free(NULL);
}

TEST(what_cannot_be_sealed_or_opened_leaves_the_iv)
{
	const struct vector *v = &vectors[2];
	struct v1_keys k = keys_of(v);
	struct v1_cipher *c = NULL;
	struct v1_iv iv = { 0 }, start, none = { 0 }, next = { 0 };
	uint8_t room[64], out[64];
	struct bytes clear = clear_message(room);
	struct buf opened = { 0 };

	assert_int_equal(v1_cipher_new(&v->s, BYTES(icookie), &c), ERR_LENGTH);
	assert_null(c);
	assert_int_equal(v1_cipher_new(&v->s, secret_view(&k.cipher), &c), OK);
	assert_int_equal(v1_iv_phase1(&v->s, value(GXI), value(GXR), &iv), OK);
	start = iv;
	assert_null(v1_encrypt(c, &iv, clear, out, clear.n).p); /* no room for padding */
	assert_null(v1_encrypt(c, &iv, bytes_of(clear.p, V1_HEADER_N), out, sizeof(out)).p);
	assert_null(v1_encrypt(c, &none, clear, out, sizeof(out)).p);
	assert_memory_equal(&iv, &start, sizeof(iv));
	assert_int_equal(v1_decrypt(c, &iv, clear, &opened, &next), ERR_LENGTH);
	assert_int_equal(
		v1_decrypt(c, &iv, bytes_of(clear.p, V1_HEADER_N), &opened, &next), ERR_LENGTH);
	assert_int_equal(v1_decrypt(c, &iv, bytes_of(clear.p, 12), &opened, &next), ERR_LENGTH);
	assert_int_equal(v1_decrypt(c, &none, bytes_of(clear.p, V1_HEADER_N + 16), &opened, &next),
		ERR_LENGTH);
	assert_null(opened.p);
	assert_int_equal(next.n, 0);
	v1_cipher_free(c);
	v1_keys_done(&k);
}

/* ---- KEYMAT, with SKEYID_d of the third vector ---- */

static const struct {
	bool pfs;
	const char *gcm_in, *gcm_out, *encr_in, *integ_in, *encr_out, *integ_out;
} keymats[] = {
	{ false,
		"4a7db0cfea7acd8bf18d9a9db97cc978a4bad22f5ee4861d4427d1b48121da32"
		"6befd6e9",
		"7e879153b554d892470daba92593bd5ae98c3f3828bc96333c5cd77f37daca28"
		"92c59045",
		"4a7db0cfea7acd8bf18d9a9db97cc978a4bad22f5ee4861d4427d1b48121da32",
		"6befd6e98c500b946e8763df3c5015ee01b9fe4c4beb9f7db9b27ec3c585f21d"
		"79e60216f67882ba633b3df035006be62ef02b909e9b4a939200831647181534",
		"7e879153b554d892470daba92593bd5ae98c3f3828bc96333c5cd77f37daca28",
		"92c59045649e810442a802ee6c9d44b6758310828de5e04cdd5417515a26a386"
		"d7e14a7d8e47b5c37620b2a67dca47b1ac525486bfdbbf9e4209ff8e42e4134e" },
	{ true,
		"54aea9863ca02c06ba67af8994854b1d92f4b307b5d1706471aa9f9cda164cfb"
		"b5da0bd4",
		"e276c20e6eadc178a333e28158910d98c23a98824882e8a4a8a25f2ef1f655a4"
		"c5e55910",
		"54aea9863ca02c06ba67af8994854b1d92f4b307b5d1706471aa9f9cda164cfb",
		"b5da0bd48648633f906faf8a3d482afc59cb84f69efe8432a74be6c5fbe11f7d"
		"c55504beffe0cfaa0b24354501a6dcf615492c1a53feab3eab31616799ce29dc",
		"e276c20e6eadc178a333e28158910d98c23a98824882e8a4a8a25f2ef1f655a4",
		"c5e55910f8307f6636f6bedd776c5a297b70b584c6e53de3c9a150e119be6054"
		"b040d2007394a1773a66e755d6a27baa1f1cd617855a7c6f38888eefd5dbab58" },
};

TEST(ipsec_sas_have_keys_by_spi_and_with_pfs_by_group)
{
	const struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 256 };
	const struct suite cbc = {
		.encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256
	};
	struct v1_keys isakmp = keys_of(&vectors[2]);

	for (size_t i = 0; i < COUNT(keymats); i++) {
		struct v1_child_keys k = { 0 };
		const struct v1_keymat of = { .prf = PRF_HMAC_SHA2_256,
			.skeyid_d = secret_view(&isakmp.skeyid_d),
			.g_xy = keymats[i].pfs ? value(GXY) : BYTES_NONE,
			.protocol = PROTO_ESP,
			.spi_in = 0xc0ffee01,
			.spi_out = 0x5eed5eed,
			.ni = value(NI),
			.nr = value(NR) };

		assert_int_equal(v1_child_keymat(&of, &gcm, &k), OK);
		assert_hex(secret_view(&k.encr_in), keymats[i].gcm_in);
		assert_hex(secret_view(&k.encr_out), keymats[i].gcm_out);
		assert_null(k.integ_in.p);
		assert_null(k.integ_out.p);
		assert_int_equal(v1_child_keymat(&of, &cbc, &k), OK); /* the old ones go */
		assert_hex(secret_view(&k.encr_in), keymats[i].encr_in);
		assert_hex(secret_view(&k.integ_in), keymats[i].integ_in);
		assert_hex(secret_view(&k.encr_out), keymats[i].encr_out);
		assert_hex(secret_view(&k.integ_out), keymats[i].integ_out);
		v1_child_keys_done(&k);
	}
	v1_keys_done(&isakmp);
}

TEST(what_ikev1_has_no_hash_or_cipher_for_is_refused)
{
	struct suite xcbc = { .encr = ENCR_AES_CBC, .key_bits = 128, .prf = PRF_AES128_XCBC };
	struct suite nothing = { .encr = 99, .prf = PRF_HMAC_SHA1 };
	struct v1_keys k = { 0 };
	struct v1_iv iv = { 0 };

	assert_int_equal(v1_iv_phase1(&xcbc, value(GXI), value(GXR), &iv), ERR_UNSUPPORTED);
	assert_int_equal(v1_iv_phase1(&nothing, value(GXI), value(GXR), &iv), ERR_UNSUPPORTED);
	assert_int_equal(iv.n, 0);
	assert_int_equal(
		v1_keys_derive(&nothing, value(NI), value(GXY), BYTES(icookie), BYTES(rcookie), &k),
		ERR_UNSUPPORTED);
	nothing.prf = 77;
	assert_int_equal(
		v1_keys_derive(&nothing, value(NI), value(GXY), BYTES(icookie), BYTES(rcookie), &k),
		ERR_UNSUPPORTED);
	assert_null(k.skeyid.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			skeyid_and_its_children_and_the_ciphers_key_are_as_computed_elsewhere),
		cmocka_unit_test(each_end_of_phase_1_has_its_hash),
		cmocka_unit_test(quick_mode_has_three_hashes),
		cmocka_unit_test(messages_are_encrypted_with_a_chain_of_ivs),
		cmocka_unit_test(what_cannot_be_sealed_or_opened_leaves_the_iv),
		cmocka_unit_test(ipsec_sas_have_keys_by_spi_and_with_pfs_by_group),
		cmocka_unit_test(what_ikev1_has_no_hash_or_cipher_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
