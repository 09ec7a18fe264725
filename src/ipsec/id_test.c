#include "base/test.h"
#include "ipsec/id.h"

TEST(text_becomes_the_right_type_and_back)
{
	const struct {
		const char *text;
		uint8_t type;
		const char *back; /* NULL: the same */
	} t[] = {
		{ "192.0.2.1", ID_IPV4_ADDR, NULL },
		{ "2001:db8::1", ID_IPV6_ADDR, NULL },
		{ "@vpn.example.com", ID_FQDN, NULL },
		{ "vpn.example.com", ID_FQDN, "@vpn.example.com" },
		{ "user@example.com", ID_RFC822_ADDR, NULL },
		{ "@#0x0102ff", ID_KEY_ID, NULL },
		{ "@[group]", ID_KEY_ID, NULL },
		{ "C=CH, O=Example, CN=gate.example.com", ID_DER_ASN1_DN, NULL },
		{ "@a=b", ID_FQDN, NULL },
		{ "host_1.example", ID_FQDN, "@host_1.example" },
		{ "@~300d310b300906035504030c026162", ID_DER_ASN1_DN, "CN=ab" },
		{ "@#00", ID_KEY_ID, "@#0x00" },
		{ "%none", ID_NONE, "%any" },
		{ "%any", ID_ANY, NULL },
		{ "%null", ID_NULL, "ID_NULL" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		char s[ID_STR];
		struct id id, copy;
		uint8_t room[ID_MAX + 8];
		struct wr w = wr_to(room, sizeof(room));
		struct rd r;

		assert_int_equal(id_parse(t[i].text, &id), OK);
		assert_int_equal(id.type, t[i].type);
		assert_string_equal(
			id_format(&id, s, sizeof(s)), t[i].back ? t[i].back : t[i].text);
		id_put(&w, &id);
		r = rd_from(wr_view(&w));
		assert_int_equal(id_get(&r, &copy), OK);
		assert_true(rd_end(&r) && id_eq(&id, &copy));
		id_done(&id);
		id_done(&copy);
	}
}

TEST(names_compare_without_case)
{
	struct id a, b, c;

	assert_int_equal(id_parse("@VPN.example.com", &a), OK);
	assert_int_equal(id_parse("@vpn.EXAMPLE.com", &b), OK);
	assert_int_equal(id_parse("@vpn.example.org", &c), OK);
	assert_true(id_eq(&a, &b));
	assert_false(id_eq(&a, &c));
	id_done(&a);
	id_done(&b);
	id_done(&c);
}

TEST(impossible_identities_are_refused)
{
	static const char *const bad[] = { "", "@", "@#xyz", "@#", "%dunno", "@[open", "=",
		"192.0.2.300", "2001:db8::g", "10.0.0.0/8", "two words", "@two words",
		"user@two words", "line\n", "@~0", "C=CH, O" };
	static const uint8_t big[ID_MAX + 1];
	struct id id, copy;
	char s[ID_STR];

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(id_parse(bad[i], &id), ERR_VALUE);
	assert_int_equal(id_from_wire(ID_IPV4_ADDR, bytes_str("abc"), &id), ERR_LENGTH);
	assert_int_equal(id_from_wire(77, bytes_str("abc"), &id), ERR_VALUE);
	assert_int_equal(id_from_wire(ID_DER_ASN1_DN, bytes_str("not der"), &id), OK);
	assert_string_equal(id_format(&id, s, sizeof(s)), "@~6e6f7420646572");
	copy = id_copy(&id);
	assert_true(id_eq(&id, &copy));
	id_done(&copy);
	id_done(&id);
	assert_int_equal(id_from_wire(ID_FQDN, bytes_str(""), &id), ERR_LENGTH);
	assert_int_equal(id_from_wire(ID_KEY_ID, bytes_of(big, sizeof(big)), &id), ERR_LENGTH);
	assert_int_equal(id_from_wire(ID_FQDN, bytes_str("a'\n"), &id), OK);
	assert_string_equal(id_format(&id, s, sizeof(s)), "@a\\x27\\x0a");
	id_done(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_the_right_type_and_back),
		cmocka_unit_test(names_compare_without_case),
		cmocka_unit_test(impossible_identities_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
