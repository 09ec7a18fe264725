/* Messages about policies (<linux/xfrm.h>; Linux net/xfrm/xfrm_user.c). */
#include "dataplane/xfrm/kernel.h"

#include <netinet/in.h>

_Static_assert((int)XFRM_DIR_IN == XFRM_POLICY_IN && (int)XFRM_DIR_OUT == XFRM_POLICY_OUT &&
		       (int)XFRM_DIR_FWD == XFRM_POLICY_FWD,
	"directions have the kernel's numbers");

bool xfrm_policy_has(enum dp_action a, enum xfrm_dir d)
{
	return a != DP_TRAP || d == XFRM_DIR_OUT;
}

/* The SA that a packet must have gone through, or has to. In transport mode its ends are the
 * packet's own: the kernel takes them from there. */
static void put_tmpl(
	struct wr *w, const struct dp_policy *p, const struct xfrm_sel *s, enum xfrm_dir d)
{
	bool out = d == XFRM_DIR_OUT, tunnel = p->mode == DP_TUNNEL;
	struct xfrm_user_tmpl t;

	CLEAR(t);
	t.id.proto = IPPROTO_ESP;
	t.family = af_of(tunnel ? &p->outer_remote : &s->local.addr);
	t.reqid = p->reqid;
	t.mode = tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	t.aalgos = t.ealgos = t.calgos = UINT32_MAX;
	if (tunnel) {
		t.saddr = xaddr(out ? &p->outer_local : &p->outer_remote);
		t.id.daddr = xaddr(out ? &p->outer_remote : &p->outer_local);
	}
	nl_attr(w, XFRMA_TMPL, STRUCT(t), BYTES_NONE);
}

static void put_found_by(struct wr *w, enum xfrm_dir d, const struct dp_extra *x)
{
	const struct dp_mark *m = d == XFRM_DIR_OUT ? &x->mark_out : &x->mark_in;

	put_mark(w, m->value, m->mask);
	if (x->if_id)
		nl_attr_u32(w, XFRMA_IF_ID, x->if_id);
}

static void put_offload(struct wr *w, const struct dp_extra *x)
{
	struct xfrm_user_offload o;

	if (!x->offload_ifindex || x->offload != DP_OFFLOAD_PACKET)
		return;
	CLEAR(o);
	o.ifindex = (int)x->offload_ifindex;
	o.flags = XFRM_OFFLOAD_PACKET;
	nl_attr(w, XFRMA_OFFLOAD_DEV, STRUCT(o), BYTES_NONE);
}

bool xfrm_policy_narrow(const struct dp_policy *p, const struct xfrm_sel *s, uint8_t protocol,
	struct dp_policy *ret, struct xfrm_sel *ret_sel)
{
	enum { ECHO_REQUEST = 8, ECHO_REQUEST_V6 = 128 };
	uint32_t priority = p->priority ? p->priority : xfrm_priority(s, p->extra.is_instance);

	if (s->protocol || priority <= 1)
		return false;
	*ret = *p;
	ret->action = DP_TRAP; /* what leaves, and nothing else */
	ret->priority = priority - 1;
	*ret_sel = *s;
	ret_sel->protocol = protocol;
	if (protocol == IPPROTO_TCP)
		return true;
	ret_sel->local_port = protocol == IPPROTO_ICMP ? ECHO_REQUEST : ECHO_REQUEST_V6;
	ret_sel->local_mask = UINT16_MAX;
	return s->remote.addr.family == (protocol == IPPROTO_ICMP ? 4 : 6);
}

void xfrm_policy_put(struct wr *w, enum xfrm_how how, const struct dp_policy *p,
	const struct xfrm_sel *s, enum xfrm_dir d)
{
	const struct dp_extra *x = &p->extra;
	struct xfrm_userpolicy_info info;
	size_t at = nl_begin(w, how == XFRM_ADD ? XFRM_MSG_NEWPOLICY : XFRM_MSG_UPDPOLICY,
		NLM_F_REQUEST | NLM_F_ACK);

	CLEAR(info);
	sel_to_kernel(s, d, &info.sel);
	info.lft.soft_byte_limit = info.lft.hard_byte_limit = XFRM_INF;
	info.lft.soft_packet_limit = info.lft.hard_packet_limit = XFRM_INF;
	info.priority = p->priority ? p->priority : xfrm_priority(s, x->is_instance);
	info.dir = (uint8_t)d;
	info.action = p->action == DP_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	wr_bytes(w, STRUCT(info));
	if (p->action == DP_PROTECT || p->action == DP_TRAP)
		put_tmpl(w, p, s, d);
	put_found_by(w, d, x);
	put_offload(w, x);
	nl_end(w, at);
}

static void put_id(struct wr *w, const struct xfrm_sel *s, enum xfrm_dir d)
{
	struct xfrm_userpolicy_id id;

	CLEAR(id);
	sel_to_kernel(s, d, &id.sel);
	id.dir = (uint8_t)d;
	wr_bytes(w, STRUCT(id));
}

void xfrm_policy_get_put(
	struct wr *w, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x)
{
	size_t at = nl_begin(w, XFRM_MSG_GETPOLICY, NLM_F_REQUEST);

	put_id(w, s, d);
	put_found_by(w, d, x);
	nl_end(w, at);
}

void xfrm_policy_del_put(
	struct wr *w, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x)
{
	size_t at = nl_begin(w, XFRM_MSG_DELPOLICY, NLM_F_REQUEST | NLM_F_ACK);

	put_id(w, s, d);
	put_found_by(w, d, x);
	nl_end(w, at);
}

void xfrm_migrate_put(struct wr *w, const struct dp_policy *p, const struct xfrm_sel *s,
	enum xfrm_dir d, const struct addr *new_local, const struct addr *new_remote)
{
	bool out = d == XFRM_DIR_OUT;
	struct xfrm_user_migrate m;
	size_t at = nl_begin(w, XFRM_MSG_MIGRATE, NLM_F_REQUEST | NLM_F_ACK);

	CLEAR(m);
	m.old_saddr = xaddr(out ? &p->outer_local : &p->outer_remote);
	m.old_daddr = xaddr(out ? &p->outer_remote : &p->outer_local);
	m.new_saddr = xaddr(out ? new_local : new_remote);
	m.new_daddr = xaddr(out ? new_remote : new_local);
	m.proto = IPPROTO_ESP;
	m.mode = p->mode == DP_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	m.reqid = p->reqid;
	m.old_family = af_of(&p->outer_remote);
	m.new_family = af_of(new_remote);
	put_id(w, s, d);
	nl_attr(w, XFRMA_MIGRATE, STRUCT(m), BYTES_NONE);
	nl_end(w, at);
}
