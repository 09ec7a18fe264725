/* The data plane of tests: see fake.h. Copies are made through put and get, so every test of the
 * engine tries these too. */
#include "dataplane/fake/fake.h"

#include <stdlib.h>

struct fake_sa {
	struct list list;
	struct dp_sa sa;
	struct dp_counters counters;
	bool is_refused; /* only remembered because its SA_DEL may still come */
	bool is_orphan;	 /* of an earlier ike, not adopted */
};

struct fake_policy {
	struct list list;
	struct dp_policy policy;
	bool is_orphan;
};

enum { COPY_MAX = 8192 };

static struct fake_sa *sa_find(const struct fake_dp *f, uint32_t serial, enum dp_dir dir)
{
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->sa.serial == serial && s->sa.dir == dir)
			return s;
	}
	return NULL;
}

static struct fake_policy *policy_find(const struct fake_dp *f, uint32_t reqid)
{
	struct fake_policy *p;

	list_each (p, &f->policies, struct fake_policy, list) {
		if (p->policy.reqid == reqid)
			return p;
	}
	return NULL;
}

static void sa_free(struct fake_sa *s)
{
	list_remove(&s->list);
	dp_sa_done(&s->sa);
	free(s);
}

static void policy_free(struct fake_policy *p)
{
	list_remove(&p->list);
	free(p);
}

static void flush(struct fake_dp *f)
{
	struct fake_policy *p;
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		sa_free(s);
	}
	list_each (p, &f->policies, struct fake_policy, list) {
		policy_free(p);
	}
}

void fake_dp_init(struct fake_dp *f)
{
	*f = (struct fake_dp){ 0 };
	list_init(&f->sas);
	list_init(&f->policies);
}

void fake_dp_done(struct fake_dp *f)
{
	flush(f);
}

void fake_dp_fail_next(struct fake_dp *f, enum err e)
{
	f->fail_next = e;
}

static enum err sa_keep(struct fake_dp *f, const struct dp_sa *sa, bool is_refused)
{
	struct fake_sa *s = xalloc(sizeof(*s));
	uint8_t *octets = xalloc(COPY_MAX);
	struct wr w = wr_to(octets, COPY_MAX);
	struct rd r;
	enum err e;

	dp_sa_put(&w, sa);
	r = rd_from(wr_view(&w));
	e = dp_sa_get(&r, &s->sa);
	if (e == OK && !rd_end(&r))
		e = ERR_LENGTH;
	s->is_refused = is_refused;
	list_append(&f->sas, &s->list);
	if (e != OK)
		sa_free(s);
	wipe(octets, COPY_MAX);
	free(octets);
	return e;
}

static enum err sa_add(struct fake_dp *f, const struct dp_sa *sa)
{
	struct fake_sa *had = sa_find(f, sa->serial, sa->dir);

	if (had && had->is_refused)
		sa_free(had);
	else if (had || (sa->dir == DP_IN && fake_dp_receiver(f, sa->spi))) {
		f->double_adds++;
		return ERR_EXISTS;
	}
	return sa_keep(f, sa, false);
}

static enum err sa_del(struct fake_dp *f, uint32_t serial, enum dp_dir dir)
{
	struct fake_sa *s = sa_find(f, serial, dir);
	bool was_there = s && !s->is_refused;

	if (s)
		sa_free(s);
	else
		f->unknown_deletes++;
	return was_there ? OK : ERR_NOT_FOUND;
}

static enum err sa_move(struct fake_dp *f, const struct fake_request *q)
{
	bool found = false;
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->sa.serial != q->serial || s->is_refused)
			continue;
		s->sa.local = q->local;
		s->sa.remote = q->remote;
		s->sa.encap = q->encap;
		found = true;
	}
	if (!found)
		f->unknown_deletes++;
	return found ? OK : ERR_NOT_FOUND;
}

static enum err sa_query(const struct fake_dp *f, uint32_t serial, struct dp_counters *ret)
{
	struct dp_counters sum = { 0 };
	bool found = false;
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->sa.serial != serial || s->is_refused)
			continue;
		sum.in_bytes += s->counters.in_bytes;
		sum.in_packets += s->counters.in_packets;
		sum.out_bytes += s->counters.out_bytes;
		sum.out_packets += s->counters.out_packets;
		sum.in_seq = MAX(sum.in_seq, s->counters.in_seq);
		sum.out_seq = MAX(sum.out_seq, s->counters.out_seq);
		found = true;
	}
	if (!found)
		return ERR_NOT_FOUND;
	*ret = sum;
	return OK;
}

static enum err sa_adopt(struct fake_dp *f, const struct dp_sa *sa, struct dp_counters *ret)
{
	struct fake_sa *s = sa_find(f, sa->serial, sa->dir);

	if (!s || s->is_refused || s->sa.spi != sa->spi || s->sa.reqid != sa->reqid)
		return ERR_NOT_FOUND;
	s->is_orphan = false;
	return sa_query(f, sa->serial, ret);
}

void fake_dp_orphan(struct fake_dp *f)
{
	struct fake_policy *p;
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		s->is_orphan = true;
	}
	list_each (p, &f->policies, struct fake_policy, list) {
		p->is_orphan = true;
	}
}

static void settle(struct fake_dp *f)
{
	struct fake_policy *p;
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->is_orphan)
			sa_free(s);
	}
	list_each (p, &f->policies, struct fake_policy, list) {
		if (p->is_orphan)
			policy_free(p);
	}
}

static enum err policy_add(struct fake_dp *f, const struct dp_policy *policy)
{
	struct fake_policy *p = policy_find(f, policy->reqid);
	uint8_t *octets = xalloc(COPY_MAX);
	struct wr w = wr_to(octets, COPY_MAX);
	struct dp_policy copy;
	struct rd r;
	enum err e;

	dp_policy_put(&w, policy);
	r = rd_from(wr_view(&w));
	e = dp_policy_get(&r, &copy);
	if (e == OK && !rd_end(&r))
		e = ERR_LENGTH;
	free(octets);
	if (e != OK)
		return e;
	if (!p) {
		p = xalloc(sizeof(*p));
		list_append(&f->policies, &p->list);
	}
	p->policy = copy;
	p->is_orphan = false;
	return OK;
}

static enum err policy_del(struct fake_dp *f, uint32_t reqid)
{
	struct fake_policy *p = policy_find(f, reqid);

	if (!p) {
		f->unknown_deletes++;
		return ERR_NOT_FOUND;
	}
	policy_free(p);
	return OK;
}

static enum err refuse(struct fake_dp *f, const struct fake_request *q)
{
	enum err e = f->fail_next, kept = OK;

	f->fail_next = OK;
	if (q->op == DP_SA_ADD && !sa_find(f, q->sa->serial, q->sa->dir))
		kept = sa_keep(f, q->sa, true);
	return kept != OK ? kept : e;
}

enum err fake_dp_do(struct fake_dp *f, const struct fake_request *q, struct dp_counters *ret)
{
	if (f->fail_next != OK)
		return refuse(f, q);
	switch ((enum dp_op)q->op) {
	case DP_SA_ADD:
		return sa_add(f, q->sa);
	case DP_SA_DEL:
		return sa_del(f, q->serial, q->dir);
	case DP_SA_MOVE:
		return sa_move(f, q);
	case DP_SA_QUERY:
		return sa_query(f, q->serial, ret);
	case DP_POLICY_ADD:
		return policy_add(f, q->policy);
	case DP_POLICY_DEL:
		return policy_del(f, q->reqid);
	case DP_FLUSH:
		flush(f);
		return OK;
	case DP_SA_ADOPT:
		return sa_adopt(f, q->sa, ret);
	case DP_SETTLE:
		settle(f);
		return OK;
	}
	return ERR_UNSUPPORTED;
}

const struct dp_sa *fake_dp_sa(const struct fake_dp *f, uint32_t serial, enum dp_dir dir)
{
	struct fake_sa *s = sa_find(f, serial, dir);

	return s && !s->is_refused ? &s->sa : NULL;
}

const struct dp_policy *fake_dp_policy(const struct fake_dp *f, uint32_t reqid)
{
	struct fake_policy *p = policy_find(f, reqid);

	return p ? &p->policy : NULL;
}

static struct fake_sa *receiver(const struct fake_dp *f, uint32_t spi)
{
	struct fake_sa *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->sa.dir == DP_IN && s->sa.spi == spi && !s->is_refused)
			return s;
	}
	return NULL;
}

static struct fake_sa *sender(const struct fake_dp *f, uint32_t reqid)
{
	struct fake_sa *newest = NULL, *s;

	list_each (s, &f->sas, struct fake_sa, list) {
		if (s->sa.dir == DP_OUT && s->sa.reqid == reqid && !s->is_refused)
			newest = s;
	}
	return newest;
}

const struct dp_sa *fake_dp_receiver(const struct fake_dp *f, uint32_t spi)
{
	struct fake_sa *s = receiver(f, spi);

	return s ? &s->sa : NULL;
}

const struct dp_sa *fake_dp_sender(const struct fake_dp *f, uint32_t reqid)
{
	struct fake_sa *s = sender(f, reqid);

	return s ? &s->sa : NULL;
}

size_t fake_dp_sas(const struct fake_dp *f, enum dp_dir dir)
{
	struct fake_sa *s;
	size_t n = 0;

	list_each (s, &f->sas, struct fake_sa, list) {
		n += s->sa.dir == dir && !s->is_refused;
	}
	return n;
}

size_t fake_dp_policies(const struct fake_dp *f)
{
	size_t n = 0;

	for (const struct list *l = f->policies.next; l != &f->policies; l = l->next)
		n++;
	return n;
}

/* Why would a packet that leaves on out not be accepted by in? NULL when it would. */
static const char *difference(const struct dp_sa *out, const struct dp_sa *in)
{
	if (out->suite.encr != in->suite.encr || out->suite.key_bits != in->suite.key_bits ||
		out->suite.integ != in->suite.integ || out->suite.esn != in->suite.esn)
		return "suite";
	if (!bytes_eq(secret_view(&out->encr_key), secret_view(&in->encr_key)))
		return "encryption key";
	if (!bytes_eq(secret_view(&out->integ_key), secret_view(&in->integ_key)))
		return "integrity key";
	if (out->mode != in->mode)
		return "mode";
	if (out->encap != in->encap)
		return "UDP encapsulation";
	if (!ts_list_eq(&out->ts_local, &in->ts_remote) ||
		!ts_list_eq(&out->ts_remote, &in->ts_local))
		return "selectors";
	if (!out->encap && (!addr_eq(&out->local.addr, &in->remote.addr) ||
				   !addr_eq(&out->remote.addr, &in->local.addr)))
		return "addresses";
	return NULL;
}

bool fake_dp_carry(struct fake_dp *from, uint32_t reqid, struct fake_dp *to, uint64_t n)
{
	struct fake_sa *out = sender(from, reqid), *in;

	if (!out)
		return false;
	out->counters.out_seq++;
	out->counters.out_packets++;
	out->counters.out_bytes += n;
	in = receiver(to, out->sa.spi);
	if (!in || difference(&out->sa, &in->sa))
		return false;
	in->counters.in_seq = out->counters.out_seq;
	in->counters.in_packets++;
	in->counters.in_bytes += n;
	return true;
}

const char *fake_dp_unreached(const struct fake_dp *a, const struct fake_dp *b)
{
	struct fake_sa *out;

	list_each (out, &a->sas, struct fake_sa, list) {
		const struct dp_sa *in;
		const char *what;

		if (out->sa.dir != DP_OUT || out->is_refused)
			continue;
		if (!(in = fake_dp_receiver(b, out->sa.spi)))
			return "SPI";
		if ((what = difference(&out->sa, in)))
			return what;
	}
	return NULL;
}

bool fake_dp_connected(const struct fake_dp *a, const struct fake_dp *b)
{
	return !fake_dp_unreached(a, b) && !fake_dp_unreached(b, a) &&
	       fake_dp_sas(a, DP_OUT) == fake_dp_sas(b, DP_IN) &&
	       fake_dp_sas(b, DP_OUT) == fake_dp_sas(a, DP_IN);
}
