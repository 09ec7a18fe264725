/* SAs of the plane: made from the contract's values. */
#include "esp/sa.h"

#include <stdlib.h>

/* Without ESN numbers end at 2^32 - 1 (RFC 4303 3.3.3); with it, where AEAD counters would be odd.
 */
#define SEQ_MAX	    UINT64_C(0xffffffff)
#define SEQ_MAX_ESN (UINT64_MAX - 1)

/* HMAC-SHA2-256 is cut to 128 bits; before RFC 4868 it was 96, and peers are left that do. Blocks
 * of a cipher tell by the length which it was. */
static uint8_t other_icv(const struct suite *s, size_t block)
{
	if (block < 16)
		return 0;
	return s->integ == INTEG_HMAC_SHA2_256_128	  ? 12
	       : s->integ == INTEG_HMAC_SHA2_256_TRUNCBUG ? 16
							  : 0;
}

static void set_limits(struct esp_sa *sa, const struct dp_sa *dp)
{
	sa->soft_bytes = dp->soft_bytes ? dp->soft_bytes : UINT64_MAX;
	sa->hard_bytes = dp->hard_bytes ? dp->hard_bytes : UINT64_MAX;
	sa->soft_packets = dp->soft_packets ? dp->soft_packets : UINT64_MAX;
	sa->hard_packets = dp->hard_packets ? dp->hard_packets : UINT64_MAX;
	sa->seq_hard = sa->esn ? SEQ_MAX_ESN : SEQ_MAX;
	sa->seq_soft = sa->seq_hard - sa->seq_hard / 16;
}

enum err esp_sa_new(const struct dp_sa *dp, uint32_t outer_mtu, struct esp_sa **ret)
{
	struct protect *protect = NULL;
	struct esp_path *path;
	struct esp_sa *sa;
	enum err e;

	if ((dp->dir != DP_IN && dp->dir != DP_OUT) || dp->spi < 256) /* RFC 4303 2.1 */
		return ERR_VALUE;
	if ((e = protect_new(&dp->suite, dp->dir == DP_OUT ? PROTECT_SEAL : PROTECT_OPEN,
		     secret_view(&dp->encr_key), secret_view(&dp->integ_key), &protect)))
		return e;
	sa = aligned_alloc(64, (sizeof(*sa) + 63) / 64 * 64);
	if (!sa)
		abort();
	*sa = (struct esp_sa){
		.spi = dp->spi,
		.serial = dp->serial,
		.reqid = dp->reqid,
		.protect = protect,
		.iv_n = (uint8_t)protect_iv_n(protect),
		.icv_n = (uint8_t)protect_icv_n(protect),
		.align = (uint8_t)MAX(protect_block_n(protect), (size_t)4),
		.other_icv_n = other_icv(&dp->suite, protect_block_n(protect)),
		.is_aead = protect_is_aead(protect),
		.esn = dp->suite.esn == ESN_YES,
		.is_out = dp->dir == DP_OUT,
		.is_transport = dp->mode == DP_TRANSPORT,
		/* the upper layer need not say where it ends (RFC 4303 2.7) */
		.tfc = dp->mode == DP_TRANSPORT ? 0 : dp->tfc,
		.mtu = dp->mtu,
		.clear_df = dp->dont_copy_df,
		.copy_dscp_in = dp->decap_dscp,
		.dont_copy_dscp = dp->dont_encap_dscp,
		.ts_local = dp->ts_local,
		.ts_remote = dp->ts_remote,
	};
	path = xalloc(sizeof(*path));
	*path = (struct esp_path){ dp->local, dp->remote, dp->encap };
	atomic_init(&sa->path, path);
	atomic_init(&sa->outer_mtu, outer_mtu);
	set_limits(sa, dp);
	sa->stall = sa->is_out ? xalloc(sizeof(*sa->stall)) : NULL;
	replay_init(&sa->replay, sa->is_out ? 0 : dp->replay_window, sa->esn);
	*ret = sa;
	return OK;
}

void esp_sa_free(struct esp_sa *sa)
{
	if (!sa)
		return;
	protect_free(sa->protect);
	replay_done(&sa->replay);
	free(sa->stall);
	free(atomic_load(&sa->path));
	free(sa);
}
