/* What the daemon counts of tunnels, for the test flow. */
#include "cmd/diagnose.h"
#include "cmd/flow.h"

#include <jansson.h>

struct counted {
	struct flow_octets *octets;
	bool is_up;
};

static uint64_t octets_in(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void count(void *ctx, const char *line)
{
	struct counted *c = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(o, "event"));

	if (name && strcmp(name, "traffic_status") == 0) {
		c->is_up = true;
		c->octets->in += octets_in(o, "in_bytes");
		c->octets->out += octets_in(o, "out_bytes");
		c->octets->dropped += octets_in(o, "drops");
	}
	json_decref(o);
}

bool diagnose_octets(const struct cmd *c, const char *conn, struct flow_octets *ret)
{
	struct counted counted = { ret, false };

	*ret = (struct flow_octets){ 0 };
	(void)request_each(
		c, "trafficstatus", json_pack("{s:s}", "name", conn), 0, count, &counted);
	return counted.is_up;
}

/* Seen from this end, and as the file has them. */
static bool is_alike(const struct conf_conn *a, const struct conf_conn *b)
{
	const struct conf_end *ours = a->local_is_left ? &a->left : &a->right,
			      *theirs = a->local_is_left ? &a->right : &a->left,
			      *b_ours = b->local_is_left ? &b->left : &b->right,
			      *b_theirs = b->local_is_left ? &b->right : &b->left;

	return ours->subnet.n && theirs->subnet.n && ts_list_eq(&ours->subnet, &b_ours->subnet) &&
	       ts_list_eq(&theirs->subnet, &b_theirs->subnet);
}

const char *diagnose_other(const struct cmd *c, const struct conf *conf, const struct conf_conn *as,
	unsigned i, struct flow_octets *ret)
{
	for (size_t k = 0; k < conf->n; k++) {
		const struct conf_conn *o = conf->conn[k];

		if (o != as && o->oriented && is_alike(o, as) && i-- == 0)
			return diagnose_octets(c, o->name, ret) ? o->name : NULL;
	}
	return NULL;
}
