#include "crypto/dn.h"
#include "crypto/test_hex.h"

/* X.690 by hand: SEQUENCE, SET, SEQUENCE, OID 2.5.4.3 (CN), UTF8String */
TEST(a_name_is_encoded_as_x690_says)
{
	struct buf der;

	assert_int_equal(dn_parse("CN=ab", &der), OK);
	assert_hex(buf_view(&der), "300d310b3009 0603550403 0c026162");
	buf_done(&der);
	/* PrintableString for countries; two fields in one SET */
	assert_int_equal(dn_parse("C=CH, O=a+OU=b", &der), OK);
	assert_hex(buf_view(&der), "3023 310b 3009 0603550406 13024348"
				   "3114 3008 060355040a 0c0161 3008 060355040b 0c0162");
	buf_done(&der);
}

TEST(names_survive_text_and_back)
{
	static const struct {
		const char *text, *back; /* NULL: the same */
	} t[] = {
		{ "C=CH, O=Example, CN=gate.example.com", NULL },
		{ "C=CH,O=Example,  CN = gate ", "C=CH, O=Example, CN=gate" },
		{ "/C=CH/O=Example, Inc./CN=gate", "C=CH, O=Example\\, Inc., CN=gate" },
		{ "O=\"Example, Inc.\"", "O=Example\\, Inc." },
		{ "O=Example\\2C Inc.", "O=Example\\, Inc." },
		{ "O=a\\+b+OU=c", "OU=c + O=a\\+b" }, /* a SET: in the order of DER */
		{ "O=back\\\\ , CN=a", "O=back\\\\, CN=a" },
		{ "O=two  blanks\\ ", "O=two  blanks\\ " },
		{ "CN=Z\xc3\xbcrich", "CN=Z\\C3\\BCrich" },
		{ "E=me@example.com", "emailAddress=me@example.com" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		char s[200];
		struct buf der, again;

		assert_int_equal(dn_parse(t[i].text, &der), OK);
		assert_int_equal(dn_format(buf_view(&der), s, sizeof(s)), OK);
		assert_string_equal(s, t[i].back ? t[i].back : t[i].text);
		assert_int_equal(dn_parse(s, &again), OK);
		assert_true(bytes_eq(buf_view(&der), buf_view(&again)));
		buf_done(&der);
		buf_done(&again);
	}
}

/* A certificate for O="a, CN=gate" must not read like one for CN=gate. */
TEST(a_value_cannot_look_like_another_field)
{
	struct buf der;
	char s[100];

	assert_int_equal(dn_parse("O=\"a, CN=gate\"", &der), OK);
	assert_int_equal(dn_format(buf_view(&der), s, sizeof(s)), OK);
	assert_string_equal(s, "O=a\\, CN=gate");
	assert_int_equal(dn_format(buf_view(&der), s, 6), OK);
	assert_string_equal(s, "O=a\\,"); /* cut */
	buf_done(&der);
	assert_int_equal(dn_parse("CN=a\\0Ab", &der), OK);
	assert_int_equal(dn_format(buf_view(&der), s, sizeof(s)), OK);
	assert_string_equal(s, "CN=a\\0Ab");
	buf_done(&der);
}

TEST(what_is_no_name_is_refused)
{
	static const char *const bad[] = { "", " ", "CN", "=x", "CN=", "CN=a,", "CN=a,,O=b",
		",CN=a", "CN=a+", "CN=\"open", "CN=a\\", "NOSUCH=x", "/", "/CN=a/", "CN=a, O" };
	struct buf der;
	char s[100];

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(dn_parse(bad[i], &der), ERR_VALUE);
	assert_int_equal(dn_format(bytes_str("not der"), s, sizeof(s)), ERR_VALUE);
	der = hex("300d310b30090603550403 0c026162 00"); /* one octet left over */
	assert_int_equal(dn_format(buf_view(&der), s, sizeof(s)), ERR_VALUE);
	buf_done(&der);
}

TEST(names_compare_field_by_field)
{
	struct buf a, b, c;

	assert_int_equal(dn_parse("C=CH, CN=Gate  One", &a), OK);
	assert_int_equal(dn_parse("C=ch, CN=gate one", &b), OK);
	assert_int_equal(dn_parse("CN=Gate One, C=CH", &c), OK);
	assert_true(dn_eq(buf_view(&a), buf_view(&b)));
	assert_false(dn_eq(buf_view(&a), buf_view(&c)));
	assert_true(dn_eq(bytes_str("not der"), bytes_str("not der")));
	assert_false(dn_eq(bytes_str("not der"), buf_view(&a)));
	buf_done(&a);
	buf_done(&b);
	buf_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_encoded_as_x690_says),
		cmocka_unit_test(names_survive_text_and_back),
		cmocka_unit_test(a_value_cannot_look_like_another_field),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(names_compare_field_by_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
