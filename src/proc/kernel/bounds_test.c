#include "base/test.h"
#include "proc/kernel/bounds.h"

static struct ts_list net(const char *text)
{
	struct range r;
	struct ts_list l = { .n = 1 };

	assert_int_equal(range_parse(text, &r), OK);
	l.ts[0] = ts_from_range(&r);
	return l;
}

static struct conf_conn *conn(const char *name, const char *ours, const char *theirs)
{
	struct conf_conn *c = xalloc(sizeof(*c));

	c->name = xstrdup(name);
	c->oriented = c->local_is_left = true;
	if (ours)
		c->left.subnet = net(ours);
	if (theirs)
		c->right.subnet = net(theirs);
	return c;
}

static bool allows(const struct bounds *b, const char *local, const char *remote)
{
	struct dp_policy p = { .ts_local = net(local), .ts_remote = net(remote) };

	return bounds_allow(b, &p);
}

TEST(what_is_inside_a_loaded_connection_is_allowed)
{
	struct bounds b;

	bounds_init(&b);
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.2.0/24"));
	assert_true(allows(&b, "10.0.1.0/24", "10.0.2.0/24"));
	assert_true(allows(&b, "10.0.1.128/25", "10.0.2.7"));
	assert_false(allows(&b, "10.0.1.0/24", "0.0.0.0/0"));
	assert_false(allows(&b, "10.0.0.0/16", "10.0.2.0/24"));
	assert_false(allows(&b, "10.0.2.0/24", "10.0.1.0/24"));
	assert_false(allows(&b, "10.0.1.0/24", "10.0.3.9"));
	bounds_done(&b);
}

TEST(a_policy_goes_through_the_device_of_its_connection_and_no_other)
{
	struct dp_policy p = { .ts_local = net("10.0.1.0/24"), .ts_remote = net("10.0.2.0/24") };
	struct conf_conn *c = conn("a", "10.0.1.0/24", "10.0.2.0/24");
	struct bounds b;

	bounds_init(&b);
	c->if_id = 3;
	c->left.interface_ip = (struct prefix){ addr_v4(0x0a630001), 24 };
	bounds_add_take(&b, c);
	assert_true(bounds_name_device(&b, "ipsec3"));
	assert_false(bounds_name_device(&b, "ipsec1"));
	assert_false(bounds_allow(&b, &p));
	p.extra.if_id = 3;
	p.device = (struct dp_device){
		.kind = DP_DEVICE_XFRM, .name = "ipsec3", .address = { addr_v4(0x0a630001), 24 }
	};
	assert_true(bounds_allow(&b, &p));
	p.device.address.bits = 16;
	assert_false(bounds_allow(&b, &p));
	p.device.address.bits = 24;
	memcpy(p.device.name, "eth0", 5);
	assert_false(bounds_allow(&b, &p));
	bounds_done(&b);

	bounds_init(&b);
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.2.0/24"));
	assert_false(bounds_allow(&b, &p));
	bounds_done(&b);
}

TEST(without_a_connection_nothing_is_allowed)
{
	struct bounds b;

	bounds_init(&b);
	assert_false(allows(&b, "10.0.1.1", "10.0.2.1"));
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.2.0/24"));
	bounds_del(&b, "a");
	assert_false(allows(&b, "10.0.1.1", "10.0.2.1"));
	bounds_done(&b);
}

TEST(two_connections_do_not_add_up)
{
	struct bounds b;

	bounds_init(&b);
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.2.0/24"));
	bounds_add_take(&b, conn("b", "10.0.3.0/24", "10.0.4.0/24"));
	assert_true(allows(&b, "10.0.3.0/24", "10.0.4.0/24"));
	assert_false(allows(&b, "10.0.1.0/24", "10.0.4.0/24"));
	bounds_done(&b);
}

TEST(an_end_without_subnet_is_one_host)
{
	struct bounds b;

	bounds_init(&b);
	bounds_add_take(&b, conn("a", NULL, "0.0.0.0/0"));
	assert_true(allows(&b, "100.64.13.5", "0.0.0.0/0"));
	assert_false(allows(&b, "100.64.13.0/24", "0.0.0.0/0"));
	bounds_done(&b);
}

TEST(a_replaced_connection_counts_no_more)
{
	struct bounds b;

	bounds_init(&b);
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.2.0/24"));
	bounds_add_take(&b, conn("a", "10.0.1.0/24", "10.0.9.0/24"));
	assert_false(allows(&b, "10.0.1.0/24", "10.0.2.0/24"));
	assert_true(allows(&b, "10.0.1.0/24", "10.0.9.0/24"));
	bounds_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_inside_a_loaded_connection_is_allowed),
		cmocka_unit_test(a_policy_goes_through_the_device_of_its_connection_and_no_other),
		cmocka_unit_test(without_a_connection_nothing_is_allowed),
		cmocka_unit_test(two_connections_do_not_add_up),
		cmocka_unit_test(an_end_without_subnet_is_one_host),
		cmocka_unit_test(a_replaced_connection_counts_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
