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
	refuse(PROTO_IKE, "aess256-sha2-dh14", "not recognized");
	refuse(PROTO_IKE, "aes256-sha2-modp2049", "MODP2048");
	refuse(PROTO_IKE, "blowfish-sha2-dh14", "not supported");
	refuse(PROTO_IKE, "aes999-sha2-dh14", "valid key lengths: 128, 192, 256");
	refuse(PROTO_ESP, "aes+aes_gcm-sha2", "cannot stand in one proposal");
	refuse(PROTO_ESP, "aes_gcm-sha2_256", "takes no integrity");
	refuse(PROTO_ESP, "", "");
	refuse(PROTO_IKE, "aes256--dh14", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_all_three_worlds_are_understood),
		cmocka_unit_test(mistakes_name_what_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
