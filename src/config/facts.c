#include "config/facts.h"

#include <stdio.h>

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

static const char *list_text(const struct proposals *p, char *s, size_t n)
{
	return p ? proposals_format(p, s, n) : "";
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static const char *three(uint8_t v)
{
	return v == YNA_AUTO ? "auto" : yes(v == YNA_YES);
}

void conf_facts(const struct conf_conn *c, const struct event_about *about, struct now now,
	const struct event_sink *to)
{
	static const char *const autos[] = { [AUTO_IGNORE] = "ignore",
		[AUTO_ADD] = "add",
		[AUTO_ONDEMAND] = "ondemand",
		[AUTO_START] = "start",
		[AUTO_KEEP] = "keep" };
	static const char *const types[] = { [TYPE_TUNNEL] = "tunnel",
		[TYPE_TRANSPORT] = "transport",
		[TYPE_PASS] = "passthrough",
		[TYPE_DROP] = "drop",
		[TYPE_REJECT] = "reject" };
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	char a[ADDR_STR], b[ADDR_STR], our_id[ID_STR], their_id[ID_STR], our_nets[TS_LIST_STR],
		their_nets[TS_LIST_STR];
	char ike[2048], esp[2048];
	const char *our_host = host_text(ours, a), *their_host = host_text(theirs, b);

	ts_list_format(&ours->subnet, our_nets);
	ts_list_format(&theirs->subnet, their_nets);
	EMIT(to, now, about, conn_facts, .ours = ev_str(our_host),
		.our_id = ev_str(id_text(ours, our_host, our_id, sizeof(our_id))),
		.our_nets = ev_str(our_nets), .theirs = ev_str(their_host),
		.their_id = ev_str(id_text(theirs, their_host, their_id, sizeof(their_id))),
		.their_nets = ev_str(their_nets),
		.our_side = ev_str(c->local_is_left ? "left" : "right"),
		.version = ev_str(c->version == VERSION_IKEV1 ? "IKEv1" : "IKEv2"),
		.mode = ev_str(c->version == VERSION_IKEV2 ? ""
			       : c->aggressive		   ? "aggressive"
							   : "main"),
		.authby = ev_str(c->authby & AUTHBY_NEVER ? "never" : "secret"),
		.ike = ev_str(list_text(c->ike, ike, sizeof(ike))),
		.esp = ev_str(list_text(c->esp, esp, sizeof(esp))), .pfs = ev_str(three(c->pfs)),
		.type = ev_str(types[c->type]), .narrowing = ev_str(yes(c->narrowing)),
		.encapsulation = ev_str(three(c->encapsulation)),
		.auto_ = ev_str(autos[c->automatic]),
		.dpddelay = ev_u64((uint64_t)(c->dpddelay / NS_S)), .file = ev_str(c->file),
		.at_line = ev_u64(c->line), .suite = ev_str(""));
}
