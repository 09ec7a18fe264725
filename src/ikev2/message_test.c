#include "base/test.h"
#include "ikev2/payload/payload.h"

#include <stdlib.h>

static const struct v2_header request = {
	.spi_i = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.version = 0x20,
	.exchange = IKE_SA_INIT,
	.flags = V2_F_INITIATOR,
};
static const uint8_t nonce[32] = { 7, 7, 7 }, cookie[] = { 9, 8, 7 }, value[32] = { 5 };
static const struct proposals offer = { .n = 1,
	.p = {
		{ .number = 1,
			.protocol = PROTO_IKE,
			.n = 3,
			.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_256, 0 },
				{ TT_KE, KE_CURVE25519, 0 } } },
	} };

static uint8_t room[4096];

/* Any payload, for what the writers of message.h cannot be made to write. */
static void put(struct v2_build *b, uint8_t type, struct bytes body)
{
	payload_begin(b, type);
	wr_bytes(&b->w, body);
	payload_end(b);
}

static struct bytes first_request(void)
{
	struct v2_build b;

	v2_build_message(&b, room, sizeof(room), &request);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_COOKIE, BYTES(cookie));
	v2_put_sa(&b, &offer);
	v2_put_ke(&b, KE_CURVE25519, BYTES(value));
	v2_put_nonce(&b, BYTES(nonce));
	v2_put_vendor(&b, bytes_str("somebody"));
	return v2_build_end(&b);
}

/* Parses a copy of exactly its size. The message's views are dead afterwards. */
static enum err parse(struct bytes datagram, struct v2_msg *ret, struct v2_why *why)
{
	struct buf copy = buf_from(datagram);
	enum err e = v2_msg_parse(buf_view(&copy), ret, why);

	buf_done(&copy);
	return e;
}

static void set_length(uint8_t *datagram, size_t n)
{
	for (size_t i = 0; i < 4; i++)
		datagram[24 + i] = (uint8_t)(n >> (24 - 8 * i));
}

TEST(a_message_reads_as_written)
{
	struct bytes d = first_request();
	struct v2_msg m;

	assert_int_equal(v2_msg_parse(d, &m, NULL), OK);
	assert_memory_equal(m.h.spi_i, request.spi_i, 8);
	assert_int_equal(m.h.exchange, IKE_SA_INIT);
	assert_int_equal(m.h.flags, V2_F_INITIATOR);
	assert_int_equal(m.h.length, d.n);
	assert_int_equal(m.h.next, V2_N);
	assert_true(v2_has(&m, V2_SA) && v2_has(&m, V2_KE) && v2_has(&m, V2_NONCE));
	assert_false(v2_has(&m, V2_SK) || v2_has(&m, V2_NONE) || v2_has(&m, 200));
	assert_memory_equal(&m.sa, &offer, sizeof(offer));
	assert_int_equal(m.ke_group, KE_CURVE25519);
	assert_true(bytes_eq(m.ke, BYTES(value)) && m.ke.p > d.p && m.ke.p < d.p + d.n);
	assert_true(bytes_eq(m.nonce, BYTES(nonce)));
	assert_true(bytes_eq(v2_notify_find(&m, N_COOKIE)->data, BYTES(cookie)));
	assert_true(bytes_eq(m.vendor[0], bytes_str("somebody")));
	assert_string_equal(m.names, "N(COOKIE),SA,KE,Ni,V");
}

TEST(a_truncated_datagram_fails_and_leaves_the_result_alone)
{
	struct bytes d = first_request();
	struct v2_msg m, before;

	memset(&m, 0x5a, sizeof(m));
	before = m;
	for (size_t n = 0; n < d.n; n++) {
		assert_int_equal(parse(bytes_of(d.p, n), &m, NULL),
			n < V2_HEADER_N ? ERR_TRUNCATED : ERR_LENGTH);
		assert_memory_equal(&m, &before, sizeof(m));
	}
}

TEST(a_shorter_message_with_a_matching_length_fails_too)
{
	struct bytes d = first_request();
	struct v2_why why;
	struct v2_msg m;

	for (size_t n = V2_HEADER_N; n < d.n; n++) {
		set_length(room, n);
		assert_int_equal(parse(bytes_of(d.p, n), &m, &why), ERR_TRUNCATED);
		assert_int_equal(why.e, ERR_TRUNCATED);
		assert_true(why.offset <= n);
	}
}

TEST(lengths_of_header_and_datagram_must_agree)
{
	struct bytes d = first_request();
	struct v2_msg m;

	set_length(room, d.n + 1);
	assert_int_equal(parse(d, &m, NULL), ERR_LENGTH);
	set_length(room, d.n - 1);
	assert_int_equal(parse(d, &m, NULL), ERR_LENGTH);
	set_length(room, 0);
	assert_int_equal(parse(d, &m, NULL), ERR_LENGTH);
	set_length(room, UINT32_MAX);
	assert_int_equal(parse(d, &m, NULL), ERR_LENGTH);
	set_length(room, d.n);
	assert_int_equal(parse(d, &m, NULL), OK);
}

TEST(octets_after_the_last_payload_are_refused)
{
	struct bytes d = first_request();
	struct v2_why why;
	struct v2_msg m;

	set_length(room, d.n + 4);
	assert_int_equal(parse(bytes_of(d.p, d.n + 4), &m, &why), ERR_LENGTH);
	assert_int_equal(why.payload, V2_NONE);
	assert_int_equal(why.offset, d.n);
}

/* 2.5: what a minor version or a flag of the future means, its payloads say. */
TEST(a_higher_minor_version_and_unknown_flags_are_ignored)
{
	struct bytes d = first_request();
	struct v2_msg m;

	room[17] = 0x2f;
	room[19] |= 0xd7;
	assert_int_equal(parse(d, &m, NULL), OK);
	room[17] = 0x30;
	assert_int_equal(parse(d, &m, NULL), ERR_UNSUPPORTED);
	room[17] = 0x10;
	assert_int_equal(parse(d, &m, NULL), ERR_UNSUPPORTED);
}

TEST(payload_lengths_below_the_generic_header_are_refused)
{
	struct bytes d = first_request();
	struct v2_why why;
	struct v2_msg m;

	room[28 + 2] = 0;
	for (uint8_t n = 0; n < 4; n++) {
		room[28 + 3] = n;
		assert_int_equal(parse(d, &m, &why), ERR_LENGTH);
		assert_int_equal(why.payload, V2_N);
		assert_int_equal(why.offset, 28);
	}
	room[28 + 2] = 0xff;
	assert_int_equal(parse(d, &m, &why), ERR_TRUNCATED);
}

TEST(what_may_stand_once_may_not_stand_twice)
{
	static const uint8_t once[] = { V2_SA, V2_KE, V2_IDI, V2_IDR, V2_AUTH, V2_NONCE, V2_TSI,
		V2_TSR, V2_CP, V2_EAP };
	static const uint8_t ts[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 255, 255, 10, 0, 0, 0, 10, 0,
		0, 9 };
	static const uint8_t eap[] = { 3, 1, 0, 4 };

	for (size_t i = 0; i < COUNT(once); i++) {
		struct bytes body = BYTES(nonce);
		struct v2_build b;
		struct v2_why why;
		struct v2_msg m = { 0 };

		v2_build_chain(&b, room, sizeof(room));
		for (size_t twice = 0; twice < 2; twice++) {
			if (once[i] == V2_SA) {
				v2_put_sa(&b, &offer);
				continue;
			}
			if (once[i] == V2_TSI || once[i] == V2_TSR)
				body = BYTES(ts);
			else if (once[i] == V2_EAP)
				body = BYTES(eap);
			else if (once[i] == V2_CP)
				body = bytes_of(ts + 1, 4);
			put(&b, once[i], body);
		}
		assert_int_equal(
			v2_chain_parse(once[i], v2_build_end(&b), &m, &why), ERR_DUPLICATE);
		assert_int_equal(why.payload, once[i]);
		assert_int_equal(m.has, 0);
	}
}

TEST(what_may_repeat_repeats)
{
	struct v2_build b;
	struct v2_msg m = { 0 };

	v2_build_chain(&b, room, sizeof(room));
	for (size_t i = 0; i < 2; i++) {
		put(&b, V2_CERT, BYTES(cookie));
		put(&b, V2_CERTREQ, BYTES(cookie));
		v2_put_vendor(&b, BYTES(cookie));
		v2_put_notify(&b, 0, BYTES_NONE, N_INITIAL_CONTACT, BYTES_NONE);
		v2_put_delete(&b, PROTO_IKE, 0, 0, BYTES_NONE);
	}
	assert_int_equal(v2_chain_parse(V2_CERT, v2_build_end(&b), &m, NULL), OK);
	assert_int_equal(m.n_vendor, 2);
	assert_int_equal(m.n_notify, 2);
	assert_int_equal(m.n_delete, 2);
}

TEST(unknown_payloads_are_stepped_over_unless_critical)
{
	struct v2_build b;
	struct bytes chain;
	struct v2_msg m = { 0 };

	v2_build_chain(&b, room, sizeof(room));
	put(&b, 200, BYTES(nonce));
	v2_put_nonce(&b, BYTES(nonce));
	put(&b, 201, BYTES_NONE);
	put(&b, 202, BYTES_NONE);
	chain = v2_build_end(&b);
	assert_int_equal(v2_chain_parse(200, chain, &m, NULL), OK);
	assert_int_equal(m.unknown_critical, 0);
	assert_true(bytes_eq(m.nonce, BYTES(nonce)));

	/* On a payload that we know, the bit says nothing (2.5). */
	room[36 + 1] = 0x80;
	m = (struct v2_msg){ 0 };
	assert_int_equal(v2_chain_parse(200, chain, &m, NULL), OK);
	assert_int_equal(m.unknown_critical, 0);

	room[36 + 36 + 1] = 0x80;
	room[36 + 36 + 4 + 1] = 0xff;
	m = (struct v2_msg){ 0 };
	assert_int_equal(v2_chain_parse(200, chain, &m, NULL), OK);
	assert_int_equal(m.unknown_critical, 201);
}

/* 3.2: the other seven bits of the octet are reserved. */
TEST(reserved_bits_are_no_critical_bit)
{
	struct v2_build b;
	struct bytes chain;
	struct v2_msg m = { 0 };

	v2_build_chain(&b, room, sizeof(room));
	put(&b, 99, BYTES_NONE);
	chain = v2_build_end(&b);
	room[1] = 0x7f;
	assert_int_equal(v2_chain_parse(99, chain, &m, NULL), OK);
	assert_int_equal(m.unknown_critical, 0);
}

TEST(an_encrypted_payload_ends_the_message)
{
	const uint8_t sealed[40] = { 3 };
	struct v2_header h = request;
	struct v2_build b;
	struct bytes d;
	struct v2_msg m;

	h.exchange = IKE_AUTH;
	v2_build_message(&b, room, sizeof(room), &h);
	put(&b, V2_SK, BYTES(sealed));
	d = v2_build_end(&b);
	room[28] = V2_IDI; /* the first payload inside */
	assert_int_equal(v2_msg_parse(d, &m, NULL), OK);
	assert_int_equal(m.sk_next, V2_IDI);
	assert_true(bytes_eq(m.sk, BYTES(sealed)));
	assert_true(m.sk_head.p == d.p && m.sk_head.n == 32);
	assert_int_equal(m.frag_total, 0);
	assert_string_equal(m.names, "SK");

	v2_build_message(&b, room, sizeof(room), &h);
	put(&b, V2_SK, BYTES(sealed));
	v2_put_nonce(&b, BYTES(nonce));
	assert_int_equal(parse(v2_build_end(&b), &m, NULL), ERR_LENGTH);
}

TEST(a_fragment_has_its_numbers_before_the_sealed_octets)
{
	uint8_t body[] = { 0, 2, 0, 3, 77, 77 };
	struct v2_build b;
	struct bytes d;
	struct v2_msg m;

	v2_build_message(&b, room, sizeof(room), &request);
	put(&b, V2_SKF, BYTES(body));
	d = v2_build_end(&b);
	assert_int_equal(v2_msg_parse(d, &m, NULL), OK);
	assert_int_equal(m.frag_number, 2);
	assert_int_equal(m.frag_total, 3);
	assert_int_equal(m.sk.n, 2);
	assert_true(m.sk_head.p == d.p && m.sk_head.n == 36);

	room[33] = 4;
	assert_int_equal(parse(d, &m, NULL), ERR_VALUE);
	room[33] = 0;
	assert_int_equal(parse(d, &m, NULL), ERR_VALUE);
	room[33] = 3;
	assert_int_equal(parse(d, &m, NULL), OK);
}

TEST(an_encrypted_payload_has_none_inside)
{
	static const uint8_t kinds[] = { V2_SK, V2_SKF };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct v2_build b;
		struct v2_msg m = { 0 };

		v2_build_chain(&b, room, sizeof(room));
		put(&b, kinds[i], BYTES(nonce));
		assert_int_equal(v2_chain_parse(kinds[i], v2_build_end(&b), &m, NULL), ERR_VALUE);
	}
}

TEST(an_opened_chain_adds_to_its_message)
{
	const uint8_t sealed[40] = { 3 };
	struct v2_header h = request;
	struct v2_build b;
	struct buf outer;
	struct v2_msg m;

	h.flags |= V2_F_RESPONSE;
	v2_build_message(&b, room, sizeof(room), &h);
	put(&b, V2_SK, BYTES(sealed));
	outer = buf_from(v2_build_end(&b));
	assert_int_equal(v2_msg_parse(buf_view(&outer), &m, NULL), OK);

	v2_build_chain(&b, room, sizeof(room));
	v2_put_auth(&b, 2, BYTES(value));
	v2_put_nonce(&b, BYTES(nonce));
	assert_int_equal(v2_chain_parse(b.first, v2_build_end(&b), &m, NULL), OK);
	assert_true(v2_has(&m, V2_SK) && v2_has(&m, V2_AUTH));
	assert_int_equal(m.h.exchange, IKE_SA_INIT);
	assert_true(bytes_eq(m.sk, BYTES(sealed)));
	assert_string_equal(m.names, "SK{AUTH,Nr}");
	buf_done(&outer);
}

/* A liveness check (2.4) is an SK payload with nothing inside. */
TEST(an_empty_chain_is_a_chain)
{
	struct v2_msg m = { 0 };
	struct v2_build b;

	assert_int_equal(v2_chain_parse(V2_NONE, BYTES_NONE, &m, NULL), OK);
	assert_int_equal(v2_chain_parse(V2_NONE, BYTES(cookie), &m, NULL), ERR_LENGTH);
	v2_build_chain(&b, room, sizeof(room));
	assert_int_equal(v2_build_end(&b).n, 0);
	assert_int_equal(b.first, V2_NONE);
	v2_build_message(&b, room, sizeof(room), &request);
	assert_int_equal(v2_build_end(&b).n, V2_HEADER_N);
}

TEST(a_chain_longer_than_the_limit_is_refused)
{
	struct v2_build b;
	struct v2_why why;
	struct v2_msg m = { 0 };

	v2_build_chain(&b, room, sizeof(room));
	for (size_t i = 0; i < LIMIT_PAYLOADS; i++)
		put(&b, 99, BYTES_NONE);
	assert_int_equal(v2_chain_parse(99, v2_build_end(&b), &m, NULL), OK);
	put(&b, 99, BYTES_NONE);
	assert_int_equal(v2_chain_parse(99, v2_build_end(&b), &m, &why), ERR_LIMIT);
}

TEST(names_that_are_too_many_are_cut)
{
	struct v2_build b;
	struct v2_msg m = { 0 };

	v2_build_chain(&b, room, sizeof(room));
	for (size_t i = 0; i < 30; i++)
		v2_put_notify(&b, 0, BYTES_NONE, N_NAT_DETECTION_DESTINATION_IP, BYTES_NONE);
	assert_int_equal(v2_chain_parse(V2_N, v2_build_end(&b), &m, NULL), OK);
	assert_int_equal(strlen(m.names), sizeof(m.names) - 1);
}

TEST(a_builder_without_room_gives_nothing)
{
	size_t whole = first_request().n;

	for (size_t n = 0; n < whole; n++) {
		uint8_t *small = xalloc(n);
		struct v2_build b;

		v2_build_message(&b, small, n, &request);
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_COOKIE, BYTES(cookie));
		v2_put_sa(&b, &offer);
		v2_put_ke(&b, KE_CURVE25519, BYTES(value));
		v2_put_nonce(&b, BYTES(nonce));
		v2_put_vendor(&b, bytes_str("somebody"));
		assert_int_equal(v2_build_end(&b).n, 0);
		free(small);
	}
}

TEST(numbers_have_names)
{
	assert_string_equal(v2_exchange_name(IKE_SA_INIT), "IKE_SA_INIT");
	assert_string_equal(v2_exchange_name(INFORMATIONAL), "INFORMATIONAL");
	assert_string_equal(v2_exchange_name(43), "IKE_INTERMEDIATE");
	assert_string_equal(v2_exchange_name(99), "unknown exchange");
	assert_string_equal(v2_payload_name(V2_NONE), "none");
	assert_string_equal(v2_payload_name(V2_SA), "SA");
	assert_string_equal(v2_payload_name(V2_EAP), "EAP");
	assert_string_equal(v2_payload_name(V2_SKF), "SKF");
	assert_string_equal(v2_payload_name(255), "unknown");
	assert_string_equal(v2_notify_name(N_NO_PROPOSAL_CHOSEN), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(
		v2_notify_name(N_SIGNATURE_HASH_ALGORITHMS), "SIGNATURE_HASH_ALGORITHMS");
	assert_string_equal(v2_notify_name(65535), "65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_reads_as_written),
		cmocka_unit_test(a_truncated_datagram_fails_and_leaves_the_result_alone),
		cmocka_unit_test(a_shorter_message_with_a_matching_length_fails_too),
		cmocka_unit_test(lengths_of_header_and_datagram_must_agree),
		cmocka_unit_test(octets_after_the_last_payload_are_refused),
		cmocka_unit_test(a_higher_minor_version_and_unknown_flags_are_ignored),
		cmocka_unit_test(payload_lengths_below_the_generic_header_are_refused),
		cmocka_unit_test(what_may_stand_once_may_not_stand_twice),
		cmocka_unit_test(what_may_repeat_repeats),
		cmocka_unit_test(unknown_payloads_are_stepped_over_unless_critical),
		cmocka_unit_test(reserved_bits_are_no_critical_bit),
		cmocka_unit_test(an_encrypted_payload_ends_the_message),
		cmocka_unit_test(a_fragment_has_its_numbers_before_the_sealed_octets),
		cmocka_unit_test(an_encrypted_payload_has_none_inside),
		cmocka_unit_test(an_opened_chain_adds_to_its_message),
		cmocka_unit_test(an_empty_chain_is_a_chain),
		cmocka_unit_test(a_chain_longer_than_the_limit_is_refused),
		cmocka_unit_test(names_that_are_too_many_are_cut),
		cmocka_unit_test(a_builder_without_room_gives_nothing),
		cmocka_unit_test(numbers_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
