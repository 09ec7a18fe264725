#include "base/names.h"
#include "base/test.h"

#include <stdio.h>

static void add(struct names *n, const char *name, void *owner)
{
	names_add(n, name, strlen(name), owner);
}

TEST(owners_come_in_order_and_go)
{
	int a, b, c;
	struct names n;

	names_init(&n, 7);
	assert_null(names_get(&n, "x", 0));
	add(&n, "x", &a);
	add(&n, "y", &b);
	add(&n, "x", &c);
	assert_ptr_equal(names_get(&n, "x", 0), &a);
	assert_ptr_equal(names_get(&n, "x", 1), &c);
	assert_null(names_get(&n, "x", 2));
	assert_null(names_get(&n, "xy", 0));
	names_del(&n, "x", 1, &b); /* not its name */
	names_del(&n, "x", 1, &a);
	assert_ptr_equal(names_get(&n, "x", 0), &c);
	names_del(&n, "x", 1, &c);
	assert_null(names_get(&n, "x", 0));
	assert_ptr_equal(names_get(&n, "y", 0), &b);
	names_done(&n);
}

TEST(there_may_be_many)
{
	static int owner[5000];
	struct names n;
	char name[16];

	names_init(&n, 1);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		add(&n, name, &owner[i]);
	}
	for (int i = 0; i < 5000; i += 2) {
		int len = snprintf(name, sizeof(name), "c%d", i);

		names_del(&n, name, (size_t)len, &owner[i]);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		assert_ptr_equal(names_get(&n, name, 0), i % 2 ? &owner[i] : NULL);
	}
	names_done(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_come_in_order_and_go),
		cmocka_unit_test(there_may_be_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
