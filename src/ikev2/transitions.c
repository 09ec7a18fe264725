/* THE table: state, message, payloads that must be there -> handler -> state. First match wins.
 * RFC 7296 1.2, 1.3, 1.4, 2.6, 2.21. Protected rows are reached by authentic messages only. */
#include "ikev2/transitions.h"

#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"

#define RESPONSE true
#define REQUEST	 false

/* clang-format off */
static const struct v2_row rows[] = {
	/* in state             exchange         which     must carry                       notify                    who                          next */
	{ V2_INIT_SENT,         IKE_SA_INIT,     RESPONSE, P(V2_N),                         N_COOKIE,                 ike_sa_init_cookie,          V2_INIT_SENT },
	{ V2_INIT_SENT,         IKE_SA_INIT,     RESPONSE, P(V2_N),                         N_INVALID_KE_PAYLOAD,     ike_sa_init_invalid_ke,      V2_INIT_SENT },
	{ V2_INIT_SENT,         IKE_SA_INIT,     RESPONSE, P(V2_SA) | P(V2_KE) | P(V2_NONCE), 0,                      ike_sa_init_response,        V2_AUTH_SIGNING },
	{ V2_INIT_SENT,         IKE_SA_INIT,     RESPONSE, 0,                               0,                        ike_sa_init_refused,         V2_INIT_SENT },

	{ V2_AUTH_SENT,         IKE_AUTH,        RESPONSE, P(V2_IDR) | P(V2_AUTH),          0,                        ike_auth_response,           V2_AUTH_VERIFYING },
	{ V2_AUTH_SENT,         IKE_AUTH,        RESPONSE, 0,                               0,                        ike_auth_refused,            V2_DEAD },

	{ V2_INIT_ANSWERED,     IKE_AUTH,        REQUEST,  P(V2_IDI) | P(V2_AUTH),          0,                        ike_auth_request,            V2_AUTH_R_VERIFYING },
	{ V2_INIT_ANSWERED,     IKE_AUTH,        REQUEST,  0,                               0,                        ike_auth_request_incomplete, V2_DEAD },

	{ V2_ESTABLISHED,       CREATE_CHILD_SA, REQUEST,  P(V2_SA) | P(V2_NONCE),          0,                        create_child_sa_request,     V2_ESTABLISHED },
	{ V2_ESTABLISHED,       CREATE_CHILD_SA, RESPONSE, 0,                               0,                        create_child_sa_response,    V2_ESTABLISHED },
	{ V2_ESTABLISHED,       INFORMATIONAL,   REQUEST,  0,                               0,                        informational_request,       V2_ESTABLISHED },
	{ V2_ESTABLISHED,       INFORMATIONAL,   RESPONSE, 0,                               0,                        informational_response,      V2_ESTABLISHED },
	{ V2_ESTABLISHED,       CREATE_CHILD_SA, REQUEST,  0,                               0,                        malformed_request,           V2_DEAD },
	{ V2_ESTABLISHED,       IKE_AUTH,        REQUEST,  0,                               0,                        malformed_request,           V2_DEAD },

	{ V2_REKEYED,           CREATE_CHILD_SA, REQUEST,  0,                               0,                        create_child_sa_too_late,    V2_REKEYED },
	{ V2_REKEYED,           CREATE_CHILD_SA, RESPONSE, 0,                               0,                        create_child_sa_response,    V2_REKEYED },
	{ V2_REKEYED,           INFORMATIONAL,   REQUEST,  0,                               0,                        informational_request,       V2_REKEYED },
	{ V2_REKEYED,           INFORMATIONAL,   RESPONSE, 0,                               0,                        informational_response,      V2_REKEYED },

	{ V2_DELETING,          CREATE_CHILD_SA, REQUEST,  0,                               0,                        create_child_sa_too_late,    V2_DELETING },
	{ V2_DELETING,          CREATE_CHILD_SA, RESPONSE, 0,                               0,                        create_child_sa_response_late, V2_DELETING },
	{ V2_DELETING,          INFORMATIONAL,   REQUEST,  0,                               0,                        informational_request,       V2_DELETING },
	{ V2_DELETING,          INFORMATIONAL,   RESPONSE, 0,                               0,                        informational_response,      V2_DELETING },
};

/* What keys and the data plane answer to an IKE SA that waits for it. */
static const struct v2_answer_row answer_rows[] = {
	/* in state            answer           who                     next */
	{ V2_AUTH_SIGNING,     V2_ASK_OUR_MAC,  ike_auth_signed,        V2_AUTH_SENT },
	{ V2_AUTH_VERIFYING,   V2_ASK_PEER_MAC, ike_auth_verified,      V2_ESTABLISHED },
	{ V2_AUTH_R_VERIFYING, V2_ASK_PEER_MAC, ike_auth_peer_verified, V2_AUTH_R_SIGNING },
	{ V2_AUTH_R_SIGNING,   V2_ASK_OUR_MAC,  ike_auth_answer,        V2_AUTH_R_INSTALLING },
};
/* clang-format on */

static bool has_notify(const struct v2_msg *m, uint16_t type)
{
	return type == 0 || v2_notify_find(m, type);
}

const struct v2_row *v2_row_find(uint8_t state, const struct v2_msg *m)
{
	bool is_response = m->h.flags & V2_F_RESPONSE;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct v2_row *r = &rows[i];

		if (r->state == state && r->exchange == m->h.exchange &&
			r->is_response == is_response && (m->has & r->must) == r->must &&
			has_notify(m, r->notify))
			return r;
	}
	return NULL;
}

const struct v2_answer_row *v2_answer_row_find(uint8_t state, uint8_t ask)
{
	for (size_t i = 0; i < COUNT(answer_rows); i++)
		if (answer_rows[i].state == state && answer_rows[i].ask == ask)
			return &answer_rows[i];
	return NULL;
}

const struct v2_row *v2_row_at(size_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}
