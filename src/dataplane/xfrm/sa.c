/* Messages about SAs (<linux/xfrm.h>; Linux net/xfrm/xfrm_user.c): add, update, delete, ask, list,
 * allocate an SPI. Attributes come in the order of iproute2, whose messages are the test's. */
#include "dataplane/xfrm/kernel.h"

#include <arpa/inet.h>
#include <linux/udp.h>

struct xfrm_id_of_sa xfrm_sa_id(const struct dp_sa *sa)
{
	bool out = sa->dir == DP_OUT;
	const struct dp_mark *m = out ? &sa->extra.mark_out : &sa->extra.mark_in;

	return (struct xfrm_id_of_sa){ .src = out ? sa->local.addr : sa->remote.addr,
		.dst = out ? sa->remote.addr : sa->local.addr,
		.spi = sa->spi,
		.mark = m->value,
		.mark_mask = m->mask };
}

static uint64_t limit(uint64_t v)
{
	return v ? v : XFRM_INF;
}

static uint8_t mode_of(unsigned mode)
{
	return mode == DP_TRANSPORT ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL;
}

/* Windows beyond the 32 bits of the legacy form, and ESN, need the attribute. */
static bool needs_esn_attr(const struct dp_sa *sa)
{
	return sa->suite.esn == ESN_YES || sa->replay_window > 32;
}

static uint32_t replay_window(const struct dp_sa *sa)
{
	return MIN(sa->replay_window, (uint32_t)XFRM_REPLAY_MAX);
}

static uint32_t words_of(uint32_t window)
{
	return (window + 31) / 32;
}

/* Tunnels carry both families: without AF_UNSPEC the kernel would refuse the other one. In
 * transport mode the selector of a single pair goes along, so that what comes in on this SA is
 * held to it (RFC 4301 5.2); in tunnel mode policies do that. */
static void selector_of(const struct dp_sa *sa, struct xfrm_usersa_info *info)
{
	struct dp_policy p = { .ts_local = sa->ts_local, .ts_remote = sa->ts_remote };
	enum xfrm_dir d = sa->dir == DP_OUT ? XFRM_DIR_OUT : XFRM_DIR_IN;
	struct xfrm_sel s;
	size_t n;

	if (sa->mode != DP_TRANSPORT)
		info->flags |= XFRM_STATE_AF_UNSPEC;
	else if (xfrm_selectors(&p, &s, 1, &n) == OK && n == 1)
		sel_to_kernel(&s, d, &info->sel);
}

static void put_info(struct wr *w, const struct dp_sa *sa)
{
	struct xfrm_id_of_sa id = xfrm_sa_id(sa);
	struct xfrm_usersa_info info;

	CLEAR(info);
	info.id.daddr = xaddr(&id.dst);
	info.id.spi = htonl(id.spi);
	info.id.proto = IPPROTO_ESP;
	info.saddr = xaddr(&id.src);
	info.lft.soft_byte_limit = limit(sa->soft_bytes);
	info.lft.hard_byte_limit = limit(sa->hard_bytes);
	info.lft.soft_packet_limit = limit(sa->soft_packets);
	info.lft.hard_packet_limit = limit(sa->hard_packets);
	info.reqid = sa->reqid;
	info.family = af_of(&id.dst);
	info.mode = mode_of(sa->mode);
	info.replay_window = (uint8_t)(needs_esn_attr(sa) ? 0 : sa->replay_window);
	selector_of(sa, &info);
	if (sa->suite.esn == ESN_YES)
		info.flags |= XFRM_STATE_ESN;
	if (sa->dont_copy_df)
		info.flags |= XFRM_STATE_NOPMTUDISC;
	if (sa->decap_dscp)
		info.flags |= XFRM_STATE_DECAP_DSCP;
	if (sa->extra.no_ecn)
		info.flags |= XFRM_STATE_NOECN;
	wr_bytes(w, STRUCT(info));
}

/* ICV lengths always go along: the kernel's own for HMAC-SHA-256 is 96, the RFC's is 128. */
static void put_algs(struct wr *w, const struct dp_sa *sa, const struct xfrm_suite *s)
{
	struct xfrm_algo_aead aead;
	struct xfrm_algo crypt;
	struct xfrm_algo_auth auth;

	CLEAR(aead);
	CLEAR(crypt);
	CLEAR(auth);
	aead.alg_key_len = crypt.alg_key_len = (unsigned)sa->encr_key.n * 8;
	auth.alg_key_len = (unsigned)sa->integ_key.n * 8;
	aead.alg_icv_len = auth.alg_trunc_len = s->icv_bits;
	if (s->aead) {
		memcpy(aead.alg_name, s->aead, strlen(s->aead));
		nl_attr(w, XFRMA_ALG_AEAD, STRUCT(aead), secret_view(&sa->encr_key));
		return;
	}
	memcpy(crypt.alg_name, s->crypt, strlen(s->crypt));
	nl_attr(w, XFRMA_ALG_CRYPT, STRUCT(crypt), secret_view(&sa->encr_key));
	memcpy(auth.alg_name, s->auth, strlen(s->auth));
	nl_attr(w, XFRMA_ALG_AUTH_TRUNC, STRUCT(auth), secret_view(&sa->integ_key));
}

static void put_encap(struct wr *w, const struct dp_sa *sa)
{
	bool out = sa->dir == DP_OUT;
	struct xfrm_encap_tmpl e;

	if (!sa->encap)
		return;
	CLEAR(e);
	e.encap_type = UDP_ENCAP_ESPINUDP;
	e.encap_sport = htons(out ? sa->local.port : sa->remote.port);
	e.encap_dport = htons(out ? sa->remote.port : sa->local.port);
	nl_attr(w, XFRMA_ENCAP, STRUCT(e), BYTES_NONE);
}

static void put_offload(struct wr *w, const struct dp_sa *sa)
{
	const struct dp_extra *x = &sa->extra;
	struct xfrm_user_offload o;

	if (!x->offload_ifindex)
		return;
	CLEAR(o);
	o.ifindex = (int)x->offload_ifindex;
	o.flags = (uint8_t)((sa->dir == DP_IN ? XFRM_OFFLOAD_INBOUND : 0) |
			    (x->offload == DP_OFFLOAD_PACKET ? XFRM_OFFLOAD_PACKET : 0));
	nl_attr(w, XFRMA_OFFLOAD_DEV, STRUCT(o), BYTES_NONE);
}

/* The bitmap of a new SA may be left out (xfrm_user.c, verify_replay). */
static void put_replay(struct wr *w, const struct dp_sa *sa, const struct xfrm_replay *from)
{
	static const struct xfrm_replay fresh;
	const struct xfrm_replay *r = from ? from : &fresh;
	uint32_t window = replay_window(sa);
	struct xfrm_replay_state_esn esn = { .bmp_len = words_of(window),
		.oseq = (uint32_t)r->oseq,
		.seq = (uint32_t)r->seq,
		.oseq_hi = (uint32_t)(r->oseq >> 32),
		.seq_hi = (uint32_t)(r->seq >> 32),
		.replay_window = window };
	struct xfrm_replay_state legacy = { esn.oseq, esn.seq, r->bitmap[0] };

	if (needs_esn_attr(sa))
		nl_attr(w, XFRMA_REPLAY_ESN_VAL, STRUCT(esn),
			bytes_of(r->bitmap, r->bitmap_n * sizeof(r->bitmap[0])));
	else if (from)
		nl_attr(w, XFRMA_REPLAY_VAL, STRUCT(legacy), BYTES_NONE);
}

/* Volume limits count on. */
static void put_used(struct wr *w, const struct xfrm_sa *from)
{
	struct xfrm_lifetime_cur c;

	if (!from)
		return;
	c = (struct xfrm_lifetime_cur){ from->bytes, from->packets, from->added, from->first_used };
	nl_attr(w, XFRMA_LTIME_VAL, STRUCT(c), BYTES_NONE);
}

/* What the kernel would refuse with no more than EINVAL. */
static enum err sa_check(const struct dp_sa *sa, const struct xfrm_sa *resume)
{
	uint32_t window = needs_esn_attr(sa) ? replay_window(sa) : 0;

	if (sa->encr_key.n != suite_encr_key_n(&sa->suite) ||
		sa->integ_key.n != suite_integ_key_n(&sa->suite))
		return ERR_LENGTH;
	if (!addr_is_set(&sa->local.addr) || sa->local.addr.family != sa->remote.addr.family)
		return ERR_VALUE;
	if (sa->suite.esn == ESN_YES && sa->replay_window == 0)
		return ERR_VALUE;
	/* a bitmap of another window says nothing, and replays would pass */
	if (resume &&
		(resume->replay.window != window || resume->replay.bitmap_n != words_of(window)))
		return ERR_VALUE;
	return OK;
}

enum err xfrm_sa_put(
	struct wr *w, enum xfrm_how how, const struct dp_sa *sa, const struct xfrm_sa *resume)
{
	const struct dp_extra *x = &sa->extra;
	struct xfrm_id_of_sa id = xfrm_sa_id(sa);
	struct xfrm_suite suite;
	enum err e;
	size_t at;

	if ((e = xfrm_suite_of(&sa->suite, &suite)) || (e = sa_check(sa, resume)))
		return e;
	at = nl_begin(
		w, how == XFRM_ADD ? XFRM_MSG_NEWSA : XFRM_MSG_UPDSA, NLM_F_REQUEST | NLM_F_ACK);
	put_info(w, sa);
	put_algs(w, sa, &suite);
	put_encap(w, sa);
	put_offload(w, sa);
	put_replay(w, sa, resume ? &resume->replay : NULL);
	put_used(w, resume);
	if (sa->dont_encap_dscp)
		nl_attr_u32(w, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
	put_mark(w, id.mark, id.mark_mask);
	if (x->if_id)
		nl_attr_u32(w, XFRMA_IF_ID, x->if_id);
	/* only tunnels are padded, and only by the sender */
	if (sa->tfc && sa->mode == DP_TUNNEL && sa->dir == DP_OUT)
		nl_attr_u32(w, XFRMA_TFCPAD, sa->tfc);
	if (x->set_mark.mask) {
		nl_attr_u32(w, XFRMA_SET_MARK, x->set_mark.value);
		nl_attr_u32(w, XFRMA_SET_MARK_MASK, x->set_mark.mask);
	}
	nl_end(w, at);
	return wr_ok(w) ? OK : ERR_LIMIT;
}

static void id_put(struct wr *w, uint16_t type, uint16_t flags, const struct xfrm_id_of_sa *id)
{
	struct xfrm_usersa_id k;
	xfrm_address_t src = xaddr(&id->src);
	size_t at = nl_begin(w, type, flags);

	CLEAR(k);
	k.daddr = xaddr(&id->dst);
	k.spi = htonl(id->spi);
	k.family = af_of(&id->dst);
	k.proto = IPPROTO_ESP;
	wr_bytes(w, STRUCT(k));
	nl_attr(w, XFRMA_SRCADDR, STRUCT(src), BYTES_NONE);
	put_mark(w, id->mark, id->mark_mask);
	nl_end(w, at);
}

void xfrm_sa_del_put(struct wr *w, const struct xfrm_id_of_sa *id)
{
	id_put(w, XFRM_MSG_DELSA, NLM_F_REQUEST | NLM_F_ACK, id);
}

void xfrm_sa_get_put(struct wr *w, const struct xfrm_id_of_sa *id)
{
	id_put(w, XFRM_MSG_GETSA, NLM_F_REQUEST, id);
}

void xfrm_spi_put(struct wr *w, const struct xfrm_id_of_sa *id, uint32_t reqid, enum dp_mode mode,
	uint32_t first, uint32_t last)
{
	struct xfrm_userspi_info k;
	size_t at = nl_begin(w, XFRM_MSG_ALLOCSPI, NLM_F_REQUEST);

	CLEAR(k);
	k.min = first;
	k.max = last;
	k.info.id.daddr = xaddr(&id->dst);
	k.info.id.proto = IPPROTO_ESP;
	k.info.saddr = xaddr(&id->src);
	k.info.reqid = reqid;
	k.info.family = af_of(&id->dst);
	k.info.mode = mode_of(mode);
	wr_bytes(w, STRUCT(k));
	put_mark(w, id->mark, id->mark_mask);
	nl_end(w, at);
}

void xfrm_list_put(struct wr *w, enum xfrm_list what)
{
	bool is_list = what == XFRM_LIST_SAS || what == XFRM_LIST_POLICIES;
	static const uint16_t type[] = {
		[XFRM_LIST_SAS] = XFRM_MSG_GETSA,
		[XFRM_LIST_POLICIES] = XFRM_MSG_GETPOLICY,
		[XFRM_COUNT_SAS] = XFRM_MSG_GETSADINFO,
		[XFRM_COUNT_POLICIES] = XFRM_MSG_GETSPDINFO,
	};
	static const uint32_t all = UINT32_MAX;
	size_t at = nl_begin(
		w, type[what], (uint16_t)(is_list ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST));

	if (!is_list)
		wr_bytes(w, STRUCT(all));
	nl_end(w, at);
}
