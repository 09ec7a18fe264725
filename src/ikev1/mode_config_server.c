/* Mode Config, the server (draft-dukes-ike-mode-cfg-02 4): lends an address of addresspool=, or the
 * user's own, when it is asked (pull) or unasked (push), and says what Cisco's clients ask for. */
#include "ikev1/transaction.h"
#include "ikev1/unity.h"

#include "base/word.h"
#include <stdio.h>

/* ---- the address ---- */

/* The connection's pools exist before a user's own address could stand in their way. */
static enum err lease_own(struct v1_sa *sa, const struct id *who)
{
	struct conn *c = sa->conn;
	struct pool *p;

	for (size_t i = 0; i < c->theirs->n_pool; i++)
		(void)!pools_get(&sa->ike->pools, &c->theirs->pool[i], &p);
	return pools_lease_own(&sa->ike->pools, who, &sa->own_address, &c->lease[0]);
}

static enum err lease_any(struct v1_sa *sa, const struct id *who, const struct addr *wanted)
{
	struct conn *c = sa->conn;
	enum err e = ERR_MISSING;
	struct pool *p;

	for (size_t i = 0; i < c->theirs->n_pool && e != OK; i++) {
		if (c->theirs->pool[i].first.family != 4)
			continue;
		if ((e = pools_get(&sa->ike->pools, &c->theirs->pool[i], &p)))
			continue;
		e = pool_lease(p, who, addr_is_set(wanted) ? wanted : NULL,
			sa->ike->setup.uniqueids, &c->lease[0]);
	}
	return e;
}

/* Of what an address was to come. */
static char *pool_text(const struct conn *c, char s[RANGE_STR])
{
	s[0] = '\0';
	for (size_t i = 0; i < c->theirs->n_pool && !s[0]; i++)
		if (c->theirs->pool[i].first.family == 4)
			range_format(&c->theirs->pool[i], s);
	return s;
}

static enum err lease(struct v1_sa *sa, const struct v1_attrs *asked)
{
	const struct v1_attr *v = asked ? v1_attr_find(asked, V1_INTERNAL_IP4_ADDRESS) : NULL;
	struct addr wanted = { 0 };
	char pool[RANGE_STR];
	struct id who;
	enum err e;

	if (sa->conn->has_lent)
		return OK;
	if (v && v->value.n == 4)
		wanted = addr_from(v->value);
	who = user_id(sa);
	if (addr_is_set(&sa->own_address))
		e = lease_own(sa, &who);
	else
		e = lease_any(sa, &who, &wanted);
	id_done(&who);
	sa->conn->has_lent = e == OK;
	if (e == OK)
		V1_EMIT(sa, v1_cfg_leased, .address = ev_addr(sa->conn->lease[0]));
	else
		V1_EMIT(sa, v1_cfg_no_lease, .why = ev_str(err_text(e)),
			.pool = ev_str(pool_text(sa->conn, pool)),
			.is_full = ev_u64(e == ERR_EXHAUSTED));
	return e;
}

/* ---- what we say ---- */

/* A server that pushes says all; asked NULL. */
static bool is_asked(const struct v1_attrs *asked, uint16_t type)
{
	return asked && v1_attr_find(asked, type);
}

static void say_dns(struct v1_sa *sa, struct v1_saying *s)
{
	const struct conf_conn *conf = sa->conn->conf;

	for (size_t i = 0; i < conf->n_modecfgdns; i++)
		if (conf->modecfgdns[i].family == 4)
			v1_saying_add(s, V1_INTERNAL_IP4_DNS, addr_bytes(&conf->modecfgdns[i]));
}

static void say_supported(struct v1_saying *s)
{
	static const uint16_t types[] = { V1_INTERNAL_IP4_ADDRESS, V1_INTERNAL_IP4_NETMASK,
		V1_INTERNAL_IP4_DNS, V1_APPLICATION_VERSION, V1_SUPPORTED_ATTRIBUTES };
	uint8_t room[2 * COUNT(types)];
	struct wr w = wr_to(room, sizeof(room));

	for (size_t i = 0; i < COUNT(types); i++)
		wr_u16(&w, types[i]);
	v1_saying_add(s, V1_SUPPORTED_ATTRIBUTES, wr_view(&w));
}

/* The first one is the client's own, all of them are ours to answer. */
static void say_domains(const struct conf_conn *conf, struct v1_saying *s)
{
	const char *list = conf->modecfgdomains, *word;
	char all[1024];
	size_t n = 0, at = 0;

	while (list && (word = word_next(&list, &n)) && at + n + 2 < sizeof(all)) {
		if (at == 0)
			v1_saying_add(s, V1_UNITY_DEF_DOMAIN, bytes_of(word, n));
		at += (size_t)snprintf(
			all + at, sizeof(all) - at, "%s%.*s", at ? "," : "", (int)n, word);
	}
	if (at)
		v1_saying_add(s, V1_UNITY_SPLITDNS_NAME, bytes_of(all, at));
}

static void say_split(struct v1_sa *sa, struct v1_saying *s)
{
	uint8_t room[TS_LIST_MAX * V1_SPLIT_N];
	struct wr w = wr_to(room, sizeof(room));

	v1_split_put(&w, &sa->conn->ours->subnet);
	if (w.n == 0)
		return;
	v1_saying_add(s, V1_UNITY_SPLIT_INCLUDE, wr_view(&w));
	sa->has_told_split = true;
}

static void say_unity(struct v1_sa *sa, const struct v1_attrs *asked, struct v1_saying *s)
{
	const struct conf_conn *conf = sa->conn->conf;
	bool all = sa->vendors & V1_VENDOR_UNITY || conf->peer_type == PEER_CISCO;

	if (conf->modecfgbanner && (all || is_asked(asked, V1_UNITY_BANNER)))
		v1_saying_add(s, V1_UNITY_BANNER, bytes_str(conf->modecfgbanner));
	if (all || is_asked(asked, V1_UNITY_DEF_DOMAIN) || is_asked(asked, V1_UNITY_SPLITDNS_NAME))
		say_domains(conf, s);
	if (conf->cisco_split && (all || is_asked(asked, V1_UNITY_SPLIT_INCLUDE)))
		say_split(sa, s);
	/* may the client keep the user's password? Its user's matter, not ours: no */
	if (is_asked(asked, V1_UNITY_SAVE_PASSWD))
		v1_attr_add_basic(&s->a, V1_UNITY_SAVE_PASSWD, 0);
	if (is_asked(asked, V1_UNITY_PFS) && conf->pfs == YNA_NO)
		v1_attr_add_basic(&s->a, V1_UNITY_PFS, 0);
}

static void say_all(struct v1_sa *sa, const struct v1_attrs *asked, struct v1_saying *s)
{
	static const struct addr host = { .family = 4, .b = { 255, 255, 255, 255 } };
	const struct conn *c = sa->conn;

	if (c->has_lent && addr_is_set(&c->lease[0]))
		v1_saying_add(s, V1_INTERNAL_IP4_ADDRESS, addr_bytes(&c->lease[0]));
	if (is_asked(asked, V1_INTERNAL_IP4_NETMASK))
		v1_saying_add(s, V1_INTERNAL_IP4_NETMASK, addr_bytes(&host));
	if (!asked || is_asked(asked, V1_INTERNAL_IP4_DNS))
		say_dns(sa, s);
	if (is_asked(asked, V1_APPLICATION_VERSION))
		v1_saying_add(s, V1_APPLICATION_VERSION, bytes_str("clearswan"));
	if (is_asked(asked, V1_SUPPORTED_ATTRIBUTES))
		say_supported(s);
	say_unity(sa, asked, s);
}

/* ---- push ---- */

void mode_config_push(struct v1_sa *sa)
{
	struct v1_saying s;

	if (lease(sa, NULL) != OK) {
		transaction_fail(sa, EXIT_IKE_TS);
		return;
	}
	v1_saying_init(&s, V1_CFG_SET);
	say_all(sa, NULL, &s);
	V1_EMIT(sa, v1_cfg_pushing, .state = ev_str("MODE_CFG_R1"));
	transaction_start(sa, &s.a, V1_MODECFG_S_PUSHED);
}

void mode_config_acked(struct v1_sa *sa, const struct v1_attrs *a)
{
	(void)a;
	sa->has_config = true;
	transaction_over(sa);
}

/* ---- pull ---- */

static void asked_event(struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *version = v1_attr_find(a, V1_APPLICATION_VERSION);
	char text[256] = "";

	if (version)
		event_escape(
			bytes_of(version->value.p, MIN(version->value.n, 60u)), text, sizeof(text));
	V1_EMIT(sa, v1_cfg_asked, .application = ev_str(text));
}

/* Also where we were about to push, or to hear that it knows that it is in: it is further. */
void mode_config_requested(struct v1_sa *sa, const struct v1_attrs *a)
{
	struct v1_saying s;

	asked_event(sa, a);
	(void)!lease(sa, a); /* without an address the client decides what to do */
	v1_saying_init(&s, V1_CFG_REPLY);
	say_all(sa, a, &s);
	transaction_answer(sa, &s.a);
	sa->has_config = sa->conn->has_lent;
	if (sa->state != V1_ESTABLISHED)
		transaction_over(sa);
}
