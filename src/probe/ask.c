/* A question of IKEv2: its IKE_SA_INIT request (RFC 7296 1.2), and what a datagram says to it. */
#include "probe/ask.h"

#include "config_build.h"
#include "ikev2/message.h"
#include "ikev2/nat_detection.h"
#include "ipsec/vendor.h"

#include <stdlib.h>

enum { VERSION_AT = 17, HEADER_N = 28 };

void ask_init(struct ask *a, const struct proposals *offer, const struct rng *rng)
{
	uint16_t group[1] = { KE_NONE };

	a->offer = proposals_new(offer);
	rng_fill(rng, a->spi, sizeof(a->spi));
	a->spi[0] |= 1; /* never zero */
	rng_fill(rng, a->nonce, sizeof(a->nonce));
	(void)proposals_groups(offer, group, 1);
	a->group = group[0];
}

void ask_done(struct ask *a)
{
	free(a->offer);
	a->offer = NULL;
	ke_free(a->ke);
	a->ke = NULL;
	buf_done(&a->cookie);
}

static struct v2_header header_of(const struct ask *a)
{
	struct v2_header h = { .version = 0x20, .exchange = IKE_SA_INIT, .flags = V2_F_INITIATOR };

	memcpy(h.spi_i, a->spi, sizeof(a->spi));
	return h;
}

struct bytes ask_request(struct ask *a, const struct endpoint *local, void *room, size_t n)
{
	const struct v2_header h = header_of(a);
	struct v2_build b;

	if (a->version == 1)
		return ask_request_v1(a, room, n);
	if (!a->ke || ke_group(a->ke) != a->group) {
		ke_free(a->ke);
		a->ke = ke_new(a->group);
	}
	if (!a->ke)
		return BYTES_NONE;
	v2_build_message(&b, room, n, &h);
	if (a->cookie.n)
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_COOKIE, buf_view(&a->cookie));
	v2_put_sa(&b, a->offer);
	v2_put_ke(&b, a->group, ke_public(a->ke));
	v2_put_nonce(&b, BYTES(a->nonce));
	v2_put_nat_detection(&b, &h, local, &a->to, false);
	return v2_build_end(&b);
}

/* ---- hearing ---- */

static void hear_choice(const struct ask *a, const struct v2_msg *m, struct heard *ret)
{
	bool is_good = proposals_accept(a->offer, &m->sa, true, &ret->suite) == OK &&
		       v2_has(m, V2_KE) && m->ke_group == ret->suite.ke;

	ret->kind = is_good ? HEARD_CHOICE : HEARD_FOREIGN_CHOICE;
}

static void hear_notify(const struct v2_msg *m, struct heard *ret)
{
	const struct v2_notify *n;
	struct rd r;

	if ((n = v2_notify_find(m, N_COOKIE)) && n->data.n >= 1 && n->data.n <= LIMIT_COOKIE) {
		ret->kind = HEARD_COOKIE;
		ret->cookie = n->data;
	} else if ((n = v2_notify_find(m, N_INVALID_KE_PAYLOAD))) {
		r = rd_from(n->data);
		ret->group = rd_u16(&r);
		ret->kind = rd_end(&r) ? HEARD_GROUP : HEARD_NOTHING;
	} else if ((n = v2_notify_error(m))) {
		ret->kind = HEARD_NOTIFY;
		ret->notify = n->type;
	}
}

/* A wildcard address is in no hash of the peer's: then nothing is known. */
static const char *nat_of(const struct ask *a, const struct endpoint *local, const struct v2_msg *m)
{
	static const uint8_t any[16];
	struct bytes own = addr_bytes(&local->addr);
	struct v2_nat nat = v2_nat_judge(m, local, &a->to);

	return bytes_eq(own, bytes_of(any, own.n)) ? "" : v2_nat_who(&nat);
}

static struct heard hear_v2(
	const struct ask *a, const struct endpoint *local, struct bytes datagram)
{
	struct heard h = { .kind = HEARD_NOTHING, .version = 2, .vendor = "", .nat = "" };
	struct v2_msg *m = xalloc(sizeof(*m));

	/* one that refuses our version may take what it wants for an exchange (2.5) */
	if (v2_msg_parse(datagram, m, NULL) == OK && m->h.flags & V2_F_RESPONSE &&
		(m->h.exchange == IKE_SA_INIT || a->version != 2)) {
		h.vendor = vendor_product(m->vendor, m->n_vendor);
		h.nat = a->version == 2 ? nat_of(a, local, m) : "";
		if (a->version == 2 && v2_has(m, V2_SA))
			hear_choice(a, m, &h);
		else
			hear_notify(m, &h);
	}
	free(m);
	return h;
}

struct heard ask_hear(const struct ask *a, const struct endpoint *local, struct bytes datagram)
{
	struct heard h = { .kind = HEARD_NOTHING };

	/* the SPI is ours and random: nobody guesses it who does not see our packets */
	if (datagram.n < HEADER_N || memcmp(datagram.p, a->spi, sizeof(a->spi)) != 0)
		return h;
	h = datagram.p[VERSION_AT] >> 4 == 1 ? ask_hear_v1(a, datagram)
					     : hear_v2(a, local, datagram);
	/* a notification of the other version can only say that it does not speak ours */
	if (h.kind != HEARD_NOTHING && h.version != a->version &&
		!(h.kind == HEARD_NOTIFY && h.notify == N_INVALID_MAJOR_VERSION))
		h.kind = HEARD_NOTHING;
	return h;
}

#if !WITH_IKEV1
struct bytes ask_request_v1(const struct ask *a, void *room, size_t n)
{
	(void)a;
	(void)room;
	(void)n;
	return BYTES_NONE;
}

struct heard ask_hear_v1(const struct ask *a, struct bytes datagram)
{
	(void)a;
	(void)datagram;
	return (struct heard){ .kind = HEARD_NOTHING };
}
#endif

const char *ask_notify_name(unsigned version, uint16_t type)
{
	(void)version; /* what both have has the same number in both (IANA) */
	return v2_notify_name(type);
}
