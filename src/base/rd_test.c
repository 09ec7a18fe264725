#include "base/rd.h"
#include "base/test.h"
#include "base/wr.h"

TEST(reads_numbers_in_network_order)
{
	const uint8_t b[] = { 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4 };
	struct rd r = rd_from(BYTES(b));

	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16(&r), 2);
	assert_int_equal(rd_u32(&r), 3);
	assert_int_equal(rd_u64(&r), 4);
	assert_true(rd_end(&r));
}

TEST(failure_is_sticky_and_reads_zero)
{
	const uint8_t b[] = { 9, 9, 9 };
	struct rd r = rd_from(BYTES(b));

	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_rest(&r).n, 0);
	assert_false(rd_end(&r));
}

TEST(octets_have_their_largest_value)
{
	const uint8_t b[] = { 0, 1, 5, 2, 1 };
	struct rd r = rd_from(BYTES(b));

	assert_false(rd_flag(&r));
	assert_true(rd_flag(&r));
	assert_int_equal(rd_u8_max(&r, 5), 5);
	assert_false(rd_flag(&r)); /* 2 */
	assert_true(r.failed);
	r = rd_from(BYTES(b));
	rd_skip(&r, 2);
	assert_int_equal(rd_u8_max(&r, 4), 0);
	assert_true(r.failed);
}

TEST(child_cannot_leave_its_parent)
{
	const uint8_t b[] = { 1, 2, 3, 4 };
	struct rd r = rd_from(BYTES(b));
	struct rd sub = rd_sub(&r, 2);

	assert_int_equal(rd_u16(&sub), 0x0102);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.failed);
	assert_int_equal(rd_u16(&r), 0x0304);
	sub = rd_sub(&r, 1);
	assert_true(sub.failed && r.failed);
}

TEST(writer_patches_lengths_and_refuses_overflow)
{
	uint8_t room[8];
	struct wr w = wr_to(room, sizeof(room));
	size_t at = wr_begin16(&w);

	wr_u32(&w, 0xaabbccdd);
	wr_end16(&w, at, at);
	assert_int_equal(wr_view(&w).n, 6);
	assert_int_equal(room[1], 6);
	wr_u32(&w, 1);
	assert_false(wr_ok(&w));
	assert_int_equal(wr_view(&w).n, 0);
}

TEST(constant_time_compare_compares)
{
	assert_true(bytes_eq_ct(bytes_str("same"), bytes_str("same")));
	assert_false(bytes_eq_ct(bytes_str("same"), bytes_str("sane")));
	assert_false(bytes_eq_ct(bytes_str("same"), bytes_str("sam")));
}

TEST(copies_are_whole_or_zero)
{
	const uint8_t b[] = { 1, 2, 3, 4 };
	uint8_t out[3] = { 9, 9, 9 };
	struct rd r = rd_from(BYTES(b));

	rd_skip(&r, 2);
	rd_copy(&r, out, 2);
	assert_int_equal(out[0], 3);
	assert_true(rd_end(&r));
	assert_false(rd_more(&r));
	rd_copy(&r, out, 3);
	assert_int_equal(out[0] | out[1] | out[2], 0);
	assert_true(r.failed);
}

TEST(lengths_that_do_not_fit_their_field_fail)
{
	static uint8_t room[70000];
	struct wr w = wr_to(room, sizeof(room));
	size_t at = wr_begin16(&w);

	wr_zero(&w, 65533);
	wr_end16(&w, at, at);
	assert_true(wr_ok(&w));
	assert_int_equal(room[0] << 8 | room[1], 65535);
	wr_zero(&w, 1);
	wr_end16(&w, at, at);
	assert_false(wr_ok(&w));

	w = wr_to(room, sizeof(room));
	wr_u8(&w, 7);
	at = wr_begin32(&w);
	wr_zero(&w, 66000);
	wr_end32(&w, at, 0);
	wr_patch_u8(&w, 0, 8);
	assert_int_equal(room[0], 8);
	assert_int_equal(room[2] << 16 | room[3] << 8 | room[4], 66005);
}

TEST(a_full_writer_writes_nothing_more)
{
	uint8_t room[4] = { 0, 0, 0, 0xaa };
	struct wr w = wr_to(room, 3);

	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	assert_null(wr_room(&w, 1));
	wr_u8(&w, 5); /* would fit, but an error is sticky */
	assert_int_equal(room[2], 0);
	assert_int_equal(room[3], 0xaa);
	w = wr_to(NULL, 0);
	wr_bytes(&w, BYTES_NONE);
	assert_true(wr_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_in_network_order),
		cmocka_unit_test(failure_is_sticky_and_reads_zero),
		cmocka_unit_test(octets_have_their_largest_value),
		cmocka_unit_test(child_cannot_leave_its_parent),
		cmocka_unit_test(writer_patches_lengths_and_refuses_overflow),
		cmocka_unit_test(copies_are_whole_or_zero),
		cmocka_unit_test(lengths_that_do_not_fit_their_field_fail),
		cmocka_unit_test(a_full_writer_writes_nothing_more),
		cmocka_unit_test(constant_time_compare_compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
