#include "base/test.h"
#include "ipsec/proposal.h"

#include <stdlib.h>

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

/* IKE_AUTH offers no group: a response that names one did not come from what we offered. */
TEST(a_group_without_ke_is_refused)
{
	struct proposals ours = cbc_sha1, answer = cbc_sha1;
	struct suite s;

	assert_int_equal(proposals_accept(&ours, &answer, true, &s), OK);
	assert_int_equal(s.ke, KE_MODP2048);
	assert_int_equal(proposals_accept(&ours, &answer, false, &s), ERR_VALUE);
	answer.p[0].t[3].id = KE_NONE;
	assert_int_equal(proposals_accept(&ours, &answer, false, &s), OK);
	assert_int_equal(s.ke, 0);
	answer.p[0].n = 3;
	assert_int_equal(proposals_accept(&ours, &answer, false, &s), OK);
	assert_int_equal(proposals_accept(&ours, &answer, true, &s), ERR_VALUE);
}

/* RFC 7296 3.3: one proposal, its number, one transform of each type, all of them offered */
TEST(only_a_pick_from_the_offer_is_accepted)
{
	struct proposals answer = cbc_sha1;
	struct suite s = { .encr = 7 };

	answer.n = 2;
	answer.p[1] = answer.p[0];
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	answer.n = 0;
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	answer.n = 1;
	answer.p[0].number = 2;
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	answer = cbc_sha1;
	answer.p[0].t[answer.p[0].n++] = (struct transform){ TT_ENCR, ENCR_AES_CBC, 256 };
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	answer = cbc_sha1;
	answer.p[0].protocol = PROTO_ESP;
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	answer = cbc_sha1;
	answer.p[0].t[2].id = INTEG_NONE; /* CBC was not offered without integrity */
	assert_int_equal(proposals_accept(&cbc_sha1, &answer, true, &s), ERR_VALUE);
	assert_int_equal(s.encr, 7);
}

/* Some send INTEG=NONE with an AEAD, some nothing (3.3.3: both are right). */
TEST(integ_none_is_the_same_as_no_integ)
{
	struct proposals theirs = { 1,
		{ { 1, PROTO_ESP, 4, { 0 }, 3,
			{ { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_INTEG, INTEG_NONE, 0 },
				{ TT_ESN, ESN_NO, 0 } } } } };
	struct suite s;
	size_t chosen;
	uint8_t why;

	assert_int_equal(
		proposals_choose(proposals_default_esp(), &theirs, false, &s, &chosen, &why), OK);
	assert_int_equal(s.integ, 0);
	assert_int_equal(s.esn, ESN_NO);
	theirs.p[0].t[1].id = INTEG_HMAC_SHA2_256_128;
	assert_int_equal(
		proposals_choose(proposals_default_esp(), &theirs, false, &s, &chosen, &why),
		ERR_MISMATCH);
	assert_int_equal(why, TT_INTEG);
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
	static const struct proposals odd = { 1,
		{ { 1, PROTO_ESP, 4, { 0 }, 9,
			{ { TT_ENCR, ENCR_AES_GCM_8, 128 }, { TT_ENCR, ENCR_AES_GCM_12, 128 },
				{ TT_ENCR, ENCR_AES_CCM_8, 256 }, { TT_ENCR, ENCR_AES_CCM_12, 256 },
				{ TT_ENCR, ENCR_AES_CCM_16, 256 }, { TT_ENCR, 9999, 77 },
				{ 99, 1, 0 }, { 6, 35, 0 }, { TT_ESN, 7, 0 } } } } };
	char s[2048];

	assert_string_equal(proposals_format(&cbc_sha1, s, sizeof(s)),
		"1:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA1;INTEG=HMAC_SHA1_96;DH=MODP2048");
	assert_string_equal(proposal_format(&proposals_default_esp()->p[0], s, sizeof(s)),
		"1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	assert_string_equal(proposals_format(&cbc_sha1, s, 12), "1:IKE:ENCR=");
	assert_string_equal(proposal_format(&proposals_default_ike()->p[3], s, sizeof(s)),
		"4:IKE=AES_CBC_256-HMAC_SHA2_512+HMAC_SHA2_256-HMAC_SHA2_512_256+HMAC_SHA2_256_128-"
		"CURVE25519+ECP_256+ECP_384+ECP_521+MODP2048+MODP3072+MODP4096+MODP8192");
	assert_string_equal(proposals_format(&odd, s, sizeof(s)),
		"1:ESP:ENCR=AES_GCM_A_128;ENCR=AES_GCM_B_128;ENCR=AES_CCM_A_256;ENCR=AES_CCM_B_256;"
		"ENCR=AES_CCM_C_256;ENCR=9999_77;ESN=7;ADDKE1=35;?=1");
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

/* The sanitizers see it when more is read than there is. */
/* Bits of alg_at(). */
static uint64_t set_of(uint8_t type, uint16_t id)
{
	for (size_t i = 0; alg_at(i); i++)
		if (alg_at(i)->type == type && alg_at(i)->id == id)
			return (uint64_t)1 << i;
	return 0;
}

TEST(what_this_host_does_not_have_is_left_out)
{
	const struct proposals *all = proposals_default_ike();
	struct proposals *left = calloc(1, sizeof(*left));
	uint64_t chacha = set_of(TT_ENCR, ENCR_CHACHA20_POLY1305),
		 x25519 = set_of(TT_KE, KE_CURVE25519);
	char gone[64];

	proposals_without(all, 0, left, gone, sizeof(gone));
	assert_int_equal(left->n, all->n);
	assert_string_equal(gone, "");
	assert_true(proposals_has(all, TT_ENCR, ENCR_CHACHA20_POLY1305));
	assert_true(proposals_has(all, TT_KE, KE_CURVE25519));
	proposals_without(all, chacha | x25519, left, gone, sizeof(gone));
	assert_int_equal(left->n, all->n - 1);
	assert_false(proposals_has(left, TT_ENCR, ENCR_CHACHA20_POLY1305));
	assert_false(proposals_has(left, TT_KE, KE_CURVE25519));
	assert_true(proposals_has(left, TT_KE, KE_MODP2048));
	assert_int_equal(left->p[left->n - 1].number, left->n);
	assert_non_null(strstr(gone, "CHACHA20_POLY1305"));
	assert_non_null(strstr(gone, "CURVE25519"));
	assert_non_null(strchr(gone, ','));
	assert_ptr_equal(strstr(strstr(gone, "CURVE25519") + 1, "CURVE25519"), NULL);
	proposals_without(all, ~(uint64_t)0, left, gone, sizeof(gone));
	assert_int_equal(left->n, 0);
	free(left);
}

TEST(a_copy_on_the_heap_has_no_room_to_spare)
{
	struct proposals *p = proposals_new(&cbc_sha1), back;
	struct suite s;
	size_t chosen;
	uint8_t why;

	assert_int_equal(proposals_choose(p, p, true, &s, &chosen, &why), OK);
	proposals_copy(&back, p);
	free(p);
	assert_int_equal(back.n, cbc_sha1.n);
	assert_memory_equal(&back.p[0], &cbc_sha1.p[0], sizeof(back.p[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_agree_with_themselves_on_the_first),
		cmocka_unit_test(a_group_without_ke_is_refused),
		cmocka_unit_test(only_a_pick_from_the_offer_is_accepted),
		cmocka_unit_test(integ_none_is_the_same_as_no_integ),
		cmocka_unit_test(first_difference_names_the_type),
		cmocka_unit_test(unknown_transform_types_make_a_proposal_unacceptable),
		cmocka_unit_test(text_is_libreswans),
		cmocka_unit_test(groups_are_listed_once_and_the_wire_form_is_exact),
		cmocka_unit_test(what_this_host_does_not_have_is_left_out),
		cmocka_unit_test(a_copy_on_the_heap_has_no_room_to_spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
