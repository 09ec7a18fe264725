/* What the kernel says of an SA, and the contract's counters from it. */
#include "dataplane/xfrm/kernel.h"

#include <arpa/inet.h>

static void replay_from(struct bytes v, struct xfrm_replay *ret)
{
	struct xfrm_replay_state_esn k;
	struct rd r = rd_from(v);
	size_t n;

	rd_copy(&r, &k, sizeof(k));
	n = k.bmp_len;
	if (r.failed || n > COUNT(ret->bitmap) || r.n < n * sizeof(ret->bitmap[0]))
		return;
	*ret = (struct xfrm_replay){ .seq = (uint64_t)k.seq_hi << 32 | k.seq,
		.oseq = (uint64_t)k.oseq_hi << 32 | k.oseq,
		.window = k.replay_window,
		.bitmap_n = (uint32_t)n };
	rd_copy(&r, ret->bitmap, n * sizeof(ret->bitmap[0]));
}

static void legacy_replay_from(struct bytes v, struct xfrm_replay *ret)
{
	struct xfrm_replay_state k;

	if (nl_as(v, &k, sizeof(k)))
		*ret = (struct xfrm_replay){ .seq = k.seq, .oseq = k.oseq, .bitmap = { k.bitmap } };
}

static void encap_from(struct bytes v, struct xfrm_sa *ret)
{
	struct xfrm_encap_tmpl e;

	if (!nl_as(v, &e, sizeof(e)))
		return;
	ret->encap = true;
	ret->src_port = ntohs(e.encap_sport);
	ret->dst_port = ntohs(e.encap_dport);
}

/* What follows a structure that begins with a name and the key's length in bits. */
static struct bytes key_from(struct bytes v, size_t head)
{
	struct xfrm_algo a;
	size_t n;

	if (!nl_as(v, &a, sizeof(a)) || v.n < head)
		return BYTES_NONE;
	n = ((size_t)a.alg_key_len + 7) / 8;
	return n <= v.n - head ? bytes_of(v.p + head, n) : BYTES_NONE;
}

static void attr_from(uint16_t type, struct bytes v, struct xfrm_sa *ret)
{
	struct xfrm_user_offload o;
	struct xfrm_mark m;

	switch (type) {
	case XFRMA_REPLAY_ESN_VAL:
		replay_from(v, &ret->replay);
		break;
	case XFRMA_REPLAY_VAL:
		legacy_replay_from(v, &ret->replay);
		break;
	case XFRMA_ENCAP:
		encap_from(v, ret);
		break;
	case XFRMA_LASTUSED:
		(void)nl_as(v, &ret->last_used, sizeof(ret->last_used));
		break;
	case XFRMA_IF_ID:
		(void)nl_as(v, &ret->if_id, sizeof(ret->if_id));
		break;
	case XFRMA_OFFLOAD_DEV:
		if (nl_as(v, &o, sizeof(o)))
			ret->offload_ifindex = (uint32_t)o.ifindex;
		break;
	case XFRMA_MARK:
		if (nl_as(v, &m, sizeof(m))) {
			ret->id.mark = m.v;
			ret->id.mark_mask = m.m;
		}
		break;
	case XFRMA_ALG_AEAD:
		ret->encr_key = key_from(v, sizeof(struct xfrm_algo_aead));
		break;
	case XFRMA_ALG_CRYPT:
		ret->encr_key = key_from(v, sizeof(struct xfrm_algo));
		break;
	case XFRMA_ALG_AUTH_TRUNC:
		ret->integ_key = key_from(v, sizeof(struct xfrm_algo_auth));
		break;
	default:
		break;
	}
}

void sa_from_kernel(const struct xfrm_usersa_info *k, struct rd attrs, struct xfrm_sa *ret)
{
	uint16_t type;
	struct bytes v;

	*ret = (struct xfrm_sa){
		.id = { .src = addr_of(&k->saddr, k->family),
			.dst = addr_of(&k->id.daddr, k->family),
			.spi = ntohl(k->id.spi) },
		.reqid = k->reqid,
		.is_ours = k->seq == xfrm_own_seq(ntohl(k->id.spi)),
		.mode = k->mode == XFRM_MODE_TRANSPORT ? DP_TRANSPORT : DP_TUNNEL,
		.bytes = k->curlft.bytes,
		.packets = k->curlft.packets,
		.added = k->curlft.add_time,
		.first_used = k->curlft.use_time,
		.late = k->stats.replay_window,
		.replayed = k->stats.replay,
		.not_authentic = k->stats.integrity_failed,
	};
	while (nl_attr_next(&attrs, &type, &v))
		attr_from(type, v, ret);
}

/* Wall time becomes monotonic time: what the kernel tells is as exact as a second. */
static ns_t mono_of(uint64_t seconds, struct now now)
{
	ns_t ago;

	if (seconds == 0)
		return 0;
	if (seconds >= (uint64_t)(now.wall / NS_S))
		return now.mono;
	ago = now.wall - (ns_t)seconds * NS_S;
	return MAX(now.mono - ago, 1);
}

void xfrm_sa_count(
	const struct xfrm_sa *sa, enum dp_dir dir, struct now now, struct dp_counters *ret)
{
	/* older kernels tell the first use only */
	ns_t last = mono_of(sa->last_used ? sa->last_used : sa->first_used, now);

	ret->drops += (uint64_t)sa->late + sa->replayed + sa->not_authentic;
	if (dir == DP_OUT) {
		ret->out_bytes += sa->bytes;
		ret->out_packets += sa->packets;
		ret->last_out = MAX(ret->last_out, last);
		ret->out_seq = MAX(ret->out_seq, sa->replay.oseq);
	} else {
		ret->in_bytes += sa->bytes;
		ret->in_packets += sa->packets;
		ret->last_in = MAX(ret->last_in, last);
		ret->in_seq = MAX(ret->in_seq, sa->replay.seq);
	}
}
