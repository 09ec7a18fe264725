/* IKE SAs and Child SAs as objects: made, found, freed. What they do is in step.c and the
 * exchanges. */
#include "ikev2/sa.h"

#include "ike/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t spi_key(const uint8_t spi[8])
{
	uint64_t k = 0;

	for (size_t i = 0; i < 8; i++)
		k = k << 8 | spi[i];
	return k;
}

const uint8_t *v2_sa_our_spi(const struct v2_sa *sa)
{
	return sa->is_initiator ? sa->spi_i : sa->spi_r;
}

struct v2_sa *v2_sa_by_spi(struct v2 *v2, const uint8_t spi[8])
{
	return map_get(&v2->by_spi, spi_key(spi));
}

/* RFC 7296 3.1: the SPI is not zero; ours are unique among ours. */
static void draw_spi(struct v2_sa *sa)
{
	uint8_t *spi = sa->is_initiator ? sa->spi_i : sa->spi_r;

	do
		rng_fill(&sa->ike->env.rng, spi, 8);
	while (spi_key(spi) == 0 || map_get(&sa->v2->by_spi, spi_key(spi)));
}

void v2_sa_enter(struct v2_sa *sa)
{
	map_put(&sa->v2->by_spi, spi_key(v2_sa_our_spi(sa)), sa);
}

void v2_changed(struct v2_sa *sa)
{
	if (list_empty(&sa->changed))
		list_append(&sa->v2->changed, &sa->changed);
}

struct v2_sa *v2_sa_again(struct v2 *v2, struct conn *c, bool is_initiator, uint32_t serial)
{
	struct v2_sa *sa = xalloc(sizeof(*sa));

	sa->v2 = v2;
	sa->ike = v2->ike;
	sa->serial = serial;
	sa->conn = c;
	conn_use(c);
	sa->is_initiator = is_initiator;
	sa->product = "";
	sa->local = c->local;
	sa->remote = c->remote;
	sa->born = sa->heard = sa->sent = v2->ike->now.mono;
	sa->fragment_mtu = 1280;
	list_init(&sa->ready);
	list_init(&sa->changed);
	list_init(&sa->tasks);
	list_init(&sa->children);
	sa->resend.fire = v2_fire_resend;
	sa->rekey_at.fire = v2_fire_rekey;
	sa->expire.fire = v2_fire_expire;
	sa->liveness.fire = v2_fire_liveness;
	sa->keepalive.fire = v2_fire_keepalive;
	list_append(&v2->sas, &sa->node);
	map_put(&v2->by_serial, sa->serial, sa);
	return sa;
}

struct v2_sa *v2_sa_new(struct v2 *v2, struct conn *c, bool is_initiator)
{
	struct v2_sa *sa = v2_sa_again(v2, c, is_initiator, ike_serial(v2->ike));

	draw_spi(sa);
	v2_sa_enter(sa);
	return sa;
}

static void timers_stop(struct v2_sa *sa)
{
	struct timers *h = &sa->ike->timers;

	timer_stop(h, &sa->resend);
	timer_stop(h, &sa->rekey_at);
	timer_stop(h, &sa->expire);
	timer_stop(h, &sa->liveness);
	timer_stop(h, &sa->keepalive);
}

uint64_t v2_half_open_key(
	const struct v2 *v2, const uint8_t spi_i[8], const struct endpoint *remote)
{
	uint64_t k = spi_key(spi_i) ^ v2->half_open_seed;

	for (size_t i = 0; i < sizeof(remote->addr.b); i++)
		k = (k ^ remote->addr.b[i]) * 0x100000001b3u;
	return (k ^ remote->port) * 0x100000001b3u;
}

uint16_t *v2_half_open_of(struct v2 *v2, const struct addr *peer)
{
	size_t n = peer->family == 6 ? 8 : 4;
	uint64_t k = v2->half_open_seed;

	for (size_t i = 0; i < n; i++)
		k = (k ^ peer->b[i]) * 0x100000001b3u;
	return &v2->half_open_of[(k >> 32) % V2_SOURCES];
}

void v2_sa_enters_half_open(struct v2_sa *sa)
{
	sa->is_half_open = true;
	sa->half_open_peer = sa->remote.addr;
	sa->v2->n_half_open++;
	(*v2_half_open_of(sa->v2, &sa->half_open_peer))++;
}

void v2_sa_leaves_half_open(struct v2_sa *sa)
{
	if (!sa->is_half_open)
		return;
	sa->is_half_open = false;
	sa->v2->n_half_open--;
	(*v2_half_open_of(sa->v2, &sa->half_open_peer))--;
}

static void leave_maps(struct v2_sa *sa)
{
	struct v2 *v2 = sa->v2;

	v2_sa_leaves_half_open(sa);
	if (sa->half_open_key && map_get(&v2->half_open, sa->half_open_key) == sa)
		map_take(&v2->half_open, sa->half_open_key);
	map_take(&v2->by_spi, spi_key(v2_sa_our_spi(sa)));
	map_take(&v2->by_serial, sa->serial);
	list_remove(&sa->node);
	list_remove(&sa->ready);
	list_remove(&sa->changed);
	if (sa->is_kept)
		ike_keep_forget(sa->ike, sa->serial);
}

void v2_sa_free(struct v2_sa *sa)
{
	struct v2_child *c;
	struct v2_task *t;

	if (!sa)
		return;
	timers_stop(sa);
	list_each (c, &sa->children, struct v2_child, node)
		v2_child_free(c);
	list_each (t, &sa->tasks, struct v2_task, node)
		free(t);
	free(sa->task);
	leave_maps(sa);
	ike_request_release(sa->ike, sa->request, 0);
	alive_end(sa->ike, &sa->alive);
	if (sa->conn->newest_ike == sa->serial)
		sa->conn->newest_ike = 0;
	conn_unuse(sa->conn);
	ke_free(sa->ke);
	buf_done(&sa->ni);
	buf_done(&sa->nr);
	buf_done(&sa->init_request);
	buf_done(&sa->explain);
	buf_done(&sa->init_response);
	buf_done(&sa->cookie);
	v2_keys_done(&sa->keys);
	protect_free(sa->seal);
	protect_free(sa->open);
	id_done(&sa->peer_id);
	id_done(&sa->asked_id);
	secret_done(&sa->our_auth);
	v2_window_done(&sa->window);
	v2_fragments_done(&sa->fragments_in);
	wipe(sa->request_chain.p, sa->request_chain.n);
	buf_done(&sa->request_chain);
	wipe(sa->parked.p, sa->parked.n);
	buf_done(&sa->parked);
	buf_done(&sa->lowest_nonce);
	free(sa);
}

struct v2_sa *v2_sa_by_serial(struct v2 *v2, uint32_t serial)
{
	return map_get(&v2->by_serial, serial);
}

enum err v2_sa_keys_ready(struct v2_sa *sa)
{
	const struct v2_keys *k = &sa->keys;
	bool i = sa->is_initiator;
	enum err e;

	if ((e = protect_new(&sa->suite, PROTECT_SEAL, secret_view(i ? &k->sk_ei : &k->sk_er),
		     secret_view(i ? &k->sk_ai : &k->sk_ar), &sa->seal)) ||
		(e = protect_new(&sa->suite, PROTECT_OPEN, secret_view(i ? &k->sk_er : &k->sk_ei),
			 secret_view(i ? &k->sk_ar : &k->sk_ai), &sa->open)))
		return e;
	v2_sa_export(sa);
	return OK;
}

bool v2_sa_encapsulates(const struct v2_sa *sa)
{
	uint8_t wanted = sa->conn->conf->encapsulation;

	if (wanted == YNA_NO || !sa->nat.supported)
		return false;
	return wanted == YNA_YES || sa->nat.local_behind || sa->nat.remote_behind;
}

bool v2_sa_is_established(const struct v2_sa *sa)
{
	return sa->state == V2_ESTABLISHED;
}

/* Do c and the connection of this IKE SA have the same two ends? */
static bool same_ends(const struct v2_sa *sa, const struct conn *c)
{
	const struct conn *o = sa->conn;

	if (o == c)
		return true;
	return !c->template && !o->template && addr_eq(&sa->local.addr, &c->local.addr) &&
	       addr_eq(&sa->remote.addr, &c->remote.addr) && id_eq(&o->our_id, &c->our_id) &&
	       (c->their_id.type == ID_NONE || id_eq(&o->their_id, &c->their_id));
}

struct v2_sa *v2_sa_for_conn(struct v2 *v2, const struct conn *c)
{
	struct v2_sa *sa, *best = NULL;

	list_each (sa, &v2->sas, struct v2_sa, node)
		if (v2_sa_is_established(sa) && same_ends(sa, c))
			best = sa;
	return best;
}

struct v2_sa *v2_sa_opening_for_conn(struct v2 *v2, const struct conn *c)
{
	struct v2_sa *sa;

	list_each (sa, &v2->sas, struct v2_sa, node)
		if (sa->is_initiator && !sa->is_unwanted && sa->state > V2_NEW &&
			sa->state <= V2_AUTH_VERIFYING && same_ends(sa, c))
			return sa;
	return NULL;
}

bool v2_may_tell(struct v2 *v2)
{
	enum { PER_SECOND = 20 };
	ns_t now = v2->ike->now.mono;

	if (now - v2->strangers_since >= NS_S || v2->strangers_since == 0) {
		v2->strangers_since = now;
		v2->strangers = 0;
	}
	return v2->strangers++ < PER_SECOND;
}

struct event_about v2_about(const struct v2_sa *sa)
{
	struct event_about a = conn_about(sa->conn, sa->serial);
	const struct v2_sa *old = sa->rekeys ? v2_sa_by_serial(sa->v2, sa->rekeys) : NULL;

	if (old && old->request) /* who asked for the rekey wants to see what comes of it */
		a.request = old->request;
	if (sa->request)
		a.request = sa->request;
	return a;
}

/* Wireshark's name of an IKEv2 encryption algorithm; NULL when it knows none. */
static const char *wireshark_encr(const struct suite *s, char *room, size_t n)
{
	switch (s->encr) {
	case ENCR_AES_CBC:
		snprintf(room, n, "AES-CBC-%u [RFC3602]", s->key_bits);
		return room;
	case ENCR_AES_GCM_16:
		snprintf(room, n, "AES-GCM-%u with 16 octet ICV [RFC5282]", s->key_bits);
		return room;
	case ENCR_AES_GCM_12:
		snprintf(room, n, "AES-GCM-%u with 12 octet ICV [RFC5282]", s->key_bits);
		return room;
	case ENCR_AES_GCM_8:
		snprintf(room, n, "AES-GCM-%u with 8 octet ICV [RFC5282]", s->key_bits);
		return room;
	default:
		return NULL;
	}
}

static const char *wireshark_integ(uint16_t integ)
{
	switch (integ) {
	case INTEG_HMAC_SHA1_96:
		return "HMAC_SHA1_96 [RFC2404]";
	case INTEG_HMAC_SHA2_256_128:
		return "HMAC_SHA2_256_128 [RFC4868]";
	case INTEG_HMAC_SHA2_384_192:
		return "HMAC_SHA2_384_192 [RFC4868]";
	case INTEG_HMAC_SHA2_512_256:
		return "HMAC_SHA2_512_256 [RFC4868]";
	default:
		return "NONE [RFC4306]";
	}
}

void v2_sa_export(const struct v2_sa *sa)
{
	const struct ike *ike = sa->ike;
	const struct v2_keys *k = &sa->keys;
	char encr[64], si[20], sr[20], ei[200], er[200], ai[200], ar[200], line[1200];

	if (!ike->export_line || !wireshark_encr(&sa->suite, encr, sizeof(encr)))
		return;
	bytes_hex(BYTES(sa->spi_i), si);
	bytes_hex(BYTES(sa->spi_r), sr);
	bytes_hex(secret_view(&k->sk_ei), ei);
	bytes_hex(secret_view(&k->sk_er), er);
	bytes_hex(secret_view(&k->sk_ai), ai);
	bytes_hex(secret_view(&k->sk_ar), ar);
	snprintf(line, sizeof(line), "ikev2_decryption_table %s,%s,%s,%s,\"%s\",%s,%s,\"%s\"", si,
		sr, ei, er, encr, ai, ar, wireshark_integ(sa->suite.integ));
	ike->export_line(ike->export_ctx, line);
	wipe(line, sizeof(line));
	wipe(ei, sizeof(ei));
	wipe(er, sizeof(er));
	wipe(ai, sizeof(ai));
	wipe(ar, sizeof(ar));
}
