#include "base/bytes.h"
#include "base/now.h"
#include "base/test.h"

#include <stdlib.h>

TEST(bytes_compare_by_length_and_content)
{
	assert_true(bytes_eq(BYTES_NONE, bytes_str("")));
	assert_true(bytes_eq(bytes_str(NULL), BYTES_NONE));
	assert_true(bytes_eq(bytes_str("same"), bytes_str("same")));
	assert_false(bytes_eq(bytes_str("same"), bytes_str("samE")));
	assert_false(bytes_eq(bytes_str("same"), bytes_str("sam")));
	assert_true(bytes_eq_ct(BYTES_NONE, BYTES_NONE));
	assert_false(bytes_eq_ct(bytes_str("same"), bytes_str("Same")));
	assert_false(bytes_eq_ct(bytes_str("same"), bytes_str("sam")));
}

TEST(a_buf_can_be_set_to_a_part_of_itself)
{
	struct buf b = buf_from(bytes_str("0123456789"));

	buf_set(&b, bytes_of(b.p + 3, 4));
	assert_true(bytes_eq(buf_view(&b), bytes_str("3456")));
	buf_set(&b, BYTES_NONE);
	assert_int_equal(b.n, 0);
	buf_done(&b);
	assert_null(b.p);
	buf_done(&b); /* twice is harmless */
}

TEST(a_secret_moves_and_leaves_nothing_behind)
{
	struct secret a = secret_from(bytes_str("key")), b = secret_new(5), none = { 0 };
	static const uint8_t zero[5];

	assert_true(bytes_eq(secret_view(&b), BYTES(zero)));
	secret_move(&b, &a); /* b's own content is freed: the leak checker would tell */
	assert_null(a.p);
	assert_int_equal(a.n, 0);
	assert_true(bytes_eq(secret_view(&b), bytes_str("key")));
	secret_move(&b, &b);
	assert_true(bytes_eq(secret_view(&b), bytes_str("key")));
	secret_move(&b, &none);
	assert_null(b.p);
	secret_done(&b);
	secret_done(&a);
}

TEST(octets_are_small_hexadecimal_digits)
{
	char text[9] = "........";

	bytes_hex(bytes_of("\x00\x9a\xbc\xff", 4), text);
	assert_string_equal(text, "009abcff");
	bytes_hex(BYTES_NONE, text);
	assert_string_equal(text, "");
}

TEST(wiping_wipes)
{
	uint8_t key[8] = "secret!", zero[8] = { 0 };

	wipe(key, sizeof(key));
	assert_memory_equal(key, zero, sizeof(zero));
	wipe(NULL, 0);
}

TEST(text_is_copied)
{
	char *s = xstrdup("text"), *t = xasprintf("%s %d", s, 7);

	assert_string_equal(t, "text 7");
	assert_null(xstrdup(NULL));
	free(s);
	free(t);
}

TEST(every_error_has_its_own_sentence)
{
	for (int i = 0; i < ERR_END; i++) {
		assert_true(err_text((enum err)i)[0] != '\0');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(err_text((enum err)i), err_text((enum err)k));
	}
}

TEST(a_seeded_source_repeats_itself)
{
	struct rng_seeded s, t;
	struct rng a = rng_seeded(&s, 7), b = rng_seeded(&t, 7);
	uint64_t first = rng_u64(&a);

	assert_true(first == rng_u64(&b));
	assert_true(first != rng_u64(&a));
	b = rng_seeded(&t, 8);
	assert_true(first != rng_u64(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_compare_by_length_and_content),
		cmocka_unit_test(a_buf_can_be_set_to_a_part_of_itself),
		cmocka_unit_test(a_secret_moves_and_leaves_nothing_behind),
		cmocka_unit_test(octets_are_small_hexadecimal_digits),
		cmocka_unit_test(wiping_wipes),
		cmocka_unit_test(text_is_copied),
		cmocka_unit_test(every_error_has_its_own_sentence),
		cmocka_unit_test(a_seeded_source_repeats_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
