/* The user's leftupdown=: what happened to a Child SA, as facts; the parent makes the call. */
#include "ike/engine.h"

#include <inttypes.h>
#include <stdio.h>

static const char *verb_of(bool is_up, bool is_client, bool is_v6)
{
	if (is_client)
		return is_up ? (is_v6 ? "up-client-v6" : "up-client")
			     : (is_v6 ? "down-client-v6" : "down-client");
	return is_up ? (is_v6 ? "up-host-v6" : "up-host") : (is_v6 ? "down-host-v6" : "down-host");
}

static struct addr source_of(const struct conn *c, uint8_t family)
{
	return c->ours->modecfgclient && !c->has_lent ? c->lease[family == 6] : (struct addr){ 0 };
}

void child_updown(struct ike *ike, const struct child *c, const struct id *theirs, bool is_up)
{
	struct action a = { 0 };
	bool is_v6, is_client;

	if (!c->conn->ours->updown || c->ts_local.n == 0 || c->ts_remote.n == 0)
		return;
	is_v6 = c->ts_local.ts[0].range.first.family == 6;
	is_client = c->conn->ours->subnet.n != 0 || c->conn->ours->modecfgclient;
	a.updown.conn = c->conn->conf->name;
	a.updown.verb = verb_of(is_up, is_client, is_v6);
	a.updown.serial = c->serial;
	a.updown.reqid = c->reqid;
	a.updown.local = c->local;
	a.updown.remote = c->remote;
	a.updown.ours = &c->conn->our_id;
	a.updown.theirs = theirs;
	a.updown.ts_local = &c->ts_local.ts[0];
	a.updown.ts_remote = &c->ts_remote.ts[0];
	a.updown.source = source_of(c->conn, is_v6 ? 6 : 4);
	a.updown.spi_in = c->spi_in;
	a.updown.spi_out = c->spi_out;
	a.updown.in_bytes = c->last.in_bytes;
	a.updown.out_bytes = c->last.out_bytes;
	ike_tell_updown(ike, &a);
}

/* ---- keylog, test builds only: Wireshark's esp_sa lines ---- */

static void hex(char *ret, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		snprintf(ret + 2 * i, 3, "%02x", b.p[i]);
	ret[2 * b.n] = '\0';
}

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

static void keylog_one(struct ike *ike, const struct child *c, bool is_in)
{
	const struct endpoint *from = is_in ? &c->remote : &c->local;
	const struct endpoint *to = is_in ? &c->local : &c->remote;
	const struct secret *encr = is_in ? &c->encr_in : &c->encr_out;
	const struct secret *integ = is_in ? &c->integ_in : &c->integ_out;
	char src[ADDR_STR], dst[ADDR_STR], e[256], i[256], line[1024];

	if (encr->n > 100 || integ->n > 100 || !esp_encr(&c->suite))
		return;
	hex(e, secret_view(encr));
	hex(i, secret_view(integ));
	snprintf(line, sizeof(line),
		"esp_sa \"%s\",\"%s\",\"%s\",\"0x%08" PRIx32 "\",\"%s\",\"0x%s\",\"%s\",\"%s%s\"",
		from->addr.family == 6 ? "IPv6" : "IPv4", addr_format(&from->addr, src),
		addr_format(&to->addr, dst), is_in ? c->spi_in : c->spi_out, esp_encr(&c->suite), e,
		esp_integ(&c->suite), integ->n ? "0x" : "", i);
	ike->env.keylog(ike->env.keylog_ctx, line);
	wipe(line, sizeof(line));
	wipe(e, sizeof(e));
	wipe(i, sizeof(i));
}

void child_keylog(struct ike *ike, const struct child *c)
{
	if (!ike->env.keylog)
		return;
	keylog_one(ike, c, true);
	keylog_one(ike, c, false);
}
