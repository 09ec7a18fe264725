/* Every refusal of IKEv2 between two ends of ours, with the fault at either: both find the right
 * class first, no more certain than they can be, and who refuses shows both ends' values. */
#include "tests/pair/verdict.h"

#include "ikev2/explain.h"
#include "ikev2/sa.h"
#include "ipsec/limits.h"

#include "base/test.h"

/* ---- faults that IKEv2 has alone ---- */

static void esn_only(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	conf->esn = CONF_ESN_YES;
	(conf == &v->a ? &v->b : &v->a)->esn = CONF_ESN_NO;
}

static void pool(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	assert_int_equal(range_parse("100.64.13.2-100.64.13.9", &conf->left.pool[0]), OK);
	conf->left.n_pool = 1;
}

static void other_pool(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	assert_int_equal(range_parse("2001:db8::2-2001:db8::9", &conf->left.pool[0]), OK);
	conf->left.n_pool = 1;
	v->a.left.modecfgclient = true;
	v->a.left.subnet.n = conf->left.subnet.n = 0;
}

static void never(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->authby = AUTHBY_NEVER;
}

/* One IKE SA may be half open, and somebody has it. */
static void no_room(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	struct conf_setup setup = { .uniqueids = true, .max_halfopen = 1 };
	struct command c = { .kind = CMD_SETUP, .setup = &setup };
	struct v2 *v2 = side->ike->version[0].state;

	(void)v;
	(void)conf;
	ike_command(side->ike, side->pair->now, &c);
	v2->n_half_open = 1;
}

static const struct verdict_row rows[] = {
	{ "nothing", fault_nothing, AT_INITIATOR, "", "", NULL, NULL, NULL },
	/* IKE_SA_INIT */
	{ "ike", fault_ike, AT_INITIATOR, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "AES_CBC_192", "AES_GCM_C_256", NULL },
	{ "ike", fault_ike, AT_RESPONDER, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "AES_GCM_C_256", "AES_CBC_192", NULL },
	{ "weak", fault_weak, AT_INITIATOR, "ike-proposal-mismatch likely", "dh2-removed certain",
		"MODP1024", "MODP2048", NULL },
	{ "weak", fault_weak, AT_RESPONDER, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "MODP2048", "MODP1024", NULL },
	{ "version", fault_version, AT_RESPONDER, "ike-proposal-mismatch likely",
		"ike-version-mismatch certain", "IKEv2", "IKEv1", "ike-version-mismatch" },
	{ "address", fault_address, AT_RESPONDER, "ike-proposal-mismatch likely",
		"conn-not-loaded-or-daemon-down possible", "192.0.2.1", "192.0.2.9", NULL },
	{ "authby", never, AT_RESPONDER, "ike-proposal-mismatch likely", "authby-mismatch certain",
		NULL, "authby=never", NULL },
	{ "half open", no_room, AT_RESPONDER, "ike-udp500-blocked possible",
		"half-open-or-rate-limit certain", NULL, NULL, NULL },
	/* IKE_AUTH */
	{ "secret", fault_secret, AT_INITIATOR, "psk-mismatch-v2 likely", "psk-mismatch-v2 certain",
		"192.0.2.1", NULL, NULL },
	{ "secret", fault_secret, AT_RESPONDER, "psk-mismatch-v2 likely", "psk-mismatch-v2 certain",
		"192.0.2.1", NULL, NULL },
	{ "no secret", fault_no_secret, AT_INITIATOR, "psk-not-found-locally certain", "", NULL,
		NULL, NULL },
	{ "no secret", fault_no_secret, AT_RESPONDER, "psk-mismatch-v2 likely",
		"psk-not-found-locally certain", "192.0.2.1", "192.0.2.2", NULL },
	{ "our id", fault_our_id, AT_INITIATOR, "psk-mismatch-v2 likely", "id-mismatch certain",
		"@north", "192.0.2.1", "id-mismatch" },
	{ "their id", fault_their_id, AT_INITIATOR, "psk-mismatch-v2 likely", "id-mismatch certain",
		"@south", "192.0.2.2", "id-mismatch" },
	{ "our id", fault_our_id, AT_RESPONDER, "id-mismatch certain", "id-mismatch likely", NULL,
		NULL, NULL },
	{ "their id", fault_their_id, AT_RESPONDER, "psk-mismatch-v2 likely", "id-mismatch certain",
		"192.0.2.1", "@south", "id-mismatch" },
	/* the Child SA */
	{ "esp", fault_esp, AT_INITIATOR, "esp-proposal-mismatch certain",
		"esp-proposal-mismatch certain", "AES_CBC_192", "AES_GCM_C_256", NULL },
	{ "esp", fault_esp, AT_RESPONDER, "esp-proposal-mismatch certain",
		"esp-proposal-mismatch certain", "AES_GCM_C_256", "AES_CBC_192", NULL },
	{ "esn", esn_only, AT_INITIATOR, "esn-or-ipcomp-mismatch certain",
		"esn-or-ipcomp-mismatch certain", "ENABLED", "DISABLED", NULL },
	{ "esn", esn_only, AT_RESPONDER, "esn-or-ipcomp-mismatch certain",
		"esn-or-ipcomp-mismatch certain", "DISABLED", "ENABLED", NULL },
	{ "mode", fault_mode, AT_INITIATOR, "transport-tunnel-mismatch certain",
		"transport-tunnel-mismatch likely", "transport", "tunnel", NULL },
	{ "mode", fault_mode, AT_RESPONDER, "transport-tunnel-mismatch certain",
		"transport-tunnel-mismatch certain", "tunnel", "transport", NULL },
	{ "nets", fault_nets, AT_INITIATOR, "ts-mismatch-v2 certain", "ts-mismatch-v2 certain",
		"10.0.9.0/24", "10.0.2.0/24", NULL },
	{ "nets", fault_nets, AT_RESPONDER, "ts-mismatch-v2 certain", "ts-mismatch-v2 certain",
		"10.0.2.0/24", "10.0.9.0/24", NULL },
	{ "part of nets", fault_part_of_nets, AT_INITIATOR, "ts-mismatch-v2 certain",
		"ts-mismatch-v2 certain", "10.0.2.0/25", "10.0.2.0/24", NULL },
	{ "part of nets", fault_part_of_nets, AT_RESPONDER, "ts-mismatch-v2 certain",
		"peer-widens-selector certain", "10.0.2.0/24", "10.0.2.0/25", NULL },
	{ "all nets", fault_all_nets, AT_INITIATOR, "ts-mismatch-v2 certain",
		"azure-wide-selectors certain", "0.0.0.0/0", "10.0.2.0/24", NULL },
	{ "all nets", fault_all_nets, AT_RESPONDER, "ts-mismatch-v2 certain",
		"ts-mismatch-v2 certain", "10.0.2.0/24", "0.0.0.0/0", NULL },
	{ "range", fault_range, AT_INITIATOR, "ts-mismatch-v2 certain", "non-cidr-selector certain",
		"10.0.2.3-10.0.2.77", "10.0.2.0/24", NULL },
	{ "range", fault_range, AT_RESPONDER, "ts-mismatch-v2 certain",
		"peer-widens-selector certain", "10.0.2.0/24", "10.0.2.3-10.0.2.77", NULL },
	{ "other pool", other_pool, AT_RESPONDER, "address-pool-exhausted certain",
		"address-pool-exhausted certain", "any IPv4", "2001:db8::2", NULL },
	{ "pool", pool, AT_RESPONDER, "cp-required certain", "cp-required certain", NULL,
		"100.64.13.2", NULL },
};

TEST(every_refusal_of_ikev2_has_its_class_at_both_ends)
{
	verdict_walk(rows, COUNT(rows), NULL);
}

/* ---- explain-to= ---- */

static const struct proposals two_groups = { .n = 1,
	.p = { { .number = 1,
		.protocol = PROTO_IKE,
		.n = 4,
		.t = { { TT_ENCR, ENCR_AES_GCM_16, 256 }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_KE, KE_CURVE25519, 0 }, { TT_KE, KE_ECP_256, 0 } } } } };

static char peer_word[] = "%peer", net[] = "192.0.2.0/28,2001:db8::/32", others[] = "192.0.2.9";

static void both_explain(struct verdict *v)
{
	v->a.explain_to = peer_word;
	v->b.explain_to = net;
}

/* Who is refused names what only the other end knows, and is certain of it once that one is
 * authenticated. */
static const struct verdict_row explained_rows[] = {
	{ "nothing", fault_nothing, AT_INITIATOR, "", "", NULL, NULL, NULL },
	{ "ike", fault_ike, AT_INITIATOR, "ike-proposal-mismatch likely",
		"ike-proposal-mismatch certain", "AES_CBC_192", "AES_GCM_C_256", NULL },
	{ "version", fault_version, AT_RESPONDER, "ike-version-mismatch likely",
		"ike-version-mismatch certain", "IKEv2", "IKEv1", NULL },
	{ "address", fault_address, AT_RESPONDER, "ike-proposal-mismatch likely",
		"conn-not-loaded-or-daemon-down possible", "192.0.2.1", "192.0.2.9", NULL },
	{ "secret", fault_secret, AT_INITIATOR, "psk-mismatch-v2 likely", "psk-mismatch-v2 certain",
		"192.0.2.1", NULL, NULL },
	{ "no secret", fault_no_secret, AT_RESPONDER, "psk-mismatch-v2 likely",
		"psk-not-found-locally certain", "192.0.2.1", "192.0.2.2", NULL },
	{ "our id", fault_our_id, AT_INITIATOR, "id-mismatch likely", "id-mismatch certain",
		"@north", "192.0.2.1", NULL },
	{ "their id", fault_their_id, AT_INITIATOR, "id-mismatch likely", "id-mismatch certain",
		"@south", "192.0.2.2", NULL },
	{ "nets", fault_nets, AT_RESPONDER, "ts-mismatch-v2 certain", "ts-mismatch-v2 certain",
		"10.0.2.0/24", "10.0.9.0/24", NULL },
};

TEST(with_explain_to_who_is_refused_knows_the_class)
{
	verdict_walk(explained_rows, COUNT(explained_rows), both_explain);
}

/* One attempt; gives what the responder sent. */
static size_t attempt(struct pair *p, struct conf_conn *a, struct conf_conn *b, const char *psk)
{
	pair_init(p, 1);
	p->a.psk = "the same";
	p->b.psk = psk;
	pair_up(p, a, b);
	return p->b.sent_octets;
}

/* Both ends have to name the other one; else not an octet is different. */
TEST(strangers_are_told_nothing_and_nothing_is_heard_of_them)
{
	static char *const wishes[] = { NULL, others, peer_word };
	struct proposals p = two_groups;
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	size_t plain = 0, is;
	struct pair pair;

	p.p[0].t[0].key_bits = 192;
	b.ike = &p;
	for (unsigned ike = 0; ike < 2; ike++, b.ike = NULL)
		for (unsigned i = 0; i < 9; i++) {
			a.explain_to = wishes[i / 3];
			b.explain_to = wishes[i % 3];
			is = attempt(&pair, &a, &b, b.ike ? "the same" : "another");
			if (i == 0)
				plain = is;
			assert_int_equal(pair.a.count[EV_peer_hints], i == 8);
			if (i == 8)
				assert_true(is > plain);
			else
				assert_int_equal(is, plain);
			pair_done(&pair);
		}
}

TEST(what_is_wrong_with_ike_is_told_with_the_values)
{
	struct proposals p = two_groups;
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	struct pair pair;

	p.p[0].t[0].key_bits = 192;
	b.ike = &p;
	a.explain_to = b.explain_to = peer_word;
	pair_init(&pair, 1);
	pair_up(&pair, &a, &b);
	assert_string_equal(pair_said(&pair.a, EV_peer_hints, "class"), "ike-proposal-mismatch");
	assert_string_equal(pair_said(&pair.a, EV_peer_hints, "difference"), "ENCR");
	assert_memory_equal(pair_said(&pair.a, EV_peer_hints, "theirs"), "aes_gcm192", 10);
	pair_done(&pair);
}

/* ---- what no engine of ours sends ---- */

static struct v2_header header(uint8_t version)
{
	return (struct v2_header){
		.spi_i = { 1 }, .version = version, .exchange = IKE_SA_INIT, .flags = V2_F_INITIATOR
	};
}

static void says_version_3(struct verdict *v)
{
	struct v2_header h = header(0x30);
	uint8_t room[256];
	struct v2_build b;

	v2_build_message(&b, room, sizeof(room), &h);
	verdict_say(v, v2_build_end(&b));
}

static void says_nothing(struct verdict *v)
{
	struct v2_header h = header(0x20);
	uint8_t room[256];
	struct v2_build b;

	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_nonce(&b, bytes_str("0123456789abcdef"));
	verdict_say(v, v2_build_end(&b));
}

/* An IKE_SA_INIT request with that group; critical: and a payload that nobody knows. */
static void init(struct verdict *v, uint8_t spi, bool is_critical)
{
	struct v2_header h = header(0x20);
	struct ke *ke = ke_new(KE_ECP_256);
	uint8_t room[1024], wire[1024];
	struct v2_build b;
	struct bytes m;

	h.spi_i[0] = spi;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_sa(&b, &two_groups);
	v2_put_ke(&b, KE_ECP_256, ke_public(ke));
	v2_put_nonce(&b, bytes_str("0123456789abcdef"));
	v2_put_vendor(&b, bytes_str("last"));
	m = v2_build_end(&b);
	memcpy(wire, m.p, m.n);
	if (is_critical) { /* what was the vendor id, by the type that the nonce names */
		wire[m.n - 8 - 20] = 200;
		wire[m.n - 8 + 1] = 0x80;
	}
	verdict_say(v, bytes_of(wire, m.n));
	ke_free(ke);
}

static void says_critical(struct verdict *v)
{
	init(v, 1, true);
}

static void says_another_group(struct verdict *v)
{
	for (uint8_t i = 1; i <= 3; i++)
		init(v, i, false);
}

static void says_another_group_once(struct verdict *v)
{
	init(v, 1, false);
}

/* Of the reason that the responder gives: its own values, for this connection. */
TEST(a_peer_of_ours_says_why_it_refuses_the_child_sa)
{
	struct proposals p = { .n = 1,
		.p = { { .number = 1,
			.protocol = PROTO_ESP,
			.n = 1,
			.t = { { TT_ENCR, ENCR_AES_GCM_16, 128 } } } } },
			 other;
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris"), first = pair_conf("one");
	struct pair pair;

	pair_init(&pair, 1);
	b.right.subnet.ts[0] = pair_net("10.0.9.0/24");
	pair_up(&pair, &a, &b);
	assert_int_equal(pair.a.count[EV_peer_explains], 1);
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "class"), "ts-mismatch-v2");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "difference"), "TSr");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "theirs"), "10.0.9.0/24");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "ours"), "10.0.1.0/24");
	pair_done(&pair);

	/* in CREATE_CHILD_SA as well */
	pair_init(&pair, 1);
	b = pair_conf("paris");
	b.esp = &p;
	first.left.subnet.ts[0] = pair_net("10.0.7.0/24");
	first.right.subnet.ts[0] = pair_net("10.0.8.0/24");
	pair_up(&pair, &first, &first);
	assert_int_equal(pair.a.exit, 0);
	other = p;
	other.p[0].t[0].key_bits = 256;
	a.esp = &other;
	pair_up(&pair, &a, &b);
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "class"), "esp-proposal-mismatch");
	assert_string_equal(pair_said(&pair.a, EV_peer_explains, "difference"), "ENCR");
	assert_memory_equal(pair_said(&pair.a, EV_peer_explains, "theirs"), "aes_gcm128", 10);
	pair_done(&pair);
}

/* Who did not authenticate is told nothing. */
TEST(nobody_is_told_why_before_both_are_authenticated)
{
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	struct pair pair;

	pair_init(&pair, 1);
	b.right.subnet.ts[0] = pair_net("10.0.9.0/24");
	pair.b.psk = "another";
	pair_up(&pair, &a, &b);
	assert_int_equal(pair.a.count[EV_v2_auth_rejected], 1);
	assert_int_equal(pair.a.count[EV_peer_explains], 0);
	pair_done(&pair);
}

/* An answer to the IKE_SA_INIT request of the initiator, in its peer's name: a refusal that says
 * that class. */
static void forge(struct pair *p, struct bytes why)
{
	struct v2_header h = { .version = 0x20, .exchange = IKE_SA_INIT, .flags = V2_F_RESPONSE };
	struct datagram d = { { p->a.addr, 500 }, { p->b.addr, 500 }, BYTES_NONE };
	uint8_t room[1024];
	struct v2_build b;

	memcpy(h.spi_i, p->a.last_header, sizeof(h.spi_i));
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, why);
	d.data = v2_build_end(&b);
	ike_input(p->a.ike, p->now, &d);
}

/* Nobody on the way can end an attempt, change what it does, or name what only the authenticated
 * peer may say; and no flood of them is told of. */
TEST(a_forged_reason_changes_nothing)
{
	static const uint8_t secret[] = { 1, EXPLAIN_SECRET, 0, 0, 0 },
			     mode[] = { 1, EXPLAIN_MODE, 0, 0, 0 },
			     later[] = { 2, EXPLAIN_SECRET, 0, 0, 0 },
			     longer[] = { 1, EXPLAIN_SECRET, 0, 0, 0, 0 },
			     line[] = { 1, EXPLAIN_IKE, 1, 3, 'a', '\n', 'b', 0 };
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	struct pair pair;

	a.explain_to = b.explain_to = peer_word;
	a.automatic = AUTO_START;
	pair_init(&pair, 1);
	pair.delay_min = pair.delay_max = 100 * NS_MS;
	pair_add(&pair.b, &b);
	pair_add(&pair.a, &a);
	pair_command(&pair.a, CMD_UP, "paris");
	pair_run(&pair, NS_MS);
	forge(&pair, BYTES(mode));
	forge(&pair, BYTES(later));
	forge(&pair, BYTES(longer));
	forge(&pair, BYTES(line));
	assert_int_equal(pair.a.count[EV_v2_init_refused], 4);
	assert_int_equal(pair.a.count[EV_peer_hints], 0);
	for (unsigned i = 0; i < 100; i++)
		forge(&pair, BYTES(secret));
	assert_int_equal(pair.a.count[EV_peer_hints], LIMIT_HINTS);
	pair_run(&pair, 5 * NS_S);
	pair_assert_one_tunnel(&pair);
	pair_done(&pair);
}

/* A request of the peer that names the vendor id; gives what it is answered with, in octets. */
static size_t answered(struct pair *p, uint8_t spi, size_t *asked)
{
	struct v2_header h = header(0x20);
	struct ke *ke = ke_new(KE_ECP_256);
	struct datagram d = { { p->b.addr, 500 }, { p->a.addr, 500 }, BYTES_NONE };
	size_t was = p->b.sent_octets;
	uint8_t room[1024];
	struct v2_build b;

	h.spi_i[0] = spi;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_sa(&b, &two_groups);
	v2_put_ke(&b, KE_ECP_256, ke_public(ke));
	v2_put_nonce(&b, bytes_str("0123456789abcdef"));
	v2_put_explain_vendor(&b);
	d.data = v2_build_end(&b);
	*asked = d.data.n;
	ike_input(p->b.ike, p->now, &d);
	pair_run(p, NS_MS);
	ke_free(ke);
	return p->b.sent_octets - was;
}

TEST(an_answer_that_explains_has_no_more_octets_than_the_request_and_is_one_a_second_after_four)
{
	enum { PLAIN = 28 + 8 };
	struct proposals few = two_groups, many = { .n = 5 };
	struct conf_conn b = pair_conf("paris");
	char conf[1024];
	struct pair pair;
	size_t asked, n;

	few.p[0].t[0].key_bits = 128;
	b.ike = &few;
	b.explain_to = peer_word;
	pair_init(&pair, 1);
	pair_add(&pair.b, &b);
	for (uint8_t spi = 1; spi <= 4; spi++) {
		n = answered(&pair, spi, &asked);
		assert_true(n > PLAIN && n <= asked);
	}
	assert_int_equal(answered(&pair, 5, &asked), PLAIN);
	pair_run(&pair, NS_S);
	assert_true(answered(&pair, 6, &asked) > PLAIN);
	assert_int_equal(answered(&pair, 7, &asked), PLAIN);
	pair_run(&pair, 60 * NS_S); /* no more is saved up */
	for (uint8_t spi = 8; spi < 12; spi++)
		assert_true(answered(&pair, spi, &asked) > PLAIN);
	assert_int_equal(answered(&pair, 12, &asked), PLAIN);
	pair_done(&pair);

	for (size_t i = 0; i < many.n; i++) {
		many.p[i] = few.p[0];
		many.p[i].number = (uint8_t)(i + 1);
		many.p[i].t[1].id = i & 1 ? PRF_HMAC_SHA2_512 : PRF_HMAC_SHA2_256;
		many.p[i].t[2].id = i & 2 ? KE_MODP2048 : KE_MODP3072;
		many.p[i].t[3].id = i & 4 ? KE_MODP4096 : KE_ECP_384;
	}
	n = strlen(proposals_conf(&many, conf, sizeof(conf)));
	b.ike = &many;
	pair_init(&pair, 1);
	pair_add(&pair.b, &b);
	assert_true(n < EXPLAIN_VALUE);
	assert_int_equal(answered(&pair, 1, &asked), PLAIN);
	assert_true(PLAIN + 8 + 5 + n > asked);
	pair_done(&pair);
}

TEST(messages_that_are_not_as_they_should_be_are_told_of)
{
	verdict_hear("version 3", says_version_3, "ike-version-mismatch possible");
	verdict_hear("no payloads", says_nothing, "malformed-message possible");
	verdict_hear("a critical payload", says_critical, "malformed-message possible");
	verdict_hear("another group", says_another_group_once, "");
	verdict_hear("another group again", says_another_group, "invalid-ke-loop likely");
}

/* ---- answers to a first message ---- */

static struct v2_header answer_header(const struct verdict *v)
{
	struct v2_header h = { .version = 0x20, .exchange = IKE_SA_INIT, .flags = V2_F_RESPONSE };

	memcpy(h.spi_i, v->p.a.last_header, sizeof(h.spi_i));
	h.spi_r[0] = 1;
	return h;
}

/* The length of its only payload is more than there is. */
static void answers_broken(struct verdict *v)
{
	struct v2_header h = answer_header(v);
	uint8_t room[256], wire[256];
	struct v2_build b;
	struct bytes m;

	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_nonce(&b, bytes_str("0123456789abcdef"));
	m = v2_build_end(&b);
	memcpy(wire, m.p, m.n);
	wire[28 + 3] = 200;
	verdict_answer(v, bytes_of(wire, m.n));
}

/* From elsewhere, or of an attempt that nobody has made: it is nobody's. */
static void answers_that_are_none(struct verdict *v)
{
	const struct addr peer = v->p.b.addr;
	uint8_t header[sizeof(v->p.a.last_header)];

	memcpy(header, v->p.a.last_header, sizeof(header));
	v->p.a.last_header[0] ^= 1;
	answers_broken(v);
	assert_int_equal(v->p.a.count[EV_v2_malformed], 1);
	assert_null(v->p.a.last[EV_v2_malformed]->about.conn);
	memcpy(v->p.a.last_header, header, sizeof(header));
	v->p.b.addr = addr_v4(0xc0000209);
	answers_broken(v);
	v->p.b.addr = peer;
	assert_int_equal(v->p.a.count[EV_v2_malformed], 2);
	assert_null(v->p.a.last[EV_v2_malformed]->about.conn);
	memcpy(v->p.a.last_header, header, sizeof(header));
	answers_broken(v);
	assert_string_equal(v->p.a.last[EV_v2_malformed]->about.conn, "paris");
}

static void answers_critical(struct verdict *v)
{
	struct v2_header h = answer_header(v);
	uint8_t room[256], wire[256];
	struct v2_build b;
	struct bytes m;

	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_nonce(&b, bytes_str("0123456789abcdef"));
	v2_put_vendor(&b, bytes_str("last"));
	m = v2_build_end(&b);
	memcpy(wire, m.p, m.n);
	wire[m.n - 8 - 20] = 200;
	wire[m.n - 8 + 1] = 0x80;
	verdict_answer(v, bytes_of(wire, m.n));
}

static void answers_with_a_cookie(struct verdict *v)
{
	struct v2_header h = answer_header(v);
	uint8_t room[256];
	struct v2_build b;

	h.spi_r[0] = 0;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_COOKIE, bytes_str("a cookie"));
	verdict_answer(v, v2_build_end(&b));
}

static void answers_late_with_a_cookie(struct verdict *v)
{
	pair_run(&v->p, 2 * NS_S);
	answers_with_a_cookie(v);
}

static void answers_with_a_cookie_and_refuses(struct verdict *v)
{
	struct v2_header h = answer_header(v);
	uint8_t room[256];
	struct v2_build b;

	answers_with_a_cookie(v);
	h.spi_r[0] = 0;
	v2_build_message(&b, room, sizeof(room), &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_NO_PROPOSAL_CHOSEN, BYTES_NONE);
	verdict_answer(v, v2_build_end(&b));
}

TEST(who_begins_has_the_class_of_a_strange_answer_within_three_seconds)
{
	verdict_ask("broken", answers_broken, NS_S, "malformed-message likely");
	verdict_ask("broken, later", answers_broken, 3 * NS_S, "malformed-message likely");
	verdict_ask("critical", answers_critical, NS_S, "malformed-message likely");
	verdict_ask("broken, and others", answers_that_are_none, 3 * NS_S, NULL);
	verdict_ask("cookie, at once", answers_with_a_cookie, NS_S, "");
	verdict_ask("cookie", answers_with_a_cookie, 3 * NS_S, "half-open-or-rate-limit likely");
	verdict_ask("cookie, late", answers_late_with_a_cookie, 3 * NS_S,
		"half-open-or-rate-limit likely");
	verdict_ask("cookie, then no", answers_with_a_cookie_and_refuses, 3 * NS_S,
		"ike-proposal-mismatch likely");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_of_ikev2_has_its_class_at_both_ends),
		cmocka_unit_test(a_peer_of_ours_says_why_it_refuses_the_child_sa),
		cmocka_unit_test(nobody_is_told_why_before_both_are_authenticated),
		cmocka_unit_test(with_explain_to_who_is_refused_knows_the_class),
		cmocka_unit_test(strangers_are_told_nothing_and_nothing_is_heard_of_them),
		cmocka_unit_test(what_is_wrong_with_ike_is_told_with_the_values),
		cmocka_unit_test(a_forged_reason_changes_nothing),
		cmocka_unit_test(
			an_answer_that_explains_has_no_more_octets_than_the_request_and_is_one_a_second_after_four),
		cmocka_unit_test(messages_that_are_not_as_they_should_be_are_told_of),
		cmocka_unit_test(who_begins_has_the_class_of_a_strange_answer_within_three_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
