/* What the kernel says on its XFRM socket, answers and news alike (<linux/xfrm.h>; Linux
 * net/xfrm/xfrm_user.c: xfrm_send_state_notify, build_acquire, build_expire, build_mapping, ...).
 */
#include "dataplane/xfrm/kernel.h"

#include <arpa/inet.h>

/* NLMSG_ERROR and NLMSG_DONE: an errno value, for an error the message that was refused, and
 * attributes with the reason in words where the socket asked for them. */
static enum err ack(struct nl_msg *m, struct xfrm_said *s)
{
	struct nlmsghdr refused;
	uint16_t type;
	struct bytes v;
	int error;

	nl_struct(&m->body, &error, sizeof(error));
	if (m->body.failed)
		return ERR_TRUNCATED;
	if (error > 0 || error == INT32_MIN)
		return ERR_VALUE;
	s->error = -error;
	if (m->type == NLMSG_ERROR) {
		rd_copy(&m->body, &refused, sizeof(refused));
		if (m->body.failed || refused.nlmsg_len < sizeof(refused))
			return ERR_TRUNCATED;
		if (!(m->flags & NLM_F_CAPPED))
			rd_skip(&m->body,
				MIN(NLMSG_ALIGN((size_t)refused.nlmsg_len) - sizeof(refused),
					m->body.n));
	}
	while ((m->flags & NLM_F_ACK_TLVS) && nl_attr_next(&m->body, &type, &v))
		if (type == NLMSGERR_ATTR_MSG) {
			size_t n = MIN(strnlen((const char *)v.p, v.n), sizeof(s->text) - 1);

			memcpy(s->text, v.p, n);
		}
	return OK;
}

static enum err sa(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_usersa_info k;

	nl_struct(&m->body, &k, sizeof(k));
	if (m->body.failed)
		return ERR_TRUNCATED;
	sa_from_kernel(&k, m->body, &s->sa);
	return OK;
}

/* Names the SA, and has all of it in an attribute. */
static enum err sa_gone(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_usersa_id id;
	struct xfrm_usersa_info k;
	struct rd attrs;
	uint16_t type;
	struct bytes v;

	nl_struct(&m->body, &id, sizeof(id));
	if (m->body.failed)
		return ERR_TRUNCATED;
	attrs = m->body;
	while (nl_attr_next(&attrs, &type, &v))
		if (type == XFRMA_SA && nl_as(v, &k, sizeof(k))) {
			sa_from_kernel(&k, m->body, &s->sa);
			return OK;
		}
	s->sa.id.dst = addr_of(&id.daddr, id.family);
	s->sa.id.spi = ntohl(id.spi);
	return OK;
}

static enum err expire(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_user_expire k;

	nl_struct(&m->body, &k, sizeof(k));
	if (m->body.failed)
		return ERR_TRUNCATED;
	sa_from_kernel(&k.state, m->body, &s->sa);
	s->is_hard = k.hard != 0;
	return OK;
}

/* ---- policies ---- */

static void tmpl_from(struct bytes v, struct xfrm_policy_said *p)
{
	struct xfrm_user_tmpl t;

	if (!nl_as(v, &t, sizeof(t)))
		return;
	p->reqid = t.reqid;
	p->src = addr_of(&t.saddr, t.family);
	p->dst = addr_of(&t.id.daddr, t.family);
}

static void policy_attrs(struct rd attrs, struct xfrm_policy_said *p)
{
	struct xfrm_mark mark;
	uint16_t type;
	struct bytes v;

	while (nl_attr_next(&attrs, &type, &v)) {
		if (type == XFRMA_TMPL)
			tmpl_from(v, p);
		else if (type == XFRMA_IF_ID)
			(void)nl_as(v, &p->if_id, sizeof(p->if_id));
		else if (type == XFRMA_MARK && nl_as(v, &mark, sizeof(mark))) {
			p->mark = mark.v;
			p->mark_mask = mark.m;
		}
	}
}

/* Directions of sockets' own policies are numbered on from the others (net/xfrm.h,
 * XFRM_POLICY_MAX). */
static enum xfrm_dir dir_of(uint8_t dir)
{
	return dir < XFRM_DIR_END ? (enum xfrm_dir)dir : XFRM_DIR_END;
}

static enum err policy_from(
	const struct xfrm_userpolicy_info *k, struct rd attrs, struct xfrm_policy_said *p)
{
	p->dir = (uint8_t)dir_of(k->dir);
	p->is_block = k->action == XFRM_POLICY_BLOCK;
	p->index = k->index;
	p->priority = k->priority;
	p->used = k->curlft.use_time;
	policy_attrs(attrs, p);
	return sel_from_kernel(&k->sel, dir_of(k->dir), &p->sel);
}

static enum err policy(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_userpolicy_info k;

	nl_struct(&m->body, &k, sizeof(k));
	if (m->body.failed)
		return ERR_TRUNCATED;
	return policy_from(&k, m->body, &s->policy);
}

static enum err policy_gone(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_userpolicy_id id;
	struct xfrm_userpolicy_info k;
	struct rd attrs;
	uint16_t type;
	struct bytes v;

	nl_struct(&m->body, &id, sizeof(id));
	if (m->body.failed)
		return ERR_TRUNCATED;
	attrs = m->body;
	while (nl_attr_next(&attrs, &type, &v))
		if (type == XFRMA_POLICY && nl_as(v, &k, sizeof(k)))
			return policy_from(&k, m->body, &s->policy);
	s->policy.dir = (uint8_t)dir_of(id.dir);
	s->policy.index = id.index;
	policy_attrs(m->body, &s->policy);
	return sel_from_kernel(&id.sel, dir_of(id.dir), &s->policy.sel);
}

/* ---- what happened ---- */

/* The packet that waits: one address and, where it has them, one port or type and code. */
static void packet_from(const struct xfrm_selector *k, struct xfrm_said *s)
{
	struct addr src = addr_from(bytes_of(&k->saddr, k->family == AF_INET6 ? 16 : 4)),
		    dst = addr_from(bytes_of(&k->daddr, k->family == AF_INET6 ? 16 : 4));
	uint16_t sport = ntohs(k->sport), dport = ntohs(k->dport),
		 both = (uint16_t)((sport & 0xff) << 8 | (dport & 0xff));

	s->packet_src = (struct ts){ k->proto, 0, UINT16_MAX, range_one(&src) };
	s->packet_dst = (struct ts){ k->proto, 0, UINT16_MAX, range_one(&dst) };
	if (has_types(k->proto) && k->sport_mask)
		sport = dport = both;
	if (k->sport_mask)
		s->packet_src.port_first = s->packet_src.port_last = sport;
	if (k->dport_mask)
		s->packet_dst.port_first = s->packet_dst.port_last = dport;
}

static enum err acquire(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_user_acquire k;
	struct xfrm_sel checked;
	enum err e;

	nl_struct(&m->body, &k, sizeof(k));
	if (m->body.failed)
		return ERR_TRUNCATED;
	if (k.sel.family == AF_UNSPEC)
		return ERR_VALUE;
	if ((e = sel_from_kernel(&k.sel, XFRM_DIR_OUT, &checked)) ||
		(e = policy_from(&k.policy, m->body, &s->policy)))
		return e;
	packet_from(&k.sel, s);
	/* the template has them as they were configured, this as they were found */
	s->policy.src = addr_of(&k.saddr, k.policy.sel.family);
	s->policy.dst = addr_of(&k.id.daddr, k.policy.sel.family);
	return OK;
}

static enum err mapping(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_user_mapping k;

	nl_struct(&m->body, &k, sizeof(k));
	if (m->body.failed)
		return ERR_TRUNCATED;
	s->sa.id.src = addr_of(&k.old_saddr, k.id.family);
	s->sa.id.dst = addr_of(&k.id.daddr, k.id.family);
	s->sa.id.spi = ntohl(k.id.spi);
	s->sa.reqid = k.reqid;
	s->sa.encap = true;
	s->sa.src_port = ntohs(k.old_sport);
	s->local = s->sa.id.dst;
	s->remote.addr = addr_of(&k.new_saddr, k.id.family);
	s->remote.port = ntohs(k.new_sport);
	return OK;
}

static enum err migrate(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrm_userpolicy_id id;
	struct xfrm_user_migrate k;
	uint16_t type;
	struct bytes v;
	bool out;

	nl_struct(&m->body, &id, sizeof(id));
	if (m->body.failed)
		return ERR_TRUNCATED;
	s->policy.dir = (uint8_t)dir_of(id.dir);
	out = id.dir == XFRM_POLICY_OUT;
	policy_attrs(m->body, &s->policy);
	while (nl_attr_next(&m->body, &type, &v)) {
		if (type != XFRMA_MIGRATE || !nl_as(v, &k, sizeof(k)))
			continue;
		s->policy.reqid = k.reqid;
		s->policy.src = addr_of(&k.old_saddr, k.old_family);
		s->policy.dst = addr_of(&k.old_daddr, k.old_family);
		s->local = addr_of(out ? &k.new_saddr : &k.new_daddr, k.new_family);
		s->remote.addr = addr_of(out ? &k.new_daddr : &k.new_saddr, k.new_family);
	}
	return sel_from_kernel(&id.sel, dir_of(id.dir), &s->policy.sel);
}

static enum err info(struct nl_msg *m, struct xfrm_said *s)
{
	struct xfrmu_spdinfo k;
	uint32_t flags;
	uint16_t type;
	struct bytes v;

	nl_struct(&m->body, &flags, sizeof(flags));
	if (m->body.failed)
		return ERR_TRUNCATED;
	while (nl_attr_next(&m->body, &type, &v)) {
		if (s->kind == XFRM_SAID_SADINFO && type == XFRMA_SAD_CNT) {
			(void)nl_as(v, &s->counts.sas, sizeof(s->counts.sas));
		} else if (s->kind == XFRM_SAID_SPDINFO && type == XFRMA_SPD_INFO &&
			   nl_as(v, &k, sizeof(k))) {
			s->counts.policies[XFRM_DIR_IN] = k.incnt;
			s->counts.policies[XFRM_DIR_OUT] = k.outcnt;
			s->counts.policies[XFRM_DIR_FWD] = k.fwdcnt;
		}
	}
	return OK;
}

static enum err nothing(struct nl_msg *m, struct xfrm_said *s)
{
	(void)m, (void)s;
	return OK;
}

static const struct {
	uint16_t type;
	uint8_t kind;
	enum err (*parse)(struct nl_msg *m, struct xfrm_said *s);
} kinds[] = {
	{ NLMSG_ERROR, XFRM_SAID_ACK, ack },
	{ NLMSG_DONE, XFRM_SAID_DONE, ack },
	{ XFRM_MSG_NEWSA, XFRM_SAID_SA, sa },
	{ XFRM_MSG_UPDSA, XFRM_SAID_SA, sa },
	{ XFRM_MSG_DELSA, XFRM_SAID_SA_GONE, sa_gone },
	{ XFRM_MSG_NEWPOLICY, XFRM_SAID_POLICY, policy },
	{ XFRM_MSG_UPDPOLICY, XFRM_SAID_POLICY, policy },
	{ XFRM_MSG_DELPOLICY, XFRM_SAID_POLICY_GONE, policy_gone },
	{ XFRM_MSG_FLUSHSA, XFRM_SAID_SAS_FLUSHED, nothing },
	{ XFRM_MSG_FLUSHPOLICY, XFRM_SAID_POLICIES_FLUSHED, nothing },
	{ XFRM_MSG_ACQUIRE, XFRM_SAID_ACQUIRE, acquire },
	{ XFRM_MSG_EXPIRE, XFRM_SAID_EXPIRE, expire },
	{ XFRM_MSG_MAPPING, XFRM_SAID_MAPPING, mapping },
	{ XFRM_MSG_MIGRATE, XFRM_SAID_MIGRATE, migrate },
	{ XFRM_MSG_NEWSADINFO, XFRM_SAID_SADINFO, info },
	{ XFRM_MSG_NEWSPDINFO, XFRM_SAID_SPDINFO, info },
};

enum err xfrm_said_get(struct rd *r, struct xfrm_said *ret)
{
	struct xfrm_said s = { 0 };
	struct nl_msg m;
	enum err e;

	if (!nl_next(r, &m))
		return r->failed ? ERR_LENGTH : ERR_NOT_FOUND;
	s.seq = m.seq;
	s.pid = m.pid;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].type == m.type) {
			s.kind = kinds[i].kind;
			if ((e = kinds[i].parse(&m, &s)))
				return e;
		}
	*ret = s;
	return OK;
}

bool xfrm_said_notice(const struct xfrm_said *s, struct dp_notice *ret)
{
	struct dp_notice n = { 0 };

	if (s->kind == XFRM_SAID_ACQUIRE) {
		n.kind = DP_ACQUIRE;
		n.reqid = s->policy.reqid;
		n.ts_local = s->packet_src;
		n.ts_remote = s->packet_dst;
	} else if (s->kind == XFRM_SAID_EXPIRE && s->sa.id.spi) {
		n.kind = s->is_hard ? DP_EXPIRE_HARD : DP_EXPIRE_SOFT;
		n.reason = s->is_hard ? DROP_expired : DROP_none;
		n.reqid = s->sa.reqid;
	} else if (s->kind == XFRM_SAID_MAPPING) {
		n.kind = DP_MAPPING;
		n.reqid = s->sa.reqid;
		n.remote = s->remote;
	} else {
		return false;
	}
	*ret = n;
	return true;
}
