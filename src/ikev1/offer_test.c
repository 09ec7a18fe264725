/* SA payloads, offers and choices of both phases. */
#include "ikev1/offer.h"

#include "crypto/test_hex.h"
#include <stdio.h>
#include <stdlib.h>

static uint8_t room[16384];
static struct v1_msg m;

static struct proposals ours_of(uint8_t protocol, const struct transform *t, size_t n)
{
	struct proposals p = { .n = 1 };

	p.p[0].number = 1;
	p.p[0].protocol = protocol;
	p.p[0].n = (uint8_t)n;
	memcpy(p.p[0].t, t, n * sizeof(*t));
	return p;
}

static const struct transform ike_t[] = { { TT_ENCR, ENCR_AES_CBC, 256 },
	{ TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_ENCR, ENCR_3DES, 0 },
	{ TT_PRF, PRF_HMAC_SHA2_256, 0 }, { TT_PRF, PRF_AES128_CMAC, 0 },
	{ TT_PRF, PRF_HMAC_SHA1, 0 }, { TT_KE, KE_MODP2048, 0 }, { TT_KE, KE_ECP_256, 0 } };

static const struct transform esp_t[] = { { TT_ENCR, ENCR_AES_GCM_16, 256 },
	{ TT_ENCR, ENCR_AES_CBC, 128 }, { TT_ENCR, ENCR_CHACHA20_POLY1305, 0 },
	{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 }, { TT_INTEG, INTEG_HMAC_SHA1_96, 0 },
	{ TT_INTEG, INTEG_AES_CMAC_96, 0 }, { TT_KE, KE_MODP2048, 0 } };

static struct bytes as_message(const struct v1_proposals *p)
{
	static const struct v1_header h = { .version = V1_VERSION, .exchange = V1_MAIN_MODE };
	struct v1_build b;

	v1_build_begin(&b, room, sizeof(room), &h);
	(void)v1_put_sa(&b, p);
	return v1_build_end(&b);
}

/* Written and read again. */
static void send(const struct v1_proposals *p)
{
	m = (struct v1_msg){ 0 };
	assert_int_equal(v1_msg_parse(as_message(p), &m, NULL), OK);
}

static enum err parse(const char *body, struct v1_proposals *ret)
{
	static struct buf b;

	buf_done(&b);
	b = hex(body);
	*ret = (struct v1_proposals){ 0 };
	return v1_proposals_parse(buf_view(&b), ret);
}

/* ---- Phase 1 ---- */

TEST(an_offer_is_every_combination_that_ikev1_has)
{
	struct proposals ours = ours_of(PROTO_IKE, ike_t, COUNT(ike_t));
	struct v1_proposals *p = v1_offer_ike(&ours, V1_AUTH_PSK, KE_NONE, 8 * 3600 * NS_S);
	char s[1024];

	/* two ciphers, two hashes, two groups; AEAD and CMAC have no number */
	assert_string_equal(v1_proposals_format(p, s, sizeof(s)),
		"1:IKE:AES_CBC_256-HMAC_SHA2_256-MODP2048 (PRESHARED_KEY), "
		"AES_CBC_256-HMAC_SHA2_256-ECP_256 (PRESHARED_KEY), "
		"AES_CBC_256-HMAC_SHA1-MODP2048 (PRESHARED_KEY), "
		"AES_CBC_256-HMAC_SHA1-ECP_256 (PRESHARED_KEY), "
		"3DES_CBC-HMAC_SHA2_256-MODP2048 (PRESHARED_KEY), "
		"3DES_CBC-HMAC_SHA2_256-ECP_256 (PRESHARED_KEY), "
		"3DES_CBC-HMAC_SHA1-MODP2048 (PRESHARED_KEY), "
		"3DES_CBC-HMAC_SHA1-ECP_256 (PRESHARED_KEY)");
	assert_string_equal(
		v1_transform_format(p, 0, s, sizeof(s)), "AES_CBC (256), HMAC_SHA2_256, MODP2048");
	assert_string_equal(
		v1_transform_format(p, 4, s, sizeof(s)), "3DES_CBC (192), HMAC_SHA2_256, MODP2048");
	assert_string_equal(v1_transform_format(p, 8, s, sizeof(s)), "");
	free(p);
	/* Aggressive Mode: one group */
	p = v1_offer_ike(&ours, V1_AUTH_PSK, KE_ECP_256, NS_S);
	assert_int_equal(p->n_t, 4);
	for (size_t i = 0; i < p->n_t; i++)
		assert_int_equal(p->t[i].suite.ke, KE_ECP_256);
	free(p);
}

TEST(an_offer_is_octets_as_rfc_2409_has_them)
{
	static const struct transform one[] = { { TT_ENCR, ENCR_AES_CBC, 128 },
		{ TT_PRF, PRF_HMAC_SHA1, 0 }, { TT_KE, KE_MODP1024, 0 } };
	struct proposals ours = ours_of(PROTO_IKE, one, COUNT(one));
	struct v1_proposals *p = v1_offer_ike(&ours, V1_AUTH_XAUTH_INIT_PSK, KE_NONE, 86400 * NS_S);

	send(p);
	assert_hex(m.sa_body, "00000001 00000001" /* DOI, situation */
			      "00000030 01010001" /* proposal 1, IKE, no SPI, one transform */
			      "00000028 01010000" /* transform 1, KEY_IKE */
			      "80010007 800e0080 80020002 8003fde9 80040002"
			      "800b0001 000c0004 00015180" /* 86400 s in TLV */);
	assert_int_equal(m.sa.n_t, 1);
	assert_true(m.sa.t[0].is_choosable);
	assert_int_equal(m.sa.t[0].life_s, 86400);
	assert_int_equal(m.sa.t[0].suite.key_bits, 128);
	free(p);
}

/* As Libreswan writes it, the lifetime first: 3DES-MD5, AES128-SHA1, AES256-SHA2_256, all MODP2048.
 */
static const char theirs_ike[] =
	"00000001 00000001 00000074 00010003"
	"03000020 00010000 800b0001 800c0e10 80010005 80020001 80030001 8004000e"
	"03000024 01010000 800b0001 800c0e10 80010007 80020002 80030001 8004000e 800e0080"
	"00000028 05010000 800b0001 000c0004 00015180 80010007 80020004 80030001 8004000e 800e0100";

TEST(ours_in_our_order_is_chosen_and_goes_back_as_it_came)
{
	struct proposals ours = ours_of(PROTO_IKE, ike_t, COUNT(ike_t));
	static struct v1_proposals p;
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };
	struct v1_build b;
	static const struct v1_header h = { .version = V1_VERSION };

	assert_int_equal(parse(theirs_ike, &p), OK);
	assert_int_equal(p.n_t, 3);
	assert_int_equal(v1_choose_ike(&ours, V1_AUTH_PSK, &p, &c, &s), OK);
	assert_int_equal(s.encr, ENCR_AES_CBC);
	assert_int_equal(s.key_bits, 256);
	assert_int_equal(s.prf, PRF_HMAC_SHA2_256);
	assert_int_equal(s.ke, KE_MODP2048);
	assert_int_equal(c.life_s, 86400);
	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_chosen(&b, &c);
	m = (struct v1_msg){ 0 };
	assert_int_equal(v1_msg_parse(v1_build_end(&b), &m, NULL), OK);
	assert_hex(m.sa_body, "00000001 00000001 00000030 00010001"
			      "00000028 05010000 800b0001 000c0004 00015180 80010007 80020004 "
			      "80030001 8004000e 800e0100");
	assert_true(v1_is_allowed_ike(&ours, V1_AUTH_PSK, &c));
	assert_false(v1_is_allowed_ike(&ours, V1_AUTH_XAUTH_INIT_PSK, &c));
	ours.p[0].t[0].key_bits = 128;
	assert_false(v1_is_allowed_ike(&ours, V1_AUTH_PSK, &c));
}

TEST(nothing_in_common_is_told_by_what_is_nearest)
{
	struct proposals ours = ours_of(PROTO_IKE, ike_t, COUNT(ike_t));
	static struct v1_proposals p;
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };

	assert_int_equal(parse(theirs_ike, &p), OK);
	assert_int_equal(v1_choose_ike(&ours, V1_AUTH_XAUTH_INIT_PSK, &p, &c, &s), ERR_MISMATCH);
	assert_string_equal(v1_difference(&ours, V1_AUTH_XAUTH_INIT_PSK, &p), "AUTH");
	ours.p[0].t[6].id = KE_MODP4096;
	assert_int_equal(v1_choose_ike(&ours, V1_AUTH_PSK, &p, &c, &s), ERR_MISMATCH);
	assert_string_equal(v1_difference(&ours, V1_AUTH_PSK, &p), "DH");
	ours.p[0].t[6].id = KE_MODP2048;
	ours.p[0].t[0].key_bits = 192;
	ours.p[0].n -= 1;
	ours.p[0].t[2].id = ENCR_CAMELLIA_CBC;
	assert_string_equal(v1_difference(&ours, V1_AUTH_PSK, &p), "ENCR");
	p.p[0].protocol = PROTO_ESP;
	assert_string_equal(v1_difference(&ours, V1_AUTH_PSK, &p), "protocol");
	assert_int_equal(c.transform, 0);
}

TEST(transforms_with_what_is_not_ours_cannot_be_chosen_and_harm_no_others)
{
	/* AES128-SHA1-MODP2048-PSK and: nothing; an attribute 77; PRF (13); a key length of 129;
	 * hash twice; a life without its type; a type without a life; no group; another transform
	 * ID */
	static const struct {
		const char *more;
		bool is_choosable;
	} all[] = {
		{ "", true },
		{ "804d0001", false },
		{ "800d0001", false },
		{ "800e0081", false },
		{ "80020002", false },
		{ "800c0e10", false },
		{ "800b0001", false },
		{ "800b0001 800c0e10", true },
		{ "800b0001 800c0e10 800b0002 800c1000", true },
		{ "800b0001 800c0e10 800b0001 800c0e10", false },
		{ "800b0003 800c0e10", false },
		{ "800b0001 000c0008 000000ffffffffff", true },
		{ "800b0001 000c0009 00000000ffffffffff", false },
		{ "800b0001 000c0000", false },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		static struct v1_proposals p;
		char body[256];
		size_t more = 0;

		for (const char *at = all[i].more; *at; at++)
			more += *at != ' ';
		snprintf(body, sizeof(body),
			"00000001 00000001 000000%02zx 01010001 000000%02zx 01010000 80010007 "
			"800e0080 "
			"80020002 80030001 8004000e %s",
			36 + more / 2, 28 + more / 2, all[i].more);
		/* the key length stands there once already */
		if (strncmp(all[i].more, "800e", 4) == 0)
			memcpy(strstr(body, "800e0080"), "80040002", 8);
		assert_int_equal(parse(body, &p), OK);
		assert_int_equal(p.n_t, 1);
		assert_int_equal(p.t[0].is_choosable, all[i].is_choosable);
	}
}

TEST(broken_sa_payloads_are_refused)
{
	static const struct {
		const char *body;
		enum err e;
	} broken[] = {
		{ "00000001", ERR_TRUNCATED },
		{ "00000000 00000001", ERR_UNSUPPORTED },
		{ "00000001 00000004", ERR_UNSUPPORTED },
		{ "00000001 00000001 00000007 010100", ERR_LENGTH },
		{ "00000001 00000001 00000009 01010000", ERR_TRUNCATED },
		{ "00000001 00000001 01000008 01010000", ERR_VALUE },
		{ "00000001 00000001 00000008 01010001", ERR_TRUNCATED },
		{ "00000001 00000001 00000008 01030000", ERR_LENGTH },	  /* no SPI */
		{ "00000001 00000001 02000008 01010000", ERR_TRUNCATED }, /* more, it says */
		{ "00000001 00000001 00000008 01010000 00", ERR_LENGTH },
		/* two transforms where one is said, and the reverse */
		{ "00000001 00000001 00000018 01010001 03000008 01010000 00000008 02010000",
			ERR_VALUE },
		{ "00000001 00000001 00000010 01010002 00000008 01010000", ERR_VALUE },
		/* an attribute longer than its transform */
		{ "00000001 00000001 00000016 01010001 0000000e 01010000 0001ffff 0000",
			ERR_TRUNCATED },
	};
	static struct v1_proposals p;

	for (size_t i = 0; i < COUNT(broken); i++)
		assert_int_equal(parse(broken[i].body, &p), broken[i].e);
}

TEST(what_is_beyond_our_room_is_left_aside)
{
	static struct v1_proposals many, back;

	many.doi = many.situation = 1;
	many.n = V1_PROPOSALS_MAX;
	many.n_t = V1_TRANSFORMS_MAX;
	for (size_t i = 0; i < many.n; i++)
		many.p[i] = (struct v1_proposal){ .number = (uint8_t)i,
			.protocol = PROTO_IKE,
			.first = (uint16_t)(4 * i),
			.n = 4 };
	for (size_t i = 0; i < many.n_t; i++)
		many.t[i] = (struct v1_transform){ .number = (uint8_t)i,
			.id = 1,
			.auth = 1,
			.suite = { .encr = ENCR_AES_CBC,
				.key_bits = 128,
				.prf = PRF_HMAC_SHA1,
				.ke = KE_MODP2048 } };
	send(&many);
	assert_int_equal(m.sa.n, V1_PROPOSALS_MAX);
	assert_int_equal(m.sa.n_t, V1_TRANSFORMS_MAX);
	/* one more of each: a proposal of one transform with the number of the first one */
	{
		static uint8_t body[16384];
		struct wr w = wr_to(body, sizeof(body));
		size_t last = 8 + 31 * (8 + 4 * 28);

		wr_bytes(&w, m.sa_body);
		wr_patch_u8(&w, last, 2);
		wr_bytes(&w, bytes_of("\0\0\0\x10\0\x01\0\x01\0\0\0\x08\0\x01\0\0", 16));
		back = (struct v1_proposals){ 0 };
		assert_int_equal(v1_proposals_parse(wr_view(&w), &back), OK);
	}
	assert_int_equal(back.n, V1_PROPOSALS_MAX);
	assert_int_equal(back.n_t, V1_TRANSFORMS_MAX);
	assert_true(back.p[0].is_joined);
	assert_false(back.p[1].is_joined);
}

/* ---- the initiator's check ---- */

TEST(an_answer_is_one_transform_of_the_offer)
{
	struct proposals ours = ours_of(PROTO_IKE, ike_t, COUNT(ike_t));
	struct v1_proposals *offer = v1_offer_ike(&ours, V1_AUTH_PSK, KE_NONE, 3600 * NS_S);
	static struct v1_proposals answer;
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };

	/* AES256-SHA2_256-MODP2048, in another order, with another lifetime and other numbers */
	assert_int_equal(parse("00000001 00000001 0000002c 07010001 00000024 09010000 800b0001 "
			       "800c0010 8004000e 80030001 80020004 800e0100 80010007",
				 &answer),
		OK);
	assert_int_equal(v1_accept(offer, &answer, &c, &s), OK);
	assert_int_equal(s.ke, KE_MODP2048);
	assert_int_equal(c.life_s, 16);
	answer.t[0].suite.ke = KE_MODP1024;
	assert_int_equal(v1_accept(offer, &answer, &c, &s), ERR_VALUE);
	answer.t[0].suite.ke = KE_MODP2048;
	answer.t[0].auth = V1_AUTH_XAUTH_INIT_PSK;
	assert_int_equal(v1_accept(offer, &answer, &c, &s), ERR_VALUE);
	answer.t[0].auth = V1_AUTH_PSK;
	answer.t[0].is_choosable = false;
	assert_int_equal(v1_accept(offer, &answer, &c, &s), ERR_VALUE);
	assert_int_equal(v1_accept(offer, offer, &c, &s), ERR_VALUE); /* all of it is no choice */
	answer = (struct v1_proposals){ 0 };
	assert_int_equal(v1_accept(offer, &answer, &c, &s), ERR_VALUE);
	free(offer);
}

/* ---- Phase 2 ---- */

static struct proposals esp_ours;
static struct v1_esp_wish wish(void)
{
	esp_ours = ours_of(PROTO_ESP, esp_t, COUNT(esp_t));
	return (struct v1_esp_wish){ .ours = &esp_ours,
		.group = KE_MODP2048,
		.encap = V1_ENCAP_TUNNEL,
		.spi = 0xc0ffee01,
		.life = 3600 * NS_S };
}

TEST(esp_is_offered_under_one_spi)
{
	struct v1_esp_wish w = wish();
	struct v1_proposals *p;
	char s[1024];

	w.life_bytes = 1 << 20;
	p = v1_offer_esp(&w);
	send(p);
	/* GCM takes no integrity; ChaCha20 and CMAC have no number in IKEv1 */
	assert_string_equal(v1_proposals_format(&m.sa, s, sizeof(s)),
		"1:ESP:AES_GCM_16_256-NONE-MODP2048 (ENCAPSULATION_MODE_TUNNEL), "
		"AES_CBC_128-HMAC_SHA2_256_128-MODP2048 (ENCAPSULATION_MODE_TUNNEL), "
		"AES_CBC_128-HMAC_SHA1_96-MODP2048 (ENCAPSULATION_MODE_TUNNEL)");
	assert_string_equal(
		v1_transform_format(&m.sa, 1, s, sizeof(s)), "AES_CBC_128-HMAC_SHA2_256_128");
	/* what is cut says so, behind a whole transform */
	assert_string_equal(v1_proposals_format(&m.sa, s, 100),
		"1:ESP:AES_GCM_16_256-NONE-MODP2048 (ENCAPSULATION_MODE_TUNNEL), ...");
	assert_string_equal(v1_proposals_format(&m.sa, s, 12), "1:ESP:AE...");
	assert_int_equal(v1_proposal_spi(&m.sa.p[0]), 0xc0ffee01);
	assert_int_equal(m.sa.t[0].life_s, 3600);
	assert_int_equal(m.sa.t[0].life_kb, 1024);
	for (size_t i = 0; i < m.sa.n_t; i++)
		assert_true(m.sa.t[i].is_choosable);
	free(p);
}

static enum err choose(const struct v1_esp_wish *w, const struct v1_esp_wish *peer,
	struct v1_chosen *c, struct suite *s)
{
	struct v1_proposals *p = v1_offer_esp(peer);
	enum err e;

	send(p);
	e = v1_choose_esp(w, &m.sa, c, s);
	free(p);
	return e;
}

TEST(a_responder_answers_with_its_own_spi)
{
	struct v1_esp_wish w = wish(), peer = wish();
	static const struct v1_header h = { .version = V1_VERSION };
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };
	struct v1_build b;
	struct v1_proposals *offer = v1_offer_esp(&peer);

	peer.spi = 0x11223344;
	assert_int_equal(choose(&w, &peer, &c, &s), OK);
	assert_int_equal(c.spi, 0x11223344);
	c.spi_ours = 0x55667788;
	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_chosen(&b, &c);
	m = (struct v1_msg){ 0 };
	assert_int_equal(v1_msg_parse(v1_build_end(&b), &m, NULL), OK);
	assert_int_equal(v1_accept(offer, &m.sa, &c, &s), OK);
	assert_int_equal(c.spi, 0x55667788);
	assert_int_equal(s.encr, ENCR_AES_GCM_16);
	assert_int_equal(s.ke, KE_MODP2048);
	/* RFC 4303 2.1: 0 to 255 are no SPIs */
	peer.spi = 255;
	assert_int_equal(choose(&w, &peer, &c, &s), ERR_VALUE);
	free(offer);
}

TEST(the_group_of_pfs_is_ours_unless_any_will_do)
{
	struct v1_esp_wish w = wish(), peer = wish();
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };

	peer.group = KE_ECP_256;
	assert_int_equal(choose(&w, &peer, &c, &s), ERR_MISMATCH);
	assert_string_equal(v1_difference_esp(&w, &m.sa), "DH");
	w.takes_any_group = true;
	assert_int_equal(choose(&w, &peer, &c, &s), OK);
	assert_int_equal(s.ke, KE_ECP_256);
	peer.group = KE_NONE;
	assert_int_equal(choose(&w, &peer, &c, &s), OK);
	assert_int_equal(s.ke, KE_NONE);
	w.takes_any_group = false;
	assert_int_equal(choose(&w, &peer, &c, &s), ERR_MISMATCH);
}

TEST(the_mode_has_to_be_ours_however_it_is_written)
{
	static const struct {
		uint16_t ours, theirs;
		bool takes_udp, is_taken;
	} all[] = {
		{ V1_ENCAP_TUNNEL, V1_ENCAP_TUNNEL, false, true },
		{ V1_ENCAP_TUNNEL, V1_ENCAP_NONE, false, true },
		{ V1_ENCAP_TUNNEL, V1_ENCAP_TRANSPORT, true, false },
		{ V1_ENCAP_TRANSPORT, V1_ENCAP_TRANSPORT, false, true },
		{ V1_ENCAP_TRANSPORT, V1_ENCAP_NONE, false, false },
		{ V1_ENCAP_TUNNEL, V1_ENCAP_UDP_TUNNEL, false, false },
		{ V1_ENCAP_TUNNEL, V1_ENCAP_UDP_TUNNEL, true, true },
		{ V1_ENCAP_UDP_TUNNEL, V1_ENCAP_UDP_TUNNEL_DRAFT, false, true },
		{ V1_ENCAP_UDP_TUNNEL, V1_ENCAP_TUNNEL, false, false },
		{ V1_ENCAP_UDP_TUNNEL, V1_ENCAP_TUNNEL, true, true },
		{ V1_ENCAP_UDP_TRANSPORT, V1_ENCAP_UDP_TRANSPORT_DRAFT, false, true },
		{ V1_ENCAP_UDP_TUNNEL, V1_ENCAP_UDP_TRANSPORT, true, false },
		{ V1_ENCAP_UDP_TUNNEL, 5, true, false },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct v1_esp_wish w = wish(), peer = wish();
		struct v1_chosen c = { 0 };
		struct suite s = { 0 };

		w.encap = all[i].ours;
		w.takes_udp = all[i].takes_udp;
		peer.encap = all[i].theirs;
		assert_int_equal(choose(&w, &peer, &c, &s), all[i].is_taken ? OK : ERR_MISMATCH);
		if (all[i].is_taken)
			assert_int_equal(c.encap, all[i].theirs);
		else
			assert_string_equal(v1_difference_esp(&w, &m.sa), "MODE");
	}
}

TEST(a_bundle_of_two_protocols_is_not_taken)
{
	/* ESP AES128-SHA1 tunnel, and IPCOMP with the same number */
	static const char bundle[] =
		"00000001 00000001"
		"02000024 01030401 00001111 00000018 010c0000 80040001 80050002 80060080 80030002"
		"00000012 01040201 1234 00000008 01020000";
	struct v1_esp_wish w = wish();
	static struct v1_proposals p;
	struct v1_chosen c = { 0 };
	struct suite s = { 0 };

	w.group = KE_MODP1024;
	assert_int_equal(parse(bundle, &p), OK);
	assert_true(p.p[0].is_joined);
	assert_int_equal(v1_choose_esp(&w, &p, &c, &s), ERR_MISMATCH);
	p.p[0].is_joined = false;
	assert_int_equal(v1_choose_esp(&w, &p, &c, &s), OK);
}

/* ---- RESPONDER-LIFETIME ---- */

TEST(a_responders_lifetimes_go_and_come)
{
	uint8_t data[V1_LIFETIME_DATA];
	uint32_t s = 0, kb = 0;
	struct bytes d = v1_lifetime_data(PROTO_ESP, 3600, 0x12345678, data);

	assert_hex(d, "80010001 80020e10 80010002 00020004 12345678");
	assert_int_equal(v1_lifetime_parse(d, PROTO_ESP, &s, &kb), OK);
	assert_int_equal(s, 3600);
	assert_int_equal(kb, 0x12345678);
	d = v1_lifetime_data(PROTO_IKE, 0x10000, 0, data);
	assert_hex(d, "800b0001 000c0004 00010000");
	assert_int_equal(v1_lifetime_parse(d, PROTO_IKE, &s, &kb), OK);
	assert_int_equal(s, 0x10000);
	assert_int_equal(kb, 0);
	d = v1_lifetime_data(PROTO_ESP, UINT32_MAX, UINT32_MAX, data);
	assert_int_equal(d.n, V1_LIFETIME_DATA);
	assert_int_equal(v1_lifetime_parse(BYTES_NONE, PROTO_ESP, &s, &kb), ERR_VALUE);
	assert_int_equal(
		v1_lifetime_parse(bytes_of("\x80\x01\0", 3), PROTO_ESP, &s, &kb), ERR_TRUNCATED);
}

TEST(an_offer_is_proposals_of_both_versions_alike)
{
	struct v1_esp_wish w = wish();
	struct v1_proposals *p = v1_offer_esp(&w), none = { 0 };
	struct proposals values;
	char s[256];

	v1_proposals_values(p, &values);
	assert_int_equal(values.n, 3);
	for (size_t i = 0; i < values.n; i++) {
		assert_int_equal(values.p[i].number, i + 1);
		assert_int_equal(values.p[i].protocol, PROTO_ESP);
	}
	/* GCM has no integrity and no PRF: cipher and group */
	assert_int_equal(values.p[0].n, 2);
	assert_string_equal(proposals_conf(&values, s, sizeof(s)),
		"aes_gcm256;modp2048,aes128-sha2_256-modp2048,aes128-sha1-modp2048");
	v1_proposals_values(&none, &values);
	assert_int_equal(values.n, 0);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_is_every_combination_that_ikev1_has),
		cmocka_unit_test(an_offer_is_octets_as_rfc_2409_has_them),
		cmocka_unit_test(ours_in_our_order_is_chosen_and_goes_back_as_it_came),
		cmocka_unit_test(nothing_in_common_is_told_by_what_is_nearest),
		cmocka_unit_test(
			transforms_with_what_is_not_ours_cannot_be_chosen_and_harm_no_others),
		cmocka_unit_test(broken_sa_payloads_are_refused),
		cmocka_unit_test(what_is_beyond_our_room_is_left_aside),
		cmocka_unit_test(an_answer_is_one_transform_of_the_offer),
		cmocka_unit_test(esp_is_offered_under_one_spi),
		cmocka_unit_test(a_responder_answers_with_its_own_spi),
		cmocka_unit_test(the_group_of_pfs_is_ours_unless_any_will_do),
		cmocka_unit_test(the_mode_has_to_be_ours_however_it_is_written),
		cmocka_unit_test(a_bundle_of_two_protocols_is_not_taken),
		cmocka_unit_test(a_responders_lifetimes_go_and_come),
		cmocka_unit_test(an_offer_is_proposals_of_both_versions_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
