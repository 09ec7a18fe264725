/* XAUTH and Mode Config over IKEv1: who comes in, who does not, what is lent, and that users who
 * share a group's identity stay apart. */
#include "tests/pair/pair.h"

#include "ikev1/transaction.h"
#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), OK);
	return a;
}

static const struct pair_user alice = { .user = "alice", .password = "right horse" };
static const struct pair_user wrong = { .user = "alice", .password = "wrong horse" };
static const struct pair_user mallory = { .user = "mallory", .password = "right horse" };
static const struct pair_user both[] = { { .user = "alice", .password = "right horse" },
	{ .user = "bob", .password = "battery" } };

/* Side a is a road warrior of a group, side b the gateway. */
struct road {
	struct pair p;
	struct conf_conn a, b;
};

static void road_init(struct road *r, bool is_pull, const char *pool)
{
	struct conf_conn *a = &r->a, *b = &r->b;

	*a = *b = pair_conf("vpn.example.com");
	a->version = b->version = VERSION_IKEV1;
	a->modecfgpull = b->modecfgpull = is_pull;
	assert_int_equal(id_parse("@group", &a->left.id), OK);
	assert_int_equal(id_parse("@vpn.example.com", &a->right.id), OK);
	b->left.id = id_copy(&a->left.id);
	b->right.id = id_copy(&a->right.id);
	a->left.modecfgclient = a->left.xauthclient = true;
	b->right.modecfgserver = b->right.xauthserver = true;
	a->right.modecfgserver = a->right.xauthserver = true;
	b->left.modecfgclient = b->left.xauthclient = true;
	a->left.subnet.n = b->left.subnet.n = 0;
	a->right.subnet.n = b->right.subnet.n = 1;
	a->right.subnet.ts[0] = b->right.subnet.ts[0] = pair_net("10.0.2.0/24");
	b->left.host_kind = HOST_ANY;
	b->left.host = (struct addr){ 0 };
	assert_int_equal(range_parse(pool, &b->left.pool[0]), OK);
	b->left.n_pool = 1;
	pair_init(&r->p, 1);
	r->p.b.users = both;
	r->p.b.n_users = COUNT(both);
	r->p.a.logins = &alice;
	r->p.a.n_logins = 1;
}

static void road_done(struct road *r)
{
	pair_done(&r->p);
	id_done(&r->a.left.id);
	id_done(&r->a.right.id);
	id_done(&r->b.left.id);
	id_done(&r->b.right.id);
}

static void without_xauth(struct road *r)
{
	r->a.left.xauthclient = r->a.right.xauthserver = false;
	r->b.left.xauthclient = r->b.right.xauthserver = false;
}

#define POOL "100.64.13.2-100.64.13.9"

static void up(struct road *r)
{
	pair_up(&r->p, &r->a, &r->b);
	pair_run(&r->p, 2 * NS_S);
}

static void status(struct side *s, uint8_t what)
{
	const struct command c = { .kind = CMD_STATUS, .what = what, .request = ++s->last_request };

	ike_command(s->ike, s->pair->now, &c);
	pair_run(s->pair, 0);
}

static void assert_up(struct road *r, const char *lease)
{
	struct addr expected = address(lease);

	assert_int_equal(r->p.a.exit, 0);
	pair_assert_one_tunnel(&r->p);
	assert_true(addr_eq(&r->p.a.source, &expected));
	pair_traffic(&r->p);
	assert_int_equal(r->p.a.lost + r->p.b.lost, 0);
}

TEST(a_user_with_the_right_password_comes_in_and_pulls_its_address)
{
	struct road r;

	road_init(&r, true, POOL);
	up(&r);
	assert_int_equal(r.p.b.count[EV_v1_xauth_verified], 1);
	assert_int_equal(r.p.a.count[EV_v1_xauth_in], 1);
	assert_int_equal(r.p.b.count[EV_v1_cfg_asked], 1);
	assert_int_equal(r.p.a.count[EV_v1_cfg_address], 1);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(an_address_is_pushed)
{
	struct road r;

	road_init(&r, false, POOL);
	up(&r);
	assert_int_equal(r.p.b.count[EV_v1_cfg_pushing], 1);
	assert_int_equal(r.p.a.count[EV_v1_cfg_asking], 0);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(aggressive_mode_goes_on_to_xauth_too)
{
	struct road r;

	road_init(&r, true, POOL);
	r.a.aggressive = r.b.aggressive = true;
	up(&r);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(mode_config_does_without_xauth)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		struct road r;

		road_init(&r, is_pull, POOL);
		without_xauth(&r);
		up(&r);
		assert_up(&r, "100.64.13.2");
		assert_int_equal(r.p.b.n_verified, 0);
		road_done(&r);
	}
}

TEST(xauth_does_without_mode_config)
{
	struct road r;

	road_init(&r, true, POOL);
	r.a.left.modecfgclient = r.a.right.modecfgserver = false;
	r.b.left.modecfgclient = r.b.right.modecfgserver = false;
	r.b.left.n_pool = 0;
	up(&r);
	assert_int_equal(r.p.a.exit, 0);
	assert_int_equal(r.p.b.count[EV_v1_xauth_verified], 1);
	pair_assert_one_tunnel(&r.p);
	road_done(&r);
}

/* ---- who does not come in ---- */

static void assert_out(struct road *r, unsigned exit)
{
	unsigned ike, child;

	assert_int_equal(r->p.a.exit, exit);
	assert_int_equal(r->p.a.n_sa + r->p.b.n_sa, 0);
	pair_run(&r->p, 2 * NS_S);
	pair_count(&r->p.a, &ike, &child);
	assert_int_equal(ike + child, 0);
	pair_count(&r->p.b, &ike, &child);
	assert_int_equal(ike + child, 0);
}

TEST(a_wrong_password_is_told_at_once_and_not_tried_again)
{
	struct road r;

	road_init(&r, true, POOL);
	r.p.a.logins = &wrong;
	up(&r);
	assert_int_equal(r.p.b.n_verified, 1);
	assert_int_equal(r.p.a.count[EV_v1_xauth_rejected], 1);
	assert_int_equal(r.p.b.count[EV_v1_xauth_given_up], 1);
	assert_out(&r, 36);
	road_done(&r);
}

TEST(an_unknown_user_is_no_different_from_a_wrong_password)
{
	struct road r;
	char why[256];

	road_init(&r, true, POOL);
	r.p.a.logins = &wrong;
	up(&r);
	snprintf(why, sizeof(why), "%s", pair_said(&r.p.b, EV_v1_xauth_failed, "why"));
	road_done(&r);
	road_init(&r, true, POOL);
	r.p.a.logins = &mallory;
	up(&r);
	assert_out(&r, 36);
	assert_string_equal(pair_said(&r.p.b, EV_v1_xauth_failed, "why"), why);
	assert_string_equal(pair_said(&r.p.b, EV_v1_xauth_failed, "user"), "mallory");
	road_done(&r);
}

TEST(another_password_may_be_tried)
{
	static const struct pair_user typed[] = { { .user = "alice", .password = "typo" },
		{ .user = "alice", .password = "right horse" } };
	struct road r;

	road_init(&r, true, POOL);
	r.p.a.logins = typed;
	r.p.a.n_logins = COUNT(typed);
	up(&r);
	assert_int_equal(r.p.b.count[EV_v1_xauth_failed], 1);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(three_wrong_passwords_are_enough)
{
	static const struct pair_user typed[] = { { .user = "alice", .password = "a" },
		{ .user = "alice", .password = "b" }, { .user = "alice", .password = "c" },
		{ .user = "alice", .password = "right horse" } };
	struct road r;

	road_init(&r, true, POOL);
	r.p.a.logins = typed;
	r.p.a.n_logins = COUNT(typed);
	up(&r);
	assert_int_equal(r.p.b.n_verified, 3);
	assert_string_equal(pair_said(&r.p.a, EV_v1_xauth_rejected, "how"), "answers with failure");
	assert_out(&r, 36);
	road_done(&r);
}

TEST(who_has_no_password_says_so)
{
	struct road r;

	road_init(&r, true, POOL);
	r.p.a.n_logins = 0;
	up(&r);
	assert_int_equal(r.p.a.count[EV_v1_xauth_no_secret], 1);
	assert_int_equal(r.p.b.n_verified, 0);
	assert_out(&r, 32);
	road_done(&r);
}

TEST(xauthfail_soft_lets_in_and_tells_the_script)
{
	char script[] = "/bin/hook";
	struct road r;

	road_init(&r, true, POOL);
	r.b.xauthfail = XAUTHFAIL_SOFT;
	r.b.right.updown = script;
	r.p.a.logins = &wrong;
	up(&r);
	assert_int_equal(r.p.b.count[EV_v1_xauth_soft], 1);
	assert_up(&r, "100.64.13.2");
	assert_true(r.p.b.updown.has_failed_xauth);
	/* it is not the user whose name it took */
	assert_string_not_equal(r.p.b.updown.user, "alice");
	road_done(&r);
}

TEST(a_client_waits_for_a_server_that_never_asks_as_long_as_for_an_answer)
{
	struct road r;

	road_init(&r, true, POOL);
	/* the gateway takes the same proposal, but asks for nothing */
	r.b.left.xauthclient = r.b.right.xauthserver = false;
	r.b.left.xauthserver = r.b.right.xauthclient = true;
	up(&r);
	pair_run(&r.p, 65 * NS_S);
	assert_int_not_equal(r.p.a.exit, 0);
	assert_int_equal(r.p.a.n_sa, 0);
	road_done(&r);
}

TEST(who_waits_for_a_push_is_told_that_the_peer_wants_to_be_asked)
{
	struct road r;

	road_init(&r, false, POOL);
	r.b.modecfgpull = true;
	up(&r);
	pair_run(&r.p, 65 * NS_S);
	assert_int_equal(r.p.a.exit, 31);
	assert_non_null(strstr(pair_said(&r.p.a, EV_v1_transaction_late, "hint"), "modecfgpull"));
	road_done(&r);
}

TEST(a_client_that_asks_a_server_that_pushes_gets_its_address)
{
	struct road r;

	road_init(&r, false, POOL);
	r.a.modecfgpull = true;
	up(&r);
	pair_run(&r.p, 5 * NS_S);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(an_empty_pool_is_told)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		struct road r;

		road_init(&r, is_pull, POOL);
		r.b.left.n_pool = 0;
		up(&r);
		assert_int_equal(r.p.b.count[EV_v1_cfg_no_lease], 1);
		assert_int_not_equal(r.p.a.exit, 0);
		assert_int_equal(r.p.a.n_sa + r.p.b.n_sa, 0);
		road_done(&r);
	}
}

/* ---- who is who ---- */

TEST(a_user_is_shown_instead_of_the_groups_identity)
{
	char script[] = "/bin/hook";
	struct road r;

	road_init(&r, true, POOL);
	r.a.left.updown = script;
	r.b.right.updown = script;
	up(&r);
	assert_string_equal(r.p.a.updown.user, "alice");
	assert_string_equal(r.p.b.updown.user, "alice");
	assert_false(r.p.b.updown.has_failed_xauth);
	for (int i = 0; i < 2; i++) {
		struct side *s = i ? &r.p.b : &r.p.a;

		status(s, STATUS_TRAFFIC);
		assert_string_equal(pair_said(s, EV_traffic_status, "username"), "alice");
		assert_string_equal(pair_said(s, EV_traffic_status, "id"), "");
		assert_string_equal(pair_said(s, EV_traffic_status, "lease"), "100.64.13.2/32");
	}
	road_done(&r);
}

/* Two connections of side a, a user each, to the gateway's one. */
static void two_users(struct road *r, bool is_pull)
{
	struct conf_conn second;

	road_init(r, is_pull, POOL);
	r->p.a.logins = both;
	r->p.a.n_logins = 2;
	r->a.left.username = xstrdup("alice");
	up(r);
	assert_int_equal(r->p.a.exit, 0);
	second = r->a;
	second.name = xstrdup("second");
	second.left.username = xstrdup("bob");
	pair_add(&r->p.a, &second);
	pair_do(&r->p.a, CMD_UP, "second");
	pair_run(&r->p, 2 * NS_S);
	free(second.name);
	free(second.left.username);
}

static void two_users_done(struct road *r)
{
	free(r->a.left.username);
	road_done(r);
}

TEST(two_users_of_one_group_are_two_peers)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		struct addr second = address("100.64.13.3");
		unsigned ike, child;
		struct road r;

		two_users(&r, is_pull);
		assert_int_equal(r.p.a.exit, 0);
		assert_true(addr_eq(&r.p.a.source, &second));
		pair_count(&r.p.b, &ike, &child);
		assert_int_equal(ike, 2);
		assert_int_equal(child, 2);
		assert_int_equal(r.p.b.count[EV_v1_replaced], 0);
		assert_true(pair_agrees(&r.p));
		pair_traffic(&r.p);
		assert_int_equal(r.p.a.lost + r.p.b.lost, 0);

		/* one leaves, the other stays */
		pair_do(&r.p.a, CMD_DOWN, "second");
		pair_run(&r.p, NS_S);
		pair_count(&r.p.b, &ike, &child);
		assert_int_equal(ike, 1);
		assert_int_equal(child, 1);
		pair_traffic(&r.p);
		assert_int_equal(r.p.a.lost + r.p.b.lost, 0);
		two_users_done(&r);
	}
}

TEST(a_lease_goes_back_with_its_user)
{
	struct road r;

	road_init(&r, true, "100.64.13.2-100.64.13.2");
	up(&r);
	assert_up(&r, "100.64.13.2");
	pair_do(&r.p.a, CMD_DOWN, "vpn.example.com");
	pair_run(&r.p, NS_S);
	r.p.a.logins = &both[1];
	pair_do(&r.p.a, CMD_UP, "vpn.example.com");
	pair_run(&r.p, 2 * NS_S);
	assert_string_equal(pair_said(&r.p.b, EV_v1_xauth_verified, "user"), "bob");
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(a_user_may_have_an_address_of_its_own)
{
	const struct pair_user owner = {
		.user = "alice", .password = "right horse", .lease = address("100.64.99.1")
	};
	struct road r;

	road_init(&r, false, POOL);
	r.p.b.users = &owner;
	r.p.b.n_users = 1;
	up(&r);
	assert_up(&r, "100.64.99.1");
	road_done(&r);
}

TEST(phase_1_made_anew_asks_for_the_user_again_and_keeps_tunnel_and_address)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		unsigned ike, child;
		struct road r;

		road_init(&r, is_pull, POOL);
		up(&r);
		assert_up(&r, "100.64.13.2");
		pair_do(&r.p.a, CMD_REKEY_IKE, "vpn.example.com");
		pair_run(&r.p, 5 * NS_S);
		assert_int_equal(r.p.b.count[EV_v1_xauth_verified], 2);
		pair_count(&r.p.b, &ike, &child);
		assert_int_equal(child, 1);
		assert_int_equal(r.p.b.count[EV_v1_cfg_leased], 1);
		assert_up(&r, "100.64.13.2");
		road_done(&r);
	}
}

/* The same of a road warrior who has no name. */
TEST(phase_1_made_anew_keeps_tunnel_and_address_of_a_peer_without_a_user)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		unsigned ike, child;
		struct road r;

		road_init(&r, is_pull, POOL);
		without_xauth(&r);
		up(&r);
		assert_up(&r, "100.64.13.2");
		pair_do(&r.p.a, CMD_REKEY_IKE, "vpn.example.com");
		pair_run(&r.p, 5 * NS_S);
		assert_up(&r, "100.64.13.2");
		/* what comes under the new one is the same peer's */
		pair_do(&r.p.a, CMD_REKEY_CHILD, "vpn.example.com");
		pair_run(&r.p, 70 * NS_S);
		pair_count(&r.p.b, &ike, &child);
		assert_int_equal(child, 1);
		assert_true(pair_agrees(&r.p));
		pair_traffic(&r.p);
		assert_int_equal(r.p.a.lost + r.p.b.lost, 0);
		road_done(&r);
	}
}

TEST(a_tunnel_made_anew_under_a_new_phase_1_has_the_same_address)
{
	for (int is_pull = 0; is_pull < 2; is_pull++) {
		unsigned ike, child;
		struct road r;

		road_init(&r, is_pull, POOL);
		up(&r);
		pair_do(&r.p.a, CMD_REKEY_IKE, "vpn.example.com");
		pair_run(&r.p, 5 * NS_S);
		pair_do(&r.p.a, CMD_REKEY_CHILD, "vpn.example.com");
		pair_run(&r.p, 70 * NS_S);
		pair_count(&r.p.b, &ike, &child);
		assert_int_equal(child, 1);
		assert_true(pair_agrees(&r.p));
		pair_traffic(&r.p);
		assert_int_equal(r.p.a.lost + r.p.b.lost, 0);
		pair_do(&r.p.a, CMD_DOWN, "vpn.example.com");
		pair_run(&r.p, 2 * NS_S);
		assert_int_equal(r.p.b.n_sa, 0);
		status(&r.p.b, STATUS_POOLS);
		assert_int_equal(r.p.b.last[EV_pool_status]->row[2].u64, 0); /* in use */
		road_done(&r);
	}
}

TEST(a_gateway_that_makes_phase_1_anew_asks_its_client_again)
{
	unsigned ike, child;
	struct road r;

	road_init(&r, true, POOL);
	up(&r);
	pair_do(&r.p.b, CMD_REKEY_IKE, "vpn.example.com");
	pair_run(&r.p, 5 * NS_S);
	assert_int_equal(r.p.b.count[EV_v1_xauth_verified], 2);
	pair_count(&r.p.b, &ike, &child);
	assert_int_equal(child, 1);
	assert_true(pair_agrees(&r.p));
	pair_traffic(&r.p);
	assert_int_equal(r.p.a.lost + r.p.b.lost, 0);
	road_done(&r);
}

TEST(a_cisco_gateway_is_not_waited_for_when_phase_1_is_made_anew)
{
	struct road r;

	road_init(&r, true, POOL);
	r.a.peer_type = PEER_CISCO;
	up(&r);
	assert_up(&r, "100.64.13.2");
	/* this one asks nevertheless: it is answered */
	pair_do(&r.p.a, CMD_REKEY_IKE, "vpn.example.com");
	pair_run(&r.p, 5 * NS_S);
	assert_int_equal(r.p.b.count[EV_v1_xauth_verified], 2);
	assert_true(pair_agrees(&r.p));
	pair_traffic(&r.p);
	assert_int_equal(r.p.a.lost + r.p.b.lost, 0);
	road_done(&r);
}

/* ---- what else is told ---- */

TEST(dns_domains_banner_are_told_and_networks_narrow_the_tunnel)
{
	char script[] = "/bin/hook", banner[] = "Be good; $(or else)\n",
	     domains[] = "example.com corp.example";
	struct addr dns = address("10.0.2.53");
	struct road r;

	road_init(&r, true, POOL);
	r.a.left.updown = script;
	r.a.cisco_split = r.b.cisco_split = true;
	r.b.modecfgbanner = banner;
	r.b.modecfgdomains = domains;
	r.b.modecfgdns[r.b.n_modecfgdns++] = dns;
	r.a.right.subnet.ts[0] = pair_net("0.0.0.0/0");
	up(&r);
	assert_string_equal(r.p.a.updown.banner, "Be good; $(or else)\\x0a");
	assert_string_equal(r.p.a.updown.domains, "example.com corp.example");
	assert_int_equal(r.p.a.updown.n_dns, 1);
	assert_true(addr_eq(&r.p.a.updown.dns[0], &dns));
	assert_string_equal(pair_said(&r.p.a, EV_v1_cfg_split, "networks"), "10.0.2.0/24");
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

/* ---- what a peer may say that it should not ---- */

static struct v1_sa *sa_of(struct side *s)
{
	const struct ike *ike = s->ike;

	for (size_t i = 0; i < ike->n_version; i++) {
		struct v1 *v1 = ike->version[i].state;

		if (ike->version[i].ops->conf == VERSION_IKEV1 && !list_empty(&v1->sas))
			return list_item(v1->sas.prev, struct v1_sa, node);
	}
	fail_msg("there is no ISAKMP SA");
	return NULL;
}

/* s begins an exchange with these attributes, as it should never do. */
static void say(struct side *s, struct v1_saying *w)
{
	struct v1_sa *sa = sa_of(s);

	transaction_start(sa, &w->a, sa->state);
	v1_line_heard(sa, &sa->transaction.line);
	status(s, STATUS_BRIEF);
	pair_run(s->pair, NS_S);
}

TEST(an_address_in_use_is_not_changed_by_a_push)
{
	static const uint8_t other[] = { 100, 64, 13, 77 };
	struct v1_saying w;
	struct road r;

	road_init(&r, false, POOL);
	up(&r);
	v1_saying_init(&w, V1_CFG_SET);
	v1_saying_add(&w, V1_INTERNAL_IP4_ADDRESS, bytes_of(other, 4));
	v1_saying_add(&w, V1_UNITY_DEF_DOMAIN, bytes_str("$(reboot)"));
	v1_saying_add(&w, 28999, bytes_str("what is this"));
	say(&r.p.b, &w);
	assert_int_equal(r.p.a.count[EV_v1_cfg_domain_ignored], 1);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(answers_to_what_nobody_asked_are_dropped)
{
	struct v1_saying w;
	struct road r;

	road_init(&r, false, POOL);
	up(&r);
	for (uint8_t type = V1_CFG_REPLY; type <= V1_CFG_ACK; type += 2) {
		v1_saying_init(&w, type);
		v1_attr_add_basic(&w.a, V1_XAUTH_STATUS, 1);
		say(&r.p.b, &w);
	}
	/* a server is not told its address, and does not say who it is */
	v1_saying_init(&w, V1_CFG_SET);
	v1_saying_add(&w, V1_INTERNAL_IP4_ADDRESS, bytes_of("\x0a\x00\x02\x01", 4));
	say(&r.p.a, &w);
	v1_saying_init(&w, V1_CFG_REQUEST);
	v1_attr_add(&w.a, V1_XAUTH_USER_NAME, BYTES_NONE);
	v1_attr_add(&w.a, V1_XAUTH_USER_PASSWORD, BYTES_NONE);
	say(&r.p.a, &w);
	assert_int_equal(r.p.a.count[EV_v1_transaction_unexpected], 2);
	assert_int_equal(r.p.b.count[EV_v1_transaction_unexpected], 2);
	assert_up(&r, "100.64.13.2");
	road_done(&r);
}

TEST(addresses_that_nobody_can_have_are_refused)
{
	static const uint8_t bad[][4] = { { 0, 0, 0, 0 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 },
		{ 255, 255, 255, 255 } };

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct range odd;
		struct addr a = addr_from(bytes_of(bad[i], 4));
		struct road r;

		road_init(&r, true, POOL);
		odd = range_one(&a);
		r.b.left.pool[0] = odd;
		up(&r);
		assert_int_equal(r.p.a.count[EV_v1_cfg_no_address], 1);
		assert_out(&r, 38);
		road_done(&r);
	}
}

TEST(a_challenge_is_not_answered_with_the_password)
{
	struct v1_saying w;
	struct road r;

	road_init(&r, true, POOL);
	up(&r);
	v1_saying_init(&w, V1_CFG_REQUEST);
	v1_attr_add_basic(&w.a, V1_XAUTH_TYPE, 1);
	v1_attr_add(&w.a, V1_XAUTH_USER_PASSWORD, BYTES_NONE);
	say(&r.p.b, &w);
	assert_int_equal(r.p.a.count[EV_v1_xauth_unsupported], 1);
	assert_int_equal(r.p.a.count[EV_v1_xauth_answering], 1); /* the first one */
	road_done(&r);
}

/* ---- any schedule ---- */

TEST(lost_and_reordered_messages_do_no_harm)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		unsigned ike, child;
		struct road r;

		road_init(&r, seed % 2, POOL);
		pair_done(&r.p);
		pair_init(&r.p, seed);
		r.p.b.users = both;
		r.p.b.n_users = COUNT(both);
		r.p.a.logins = &alice;
		r.p.a.n_logins = 1;
		r.p.loss = 20;
		r.p.duplicate = 20;
		r.p.delay_min = NS_MS;
		r.p.delay_max = 300 * NS_MS;
		r.p.answer_max = 50 * NS_MS;
		r.a.automatic = AUTO_START;
		pair_up(&r.p, &r.a, &r.b);
		pair_run(&r.p, 120 * NS_S);
		r.p.loss = r.p.duplicate = 0;
		pair_run(&r.p, 400 * NS_S);
		pair_count(&r.p.a, &ike, &child);
		assert_true(ike >= 1);
		assert_int_equal(child, 1);
		pair_calm(&r.p, 5);
		assert_true(pair_agrees(&r.p));
		road_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_with_the_right_password_comes_in_and_pulls_its_address),
		cmocka_unit_test(an_address_is_pushed),
		cmocka_unit_test(aggressive_mode_goes_on_to_xauth_too),
		cmocka_unit_test(mode_config_does_without_xauth),
		cmocka_unit_test(xauth_does_without_mode_config),
		cmocka_unit_test(a_wrong_password_is_told_at_once_and_not_tried_again),
		cmocka_unit_test(an_unknown_user_is_no_different_from_a_wrong_password),
		cmocka_unit_test(another_password_may_be_tried),
		cmocka_unit_test(three_wrong_passwords_are_enough),
		cmocka_unit_test(who_has_no_password_says_so),
		cmocka_unit_test(xauthfail_soft_lets_in_and_tells_the_script),
		cmocka_unit_test(
			a_client_waits_for_a_server_that_never_asks_as_long_as_for_an_answer),
		cmocka_unit_test(who_waits_for_a_push_is_told_that_the_peer_wants_to_be_asked),
		cmocka_unit_test(a_client_that_asks_a_server_that_pushes_gets_its_address),
		cmocka_unit_test(an_empty_pool_is_told),
		cmocka_unit_test(a_user_is_shown_instead_of_the_groups_identity),
		cmocka_unit_test(two_users_of_one_group_are_two_peers),
		cmocka_unit_test(a_lease_goes_back_with_its_user),
		cmocka_unit_test(a_user_may_have_an_address_of_its_own),
		cmocka_unit_test(
			phase_1_made_anew_asks_for_the_user_again_and_keeps_tunnel_and_address),
		cmocka_unit_test(
			phase_1_made_anew_keeps_tunnel_and_address_of_a_peer_without_a_user),
		cmocka_unit_test(a_tunnel_made_anew_under_a_new_phase_1_has_the_same_address),
		cmocka_unit_test(a_gateway_that_makes_phase_1_anew_asks_its_client_again),
		cmocka_unit_test(a_cisco_gateway_is_not_waited_for_when_phase_1_is_made_anew),
		cmocka_unit_test(dns_domains_banner_are_told_and_networks_narrow_the_tunnel),
		cmocka_unit_test(an_address_in_use_is_not_changed_by_a_push),
		cmocka_unit_test(answers_to_what_nobody_asked_are_dropped),
		cmocka_unit_test(addresses_that_nobody_can_have_are_refused),
		cmocka_unit_test(a_challenge_is_not_answered_with_the_password),
		cmocka_unit_test(lost_and_reordered_messages_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
