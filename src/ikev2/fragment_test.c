#include "base/test.h"
#include "ikev2/message.h"

static struct v2_fragments f;
static const uint8_t text[] = { 'a', 'b', 'c', 'd', 'e', 'f' };

static enum err add(
	uint16_t number, uint16_t total, size_t from, size_t n, uint8_t *first, struct buf *chain)
{
	return v2_fragments_add(&f, number, total, number == 1 ? V2_IDI : V2_NONE,
		bytes_of(text + from, n), first, chain);
}

TEST(fragments_in_any_order_make_the_message)
{
	static const uint8_t orders[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 },
		{ 3, 1, 2 }, { 3, 2, 1 } };

	for (size_t i = 0; i < COUNT(orders); i++) {
		struct buf chain = { 0 };
		uint8_t first = 0;

		for (size_t j = 0; j < 3; j++) {
			uint16_t number = orders[i][j];

			assert_int_equal(add(number, 3, 2 * (number - 1u), 2, &first, &chain),
				j < 2 ? ERR_MISSING : OK);
		}
		assert_int_equal(first, V2_IDI);
		assert_true(bytes_eq(buf_view(&chain), BYTES(text)));
		assert_int_equal(f.have, 0);
		buf_done(&chain);
	}
}

TEST(a_single_fragment_is_a_message)
{
	struct buf chain;
	uint8_t first;

	assert_int_equal(add(1, 1, 0, 6, &first, &chain), OK);
	assert_true(bytes_eq(buf_view(&chain), BYTES(text)));
	buf_done(&chain);
}

TEST(a_fragment_that_came_before_changes_nothing)
{
	struct buf chain;
	uint8_t first;

	assert_int_equal(add(1, 2, 0, 3, &first, &chain), ERR_MISSING);
	assert_int_equal(add(1, 2, 3, 3, &first, &chain), ERR_DUPLICATE);
	assert_int_equal(add(2, 2, 3, 3, &first, &chain), OK);
	assert_true(bytes_eq(buf_view(&chain), BYTES(text)));
	buf_done(&chain);
}

/* RFC 7383 2.6: the sender has gone to smaller fragments. */
TEST(a_larger_total_starts_again_and_a_smaller_one_is_late)
{
	struct buf chain;
	uint8_t first;

	assert_int_equal(add(1, 2, 3, 3, &first, &chain), ERR_MISSING);
	assert_int_equal(add(3, 3, 4, 2, &first, &chain), ERR_MISSING);
	assert_int_equal(add(2, 2, 3, 3, &first, &chain), ERR_VALUE);
	assert_int_equal(add(1, 3, 0, 2, &first, &chain), ERR_MISSING);
	assert_int_equal(add(2, 3, 2, 2, &first, &chain), OK);
	assert_true(bytes_eq(buf_view(&chain), BYTES(text)));
	buf_done(&chain);
}

TEST(impossible_fragments_are_refused)
{
	struct buf chain;
	uint8_t first;

	assert_int_equal(add(0, 2, 0, 3, &first, &chain), ERR_VALUE);
	assert_int_equal(add(3, 2, 0, 3, &first, &chain), ERR_VALUE);
	assert_int_equal(add(1, 0, 0, 3, &first, &chain), ERR_VALUE);
	assert_int_equal(add(1, 2, 0, 0, &first, &chain), ERR_VALUE);
	assert_int_equal(add(1, LIMIT_FRAGMENTS + 1, 0, 3, &first, &chain), ERR_LIMIT);
	assert_int_equal(add(1, 65535, 0, 3, &first, &chain), ERR_LIMIT);
	assert_int_equal(f.have, 0);
}

TEST(the_whole_is_no_longer_than_a_message_may_be)
{
	static uint8_t big[40000];
	struct buf chain;
	uint8_t first;

	assert_int_equal(
		v2_fragments_add(&f, 1, 2, V2_IDI, BYTES(big), &first, &chain), ERR_MISSING);
	assert_int_equal(v2_fragments_add(&f, 2, 2, 0, BYTES(big), &first, &chain), ERR_LIMIT);
	assert_int_equal(v2_fragments_add(&f, 2, 2, 0, bytes_of(big, 25535), &first, &chain), OK);
	assert_int_equal(chain.n, LIMIT_MESSAGE);
	buf_done(&chain);
}

TEST(a_message_that_is_never_whole_is_freed)
{
	struct buf chain;
	uint8_t first;

	assert_int_equal(add(1, 3, 0, 3, &first, &chain), ERR_MISSING);
	v2_fragments_done(&f);
	assert_int_equal(f.total, 0);
	assert_int_equal(f.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_in_any_order_make_the_message),
		cmocka_unit_test(a_single_fragment_is_a_message),
		cmocka_unit_test(a_fragment_that_came_before_changes_nothing),
		cmocka_unit_test(a_larger_total_starts_again_and_a_smaller_one_is_late),
		cmocka_unit_test(impossible_fragments_are_refused),
		cmocka_unit_test(the_whole_is_no_longer_than_a_message_may_be),
		cmocka_unit_test(a_message_that_is_never_whole_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
