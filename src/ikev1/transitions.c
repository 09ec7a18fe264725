/* THE table: state, message, payloads that must be there -> handler -> state. First match wins.
 * RFC 2409 5.4, 5.5, 5.7. HASH is for handlers to verify: until then nothing is authentic. */
#include "ikev1/transitions.h"

#include "ikev1/exchanges.h"

#define CLEAR	  false
#define ENCRYPTED true

/* clang-format off */
static const struct v1_row rows[] = {
	/* in state             exchange             how        must carry                                                              who                     next */
	{ V1_MAIN_I1_SENT,      V1_MAIN_MODE,        CLEAR,     V1_P(V1_SA),                                                            main_mode_mr1,          V1_MAIN_I2_SENT },
	{ V1_MAIN_I2_SENT,      V1_MAIN_MODE,        CLEAR,     V1_P(V1_KE) | V1_P(V1_NONCE),                                           main_mode_mr2,          V1_MAIN_I_KEYING },
	{ V1_MAIN_I3_SENT,      V1_MAIN_MODE,        ENCRYPTED, V1_P(V1_ID) | V1_P(V1_HASH),                                            main_mode_mr3,          V1_ESTABLISHED },
	{ V1_MAIN_R1_SENT,      V1_MAIN_MODE,        CLEAR,     V1_P(V1_KE) | V1_P(V1_NONCE),                                           main_mode_mi2,          V1_MAIN_R_KEYING },
	{ V1_MAIN_R2_SENT,      V1_MAIN_MODE,        ENCRYPTED, V1_P(V1_ID) | V1_P(V1_HASH),                                            main_mode_mi3,          V1_MAIN_R_CHECKING },

	{ V1_AGGR_I1_SENT,      V1_AGGRESSIVE_MODE,  CLEAR,     V1_P(V1_SA) | V1_P(V1_KE) | V1_P(V1_NONCE) | V1_P(V1_ID) | V1_P(V1_HASH), aggressive_mode_ar1,    V1_AGGR_I_KEYING },
	{ V1_AGGR_R1_SENT,      V1_AGGRESSIVE_MODE,  CLEAR,     V1_P(V1_HASH),                                                          aggressive_mode_ai2,    V1_ESTABLISHED },
	{ V1_AGGR_R1_SENT,      V1_AGGRESSIVE_MODE,  ENCRYPTED, V1_P(V1_HASH),                                                          aggressive_mode_ai2,    V1_ESTABLISHED },

	/* what anybody may say, and what only the peer can say */
	{ V1_MAIN_I1_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_MAIN_I1_SENT },
	{ V1_MAIN_I2_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_MAIN_I2_SENT },
	{ V1_MAIN_I3_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_MAIN_I3_SENT },
	{ V1_MAIN_I3_SENT,      V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_N),                                             phase1_rejected,        V1_MAIN_I3_SENT },
	{ V1_MAIN_R1_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_MAIN_R1_SENT },
	{ V1_MAIN_R2_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_MAIN_R2_SENT },
	{ V1_AGGR_I1_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_AGGR_I1_SENT },
	{ V1_AGGR_R1_SENT,      V1_INFORMATIONAL,    CLEAR,     V1_P(V1_N),                                                             phase1_refused,         V1_AGGR_R1_SENT },

	{ V1_XAUTH_S_ASKED,     V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_XAUTH_S_ASKED },
	{ V1_XAUTH_S_TOLD,      V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_XAUTH_S_TOLD },
	{ V1_XAUTH_C_WAITING,   V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_XAUTH_C_SECRET },
	{ V1_XAUTH_C_ANSWERED,  V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_XAUTH_C_ANSWERED },
	{ V1_MODECFG_C_ASKED,   V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_MODECFG_C_ASKED },
	{ V1_MODECFG_C_WAITING, V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_MODECFG_C_WAITING },
	{ V1_MODECFG_S_PUSHED,  V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_MODECFG_S_PUSHED },
	{ V1_ESTABLISHED,       V1_TRANSACTION,      ENCRYPTED, V1_P(V1_HASH) | V1_P(V1_ATTR),                                          transaction,            V1_ESTABLISHED },

	{ V1_XAUTH_S_ASKED,     V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_XAUTH_S_ASKED },
	{ V1_XAUTH_S_TOLD,      V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_XAUTH_S_TOLD },
	{ V1_XAUTH_C_WAITING,   V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_XAUTH_C_WAITING },
	{ V1_XAUTH_C_ANSWERED,  V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_XAUTH_C_ANSWERED },
	{ V1_MODECFG_C_ASKED,   V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_MODECFG_C_ASKED },
	{ V1_MODECFG_C_WAITING, V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_MODECFG_C_WAITING },
	{ V1_MODECFG_S_PUSHED,  V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_MODECFG_S_PUSHED },
	{ V1_ESTABLISHED,       V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_ESTABLISHED },
	{ V1_REPLACED,          V1_INFORMATIONAL,    ENCRYPTED, V1_P(V1_HASH),                                                          informational,          V1_REPLACED },
};

static const struct v1_quick_row quick_rows[] = {
	/* in state          must carry                                            who             next */
	{ V1_QUICK_I1_SENT,  V1_P(V1_HASH) | V1_P(V1_SA) | V1_P(V1_NONCE),         quick_mode_qr1, V1_QUICK_I_INSTALLING },
	{ V1_QUICK_R1_SENT,  V1_P(V1_HASH),                                        quick_mode_qi2, V1_QUICK_USING },
};

/* What keys answers to an ISAKMP SA that waits for it. */
static const struct v1_answer_row answer_rows[] = {
	/* in state           answer         who                      next */
	{ V1_MAIN_I_KEYING,   V1_ASK_SKEYID, main_mode_i_keyed,       V1_MAIN_I3_SENT },
	{ V1_MAIN_R_KEYING,   V1_ASK_SKEYID, main_mode_r_keyed,       V1_MAIN_R2_SENT },
	{ V1_MAIN_R_CHECKING, V1_ASK_SKEYID, main_mode_r_checked,     V1_ESTABLISHED },
	{ V1_AGGR_I_KEYING,   V1_ASK_SKEYID, aggressive_mode_i_keyed, V1_ESTABLISHED },
	{ V1_AGGR_R_KEYING,   V1_ASK_SKEYID, aggressive_mode_r_keyed, V1_AGGR_R1_SENT },

	{ V1_XAUTH_S_VERIFYING, V1_ASK_XAUTH_VERIFY, xauth_verified,  V1_XAUTH_S_TOLD },
	{ V1_XAUTH_C_SECRET,    V1_ASK_XAUTH_SECRET, xauth_secret,    V1_XAUTH_C_ANSWERED },
};
/* clang-format on */

const struct v1_row *v1_row_find(uint8_t state, const struct v1_msg *m)
{
	bool is_encrypted = m->h.flags & V1_F_ENCRYPTION;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct v1_row *r = &rows[i];

		if (r->state == state && r->exchange == m->h.exchange &&
			r->is_encrypted == is_encrypted && (m->has & r->must) == r->must)
			return r;
	}
	return NULL;
}

const struct v1_quick_row *v1_quick_row_find(uint8_t state, const struct v1_msg *m)
{
	for (size_t i = 0; i < COUNT(quick_rows); i++)
		if (quick_rows[i].state == state &&
			(m->has & quick_rows[i].must) == quick_rows[i].must)
			return &quick_rows[i];
	return NULL;
}

const struct v1_answer_row *v1_answer_row_find(uint8_t state, uint8_t ask)
{
	for (size_t i = 0; i < COUNT(answer_rows); i++)
		if (answer_rows[i].state == state && answer_rows[i].ask == ask)
			return &answer_rows[i];
	return NULL;
}

const struct v1_row *v1_row_at(size_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}
