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

TEST(both_planes_have_both_modes)
{
	struct conf_conn c = pair_conf("paris");

	assert_int_equal(loads(PLANE_USER, &c), 0);
	c.type = TYPE_TRANSPORT;
	assert_int_equal(loads(PLANE_USER, &c), 0);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
}

TEST(userspace_esp_takes_no_marks)
{
	struct conf_conn c = pair_conf("paris");

	c.mark_in.mask = 1;
	assert_int_equal(loads(PLANE_USER, &c), 39);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
	c.mark_in.mask = 0;
	c.mark_out.mask = UINT32_MAX;
	assert_int_equal(loads(PLANE_USER, &c), 39);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
}

TEST(userspace_esp_takes_no_devices)
{
	struct conf_conn c = pair_conf("paris");

	c.if_id = 1;
	assert_int_equal(loads(PLANE_USER, &c), 39);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
	c.if_id = 0;
	c.vti_interface = (char *)"vti1";
	assert_int_equal(loads(PLANE_USER, &c), 39);
	assert_int_equal(loads(PLANE_KERNEL, &c), 0);
}

static unsigned tells(enum ike_plane plane, const struct conf_conn *c, enum event_id id)
{
	struct pair p;
	unsigned n;

	pair_init(&p, 1);
	pair_plane(&p.a, plane);
	assert_int_equal(add(&p.a, c), 0);
	n = p.a.count[id];
	pair_done(&p);
	return n;
}

TEST(what_a_plane_does_without_is_told)
{
	struct conf_conn c = pair_conf("paris");

	assert_int_equal(tells(PLANE_USER, &c, EV_conn_plane_without), 0);
	c.nic_offload = OFFLOAD_CRYPTO;
	assert_int_equal(tells(PLANE_USER, &c, EV_conn_plane_without), 1);
	assert_int_equal(tells(PLANE_KERNEL, &c, EV_conn_plane_without), 0);
	c.nic_offload = OFFLOAD_AUTO;
	assert_int_equal(tells(PLANE_USER, &c, EV_conn_plane_without), 0);
	c.type = TYPE_DROP;
	assert_int_equal(tells(PLANE_USER, &c, EV_conn_plane_without), 1);
	assert_int_equal(tells(PLANE_KERNEL, &c, EV_conn_plane_without), 0);
	c.replay_window = 4096;
	assert_int_equal(tells(PLANE_KERNEL, &c, EV_conn_window_cut), 0);
	c.replay_window = 4097;
	assert_int_equal(tells(PLANE_KERNEL, &c, EV_conn_window_cut), 1);
	assert_int_equal(tells(PLANE_USER, &c, EV_conn_window_cut), 0);
}

/* As Libreswan has it: policies are found by marks, SAs without. */
TEST(marks_are_of_policies_and_offload_is_of_both)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.mark_in = (struct conf_mark){ 5, 0xff, false };
	c.mark_out = (struct conf_mark){ 6, 0xff, false };
	c.nic_offload = OFFLOAD_PACKET;
	pair_init(&p, 1);
	pair_plane(&p.a, PLANE_KERNEL);
	pair_plane(&p.b, PLANE_KERNEL);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.policy[0].extra.mark_in.value, 5);
	assert_int_equal(p.a.policy[0].extra.mark_out.value, 6);
	assert_int_equal(p.a.policy[0].extra.mark_out.mask, 0xff);
	assert_int_equal(p.a.policy[0].extra.offload, DP_OFFLOAD_PACKET);
	assert_false(p.a.policy[0].add_routes);
	assert_int_equal(p.a.sa[0].extra.mark_in.mask | p.a.sa[0].extra.mark_out.mask, 0);
	assert_int_equal(p.a.sa[0].extra.offload, DP_OFFLOAD_PACKET);
	pair_done(&p);
}

TEST(a_tunnel_with_an_xfrm_interface)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.if_id = 3;
	c.left.interface_ip = (struct prefix){ addr_v4(0x0a630001), 24 };
	c.right.interface_ip = (struct prefix){ addr_v4(0x0a630002), 24 };
	pair_init(&p, 1);
	pair_plane(&p.a, PLANE_KERNEL);
	pair_plane(&p.b, PLANE_KERNEL);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.policy[0].device.kind, DP_DEVICE_XFRM);
	assert_string_equal(p.a.policy[0].device.name, "ipsec3");
	assert_true(addr_eq(&p.a.policy[0].device.address.addr, &c.left.interface_ip.addr));
	assert_true(addr_eq(&p.b.policy[0].device.address.addr, &c.right.interface_ip.addr));
	assert_int_equal(p.a.policy[0].extra.if_id, 3);
	assert_true(p.a.policy[0].add_routes);
	assert_int_equal(p.a.sa[0].extra.if_id, 3);
	assert_true(p.a.sa[0].extra.has_device && p.a.sa[1].extra.has_device);
	pair_done(&p);
}

TEST(a_tunnel_with_a_vti)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.vti_interface = (char *)"vti7";
	c.vti_shared = true;
	c.left.vti = (struct prefix){ addr_v4(0x0a630001), 30 };
	c.mark_in = c.mark_out = (struct conf_mark){ 5, UINT32_MAX, false };
	for (int routing = 0; routing < 2; routing++) {
		c.vti_routing = routing;
		pair_init(&p, 1);
		pair_plane(&p.a, PLANE_KERNEL);
		pair_plane(&p.b, PLANE_KERNEL);
		pair_up(&p, &c, &c);
		assert_int_equal(p.a.policy[0].device.kind, DP_DEVICE_VTI);
		assert_string_equal(p.a.policy[0].device.name, "vti7");
		assert_int_equal(p.a.policy[0].device.address.bits, 30);
		assert_true(p.a.policy[0].device.is_shared);
		assert_int_equal(p.a.policy[0].extra.mark_out.value, 5);
		assert_int_equal(p.a.policy[0].add_routes, routing);
		assert_int_equal(p.a.sa[0].extra.if_id | p.a.sa[0].extra.mark_in.mask, 0);
		assert_true(p.a.sa[0].extra.has_device);
		pair_done(&p);
	}
}

TEST(each_connection_has_a_unique_mark_of_its_own)
{
	struct conf_conn c = pair_conf("paris"), d = pair_conf("rome");
	struct pair p;

	c.mark_in = c.mark_out = d.mark_in = d.mark_out = (struct conf_mark){ 0, UINT32_MAX, true };
	pair_init(&p, 1);
	pair_plane(&p.a, PLANE_KERNEL);
	pair_add(&p.a, &c);
	pair_add(&p.a, &d);
	pair_do(&p.a, CMD_ROUTE, "paris");
	pair_do(&p.a, CMD_ROUTE, "rome");
	assert_int_equal(p.a.policy[0].extra.mark_in.value, 65537);
	assert_int_equal(p.a.policy[0].extra.mark_out.value, 65537);
	assert_int_equal(p.a.policy[1].extra.mark_out.value, 65538);
	pair_done(&p);
}

/* Libreswan's numbers: other programs look for them, and none but it has them. */
TEST(request_ids_are_libreswans_or_as_the_file_says)
{
	struct conf_conn c = pair_conf("paris"), d = pair_conf("rome"), e = pair_conf("oslo");
	struct pair p;

	d.reqid = e.reqid = 7;
	pair_init(&p, 1);
	pair_add(&p.a, &c);
	pair_add(&p.a, &d);
	pair_add(&p.a, &e); /* cannot have it, too */
	assert_int_equal(p.a.count[EV_conn_reqid_taken], 1);
	assert_string_equal(pair_said(&p.a, EV_conn_reqid_taken, "other"), "rome");
	pair_do(&p.a, CMD_ROUTE, "paris");
	pair_do(&p.a, CMD_ROUTE, "rome");
	pair_do(&p.a, CMD_ROUTE, "oslo");
	assert_int_equal(p.a.policy[0].reqid, 16388);
	assert_int_equal(p.a.policy[1].reqid, 7);
	assert_int_equal(p.a.policy[2].reqid, 16392);
	d.metric = 9; /* replaced while nothing is there of it: it keeps its number */
	pair_do(&p.a, CMD_UNROUTE, "rome");
	pair_add(&p.a, &d);
	assert_int_equal(p.a.count[EV_conn_reqid_taken], 1);
	pair_do(&p.a, CMD_ROUTE, "rome");
	assert_int_equal(p.a.policy[2].reqid, 7);
	pair_done(&p);
}

/* What is loaded under that name says something else now. */
TEST(a_connection_that_is_refused_takes_its_predecessor_along)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.n_sa, 2);
	c.if_id = 1;
	assert_int_equal(add(&p.a, &c), 39);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 21);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_planes_have_both_modes),
		cmocka_unit_test(userspace_esp_takes_no_marks),
		cmocka_unit_test(userspace_esp_takes_no_devices),
		cmocka_unit_test(what_a_plane_does_without_is_told),
		cmocka_unit_test(marks_are_of_policies_and_offload_is_of_both),
		cmocka_unit_test(a_tunnel_with_an_xfrm_interface),
		cmocka_unit_test(a_tunnel_with_a_vti),
		cmocka_unit_test(each_connection_has_a_unique_mark_of_its_own),
		cmocka_unit_test(request_ids_are_libreswans_or_as_the_file_says),
		cmocka_unit_test(a_connection_that_is_refused_takes_its_predecessor_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
