#include "base/test.h"
#include "proc/parent/cgroup.h"

static const char *unit(const char *text)
{
	static char ret[UNIT_MAX];

	return cgroup_unit(text, ret) ? ret : "-";
}

TEST(a_service_is_found_in_both_versions)
{
	assert_string_equal(unit("0::/system.slice/strongswan.service\n"), "strongswan.service");
	assert_string_equal(
		unit("0::/system.slice/system-wg.slice/wg@a.service/x\n"), "wg@a.service");
	assert_string_equal(
		unit("5:memory:/user.slice\n1:name=systemd:/system.slice/ipsec.service\n"
		     "0::/\n"),
		"ipsec.service");
}

TEST(what_people_and_containers_run_is_no_service)
{
	assert_string_equal(unit(""), "-");
	assert_string_equal(unit("0::/"), "-");
	assert_string_equal(unit("0::/init.scope\n"), "-");
	assert_string_equal(unit("0::/user.slice/user-0.slice/session-3.scope\n"), "-");
	assert_string_equal(
		unit("0::/user.slice/user-7.slice/user@7.service/app.slice/a.service\n"), "-");
	assert_string_equal(unit("5:memory:/system.slice/a.service\n"), "-");
	assert_string_equal(unit("0::/system.slice/.service\n"), "-");
}

TEST(a_name_that_a_shell_would_take_for_something_else_is_none)
{
	assert_string_equal(unit("0::/system.slice/a;reboot.service\n"), "-");
	assert_string_equal(unit("0::/system.slice/a\\x2db.service\n"), "-");
	assert_string_equal(unit("0::/system.slice/--now.service\n"), "-");
	assert_string_equal(unit("0::/system.slice/$(x).service\n"), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_found_in_both_versions),
		cmocka_unit_test(what_people_and_containers_run_is_no_service),
		cmocka_unit_test(a_name_that_a_shell_would_take_for_something_else_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
