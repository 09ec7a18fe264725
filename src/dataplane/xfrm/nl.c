/* Netlink's framing: see nl.h. */
#include "dataplane/xfrm/nl.h"

#include <linux/netlink.h>

static void pad(struct wr *w, size_t n)
{
	wr_zero(w, NLMSG_ALIGN(n) - n);
}

/* The last of several may stand without its padding. */
static void skip_padding(struct rd *r, size_t n)
{
	rd_skip(r, MIN(NLMSG_ALIGN(n) - n, r->n));
}

size_t nl_begin(struct wr *w, uint16_t type, uint16_t flags)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = flags };
	size_t at = w->n;

	wr_bytes(w, bytes_of(&h, sizeof(h)));
	return at;
}

void nl_end(struct wr *w, size_t at)
{
	uint32_t n = (uint32_t)(w->n - at);

	if (wr_ok(w))
		memcpy(w->p + at, &n, sizeof(n));
}

void nl_attr(struct wr *w, uint16_t type, struct bytes head, struct bytes tail)
{
	struct nlattr a = { .nla_type = type };
	size_t n = sizeof(a) + head.n + tail.n;

	if (n > UINT16_MAX) {
		w->failed = true;
		return;
	}
	a.nla_len = (uint16_t)n;
	wr_bytes(w, bytes_of(&a, sizeof(a)));
	wr_bytes(w, head);
	wr_bytes(w, tail);
	pad(w, n);
}

void nl_attr_u32(struct wr *w, uint16_t type, uint32_t v)
{
	nl_attr(w, type, bytes_of(&v, sizeof(v)), BYTES_NONE);
}

bool nl_next(struct rd *r, struct nl_msg *ret)
{
	struct nlmsghdr h;

	if (!rd_more(r))
		return false;
	rd_copy(r, &h, sizeof(h));
	if (h.nlmsg_len < sizeof(h)) {
		rd_fail(r);
		return false;
	}
	ret->body = rd_sub(r, h.nlmsg_len - sizeof(h));
	if (r->failed)
		return false;
	skip_padding(r, h.nlmsg_len);
	ret->type = h.nlmsg_type;
	ret->flags = h.nlmsg_flags;
	ret->seq = h.nlmsg_seq;
	ret->pid = h.nlmsg_pid;
	return true;
}

bool nl_attr_next(struct rd *r, uint16_t *ret_type, struct bytes *ret)
{
	struct nlattr a;
	struct bytes v;

	if (!rd_more(r))
		return false;
	rd_copy(r, &a, sizeof(a));
	if (a.nla_len < sizeof(a)) {
		rd_fail(r);
		return false;
	}
	v = rd_bytes(r, a.nla_len - sizeof(a));
	if (r->failed)
		return false;
	skip_padding(r, a.nla_len);
	*ret_type = (uint16_t)(a.nla_type & NLA_TYPE_MASK);
	*ret = v;
	return true;
}

void nl_struct(struct rd *r, void *ret, size_t n)
{
	rd_copy(r, ret, n);
	if (!r->failed)
		skip_padding(r, n);
}

bool nl_as(struct bytes attr, void *ret, size_t n)
{
	struct rd r = rd_from(attr);

	rd_copy(&r, ret, n);
	return !r.failed;
}
