#include "config/facts.h"

#include "config/show.h"
#include "crypto/prf.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIST = 1024 };

/* "%any", a name, or the address */
static const char *host_text(const struct conf_end *e, char *s)
{
	if (e->host_kind == HOST_NAME && !addr_is_set(&e->host))
		return e->host_name;
	return addr_is_set(&e->host) ? addr_format(&e->host, s) : "%any";
}

/* That of its own, or the address. */
static const char *id_text(const struct conf_end *e, const char *host, char *s, size_t n)
{
	return e->id.type == ID_NONE ? host : id_format(&e->id, s, n);
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static const char *three(uint8_t v)
{
	return v == YNA_AUTO ? "auto" : yes(v == YNA_YES);
}

char *conf_digest(const struct conf_conn *c, char ret[static CONF_DIGEST])
{
	char *text = conf_conn_show(c);
	uint8_t sum[32];

	sha256((struct bytes[]){ bytes_str(text) }, 1, sum);
	bytes_hex(bytes_of(sum, CONF_DIGEST / 2), ret);
	free(text);
	return ret;
}

const struct proposals *conf_ike_list(const struct conf_conn *c)
{
	return c->ike			     ? c->ike
	       : c->version == VERSION_IKEV1 ? proposals_default_ike_v1()
					     : proposals_default_ike();
}

const struct proposals *conf_esp_list(const struct conf_conn *c)
{
	return c->esp			     ? c->esp
	       : c->version == VERSION_IKEV1 ? proposals_default_esp_v1()
					     : proposals_default_esp();
}

/* What both events say of a connection. */
struct words {
	char a[ADDR_STR], b[ADDR_STR], our_id[ID_STR], their_id[ID_STR], our_nets[TS_LIST_STR],
		their_nets[TS_LIST_STR], ike[LIST], esp[LIST], digest[CONF_DIGEST];
	const char *our_side, *ours, *theirs, *version, *mode;
	struct event_value our_id_is, their_id_is;
};

static void in_words(const struct conf_conn *c, struct words *w)
{
	/* neither is: as people write it, left is local */
	bool is_left = c->local_is_left || !c->oriented;
	const struct conf_end *ours = is_left ? &c->left : &c->right;
	const struct conf_end *theirs = is_left ? &c->right : &c->left;

	w->our_side = is_left ? "left" : "right";
	w->ours = host_text(ours, w->a);
	w->theirs = host_text(theirs, w->b);
	w->our_id_is = ev_str(id_text(ours, w->ours, w->our_id, sizeof(w->our_id)));
	w->their_id_is = ev_str(id_text(theirs, w->theirs, w->their_id, sizeof(w->their_id)));
	ts_list_format(&ours->subnet, w->our_nets);
	ts_list_format(&theirs->subnet, w->their_nets);
	w->version = c->version == VERSION_IKEV1 ? "IKEv1" : "IKEv2";
	w->mode = c->version == VERSION_IKEV2 ? "" : c->aggressive ? "aggressive" : "main";
	proposals_conf(conf_ike_list(c), w->ike, sizeof(w->ike));
	proposals_conf(conf_esp_list(c), w->esp, sizeof(w->esp));
	conf_digest(c, w->digest);
}

void conf_worked(const struct conf_conn *c, const struct facts_worked *is,
	const struct facts_host *host, const struct event_about *about, struct now now,
	const struct event_sink *to)
{
	struct words w;

	in_words(c, &w);
	EMIT(to, now, about, last_good, .worked_at = ev_u64((uint64_t)(now.wall / NS_S)),
		.remote = ev_str(is->remote), .theirs = ev_str(w.theirs),
		.version = ev_str(w.version), .mode = ev_str(w.mode), .our_id = w.our_id_is,
		.their_id = w.their_id_is, .our_nets = ev_str(w.our_nets),
		.their_nets = ev_str(w.their_nets), .ike = ev_str(w.ike), .esp = ev_str(w.esp),
		.ike_used = ev_str(is->ike_used), .ike_swanctl = ev_str(is->ike_swanctl),
		.esp_used = ev_str(is->esp_used), .esp_swanctl = ev_str(is->esp_swanctl),
		.natd = ev_str(is->natd), .product = ev_str(is->product),
		.plane = ev_str(is->plane), .digest = ev_str(w.digest),
		.kernel = ev_str(host->kernel), .daemon = ev_str(host->daemon));
}

const char *conf_auto(const struct conf_conn *c)
{
	static const char *const autos[] = { [AUTO_IGNORE] = "ignore",
		[AUTO_ADD] = "add",
		[AUTO_ONDEMAND] = "ondemand",
		[AUTO_START] = "start",
		[AUTO_KEEP] = "keep" };

	return autos[c->automatic];
}

void conf_facts(const struct conf_conn *c, const struct facts_host *host,
	const struct event_about *about, struct now now, const struct event_sink *to)
{
	static const char *const types[] = { [TYPE_TUNNEL] = "tunnel",
		[TYPE_TRANSPORT] = "transport",
		[TYPE_PASS] = "passthrough",
		[TYPE_DROP] = "drop",
		[TYPE_REJECT] = "reject" };
	char mark[24] = "";
	struct words w;

	in_words(c, &w);
	if (c->mark_out.mask && !c->mark_out.is_unique)
		snprintf(mark, sizeof(mark), "%u/0x%x", c->mark_out.value, c->mark_out.mask);
	EMIT(to, now, about, conn_facts, .ours = ev_str(w.ours), .our_id = w.our_id_is,
		.our_nets = ev_str(w.our_nets), .theirs = ev_str(w.theirs),
		.their_id = w.their_id_is, .their_nets = ev_str(w.their_nets),
		.our_side = ev_str(w.our_side), .version = ev_str(w.version),
		.mode = ev_str(w.mode),
		.authby = ev_str(c->authby & AUTHBY_NEVER ? "never" : "secret"),
		.ike = ev_str(w.ike), .esp = ev_str(w.esp), .pfs = ev_str(three(c->pfs)),
		.type = ev_str(types[c->type]), .narrowing = ev_str(yes(c->narrowing)),
		.encapsulation = ev_str(three(c->encapsulation)), .auto_ = ev_str(conf_auto(c)),
		.dpddelay = ev_u64((uint64_t)(c->dpddelay / NS_S)), .file = ev_str(c->file),
		.at_line = ev_u64(c->line), .suite = ev_str(""), .digest = ev_str(w.digest),
		.kernel = ev_str(host->kernel), .daemon = ev_str(host->daemon),
		.rekey = ev_str(yes(c->rekey)), .sha2_truncbug = ev_str(yes(c->sha2_truncbug)),
		.mark = ev_str(mark), .ike_from = ev_str(c->ike_from ? c->ike_from : ""),
		.esp_from = ev_str(c->esp_from ? c->esp_from : ""));
}
