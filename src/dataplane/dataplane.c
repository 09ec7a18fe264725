/* The contract's values between processes, and the words for drops. */
#include "dataplane/dataplane.h"

#define DROP(name, text) [DROP_##name] = { #name, text },
static const struct {
	const char *name, *text;
} drops[] = {
#include "dataplane/drop.def"
};
#undef DROP

const char *drop_name(enum drop_reason r)
{
	return (unsigned)r < COUNT(drops) ? drops[r].name : "unknown";
}

const char *drop_text(enum drop_reason r)
{
	return (unsigned)r < COUNT(drops) ? drops[r].text : "unknown";
}

void dp_sa_done(struct dp_sa *sa)
{
	secret_done(&sa->encr_key);
	secret_done(&sa->integ_key);
}

static void secret_put(struct wr *w, const struct secret *s)
{
	wr_u16(w, (uint16_t)s->n);
	wr_bytes(w, secret_view(s));
}

static struct bytes secret_get(struct rd *r)
{
	uint16_t n = rd_u16(r);

	return rd_bytes(r, n);
}

static void mark_put(struct wr *w, const struct dp_mark *m)
{
	wr_u32(w, m->value);
	wr_u32(w, m->mask);
}

static struct dp_mark mark_get(struct rd *r)
{
	uint32_t value = rd_u32(r);

	return (struct dp_mark){ value, rd_u32(r) };
}

static void extra_put(struct wr *w, const struct dp_extra *x)
{
	mark_put(w, &x->mark_in);
	mark_put(w, &x->mark_out);
	mark_put(w, &x->set_mark);
	wr_u32(w, x->if_id);
	wr_u8(w, x->offload);
	wr_u32(w, x->offload_ifindex);
	wr_u8(w, x->no_ecn);
	wr_u8(w, x->has_device);
	wr_u8(w, x->is_instance);
}

static struct dp_extra extra_get(struct rd *r)
{
	struct dp_extra x = { .mark_in = mark_get(r) };

	x.mark_out = mark_get(r);
	x.set_mark = mark_get(r);
	x.if_id = rd_u32(r);
	x.offload = rd_u8_max(r, DP_OFFLOAD_AUTO);
	x.offload_ifindex = rd_u32(r);
	x.no_ecn = rd_flag(r);
	x.has_device = rd_flag(r);
	x.is_instance = rd_flag(r);
	return x;
}

static void device_put(struct wr *w, const struct dp_device *d)
{
	wr_u8(w, d->kind);
	wr_bytes(w, bytes_of(d->name, sizeof(d->name)));
	wr_u8(w, d->is_shared);
	wr_u8(w, d->is_unmanaged);
	addr_put(w, &d->address.addr);
	wr_u8(w, d->address.bits);
}

static struct dp_device device_get(struct rd *r)
{
	struct dp_device d = { .kind = rd_u8_max(r, DP_DEVICE_VTI) };

	rd_copy(r, d.name, sizeof(d.name));
	r->failed = r->failed || d.name[sizeof(d.name) - 1] != '\0';
	d.is_shared = rd_flag(r);
	d.is_unmanaged = rd_flag(r);
	d.address.addr = addr_get(r);
	d.address.bits = rd_u8_max(r, addr_bits(d.address.addr.family));
	return d;
}

void dp_sa_put(struct wr *w, const struct dp_sa *sa)
{
	wr_u8(w, sa->dir);
	wr_u8(w, sa->mode);
	wr_u32(w, sa->serial);
	wr_u32(w, sa->reqid);
	wr_u32(w, sa->spi);
	endpoint_put(w, &sa->local);
	endpoint_put(w, &sa->remote);
	wr_u8(w, sa->encap);
	suite_put(w, &sa->suite);
	secret_put(w, &sa->encr_key);
	secret_put(w, &sa->integ_key);
	wr_u32(w, sa->replay_window);
	ts_list_put(w, &sa->ts_local);
	ts_list_put(w, &sa->ts_remote);
	wr_u64(w, sa->soft_bytes);
	wr_u64(w, sa->hard_bytes);
	wr_u64(w, sa->soft_packets);
	wr_u64(w, sa->hard_packets);
	wr_u16(w, sa->mtu);
	wr_u8(w, sa->dont_copy_df);
	wr_u8(w, sa->decap_dscp);
	wr_u8(w, sa->dont_encap_dscp);
	wr_u32(w, sa->tfc);
	extra_put(w, &sa->extra);
}

enum err dp_sa_get(struct rd *r, struct dp_sa *ret)
{
	struct dp_sa sa = { .dir = rd_u8(r) };
	struct bytes encr, integ;
	enum err e;

	sa.mode = rd_u8(r);
	sa.serial = rd_u32(r);
	sa.reqid = rd_u32(r);
	sa.spi = rd_u32(r);
	sa.local = endpoint_get(r);
	sa.remote = endpoint_get(r);
	sa.encap = rd_flag(r);
	sa.suite = suite_get(r);
	encr = secret_get(r);
	integ = secret_get(r);
	sa.replay_window = rd_u32(r);
	if ((e = ts_list_get(r, &sa.ts_local)) || (e = ts_list_get(r, &sa.ts_remote)))
		return e;
	sa.soft_bytes = rd_u64(r);
	sa.hard_bytes = rd_u64(r);
	sa.soft_packets = rd_u64(r);
	sa.hard_packets = rd_u64(r);
	sa.mtu = rd_u16(r);
	sa.dont_copy_df = rd_flag(r);
	sa.decap_dscp = rd_flag(r);
	sa.dont_encap_dscp = rd_flag(r);
	sa.tfc = rd_u32(r);
	sa.extra = extra_get(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if ((sa.dir != DP_IN && sa.dir != DP_OUT) || sa.mode > DP_TRANSPORT)
		return ERR_VALUE;
	sa.encr_key = secret_from(encr);
	sa.integ_key = secret_from(integ);
	*ret = sa;
	return OK;
}

/* RFC 4303 2, RFC 3948 2.1: SPI and sequence number, IV, padding with its two octets, ICV. */
uint16_t dp_overhead(const struct suite *s, enum dp_mode mode, bool encap, bool outer_v6)
{
	enum { ESP = 8, TRAILER = 2, UDP = 8, IP4 = 20, IP6 = 40, IV = 16, BLOCK = 16, ICV = 32 };
	const struct alg *encr = s ? alg_find(TT_ENCR, s->encr) : NULL;
	const struct alg *integ = encr && !encr->is_aead ? alg_find(TT_INTEG, s->integ) : encr;
	size_t header = mode == DP_TRANSPORT ? 0u : outer_v6 ? IP6 : IP4;
	size_t outer = header + (encap ? UDP : 0u) + ESP + TRAILER;

	if (!encr || !integ)
		return (uint16_t)(outer + IV + BLOCK - 1 + ICV);
	return (uint16_t)(outer + encr->iv_n + MAX(encr->block_n, (size_t)4) - 1 + integ->icv_n);
}

void dp_policy_put(struct wr *w, const struct dp_policy *p)
{
	wr_u32(w, p->reqid);
	wr_u8(w, p->action);
	wr_u8(w, p->mode);
	wr_u32(w, p->priority);
	ts_list_put(w, &p->ts_local);
	ts_list_put(w, &p->ts_remote);
	addr_put(w, &p->outer_local);
	addr_put(w, &p->outer_remote);
	addr_put(w, &p->source[0]);
	addr_put(w, &p->source[1]);
	wr_u8(w, p->add_source);
	wr_u8(w, p->add_routes);
	wr_u16(w, p->mtu);
	wr_u16(w, p->mss);
	wr_u8(w, p->exempt);
	wr_u16(w, p->overhead);
	wr_u32(w, p->metric);
	device_put(w, &p->device);
	extra_put(w, &p->extra);
}

enum err dp_policy_get(struct rd *r, struct dp_policy *ret)
{
	struct dp_policy p = { .reqid = rd_u32(r) };
	enum err e;

	p.action = rd_u8(r);
	p.mode = rd_u8(r);
	p.priority = rd_u32(r);
	if ((e = ts_list_get(r, &p.ts_local)) || (e = ts_list_get(r, &p.ts_remote)))
		return e;
	p.outer_local = addr_get(r);
	p.outer_remote = addr_get(r);
	p.source[0] = addr_get(r);
	p.source[1] = addr_get(r);
	p.add_source = rd_flag(r);
	p.add_routes = rd_flag(r);
	p.mtu = rd_u16(r);
	p.mss = rd_u16(r);
	p.exempt = rd_u8_max(r, DP_EXEMPT_AUTO);
	p.overhead = rd_u16(r);
	p.metric = rd_u32(r);
	p.device = device_get(r);
	p.extra = extra_get(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (p.action > DP_DROP || p.mode > DP_TRANSPORT)
		return ERR_VALUE;
	*ret = p;
	return OK;
}

static void ts_put(struct wr *w, const struct ts *t)
{
	wr_u8(w, t->protocol);
	wr_u16(w, t->port_first);
	wr_u16(w, t->port_last);
	addr_put(w, &t->range.first);
	addr_put(w, &t->range.last);
}

static struct ts ts_get(struct rd *r)
{
	struct ts t;

	t.protocol = rd_u8(r);
	t.port_first = rd_u16(r);
	t.port_last = rd_u16(r);
	t.range.first = addr_get(r);
	t.range.last = addr_get(r);
	return t;
}

void dp_notice_put(struct wr *w, const struct dp_notice *n)
{
	wr_u8(w, n->kind);
	wr_u32(w, n->serial);
	wr_u32(w, n->reqid);
	endpoint_put(w, &n->remote);
	ts_put(w, &n->ts_local);
	ts_put(w, &n->ts_remote);
	wr_u8(w, n->reason);
	wr_u64(w, n->count);
	wr_u64(w, n->passed);
}

enum err dp_notice_get(struct rd *r, struct dp_notice *ret)
{
	struct dp_notice n = { .kind = rd_u8(r) };

	n.serial = rd_u32(r);
	n.reqid = rd_u32(r);
	n.remote = endpoint_get(r);
	n.ts_local = ts_get(r);
	n.ts_remote = ts_get(r);
	n.reason = rd_u8(r);
	n.count = rd_u64(r);
	n.passed = rd_u64(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (n.kind < DP_ACQUIRE || n.kind > DP_CLEAR || n.reason >= DROP_END)
		return ERR_VALUE;
	*ret = n;
	return OK;
}
