#include "base/test.h"
#include "crypto/forbidden.h"

TEST(a_library_that_nobody_has_restricted_has_all_of_them)
{
	assert_int_equal(crypto_forbidden(), 0);
}

TEST(a_set_has_what_is_in_it)
{
	uint64_t set = 0;

	for (size_t i = 0; alg_at(i); i++) {
		assert_true(i < 64);
		if (alg_at(i)->type == TT_ENCR && alg_at(i)->id == ENCR_CHACHA20_POLY1305)
			set = (uint64_t)1 << i;
	}
	assert_true(alg_is_in(set, TT_ENCR, ENCR_CHACHA20_POLY1305));
	assert_false(alg_is_in(set, TT_ENCR, ENCR_AES_CBC));
	assert_false(alg_is_in(set, TT_KE, ENCR_CHACHA20_POLY1305));
	assert_false(alg_is_in(set, TT_ENCR, 4711));
}

TEST(the_line_that_wants_properties_is_found)
{
	struct crypto_policy p;

	assert_true(crypto_policy_in("openssl_conf = x\n[x]\nalg_section = evp\n.include /etc/a\n"
				     "[evp]\n  default_properties = fips=yes # why\nmore = 1\n",
		&p));
	assert_int_equal(p.line, 6);
	assert_string_equal(p.text, "default_properties = fips=yes");
	assert_int_equal(p.n_include, 1);
	assert_string_equal(p.include[0], "/etc/a");
	assert_false(crypto_policy_in("# default_properties = fips=yes\n.include = /etc/b", &p));
	assert_int_equal(p.n_include, 1);
	assert_string_equal(p.include[0], "/etc/b");
	assert_false(crypto_policy_in("default_properties_no = 1\ndefault_properties\n", &p));
	assert_false(crypto_policy_in("", &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_that_nobody_has_restricted_has_all_of_them),
		cmocka_unit_test(a_set_has_what_is_in_it),
		cmocka_unit_test(the_line_that_wants_properties_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
