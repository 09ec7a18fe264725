/* Repeats, forgeries, nonsense under good keys, versions of the future, from an initiator made by
 * hand (RFC 7296 2.1, 2.3, 2.5, 2.21; RFC 7383 2.6.1). */
#include "tests/pair/hand.h"

#include <stdlib.h>

#include "base/test.h"

/* ---- inside of the IKE SA ---- */

TEST(an_initiator_made_by_hand_gets_its_tunnel)
{
	struct buf plain = { 0 };
	struct v2_msg m;
	struct hand h;

	hand_up(&h, 0, 0);
	hand_said(&h, &m, &plain);
	assert_string_equal(m.names, "SK{IDr,AUTH,SA,TSi,TSr}");
	buf_done(&plain);
	hand_assert_alive(&h);
	hand_done(&h);
}

TEST(a_repeated_request_gets_the_same_response_and_nothing_else)
{
	struct buf first = { 0 };
	struct hand h;

	hand_up(&h, 0, 0);
	buf_set(&first, buf_view(&h.said[0]));
	hand_tell(&h, buf_view(&h.last));
	assert_int_equal(h.n_said, 1);
	assert_true(bytes_eq(buf_view(&h.said[0]), buf_view(&first)));
	assert_int_equal(h.count[EV_v2_child_established], 1);
	buf_done(&first);
	hand_done(&h);
}

TEST(a_repeated_first_request_gets_the_same_response)
{
	struct buf first = { 0 };
	struct hand h;

	hand_init(&h, 0);
	hand_init_exchange(&h);
	buf_set(&first, buf_view(&h.said[0]));
	hand_tell(&h, buf_view(&h.init));
	assert_int_equal(h.n_said, 1);
	assert_true(bytes_eq(buf_view(&h.said[0]), buf_view(&first)));
	buf_done(&first);
	hand_done(&h);
}

TEST(a_request_outside_of_the_window_is_dropped)
{
	struct v2_build b;
	struct hand h;

	hand_up(&h, 0, 0);
	h.h.message_id++;
	v2_build_chain(&b, h.room, sizeof(h.room));
	hand_request(&h, INFORMATIONAL, &b);
	assert_int_equal(h.n_said, 0);
	h.h.message_id = 2;
	hand_assert_alive(&h);
	hand_done(&h);
}

TEST(a_forged_request_changes_nothing)
{
	struct v2_build b;
	struct hand h;

	hand_up(&h, 0, 0);
	v2_build_chain(&b, h.room, sizeof(h.room));
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last,
		v2_protect(h.seal, h.counter++, &h.h, b.first, BYTES_NONE, h.wire, sizeof(h.wire)));
	h.last.p[h.last.n - 1] ^= 1;
	hand_tell(&h, buf_view(&h.last));
	assert_int_equal(h.n_said, 0);
	assert_int_equal(h.count[EV_v2_forged], 1);
	hand_assert_alive(&h);
	hand_done(&h);
}

/* 2.5 */
TEST(an_unknown_critical_payload_is_named_and_the_ike_sa_lives)
{
	const uint8_t chain[] = { 0, 0x80, 0, 4 }, type = 200;
	struct hand h;

	hand_up(&h, 0, 0);
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last,
		v2_protect(h.seal, h.counter++, &h.h, type, BYTES(chain), h.wire, sizeof(h.wire)));
	hand_tell(&h, buf_view(&h.last));
	h.h.message_id++;
	hand_assert_notify(&h, N_UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&type, 1));
	hand_assert_alive(&h);
	hand_done(&h);
}

/* 2.21.3 */
TEST(nonsense_under_good_keys_is_invalid_syntax_and_ends_the_ike_sa)
{
	const uint8_t chain[] = { 0, 0, 0, 200 };
	struct hand h;

	hand_up(&h, 0, 0);
	h.h.exchange = INFORMATIONAL;
	buf_set(&h.last,
		v2_protect(h.seal, h.counter++, &h.h, V2_D, BYTES(chain), h.wire, sizeof(h.wire)));
	hand_tell(&h, buf_view(&h.last));
	h.h.message_id++;
	hand_assert_notify(&h, N_INVALID_SYNTAX, BYTES_NONE);
	hand_tell(&h, buf_view(&h.last));
	hand_assert_refused(&h, N_INVALID_IKE_SPI, BYTES_NONE);
	hand_done(&h);
}

/* RFC 7383 2.6.1 */
TEST(only_the_first_fragment_of_a_repeat_is_answered)
{
	struct buf piece[2] = { 0 };
	struct v2_build b;
	struct bytes chain;
	struct hand h;

	hand_init(&h, 0);
	hand_init_exchange(&h);
	hand_auth_put(&h, &b, 0);
	chain = v2_build_end(&b);
	h.h.exchange = IKE_AUTH;
	for (uint16_t i = 1; i <= 2; i++)
		piece[i - 1] = buf_from(v2_protect_fragment(h.seal, h.counter++, &h.h, b.first,
			chain, (struct v2_piece){ (chain.n + 1) / 2, i, 2 }, h.wire,
			sizeof(h.wire)));
	hand_tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	hand_tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	hand_tell(&h, buf_view(&piece[0]));
	assert_int_equal(h.n_said, 1);
	hand_tell(&h, buf_view(&piece[1]));
	assert_int_equal(h.n_said, 0);
	hand_tell(&h, buf_view(&piece[0]));
	assert_int_equal(h.n_said, 1);
	assert_int_equal(h.count[EV_v2_child_established], 1);
	buf_done(&piece[0]);
	buf_done(&piece[1]);
	hand_done(&h);
}

/* 1.3.1: who asks for transport mode and hears nothing of it has tunnel mode. */
TEST(a_wish_for_transport_mode_is_not_granted)
{
	struct buf plain = { 0 };
	struct v2_msg m;
	struct hand h;

	hand_up(&h, N_USE_TRANSPORT_MODE, 0);
	hand_said(&h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	assert_int_equal(h.count[EV_v2_mode_not_granted], 1);
	buf_done(&plain);
	hand_done(&h);
}

/* RFC 4555 3.1: who is not told that we have MOBIKE too, does not use it; and whoever does all the
 * same moves nothing. */
TEST(mobike_is_not_taken_up_and_its_words_do_nothing)
{
	enum { UPDATE_SA_ADDRESSES = 16400, COOKIE2 = 16401 };
	struct buf plain = { 0 };
	struct v2_build b;
	struct v2_msg m;
	struct hand h;

	hand_up(&h, N_MOBIKE_SUPPORTED, 0);
	hand_said(&h, &m, &plain);
	assert_string_equal(m.names, "SK{IDr,AUTH,SA,TSi,TSr}");
	buf_done(&plain);
	assert_int_equal(h.count[EV_v2_mobike_ignored], 1);
	h.from = addr_v4(0xc0000263);
	v2_build_chain(&b, h.room, sizeof(h.room));
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, UPDATE_SA_ADDRESSES, BYTES_NONE);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, COOKIE2, bytes_str("12345678"));
	hand_request(&h, INFORMATIONAL, &b);
	hand_said(&h, &m, &plain);
	assert_int_equal(m.n_notify, 0);
	buf_done(&plain);
	assert_int_equal(h.n_moved, 0);
	assert_int_equal(h.count[EV_v2_peer_moved], 0);
	h.from = addr_v4(0xc0000201);
	hand_assert_alive(&h);
	hand_done(&h);
}

/* 3.10.1 */
TEST(tfc_padding_is_off_for_a_peer_that_cannot_take_it)
{
	struct hand h;

	hand_up(&h, 0, 1000);
	assert_int_equal(h.tfc, 1000);
	hand_done(&h);
	hand_up(&h, N_ESP_TFC_PADDING_NOT_SUPPORTED, 1000);
	assert_int_equal(h.tfc, 0);
	hand_done(&h);
}

/* ---- outside of any IKE SA ---- */

TEST(a_request_to_an_unknown_ike_sa_is_answered_once_a_second)
{
	struct v2_build b;
	struct bytes d;
	struct hand h;

	hand_init(&h, 0);
	h.h.exchange = INFORMATIONAL;
	memset(h.h.spi_r, 9, 8);
	v2_build_message(&b, h.room, sizeof(h.room), &h.h);
	d = v2_build_end(&b);
	hand_tell(&h, d);
	hand_assert_refused(&h, N_INVALID_IKE_SPI, BYTES_NONE);
	hand_tell(&h, d);
	assert_int_equal(h.n_said, 0);
	h.now.mono += NS_S;
	hand_tell(&h, d);
	assert_int_equal(h.n_said, 1);
	hand_done(&h);
}

TEST(a_response_to_an_unknown_ike_sa_is_never_answered)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	h.h.exchange = INFORMATIONAL;
	h.h.flags |= V2_F_RESPONSE;
	memset(h.h.spi_r, 9, 8);
	v2_build_message(&b, h.room, sizeof(h.room), &h.h);
	hand_tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 0);
	hand_done(&h);
}

/* 2.5 */
TEST(a_version_of_the_future_is_answered_with_ours)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	h.h.version = 0x30;
	hand_init_put(&h, &b);
	hand_tell(&h, v2_build_end(&b));
	hand_assert_refused(&h, N_INVALID_MAJOR_VERSION, BYTES_NONE);
	assert_int_equal(h.count[EV_v2_newer_version], 1);
	h.h.version = 0x10;
	hand_init_put(&h, &b);
	hand_tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 0);
	h.h.version = 0x2f;
	hand_init_put(&h, &b);
	hand_tell(&h, v2_build_end(&b));
	assert_int_equal(h.n_said, 1);
	assert_int_equal(h.count[EV_v2_init_answered], 1);
	hand_done(&h);
}

TEST(a_first_request_with_an_unknown_critical_payload_is_refused)
{
	const uint8_t type = 200;
	struct v2_build b;
	struct bytes d;
	struct hand h;

	hand_init(&h, 0);
	hand_init_put(&h, &b);
	v2_put_vendor(&b, BYTES_NONE);
	d = v2_build_end(&b);
	/* the last payload becomes an unknown one: its type stands in the one before, of 8 octets
	 */
	h.room[d.n - 4 - 8] = type;
	h.room[d.n - 3] = 0x80;
	hand_tell(&h, d);
	hand_assert_refused(&h, N_UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&type, 1));
	hand_done(&h);
}

TEST(a_first_request_without_a_nonce_is_invalid_syntax)
{
	struct v2_build b;
	struct hand h;

	hand_init(&h, 0);
	v2_build_message(&b, h.room, sizeof(h.room), &h.h);
	v2_put_sa(&b, &hand_ike_offer);
	v2_put_ke(&b, KE_CURVE25519, ke_public(h.ke));
	hand_tell(&h, v2_build_end(&b));
	hand_assert_refused(&h, N_INVALID_SYNTAX, BYTES_NONE);
	hand_done(&h);
}

TEST(datagrams_that_are_no_messages_are_dropped)
{
	static const uint8_t zero[64];
	struct hand h;

	hand_init(&h, 0);
	for (size_t n = 0; n <= sizeof(zero); n++) {
		hand_tell(&h, bytes_of(zero, n));
		assert_int_equal(h.n_said, 0);
	}
	hand_done(&h);
}

/* ---- CREATE_CHILD_SA that is refused ---- */

/* Another Child SA, or one instead of that SPI of ours (0: none); n makes its own SPI. */
static void create(struct hand *h, uint32_t rekeys, uint16_t n)
{
	struct ts_list tsi = { .n = 1, .ts = { pair_net("10.0.1.0/24") } };
	struct ts_list tsr = { .n = 1, .ts = { pair_net("10.0.2.0/24") } };
	uint8_t spi[4] = { (uint8_t)(rekeys >> 24), (uint8_t)(rekeys >> 16), (uint8_t)(rekeys >> 8),
		(uint8_t)rekeys };
	struct proposals offer = hand_esp_offer;
	struct proposal *p = &offer.p[0];
	struct v2_build b;

	p->spi[2] = (uint8_t)(n >> 8);
	p->spi[3] = (uint8_t)n;
	p->t[p->n++] = (struct transform){ TT_KE, KE_CURVE25519, 0 };
	v2_build_chain(&b, h->room, sizeof(h->room));
	if (rekeys)
		v2_put_notify(&b, PROTO_ESP, BYTES(spi), N_REKEY_SA, BYTES_NONE);
	v2_put_sa(&b, &offer);
	v2_put_nonce(&b, BYTES(h->ni));
	v2_put_ke(&b, KE_CURVE25519, ke_public(h->ke));
	v2_put_ts(&b, V2_TSI, &tsi);
	v2_put_ts(&b, V2_TSR, &tsr);
	hand_request(h, CREATE_CHILD_SA, &b);
}

TEST(a_child_sa_that_was_rekeyed_is_temporary_failure)
{
	struct hand h;

	hand_up(&h, 0, 0);
	create(&h, 0x0c000001, 2);
	assert_int_equal(h.count[EV_v2_child_established], 2);
	create(&h, 0x0c000001, 3);
	hand_assert_notify(&h, N_TEMPORARY_FAILURE, BYTES_NONE);
	assert_int_equal(h.count[EV_v2_not_now], 1);
	assert_int_equal(h.count[EV_v2_child_established], 2);
	hand_done(&h);
}

TEST(a_child_sa_that_is_not_there_is_child_sa_not_found)
{
	struct buf plain = { 0 };
	struct v2_msg m;
	struct hand h;

	hand_up(&h, 0, 0);
	create(&h, 0x0badcafe, 2);
	hand_said(&h, &m, &plain);
	assert_int_equal(m.notify[0].type, N_CHILD_SA_NOT_FOUND);
	assert_int_equal(m.notify[0].protocol, PROTO_ESP);
	assert_int_equal(m.notify[0].spi.n, 4);
	assert_int_equal(m.notify[0].spi.p[3], 0xfe);
	buf_done(&plain);
	assert_int_equal(h.count[EV_v2_child_unknown], 1);
	hand_done(&h);
}

TEST(one_child_sa_too_many_is_no_additional_sas)
{
	struct hand h;

	hand_up(&h, 0, 0);
	for (uint16_t i = 2; i <= LIMIT_CHILDREN; i++)
		create(&h, 0, i);
	assert_int_equal(h.count[EV_v2_child_established], LIMIT_CHILDREN);
	for (uint32_t rekeys = 0; rekeys <= 0x0c000001; rekeys += 0x0c000001) {
		create(&h, rekeys, LIMIT_CHILDREN + 1);
		hand_assert_notify(&h, N_NO_ADDITIONAL_SAS, BYTES_NONE);
	}
	assert_int_equal(h.count[EV_v2_too_many_children], 2);
	hand_assert_alive(&h);
	hand_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initiator_made_by_hand_gets_its_tunnel),
		cmocka_unit_test(a_repeated_request_gets_the_same_response_and_nothing_else),
		cmocka_unit_test(a_repeated_first_request_gets_the_same_response),
		cmocka_unit_test(a_request_outside_of_the_window_is_dropped),
		cmocka_unit_test(a_forged_request_changes_nothing),
		cmocka_unit_test(an_unknown_critical_payload_is_named_and_the_ike_sa_lives),
		cmocka_unit_test(nonsense_under_good_keys_is_invalid_syntax_and_ends_the_ike_sa),
		cmocka_unit_test(only_the_first_fragment_of_a_repeat_is_answered),
		cmocka_unit_test(a_wish_for_transport_mode_is_not_granted),
		cmocka_unit_test(mobike_is_not_taken_up_and_its_words_do_nothing),
		cmocka_unit_test(tfc_padding_is_off_for_a_peer_that_cannot_take_it),
		cmocka_unit_test(a_request_to_an_unknown_ike_sa_is_answered_once_a_second),
		cmocka_unit_test(a_response_to_an_unknown_ike_sa_is_never_answered),
		cmocka_unit_test(a_version_of_the_future_is_answered_with_ours),
		cmocka_unit_test(a_first_request_with_an_unknown_critical_payload_is_refused),
		cmocka_unit_test(a_first_request_without_a_nonce_is_invalid_syntax),
		cmocka_unit_test(datagrams_that_are_no_messages_are_dropped),
		cmocka_unit_test(a_child_sa_that_was_rekeyed_is_temporary_failure),
		cmocka_unit_test(a_child_sa_that_is_not_there_is_child_sa_not_found),
		cmocka_unit_test(one_child_sa_too_many_is_no_additional_sas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
