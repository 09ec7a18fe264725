/* What is ours in the kernel, told by the kernel itself: it keeps the sequence number that an SA
 * was asked for with, and the index that a policy was given, and shows both in its lists (Linux
 * net/xfrm/xfrm_state.c, xfrm_policy.c: xfrm_gen_index). Neither has a meaning in what we use. */
#include "dataplane/xfrm/kernel.h"

#include <stddef.h>

/* Bound to the SPI: another program's number is ours by chance once in 4 billion. */
#define OWN_SA	       0xc1ea55a1u
#define OWN_POLICY     0x5c000000u
#define OWN_POLICY_MAX 0x00fffff8u

static void patch(struct wr *w, size_t at, uint32_t v)
{
	if (wr_ok(w) && w->n >= NLMSG_HDRLEN + at + sizeof(v))
		memcpy(w->p + NLMSG_HDRLEN + at, &v, sizeof(v));
}

uint32_t xfrm_own_seq(uint32_t spi)
{
	return spi ^ OWN_SA;
}

void xfrm_own_sa(struct wr *w, uint32_t spi)
{
	patch(w, offsetof(struct xfrm_usersa_info, seq), xfrm_own_seq(spi));
}

void xfrm_own_policy(struct wr *w, uint32_t index)
{
	struct nlmsghdr h;

	if (!wr_ok(w) || w->n < sizeof(h))
		return;
	memcpy(&h, w->p, sizeof(h));
	patch(w,
		h.nlmsg_type == XFRM_MSG_DELPOLICY || h.nlmsg_type == XFRM_MSG_GETPOLICY
			? offsetof(struct xfrm_userpolicy_id, index)
			: offsetof(struct xfrm_userpolicy_info, index),
		index);
}

/* The three lowest bits are the direction (net/xfrm.h, xfrm_policy_id2dir). */
uint32_t xfrm_own_index(uint32_t n, enum xfrm_dir d)
{
	return OWN_POLICY | ((n << 3) & OWN_POLICY_MAX) | (uint32_t)d;
}

bool xfrm_is_own_index(uint32_t index)
{
	return (index & 0xff000000u) == OWN_POLICY;
}

uint32_t xfrm_own_number(uint32_t index)
{
	return (index & OWN_POLICY_MAX) >> 3;
}
