#include "ikev2/payload/payload_test.h"

/* RFC 7296 3.15: a reply with an address, a DNS server, an IPv6 address with its prefix length, and
 * a subnet that is asked for. */
/* clang-format off */
static const uint8_t octets[] = {
	CP_REPLY, 0, 0, 0,
	0, 1, 0, 4, 100, 64, 13, 5,
	0, 3, 0, 4, 10, 0, 1, 53,
	0, 8, 0, 17, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 64,
	0, 13, 0, 0,
};
/* clang-format on */

TEST(reads_attributes_and_writes_them_again)
{
	struct parsed *q = parse_body(payload_cp, V2_CP, BYTES(octets));
	uint8_t room[128];
	struct v2_build b;

	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.cp.type, CP_REPLY);
	assert_int_equal(q->m.cp.n, 4);
	assert_int_equal(q->m.cp.attr[0].type, CP_INTERNAL_IP4_ADDRESS);
	assert_int_equal(q->m.cp.attr[0].value.p[0], 100);
	assert_int_equal(q->m.cp.attr[2].value.n, 17);
	assert_int_equal(q->m.cp.attr[3].value.n, 0);
	assert_true(is_view_of(q->m.cp.attr[2].value, buf_view(&q->body)));

	v2_build_chain(&b, room, sizeof(room));
	v2_put_cp(&b, &q->m.cp);
	assert_bytes(built_body(&b, V2_CP), BYTES(octets));
	parsed_free(q);
}

/* Only where an attribute ends: after the head, and after each of the first three. */
TEST(a_truncation_parses_only_between_attributes)
{
	assert_int_equal(beginnings_that_parse(payload_cp, V2_CP, BYTES(octets)), 4);
	assert_int_equal(parse_error(payload_cp, V2_CP, bytes_of(octets, 3)), ERR_TRUNCATED);
	assert_int_equal(parse_error(payload_cp, V2_CP, bytes_of(octets, 4)), OK);
	assert_int_equal(parse_error(payload_cp, V2_CP, bytes_of(octets, 11)), ERR_TRUNCATED);
	assert_int_equal(parse_error(payload_cp, V2_CP, bytes_of(octets, 12)), OK);
}

static enum err one(uint16_t type, size_t n)
{
	uint8_t b[64] = { CP_REQUEST, 0, 0, 0, (uint8_t)(type >> 8), (uint8_t)type, 0, (uint8_t)n };

	return parse_error(payload_cp, V2_CP, bytes_of(b, 8 + n));
}

TEST(known_attributes_have_the_lengths_of_the_rfc)
{
	assert_int_equal(one(CP_INTERNAL_IP4_ADDRESS, 0), OK);
	assert_int_equal(one(CP_INTERNAL_IP4_ADDRESS, 4), OK);
	assert_int_equal(one(CP_INTERNAL_IP4_ADDRESS, 5), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP4_NETMASK, 3), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP4_DNS, 16), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP6_ADDRESS, 17), OK);
	assert_int_equal(one(CP_INTERNAL_IP6_ADDRESS, 16), OK);
	assert_int_equal(one(CP_INTERNAL_IP6_ADDRESS, 4), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP6_DNS, 16), OK);
	assert_int_equal(one(CP_INTERNAL_IP6_DNS, 17), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP4_SUBNET, 8), OK);
	assert_int_equal(one(CP_INTERNAL_IP4_SUBNET, 4), ERR_LENGTH);
	assert_int_equal(one(CP_INTERNAL_IP6_SUBNET, 17), OK);
	assert_int_equal(one(CP_INTERNAL_IP6_SUBNET, 16), ERR_LENGTH);
	assert_int_equal(one(CP_SUPPORTED_ATTRIBUTES, 6), OK);
	assert_int_equal(one(CP_SUPPORTED_ATTRIBUTES, 5), ERR_LENGTH);
}

TEST(unknown_attributes_and_the_reserved_bit_are_no_error)
{
	assert_int_equal(one(0x7abc, 13), OK);
	assert_int_equal(one(0x8000 | CP_INTERNAL_IP4_ADDRESS, 4), OK);
	assert_int_equal(one(0x8000 | CP_INTERNAL_IP4_ADDRESS, 5), ERR_LENGTH);
}

TEST(more_attributes_than_the_limit_are_refused)
{
	uint8_t room[4 + 4 * (LIMIT_CP_ATTRIBUTES + 1)] = { CP_REQUEST };

	for (size_t i = 0; i <= LIMIT_CP_ATTRIBUTES; i++)
		room[4 + 4 * i + 1] = CP_INTERNAL_IP4_DNS;
	assert_int_equal(parse_error(payload_cp, V2_CP, BYTES(room)), ERR_LIMIT);
	assert_int_equal(parse_error(payload_cp, V2_CP, bytes_of(room, sizeof(room) - 4)), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_attributes_and_writes_them_again),
		cmocka_unit_test(a_truncation_parses_only_between_attributes),
		cmocka_unit_test(known_attributes_have_the_lengths_of_the_rfc),
		cmocka_unit_test(unknown_attributes_and_the_reserved_bit_are_no_error),
		cmocka_unit_test(more_attributes_than_the_limit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
