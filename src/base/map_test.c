#include "base/list.h"
#include "base/map.h"
#include "base/test.h"

TEST(finds_what_was_put_after_growth_and_removal)
{
	static int value[1000];
	struct map m;

	map_init(&m, 42);
	for (uint64_t i = 0; i < 1000; i++)
		map_put(&m, i << 32, &value[i]);
	for (uint64_t i = 0; i < 1000; i += 2)
		assert_ptr_equal(map_take(&m, i << 32), &value[i]);
	for (uint64_t i = 0; i < 1000; i++)
		assert_ptr_equal(map_get(&m, i << 32), i % 2 ? &value[i] : NULL);
	assert_int_equal(m.n, 500);
	for (int round = 0; round < 100000; round++) {
		map_put(&m, 7777 + (uint64_t)round, &value[0]);
		map_take(&m, 7777 + (uint64_t)round);
	}
	assert_true(m.room <= 8192);
	map_done(&m);
}

struct item {
	int n;
	struct list node;
};

TEST(list_survives_removal_while_walking)
{
	struct item item[4] = { { .n = 0 }, { .n = 1 }, { .n = 2 }, { .n = 3 } }, *it;
	struct list head;
	int sum = 0;

	list_init(&head);
	for (int i = 0; i < 4; i++)
		list_append(&head, &item[i].node);
	list_each (it, &head, struct item, node) {
		if (it->n % 2)
			list_remove(&it->node);
	}
	list_each (it, &head, struct item, node)
		sum += it->n;
	assert_int_equal(sum, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put_after_growth_and_removal),
		cmocka_unit_test(list_survives_removal_while_walking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
