/* The payloads that are a few numbers and octets: KE, IDi, IDr, CERT, CERTREQ, AUTH, Nonce, V, EAP.
 */
#include "ikev2/payload/payload_test.h"

static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

TEST(a_key_exchange_reads_as_written)
{
	uint8_t room[64];
	struct v2_build b;
	struct parsed *q;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_ke(&b, KE_CURVE25519, BYTES(octets));
	q = parse_body(payload_ke, V2_KE, built_body(&b, V2_KE));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.ke_group, KE_CURVE25519);
	assert_bytes(q->m.ke, BYTES(octets));
	parsed_free(q);
	/* The value has no length of its own, but it is never empty. */
	assert_int_equal(beginnings_that_parse(payload_ke, V2_KE, BYTES(octets)), 5);
	assert_int_equal(parse_error(payload_ke, V2_KE, bytes_of(octets, 4)), ERR_LENGTH);
	assert_int_equal(parse_error(payload_ke, V2_KE, bytes_of(octets, 3)), ERR_TRUNCATED);
}

TEST(an_identity_keeps_the_octets_that_auth_covers)
{
	struct id id = { ID_FQDN, { (uint8_t *)(uintptr_t) "vpn.example.com", 15 } };
	uint8_t room[64];
	struct v2_build b;
	struct bytes body;
	struct parsed *q;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_id(&b, V2_IDR, &id);
	body = built_body(&b, V2_IDR);
	q = parse_body(payload_id, V2_IDR, body);
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.idr_type, ID_FQDN);
	assert_bytes(q->m.idr, bytes_str("vpn.example.com"));
	assert_bytes(q->m.idr_body, body);
	assert_int_equal(q->m.idi_body.n, 0);
	parsed_free(q);

	q = parse_body(payload_id, V2_IDI, body);
	assert_bytes(q->m.idi, bytes_str("vpn.example.com"));
	assert_int_equal(q->m.idr_body.n, 0);
	parsed_free(q);
	assert_int_equal(parse_error(payload_id, V2_IDI, bytes_of(octets, 3)), ERR_TRUNCATED);
	assert_int_equal(parse_error(payload_id, V2_IDI, bytes_of(octets, 4)), OK);
}

/* 2.15: RestOfID has the reserved octets too, as they came. */
TEST(reserved_octets_of_an_identity_are_ignored_but_kept_for_auth)
{
	const uint8_t odd[] = { ID_KEY_ID, 9, 9, 9, 1 };
	struct parsed *q = parse_body(payload_id, V2_IDI, BYTES(odd));

	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.idi.n, 1);
	assert_bytes(q->m.idi_body, BYTES(odd));
	parsed_free(q);
}

TEST(auth_reads_as_written)
{
	uint8_t room[64];
	struct v2_build b;
	struct parsed *q;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_auth(&b, 2, BYTES(octets));
	q = parse_body(payload_auth, V2_AUTH, built_body(&b, V2_AUTH));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.auth_method, 2);
	assert_bytes(q->m.auth, BYTES(octets));
	parsed_free(q);
	assert_int_equal(parse_error(payload_auth, V2_AUTH, bytes_of(octets, 3)), ERR_TRUNCATED);
}

TEST(a_nonce_has_16_to_256_octets)
{
	uint8_t nonce[257] = { 1 };

	for (size_t n = 0; n <= sizeof(nonce); n++)
		assert_int_equal(parse_error(payload_nonce, V2_NONCE, bytes_of(nonce, n)),
			n >= 16 && n <= 256 ? OK : ERR_LENGTH);
}

TEST(vendor_ids_beyond_our_room_are_left_aside)
{
	static struct v2_msg m;
	struct payload p = { .type = V2_V, .body = BYTES(octets) };

	for (size_t i = 0; i < 20; i++)
		assert_int_equal(payload_vendor(&p, &m), OK);
	assert_int_equal(m.n_vendor, COUNT(m.vendor));
	assert_bytes(m.vendor[0], BYTES(octets));
}

TEST(certificates_are_known_payloads)
{
	assert_int_equal(parse_error(payload_cert, V2_CERT, BYTES(octets)), OK);
	assert_int_equal(parse_error(payload_cert, V2_CERT, BYTES_NONE), ERR_TRUNCATED);
	assert_int_equal(parse_error(payload_certreq, V2_CERTREQ, BYTES(octets)), OK);
	assert_int_equal(parse_error(payload_certreq, V2_CERTREQ, BYTES_NONE), ERR_TRUNCATED);
}

TEST(an_eap_message_has_its_own_length)
{
	const uint8_t eap[] = { 1, 7, 0, 5, 1 }, longer[] = { 1, 7, 0, 6, 1 };

	assert_int_equal(parse_error(payload_eap, V2_EAP, BYTES(eap)), OK);
	assert_int_equal(parse_error(payload_eap, V2_EAP, BYTES(longer)), ERR_LENGTH);
	assert_int_equal(beginnings_that_parse(payload_eap, V2_EAP, BYTES(eap)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_exchange_reads_as_written),
		cmocka_unit_test(an_identity_keeps_the_octets_that_auth_covers),
		cmocka_unit_test(reserved_octets_of_an_identity_are_ignored_but_kept_for_auth),
		cmocka_unit_test(auth_reads_as_written),
		cmocka_unit_test(a_nonce_has_16_to_256_octets),
		cmocka_unit_test(vendor_ids_beyond_our_room_are_left_aside),
		cmocka_unit_test(certificates_are_known_payloads),
		cmocka_unit_test(an_eap_message_has_its_own_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
