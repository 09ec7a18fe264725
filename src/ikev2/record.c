/* The record of an IKE SA: see record.h. Written at the end of every call that changed it. */
#include "ikev2/record.h"

#include <stdlib.h>

enum { CONNS_MAX = LIMIT_CHILDREN + 1, SPI_FIRST = 256 };

/* ---- writing ---- */

static void put_octets(struct wr *w, struct bytes b)
{
	wr_u32(w, (uint32_t)b.n);
	wr_bytes(w, b);
}

static void put_time(struct wr *w, ns_t t)
{
	wr_u64(w, (uint64_t)t);
}

static void put_timer(struct wr *w, const struct timer *t)
{
	put_time(w, timer_is_set(t) ? t->at : 0);
}

/* The connections that sa names, each once. Gives how many. */
static size_t conns_of(const struct v2_sa *sa, struct conn *ret[CONNS_MAX])
{
	const struct v2_child *c;
	size_t n = 0;

	ret[n++] = sa->conn;
	list_each (c, &sa->children, struct v2_child, node) {
		size_t i = 0;

		while (i < n && ret[i] != c->c.conn)
			i++;
		if (i == n && n < CONNS_MAX)
			ret[n++] = c->c.conn;
	}
	return n;
}

/* What the peer has not heard of is made anew when it asks again; what it has not been asked for
 * yet is asked for by the connection's wish. */
static bool is_to_be_kept(const struct v2_child *c)
{
	return c->state != V2_CHILD_WAITING && c->state != V2_CHILD_GONE && !c->has_answer_due;
}

/* The serial, or 0 for a sibling of c that the next process will not know. */
static uint32_t kept_serial(const struct v2_child *c, uint32_t serial)
{
	const struct v2_child *sibling = v2_child_by_serial(c->sa->v2, serial);

	return sibling && is_to_be_kept(sibling) ? serial : 0;
}

static void put_child(struct wr *w, const struct v2_child *c, size_t conn)
{
	bool is_to_install = c->state == V2_CHILD_STANDBY;

	wr_u32(w, c->c.serial);
	wr_u16(w, (uint16_t)conn);
	wr_u8(w, c->state);
	wr_u8(w, c->purpose);
	wr_u8(w, c->is_requester);
	wr_u8(w, c->is_unwanted);
	wr_u8(w, c->c.encap);
	wr_u8(w, c->c.is_transport);
	wr_u8(w, c->c.takes_no_tfc);
	wr_u8(w, c->c.has_in);
	wr_u8(w, c->c.has_out);
	wr_u8(w, c->c.is_counted);
	wr_u8(w, conn_policy_is_told(c->c.conn, c->c.reqid));
	wr_u32(w, c->c.reqid);
	wr_u32(w, c->c.spi_in);
	wr_u32(w, c->c.spi_out);
	wr_u32(w, c->rekeys);
	wr_u32(w, kept_serial(c, c->replaced_by));
	wr_u32(w, kept_serial(c, c->rival));
	suite_put(w, &c->c.suite);
	ts_list_put(w, &c->c.ts_local);
	ts_list_put(w, &c->c.ts_remote);
	endpoint_put(w, &c->c.local);
	endpoint_put(w, &c->c.remote);
	put_time(w, c->c.add_time);
	put_timer(w, &c->rekey);
	put_timer(w, &c->expire);
	put_octets(w, buf_view(&c->lowest_nonce));
	put_octets(w, is_to_install ? secret_view(&c->c.encr_out) : BYTES_NONE);
	put_octets(w, is_to_install ? secret_view(&c->c.integ_out) : BYTES_NONE);
}

static void put_children(struct wr *w, const struct v2_sa *sa)
{
	struct conn *conns[CONNS_MAX] = { NULL };
	const struct v2_child *c;
	size_t n = conns_of(sa, conns), kept = 0;

	wr_u16(w, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		kept_conn_put(w, conns[i]);
	list_each (c, &sa->children, struct v2_child, node)
		kept += is_to_be_kept(c);
	wr_u16(w, (uint16_t)kept);
	list_each (c, &sa->children, struct v2_child, node) {
		size_t conn = 0;

		while (conns[conn] != c->c.conn)
			conn++;
		if (is_to_be_kept(c))
			put_child(w, c, conn);
	}
}

static void put_keys(struct wr *w, const struct v2_keys *k)
{
	const struct secret *keys[] = {
		[V2_RECORD_D] = &k->sk_d,
		[V2_RECORD_AI] = &k->sk_ai,
		[V2_RECORD_AR] = &k->sk_ar,
		[V2_RECORD_EI] = &k->sk_ei,
		[V2_RECORD_ER] = &k->sk_er,
	};

	for (size_t i = 0; i < COUNT(keys); i++)
		put_octets(w, secret_view(keys[i]));
}

static void put_messages(struct wr *w, const struct v2_sa *sa)
{
	const struct v2_window *window = &sa->window;

	wr_u64(w, sa->seal_counter);
	wr_u32(w, window->expected);
	wr_u32(w, window->next);
	put_octets(w, buf_view(&window->response.all));
	wr_u8(w, window->is_open);
	put_octets(w, buf_view(&window->request.all));
	wr_u8(w, sa->request_exchange);
	wr_u8(w, sa->task ? sa->task->kind : V2_TASK_ABANDONED);
	wr_u32(w, sa->task ? sa->task->child : 0);
}

void v2_record_put(struct wr *w, const struct v2_sa *sa)
{
	wr_u8(w, sa->state);
	wr_u8(w, sa->is_initiator);
	wr_u8(w, sa->has_fragmentation);
	wr_u8(w, sa->is_childless);
	wr_u8(w, sa->is_redundant);
	wr_u8(w, sa->offers_all);
	wr_bytes(w, BYTES(sa->spi_i));
	wr_bytes(w, BYTES(sa->spi_r));
	endpoint_put(w, &sa->local);
	endpoint_put(w, &sa->remote);
	wr_u8(w, sa->nat.supported);
	wr_u8(w, sa->nat.local_behind);
	wr_u8(w, sa->nat.remote_behind);
	id_put(w, &sa->peer_id);
	put_time(w, sa->born);
	put_time(w, sa->established);
	put_timer(w, &sa->rekey_at);
	put_timer(w, &sa->expire);
	wr_u16(w, (uint16_t)sa->fragment_mtu);
	wr_u32(w, sa->rekeys);
	wr_u32(w, sa->replaced_by);
	wr_u32(w, sa->rekey_peer);
	wr_u32(w, sa->reauth_of);
	suite_put(w, &sa->suite);
	put_keys(w, &sa->keys);
	put_octets(w, buf_view(&sa->lowest_nonce));
	put_messages(w, sa);
	put_children(w, sa);
}

static bool has_record(const struct v2_sa *sa)
{
	return sa->seal && sa->state >= V2_ESTABLISHED && sa->state <= V2_DELETING;
}

static void keep(struct v2_sa *sa)
{
	struct wr w = wr_to(sa->v2->record, LIMIT_RECORD);
	bool ok = has_record(sa);

	if (ok) {
		ike_keep_begin(&w, 2);
		v2_record_put(&w, sa);
		ok = wr_ok(&w);
	}
	if (ok)
		ike_keep(sa->ike, sa->serial, wr_view(&w));
	else if (sa->is_kept)
		ike_keep_forget(sa->ike, sa->serial);
	sa->is_kept = ok;
	wipe(sa->v2->record, w.n);
}

void v2_keep(void *state)
{
	struct v2 *v2 = state;

	while (!list_empty(&v2->changed)) {
		struct v2_sa *sa = list_item(v2->changed.next, struct v2_sa, changed);

		list_remove(&sa->changed);
		keep(sa);
	}
}

/* ---- reading ---- */

static struct bytes get_octets(struct rd *r)
{
	uint32_t n = rd_u32(r);

	return rd_bytes(r, n);
}

/* Times of the clock that is not set back: nothing negative. */
static ns_t get_time(struct rd *r)
{
	uint64_t t = rd_u64(r);

	if (t >= (uint64_t)NS_NEVER)
		rd_fail(r);
	return r->failed ? 0 : (ns_t)t;
}

static struct bytes get_nonce(struct rd *r)
{
	struct bytes b = get_octets(r);

	if (b.n > LIMIT_NONCE_MAX)
		rd_fail(r);
	return b;
}

static bool is_suite(const struct suite *s)
{
	return alg_find(TT_ENCR, s->encr) != NULL &&
	       (s->integ == INTEG_NONE || alg_find(TT_INTEG, s->integ)) && s->esn <= ESN_YES;
}

/* Is it what struct v2_sent holds: datagrams with their lengths, and nothing else? */
static bool is_sent(struct bytes all)
{
	struct rd r = rd_from(all);

	while (rd_more(&r)) {
		uint16_t n = rd_u16(&r);

		if (rd_bytes(&r, n).n == 0)
			return false;
	}
	return rd_end(&r);
}

static bool is_child_state(uint8_t s)
{
	return s == V2_CHILD_SENT || s == V2_CHILD_INSTALLING || s == V2_CHILD_STANDBY ||
	       s == V2_CHILD_ESTABLISHED || s == V2_CHILD_REKEYED || s == V2_CHILD_DELETING;
}

static bool is_child(const struct v2_record_child *c, size_t n_conn)
{
	bool is_there = c->has_in || c->has_out || c->is_carrying;

	if (c->serial == 0 || c->conn >= n_conn || !is_child_state(c->state) ||
		c->spi_in < SPI_FIRST)
		return false;
	if (c->state == V2_CHILD_STANDBY && (c->encr_out.n != suite_encr_key_n(&c->suite) ||
						    c->integ_out.n != suite_integ_key_n(&c->suite)))
		return false;
	return !is_there || (c->reqid != 0 && c->spi_out != 0 && is_suite(&c->suite) &&
				    c->ts_local.n != 0 && c->ts_remote.n != 0);
}

static enum err get_child(struct rd *r, size_t n_conn, struct v2_record_child *ret)
{
	struct v2_record_child c = { .serial = rd_u32(r) };
	enum err e;

	c.conn = rd_u16(r);
	c.state = rd_u8(r);
	c.purpose = rd_u8_max(r, V2_CHILD_REKEY);
	c.is_requester = rd_flag(r);
	c.is_unwanted = rd_flag(r);
	c.encap = rd_flag(r);
	c.is_transport = rd_flag(r);
	c.takes_no_tfc = rd_flag(r);
	c.has_in = rd_flag(r);
	c.has_out = rd_flag(r);
	c.is_carrying = rd_flag(r);
	c.is_told = rd_flag(r);
	c.reqid = rd_u32(r);
	c.spi_in = rd_u32(r);
	c.spi_out = rd_u32(r);
	c.rekeys = rd_u32(r);
	c.replaced_by = rd_u32(r);
	c.rival = rd_u32(r);
	c.suite = suite_get(r);
	if ((e = ts_list_get(r, &c.ts_local)) || (e = ts_list_get(r, &c.ts_remote)))
		return e;
	c.local = endpoint_get(r);
	c.remote = endpoint_get(r);
	c.add_time = get_time(r);
	c.rekey = get_time(r);
	c.expire = get_time(r);
	c.lowest_nonce = get_nonce(r);
	c.encr_out = get_octets(r);
	c.integ_out = get_octets(r);
	if (r->failed)
		return ERR_TRUNCATED;
	*ret = c;
	return is_child(&c, n_conn) ? OK : ERR_VALUE;
}

static enum err get_children(struct rd *r, struct v2_record *ret)
{
	enum err e = OK;
	uint16_t n = rd_u16(r);

	if (n == 0 || n > CONNS_MAX)
		return ERR_LIMIT;
	ret->conn = xalloc(n * sizeof(*ret->conn));
	for (; ret->n_conn < n && e == OK; ret->n_conn++)
		e = kept_conn_get(r, &ret->conn[ret->n_conn]);
	if (e)
		return e;
	n = rd_u16(r);
	if (n > LIMIT_CHILDREN)
		return ERR_LIMIT;
	ret->child = xalloc((n + 1) * sizeof(*ret->child));
	for (; ret->n_child < n && e == OK; ret->n_child++)
		e = get_child(r, ret->n_conn, &ret->child[ret->n_child]);
	return e;
}

static bool has_twins(const struct v2_record *r)
{
	for (size_t i = 0; i < r->n_child; i++)
		for (size_t j = 0; j < i; j++)
			if (r->child[i].serial == r->child[j].serial ||
				r->child[i].spi_in == r->child[j].spi_in)
				return true;
	return false;
}

static void get_messages(struct rd *r, struct v2_record *ret)
{
	ret->seal_counter = rd_u64(r);
	ret->expected = rd_u32(r);
	ret->next = rd_u32(r);
	ret->response = get_octets(r);
	ret->is_open = rd_flag(r);
	ret->request = get_octets(r);
	ret->exchange = rd_u8(r);
	ret->task = rd_u8_max(r, V2_TASK_KEYLESS);
	ret->task_child = rd_u32(r);
}

static bool is_ike_sa(const struct v2_record *r)
{
	static const uint8_t none[8];
	const struct alg *prf = alg_find(TT_PRF, r->suite.prf);

	return r->state >= V2_ESTABLISHED && r->state <= V2_DELETING && is_suite(&r->suite) &&
	       prf && r->key[V2_RECORD_D].n == prf->out_n &&
	       (r->peer_id.type != ID_NONE || r->state == V2_DELETING) &&
	       memcmp(r->spi_i, none, 8) != 0 && memcmp(r->spi_r, none, 8) != 0 &&
	       addr_is_set(&r->local.addr) && addr_is_set(&r->remote.addr) && r->task != 0 &&
	       is_sent(r->response) && is_sent(r->request) && r->is_open == (r->request.n != 0) &&
	       r->fragment_mtu != 0 && r->seal_counter < UINT64_MAX / 2;
}

enum err v2_record_get(struct bytes body, struct v2_record *ret)
{
	struct rd r = rd_from(body);
	enum err e;

	*ret = (struct v2_record){ .state = rd_u8(&r) };
	ret->is_initiator = rd_flag(&r);
	ret->has_fragmentation = rd_flag(&r);
	ret->is_childless = rd_flag(&r);
	ret->is_redundant = rd_flag(&r);
	ret->offers_all = rd_flag(&r);
	rd_copy(&r, ret->spi_i, sizeof(ret->spi_i));
	rd_copy(&r, ret->spi_r, sizeof(ret->spi_r));
	ret->local = endpoint_get(&r);
	ret->remote = endpoint_get(&r);
	ret->nat.supported = rd_flag(&r);
	ret->nat.local_behind = rd_flag(&r);
	ret->nat.remote_behind = rd_flag(&r);
	if ((e = id_get(&r, &ret->peer_id)))
		return e;
	ret->born = get_time(&r);
	ret->established = get_time(&r);
	ret->rekey_at = get_time(&r);
	ret->expire = get_time(&r);
	ret->fragment_mtu = rd_u16(&r);
	ret->rekeys = rd_u32(&r);
	ret->replaced_by = rd_u32(&r);
	ret->rekey_peer = rd_u32(&r);
	ret->reauth_of = rd_u32(&r);
	ret->suite = suite_get(&r);
	for (size_t i = 0; i < V2_RECORD_KEYS; i++)
		ret->key[i] = get_octets(&r);
	ret->lowest_nonce = get_nonce(&r);
	get_messages(&r, ret);
	if (!r.failed)
		e = get_children(&r, ret);
	if (r.failed)
		return ERR_TRUNCATED;
	if (e)
		return e;
	if (!rd_end(&r))
		return ERR_LENGTH;
	return is_ike_sa(ret) && !has_twins(ret) ? OK : ERR_VALUE;
}

void v2_record_done(struct v2_record *r)
{
	id_done(&r->peer_id);
	free(r->conn);
	free(r->child);
	*r = (struct v2_record){ 0 };
}
