/* Messages: the header, the chain of payloads, what HASH covers, and writing them. */
#include "ikev1/message.h"

#include "crypto/test_hex.h"
#include <stdlib.h>

static const struct v1_header header = { .icookie = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.rcookie = { 9, 10, 11, 12, 13, 14, 15, 16 },
	.version = V1_VERSION,
	.exchange = V1_QUICK_MODE,
	.flags = V1_F_ENCRYPTION,
	.message_id = 0xcafe };

static uint8_t room[4096];
static struct v1_msg m;
static struct v1_why why;

/* A message of the chain that is given in hexadecimal, behind a header. */
static struct bytes message_of(uint8_t first, uint8_t flags, const char *chain)
{
	struct buf c = hex(chain);
	struct wr w = wr_to(room, sizeof(room));

	wr_zero(&w, 8);
	wr_u64(&w, 7);
	wr_u8(&w, first);
	wr_u8(&w, V1_VERSION);
	wr_u8(&w, V1_INFORMATIONAL);
	wr_u8(&w, flags);
	wr_u32(&w, 0x01020304);
	wr_u32(&w, (uint32_t)(V1_HEADER_N + c.n));
	wr_bytes(&w, buf_view(&c));
	buf_done(&c);
	return wr_view(&w);
}

static enum err parse(uint8_t first, uint8_t flags, const char *chain)
{
	m = (struct v1_msg){ 0 };
	return v1_msg_parse(message_of(first, flags, chain), &m, &why);
}

TEST(a_header_is_read_and_its_length_is_that_of_the_datagram)
{
	struct bytes d = message_of(V1_NONE, V1_F_COMMIT, "");
	struct v1_header h = { 0 };

	assert_int_equal(v1_header_parse(d, &h), OK);
	assert_int_equal(h.exchange, V1_INFORMATIONAL);
	assert_int_equal(h.flags, V1_F_COMMIT);
	assert_int_equal(h.message_id, 0x01020304);
	assert_int_equal(h.rcookie[7], 7);
	assert_int_equal(v1_header_parse(bytes_of(d.p, d.n - 1), &h), ERR_TRUNCATED);
	assert_int_equal(v1_header_parse(bytes_of(d.p, d.n + 1), &h), ERR_LENGTH);
}

TEST(what_hash_covers_is_all_behind_it_without_padding)
{
	/* HASH of 4 octets, Nonce of 8, then 5 octets of padding */
	static const char chain[] = "0a000008 aabbccdd 0000000c 0102030405060708 0000000004";

	assert_int_equal(parse(V1_HASH, V1_F_ENCRYPTION, chain), OK);
	assert_int_equal(m.first, V1_HASH);
	assert_hex(m.hash, "aabbccdd");
	assert_hex(m.behind_hash, "0000000c 0102030405060708");
	assert_int_equal(m.whole.n, V1_HEADER_N + 20);
	assert_hex(m.nonce, "0102030405060708");
	assert_string_equal(m.names, "HASH,NONCE");
	/* in clear it is shorter */
	assert_int_equal(parse(V1_HASH, 0, chain), ERR_LENGTH);
	assert_int_equal(why.e, ERR_LENGTH);
	assert_int_equal(why.offset, V1_HEADER_N + 20);
	assert_int_equal(v1_why_notify(&why), N1_UNEQUAL_PAYLOAD_LENGTHS);
	assert_int_equal(m.first, V1_NONE); /* untouched */
}

TEST(a_message_in_clear_is_padded_to_four_octets)
{
	static const struct {
		const char *chain;
		enum err e;
	} padded[] = {
		{ "0000000b 01020304050607 00", ERR_LENGTH }, /* the nonce is too short */
		{ "0000000d 010203040506070809 000000", OK },
		{ "0000000e 0102030405060708090a 0000", OK },
		{ "0000000f 0102030405060708090a0b 00", OK },
		{ "0000000f 0102030405060708090a0b 01", ERR_LENGTH },
		{ "0000000e 0102030405060708090a 00", ERR_LENGTH },
		{ "0000000c 0102030405060708 00000000", ERR_LENGTH },
	};

	for (size_t i = 0; i < COUNT(padded); i++)
		assert_int_equal(parse(V1_NONCE, 0, padded[i].chain), padded[i].e);
	assert_int_equal(parse(V1_NONCE, 0, padded[1].chain), OK);
	assert_int_equal(m.whole.n, V1_HEADER_N + 13);
}

TEST(a_hash_that_is_not_first_can_be_told)
{
	assert_int_equal(
		parse(V1_NONCE, V1_F_ENCRYPTION, "0800000c 0102030405060708 00000008 aabbccdd"),
		OK);
	assert_int_equal(m.first, V1_NONCE);
	assert_int_equal(m.behind_hash.n, 0);
}

TEST(broken_chains_are_refused_and_it_is_said_where)
{
	static const struct {
		uint8_t first;
		const char *chain;
		enum err e;
		uint8_t payload;
		uint16_t notify;
	} broken[] = {
		{ V1_KE, "000000", ERR_TRUNCATED, V1_KE, N1_PAYLOAD_MALFORMED },
		{ V1_KE, "00000003", ERR_LENGTH, V1_KE, N1_PAYLOAD_MALFORMED },
		{ V1_KE, "00000004", ERR_LENGTH, V1_KE, N1_PAYLOAD_MALFORMED },
		{ V1_KE, "00000009 01020304", ERR_TRUNCATED, V1_KE, N1_PAYLOAD_MALFORMED },
		/* RFC 2408 5.3: reserved has to be zero */
		{ V1_KE, "00010008 01020304", ERR_VALUE, V1_KE, N1_PAYLOAD_MALFORMED },
		{ V1_KE, "04000008 01020304 00000008 01020304", ERR_DUPLICATE, V1_KE,
			N1_PAYLOAD_MALFORMED },
		{ V1_KE, "03000008 01020304 00000008 01020304", ERR_UNSUPPORTED, 3,
			N1_INVALID_PAYLOAD_TYPE },
		{ V1_FRAGMENT, "00000008 01020304", ERR_UNSUPPORTED, V1_FRAGMENT,
			N1_INVALID_PAYLOAD_TYPE },
		{ V1_NONCE, "0000000b 01020304050607", ERR_LENGTH, V1_NONCE, N1_PAYLOAD_MALFORMED },
		{ V1_HASH, "00000004", ERR_LENGTH, V1_HASH, N1_PAYLOAD_MALFORMED },
		{ V1_ID, "00000007 010203", ERR_TRUNCATED, V1_ID, N1_PAYLOAD_MALFORMED },
		{ V1_SA, "0000000c 00000002 00000001", ERR_UNSUPPORTED, V1_SA,
			N1_DOI_NOT_SUPPORTED },
		{ V1_SA, "0000000c 00000001 00000001", ERR_TRUNCATED, V1_SA,
			N1_BAD_PROPOSAL_SYNTAX },
	};

	for (size_t i = 0; i < COUNT(broken); i++) {
		assert_int_equal(parse(broken[i].first, 0, broken[i].chain), broken[i].e);
		assert_int_equal(why.e, broken[i].e);
		assert_int_equal(why.payload, broken[i].payload);
		assert_int_equal(v1_why_notify(&why), broken[i].notify);
	}
}

TEST(private_payloads_are_left_aside_and_the_drafts_have_other_numbers)
{
	assert_int_equal(
		parse(200, 0, "82000008 01020304 83000008 aabbccdd 0000000c 01000000 c0000201"),
		OK);
	assert_int_equal(m.n_nat_d, 1);
	assert_hex(m.nat_d[0], "aabbccdd");
	assert_int_equal(m.n_nat_oa, 1);
	assert_true(v1_has(&m, V1_NAT_D));
	assert_true(v1_has(&m, V1_NAT_OA));
	assert_false(v1_has(&m, 200));
	assert_string_equal(m.names, "unknown,NAT-D,NAT-OA");
}

TEST(another_version_is_not_read)
{
	struct bytes d = message_of(V1_NONE, 0, "");

	room[17] = 0x20;
	assert_int_equal(v1_msg_parse(d, &m, &why), ERR_UNSUPPORTED);
	assert_int_equal(v1_why_notify(&why), N1_INVALID_MAJOR_VERSION);
	room[17] = 0x11; /* a newer minor version is */
	assert_int_equal(v1_msg_parse(d, &m, NULL), OK);
}

TEST(a_chain_has_an_end)
{
	static char chain[(LIMIT_PAYLOADS + 1) * 8 + 1];

	for (size_t i = 0; i <= LIMIT_PAYLOADS; i++)
		memcpy(chain + 8 * i, i == LIMIT_PAYLOADS ? "00000004" : "0d000004", 8);
	assert_int_equal(parse(V1_VID, 0, chain), ERR_LIMIT);
	assert_int_equal(parse(V1_VID, 0, chain + 8), OK);
	assert_int_equal(m.n_vendor, V1_VENDORS_MAX);
}

/* ---- writing ---- */

TEST(a_message_that_was_written_is_read_again)
{
	struct id fqdn = { ID_FQDN, buf_from(bytes_str("gate.example.com")) };
	uint8_t cookies[16] = { 7 }, nonce[16] = { 8 };
	struct v1_build b;
	struct bytes id_body, all;
	struct buf sure = { 0 };

	v1_build_begin(&b, room, sizeof(room), &header);
	v1_put_hash_room(&b, 20);
	v1_put_ke(&b, BYTES(cookies));
	v1_put_nonce(&b, BYTES(nonce));
	id_body = v1_put_id(&b, &fqdn);
	sure = buf_from(id_body);
	v1_put_notify(&b, PROTO_IKE, BYTES(cookies), N1_INITIAL_CONTACT, BYTES_NONE);
	v1_put_delete(&b, PROTO_IKE, 16, 1, BYTES(cookies));
	v1_put_vendor(&b, bytes_str("somebody"));
	v1_put(&b, V1_NAT_D, BYTES(nonce));
	assert_int_equal(v1_build_behind_hash(&b).n, b.w.n - V1_HEADER_N - 24);
	v1_build_hash(&b, bytes_of("ABCDEFGHIJKLMNOPQRST", 20));
	assert_true(v1_build_fits(&b, sizeof(room) - b.w.n));
	assert_false(v1_build_fits(&b, sizeof(room) - b.w.n + 1));
	all = v1_build_end(&b);
	assert_int_equal(v1_msg_parse(all, &m, &why), OK);
	assert_int_equal(m.h.exchange, V1_QUICK_MODE);
	assert_int_equal(m.h.message_id, 0xcafe);
	assert_memory_equal(m.hash.p, "ABCDEFGHIJKLMNOPQRST", 20);
	assert_int_equal(m.behind_hash.n, all.n - V1_HEADER_N - 24);
	assert_true(bytes_eq(m.ke, BYTES(cookies)));
	assert_true(bytes_eq(m.nonce, BYTES(nonce)));
	assert_int_equal(m.n_id, 1);
	assert_int_equal(m.id[0].type, V1_ID_FQDN);
	assert_true(bytes_eq(m.id[0].data, bytes_str("gate.example.com")));
	assert_true(bytes_eq(m.id[0].body, buf_view(&sure)));
	assert_non_null(v1_notify_find(&m, N1_INITIAL_CONTACT));
	assert_null(v1_notify_error(&m));
	assert_int_equal(m.n_delete, 1);
	assert_string_equal(m.names, "HASH,KE,NONCE,ID,N(IPSEC_INITIAL_CONTACT),D,VID,NAT-D");
	buf_done(&sure);
	id_done(&fqdn);
}

TEST(what_does_not_fit_is_not_written)
{
	struct v1_build b;

	v1_build_begin(&b, room, V1_HEADER_N + 10, &header);
	v1_put_ke(&b, bytes_of("0123456789", 10));
	assert_false(v1_build_fits(&b, 0));
	assert_null(v1_build_end(&b).p);
	/* nor a hash of another length than there is room for */
	v1_build_begin(&b, room, sizeof(room), &header);
	v1_put_hash_room(&b, 20);
	v1_build_hash(&b, bytes_of("0123456789", 10));
	assert_null(v1_build_end(&b).p);
}

TEST(names_are_those_of_the_rfcs)
{
	assert_string_equal(v1_exchange_name(V1_MAIN_MODE), "Main Mode");
	assert_string_equal(v1_exchange_name(200), "unknown exchange");
	assert_string_equal(v1_payload_name(V1_HASH), "HASH");
	assert_string_equal(v1_payload_name(99), "unknown");
	assert_string_equal(
		v1_notify_name(N1_INVALID_HASH_INFORMATION), "INVALID_HASH_INFORMATION");
	assert_string_equal(v1_notify_name(31000), "31000");
	assert_string_equal(v1_attr_name(V1_UNITY_BANNER), "UNITY_BANNER");
	assert_string_equal(v1_auth_name(V1_AUTH_XAUTH_INIT_PSK), "XAUTHInitPreShared");
	assert_string_equal(v1_encap_name(61443), "ENCAPSULATION_MODE_UDP_TUNNEL_DRAFTS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_and_its_length_is_that_of_the_datagram),
		cmocka_unit_test(what_hash_covers_is_all_behind_it_without_padding),
		cmocka_unit_test(a_message_in_clear_is_padded_to_four_octets),
		cmocka_unit_test(a_hash_that_is_not_first_can_be_told),
		cmocka_unit_test(broken_chains_are_refused_and_it_is_said_where),
		cmocka_unit_test(private_payloads_are_left_aside_and_the_drafts_have_other_numbers),
		cmocka_unit_test(another_version_is_not_read),
		cmocka_unit_test(a_chain_has_an_end),
		cmocka_unit_test(a_message_that_was_written_is_read_again),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(names_are_those_of_the_rfcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
