/* A question of IKEv1: the first message of Main Mode (RFC 2409 5.4), and what a datagram says to
 * it. */
#include "ikev1/offer.h"
#include "ipsec/vendor.h"
#include "probe/ask.h"

#include <stdlib.h>

/* What most ask for when nobody says otherwise. */
#define LIFE (8 * 3600 * NS_S)

static struct v1_proposals *offer_of(const struct ask *a)
{
	static const uint16_t auths[] = { [PROBE_PSK] = V1_AUTH_PSK,
		[PROBE_XAUTH_CLIENT] = V1_AUTH_XAUTH_INIT_PSK,
		[PROBE_XAUTH_SERVER] = V1_AUTH_XAUTH_RESP_PSK };

	return v1_offer_ike(a->offer, auths[a->auth], KE_NONE, LIFE);
}

struct bytes ask_request_v1(const struct ask *a, void *room, size_t n)
{
	struct v1_header h = { .version = V1_VERSION, .exchange = V1_MAIN_MODE };
	struct v1_proposals *offer = offer_of(a);
	struct bytes d = BYTES_NONE;
	struct v1_build b;

	memcpy(h.icookie, a->spi, sizeof(h.icookie));
	if (offer->n_t) {
		v1_build_begin(&b, room, n, &h);
		(void)v1_put_sa(&b, offer);
		d = v1_build_end(&b);
	}
	free(offer);
	return d;
}

static void hear_choice(const struct ask *a, const struct v1_msg *m, struct heard *ret)
{
	struct v1_proposals *offer = offer_of(a);
	struct v1_chosen chosen;
	bool is_good = v1_accept(offer, &m->sa, &chosen, &ret->suite) == OK;

	ret->kind = is_good ? HEARD_CHOICE : HEARD_FOREIGN_CHOICE;
	free(offer);
}

struct heard ask_hear_v1(const struct ask *a, struct bytes datagram)
{
	struct heard h = { .kind = HEARD_NOTHING, .version = 1, .vendor = "", .nat = "" };
	struct v1_msg *m = xalloc(sizeof(*m));
	const struct v1_notify *n;

	if (v1_msg_parse(datagram, m, NULL) == OK && !(m->h.flags & V1_F_ENCRYPTION)) {
		h.vendor = vendor_product(m->vendor, m->n_vendor);
		if (a->version == 1 && m->h.exchange == V1_MAIN_MODE && v1_has(m, V1_SA))
			hear_choice(a, m, &h);
		else if ((n = v1_notify_error(m))) {
			h.kind = HEARD_NOTIFY;
			h.notify = n->type;
		}
	}
	free(m);
	return h;
}
