#include "ikev2/payload/payload_test.h"

static const struct proposals ike = { .n = 2,
	.p = {
		{ .number = 1,
			.protocol = PROTO_IKE,
			.n = 4,
			.t = { { TT_ENCR, ENCR_AES_CBC, 256 }, { TT_PRF, PRF_HMAC_SHA2_256, 0 },
				{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 },
				{ TT_KE, KE_CURVE25519, 0 } } },
		{ .number = 2,
			.protocol = PROTO_IKE,
			.n = 3,
			.t = { { TT_ENCR, ENCR_CHACHA20_POLY1305, 0 },
				{ TT_PRF, PRF_HMAC_SHA2_512, 0 }, { TT_KE, KE_MODP2048, 0 } } },
	} };

static const struct proposals esp = { .n = 1,
	.p = {
		{ .number = 1,
			.protocol = PROTO_ESP,
			.spi_n = 4,
			.spi = { 1, 2, 3, 4 },
			.n = 2,
			.t = { { TT_ENCR, ENCR_AES_GCM_16, 128 }, { TT_ESN, ESN_NO, 0 } } },
	} };

/* RFC 7296 3.3 by hand: one proposal for ESP, AES-GCM-16 with 128 bits, no ESN. */
/* clang-format off */
static const uint8_t esp_octets[] = {
	0, 0, 0, 32, 1, 3, 4, 2, 1, 2, 3, 4,
	3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0, 128,
	0, 0, 0, 8, 5, 0, 0, 0,
};
/* clang-format on */

static struct bytes build(const struct proposals *p, uint8_t *room, size_t n)
{
	struct v2_build b;

	v2_build_chain(&b, room, n);
	v2_put_sa(&b, p);
	return built_body(&b, V2_SA);
}

static void round_trip(const struct proposals *p)
{
	uint8_t room[4096];
	struct parsed *q = parse_body(payload_sa, V2_SA, build(p, room, sizeof(room)));

	assert_int_equal(q->e, OK);
	assert_memory_equal(&q->m.sa, p, sizeof(*p));
	parsed_free(q);
}

TEST(reads_what_it_writes)
{
	round_trip(&ike);
	round_trip(&esp);
}

TEST(writes_the_octets_of_the_rfc)
{
	uint8_t room[128];

	assert_bytes(build(&esp, room, sizeof(room)), BYTES(esp_octets));
}

TEST(every_truncation_fails)
{
	uint8_t room[4096];

	assert_int_equal(
		beginnings_that_parse(payload_sa, V2_SA, build(&ike, room, sizeof(room))), 0);
	assert_int_equal(beginnings_that_parse(payload_sa, V2_SA, BYTES(esp_octets)), 0);
}

static enum err with(size_t at, uint8_t value)
{
	uint8_t b[sizeof(esp_octets)];

	memcpy(b, esp_octets, sizeof(b));
	b[at] = value;
	return parse_error(payload_sa, V2_SA, BYTES(b));
}

TEST(reserved_octets_are_ignored)
{
	assert_int_equal(with(1, 0xff), OK);
	assert_int_equal(with(13, 0xff), OK);
	assert_int_equal(with(17, 0xff), OK);
}

TEST(impossible_lengths_are_refused)
{
	assert_int_equal(with(3, 0), ERR_LENGTH);
	assert_int_equal(with(3, 7), ERR_LENGTH);
	assert_int_equal(with(2, 0xff), ERR_TRUNCATED);
	assert_int_equal(with(3, 31), ERR_TRUNCATED);
	assert_int_equal(with(15, 0), ERR_LENGTH);
	assert_int_equal(with(15, 7), ERR_LENGTH);
	assert_int_equal(with(14, 1), ERR_TRUNCATED);
	assert_int_equal(with(15, 11), ERR_TRUNCATED);
	assert_int_equal(with(27, 12), ERR_TRUNCATED);
}

TEST(markers_of_the_last_must_be_true)
{
	assert_int_equal(with(0, 2), ERR_TRUNCATED);
	assert_int_equal(with(0, 1), ERR_VALUE);
	assert_int_equal(with(12, 0), ERR_VALUE);
	assert_int_equal(with(24, 3), ERR_VALUE);
}

TEST(the_count_of_transforms_must_be_true)
{
	assert_int_equal(with(7, 1), ERR_VALUE);
	assert_int_equal(with(7, 3), ERR_VALUE);
	assert_int_equal(with(7, 65), ERR_LIMIT);
	assert_int_equal(with(7, 255), ERR_LIMIT);
}

TEST(spis_have_the_size_of_their_protocol)
{
	assert_int_equal(with(5, PROTO_AH), OK);
	assert_int_equal(with(5, PROTO_IKE), ERR_LENGTH);
	assert_int_equal(with(6, 3), ERR_LENGTH);
	assert_int_equal(with(6, 255), ERR_TRUNCATED);
}

TEST(a_proposal_of_an_unknown_protocol_is_no_error)
{
	uint8_t b[sizeof(esp_octets)];
	struct parsed *q;

	memcpy(b, esp_octets, sizeof(b));
	b[5] = 77;
	q = parse_body(payload_sa, V2_SA, BYTES(b));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.sa.p[0].protocol, 77);
	assert_int_equal(q->m.sa.p[0].spi_n, 0);
	parsed_free(q);
}

/* One ESP proposal whose only transform has these attributes: the key length that we understand. */
static uint16_t key_bits_of(struct bytes attributes)
{
	uint8_t b[64] = { 0, 0, 0, 0, 1, 3, 4, 1, 9, 9, 9, 9, 0, 0, 0, 0, 1, 0, 0, 12 };
	struct parsed *q;
	uint16_t key_bits;

	if (attributes.n != 0)
		memcpy(b + 20, attributes.p, attributes.n);
	b[3] = (uint8_t)(20 + attributes.n);
	b[15] = (uint8_t)(8 + attributes.n);
	q = parse_body(payload_sa, V2_SA, bytes_of(b, 20 + attributes.n));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.sa.p[0].n, 1);
	assert_int_equal(q->m.sa.p[0].t[0].id, ENCR_AES_CBC);
	key_bits = q->m.sa.p[0].t[0].key_bits;
	parsed_free(q);
	return key_bits;
}

TEST(a_transform_with_a_foreign_attribute_stays_but_fits_nobody)
{
	const uint8_t good[] = { 0x80, 14, 1, 0 }, twice[] = { 0x80, 14, 1, 0, 0x80, 14, 1, 0 };
	const uint8_t tlv[] = { 0, 14, 0, 2, 1, 0 }, foreign[] = { 0x80, 14, 1, 0, 0x80, 17, 0, 1 };
	const uint8_t before[] = { 0x80, 17, 0, 1, 0x80, 14, 1, 0 }, zero[] = { 0x80, 14, 0, 0 };
	const uint8_t empty[] = { 0, 99, 0, 0 };

	assert_int_equal(key_bits_of(BYTES(good)), 256);
	assert_int_equal(key_bits_of(BYTES_NONE), 0);
	assert_int_equal(key_bits_of(BYTES(twice)), 0xffff);
	assert_int_equal(key_bits_of(BYTES(tlv)), 0xffff);
	assert_int_equal(key_bits_of(BYTES(foreign)), 0xffff);
	assert_int_equal(key_bits_of(BYTES(before)), 0xffff);
	assert_int_equal(key_bits_of(BYTES(zero)), 0xffff);
	assert_int_equal(key_bits_of(BYTES(empty)), 0xffff);
}

/* 3.3.6: what we do not understand is refused, not overlooked. */
TEST(a_proposal_with_a_foreign_transform_type_or_attribute_is_never_chosen)
{
	/* A second transform of type 6 (RFC 9370), then one of type 1 with an attribute of its own.
	 */
	const uint8_t foreign_type[] = { 0, 0, 0, 28, 1, 3, 4, 2, 1, 2, 3, 4, 3, 0, 0, 8, 5, 0, 0,
		0, 0, 0, 0, 8, 6, 0, 0, 0 };
	struct parsed *q = parse_body(payload_sa, V2_SA, BYTES(foreign_type));
	struct proposals ours = esp, theirs = esp;
	struct suite s;
	size_t chosen;
	uint8_t why;

	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.sa.p[0].t[1].type, 6);
	assert_int_equal(proposals_choose(&ours, &theirs, false, &s, &chosen, &why), OK);
	theirs.p[0].t[2] = q->m.sa.p[0].t[1];
	theirs.p[0].n = 3;
	assert_int_equal(proposals_choose(&ours, &theirs, false, &s, &chosen, &why), ERR_MISMATCH);
	theirs = esp;
	theirs.p[0].t[0].key_bits = 0xffff;
	assert_int_equal(proposals_choose(&ours, &theirs, false, &s, &chosen, &why), ERR_MISMATCH);
	parsed_free(q);
}

TEST(proposals_beyond_our_room_are_left_aside)
{
	uint8_t room[8192];
	struct wr w = wr_to(room, sizeof(room));
	struct parsed *q;

	for (size_t i = 0; i < PROPOSALS_MAX + 3; i++) {
		wr_bytes(&w, BYTES(esp_octets));
		if (i + 1 < PROPOSALS_MAX + 3)
			wr_patch_u8(&w, i * sizeof(esp_octets), 2);
	}
	q = parse_body(payload_sa, V2_SA, wr_view(&w));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.sa.n, PROPOSALS_MAX);
	parsed_free(q);
	/* ... but read all the same */
	wr_patch_u8(&w, (PROPOSALS_MAX + 2) * sizeof(esp_octets) + 7, 9);
	assert_int_equal(parse_error(payload_sa, V2_SA, wr_view(&w)), ERR_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(writes_the_octets_of_the_rfc),
		cmocka_unit_test(every_truncation_fails),
		cmocka_unit_test(reserved_octets_are_ignored),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(markers_of_the_last_must_be_true),
		cmocka_unit_test(the_count_of_transforms_must_be_true),
		cmocka_unit_test(spis_have_the_size_of_their_protocol),
		cmocka_unit_test(a_proposal_of_an_unknown_protocol_is_no_error),
		cmocka_unit_test(a_transform_with_a_foreign_attribute_stays_but_fits_nobody),
		cmocka_unit_test(
			a_proposal_with_a_foreign_transform_type_or_attribute_is_never_chosen),
		cmocka_unit_test(proposals_beyond_our_room_are_left_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
