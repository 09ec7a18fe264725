#include "ike/engine.h"

#include <stdlib.h>

#include "base/test.h"

struct seen {
	char topology[256], ids[256], policy[256], auth[256], xauth[256], dpd[256], nat[256];
};

static void take(void *ctx, const struct event *e)
{
	struct seen *s = ctx;

	if (e->id == EV_connection_topology)
		event_line(e, false, s->topology, sizeof(s->topology));
	if (e->id == EV_connection_ids)
		event_line(e, false, s->ids, sizeof(s->ids));
	if (e->id == EV_connection_policy)
		event_line(e, false, s->policy, sizeof(s->policy));
	if (e->id == EV_connection_xauth)
		event_line(e, false, s->xauth, sizeof(s->xauth));
	if (e->id == EV_connection_dpd_v1)
		event_line(e, false, s->dpd, sizeof(s->dpd));
	if (e->id == EV_connection_nat)
		event_line(e, false, s->nat, sizeof(s->nat));
	if (e->id == EV_connection_auth)
		event_line(e, false, s->auth, sizeof(s->auth));
}

/* What the status says of a connection. */
static struct seen status_of_conf_take(struct conf_conn *c)
{
	struct seen seen = { 0 };
	struct rng_seeded seed;
	struct ike_env env = { .rng = rng_seeded(&seed, 1), .events = { take, &seen } };
	struct command show = { .kind = CMD_STATUS, .what = STATUS_CONNECTIONS };
	struct ike *ike = ike_new(&env, (struct now){ 0, 0 });

	if (c->type >= TYPE_PASS)
		conn_route(conn_new_take(ike, c), 0);
	else
		conn_new_take(ike, c);
	ike_command(ike, (struct now){ 0, 0 }, &show);
	ike_free(ike);
	return seen;
}

/* Of one to right, whose identity is right_id (NULL: unset). */
static struct conf_conn *conf_of(const char *right, const char *right_id, enum conf_type type)
{
	struct conf_conn *c = xalloc(sizeof(*c));

	c->name = xstrdup("c");
	c->type = (uint8_t)type;
	c->oriented = c->local_is_left = true;
	c->left.host_kind = HOST_ADDR;
	assert_int_equal(addr_parse("192.0.2.1", &c->left.host), OK);
	c->right.host_kind = right ? HOST_ADDR : HOST_ANY;
	if (right)
		assert_int_equal(addr_parse(right, &c->right.host), OK);
	if (right_id)
		assert_int_equal(id_parse(right_id, &c->right.id), OK);
	return c;
}

static struct seen status_of(const char *right, const char *right_id, enum conf_type type)
{
	return status_of_conf_take(conf_of(right, right_id, type));
}

static void shows(const char *right, const char *right_id, const char *end, const char *id)
{
	struct seen s = status_of(right, right_id, TYPE_TUNNEL);

	if (!strstr(s.topology, end))
		fail_msg("%s: expected %s", s.topology, end);
	if (!strstr(s.ids, id))
		fail_msg("%s: expected %s", s.ids, id);
}

/* An identity that is not said is the address; %any is any, and that is told apart. */
TEST(the_peers_identity_is_shown_as_it_counts)
{
	shows("192.0.2.2", NULL, "...192.0.2.2;", "their id=192.0.2.2");
	shows("192.0.2.2", "@b", "...192.0.2.2[@b];", "their id=@b");
	shows("192.0.2.2", "%any", "...192.0.2.2[%any];", "their id=%any");
	shows(NULL, NULL, "...%any;", "their id=%any");
	shows(NULL, "%any", "...%any;", "their id=%any");
}

TEST(what_belongs_to_ikev1_is_shown_with_it_only)
{
	struct conf_conn *c = conf_of("192.0.2.2", NULL, TYPE_TUNNEL);
	struct seen s;

	c->version = VERSION_IKEV1;
	c->authby = AUTHBY_SECRET;
	c->pfs = YNA_YES;
	c->rekey = true;
	c->aggressive = c->modecfgpull = true;
	c->left.xauthclient = c->right.xauthserver = true;
	c->left.username = xstrdup("alice");
	c->dpddelay = 30 * NS_S;
	c->dpdtimeout = 120 * NS_S;
	c->dpdaction = DPDACTION_RESTART;
	s = status_of_conf_take(c);
	assert_string_equal(s.policy, "\"c\":   policy: "
				      "IKEv1+PSK+ENCRYPT+TUNNEL+PFS+XAUTH+MODECFG_PULL+AGGRESSIVE+"
				      "ESN_NO;");
	assert_string_equal(s.xauth, "\"c\":   xauth us:client, xauth them:server, "
				     "my_username=alice; their_username=[any]");
	assert_string_equal(s.dpd, "\"c\":   dpd: active; action:restart; delay:30s; timeout:120s");
	assert_non_null(strstr(s.nat, "; ikev1-method:rfc+drafts"));
	s = status_of("192.0.2.2", NULL, TYPE_TUNNEL);
	assert_string_equal(s.xauth, "\"c\":   xauth us:none, xauth them:none, "
				     "my_username=[any]; their_username=[any]");
	assert_string_equal(s.dpd, "");
	assert_null(strstr(s.nat, "ikev1-method"));
	assert_null(strstr(s.policy, "AGGRESSIVE"));
}

TEST(a_shunt_is_shown_as_one)
{
	struct seen s = status_of("192.0.2.2", NULL, TYPE_PASS);

	assert_non_null(strstr(s.topology, "; prospective erouted; eroute owner: #0"));
	assert_string_equal(s.policy, "\"c\":   policy: AUTH_NEVER+ROUTE+PASS+NEVER_NEGOTIATE;");
	assert_non_null(strstr(s.auth, "our auth:never, their auth:never"));
	s = status_of("192.0.2.2", NULL, TYPE_REJECT);
	assert_string_equal(s.policy, "\"c\":   policy: AUTH_NEVER+ROUTE+REJECT+NEVER_NEGOTIATE;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_peers_identity_is_shown_as_it_counts),
		cmocka_unit_test(what_belongs_to_ikev1_is_shown_with_it_only),
		cmocka_unit_test(a_shunt_is_shown_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
