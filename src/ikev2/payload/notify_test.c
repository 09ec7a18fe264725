/* Notify and Delete: the payloads that name SAs. */
#include "ikev2/payload/payload_test.h"

TEST(a_notification_reads_as_written)
{
	const uint8_t spi[] = { 0xde, 0xad, 0xbe, 0xef }, data[] = { 1, 2, 3 };
	const uint8_t octets[] = { 3, 4, 0x40, 0x09, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3 };
	uint8_t room[64];
	struct v2_build b;
	struct parsed *q;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_notify(&b, PROTO_ESP, BYTES(spi), N_REKEY_SA, BYTES(data));
	assert_bytes(built_body(&b, V2_N), BYTES(octets));

	q = parse_body(payload_notify, V2_N, BYTES(octets));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.n_notify, 1);
	assert_int_equal(q->m.notify[0].protocol, PROTO_ESP);
	assert_int_equal(q->m.notify[0].type, N_REKEY_SA);
	assert_bytes(q->m.notify[0].spi, BYTES(spi));
	assert_bytes(q->m.notify[0].data, BYTES(data));
	assert_true(is_view_of(q->m.notify[0].data, buf_view(&q->body)));
	parsed_free(q);
	/* Data has no length of its own: three beginnings are whole notifications. */
	assert_int_equal(beginnings_that_parse(payload_notify, V2_N, BYTES(octets)), 3);
	assert_int_equal(parse_error(payload_notify, V2_N, bytes_of(octets, 7)), ERR_TRUNCATED);
}

TEST(spis_in_notifications_have_0_4_or_8_octets)
{
	const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 16 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint8_t b[32] = { 1, (uint8_t)sizes[i], 0, 11 };
		bool fits = sizes[i] == 0 || sizes[i] == 4 || sizes[i] == 8;

		assert_int_equal(parse_error(payload_notify, V2_N, bytes_of(b, 4 + sizes[i])),
			fits ? OK : ERR_LENGTH);
	}
}

TEST(notifications_are_found_by_type_and_errors_by_number)
{
	static struct v2_msg m;

	m.n_notify = 3;
	m.notify[0].type = N_INITIAL_CONTACT;
	m.notify[1].type = N_NO_PROPOSAL_CHOSEN;
	m.notify[2].type = N_NO_PROPOSAL_CHOSEN;
	assert_ptr_equal(v2_notify_find(&m, N_NO_PROPOSAL_CHOSEN), &m.notify[1]);
	assert_null(v2_notify_find(&m, N_COOKIE));
	assert_ptr_equal(v2_notify_error(&m), &m.notify[1]);
	m.n_notify = 1;
	assert_null(v2_notify_error(&m));
}

TEST(the_room_for_notifications_is_limited)
{
	const uint8_t octets[] = { 0, 0, 0x40, 0 };
	static struct v2_msg m;
	struct payload p = { .type = V2_N, .body = BYTES(octets) };

	for (size_t i = 0; i < LIMIT_NOTIFIES; i++)
		assert_int_equal(payload_notify(&p, &m), OK);
	assert_int_equal(payload_notify(&p, &m), ERR_LIMIT);
	assert_int_equal(m.n_notify, LIMIT_NOTIFIES);
}

TEST(a_delete_reads_as_written)
{
	const uint8_t spis[] = { 1, 1, 1, 1, 2, 2, 2, 2 };
	const uint8_t octets[] = { 3, 4, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2 };
	uint8_t room[64];
	struct v2_build b;
	struct parsed *q;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_delete(&b, PROTO_ESP, 4, 2, BYTES(spis));
	assert_bytes(built_body(&b, V2_D), BYTES(octets));

	q = parse_body(payload_delete, V2_D, BYTES(octets));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.n_delete, 1);
	assert_int_equal(q->m.del[0].protocol, PROTO_ESP);
	assert_int_equal(q->m.del[0].n, 2);
	assert_bytes(q->m.del[0].spis, BYTES(spis));
	parsed_free(q);
	assert_int_equal(beginnings_that_parse(payload_delete, V2_D, BYTES(octets)), 0);
}

static enum err delete_of(uint8_t protocol, uint8_t spi_n, uint16_t n, size_t octets)
{
	uint8_t b[1024] = { protocol, spi_n, (uint8_t)(n >> 8), (uint8_t)n };

	return parse_error(payload_delete, V2_D, bytes_of(b, 4 + octets));
}

TEST(sizes_in_a_delete_fit_its_protocol)
{
	assert_int_equal(delete_of(PROTO_IKE, 0, 0, 0), OK);
	assert_int_equal(delete_of(PROTO_IKE, 0, 1, 0), OK);
	assert_int_equal(delete_of(PROTO_IKE, 8, 1, 8), ERR_LENGTH);
	assert_int_equal(delete_of(PROTO_ESP, 0, 1, 0), ERR_LENGTH);
	assert_int_equal(delete_of(PROTO_ESP, 8, 1, 8), ERR_LENGTH);
	assert_int_equal(delete_of(PROTO_ESP, 4, 1, 5), ERR_LENGTH);
	assert_int_equal(delete_of(PROTO_AH, 4, 1, 4), OK);
	assert_int_equal(delete_of(PROTO_ESP, 4, 65535, 1000), ERR_TRUNCATED);
	assert_int_equal(delete_of(PROTO_ESP, 4, LIMIT_DELETE_SPIS, 4 * LIMIT_DELETE_SPIS), OK);
	assert_int_equal(
		delete_of(PROTO_ESP, 4, LIMIT_DELETE_SPIS + 1, 4 * (LIMIT_DELETE_SPIS + 1)),
		ERR_LIMIT);
	assert_int_equal(delete_of(PROTO_IKE, 0, 65535, 0), ERR_LIMIT);
	assert_int_equal(delete_of(99, 2, 3, 6), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notification_reads_as_written),
		cmocka_unit_test(spis_in_notifications_have_0_4_or_8_octets),
		cmocka_unit_test(notifications_are_found_by_type_and_errors_by_number),
		cmocka_unit_test(the_room_for_notifications_is_limited),
		cmocka_unit_test(a_delete_reads_as_written),
		cmocka_unit_test(sizes_in_a_delete_fit_its_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
