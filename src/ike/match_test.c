#include "ike/match.h"

#include "ike/engine.h"
#include <stdlib.h>

#include "base/test.h"

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static struct ike *engine(struct rng_seeded *seed)
{
	struct ike_env env = { .rng = rng_seeded(seed, 1), .events = { take, NULL } };

	return ike_new(&env, (struct now){ 0, 0 });
}

/* left is ours. */
static void load(struct ike *ike, const char *name, const char *right, const char *left_id,
	const char *right_id, const char *subnet)
{
	struct conf_conn *c = xalloc(sizeof(*c));
	struct range r;

	c->name = xstrdup(name);
	c->version = VERSION_IKEV2;
	c->oriented = c->local_is_left = true;
	c->left.host_kind = HOST_ADDR;
	assert_int_equal(addr_parse("192.0.2.1", &c->left.host), OK);
	c->right.host_kind = right ? HOST_ADDR : HOST_ANY;
	if (right)
		assert_int_equal(addr_parse(right, &c->right.host), OK);
	if (left_id)
		assert_int_equal(id_parse(left_id, &c->left.id), OK);
	if (right_id)
		assert_int_equal(id_parse(right_id, &c->right.id), OK);
	if (subnet) {
		assert_int_equal(range_parse(subnet, &r), OK);
		c->left.subnet.ts[0] = ts_from_range(&r);
		c->left.subnet.n = 1;
	}
	conn_new_take(ike, c);
}

static const char *find(struct ike *ike, const char *remote, const char *theirs, const char *ours,
	enum match_why *why)
{
	struct match m = { .version = VERSION_IKEV2 };
	struct id t = { 0 }, o = { 0 };
	struct conn *c;

	assert_int_equal(addr_parse("192.0.2.1", &m.local.addr), OK);
	assert_int_equal(addr_parse(remote, &m.remote.addr), OK);
	if (theirs) {
		assert_int_equal(id_parse(theirs, &t), OK);
		m.theirs = &t;
	}
	if (ours) {
		assert_int_equal(id_parse(ours, &o), OK);
		m.ours = &o;
	}
	c = match_conn(ike, &m, NULL, why, NULL);
	id_done(&t);
	id_done(&o);
	return c ? c->conf->name : "";
}

TEST(a_fixed_address_comes_before_any)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "fixed", "198.51.100.1", NULL, NULL, NULL);
	load(ike, "any", NULL, NULL, NULL, NULL);
	assert_string_equal(find(ike, "198.51.100.1", NULL, NULL, &why), "fixed");
	assert_string_equal(find(ike, "198.51.100.2", NULL, NULL, &why), "any");
	ike_free(ike);
}

TEST(an_identity_decides_between_templates)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "alice", NULL, NULL, "@alice", NULL);
	load(ike, "bob", NULL, NULL, "@bob", NULL);
	assert_string_equal(find(ike, "198.51.100.2", "@alice", NULL, &why), "alice");
	assert_string_equal(find(ike, "198.51.100.2", "@bob", NULL, &why), "bob");
	assert_string_equal(find(ike, "198.51.100.2", "@eve", NULL, &why), "");
	assert_int_equal(why, MATCH_NO_ID);
	ike_free(ike);
}

/* An identity that is not said is the address; %any is any. */
TEST(any_identity_is_not_an_unset_one)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "unset", "198.51.100.1", NULL, NULL, NULL);
	load(ike, "any", "198.51.100.2", NULL, "%any", NULL);
	assert_string_equal(find(ike, "198.51.100.1", "198.51.100.1", NULL, &why), "unset");
	assert_string_equal(find(ike, "198.51.100.1", "@alice", NULL, &why), "");
	assert_int_equal(why, MATCH_NO_ID);
	assert_string_equal(find(ike, "198.51.100.2", "@alice", NULL, &why), "any");
	assert_string_equal(find(ike, "198.51.100.2", "198.51.100.2", NULL, &why), "any");
	ike_free(ike);
}

TEST(me_tarzan_you_jane)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "jane", NULL, "@jane", NULL, NULL);
	load(ike, "cheeta", NULL, "@cheeta", NULL, NULL);
	assert_string_equal(find(ike, "198.51.100.2", "@tarzan", "@jane", &why), "jane");
	assert_string_equal(find(ike, "198.51.100.2", "@tarzan", "@cheeta", &why), "cheeta");
	assert_string_equal(find(ike, "198.51.100.2", "@tarzan", "@other", &why), "");
	ike_free(ike);
}

TEST(nothing_is_loaded_for_a_stranger)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "fixed", "198.51.100.1", NULL, NULL, NULL);
	assert_string_equal(find(ike, "203.0.113.9", NULL, NULL, &why), "");
	assert_int_equal(why, MATCH_NO_ADDRESS);
	ike_free(ike);
}

TEST(a_removed_connection_is_not_found)
{
	struct rng_seeded seed;
	struct ike *ike = engine(&seed);
	enum match_why why;

	load(ike, "fixed", "198.51.100.1", NULL, NULL, NULL);
	conn_remove(conn_find(ike, "fixed", 0));
	assert_string_equal(find(ike, "198.51.100.1", NULL, NULL, &why), "");
	assert_null(conn_find(ike, "fixed", 0));
	ike_free(ike);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_address_comes_before_any),
		cmocka_unit_test(an_identity_decides_between_templates),
		cmocka_unit_test(any_identity_is_not_an_unset_one),
		cmocka_unit_test(me_tarzan_you_jane),
		cmocka_unit_test(nothing_is_loaded_for_a_stranger),
		cmocka_unit_test(a_removed_connection_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
