/* IKEv1 messages, as they come in clear or as they are after decryption. Oracles: every view lies
 * inside the input; what HASH covers ends where the payloads do; what we write of what we read is
 * read again, and writing that gives the same octets. */
#include "ikev1/message.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void inside(struct bytes view, struct bytes input)
{
	check(view.n == 0 || (view.p >= input.p && view.n <= input.n &&
				     (size_t)(view.p - input.p) <= input.n - view.n));
}

static void sa_is_inside(const struct v1_msg *m)
{
	const struct v1_proposals *sa = &m->sa;
	size_t n = 0;

	check(sa->n <= V1_PROPOSALS_MAX && sa->n_t <= V1_TRANSFORMS_MAX);
	for (size_t i = 0; i < sa->n; i++) {
		check(sa->p[i].first == n && sa->p[i].spi_n <= sizeof(sa->p[i].spi));
		n += sa->p[i].n;
	}
	check(n == sa->n_t);
	for (size_t i = 0; i < sa->n_t; i++) {
		inside(sa->t[i].attributes, m->sa_body);
		check(!sa->t[i].is_choosable ||
			(sa->t[i].attributes.n <= V1_SA_ATTRIBUTES_MAX && sa->t[i].suite.encr));
	}
}

static void views_are_inside(const struct v1_msg *m, struct bytes in)
{
	const struct bytes all[] = { m->whole, m->sa_body, m->ke, m->nonce, m->sig, m->hash,
		m->behind_hash };

	for (size_t i = 0; i < COUNT(all); i++)
		inside(all[i], m->whole);
	inside(m->whole, in);
	check(m->whole.n <= in.n);
	check(m->h.flags & V1_F_ENCRYPTION || in.n - m->whole.n < 4);
	if (v1_has(m, V1_HASH))
		check(m->behind_hash.p + m->behind_hash.n == m->whole.p + m->whole.n);
	for (size_t i = 0; i < m->n_id; i++) {
		inside(m->id[i].data, m->id[i].body);
		inside(m->id[i].body, in);
	}
	for (size_t i = 0; i < m->n_notify; i++) {
		inside(m->notify[i].spi, in);
		inside(m->notify[i].data, in);
	}
	for (size_t i = 0; i < m->n_delete; i++)
		inside(m->del[i].spis, in);
	for (size_t i = 0; i < m->n_vendor; i++)
		inside(m->vendor[i], in);
	for (size_t i = 0; i < m->n_nat_d; i++)
		inside(m->nat_d[i], in);
	for (size_t i = 0; i < m->attrs.n; i++)
		inside(m->attrs.attr[i].value, in);
	check(m->names[sizeof(m->names) - 1] == 0);
	sa_is_inside(m);
}

/* A selector that we understand means the same when it comes back from us. */
static void selector_holds(const struct v1_id *id)
{
	uint8_t room[128];
	const struct v1_header h = { .version = V1_VERSION };
	static struct v1_msg again;
	struct v1_build b;
	struct ts ts, back;

	if (v1_id_to_ts(id, &ts) != OK)
		return;
	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_id_ts(&b, &ts);
	check(v1_msg_parse(v1_build_end(&b), &again, NULL) == OK);
	check(again.n_id == 1 && v1_id_to_ts(&again.id[0], &back) == OK && ts_eq(&ts, &back));
}

/* Those whose content we write as it came. */
static void write_rest(struct v1_build *b, const struct v1_msg *m)
{
	for (size_t i = 0; i < m->n_notify; i++)
		v1_put_notify(b, m->notify[i].protocol, m->notify[i].spi, m->notify[i].type,
			m->notify[i].data);
	for (size_t i = 0; i < m->n_delete; i++)
		v1_put_delete(b, m->del[i].protocol, m->del[i].spi_n, m->del[i].n, m->del[i].spis);
	for (size_t i = 0; i < m->n_vendor; i++)
		v1_put_vendor(b, m->vendor[i]);
	for (size_t i = 0; i < m->n_nat_d; i++)
		v1_put(b, V1_NAT_D, m->nat_d[i]);
	for (size_t i = 0; i < m->n_nat_oa; i++)
		v1_put_nat_oa(b, false, &m->nat_oa[i]);
	if (v1_has(m, V1_ATTR))
		v1_put_attrs(b, &m->attrs);
}

static struct bytes write(const struct v1_msg *m, uint8_t *room, size_t n)
{
	struct v1_header h = m->h;
	struct v1_build b;

	v1_build_begin(&b, room, n, &h);
	if (v1_has(m, V1_HASH)) {
		v1_put_hash_room(&b, m->hash.n);
		v1_build_hash(&b, m->hash);
	}
	/* all proposals had room: else the number of transforms is another one */
	if (v1_has(m, V1_SA) && m->sa.n != 0)
		(void)v1_put_sa(&b, &m->sa);
	if (v1_has(m, V1_KE))
		v1_put_ke(&b, m->ke);
	if (v1_has(m, V1_NONCE))
		v1_put_nonce(&b, m->nonce);
	for (size_t i = 0; i < m->n_id; i++)
		v1_put(&b, V1_ID, m->id[i].body);
	write_rest(&b, m);
	return v1_build_end(&b);
}

static void round_trip(const struct v1_msg *m)
{
	static uint8_t once[1 << 17], twice[1 << 17];
	static struct v1_msg again;
	struct bytes a = write(m, once, sizeof(once)), b;

	check(a.p != NULL);
	check(v1_msg_parse(a, &again, NULL) == OK);
	b = write(&again, twice, sizeof(twice));
	check(bytes_eq(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct v1_msg m;
	struct v1_why why;
	struct buf copy;

	if (n > LIMIT_MESSAGE || n < V1_HEADER_N)
		return 0;
	copy = buf_from(bytes_of(data, n));
	struct wr w = wr_to(copy.p + 24, 4); /* a fuzzer does not guess 32 bits of length */

	wr_u32(&w, (uint32_t)n);
	if (v1_msg_parse(buf_view(&copy), &m, &why) == OK) {
		views_are_inside(&m, buf_view(&copy));
		for (size_t i = 0; i < m.n_id; i++)
			selector_holds(&m.id[i]);
		round_trip(&m);
	} else {
		check(why.e != OK && v1_why_notify(&why) != 0);
	}
	buf_done(&copy);
	return 0;
}
