#include "base/test.h"
#include "ipsec/proposal.h"

static const struct proposals cbc_sha1 = { 1,
	{ { 1, PROTO_IKE, 0, { 0 }, 4,
		{ { TT_ENCR, ENCR_AES_CBC, 256 }, { TT_PRF, PRF_HMAC_SHA1, 0 },
			{ TT_INTEG, INTEG_HMAC_SHA1_96, 0 }, { TT_KE, KE_MODP2048, 0 } } } } };

TEST(defaults_agree_with_themselves_on_the_first)
{
	struct suite s, back;
	size_t chosen;
	uint8_t why;
	struct proposals answer = { .n = 1 };

	assert_int_equal(proposals_choose(proposals_default_ike(), proposals_default_ike(), true,
				 &s, &chosen, &why),
		OK);
	assert_int_equal(s.encr, ENCR_AES_GCM_16);
	assert_int_equal(s.key_bits, 256);
	assert_int_equal(s.prf, PRF_HMAC_SHA2_512);
	assert_int_equal(s.integ, 0);
	assert_int_equal(s.ke, KE_CURVE25519);
	answer.p[0] = (struct proposal){ 1, PROTO_IKE, 0, { 0 }, 3,
		{ { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_KE, KE_CURVE25519, 0 } } };
	assert_int_equal(proposals_accept(proposals_default_ike(), &answer, true, &back), OK);
	assert_memory_equal(&s, &back, sizeof(s));
	answer.p[0].t[0].key_bits = 192; /* not offered */
	assert_int_equal(
		proposals_accept(proposals_default_ike(), &answer, true, &back), ERR_VALUE);
}

TEST(first_difference_names_the_type)
{
	struct proposals ours = cbc_sha1;
	struct suite s;
	size_t chosen;
	uint8_t why;

	ours.p[0].t[3].id = KE_MODP3072;
	assert_int_equal(proposals_choose(&ours, &cbc_sha1, true, &s, &chosen, &why), ERR_MISMATCH);
	assert_int_equal(why, TT_KE);
	assert_int_equal(proposals_choose(&ours, &cbc_sha1, false, &s, &chosen, &why), OK);
	ours = cbc_sha1;
	ours.p[0].t[0].key_bits = 128;
	assert_int_equal(proposals_choose(&ours, &cbc_sha1, true, &s, &chosen, &why), ERR_MISMATCH);
	assert_int_equal(why, TT_ENCR);
}

TEST(unknown_transform_types_make_a_proposal_unacceptable)
{
	struct proposals theirs = cbc_sha1;
	struct suite s;
	size_t chosen;
	uint8_t why;

	theirs.p[0].t[theirs.p[0].n++] = (struct transform){ 9, 1, 0 };
	assert_int_equal(
		proposals_choose(&cbc_sha1, &theirs, true, &s, &chosen, &why), ERR_MISMATCH);
}

TEST(text_is_libreswans)
{
	char s[2048];

	assert_string_equal(proposals_format(&cbc_sha1, s, sizeof(s)),
		"1:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA1;INTEG=HMAC_SHA1_96;DH=MODP2048");
	assert_string_equal(proposal_format(&proposals_default_esp()->p[0], s, sizeof(s)),
		"1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	assert_string_equal(proposals_format(&cbc_sha1, s, 12), "1:IKE:ENCR=");
}

TEST(groups_are_listed_once_and_the_wire_form_is_exact)
{
	uint16_t g[16];
	uint8_t room[2048];
	struct wr w = wr_to(room, sizeof(room));
	struct proposals back;
	struct rd r;

	assert_int_equal(proposals_groups(proposals_default_ike(), g, COUNT(g)), 8);
	assert_int_equal(g[0], KE_CURVE25519);
	proposals_put(&w, proposals_default_ike());
	r = rd_from(wr_view(&w));
	assert_int_equal(proposals_get(&r, &back), OK);
	assert_true(rd_end(&r));
	assert_memory_equal(&back, proposals_default_ike(), sizeof(back));
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(room, n));
		assert_int_not_equal(proposals_get(&r, &back), OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_agree_with_themselves_on_the_first),
		cmocka_unit_test(first_difference_names_the_type),
		cmocka_unit_test(unknown_transform_types_make_a_proposal_unacceptable),
		cmocka_unit_test(text_is_libreswans),
		cmocka_unit_test(groups_are_listed_once_and_the_wire_form_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
