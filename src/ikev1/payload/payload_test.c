/* Identities as selectors, attributes, notifications, deletes, original addresses. */
#include "ikev1/message.h"

#include "crypto/test_hex.h"

static uint8_t room[8192];
static struct v1_msg m;

static struct v1_build begin(void)
{
	static const struct v1_header h = { .version = V1_VERSION, .exchange = V1_QUICK_MODE };
	struct v1_build b;

	v1_build_begin(&b, room, sizeof(room), &h);
	return b;
}

static enum err read_again(struct v1_build *b)
{
	m = (struct v1_msg){ 0 };
	return v1_msg_parse(v1_build_end(b), &m, NULL);
}

/* ---- ID ---- */

static struct ts ts_of(const char *range, uint8_t protocol, uint16_t port)
{
	struct range r = { 0 };
	struct ts ts;

	assert_int_equal(range_parse(range, &r), OK);
	ts = ts_from_range(&r);
	ts.protocol = protocol;
	if (port)
		ts.port_first = ts.port_last = port;
	return ts;
}

TEST(selectors_go_and_come_as_addresses_subnets_and_ranges)
{
	static const struct {
		const char *range, *body;
		uint8_t protocol;
		uint16_t port;
	} all[] = {
		{ "192.0.2.1", "01000000 c0000201", 0, 0 },
		{ "192.0.2.1", "011106a5 c0000201", 17, 1701 },
		{ "10.0.1.0/24", "04000000 0a000100 ffffff00", 0, 0 },
		{ "0.0.0.0/0", "04000000 00000000 00000000", 0, 0 },
		{ "10.0.0.0/9", "04060000 0a000000 ff800000", 6, 0 },
		{ "10.0.0.1-10.0.0.9", "07000000 0a000001 0a000009", 0, 0 },
		{ "2001:db8::1", "05000000 20010db8000000000000000000000001", 0, 0 },
		{ "2001:db8:1::/49",
			"06000000 20010db8000100000000000000000000 "
			"ffffffffffff80000000000000000000",
			0, 0 },
		{ "2001:db8::1-2001:db8::3",
			"08000000 20010db8000000000000000000000001 "
			"20010db8000000000000000000000003",
			0, 0 },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct ts ts = ts_of(all[i].range, all[i].protocol, all[i].port), back = { 0 };
		struct v1_build b = begin();

		v1_put_id_ts(&b, &ts);
		assert_int_equal(read_again(&b), OK);
		assert_int_equal(m.n_id, 1);
		assert_hex(m.id[0].body, all[i].body);
		assert_int_equal(v1_id_to_ts(&m.id[0], &back), OK);
		assert_true(ts_eq(&ts, &back));
	}
}

TEST(identities_that_are_no_selector_are_refused)
{
	static const struct {
		const char *data;
		uint8_t type;
		enum err e;
	} all[] = {
		{ "0a000100 ffff00ff", V1_ID_IPV4_ADDR_SUBNET, ERR_VALUE }, /* holes */
		{ "0a000100 ffffff", V1_ID_IPV4_ADDR_SUBNET, ERR_LENGTH },
		{ "0a000100", V1_ID_IPV4_ADDR_SUBNET, ERR_LENGTH },
		{ "0a000109 0a000101", V1_ID_IPV4_ADDR_RANGE, ERR_VALUE },
		{ "0a0001", V1_ID_IPV4_ADDR, ERR_LENGTH },
		{ "0a00010101", V1_ID_IPV4_ADDR, ERR_LENGTH },
		{ "0a000101", V1_ID_IPV6_ADDR, ERR_LENGTH },
		{ "616263", V1_ID_FQDN, ERR_UNSUPPORTED },
		{ "", 0, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct buf data = hex(all[i].data);
		struct v1_id id = { .type = all[i].type, .data = buf_view(&data) };
		struct ts ts = { 0 };

		assert_int_equal(v1_id_to_ts(&id, &ts), all[i].e);
		assert_int_equal(ts.range.first.family, 0);
		buf_done(&data);
	}
}

TEST(a_third_identity_is_one_too_many)
{
	struct ts ts = ts_of("10.0.1.0/24", 0, 0);
	struct v1_build b = begin();

	for (int i = 0; i < 3; i++)
		v1_put_id_ts(&b, &ts);
	assert_int_equal(read_again(&b), ERR_DUPLICATE);
}

/* ---- attributes ---- */

TEST(attributes_come_in_two_forms)
{
	struct v1_attrs a = { .type = V1_CFG_REPLY, .identifier = 0x1234 };
	struct v1_build b = begin();
	struct bytes all;

	v1_attr_add_basic(&a, V1_XAUTH_STATUS, 1);
	v1_attr_add(&a, V1_XAUTH_USER_NAME, bytes_str("eve"));
	v1_attr_add(&a, V1_INTERNAL_IP4_DNS, BYTES_NONE);
	v1_attr_add(&a, V1_INTERNAL_ADDRESS_EXPIRY, bytes_of("\x00\x01\x51\x80", 4));
	v1_put_attrs(&b, &a);
	all = v1_build_end(&b);
	assert_hex(bytes_of(all.p + V1_HEADER_N, all.n - V1_HEADER_N),
		"0000001f 02001234 c08f0001 40890003 657665 00030000 00050004 00015180");
	assert_int_equal(v1_msg_parse(all, &m, NULL), OK);
	assert_int_equal(m.attrs.type, V1_CFG_REPLY);
	assert_int_equal(m.attrs.identifier, 0x1234);
	assert_int_equal(m.attrs.n, 4);
	assert_true(m.attrs.attr[0].is_basic);
	assert_int_equal(v1_attr_number(&m.attrs.attr[0]), 1);
	assert_non_null(v1_attr_find(&m.attrs, V1_XAUTH_USER_NAME));
	assert_true(bytes_eq(v1_attr_find(&m.attrs, V1_XAUTH_USER_NAME)->value, bytes_str("eve")));
	assert_int_equal(v1_attr_number(&m.attrs.attr[2]), 0);
	assert_int_equal(v1_attr_number(&m.attrs.attr[3]), 86400);
	assert_null(v1_attr_find(&m.attrs, V1_UNITY_BANNER));
}

static enum err parse_attrs(const char *body)
{
	struct buf o = hex(body);
	struct v1_build b = begin();

	v1_put(&b, V1_ATTR, buf_view(&o));
	buf_done(&o);
	return read_again(&b);
}

TEST(of_attributes_that_end_oddly_what_goes_before_counts)
{
	assert_int_equal(parse_attrs("01000001 0001"), OK);
	assert_int_equal(m.attrs.n, 0);
	assert_int_equal(parse_attrs("02000001 00010004 c0000201 00030004 c00002"), OK);
	assert_int_equal(m.attrs.n, 1);
	assert_int_equal(parse_attrs("02000001 00010004 c0000201 000000"), OK);
	assert_int_equal(m.attrs.n, 1);
	assert_int_equal(parse_attrs("01000001 8001"), OK);
	assert_int_equal(m.attrs.n, 0);
}

TEST(attributes_without_a_head_or_an_end_are_refused)
{
	char many[8 + (LIMIT_CP_ATTRIBUTES + 1) * 8 + 1] = "01000001";

	assert_int_equal(parse_attrs("010000"), ERR_TRUNCATED);
	assert_int_equal(parse_attrs("01000001"), OK);
	for (size_t i = 0; i <= LIMIT_CP_ATTRIBUTES; i++)
		memcpy(many + 8 + 8 * i, "00010000", 9);
	assert_int_equal(parse_attrs(many), ERR_LIMIT);
	many[sizeof(many) - 9] = '\0';
	assert_int_equal(parse_attrs(many), OK);
	/* and ours do not go beyond the room */
	for (int i = 0; i < 10; i++)
		v1_attr_add(&m.attrs, 1, BYTES_NONE);
	assert_int_equal(m.attrs.n, LIMIT_CP_ATTRIBUTES);
}

/* ---- notifications and deletes ---- */

TEST(a_notification_has_a_doi_and_a_spi)
{
	struct v1_build b = begin();
	uint8_t cookies[16] = { 1 };
	const struct v1_notify *n;

	v1_put_notify(
		&b, PROTO_ESP, bytes_of("\x01\x02\x03\x04", 4), N1_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	v1_put_notify(&b, PROTO_IKE, BYTES(cookies), N1_R_U_THERE, bytes_of("\0\0\0\x07", 4));
	assert_int_equal(read_again(&b), OK);
	assert_int_equal(m.n_notify, 2);
	n = v1_notify_error(&m);
	assert_non_null(n);
	assert_int_equal(n->type, N1_NO_PROPOSAL_CHOSEN);
	assert_int_equal(n->doi, 1);
	assert_hex(n->spi, "01020304");
	n = v1_notify_find(&m, N1_R_U_THERE);
	assert_non_null(n);
	assert_int_equal(n->spi.n, 16);
	assert_hex(n->data, "00000007");
	assert_null(v1_notify_find(&m, N1_R_U_THERE_ACK));
}

static enum err parse_body(uint8_t type, const char *body)
{
	struct buf o = hex(body);
	struct v1_build b = begin();

	v1_put(&b, type, buf_view(&o));
	buf_done(&o);
	return read_again(&b);
}

TEST(deletes_and_notifications_of_wrong_sizes_are_refused)
{
	char many[24 + LIMIT_DELETE_SPIS * 8 + 8 + 1];

	assert_int_equal(parse_body(V1_N, "00000001 0104000e"), ERR_TRUNCATED);
	assert_int_equal(parse_body(V1_N, "00000001 01"), ERR_TRUNCATED);
	assert_int_equal(parse_body(V1_N, "00000001 0111000e 0000000000000000000000000000000000"),
		ERR_LENGTH);
	assert_int_equal(parse_body(V1_D, "00000001 03040002 01020304"), ERR_TRUNCATED);
	assert_int_equal(parse_body(V1_D, "00000001 03040001 01020304 05"), ERR_LENGTH);
	assert_int_equal(parse_body(V1_D, "00000001 03080001 0102030405060708"), ERR_LENGTH);
	assert_int_equal(parse_body(V1_D, "00000001 01080001 0102030405060708"), ERR_LENGTH);
	assert_int_equal(parse_body(V1_D, "00000001 03040002 01020304 05060708"), OK);
	assert_int_equal(m.del[0].n, 2);
	assert_hex(m.del[0].spis, "01020304 05060708");
	memcpy(many, "0000000103040041", 17);
	for (size_t i = 0; i <= LIMIT_DELETE_SPIS; i++)
		memcpy(many + 16 + 8 * i, "00000100", 9);
	assert_int_equal(parse_body(V1_D, many), ERR_LIMIT);
}

TEST(original_addresses_say_their_family)
{
	struct addr a = addr_v4(0xc0000201), a6 = { 0 };
	struct v1_build b = begin();

	assert_int_equal(addr_parse("2001:db8::7", &a6), OK);
	v1_put_nat_oa(&b, false, &a);
	v1_put_nat_oa(&b, true, &a6);
	assert_int_equal(read_again(&b), OK);
	assert_int_equal(m.n_nat_oa, 2);
	assert_true(addr_eq(&m.nat_oa[0], &a));
	assert_true(addr_eq(&m.nat_oa[1], &a6));
	assert_int_equal(parse_body(V1_NAT_OA, "05000000 c0000201"), ERR_VALUE);
	assert_int_equal(parse_body(V1_NAT_OA, "01000000 c00002"), ERR_VALUE);
	assert_int_equal(parse_body(V1_NAT_OA, "0100"), ERR_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_go_and_come_as_addresses_subnets_and_ranges),
		cmocka_unit_test(identities_that_are_no_selector_are_refused),
		cmocka_unit_test(a_third_identity_is_one_too_many),
		cmocka_unit_test(attributes_come_in_two_forms),
		cmocka_unit_test(of_attributes_that_end_oddly_what_goes_before_counts),
		cmocka_unit_test(attributes_without_a_head_or_an_end_are_refused),
		cmocka_unit_test(a_notification_has_a_doi_and_a_spi),
		cmocka_unit_test(deletes_and_notifications_of_wrong_sizes_are_refused),
		cmocka_unit_test(original_addresses_say_their_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
