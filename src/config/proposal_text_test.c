#include "base/test.h"
#include "config/proposal_text.h"

#include <stdlib.h>

static void check(enum protocol_id protocol, const char *text, const char *expected)
{
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL, line[2048];

	if (proposal_text_parse(protocol, text, &p, &what, &warning))
		fail_msg("%s: %s", text, what);
	assert_string_equal(proposal_format(&p->p[0], line, sizeof(line)), expected);
	free(p);
	free(warning);
}

static void refuse(enum protocol_id protocol, const char *text, const char *part)
{
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL;

	assert_int_equal(proposal_text_parse(protocol, text, &p, &what, &warning), ERR_VALUE);
	if (!strstr(what, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, what, part);
	free(what);
	free(warning);
}

TEST(spellings_of_all_three_worlds_are_understood)
{
	check(PROTO_IKE, "aes256-sha2_256-dh19",
		"1:IKE=AES_CBC_256-HMAC_SHA2_256-HMAC_SHA2_256_128-ECP_256");
	check(PROTO_IKE, "aes256-sha256-modp2048!",
		"1:IKE=AES_CBC_256-HMAC_SHA2_256-HMAC_SHA2_256_128-MODP2048");
	check(PROTO_IKE, "aes256-sha1-sha2_256-dh14",
		"1:IKE=AES_CBC_256-HMAC_SHA2_256-HMAC_SHA1_96-MODP2048");
	check(PROTO_IKE, "aes_gcm256-sha2;modp3072",
		"1:IKE=AES_GCM_C_256-HMAC_SHA2_256-NONE-MODP3072");
	check(PROTO_IKE, "aes256gcm16-prfsha384-ecp384",
		"1:IKE=AES_GCM_C_256-HMAC_SHA2_384-NONE-ECP_384");
	check(PROTO_IKE, "chacha20poly1305-sha512-x25519",
		"1:IKE=CHACHA20_POLY1305-HMAC_SHA2_512-NONE-CURVE25519");
	check(PROTO_ESP, "aes_gcm256", "1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	check(PROTO_ESP, "aes128-sha1", "1:ESP=AES_CBC_128-HMAC_SHA1_96-NONE-ENABLED+DISABLED");
	check(PROTO_ESP, "aes+aes192-sha2_512+sha2_256-dh14",
		"1:ESP=AES_CBC_256+AES_CBC_128+AES_CBC_192-HMAC_SHA2_512_256+HMAC_SHA2_256_128-"
		"MODP2048-ENABLED+DISABLED");
	check(PROTO_ESP, "aes_gcm_16_256", "1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	check(PROTO_ESP, "aes_ctr_256-sha2_256",
		"1:ESP=AES_CTR_256-HMAC_SHA2_256_128-NONE-ENABLED+DISABLED");
}

TEST(mistakes_name_what_is_near)
{
	refuse(PROTO_IKE, "aess256-sha2-dh14", "not recognized; did you mean 'aes'?");
	refuse(PROTO_IKE, "aes256-sha3-dh14", "did you mean 'sha2'?");
	refuse(PROTO_IKE, "aes256-sha2-modp2049", "MODP2048");
	refuse(PROTO_IKE, "blowfish-sha2-dh14", "not supported");
	refuse(PROTO_IKE, "aes999-sha2-dh14", "valid key lengths: 128, 192, 256");
	refuse(PROTO_ESP, "aes+aes_gcm-sha2", "cannot stand in one proposal");
	refuse(PROTO_ESP, "aes_gcm-sha2_256", "take no integrity");
	refuse(PROTO_ESP, "", "");
	refuse(PROTO_IKE, "aes256--dh14", "missing");
	refuse(PROTO_IKE, "aes256-sha2-dh14,", "missing");
	refuse(PROTO_IKE, "aes256-sha2-dh22", "dh14 or dh19");
	refuse(PROTO_IKE, "aes-cbc-256", "aes_cbc256");
	refuse(PROTO_IKE, "aes-256-sha2", "without '-'");
	refuse(PROTO_IKE, "aes_gcm-sha2_256-dh19;addke1=ml_kem_768", "RFC 9370");
	refuse(PROTO_IKE, "aes_gcm-sha2_256-dh19;foo=bar", "expected encrypt=");
	refuse(PROTO_IKE, "prf=sha2", "encryption algorithm is missing");
	refuse(PROTO_IKE, "null-sha2-dh14", "not supported");
	refuse(PROTO_ESP, "aes256-null", "cannot have 'NONE'");
	refuse(PROTO_ESP, "aes_gmac", "does not encrypt");
	refuse(PROTO_ESP, "aes_gcm\x01", "x01");
	refuse(PROTO_IKE, "aes256-dh14-dh19-sha1-sha1-sha1-sha1-sha1-sha1", "too many");
}

TEST(long_forms_and_explicit_none_are_understood)
{
	check(PROTO_IKE, "encrypt=aes_gcm256;prf=sha2_256;ke=dh19+dh14",
		"1:IKE=AES_GCM_C_256-HMAC_SHA2_256-NONE-ECP_256+MODP2048");
	check(PROTO_IKE, "aes_gcm256-none-sha2_256-dh19",
		"1:IKE=AES_GCM_C_256-HMAC_SHA2_256-NONE-ECP_256");
	check(PROTO_IKE, "aes256-sha1-prfsha256-modp1024",
		"1:IKE=AES_CBC_256-HMAC_SHA2_256-HMAC_SHA1_96-MODP1024");
	check(PROTO_IKE, " aes128 - sha2_256 - dh14 ",
		"1:IKE=AES_CBC_128-HMAC_SHA2_256-HMAC_SHA2_256_128-MODP2048");
	check(PROTO_ESP, "aes_gcm256-null", "1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	check(PROTO_ESP, "aes256-sha2_256-noesn",
		"1:ESP=AES_CBC_256-HMAC_SHA2_256_128-NONE-DISABLED");
}

static void warns(enum protocol_id protocol, const char *text, const char *part)
{
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL;

	assert_int_equal(proposal_text_parse(protocol, text, &p, &what, &warning), OK);
	if (part)
		assert_non_null(warning);
	else
		assert_null(warning);
	if (part && !strstr(warning, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, warning, part);
	free(p);
	free(warning);
}

TEST(weak_algorithms_are_named_and_others_pass_quietly)
{
	warns(PROTO_IKE, "3des-md5-modp1024", "3DES_CBC, HMAC_MD5, MODP1024");
	warns(PROTO_IKE, "aes256-sha256-modp2048!", "strongSwan");
	warns(PROTO_ESP, "null-md5", "HMAC_MD5");
	warns(PROTO_IKE, "aes256-sha2_256-dh19,aes_gcm", NULL);
	warns(PROTO_ESP, "chacha20_poly1305", NULL);
}

static void round_trip(enum protocol_id protocol, bool is_ikev1, const char *text)
{
	enum err (*parse)(enum protocol_id, const char *, struct proposals **, char **, char **) =
		is_ikev1 ? proposal_text_parse_ikev1 : proposal_text_parse;
	struct proposals *p = NULL, *q = NULL;
	char *what = NULL, *warning = NULL, line[1024], before[2048], after[2048];

	if (parse(protocol, text, &p, &what, &warning))
		fail_msg("%s: %s", text, what);
	assert_string_equal(proposals_conf(p, line, sizeof(line)), text);
	if (parse(protocol, line, &q, &what, &warning))
		fail_msg("%s: %s", line, what);
	assert_string_equal(proposals_format(p, before, sizeof(before)),
		proposals_format(q, after, sizeof(after)));
	free(p);
	free(q);
	free(warning);
}

static void in_swanctl(enum protocol_id protocol, const char *text, const char *expected)
{
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL, line[1024];

	assert_int_equal(proposal_text_parse(protocol, text, &p, &what, &warning), OK);
	assert_string_equal(proposals_swanctl(p, line, sizeof(line)), expected);
	free(p);
	free(warning);
}

TEST(what_is_written_is_read_back_as_it_was)
{
	round_trip(PROTO_IKE, false, "aes256-sha2_256-modp2048");
	round_trip(PROTO_IKE, false,
		"aes256+aes128-sha2_512+sha2_256-dh19+modp2048,3des-sha1-modp1024");
	round_trip(PROTO_IKE, false, "aes256-sha1-sha2_256-modp2048");
	round_trip(PROTO_IKE, false, "aes_gcm256+chacha20_poly1305-sha2_384-dh20+dh31");
	round_trip(PROTO_IKE, false, "aes_gcm_12_192+aes_ccm_8_128-aes_xcbc-dh28");
	round_trip(PROTO_ESP, false, "aes_gcm256");
	round_trip(PROTO_ESP, false, "aes128-sha1,aes_ctr256-sha2_512-dh21,null-md5");
	round_trip(PROTO_IKE, true, "aes256-sha2_256-modp2048");
	round_trip(PROTO_IKE, true, "3des+aes128-md5+sha1-modp1024+modp1536");
	round_trip(PROTO_ESP, true, "aes128-sha1");
	round_trip(PROTO_ESP, true, "aes_gcm128,camellia256-sha2_256");
	/* Libreswan refuses aes_gcm256-modp2048 */
	round_trip(PROTO_ESP, false, "aes_gcm256;modp2048,aes256-sha2_256-modp2048");
}

TEST(the_defaults_can_be_written)
{
	char line[1024];
	struct proposals *q = NULL;
	char *what = NULL, *warning = NULL, before[4096], after[4096];

	proposals_conf(proposals_default_ike(), line, sizeof(line));
	assert_int_equal(proposal_text_parse(PROTO_IKE, line, &q, &what, &warning), OK);
	assert_string_equal(proposals_format(proposals_default_ike(), before, sizeof(before)),
		proposals_format(q, after, sizeof(after)));
	free(q);
}

TEST(swanctl_has_words_of_its_own)
{
	in_swanctl(PROTO_IKE, "aes256-sha2_256-modp2048", "aes256-sha256-modp2048");
	in_swanctl(PROTO_IKE, "aes256-sha1-sha2_256-dh19", "aes256-sha1-prfsha256-ecp256");
	in_swanctl(PROTO_IKE, "aes_gcm256-sha2_384-dh20", "aes256gcm16-prfsha384-ecp384");
	in_swanctl(PROTO_ESP, "aes256+aes128-sha2_256-dh14", "aes256-aes128-sha256-modp2048");
}

TEST(what_insists_on_extended_sequence_numbers_says_so_in_swanctl)
{
	struct proposals p = { .n = 1,
		.p = { { .protocol = PROTO_ESP,
			.n = 3,
			.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_ESN, 1, 0 },
				{ TT_ESN, 0, 0 } } } } };
	char line[64];

	assert_string_equal(proposals_swanctl(&p, line, sizeof(line)), "aes256gcm16");
	p.p[0].n = 2;
	assert_string_equal(proposals_swanctl(&p, line, sizeof(line)), "aes256gcm16-esn");
	assert_string_equal(proposals_conf(&p, line, sizeof(line)), "aes_gcm256");
}

TEST(what_is_not_known_or_does_not_fit_is_left_out)
{
	struct proposals p = { .n = 2,
		.p = { { .number = 1,
			       .protocol = PROTO_IKE,
			       .n = 4,
			       .t = { { TT_ENCR, 2, 0 }, { TT_PRF, PRF_HMAC_MD5, 0 },
				       { TT_INTEG, INTEG_HMAC_MD5_96, 0 }, { TT_KE, 22, 0 } } },
			{ .number = 2,
				.protocol = PROTO_IKE,
				.n = 5,
				.t = { { TT_ENCR, ENCR_3DES, 0 }, { TT_ENCR, 999, 128 },
					{ TT_PRF, PRF_HMAC_MD5, 0 },
					{ TT_INTEG, INTEG_HMAC_MD5_96, 0 },
					{ TT_KE, KE_MODP1024, 0 } } } } };
	char s[64];

	assert_string_equal(proposals_conf(&p, s, sizeof(s)), "3des-md5-modp1024");
	assert_string_equal(proposals_conf(&p, s, 10), "");
	assert_string_equal(proposals_legacy(&p, "DH", s, sizeof(s)), "22 MODP1024");
	assert_string_equal(proposals_legacy(&p, "ENCR", s, sizeof(s)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_all_three_worlds_are_understood),
		cmocka_unit_test(mistakes_name_what_is_near),
		cmocka_unit_test(long_forms_and_explicit_none_are_understood),
		cmocka_unit_test(weak_algorithms_are_named_and_others_pass_quietly),
		cmocka_unit_test(what_is_written_is_read_back_as_it_was),
		cmocka_unit_test(the_defaults_can_be_written),
		cmocka_unit_test(swanctl_has_words_of_its_own),
		cmocka_unit_test(what_insists_on_extended_sequence_numbers_says_so_in_swanctl),
		cmocka_unit_test(what_is_not_known_or_does_not_fit_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
