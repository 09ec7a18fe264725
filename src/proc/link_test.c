/* Our messages are octet for octet those of iproute2 6.1 for the same device, but for NLA_F_NESTED.
 */
#include "base/test.h"
#include "proc/link.h"
#include "proc/names.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

static struct addr addr(const char *s)
{
	struct addr a;

	assert_int_equal(addr_parse(s, &a), OK);
	return a;
}

/* hex: what follows the header. */
static void assert_body(const struct nlmsghdr *h, uint16_t type, const char *hex)
{
	const uint8_t *p = mnl_nlmsg_get_payload(h);
	size_t n = mnl_nlmsg_get_payload_len(h), at = 0;
	unsigned octet;
	int used;

	assert_int_equal(h->nlmsg_type, type);
	for (; sscanf(hex, " %2x%n", &octet, &used) == 1; hex += used) {
		assert_true(at < n);
		assert_int_equal(p[at], octet);
		at++;
	}
	assert_int_equal(at, n);
}

static const struct link_said xfrm = {
	.name = "ipsec1", .kind = LINK_XFRM, .if_id = 1, .under = 1
};

TEST(an_xfrm_interface)
{
	uint8_t room[LINK_ROOM] = { 0 };

	/* ip link add ipsec1 group 901664 type xfrm dev lo if_id 1 */
	assert_body(link_put(room, &xfrm), RTM_NEWLINK,
		"00000000 00000000 00000000 00000000 08001b00 20c20d00 0b000300 6970736563310000"
		"20001280 08000100 7866726d 14000280 08000200 01000000 08000100 01000000");
}

TEST(a_vti)
{
	struct link_said l = { .name = "vti1",
		.kind = LINK_VTI,
		.ikey = 5,
		.okey = 6,
		.local = addr("192.0.2.1"),
		.remote = addr("198.51.100.1") };
	uint8_t room[LINK_ROOM] = { 0 };

	/* ip link add vti1 group 901664 type vti local 192.0.2.1 remote 198.51.100.1 ikey 5 okey 6
	 */
	assert_body(link_put(room, &l), RTM_NEWLINK,
		"00000000 00000000 00000000 00000000 08001b00 20c20d00 09000300 7674693100000000"
		"38001280 07000100 76746900 2c000280 08000200 00000005 08000300 00000006"
		"08000400 c0000201 08000500 c6336401 08000600 00000000");
}

TEST(a_vti_for_any_peer_over_ipv6)
{
	struct link_said l = {
		.name = "vti6", .kind = LINK_VTI, .ikey = 5, .okey = 6, .local = addr("2001:db8::1")
	};
	uint8_t room[LINK_ROOM] = { 0 };

	/* ip link add vti6 group 901664 type vti6 local 2001:db8::1 ikey 5 okey 6 */
	assert_body(link_put(room, &l), RTM_NEWLINK,
		"00000000 00000000 00000000 00000000 08001b00 20c20d00 09000300 7674693600000000"
		"50001280 08000100 76746936 44000280 08000200 00000005 08000300 00000006"
		"14000400 20010db8000000000000000000000001 14000500 "
		"00000000000000000000000000000000"
		"08000600 00000000");
}

TEST(a_vti_that_is_there_is_changed_without_its_name)
{
	struct link_said l = {
		.name = "vti1", .index = 7, .kind = LINK_VTI, .local = addr("192.0.2.9")
	};
	uint8_t room[LINK_ROOM] = { 0 };

	assert_body(link_put(room, &l), RTM_NEWLINK,
		"00000000 07000000 00000000 00000000 38001280 07000100 76746900 2c000280"
		"08000200 00000000 08000300 00000000 08000400 c0000209 08000500 00000000 08000600 "
		"00000000");
}

TEST(up_opened_and_gone)
{
	uint8_t room[LINK_ROOM] = { 0 };

	assert_body(link_up_put(room, 7), RTM_NEWLINK, "00000000 07000000 01000000 01000000");
	memset(room, 0, sizeof(room));
	/* disable_policy and rp_filter of IPv4: 16 and 8 of <linux/ip.h> */
	assert_body(link_open_put(room, 7), RTM_NEWLINK,
		"00000000 07000000 00000000 00000000 1c001a80 18000280 14000180 08001000 01000000"
		"08000800 00000000");
	memset(room, 0, sizeof(room));
	assert_body(link_del_put(room, 7), RTM_DELLINK, "00000000 07000000 00000000 00000000");
}

TEST(what_is_made_is_read_back)
{
	struct link_said l = { .name = "vti1",
		.kind = LINK_VTI,
		.ikey = 0x10005,
		.okey = 6,
		.local = addr("192.0.2.1") },
			 back;
	uint8_t room[LINK_ROOM] = { 0 };
	struct nlmsghdr *h = link_put(room, &xfrm);
	struct ifinfomsg *m = mnl_nlmsg_get_payload(h);

	m->ifi_index = 12;
	m->ifi_flags = IFF_UP | IFF_RUNNING;
	assert_true(link_said_get(h, &back));
	assert_string_equal(back.name, "ipsec1");
	assert_int_equal(back.index, 12);
	assert_int_equal(back.kind, LINK_XFRM);
	assert_true(back.is_ours);
	assert_true(back.is_up);
	assert_int_equal(back.if_id, 1);
	assert_int_equal(back.under, 1);

	memset(room, 0, sizeof(room));
	assert_true(link_said_get(link_put(room, &l), &back));
	assert_int_equal(back.kind, LINK_VTI);
	assert_false(back.is_up);
	assert_int_equal(back.ikey, 0x10005);
	assert_int_equal(back.okey, 6);
	assert_true(addr_eq(&back.local, &l.local));
	assert_false(addr_is_set(&back.remote));
}

TEST(a_device_of_others_is_not_ours)
{
	uint8_t room[LINK_ROOM] = { 0 };
	struct nlmsghdr *h = link_put(room, &xfrm);
	struct nlattr *group = mnl_nlmsg_get_payload_offset(h, sizeof(struct ifinfomsg));
	uint32_t *value = mnl_attr_get_payload(group);
	struct link_said back;

	*value = 0;
	assert_true(link_said_get(h, &back));
	assert_false(back.is_ours);
	h->nlmsg_type = RTM_DELLINK;
	assert_false(link_said_get(h, &back));
}

TEST(a_device_of_another_kind_is_not_ours_whatever_its_group)
{
	uint8_t room[LINK_ROOM] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct link_said back;

	h->nlmsg_type = RTM_NEWLINK;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(h, IFLA_GROUP, IPSEC_GROUP);
	mnl_attr_put_strz(h, IFLA_IFNAME, "eth0");
	assert_true(link_said_get(h, &back));
	assert_string_equal(back.name, "eth0");
	assert_int_equal(back.kind, LINK_OTHER);
	assert_false(back.is_ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_xfrm_interface),
		cmocka_unit_test(a_vti),
		cmocka_unit_test(a_vti_for_any_peer_over_ipv6),
		cmocka_unit_test(a_vti_that_is_there_is_changed_without_its_name),
		cmocka_unit_test(up_opened_and_gone),
		cmocka_unit_test(what_is_made_is_read_back),
		cmocka_unit_test(a_device_of_others_is_not_ours),
		cmocka_unit_test(a_device_of_another_kind_is_not_ours_whatever_its_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
