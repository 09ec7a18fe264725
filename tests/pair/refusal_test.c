/* Every refusal is an event at both ends: where both sides' values are known, what was offered,
 * what is allowed and the first difference; where not, what we offered. Diagnosis consumes these
 * fields. */
#include "tests/pair/pair.h"

#include "ikev2/message.h"
#include "ikev2/sa.h"
#include "ipsec/variant.h"

#include "base/test.h"

#define SAID(side, event, field, text)                                                             \
	assert_string_equal(pair_said(&(side), EV_##event, field), text)

static const struct proposals ike_256 = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_IKE,
		.n = 4,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_KE, KE_CURVE25519, 0 }, { TT_KE, KE_ECP_256, 0 } } } } };
static const struct proposals esp_128 = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_ESP,
		.n = 1,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 128 } } } } };

struct two {
	struct pair p;
	struct conf_conn a, b;
	struct proposals ike, esp; /* for either to point to */
};

static void begin(struct two *t)
{
	t->a = t->b = pair_conf("paris");
	t->ike = ike_256;
	t->esp = esp_128;
	pair_init(&t->p, 1);
}

static void up(struct two *t, unsigned exit)
{
	pair_up(&t->p, &t->a, &t->b);
	pair_run(&t->p, 2 * NS_S);
	assert_int_equal(t->p.a.exit, exit);
}

static void end(struct two *t)
{
	pair_done(&t->p);
	id_done(&t->a.left.id);
}

/* ---- IKE_SA_INIT ---- */

TEST(no_proposal_chosen_for_the_ike_sa_names_the_algorithms)
{
	struct proposals mine = ike_256;
	struct two t;

	begin(&t);
	mine.p[0].t[0].key_bits = 128;
	t.a.ike = &mine;
	t.b.ike = &t.ike;
	up(&t, 31);
	SAID(t.p.b, v2_no_proposal, "offered",
		"1:IKE:ENCR=AES_GCM_C_128;PRF=HMAC_SHA2_512;DH=CURVE25519;DH=ECP_256");
	SAID(t.p.b, v2_no_proposal, "allowed",
		"1:IKE:ENCR=AES_GCM_C_256;PRF=HMAC_SHA2_512;DH=CURVE25519;DH=ECP_256");
	SAID(t.p.b, v2_no_proposal, "difference", "ENCR");
	SAID(t.p.b, v2_no_proposal, "theirs", "AES_GCM_C_128");
	SAID(t.p.b, v2_no_proposal, "ours", "AES_GCM_C_256");
	SAID(t.p.a, v2_init_refused, "notify", "NO_PROPOSAL_CHOSEN");
	SAID(t.p.a, v2_init_refused, "offered",
		"1:IKE:ENCR=AES_GCM_C_128;PRF=HMAC_SHA2_512;DH=CURVE25519;DH=ECP_256");
	SAID(t.p.a, v2_init_refused_end, "notify", "NO_PROPOSAL_CHOSEN");
	end(&t);
}

TEST(no_connection_is_another_reason_than_algorithms)
{
	struct two t;

	begin(&t);
	t.b.left.host = addr_v4(0xc0000209);
	up(&t, 31);
	SAID(t.p.b, v2_no_connection, "why", "no connection is loaded for these addresses");
	assert_int_equal(t.p.b.count[EV_v2_no_proposal], 0);
	end(&t);
}

static struct bytes spi_of(const struct side *s)
{
	const struct v2 *v2 = s->ike->version[0].state;

	return BYTES(list_item(v2->sas.next, struct v2_sa, node)->spi_i);
}

/* Devices with IKEv1 alone answer so (RFC 2408 5.2). */
static void says_version_1(struct two *t, struct bytes first)
{
	uint8_t m[40] = { [16] = 11, [17] = 0x10, [18] = 5, [27] = sizeof(m) };
	struct datagram d = { { t->p.a.addr, 500 }, { t->p.b.addr, 500 }, BYTES(m) };

	memcpy(m, first.p, 8);
	m[31] = 12; /* of the notification; DOI, protocol, type */
	m[35] = 1;
	m[36] = 1;
	m[39] = 5;
	ike_input(t->p.a.ike, t->p.now, &d);
	pair_run(&t->p, 10 * NS_MS);
}

TEST(a_peer_with_ikev1_alone_is_named_and_ends_the_wait)
{
	const uint8_t other[8] = { 1 };
	struct two t;

	begin(&t);
	t.p.drop_from = &t.p.b;
	pair_add(&t.p.a, &t.a);
	pair_command(&t.p.a, CMD_UP, "paris");
	pair_run(&t.p, 10 * NS_MS);
	says_version_1(&t, BYTES(other));
	assert_int_equal(t.p.a.count[EV_ike_version_refused], 0);
	says_version_1(&t, spi_of(&t.p.a));
	assert_int_equal(t.p.a.count[EV_ike_version_refused], 1);
	assert_int_equal(t.p.a.n_done, 0);
	says_version_1(&t, spi_of(&t.p.a));
	assert_int_equal(t.p.a.n_done, 1);
	assert_int_equal(t.p.a.exit, 31);
	end(&t);
}

TEST(another_group_is_told_at_both_ends)
{
	struct proposals theirs = ike_256;
	struct two t;

	begin(&t);
	theirs.p[0].t[2] = theirs.p[0].t[--theirs.p[0].n];
	t.a.ike = &t.ike;
	t.b.ike = &theirs;
	up(&t, 0);
	SAID(t.p.b, v2_wrong_guess, "sent", "CURVE25519");
	SAID(t.p.b, v2_wrong_guess, "wanted", "ECP_256");
	SAID(t.p.a, v2_invalid_ke, "sent", "CURVE25519");
	SAID(t.p.a, v2_invalid_ke, "wanted", "ECP_256");
	end(&t);
}

/* Somebody who sees our request answers it with INVALID_KE_PAYLOAD and that group. */
static void suggest(struct two *t, uint16_t group)
{
	struct side *a = &t->p.a;
	struct v2_header h = { .version = 0x20, .exchange = IKE_SA_INIT, .flags = V2_F_RESPONSE };
	uint8_t octets[2] = { (uint8_t)(group >> 8), (uint8_t)group }, room[256];
	struct datagram d = { { a->addr, 500 }, { t->p.b.addr, 500 }, { 0 } };
	struct v2_build b;

	memcpy(h.spi_i, a->last_header, 8);
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_INVALID_KE_PAYLOAD, BYTES(octets));
	d.data = v2_build_end(&b);
	ike_input(a->ike, t->p.now, &d);
	pair_run(&t->p, 0);
}

/* 2.7: no downgrade to what was not offered, and an end to suggestions back and forth. */
TEST(suggestions_of_groups_come_to_an_end_and_never_leave_what_was_offered)
{
	struct two t;
	size_t before;

	begin(&t);
	t.a.ike = &t.ike;
	t.p.drops_all = true;
	pair_add(&t.p.a, &t.a);
	pair_do(&t.p.a, CMD_UP, "paris");
	before = t.p.sent;
	suggest(&t, KE_MODP1024);
	assert_int_equal(t.p.sent, before);
	SAID(t.p.a, v2_invalid_ke_refused, "wanted", "MODP1024");
	SAID(t.p.a, v2_invalid_ke_refused, "offered", "CURVE25519 ECP_256");
	for (int i = 0; i < 20; i++)
		suggest(&t, i % 2 ? KE_CURVE25519 : KE_ECP_256);
	assert_int_equal(t.p.sent - before, LIMIT_KE_RETRIES);
	assert_int_equal(t.p.a.count[EV_v2_invalid_ke], LIMIT_KE_RETRIES);
	end(&t);
}

/* ---- IKE_AUTH ---- */

TEST(authentication_failed_for_an_identity_names_both)
{
	struct two t;

	begin(&t);
	assert_int_equal(id_parse("@somebody.else", &t.a.left.id), OK);
	up(&t, 36);
	SAID(t.p.b, v2_id_refused, "id", "@somebody.else");
	SAID(t.p.b, v2_id_refused, "wanted", "192.0.2.1");
	SAID(t.p.b, v2_id_refused, "ours", "192.0.2.2");
	SAID(t.p.a, v2_auth_rejected, "notify", "AUTHENTICATION_FAILED");
	SAID(t.p.a, v2_auth_rejected, "ours", "@somebody.else");
	SAID(t.p.a, v2_auth_rejected, "theirs", "192.0.2.2");
	end(&t);
}

/* Two connections for one address: the algorithms fit one, the identity the other. */
TEST(who_is_taken_by_another_connection_for_its_algorithms_is_told_of_its_own)
{
	struct proposals theirs = ike_256;
	struct conf_conn other = pair_conf("other");
	struct two t;

	begin(&t);
	t.a.ike = &theirs;
	t.b.ike = &t.ike;
	t.ike = ike_256;
	t.ike.p[0].t[0].key_bits = 128;
	other.ike = &theirs;
	assert_int_equal(id_parse("@somebody.else", &other.left.id), OK);
	pair_add(&t.p.b, &other);
	up(&t, 36);
	assert_int_equal(t.p.b.count[EV_v2_id_refused], 0);
	SAID(t.p.b, v2_no_suite_for_id, "id", "192.0.2.1");
	SAID(t.p.b, v2_no_suite_for_id, "by", "other");
	SAID(t.p.b, v2_no_suite_for_id, "difference", "ENCR");
	id_done(&other.left.id);
	end(&t);
}

TEST(authentication_failed_for_a_secret_is_told_from_a_missing_one)
{
	for (int i = 0; i < 2; i++) {
		struct two t;

		begin(&t);
		t.p.b.psk = i ? NULL : "another";
		up(&t, 36);
		assert_int_equal(t.p.b.count[EV_v2_auth_mismatch], !i);
		assert_int_equal(t.p.b.count[EV_v2_no_secret], i);
		if (i) {
			SAID(t.p.b, v2_no_secret, "ours", "192.0.2.2");
			SAID(t.p.b, v2_no_secret, "theirs", "192.0.2.1");
		} else {
			SAID(t.p.b, v2_auth_mismatch, "id", "192.0.2.1");
		}
		SAID(t.p.a, v2_auth_rejected, "notify", "AUTHENTICATION_FAILED");
		end(&t);
	}
}

/* Keys has heard the peer's MAC and knows. */
TEST(authentication_failed_says_what_would_have_fitted)
{
	struct two t;

	begin(&t);
	t.p.b.psk = "another";
	t.p.b.psk_fits = "/etc/ipsec.secrets:4";
	up(&t, 36);
	SAID(t.p.b, v2_auth_mismatch, "fits", "/etc/ipsec.secrets:4");
	SAID(t.p.b, v2_auth_mismatch, "variant", "");
	end(&t);
	begin(&t);
	t.p.b.psk = "another";
	t.p.b.psk_variant = VARIANT_NEWLINE;
	up(&t, 36);
	SAID(t.p.b, v2_auth_mismatch, "fits", "");
	SAID(t.p.b, v2_auth_mismatch, "variant", "with a newline at its end");
	end(&t);
	begin(&t);
	t.p.b.psk_fits = "/etc/ipsec.secrets:4"; /* but all is well */
	up(&t, 0);
	assert_int_equal(t.p.a.count[EV_v2_auth_mismatch] + t.p.b.count[EV_v2_auth_mismatch], 0);
	end(&t);
}

/* ---- the Child SA, in both exchanges ---- */

/* The second connection of the same ends, which is made by CREATE_CHILD_SA. */
static void second(struct two *t, unsigned exit)
{
	struct conf_conn first = pair_conf("first");

	first.left.subnet.ts[0] = pair_net("10.0.7.0/24");
	first.right.subnet.ts[0] = pair_net("10.0.8.0/24");
	pair_up(&t->p, &first, &first);
	assert_int_equal(t->p.a.exit, 0);
	up(t, exit);
}

static void each_exchange(struct two *t, bool in_auth, unsigned exit, const char *notify)
{
	if (in_auth)
		up(t, exit);
	else
		second(t, exit);
	SAID(t->p.a, v2_child_refused, "exchange", in_auth ? "IKE_AUTH" : "CREATE_CHILD_SA");
	SAID(t->p.a, v2_child_refused, "notify", notify);
	SAID(t->p.b, v2_child_denied, "notify", notify);
}

TEST(no_proposal_chosen_for_the_child_sa_names_the_algorithms)
{
	struct proposals esp_256 = esp_128;

	esp_256.p[0].t[0].key_bits = 256;
	for (int i = 0; i < 2; i++) {
		struct two t;

		begin(&t);
		t.a.pfs = t.b.pfs = YNA_NO;
		t.a.esp = &t.esp;
		t.b.esp = &esp_256;
		each_exchange(&t, i, 37, "NO_PROPOSAL_CHOSEN");
		SAID(t.p.b, v2_no_esp_proposal, "offered",
			"1:ESP:ENCR=AES_GCM_C_128;ESN=ENABLED;ESN=DISABLED");
		SAID(t.p.b, v2_no_esp_proposal, "allowed",
			"1:ESP:ENCR=AES_GCM_C_256;ESN=ENABLED;ESN=DISABLED");
		SAID(t.p.b, v2_no_esp_proposal, "difference", "ENCR");
		SAID(t.p.b, v2_no_esp_proposal, "theirs", "AES_GCM_C_128");
		SAID(t.p.b, v2_no_esp_proposal, "ours", "AES_GCM_C_256");
		SAID(t.p.a, v2_child_refused, "offered",
			"1:ESP:ENCR=AES_GCM_C_128;ESN=ENABLED;ESN=DISABLED");
		end(&t);
	}
}

TEST(ts_unacceptable_names_the_selectors_and_which_differ)
{
	for (int i = 0; i < 2; i++) {
		struct two t;

		begin(&t);
		t.b.right.subnet.ts[0] = pair_net("10.0.2.0/25");
		each_exchange(&t, i, 38, "TS_UNACCEPTABLE");
		SAID(t.p.b, v2_ts_refused, "tsi", "10.0.1.0/24");
		SAID(t.p.b, v2_ts_refused, "tsr", "10.0.2.0/24");
		/* in CREATE_CHILD_SA neither connection fits */
		SAID(t.p.b, v2_ts_refused, "allowed_r", i ? "10.0.2.0/25" : "10.0.8.0/24");
		SAID(t.p.b, v2_ts_refused, "difference", i ? "TSr" : "TSi");
		SAID(t.p.b, v2_ts_refused, "narrowing", "no");
		SAID(t.p.a, v2_child_refused, "ts_local", "10.0.1.0/24");
		SAID(t.p.a, v2_child_refused, "ts_remote", "10.0.2.0/24");
		end(&t);
	}
}

TEST(a_peer_without_a_wish_for_an_address_is_told_that_it_needs_one)
{
	struct two t;

	begin(&t);
	assert_int_equal(range_parse("100.64.13.2-100.64.13.9", &t.b.left.pool[0]), OK);
	t.b.left.n_pool = 1;
	each_exchange(&t, true, 37, "FAILED_CP_REQUIRED");
	SAID(t.p.b, v2_cp_required, "pool", "100.64.13.2-100.64.13.9");
	end(&t);
}

TEST(an_address_that_is_not_in_the_pool_names_wish_and_pool)
{
	struct two t;

	begin(&t);
	assert_int_equal(range_parse("2001:db8::2-2001:db8::9", &t.b.left.pool[0]), OK);
	t.b.left.n_pool = 1;
	t.a.left.modecfgclient = true;
	t.a.left.subnet.n = t.b.left.subnet.n = 0;
	each_exchange(&t, true, 37, "INTERNAL_ADDRESS_FAILURE");
	SAID(t.p.b, v2_cp_no_address, "asked", "any IPv4");
	SAID(t.p.b, v2_cp_no_address, "pool", "2001:db8::2-2001:db8::9");
	end(&t);
}

TEST(a_data_plane_that_refuses_is_not_the_peers_fault)
{
	struct two t;

	begin(&t);
	t.p.b.refuses_sa = true;
	each_exchange(&t, true, 37, "TEMPORARY_FAILURE");
	assert_int_equal(t.p.b.count[EV_v2_child_not_installed], 1);
	end(&t);
}

/* ---- rekeys ---- */

TEST(a_refused_rekey_tells_what_was_offered)
{
	struct proposals p256 = esp_128, none = esp_128;
	struct two t;

	p256.p[0].t[p256.p[0].n++] = (struct transform){ TT_KE, KE_ECP_256, 0 };
	begin(&t);
	t.a.esp = &p256;
	t.b.esp = &none;
	t.b.pfs = YNA_NO;
	up(&t, 0);
	pair_do(&t.p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(t.p.a.exit, 37);
	SAID(t.p.b, v2_no_esp_proposal, "difference", "DH");
	SAID(t.p.b, v2_no_esp_proposal, "theirs", "ECP_256 CURVE25519");
	SAID(t.p.b, v2_no_esp_proposal, "ours", "");
	SAID(t.p.a, v2_rekey_failed, "notify", "NO_PROPOSAL_CHOSEN");
	SAID(t.p.a, v2_rekey_failed, "offered",
		"1:ESP:ENCR=AES_GCM_C_128;DH=ECP_256;DH=CURVE25519;ESN=ENABLED;ESN=DISABLED");
	SAID(t.p.a, v2_rekey_failed, "ts_remote", "10.0.2.0/24");
	end(&t);
}

TEST(another_group_in_create_child_sa_is_told_at_both_ends)
{
	struct proposals both = esp_128, one = esp_128;
	struct two t;

	both.p[0].t[both.p[0].n++] = (struct transform){ TT_KE, KE_ECP_256, 0 };
	both.p[0].t[both.p[0].n++] = (struct transform){ TT_KE, KE_ECP_384, 0 };
	one.p[0].t[one.p[0].n++] = (struct transform){ TT_KE, KE_ECP_384, 0 };
	begin(&t);
	t.a.esp = &both;
	t.b.esp = &one;
	up(&t, 0);
	pair_do(&t.p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(t.p.a.exit, 0);
	SAID(t.p.b, v2_wrong_guess, "sent", "CURVE25519");
	SAID(t.p.b, v2_wrong_guess, "wanted", "ECP_384");
	SAID(t.p.a, v2_invalid_ke_again, "sent", "CURVE25519");
	SAID(t.p.a, v2_invalid_ke_again, "wanted", "ECP_384");
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_proposal_chosen_for_the_ike_sa_names_the_algorithms),
		cmocka_unit_test(no_connection_is_another_reason_than_algorithms),
		cmocka_unit_test(a_peer_with_ikev1_alone_is_named_and_ends_the_wait),
		cmocka_unit_test(another_group_is_told_at_both_ends),
		cmocka_unit_test(
			suggestions_of_groups_come_to_an_end_and_never_leave_what_was_offered),
		cmocka_unit_test(authentication_failed_for_an_identity_names_both),
		cmocka_unit_test(
			who_is_taken_by_another_connection_for_its_algorithms_is_told_of_its_own),
		cmocka_unit_test(authentication_failed_for_a_secret_is_told_from_a_missing_one),
		cmocka_unit_test(authentication_failed_says_what_would_have_fitted),
		cmocka_unit_test(no_proposal_chosen_for_the_child_sa_names_the_algorithms),
		cmocka_unit_test(ts_unacceptable_names_the_selectors_and_which_differ),
		cmocka_unit_test(a_peer_without_a_wish_for_an_address_is_told_that_it_needs_one),
		cmocka_unit_test(an_address_that_is_not_in_the_pool_names_wish_and_pool),
		cmocka_unit_test(a_data_plane_that_refuses_is_not_the_peers_fault),
		cmocka_unit_test(a_refused_rekey_tells_what_was_offered),
		cmocka_unit_test(another_group_in_create_child_sa_is_told_at_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
