#include "ipsec/vendor.h"

#include "base/test.h"

static const char *product(const char *id, size_t n)
{
	const struct bytes ids[] = { bytes_str("what nobody knows"), bytes_of(id, n) };

	return vendor_product(ids, COUNT(ids));
}

TEST(products_are_known_by_how_their_ids_begin)
{
	static const char windows[] = "\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87"
				      "\xe4\x61\x00\x00\x00\x09";
	static const char fortigate[] = "\x82\x99\x03\x17\x57\xa3\x60\x82\xc6\xa6\x21\xde\x00\x05"
					"\x02\x4d";

	assert_string_equal(product(windows, 20), "Microsoft");
	assert_string_equal(product(fortigate, 16), "Fortinet");
	assert_string_equal(product("CISCO-DELETE-REASON", 19), "Cisco");
	assert_string_equal(product("OE-Libreswan-5.0", 16), "Libreswan");
}

TEST(what_is_shorter_or_other_is_no_product)
{
	assert_string_equal(product("OE-Libreswa", 11), "");
	assert_string_equal(product("CISC", 4), "");
	assert_string_equal(product("", 0), "");
	assert_string_equal(product("strongSwan", 10), ""); /* its id is the MD5 of it */
	assert_string_equal(vendor_product(NULL, 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_known_by_how_their_ids_begin),
		cmocka_unit_test(what_is_shorter_or_other_is_no_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
