#include "base/test.h"
#include "ipc/ipc.h"

/* A message through the wire form and back. */
static enum err through(const struct msg *m, uint8_t *room, size_t n, struct msg *ret)
{
	struct wr w = wr_to(room, n);

	ipc_put(&w, m);
	return wr_ok(&w) ? ipc_get(wr_view(&w), ret) : ERR_LIMIT;
}

TEST(every_field_type_survives_the_wire)
{
	static const uint8_t octets[] = { 1, 2, 3 };
	struct msg back, m = { .id = MSG_psk,
		.psk = { .ask = 7,
			.conn = "paris",
			.ours = { ID_FQDN, bytes_str("west") },
			.our_addr = addr_v4(0xc0000201),
			.prf = 5,
			.for_peer = 1,
			.is_skeyid = 1,
			.octets = BYTES(octets) } };
	uint8_t room[256];

	assert_int_equal(through(&m, room, sizeof(room), &back), OK);
	assert_int_equal(back.psk.ask, 7);
	assert_string_equal(back.psk.conn, "paris");
	assert_int_equal(back.psk.ours.type, ID_FQDN);
	assert_true(bytes_eq(back.psk.ours.data, bytes_str("west")));
	assert_int_equal(back.psk.theirs.type, ID_NONE);
	assert_true(addr_eq(&back.psk.our_addr, &m.psk.our_addr));
	assert_int_equal(back.psk.prf, 5);
	assert_int_equal(back.psk.is_skeyid, 1);
	assert_true(bytes_eq(back.psk.octets, BYTES(octets)));
}

TEST(nothing_may_be_left_over_and_nothing_may_miss)
{
	struct msg back, m = { .id = MSG_request_end, .request_end = { .request = 1, .exit = 2 } };
	uint8_t room[64];
	struct wr w = wr_to(room, sizeof(room));

	ipc_put(&w, &m);
	assert_int_equal(ipc_get(bytes_of(room, w.n + 1), &back), ERR_LENGTH);
	for (size_t n = 0; n < w.n; n++)
		assert_int_not_equal(ipc_get(bytes_of(room, n), &back), OK);
}

TEST(strings_with_a_nul_inside_or_without_an_end_are_refused)
{
	static const uint8_t inside[] = { 0, MSG_secrets_open, 0, 0, 0, 4, 'a', 0, 'b', 0 };
	static const uint8_t endless[] = { 0, MSG_secrets_open, 0, 0, 0, 2, 'a', 'b' };
	static const uint8_t empty[] = { 0, MSG_secrets_open, 0, 0, 0, 0 };
	struct msg back;

	assert_int_not_equal(ipc_get(BYTES(inside), &back), OK);
	assert_int_not_equal(ipc_get(BYTES(endless), &back), OK);
	assert_int_not_equal(ipc_get(BYTES(empty), &back), OK);
}

TEST(unknown_messages_are_refused)
{
	static const uint8_t none[] = { 0, 0 }, end[] = { 0, MSG_END }, far[] = { 0xff, 0xff };
	struct msg back;

	assert_int_equal(ipc_get(BYTES(none), &back), ERR_VALUE);
	assert_int_equal(ipc_get(BYTES(end), &back), ERR_VALUE);
	assert_int_equal(ipc_get(BYTES(far), &back), ERR_VALUE);
}

TEST(only_those_named_may_say_it)
{
	assert_true(ipc_permits(MSG_psk, WHO_IKE, WHO_KEYS, PHASE_RUN, 0));
	assert_false(ipc_permits(MSG_psk, WHO_ESP, WHO_KEYS, PHASE_RUN, 0));
	assert_false(ipc_permits(MSG_psk, WHO_IKE, WHO_KERNEL, PHASE_RUN, 0));
	assert_false(ipc_permits(MSG_psk, WHO_IKE, WHO_KEYS, PHASE_SETUP, 0));
	assert_false(ipc_permits(MSG_psk, WHO_IKE, WHO_KEYS, PHASE_RUN, 1));
	assert_true(ipc_permits(MSG_line, WHO_PARENT, WHO_IKE, PHASE_RUN, 1));
	assert_false(ipc_permits(MSG_line, WHO_IKE, WHO_PARENT, PHASE_RUN, 1));
	assert_false(ipc_permits(MSG_NONE, WHO_PARENT, WHO_IKE, PHASE_RUN, 0));
}

TEST(passwords_travel_between_keys_ike_and_control_only)
{
	for (enum ipc_who from = 0; from < WHO_END; from++)
		for (enum ipc_who to = 0; to < WHO_END; to++) {
			bool asks = from == WHO_IKE && to == WHO_KEYS;

			assert_int_equal(
				ipc_permits(MSG_xauth_verify, from, to, PHASE_RUN, 0), asks);
			assert_int_equal(
				ipc_permits(MSG_xauth_secret, from, to, PHASE_RUN, 0), asks);
			assert_int_equal(ipc_permits(MSG_xauth_answer, from, to, PHASE_RUN, 0),
				from == WHO_KEYS && to == WHO_IKE);
			assert_int_equal(ipc_permits(MSG_xauth_login, from, to, PHASE_RUN, 0),
				from == WHO_CONTROL && to == WHO_KEYS);
		}
}

TEST(no_child_can_say_anything_without_a_line)
{
	for (enum msg_id id = 1; id < MSG_END; id++)
		for (enum ipc_who a = 0; a < WHO_END; a++)
			for (enum ipc_who b = 0; b < WHO_END; b++)
				for (size_t n = 0; n <= IPC_DESCRIPTORS_MAX; n++)
					if (ipc_permits(id, a, b, PHASE_RUN, n) && a != b)
						assert_true(ipc_has_line(a, b));
	for (enum ipc_who a = 0; a < WHO_END; a++)
		for (enum ipc_who b = 0; b < WHO_END; b++)
			assert_int_equal(ipc_has_line(a, b), ipc_has_line(b, a));
}

TEST(a_secret_cannot_travel_to_anyone)
{
	/* keys says nothing but results: no message from it carries octets to others than a MAC;
	 * but the password that XAUTH itself sends to the gateway */
	assert_false(ipc_has_line(WHO_KEYS, WHO_ESP));
	assert_false(ipc_has_line(WHO_KEYS, WHO_KERNEL));
	for (enum msg_id id = 1; id < MSG_END; id++)
		if (ipc_permits(id, WHO_KEYS, WHO_IKE, PHASE_RUN, 0))
			assert_true(id == MSG_psk_answer || id == MSG_xauth_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_type_survives_the_wire),
		cmocka_unit_test(nothing_may_be_left_over_and_nothing_may_miss),
		cmocka_unit_test(strings_with_a_nul_inside_or_without_an_end_are_refused),
		cmocka_unit_test(unknown_messages_are_refused),
		cmocka_unit_test(only_those_named_may_say_it),
		cmocka_unit_test(passwords_travel_between_keys_ike_and_control_only),
		cmocka_unit_test(no_child_can_say_anything_without_a_line),
		cmocka_unit_test(a_secret_cannot_travel_to_anyone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
