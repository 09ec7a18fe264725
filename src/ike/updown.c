/* The user's leftupdown=: what happened to a Child SA, as facts; the parent makes the call. */
#include "ike/engine.h"
#include "ike/status_conn.h"

#include <inttypes.h>
#include <stdio.h>

/* The order in which Libreswan calls; is_up: the first three. */
static const struct {
	const char *word;
	bool is_up;
} stages[] = {
	{ "prepare", true },
	{ "route", true },
	{ "up", true },
	{ "down", false },
	{ "unroute", false },
};

static void fill_child(struct action *a, const struct child *c, bool is_v6)
{
	a->updown.serial = c->serial;
	a->updown.reqid = c->reqid;
	a->updown.local = c->local;
	a->updown.remote = c->remote;
	a->updown.ts_local = &c->ts_local.ts[0];
	a->updown.ts_remote = &c->ts_remote.ts[0];
	a->updown.source = conn_source(c->conn, is_v6 ? 6 : 4);
	a->updown.spi_in = c->spi_in;
	a->updown.spi_out = c->spi_out;
	a->updown.in_bytes = c->last.in_bytes;
	a->updown.out_bytes = c->last.out_bytes;
	a->updown.add_time = (uint64_t)(c->add_time / NS_S);
}

static void fill_conn(struct action *a, const struct conn *c)
{
	struct dp_extra extra;

	conn_extra(c, true, &extra);
	a->updown.mark_in = extra.mark_in;
	a->updown.mark_out = extra.mark_out;
	a->updown.conn = c->conf->name;
	a->updown.ours = &c->our_id;
	a->updown.domains = c->dns.domains ? c->dns.domains : "";
	a->updown.dns = c->dns.server;
	a->updown.n_dns = c->dns.n_server;
	a->updown.metric = c->conf->metric;
	a->updown.mtu = c->conf->mtu;
	a->updown.is_instance = c->template != NULL;
	a->updown.is_cfg_client = c->ours->modecfgclient;
	a->updown.is_cfg_server = c->ours->modecfgserver;
	a->updown.user = c->xauth.user ? c->xauth.user : "";
	a->updown.banner = c->xauth.banner ? c->xauth.banner : "";
	a->updown.has_failed_xauth = c->xauth.has_failed;
	a->updown.is_cisco = c->conf->peer_type == PEER_CISCO;
}

void child_updown(struct ike *ike, const struct child *c, const struct id *theirs, bool is_up)
{
	char verb[32], policy[CONN_POLICY_STR];
	struct action a = { 0 };
	bool is_v6, is_client;

	if (!c->conn->ours->updown || c->ts_local.n == 0 || c->ts_remote.n == 0)
		return;
	is_v6 = c->ts_local.ts[0].range.first.family == 6;
	is_client = c->conn->ours->subnet.n != 0 || c->conn->ours->modecfgclient;
	fill_child(&a, c, is_v6);
	fill_conn(&a, c->conn);
	a.updown.theirs = theirs;
	a.updown.policy = conn_policy_text(c->conn, policy);
	a.updown.verb = verb;
	for (size_t i = 0; i < COUNT(stages); i++) {
		if (stages[i].is_up != is_up)
			continue;
		snprintf(verb, sizeof(verb), "%s-%s%s", stages[i].word,
			is_client ? "client" : "host", is_v6 ? "-v6" : "");
		ike_tell_updown(ike, &a);
	}
}

/* ---- keys for people: Wireshark's esp_sa lines ---- */

static const char *esp_encr(const struct suite *s)
{
	switch (s->encr) {
	case ENCR_AES_CBC:
		return "AES-CBC [RFC3602]";
	case ENCR_AES_CTR:
		return "AES-CTR [RFC3686]";
	case ENCR_AES_GCM_8:
		return "AES-GCM with 8 octet ICV [RFC4106]";
	case ENCR_AES_GCM_12:
		return "AES-GCM with 12 octet ICV [RFC4106]";
	case ENCR_AES_GCM_16:
		return "AES-GCM with 16 octet ICV [RFC4106]";
	case ENCR_CHACHA20_POLY1305:
		return "ChaCha20 with Poly1305 [RFC7634]";
	case ENCR_NULL:
		return "NULL";
	default:
		return NULL;
	}
}

static const char *esp_integ(const struct suite *s)
{
	switch (s->integ) {
	case INTEG_HMAC_SHA1_96:
		return "HMAC-SHA-1-96 [RFC2404]";
	case INTEG_HMAC_SHA2_256_128:
		return "HMAC-SHA-256-128 [RFC4868]";
	case INTEG_HMAC_SHA2_384_192:
		return "HMAC-SHA-384-192 [RFC4868]";
	case INTEG_HMAC_SHA2_512_256:
		return "HMAC-SHA-512-256 [RFC4868]";
	case INTEG_AES_CMAC_96:
		return "AES-CMAC-96 [RFC4494]";
	default:
		return "NULL";
	}
}

static void export_one(struct ike *ike, const struct child *c, bool is_in)
{
	const struct endpoint *from = is_in ? &c->remote : &c->local;
	const struct endpoint *to = is_in ? &c->local : &c->remote;
	const struct secret *encr = is_in ? &c->encr_in : &c->encr_out;
	const struct secret *integ = is_in ? &c->integ_in : &c->integ_out;
	char src[ADDR_STR], dst[ADDR_STR], e[256], i[256], line[1024];

	if (encr->n > 100 || integ->n > 100 || !esp_encr(&c->suite))
		return;
	bytes_hex(secret_view(encr), e);
	bytes_hex(secret_view(integ), i);
	snprintf(line, sizeof(line),
		"esp_sa \"%s\",\"%s\",\"%s\",\"0x%08" PRIx32 "\",\"%s\",\"0x%s\",\"%s\",\"%s%s\"",
		from->addr.family == 6 ? "IPv6" : "IPv4", addr_format(&from->addr, src),
		addr_format(&to->addr, dst), is_in ? c->spi_in : c->spi_out, esp_encr(&c->suite), e,
		esp_integ(&c->suite), integ->n ? "0x" : "", i);
	ike->export_line(ike->export_ctx, line);
	wipe(line, sizeof(line));
	wipe(e, sizeof(e));
	wipe(i, sizeof(i));
}

void child_export(struct ike *ike, const struct child *c)
{
	if (!ike->export_line)
		return;
	export_one(ike, c, true);
	export_one(ike, c, false);
}
