#include "base/test.h"
#include "ikev2/keymat.h"
#include "ikev2/nat_detection.h"

static const struct v2_header header = {
	.spi_i = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 },
	.version = 0x20,
	.exchange = IKE_SA_INIT,
	.flags = V2_F_INITIATOR,
};
static uint8_t room[256];

static struct endpoint at(const char *address, uint16_t port)
{
	struct endpoint e = { .port = port };

	assert_int_equal(addr_parse(address, &e.addr), OK);
	return e;
}

/* Sent from local to remote, received with those addresses as the NATs on the way made them. */
static struct v2_nat judge(struct endpoint local, struct endpoint remote, struct endpoint seen_from,
	struct endpoint seen_to, bool force)
{
	struct v2_build b;
	struct v2_msg m;

	v2_build_message(&b, room, sizeof(room), &header);
	v2_put_nat_detection(&b, &header, &local, &remote, force);
	assert_int_equal(v2_msg_parse(v2_build_end(&b), &m, NULL), OK);
	return v2_nat_judge(&m, &seen_to, &seen_from);
}

TEST(no_nat_where_nothing_was_changed)
{
	struct endpoint a = at("192.0.2.1", 500), b = at("198.51.100.1", 500);
	struct v2_nat n = judge(a, b, a, b, false);

	assert_true(n.supported);
	assert_false(n.local_behind || n.remote_behind);
}

TEST(a_changed_source_means_the_peer_is_behind_a_nat)
{
	struct endpoint a = at("10.0.0.1", 500), b = at("198.51.100.1", 500);
	struct v2_nat n = judge(a, b, at("192.0.2.1", 500), b, false);

	assert_true(n.supported && n.remote_behind);
	assert_false(n.local_behind);
	n = judge(a, b, at("10.0.0.1", 1024), b, false);
	assert_true(n.remote_behind);
}

TEST(a_changed_destination_means_we_are_behind_a_nat)
{
	struct endpoint a = at("2001:db8::1", 500), b = at("2001:db8::2", 500);
	struct v2_nat n = judge(a, b, a, at("fd00::2", 500), false);

	assert_true(n.supported && n.local_behind);
	assert_false(n.remote_behind);
}

TEST(forced_encapsulation_looks_like_a_nat_before_the_sender)
{
	struct endpoint a = at("192.0.2.1", 500), b = at("198.51.100.1", 500);
	struct v2_nat n = judge(a, b, a, b, true);

	assert_true(n.supported && n.remote_behind);
	assert_false(n.local_behind);
}

TEST(without_both_notifications_there_is_no_nat_traversal)
{
	struct endpoint a = at("192.0.2.1", 500), b = at("198.51.100.1", 500);
	const uint8_t hash[20] = { 0 };
	struct v2_build build;
	struct v2_nat n;
	struct v2_msg m;

	v2_build_message(&build, room, sizeof(room), &header);
	v2_put_notify(&build, 0, BYTES_NONE, N_NAT_DETECTION_SOURCE_IP, BYTES(hash));
	assert_int_equal(v2_msg_parse(v2_build_end(&build), &m, NULL), OK);
	n = v2_nat_judge(&m, &b, &a);
	assert_false(n.supported || n.local_behind || n.remote_behind);
}

/* 2.23: a sender that does not know its address sends one hash for each that it has. */
TEST(one_of_several_source_hashes_is_enough)
{
	struct endpoint a = at("192.0.2.1", 500), b = at("198.51.100.1", 500);
	struct endpoint others[] = { at("10.0.0.1", 500), a, at("10.0.0.2", 500) };
	uint8_t hash[20];
	struct v2_build build;
	struct v2_nat n;
	struct v2_msg m;

	v2_build_message(&build, room, sizeof(room), &header);
	for (size_t i = 0; i < COUNT(others); i++) {
		v2_nat_hash(header.spi_i, header.spi_r, &others[i], hash);
		v2_put_notify(&build, 0, BYTES_NONE, N_NAT_DETECTION_SOURCE_IP, BYTES(hash));
	}
	v2_nat_hash(header.spi_i, header.spi_r, &b, hash);
	v2_put_notify(&build, 0, BYTES_NONE, N_NAT_DETECTION_DESTINATION_IP, BYTES(hash));
	assert_int_equal(v2_msg_parse(v2_build_end(&build), &m, NULL), OK);
	n = v2_nat_judge(&m, &b, &a);
	assert_true(n.supported);
	assert_false(n.local_behind || n.remote_behind);
}

/* SHA-1 over SPIi, SPIr, address and port: the octets that 2.23 names, computed elsewhere. */
TEST(the_hash_is_the_one_of_the_rfc)
{
	static const uint8_t expected[20] = { 0x77, 0x27, 0x3b, 0x31, 0xd6, 0xed, 0x83, 0x89, 0xee,
		0x69, 0xc6, 0x6f, 0x0c, 0x7f, 0x20, 0x37, 0xf0, 0xa9, 0x82, 0xeb };
	const uint8_t spi_r[8] = { 0 };
	struct endpoint e = at("192.0.2.1", 500);
	uint8_t hash[20];

	v2_nat_hash(header.spi_i, spi_r, &e, hash);
	assert_memory_equal(hash, expected, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_nat_where_nothing_was_changed),
		cmocka_unit_test(a_changed_source_means_the_peer_is_behind_a_nat),
		cmocka_unit_test(a_changed_destination_means_we_are_behind_a_nat),
		cmocka_unit_test(forced_encapsulation_looks_like_a_nat_before_the_sender),
		cmocka_unit_test(without_both_notifications_there_is_no_nat_traversal),
		cmocka_unit_test(one_of_several_source_hashes_is_enough),
		cmocka_unit_test(the_hash_is_the_one_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
