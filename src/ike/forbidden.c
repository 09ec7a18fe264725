/* Algorithms of a connection that this host does not have: it goes without them, and says so. */
#include "ike/command.h"
#include "ike/engine.h"

#include "config/facts.h"
#include "crypto/forbidden.h"

#include <stdlib.h>

/* With the kernel's ESP the library makes the keys only. */
static uint64_t forbidden_for(const struct ike *ike, bool is_esp)
{
	uint64_t set = ike->env.forbidden, ret = 0;
	const struct alg *a;

	if (!is_esp || ike->plane != PLANE_KERNEL)
		return set;
	for (size_t i = 0; i < 64 && (a = alg_at(i)); i++)
		if (a->type == TT_KE)
			ret |= set & (uint64_t)1 << i;
	return ret;
}

/* False: nothing is left of the list. *ret: what is, of proposals_new(); NULL: all of it. */
static bool allowed(struct ike *ike, const struct command *c, const char *keyword,
	const struct proposals *list, bool is_written, struct proposals **ret)
{
	struct proposals *left = xalloc(sizeof(*left));
	char gone[256], rest[1024];
	const struct event_about about = { .conn = c->conn->name, .request = c->request };
	bool is_any;

	*ret = NULL;
	proposals_without(
		list, forbidden_for(ike, strcmp(keyword, "esp") == 0), left, gone, sizeof(gone));
	is_any = left->n != 0;
	if (gone[0])
		EMIT(&ike->env.events, ike->now, &about, conn_forbidden,
			.name = ev_str(c->conn->name), .keyword = ev_str(keyword),
			.algorithms = ev_str(gone),
			.where = ev_str(ike->env.forbidden_where ? ike->env.forbidden_where : ""),
			.policy = ev_str(ike->env.forbidden_by ? ike->env.forbidden_by : ""),
			.rest = ev_str(proposals_conf(left, rest, sizeof(rest))),
			.is_written = ev_u64(is_written));
	if (gone[0] && is_any)
		*ret = proposals_new(left);
	free(left);
	return is_any;
}

static void set_list(struct conf_conn **conf, const struct conf_conn *of, bool is_esp,
	struct proposals *list_take)
{
	struct proposals **at;

	if (!list_take)
		return;
	if (!*conf)
		*conf = conf_conn_copy(of);
	at = is_esp ? &(*conf)->esp : &(*conf)->ike;
	free(*at);
	*at = list_take;
}

bool conn_allowed(struct ike *ike, const struct command *c, struct conf_conn **ret)
{
	const struct conf_conn *conf = c->conn;
	struct proposals *ike_list = NULL, *esp_list = NULL;
	bool is_any;

	*ret = NULL;
	if (!ike->env.forbidden || conf->type >= TYPE_PASS)
		return true;
	is_any = allowed(ike, c, "ike", conf_ike_list(conf), conf->ike != NULL, &ike_list);
	is_any =
		allowed(ike, c, "esp", conf_esp_list(conf), conf->esp != NULL, &esp_list) && is_any;
	set_list(ret, conf, false, ike_list);
	set_list(ret, conf, true, esp_list);
	return is_any;
}
