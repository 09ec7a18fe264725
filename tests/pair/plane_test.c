/* What only the kernel's ESP can do: taken where it runs, refused where it does not. */
#include "tests/pair/pair.h"

#include "base/test.h"

/* What a person who adds c is told. */
static unsigned add(struct side *s, const struct conf_conn *c)
{
	struct command cmd = { .kind = CMD_CONN_ADD, .request = 77, .conn = c };

	s->n_done = 0;
	ike_command(s->ike, s->pair->now, &cmd);
	pair_run(s->pair, NS_S);
	assert_int_equal(s->n_done, 1);
	return s->exit;
}

/* Is c loaded by an engine on that plane? The exit status is the person's. */
static unsigned loads(enum ike_plane plane, const struct conf_conn *c)
{
	struct pair p;
	unsigned exit;

	pair_init(&p, 1);
	pair_plane(&p.a, plane);
	exit = add(&p.a, c);
	assert_int_equal(p.a.count[EV_conn_added], exit == 0);
	assert_int_equal(p.a.count[EV_conn_needs_kernel], exit != 0);
	if (exit != 0)
		assert_string_equal(pair_said(&p.a, EV_conn_needs_kernel, "why"), "because");
	pair_done(&p);
	return exit;
}

TEST(userspace_esp_takes_no_connection_that_needs_the_kernel)
{
	struct conf_conn c = pair_conf("paris");

	assert_int_equal(loads(PLANE_USER, &c), 0);
	c.type = TYPE_TRANSPORT;
	assert_int_equal(loads(PLANE_USER, &c), 39);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
}

/* What is loaded under that name says something else now. */
TEST(a_connection_that_is_refused_takes_its_predecessor_along)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.n_sa, 2);
	c.type = TYPE_TRANSPORT;
	assert_int_equal(add(&p.a, &c), 39);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 21);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(userspace_esp_takes_no_connection_that_needs_the_kernel),
		cmocka_unit_test(a_connection_that_is_refused_takes_its_predecessor_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
