#include "ike/pool.h"

#include <stdio.h>

#include "base/test.h"

static struct pool *pool(struct pools *all, const char *text)
{
	struct range r;
	struct pool *p;

	assert_int_equal(range_parse(text, &r), OK);
	assert_int_equal(pools_get(all, &r, &p), OK);
	return p;
}

static struct addr lease_as(struct pool *p, const char *who, const char *wanted, bool is_unique)
{
	struct addr a = { 0 }, w = { 0 };
	struct id id;

	assert_int_equal(id_parse(who, &id), OK);
	if (wanted)
		assert_int_equal(addr_parse(wanted, &w), OK);
	if (pool_lease(p, &id, wanted ? &w : NULL, is_unique, &a) != OK)
		a.family = 0;
	id_done(&id);
	return a;
}

static struct addr lease(struct pool *p, const char *who, const char *wanted)
{
	return lease_as(p, who, wanted, true);
}

static void assert_is(struct addr a, const char *text)
{
	char s[ADDR_STR];

	assert_string_equal(addr_format(&a, s), text);
}

TEST(an_identity_that_comes_back_gets_its_address_again)
{
	struct pools all;
	struct pool *p;
	struct addr a;

	pools_init(&all);
	p = pool(&all, "100.64.13.2-100.64.13.254");
	a = lease(p, "@one", NULL);
	assert_is(a, "100.64.13.2");
	assert_is(lease(p, "@two", NULL), "100.64.13.3");
	pool_release(&all, &a);
	assert_is(lease(p, "@three", NULL), "100.64.13.4");
	assert_is(lease(p, "@one", NULL), "100.64.13.2");
	/* twice at once: the same */
	assert_is(lease(p, "@one", NULL), "100.64.13.2");
	assert_int_equal(p->n_lent, 3);
	pools_done(&all);
}

/* uniqueids=no */
TEST(two_devices_of_one_identity_have_an_address_each)
{
	struct pools all;
	struct pool *p;
	struct addr a;

	pools_init(&all);
	p = pool(&all, "100.64.13.2-100.64.13.254");
	a = lease_as(p, "@one", NULL, false);
	assert_is(a, "100.64.13.2");
	assert_is(lease_as(p, "@one", NULL, false), "100.64.13.3");
	/* who authenticates again names its own */
	assert_is(lease_as(p, "@one", "100.64.13.2", false), "100.64.13.2");
	assert_is(lease_as(p, "@two", "100.64.13.3", false), "100.64.13.4");
	pool_release(&all, &a);
	pool_release(&all, &a);
	assert_is(lease_as(p, "@one", NULL, false), "100.64.13.2");
	pools_done(&all);
}

TEST(a_full_pool_gives_what_was_released_longest_ago)
{
	struct pools all;
	struct pool *p;
	struct addr one, two;

	pools_init(&all);
	p = pool(&all, "10.9.0.1-10.9.0.2");
	one = lease(p, "@one", NULL);
	two = lease(p, "@two", NULL);
	assert_int_equal(lease(p, "@three", NULL).family, 0);
	pool_release(&all, &two);
	pool_release(&all, &one);
	assert_is(lease(p, "@three", NULL), "10.9.0.2");
	assert_is(lease(p, "@two", NULL), "10.9.0.1");
	assert_int_equal(lease(p, "@one", NULL).family, 0);
	pools_done(&all);
}

TEST(a_users_own_address_is_given_to_nobody_else_meanwhile)
{
	struct pools all;
	struct pool *p;
	struct id one, two;
	struct addr own, outside, got;

	pools_init(&all);
	p = pool(&all, "10.9.0.1-10.9.0.2");
	assert_int_equal(addr_parse("10.9.0.1", &own), OK);
	assert_int_equal(addr_parse("10.9.7.7", &outside), OK);
	assert_int_equal(id_parse("@one", &one), OK);
	assert_int_equal(id_parse("@two", &two), OK);
	assert_int_equal(pools_lease_own(&all, &one, &own, &got), OK);
	assert_is(got, "10.9.0.1");
	assert_int_equal(p->n_lent, 1);
	assert_int_equal(pools_lease_own(&all, &two, &own, &got), ERR_EXHAUSTED);
	assert_is(lease(p, "@two", NULL), "10.9.0.2");
	pool_release(&all, &own);
	assert_int_equal(pools_lease_own(&all, &two, &own, &got), OK);

	/* of no pool */
	assert_int_equal(pools_lease_own(&all, &one, &outside, &got), OK);
	assert_is(got, "10.9.7.7");
	assert_int_equal(pools_lease_own(&all, &one, &outside, &got), OK);
	assert_int_equal(pools_lease_own(&all, &two, &outside, &got), ERR_EXHAUSTED);
	pool_release(&all, &outside);
	pool_release(&all, &outside);
	assert_int_equal(pools_lease_own(&all, &two, &outside, &got), OK);
	id_done(&one);
	id_done(&two);
	pools_done(&all);
}

TEST(a_wanted_address_is_given_when_it_is_free)
{
	struct pools all;
	struct pool *p;

	pools_init(&all);
	p = pool(&all, "10.9.0.1-10.9.0.9");
	assert_is(lease(p, "@one", "10.9.0.5"), "10.9.0.5");
	assert_is(lease(p, "@two", "10.9.0.5"), "10.9.0.2");
	assert_is(lease(p, "@three", "192.0.2.1"), "10.9.0.3");
	pools_done(&all);
}

TEST(every_address_of_a_pool_is_lent_once)
{
	struct pools all;
	struct pool *p;
	char who[32];

	pools_init(&all);
	p = pool(&all, "10.9.0.250-10.9.1.5");
	(void)lease(p, "@first", "10.9.1.0");
	for (int i = 0; i < 11; i++) {
		snprintf(who, sizeof(who), "@host%d", i);
		assert_int_equal(lease(p, who, NULL).family, 4);
	}
	assert_int_equal(lease(p, "@late", NULL).family, 0);
	assert_int_equal(p->n_lent, 12);
	pools_done(&all);
}

TEST(a_pool_whose_addresses_are_lent_is_not_overlapped_by_another)
{
	struct pools all;
	struct pool *p;
	struct range r;

	pools_init(&all);
	p = pool(&all, "10.9.0.1-10.9.0.9");
	assert_ptr_equal(pool(&all, "10.9.0.1-10.9.0.9"), p);
	assert_is(lease(p, "@a", NULL), "10.9.0.1");
	assert_int_equal(range_parse("10.9.0.5-10.9.0.20", &r), OK);
	assert_int_equal(pools_get(&all, &r, &p), ERR_EXISTS);
	pools_done(&all);
}

TEST(a_pool_of_which_nothing_is_lent_gives_way)
{
	struct pools all;
	struct pool *p;
	struct addr a;

	pools_init(&all);
	p = pool(&all, "10.9.0.1");
	pool(&all, "10.9.0.3");
	assert_is(a = lease(p, "@a", NULL), "10.9.0.1");
	pool_release(&all, &a);
	p = pool(&all, "10.9.0.1-10.9.0.9");
	assert_is(lease(p, "@b", NULL), "10.9.0.1");
	assert_is(lease(p, "@a", NULL), "10.9.0.2");
	assert_ptr_equal(all.all.next, &p->node);
	assert_ptr_equal(all.all.next->next, &all.all);
	pools_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_that_comes_back_gets_its_address_again),
		cmocka_unit_test(two_devices_of_one_identity_have_an_address_each),
		cmocka_unit_test(a_full_pool_gives_what_was_released_longest_ago),
		cmocka_unit_test(a_users_own_address_is_given_to_nobody_else_meanwhile),
		cmocka_unit_test(a_wanted_address_is_given_when_it_is_free),
		cmocka_unit_test(every_address_of_a_pool_is_lent_once),
		cmocka_unit_test(a_pool_whose_addresses_are_lent_is_not_overlapped_by_another),
		cmocka_unit_test(a_pool_of_which_nothing_is_lent_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
