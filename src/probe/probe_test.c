/* A peer made of rules, in virtual time: which questions are asked of it, and what is told. */
#include "base/test.h"
#include "config_build.h"
#include "ikev2/message.h"
#include "probe/ask.h"

#if WITH_IKEV1
#include "ikev1/offer.h"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What the peer does. */
struct peer {
	bool drops_500, drops_4500, is_off, refuses_by_icmp, wants_cookie;
	bool knows_v1, knows_v2; /* a connection for us; else NO_PROPOSAL_CHOSEN, or: */
	bool is_silent_to_v1, is_silent_to_v2, says_major_version;
	const struct proposals *takes;
	/* what came */
	unsigned packets, v1, v2, to_4500, half_open;
	unsigned loses, lost[2]; /* so many of each port's, before one that arrives */
	/* what was told */
	struct told {
		char name[32], what[16], chosen[128], difference[16], legacy[64], notify[32];
		uint64_t port, version, is_ours;
	} told[64];
	unsigned n;
	char transforms[512];
	ns_t now;
	struct probe *p;
};

static const struct proposals aes256_modp2048 = { 1,
	{ { 1, PROTO_IKE, 0, { 0 }, 4,
		{ { TT_ENCR, ENCR_AES_CBC, 256 }, { TT_PRF, PRF_HMAC_SHA2_256, 0 },
			{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 }, { TT_KE, KE_MODP2048, 0 } } } } };
static const struct proposals aes128_modp3072 = { 1,
	{ { 1, PROTO_IKE, 0, { 0 }, 4,
		{ { TT_ENCR, ENCR_AES_CBC, 128 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_INTEG, INTEG_HMAC_SHA2_512_256, 0 }, { TT_KE, KE_MODP3072, 0 } } } } };
static const struct proposals only_weak = { 1,
	{ { 1, PROTO_IKE, 0, { 0 }, 4,
		{ { TT_ENCR, ENCR_3DES, 0 }, { TT_PRF, PRF_HMAC_SHA1, 0 },
			{ TT_INTEG, INTEG_HMAC_SHA1_96, 0 }, { TT_KE, KE_MODP1024, 0 } } } } };

static const struct endpoint here = { { 4, { 192, 0, 2, 1 } }, 40000 },
			     there = { { 4, { 198, 51, 100, 1 } }, 500 };

static void keep(char *to, size_t n, const char *s)
{
	assert_true(strlen(s) < n);
	strcpy(to, s);
}

#define KEEP(field, s) keep(t->field, sizeof(t->field), s)
static void told(void *ctx, const struct event *e)
{
	struct peer *peer = ctx;
	struct told *t = &peer->told[peer->n];
	const char *name = event_kind(e->id)->name;

	assert_string_equal(e->about.conn, "vpn");
	if (e->id == EV_probe_sent)
		return;
	if (e->id == EV_probe_transforms) {
		const union ev_probe_transforms *x = (const void *)e->row;

		snprintf(peer->transforms, sizeof(peer->transforms), "%s;%s;%s;%s;%d", x->encr.str,
			x->prf.str, x->integ.str, x->ke.str, (int)x->is_all.u64);
		return;
	}
	assert_true(peer->n < COUNT(peer->told));
	KEEP(name, name);
	if (e->id == EV_probe_answer) {
		const union ev_probe_answer *a = (const void *)e->row;

		KEEP(name, a->answer.str);
		KEEP(what, a->what.str);
		KEEP(chosen, a->chosen.str);
		KEEP(difference, a->difference.str);
		KEEP(legacy, a->legacy.str);
		KEEP(notify, a->notify.str);
		t->port = a->remote.ep.port;
		t->version = a->version.u64;
		t->is_ours = a->is_ours.u64;
	} else if (e->id == EV_probe_silence) {
		const union ev_probe_silence *a = (const void *)e->row;

		KEEP(what, a->what.str);
		t->port = a->remote.ep.port;
		t->version = a->version.u64;
	} else {
		const union ev_probe_refused *a = (const void *)e->row;

		assert_int_equal(e->id, EV_probe_refused);
		KEEP(what, a->what.str);
		t->port = a->remote.ep.port;
	}
	peer->n++;
}

static struct now now_of(const struct peer *peer)
{
	return (struct now){ .mono = peer->now, .wall = peer->now };
}

static void say(struct peer *peer, const struct endpoint *from, struct bytes d)
{
	const struct event_sink out = { told, peer };

	probe_input(peer->p, now_of(peer), &out, from, d);
}

/* ---- the peer of IKEv2 ---- */

static void notify_v2(struct peer *peer, const struct endpoint *from, const struct v2_msg *m,
	uint16_t type, struct bytes data)
{
	uint8_t room[512];
	struct v2_header h = m->h;
	struct v2_build b;

	h.flags = V2_F_RESPONSE;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, type, data);
	say(peer, from, v2_build_end(&b));
}

static void choose_v2(struct peer *peer, const struct endpoint *from, const struct v2_msg *m,
	const struct suite *s, size_t at)
{
	static const uint8_t nonce[32] = { 1 };
	struct ke *ke = ke_new(s->ke);
	struct proposals chosen;
	struct v2_header h = m->h;
	uint8_t room[4096];
	struct v2_build b;

	offer_of_suite(2, s, &chosen);
	chosen.p[0].number = m->sa.p[at].number;
	h.flags = V2_F_RESPONSE;
	h.spi_r[0] = 1;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_sa(&b, &chosen);
	v2_put_ke(&b, s->ke, ke_public(ke));
	v2_put_nonce(&b, BYTES(nonce));
	ke_free(ke);
	peer->half_open++;
	say(peer, from, v2_build_end(&b));
}

static void hear_v2(struct peer *peer, const struct endpoint *from, struct bytes d)
{
	static const uint8_t cookie[] = { 1, 2, 3 };
	struct v2_msg *m = xalloc(sizeof(*m));
	uint8_t group[2], why;
	struct suite s;
	size_t at;

	peer->v2++;
	assert_int_equal(v2_msg_parse(d, m, NULL), OK);
	assert_true(v2_has(m, V2_SA) && v2_has(m, V2_KE) && v2_has(m, V2_NONCE));
	assert_false(v2_has(m, V2_IDI) || v2_has(m, V2_AUTH) || v2_has(m, V2_SK));
	if (peer->is_silent_to_v2)
		;
	else if (peer->wants_cookie && !v2_notify_find(m, N_COOKIE))
		notify_v2(peer, from, m, N_COOKIE, BYTES(cookie));
	else if (!peer->knows_v2 ||
		 proposals_choose(peer->takes, &m->sa, true, &s, &at, &why) != OK)
		notify_v2(peer, from, m, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	else if (m->ke_group != s.ke) {
		group[0] = (uint8_t)(s.ke >> 8);
		group[1] = (uint8_t)s.ke;
		notify_v2(peer, from, m, N_INVALID_KE_PAYLOAD, BYTES(group));
	} else
		choose_v2(peer, from, m, &s, at);
	free(m);
}

/* ---- and of IKEv1 ---- */

#if WITH_IKEV1
static void hear_v1(struct peer *peer, const struct endpoint *from, struct bytes d)
{
	struct v1_msg *m = xalloc(sizeof(*m));
	struct v1_header h;
	struct v1_chosen chosen;
	struct suite s;
	uint8_t room[512];
	struct v1_build b;

	peer->v1++;
	assert_int_equal(v1_msg_parse(d, m, NULL), OK);
	assert_true(m->h.exchange == V1_MAIN_MODE && v1_has(m, V1_SA) && m->n_id == 0);
	h = m->h;
	h.rcookie[0] = 1;
	if (peer->knows_v1 && v1_choose_ike(peer->takes, V1_AUTH_PSK, &m->sa, &chosen, &s) == OK) {
		v1_build_begin(&b, room, sizeof(room), &h);
		v1_put_chosen(&b, &chosen);
		peer->half_open++;
		say(peer, from, v1_build_end(&b));
	} else if (!peer->is_silent_to_v1) {
		h.exchange = V1_INFORMATIONAL;
		v1_build_begin(&b, room, sizeof(room), &h);
		v1_put_notify(&b, PROTO_IKE, BYTES_NONE,
			peer->says_major_version ? N1_INVALID_MAJOR_VERSION : N1_NO_PROPOSAL_CHOSEN,
			BYTES_NONE);
		say(peer, from, v1_build_end(&b));
	}
	free(m);
}
#else
static void hear_v1(struct peer *peer, const struct endpoint *from, struct bytes d)
{
	(void)peer;
	(void)from;
	(void)d;
	fail();
}
#endif

static void hear(struct peer *peer, const struct endpoint *to, struct bytes d)
{
	const struct event_sink out = { told, peer };
	bool is_4500 = to->port == 4500;

	peer->packets++;
	peer->to_4500 += is_4500;
	assert_true(addr_eq(&to->addr, &there.addr) && (to->port == 500 || is_4500));
	assert_true(d.n <= 1300);
	if (peer->lost[is_4500]++ < peer->loses)
		return;
	peer->lost[is_4500] = 0;
	if (peer->refuses_by_icmp) {
		const struct probe_error e = { .remote = *to,
			.error = ECONNREFUSED,
			.complainant = to->addr,
			.icmp_type = 3,
			.icmp_code = 3 };

		probe_error(peer->p, now_of(peer), &out, &e);
	} else if (peer->is_off || (is_4500 ? peer->drops_4500 : peer->drops_500))
		;
	else if (d.p[17] >> 4 == 1)
		hear_v1(peer, to, d);
	else
		hear_v2(peer, to, d);
}

static void run(struct peer *peer, struct probe_for f)
{
	const struct event_sink out = { told, peer };
	struct rng_seeded seed;
	uint8_t room[PROBE_DATAGRAM];
	struct endpoint to;
	struct bytes d;

	f.conn = "vpn";
	f.local = here;
	f.remote = there;
	f.v1 = f.v1 ? f.v1 : WITH_IKEV1 ? proposals_default_ike_v1() : NULL;
	f.v2 = f.v2 ? f.v2 : proposals_default_ike();
	f.rng = rng_seeded(&seed, 7);
	peer->p = probe_new(&f, peer->now);
	while (!probe_is_over(peer->p)) {
		while ((d = probe_output(peer->p, now_of(peer), &out, room, sizeof(room), &to)).n)
			hear(peer, &to, d);
		peer->now = MIN(probe_due(peer->p), peer->now + 20 * NS_MS);
	}
	assert_true(peer->packets <= PROBE_PACKETS_MAX);
	assert_true(peer->now <= PROBE_TIME);
	probe_free(peer->p);
}

/* The i-th that was told. */
static void assert_told(const struct peer *peer, unsigned i, const char *name, const char *what,
	unsigned version, unsigned port)
{
	assert_true(i < peer->n);
	assert_string_equal(peer->told[i].name, name);
	assert_string_equal(peer->told[i].what, what);
	assert_int_equal(peer->told[i].port, port);
	if (version)
		assert_int_equal(peer->told[i].version, version);
}

TEST(a_peer_that_agrees_is_asked_on_both_ports_and_nothing_else)
{
	struct peer peer = { .knows_v2 = true, .takes = proposals_default_ike() };

	run(&peer, (struct probe_for){ .version = 2 });
	assert_int_equal(peer.n, 2);
	assert_told(&peer, 0, "taken", "own", 2, 500);
	assert_told(&peer, 1, "taken", "own", 2, 4500);
	assert_int_equal(peer.told[0].is_ours, 1);
	assert_int_equal(peer.packets, 2);
}

TEST(a_cookie_is_returned_once)
{
	struct peer peer = {
		.knows_v2 = true, .takes = proposals_default_ike(), .wants_cookie = true
	};

	run(&peer, (struct probe_for){ .version = 2 });
	assert_told(&peer, 0, "taken", "own", 2, 500);
	assert_int_equal(peer.packets, 4);
}

TEST(what_the_peer_takes_is_told_as_ike_has_it)
{
	struct peer peer = { .knows_v2 = true, .takes = &aes256_modp2048 };

	run(&peer, (struct probe_for){ .version = 2, .v2 = &aes128_modp3072, .is_refused = true });
	assert_int_equal(peer.n, 2);
	assert_told(&peer, 0, "taken", "strong", 2, 500);
	assert_string_equal(peer.told[0].chosen, "aes256-sha2_256-modp2048");
	assert_string_equal(peer.told[0].difference, "ENCR");
	assert_string_equal(peer.told[0].legacy, "");
	assert_int_equal(peer.told[0].is_ours, 0);
	/* what it refuses costs it nothing: that is what the other port is asked */
	assert_told(&peer, 1, "refused", "own", 2, 4500);
	assert_int_equal(peer.half_open, 1);
}

TEST(a_refusal_that_nobody_knew_of_is_asked_on)
{
	struct peer peer = { .knows_v2 = true, .takes = &aes256_modp2048 };

	run(&peer, (struct probe_for){ .version = 2, .v2 = &aes128_modp3072 });
	assert_told(&peer, 0, "refused", "own", 2, 500);
	assert_told(&peer, 1, "refused", "own", 2, 4500);
	assert_told(&peer, 2, "taken", "strong", 2, 500);
	assert_int_equal(peer.n, 3);
}

TEST(what_is_out_of_date_is_offered_only_when_the_rest_is_refused)
{
	struct peer peer = { .knows_v2 = true, .takes = &only_weak };

	run(&peer, (struct probe_for){ .version = 2, .is_refused = true });
	assert_told(&peer, 0, "refused", "strong", 2, 500);
	assert_told(&peer, 1, "taken", "weak", 2, 500);
	assert_string_equal(peer.told[1].legacy, "3DES_CBC MODP1024");
	assert_string_equal(peer.told[1].chosen, "3des-sha1-modp1024");
}

TEST(silence_on_one_port_is_told_of_that_port)
{
	struct peer peer = {
		.knows_v2 = true, .takes = proposals_default_ike(), .drops_4500 = true
	};

	run(&peer, (struct probe_for){ .version = 2 });
	assert_int_equal(peer.n, 3);
	assert_told(&peer, 0, "taken", "own", 2, 500);
	assert_told(&peer, 1, "probe_silence", "own", 2, 4500);
	assert_told(&peer, 2, "probe_silence", "own", 2, 4500);
	assert_int_equal(peer.to_4500, 10);

	peer = (struct peer){
		.knows_v2 = true, .takes = proposals_default_ike(), .drops_500 = true
	};
	run(&peer, (struct probe_for){ .version = 2 });
	assert_told(&peer, 0, "taken", "own", 2, 4500);
	assert_told(&peer, 1, "probe_silence", "own", 2, 500);
	assert_told(&peer, 2, "probe_silence", "own", 2, 500);
	assert_int_equal(peer.n, 3);
}

TEST(a_peer_that_is_off_is_asked_five_times_each_and_given_up)
{
	struct peer peer = { .is_off = true };

	run(&peer, (struct probe_for){ .version = 2 });
	assert_int_equal(peer.n, WITH_IKEV1 ? 4 : 3);
	for (unsigned i = 0; i < peer.n; i++)
		assert_string_equal(peer.told[i].name, "probe_silence");
	assert_int_equal(peer.packets, 5 * peer.n);
	assert_true(peer.now <= 4 * NS_S + 100 * NS_MS);
}

/* Four of five are lost: what is lost is no silence. */
TEST(a_question_that_is_lost_is_repeated_until_it_is_answered)
{
	struct peer peer = { .knows_v2 = true, .takes = proposals_default_ike(), .loses = 4 };

	run(&peer, (struct probe_for){ .version = 2 });
	assert_int_equal(peer.n, 2);
	assert_told(&peer, 0, "taken", "own", 2, 500);
	assert_told(&peer, 1, "taken", "own", 2, 4500);
}

TEST(an_icmp_error_ends_it)
{
	struct peer peer = { .refuses_by_icmp = true };

	run(&peer, (struct probe_for){ .version = 2 });
	assert_int_equal(peer.n, 2);
	assert_told(&peer, 0, "probe_refused", "own", 0, 500);
	assert_told(&peer, 1, "probe_refused", "own", 0, 4500);
}

#if WITH_IKEV1
TEST(a_peer_of_the_other_version_is_found)
{
	struct peer peer = { .knows_v1 = true, .takes = &aes256_modp2048 };

	/* as strongSwan: IKEv2 gets NO_PROPOSAL_CHOSEN */
	run(&peer, (struct probe_for){ .version = 2, .is_refused = true });
	assert_told(&peer, 0, "refused", "strong", 2, 500);
	assert_told(&peer, 1, "refused", "weak", 2, 500);
	assert_told(&peer, 2, "taken", "other", 1, 500);
	assert_string_equal(peer.told[2].chosen, "aes256-sha2_256-modp2048");
	assert_int_equal(peer.told[2].is_ours, 1);
	assert_told(&peer, 3, "refused", "own", 2, 4500);
	assert_int_equal(peer.n, 4);

	peer = (struct peer){
		.knows_v1 = true, .takes = &aes256_modp2048, .is_silent_to_v2 = true
	};
	run(&peer, (struct probe_for){ .version = 2 });
	assert_told(&peer, 2, "taken", "other", 1, 500);

	peer = (struct peer){
		.knows_v2 = true, .takes = proposals_default_ike(), .is_silent_to_v1 = true
	};
	run(&peer, (struct probe_for){ .version = 1 });
	assert_told(&peer, 0, "probe_silence", "own", 1, 500);
	assert_told(&peer, 2, "taken", "other", 2, 500);
}

TEST(a_peer_that_names_the_version_is_asked_in_it)
{
	struct peer peer = {
		.knows_v2 = true, .takes = proposals_default_ike(), .says_major_version = true
	};

	run(&peer, (struct probe_for){ .version = 1 });
	assert_told(&peer, 0, "refused", "own", 1, 500);
	assert_string_equal(peer.told[0].notify, "INVALID_MAJOR_VERSION");
	assert_told(&peer, 2, "taken", "other", 2, 500);
}

TEST(a_peer_that_does_not_know_us_refuses_everything)
{
	struct peer peer = { .takes = &aes256_modp2048 };

	run(&peer, (struct probe_for){ .version = 2, .is_refused = true });
	assert_told(&peer, 0, "refused", "strong", 2, 500);
	assert_told(&peer, 1, "refused", "weak", 2, 500);
	assert_told(&peer, 2, "refused", "other", 1, 500);
	assert_told(&peer, 3, "refused", "own", 2, 4500);
	assert_int_equal(peer.half_open, 0);
}
#endif

TEST(transforms_are_found_without_state_at_the_peer)
{
	static const struct proposals takes = { 1,
		{ { 1, PROTO_IKE, 0, { 0 }, 9,
			{ { TT_ENCR, ENCR_AES_CBC, 256 }, { TT_ENCR, ENCR_AES_CBC, 128 },
				{ TT_PRF, PRF_HMAC_SHA2_256, 0 }, { TT_PRF, PRF_HMAC_SHA1, 0 },
				{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 },
				{ TT_INTEG, INTEG_HMAC_SHA1_96, 0 }, { TT_KE, KE_MODP2048, 0 },
				{ TT_KE, KE_ECP_256, 0 }, { TT_KE, KE_MODP1536, 0 } } } } };
	struct peer peer = { .knows_v2 = true, .takes = &takes };

	run(&peer, (struct probe_for){ .version = 2,
			   .v2 = &aes128_modp3072,
			   .is_refused = true,
			   .with_transforms = true });
	assert_string_equal(peer.transforms,
		"AES_CBC_256 AES_CBC_128;HMAC_SHA2_256 HMAC_SHA1;"
		"HMAC_SHA2_256_128 HMAC_SHA1_96;MODP2048 ECP_256 MODP1536;1");
	assert_int_equal(peer.half_open, 1); /* of the first question */
}

TEST(what_cannot_be_asked_is_not_told_as_silence)
{
	static const struct proposals unknown_group = { 1,
		{ { 1, PROTO_IKE, 0, { 0 }, 3,
			{ { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_256, 0 },
				{ TT_KE, 1234, 0 } } } } };
	struct peer peer = { .knows_v2 = true, .takes = &aes256_modp2048 };

	run(&peer, (struct probe_for){ .version = 2, .v2 = &unknown_group });
	assert_told(&peer, 0, "taken", "strong", 2, 500);
	for (unsigned i = 0; i < peer.n; i++)
		assert_string_not_equal(peer.told[i].name, "probe_silence");
}

TEST(what_is_not_an_answer_changes_nothing)
{
	struct peer peer = { .is_off = true };
	const struct event_sink out = { told, &peer };
	struct rng_seeded seed;
	struct probe_for f = { .conn = "vpn",
		.local = here,
		.remote = there,
		.version = 2,
		.v2 = proposals_default_ike(),
		.rng = rng_seeded(&seed, 7) };
	uint8_t room[PROBE_DATAGRAM], back[PROBE_DATAGRAM];
	struct endpoint to, other = there;
	struct bytes d;

	peer.p = probe_new(&f, 0);
	d = probe_output(peer.p, now_of(&peer), &out, room, sizeof(room), &to);
	assert_true(d.n > 28);
	for (size_t n = 0; n <= d.n; n++) { /* its own request, cut */
		memcpy(back, d.p, n);
		say(&peer, &there, bytes_of(back, n));
	}
	memcpy(back, d.p, d.n);
	back[19] = V2_F_RESPONSE; /* a choice of everything is none */
	other.port = 4500;
	say(&peer, &other, bytes_of(back, d.n));
	assert_int_equal(peer.n, 0);
	say(&peer, &there, bytes_of(back, d.n));
	assert_int_equal(peer.n, 1);
	assert_told(&peer, 0, "unacceptable", "own", 2, 500);
	probe_free(peer.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_agrees_is_asked_on_both_ports_and_nothing_else),
		cmocka_unit_test(a_cookie_is_returned_once),
		cmocka_unit_test(what_the_peer_takes_is_told_as_ike_has_it),
		cmocka_unit_test(a_refusal_that_nobody_knew_of_is_asked_on),
		cmocka_unit_test(what_is_out_of_date_is_offered_only_when_the_rest_is_refused),
		cmocka_unit_test(silence_on_one_port_is_told_of_that_port),
		cmocka_unit_test(a_peer_that_is_off_is_asked_five_times_each_and_given_up),
		cmocka_unit_test(a_question_that_is_lost_is_repeated_until_it_is_answered),
		cmocka_unit_test(an_icmp_error_ends_it),
#if WITH_IKEV1
		cmocka_unit_test(a_peer_of_the_other_version_is_found),
		cmocka_unit_test(a_peer_that_names_the_version_is_asked_in_it),
		cmocka_unit_test(a_peer_that_does_not_know_us_refuses_everything),
#endif
		cmocka_unit_test(transforms_are_found_without_state_at_the_peer),
		cmocka_unit_test(what_cannot_be_asked_is_not_told_as_silence),
		cmocka_unit_test(what_is_not_an_answer_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
