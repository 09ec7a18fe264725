#include "cmd/capture.h"

#include "base/test.h"

#include <stdlib.h>

/* An Ethernet frame with IPv4 and UDP of these ports around it. */
static struct bytes udp(struct wr *w, uint16_t port, struct bytes payload)
{
	wr_zero(w, 12);
	wr_u16(w, 0x0800);
	wr_u16(w, 0x4500);
	wr_u16(w, (uint16_t)(28 + payload.n));
	wr_u32(w, 0);
	wr_u16(w, 0x4011);
	wr_u16(w, 0);
	wr_u32(w, 0xc0000201);
	wr_u32(w, 0xc0000202);
	wr_u16(w, port);
	wr_u16(w, port);
	wr_u16(w, (uint16_t)(8 + payload.n));
	wr_u16(w, 0);
	wr_bytes(w, payload);
	return wr_view(w);
}

static size_t header(struct wr *w, uint8_t next, uint8_t version, uint8_t exchange, uint8_t flags)
{
	wr_u64(w, 1);
	wr_u64(w, 0);
	wr_u8(w, next);
	wr_u8(w, version);
	wr_u8(w, exchange);
	wr_u8(w, flags);
	wr_u32(w, 0);
	return wr_begin32(w);
}

static struct bytes init_request(struct wr *w)
{
	size_t at = header(w, 33, 0x20, 34, 0x08);

	wr_u16(w, 34 << 8); /* SA, next KE: two proposals without transforms */
	wr_u16(w, 20);
	wr_u32(w, 0x02000008);
	wr_u32(w, 0x01010000);
	wr_u32(w, 0x00000008);
	wr_u32(w, 0x02010000);
	wr_u16(w, 41 << 8); /* KE, next N */
	wr_u16(w, 12);
	wr_u32(w, 19 << 16);
	wr_u32(w, 0xabababab);
	wr_u16(w, 0); /* COOKIE */
	wr_u16(w, 8);
	wr_u32(w, 16390);
	wr_end32(w, at, 0);
	return wr_view(w);
}

#define SAYS(kind, port, payload, text)                                                            \
	do {                                                                                       \
		uint8_t frame_[512];                                                               \
		struct wr to_ = wr_to(frame_, sizeof(frame_));                                     \
		char said_[CAPTURE_TEXT];                                                          \
                                                                                                   \
		assert_int_equal(                                                                  \
			capture_decode(LINK_ETHERNET, udp(&to_, port, payload), said_), kind);     \
		assert_string_equal(said_, text);                                                  \
	} while (0)

TEST(an_initial_request_is_told_with_its_proposals_and_group)
{
	uint8_t room[256];
	struct wr w = wr_to(room, sizeof(room));

	SAYS(CAPTURE_IKE, 500, init_request(&w),
		"192.0.2.1:500 > 192.0.2.2:500 IKE_SA_INIT request 0, 2 proposals, group 19, "
		"COOKIE, 68 octets");
}

TEST(what_is_encrypted_is_said_to_be)
{
	uint8_t room[256];
	struct wr w = wr_to(room, sizeof(room));
	size_t at;

	wr_u32(&w, 0); /* the non-ESP marker */
	at = header(&w, 46, 0x20, 35, 0x20);
	wr_u16(&w, 35 << 8);
	wr_u16(&w, 8);
	wr_u32(&w, 0xabababab);
	wr_end32(&w, at, 4);
	SAYS(CAPTURE_IKE, 4500, wr_view(&w),
		"192.0.2.1:4500 > 192.0.2.2:4500 IKE_AUTH response 0, encrypted, 36 octets");
	w = wr_to(room, sizeof(room));
	at = header(&w, 53, 0x20, 35, 0x08);
	wr_u16(&w, 35 << 8);
	wr_u16(&w, 8);
	wr_u32(&w, 0x00010003);
	wr_end32(&w, at, 0);
	SAYS(CAPTURE_IKE, 500, wr_view(&w),
		"192.0.2.1:500 > 192.0.2.2:500 IKE_AUTH request 0, encrypted, fragment 1 of 3, 36 "
		"octets");
	w = wr_to(room, sizeof(room));
	at = header(&w, 8, 0x10, 32, 1);
	wr_zero(&w, 16);
	wr_end32(&w, at, 0);
	SAYS(CAPTURE_IKE, 500, wr_view(&w),
		"192.0.2.1:500 > 192.0.2.2:500 Quick Mode, message ID 00000000, encrypted, 44 "
		"octets");
}

TEST(esp_and_keepalives_are_told_from_ike)
{
	static const uint8_t esp[] = { 0xa6, 0x38, 0x31, 0x9a, 0, 0, 0, 12, 1, 2, 3, 4 };
	static const uint8_t alive[] = { 0xff };

	SAYS(CAPTURE_ESP, 4500, BYTES(esp),
		"192.0.2.1:4500 > 192.0.2.2:4500 ESP in UDP 0xa638319a seq 12, 12 octets");
	SAYS(CAPTURE_KEEPALIVE, 4500, BYTES(alive),
		"192.0.2.1:4500 > 192.0.2.2:4500 NAT keepalive");
	SAYS(CAPTURE_IKE, 500, BYTES(esp), "192.0.2.1:500 > 192.0.2.2:500 not IKE, 12 octets");
}

TEST(whatever_is_cut_is_said_and_nothing_is_read_behind_it)
{
	uint8_t room[256], frame[512];
	struct wr w = wr_to(room, sizeof(room)), f = wr_to(frame, sizeof(frame));
	struct bytes whole = udp(&f, 500, init_request(&w));
	char text[CAPTURE_TEXT];

	for (size_t n = 0; n < whole.n; n++) {
		uint8_t *exact = xalloc(n + 1); /* the sanitizers watch its end */

		memcpy(exact, whole.p, n);
		capture_decode(LINK_ETHERNET, bytes_of(exact, n), text);
		assert_true(*text != '\0');
		free(exact);
	}
	capture_decode(LINK_ETHERNET, bytes_of(whole.p, whole.n - 4), text);
	assert_non_null(strstr(text, "cut"));
}

TEST(a_file_has_its_blocks)
{
	static const uint8_t frame[] = { 1, 2, 3, 4, 5 };
	uint8_t room[256];
	struct wr w = wr_to(room, sizeof(room));
	struct rd r;

	pcapng_start(&w, LINK_ETHERNET, 65535);
	assert_int_equal(w.n, 28 + 20);
	pcapng_packet(&w, 0x123456789ULL, BYTES(frame), 5);
	assert_int_equal(w.n, 28 + 20 + 40);
	r = rd_from(bytes_of(room + 48, 40));
	assert_int_equal(rd_u32(&r), 6);
	assert_int_equal(rd_u32(&r), 40);
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_u64(&r), 0x123456789ULL);
	assert_int_equal(rd_u32(&r), 5);
	assert_int_equal(rd_u32(&r), 5);
	rd_skip(&r, 8);
	assert_int_equal(rd_u32(&r), 40);
	assert_true(rd_end(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initial_request_is_told_with_its_proposals_and_group),
		cmocka_unit_test(what_is_encrypted_is_said_to_be),
		cmocka_unit_test(esp_and_keepalives_are_told_from_ike),
		cmocka_unit_test(whatever_is_cut_is_said_and_nothing_is_read_behind_it),
		cmocka_unit_test(a_file_has_its_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
