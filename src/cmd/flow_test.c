/* The pure part of the test flow: what is read is hostile, what is found is right. */
#include "base/test.h"
#include "cmd/flow_read.h"

/* An echo reply as a raw socket gives it: 10.0.2.1, identifier 0x1234, sequence 2. */
static const uint8_t reply[] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 2, 1, 10, 0, 1, 1,
	0, 0, 0, 0, 0x12, 0x34, 0, 2 };
/* 192.0.2.254 says that 1300 octets are the most; it quotes an echo request of ours. */
static const uint8_t too_big[] = { 0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 254, 192, 0,
	2, 1, 3, 4, 0, 0, 0, 0, 0x05, 0x14, 0x45, 0, 0x05, 0xdc, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2,
	1, 198, 51, 100, 1, 8, 0, 0, 0, 0x12, 0x34, 0, 3 };

static void answers_and_errors_are_read(void **state)
{
	struct icmp_said said;

	(void)state;
	assert_int_equal(icmp_read(4, bytes_of(reply, sizeof(reply)), &said), ICMP_ANSWER);
	assert_int_equal(said.id, 0x1234);
	assert_int_equal(said.seq, 2);
	assert_int_equal(icmp_read(4, bytes_of(too_big, sizeof(too_big)), &said), ICMP_ERROR);
	assert_true(icmp_is_too_big(4, &said));
	assert_int_equal(said.mtu, 1300);
	assert_int_equal(said.id, 0x1234);
	assert_int_equal(said.seq, 3);
	assert_int_equal(
		icmp_read(
			6, bytes_of((const uint8_t[]){ 129, 0, 0, 0, 0x12, 0x34, 0, 1 }, 8), &said),
		ICMP_ANSWER);
	assert_int_equal(said.seq, 1);
}

/* Every prefix, and every octet changed, in both families. */
static void what_is_cut_or_wrong_is_not_ours(void **state)
{
	struct icmp_said said;
	uint8_t wrong[sizeof(too_big)];

	(void)state;
	for (size_t n = 0; n < sizeof(reply); n++)
		assert_int_equal(icmp_read(4, bytes_of(reply, n), &said), ICMP_NOT_OURS);
	for (size_t n = 0; n < sizeof(too_big); n++)
		assert_int_equal(icmp_read(4, bytes_of(too_big, n), &said), ICMP_NOT_OURS);
	for (size_t i = 0; i < sizeof(too_big); i++)
		for (unsigned v = 0; v < 256; v++) {
			memcpy(wrong, too_big, sizeof(wrong));
			wrong[i] = (uint8_t)v;
			(void)icmp_read(4, bytes_of(wrong, sizeof(wrong)), &said);
			(void)icmp_read(6, bytes_of(wrong, sizeof(wrong)), &said);
		}
	/* an error about what somebody else sent: UDP */
	memcpy(wrong, too_big, sizeof(wrong));
	wrong[37] = 17;
	assert_int_equal(icmp_read(4, bytes_of(wrong, sizeof(wrong)), &said), ICMP_NOT_OURS);
}

/* ESP of 132 octets from 198.51.100.1, in IPv4; in UDP; in IPv6. */
static const uint8_t esp4[] = { 0x45, 0, 0, 152, 0, 0, 0x40, 0, 64, 50, 0, 0, 198, 51, 100, 1, 192,
	0, 2, 1, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1 };
static const uint8_t esp_udp[] = { 0x45, 0, 0, 160, 0, 0, 0x40, 0, 64, 17, 0, 0, 198, 51, 100, 1,
	192, 0, 2, 1, 0x11, 0x94, 0x11, 0x94, 0, 140, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1 };
static const uint8_t esp6[] = { 0x60, 0, 0, 0, 0, 132, 50, 64, 0x20, 1, 0x0d, 0xb8, 0, 2, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x12, 0x34,
	0x56, 0x78, 0, 0, 0, 1 };

static void the_length_of_esp_tells_its_icv(void **state)
{
	static const struct {
		uint8_t family;
		struct bytes p;
	} as[] = { { 4, { esp4, sizeof(esp4) } }, { 4, { esp_udp, sizeof(esp_udp) } },
		{ 6, { esp6, sizeof(esp6) } } };
	struct esp_seen seen = { 0 };
	struct esp_said said;
	uint8_t other[sizeof(esp_udp)];

	(void)state;
	for (size_t i = 0; i < COUNT(as); i++) {
		assert_true(esp_read(as[i].family, as[i].p, &said));
		assert_int_equal(said.spi, 0x12345678);
		assert_int_equal(said.n, 132);
		esp_seen_take(&seen, &said);
		for (size_t n = 0; n + 4 < as[i].p.n; n++)
			assert_false(esp_read(as[i].family, bytes_of(as[i].p.p, n), &said));
	}
	assert_true(seen.n == 1 && seen.spi[0].count == 3 && seen.spi[0].length == 132);
	assert_true(seen.spi[0].cut_12 == 3 && seen.spi[0].cut_16 == 0);
	said = (struct esp_said){ .spi = 1, .n = 136 };
	esp_seen_take(&seen, &said);
	assert_true(seen.n == 2 && seen.spi[1].cut_12 == 0 && seen.spi[1].cut_16 == 1);
	for (said.spi = 2; said.spi < 99; said.spi++)
		esp_seen_take(&seen, &said);
	assert_int_equal(seen.n, ESP_SPIS);
	memcpy(other, esp_udp, sizeof(other));
	memset(other + 28, 0, 4); /* IKE */
	assert_false(esp_read(4, bytes_of(other, sizeof(other)), &said));
	memcpy(other, esp_udp, sizeof(other));
	other[6] = 0x20; /* a fragment */
	assert_false(esp_read(4, bytes_of(other, sizeof(other)), &said));
	other[6] = 0;
	other[21] = other[23] = 53;
	assert_false(esp_read(4, bytes_of(other, sizeof(other)), &said));
}

static void counters_have_their_groups_name(void **state)
{
	struct counters c = { 0 };

	(void)state;
	counters_pairs(bytes_str("Ip: Forwarding InAddrErrors ForwDatagrams\nIp: 1 7 9\n"
				 "Icmp: InMsgs InDestUnreachs\nIcmp: 5 2\n"
				 "Udp: NoPorts\nUdp: 18446744073709551615\n"),
		&c);
	assert_int_equal(c.n, 4);
	assert_int_equal(counter_of(&c, "IpInAddrErrors"), 7);
	assert_int_equal(counter_of(&c, "IpForwDatagrams"), 9);
	assert_int_equal(counter_of(&c, "IcmpInDestUnreachs"), 2);
	assert_true(counter_of(&c, "UdpNoPorts") == UINT64_MAX);
	assert_int_equal(counter_of(&c, "IpForwarding"), 0);
	counters_lines(bytes_str("XfrmInNoStates          \t3\nXfrmOutError\t0"), &c);
	assert_int_equal(counter_of(&c, "XfrmInNoStates"), 3);
	assert_int_equal(c.n, 6);
}

static void counters_of_something_else_are_none(void **state)
{
	static const char *const texts[] = { "", "\n", "Ip:", "Ip: InAddrErrors\n",
		"Ip: InAddrErrors\nUdp: 3\n", "Ip: InAddrErrors\nIp:\n", ": :\n: :\n" };
	struct counters c = { 0 };
	char long_line[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		counters_pairs(bytes_str(texts[i]), &c);
	memset(long_line, 'x', sizeof(long_line));
	counters_pairs(bytes_of(long_line, sizeof(long_line)), &c);
	counters_lines(bytes_of(long_line, sizeof(long_line)), &c);
	counters_lines(bytes_of("a\0b 3\n", 6), &c);
	assert_int_equal(c.n, 0);
	/* more than there is room for */
	for (unsigned i = 0; i < 2 * COUNTERS_MAX; i++)
		counters_lines(bytes_str("XfrmInNoStates 3\n"), &c);
	assert_int_equal(c.n, COUNTERS_MAX);
}

static void deltas_survive_a_new_beginning(void **state)
{
	(void)state;
	assert_int_equal(counter_added(5, 8), 3);
	assert_int_equal(counter_added(5, 5), 0);
	assert_int_equal(counter_added(100, 2), 2);
	assert_int_equal(counter_grown(5, 8), 3);
	assert_int_equal(counter_grown(100, 2), 0); /* it is of another thread */
}

/* A path of that size; errors: it tells. Gives how many packets it took. */
static unsigned find(uint32_t path, bool errors, uint32_t chance_loss, struct bisect *b)
{
	unsigned n = 0;
	uint32_t size;

	*b = bisect_from(84, 1500);
	while ((size = bisect_next(b))) {
		bool is_lost = chance_loss && n == chance_loss - 1;

		n++;
		assert_true(n < 20);
		assert_in_range(size, 85, 1500);
		bisect_take(b, size,
			is_lost	       ? BISECT_LOST
			: size <= path ? BISECT_PASSES
			: errors       ? BISECT_TOO_BIG
				       : BISECT_LOST,
			!is_lost && size > path && errors ? path : 0);
	}
	return n;
}

static void the_path_mtu_is_found(void **state)
{
	struct bisect b;

	(void)state;
	assert_int_equal(find(1500, false, 0, &b), 1);
	assert_int_equal(b.passes, 1500);
	assert_int_equal(b.lost, 0);
	assert_in_range(find(1300, true, 0, &b), 2, 2);
	assert_int_equal(b.passes, 1300);
	for (uint32_t path = 84; path < 1500; path++) {
		assert_in_range(find(path, false, 0, &b), 3, 10);
		assert_in_range(b.passes, path > 84 + BISECT_STEP ? path - BISECT_STEP : 84, path);
		assert_in_range(b.lost, path + 1, path + BISECT_STEP);
	}
}

/* One packet lost by chance is no black hole. */
static void one_loss_is_tried_again(void **state)
{
	struct bisect b;

	(void)state;
	assert_int_equal(find(1500, false, 1, &b), 2);
	assert_int_equal(b.passes, 1500);
	assert_int_equal(b.lost, 0);
}

TEST(who_begins_is_asking)
{
	static const uint8_t echo4[] = { 0x45, 0, 0, 84, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 2, 33,
		10, 0, 1, 33, 8, 0, 0, 0 },
			     reply6[] = { 0x60, 0, 0, 0, 0, 8, 58, 64, 0xfd, 0, 0, 2, 0, 0, 0, 0, 0,
				     0, 0, 0, 0, 0, 0, 0x33, 0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
				     0, 0, 0, 0x33, 129, 0 };
	uint8_t syn[40] = { 0x46, 0, 0, 44, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 2, 33, 10, 0, 1, 33 };
	struct ip_seen k;
	char t[ADDR_STR];

	assert_true(ip_see(bytes_of(echo4, sizeof(echo4)), &k) && k.is_asking);
	assert_string_equal(addr_format(&k.src, t), "10.0.2.33");
	assert_string_equal(addr_format(&k.dst, t), "10.0.1.33");
	assert_true(ip_see(bytes_of(reply6, sizeof(reply6)), &k) && !k.is_asking);
	assert_string_equal(addr_format(&k.dst, t), "fd00:1::33");
	syn[24 + 13] = 0x02; /* behind an option of IP */
	assert_true(ip_see(bytes_of(syn, sizeof(syn)), &k) && k.is_asking);
	syn[24 + 13] = 0x12;
	assert_true(ip_see(bytes_of(syn, sizeof(syn)), &k) && !k.is_asking);
	syn[24 + 13] = 0x02;
	syn[7] = 9; /* not the first fragment */
	assert_true(ip_see(bytes_of(syn, sizeof(syn)), &k) && !k.is_asking);
	assert_true(ip_see(bytes_of(syn, 30), &k) && !k.is_asking);
	assert_false(ip_see(bytes_of(syn, 19), &k));
	assert_false(ip_see(BYTES_NONE, &k));
}

TEST(what_sockets_dropped_stands_in_the_last_column)
{
	static const char text[] = "   sl  local_address rem_address   st tx_queue rx_queue tr "
				   "tm->when retrnsmt   uid  "
				   "timeout inode ref pointer drops            \n"
				   "  374: 00000000:1194 00000000:0000 07 00000000:00000000 "
				   "00:00000000 00000000     0    "
				   "    0 27161 2 0000000000000000 17        \n"
				   "  375: 00000000:01F4 00000000:0000 07 00000000:00000000 "
				   "00:00000000 00000000     0    "
				   "    0 27162 2 0000000000000000 4        \n"
				   "  374: 0100007F:1194 00000000:0000 07 00000000:00000000 "
				   "00:00000000 00000000     0    "
				   "    0 27163 2 0000000000000000 2        \n";
	static const char raw6[] =
		"   50: 00000000000000000000000000000000:0032 "
		"00000000000000000000000000000000:0000 07 "
		"00000000:00000000 00:00000000 00000000     0        0 28 2 0000000000000000 9\n";

	assert_true(sockets_dropped(bytes_str(text), 4500) == 19);
	assert_true(sockets_dropped(bytes_str(text), 500) == 4);
	assert_true(sockets_dropped(bytes_str(text), 1) == 0);
	assert_true(sockets_dropped(bytes_str(raw6), 50) == 9);
	assert_true(sockets_dropped(BYTES_NONE, 50) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_sockets_dropped_stands_in_the_last_column),
		cmocka_unit_test(who_begins_is_asking),
		cmocka_unit_test(answers_and_errors_are_read),
		cmocka_unit_test(what_is_cut_or_wrong_is_not_ours),
		cmocka_unit_test(the_length_of_esp_tells_its_icv),
		cmocka_unit_test(counters_have_their_groups_name),
		cmocka_unit_test(counters_of_something_else_are_none),
		cmocka_unit_test(deltas_survive_a_new_beginning),
		cmocka_unit_test(the_path_mtu_is_found),
		cmocka_unit_test(one_loss_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
