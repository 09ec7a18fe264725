/* SK and SKF: what is sealed opens again, and nothing else does. */
#include "base/test.h"
#include "ikev2/payload/payload.h"

#include <stdlib.h>

static const struct suite suites[] = {
	{ .encr = ENCR_AES_GCM_16, .key_bits = 256 },
	{ .encr = ENCR_AES_GCM_8, .key_bits = 128 },
	{ .encr = ENCR_CHACHA20_POLY1305 },
	{ .encr = ENCR_AES_CCM_12, .key_bits = 192 },
	{ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128 },
	{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA1_96 },
	{ .encr = ENCR_AES_CTR, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256 },
	{ .encr = ENCR_3DES, .integ = INTEG_AES_XCBC_96 },
};
static const struct v2_header header = {
	.spi_i = { 1 },
	.spi_r = { 2 },
	.version = 0x20,
	.exchange = IKE_AUTH,
	.flags = V2_F_INITIATOR,
	.message_id = 1,
};
static uint8_t room[4096], text[3000];

static struct protect *key(const struct suite *s)
{
	uint8_t k[256];
	struct protect *p = NULL;

	for (size_t i = 0; i < sizeof(k); i++)
		k[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(protect_new(s, PROTECT_BOTH, bytes_of(k, suite_encr_key_n(s)),
				 bytes_of(k + 100, suite_integ_key_n(s)), &p),
		OK);
	return p;
}

static void text_fill(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + (i >> 8));
}

/* Opens a copy of exactly its size. */
static enum err open_datagram(struct protect *p, struct bytes datagram, struct buf *ret)
{
	struct buf copy = buf_from(datagram);
	struct v2_msg *m = xalloc(sizeof(*m));
	enum err e = v2_msg_parse(buf_view(&copy), m, NULL);

	if (!e && v2_has(m, V2_SK) == v2_has(m, V2_SKF))
		e = ERR_MISSING;
	if (!e)
		e = v2_unprotect(p, m, ret);
	free(m);
	buf_done(&copy);
	return e;
}

TEST(what_is_sealed_opens_whatever_its_length)
{
	text_fill();
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct protect *p = key(&suites[i]);

		for (size_t n = 0; n < 70; n++) {
			struct buf plain = { 0 };
			struct bytes d = v2_protect(
				p, n, &header, V2_IDI, bytes_of(text, n), room, sizeof(room));

			assert_true(d.n > V2_HEADER_N + 4 + n);
			assert_int_equal(open_datagram(p, d, &plain), OK);
			assert_true(bytes_eq(buf_view(&plain), bytes_of(text, n)));
			buf_done(&plain);
		}
		protect_free(p);
	}
}

TEST(the_header_around_it_is_complete)
{
	struct protect *p = key(&suites[0]);
	struct bytes d = v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 10), room, sizeof(room));
	struct v2_msg m;

	/* AES-GCM: IV 8, no padding, one octet of pad length, ICV 16 (RFC 5282 3). */
	assert_int_equal(d.n, 28 + 4 + 8 + 10 + 1 + 16);
	assert_int_equal(v2_msg_parse(d, &m, NULL), OK);
	assert_int_equal(m.h.next, V2_SK);
	assert_int_equal(m.h.length, d.n);
	assert_int_equal(m.h.message_id, 1);
	assert_int_equal(m.sk_next, V2_IDI);
	protect_free(p);
}

TEST(every_changed_bit_is_noticed)
{
	text_fill();
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct protect *p = key(&suites[i]);
		struct bytes d =
			v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 20), room, sizeof(room));
		struct buf plain = { 0 };

		for (size_t bit = 0; bit < 8 * d.n; bit++) {
			room[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(open_datagram(p, d, &plain), OK);
			room[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(open_datagram(p, d, &plain), OK);
		buf_done(&plain);
		protect_free(p);
	}
}

TEST(a_changed_text_is_an_integrity_error)
{
	struct protect *p = key(&suites[0]);
	struct bytes d = v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 20), room, sizeof(room));
	struct buf plain = { 0 };

	room[d.n - 20] ^= 1;
	assert_int_equal(open_datagram(p, d, &plain), ERR_INTEGRITY);
	assert_null(plain.p);
	protect_free(p);
}

static void set_lengths(size_t n)
{
	room[26] = (uint8_t)(n >> 8);
	room[27] = (uint8_t)n;
	room[30] = (uint8_t)((n - 28) >> 8);
	room[31] = (uint8_t)(n - 28);
}

TEST(every_truncation_with_matching_lengths_is_refused)
{
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct protect *p = key(&suites[i]);
		struct bytes d =
			v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 40), room, sizeof(room));
		struct buf plain = { 0 };

		for (size_t n = 32; n < d.n; n++) {
			enum err e;

			set_lengths(n);
			e = open_datagram(p, bytes_of(d.p, n), &plain);
			assert_true(e == ERR_LENGTH || e == ERR_INTEGRITY);
		}
		protect_free(p);
	}
}

TEST(too_little_room_gives_nothing)
{
	struct protect *p = key(&suites[4]);
	size_t whole = v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 40), room, sizeof(room)).n;

	for (size_t n = 0; n < whole; n++) {
		uint8_t *small = xalloc(n);

		assert_int_equal(
			v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 40), small, n).n, 0);
		free(small);
	}
	protect_free(p);
}

/* 3.14: a pad length beyond the text comes from a peer that has the keys, so it is no forgery. */
TEST(padding_longer_than_the_text_is_refused)
{
	struct protect *p = key(&suites[0]);
	struct bytes d = v2_protect(p, 1, &header, V2_IDI, bytes_of(text, 3), room, sizeof(room));
	struct protect_aad aad = { .head = bytes_of(d.p, 32) };
	struct buf plain = { 0 };

	for (unsigned pad = 0; pad < 256; pad++) {
		memset(room + 40, 0, 3);
		room[43] = (uint8_t)pad;
		assert_int_equal(
			protect_seal(p, pad + 2, aad, room + 32, room + 40, 4, room + 44), OK);
		assert_int_equal(open_datagram(p, d, &plain), pad <= 3 ? OK : ERR_LENGTH);
		if (pad <= 3)
			assert_int_equal(plain.n, 3 - pad);
		buf_done(&plain);
	}
	protect_free(p);
}

static void through_fragments(struct protect *p, size_t text_n, size_t part)
{
	uint16_t total = (uint16_t)((text_n + part - 1) / part);
	struct v2_fragments f = { 0 };
	struct buf whole = { 0 };
	uint8_t first = 0;

	for (uint16_t i = total; i >= 1; i--) {
		struct v2_msg m;
		struct buf plain = { 0 };
		struct bytes d = v2_protect_fragment(p, i, &header, V2_IDI, bytes_of(text, text_n),
			(struct v2_piece){ part, i, total }, room, sizeof(room));

		assert_int_equal(v2_msg_parse(d, &m, NULL), OK);
		assert_int_equal(m.frag_number, i);
		assert_int_equal(m.frag_total, total);
		assert_int_equal(m.sk_next, i == 1 ? V2_IDI : V2_NONE);
		assert_int_equal(v2_unprotect(p, &m, &plain), OK);
		assert_int_equal(
			v2_fragments_add(&f, i, total, m.sk_next, buf_view(&plain), &first, &whole),
			i > 1 ? ERR_MISSING : OK);
		buf_done(&plain);
	}
	assert_int_equal(first, V2_IDI);
	assert_true(bytes_eq(buf_view(&whole), bytes_of(text, text_n)));
	buf_done(&whole);
}

TEST(a_message_goes_through_in_fragments)
{
	text_fill();
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct protect *p = key(&suites[i]);

		through_fragments(p, 1000, 400);
		through_fragments(p, 1200, 400);
		through_fragments(p, 5, 400);
		through_fragments(p, 64, 1);
		protect_free(p);
	}
}

TEST(fragment_numbers_are_authenticated)
{
	struct protect *p = key(&suites[0]);
	struct buf plain = { 0 };
	struct bytes d = v2_protect_fragment(p, 1, &header, V2_IDI, bytes_of(text, 1000),
		(struct v2_piece){ 100, 3, 10 }, room, sizeof(room));

	room[33] = 4;
	assert_int_equal(open_datagram(p, d, &plain), ERR_INTEGRITY);
	room[33] = 3;
	room[35] = 11;
	assert_int_equal(open_datagram(p, d, &plain), ERR_INTEGRITY);
	protect_free(p);
}

TEST(fragments_that_do_not_exist_are_not_made)
{
	static const struct v2_piece wrong[] = { { 100, 0, 10 }, { 100, 11, 10 }, { 0, 1, 10 },
		{ 600, 3, 3 } };
	struct protect *p = key(&suites[0]);

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(v2_protect_fragment(p, 1, &header, V2_IDI, bytes_of(text, 1000),
					 wrong[i], room, sizeof(room))
					 .n,
			0);
	protect_free(p);
}

/* As much as fits, and not an octet more: IP, UDP and the non-ESP marker count. */
TEST(fragments_fill_the_mtu)
{
	static const size_t mtus[] = { 576, 1280, 1281, 1283, 1500 };

	for (size_t i = 0; i < COUNT(suites) * COUNT(mtus) * 4; i++) {
		struct protect *p = key(&suites[i % COUNT(suites)]);
		size_t mtu = mtus[i / COUNT(suites) % COUNT(mtus)];
		bool is_v6 = i & 1, natt = i / 2 & 1;
		size_t around = (is_v6 ? 40u : 20u) + 8u + (natt ? 4u : 0u);
		size_t part = v2_fragment_room(p, mtu, is_v6, natt);
		struct bytes chain = bytes_of(text, 2000);
		struct bytes fits = v2_protect_fragment(p, 1, &header, V2_IDI, chain,
			(struct v2_piece){ part, 1, 4 }, room, sizeof(room));

		assert_true(fits.n != 0 && fits.n + around <= mtu);
		fits = v2_protect_fragment(p, 2, &header, V2_IDI, chain,
			(struct v2_piece){ part + 1, 1, 4 }, room, sizeof(room));
		assert_true(fits.n + around > mtu);
		protect_free(p);
	}
}

TEST(an_mtu_without_room_gives_none)
{
	struct protect *p = key(&suites[4]);

	assert_int_equal(v2_fragment_room(p, 0, false, false), 0);
	assert_int_equal(v2_fragment_room(p, 100, true, true), 0);
	protect_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens_whatever_its_length),
		cmocka_unit_test(the_header_around_it_is_complete),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(a_changed_text_is_an_integrity_error),
		cmocka_unit_test(every_truncation_with_matching_lengths_is_refused),
		cmocka_unit_test(too_little_room_gives_nothing),
		cmocka_unit_test(padding_longer_than_the_text_is_refused),
		cmocka_unit_test(a_message_goes_through_in_fragments),
		cmocka_unit_test(fragment_numbers_are_authenticated),
		cmocka_unit_test(fragments_that_do_not_exist_are_not_made),
		cmocka_unit_test(fragments_fill_the_mtu),
		cmocka_unit_test(an_mtu_without_room_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
