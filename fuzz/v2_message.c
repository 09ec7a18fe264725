/* IKEv2 messages and the chains inside them. Oracles: every view lies inside the input; what we
 * write of what we read is read again, and writing that gives the same octets. */
#include "ikev2/message.h"

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

static void views_are_inside(const struct v2_msg *m, struct bytes in)
{
	const struct bytes all[] = { m->ke, m->nonce, m->idi, m->idr, m->idi_body, m->idr_body,
		m->auth, m->eap, m->sk, m->sk_head };

	for (size_t i = 0; i < COUNT(all); i++)
		inside(all[i], in);
	for (size_t i = 0; i < m->n_notify; i++) {
		inside(m->notify[i].spi, in);
		inside(m->notify[i].data, in);
	}
	for (size_t i = 0; i < m->n_delete; i++)
		inside(m->del[i].spis, in);
	for (size_t i = 0; i < m->n_vendor; i++)
		inside(m->vendor[i], in);
	for (size_t i = 0; i < m->cp.n; i++)
		inside(m->cp.attr[i].value, in);
	check(m->names[sizeof(m->names) - 1] == 0);
}

static void write_ids(struct v2_build *b, const struct v2_msg *m)
{
	struct id i = { m->idi_type, buf_from(m->idi) }, r = { m->idr_type, buf_from(m->idr) };

	if (v2_has(m, V2_IDI))
		v2_put_id(b, V2_IDI, &i);
	if (v2_has(m, V2_IDR))
		v2_put_id(b, V2_IDR, &r);
	buf_done(&i.data);
	buf_done(&r.data);
}

static struct bytes write(const struct v2_msg *m, uint8_t *room, size_t n, uint8_t *ret_first)
{
	struct v2_build b;

	v2_build_chain(&b, room, n);
	if (v2_has(m, V2_SA))
		v2_put_sa(&b, &m->sa);
	if (v2_has(m, V2_KE))
		v2_put_ke(&b, m->ke_group, m->ke);
	if (v2_has(m, V2_NONCE))
		v2_put_nonce(&b, m->nonce);
	write_ids(&b, m);
	if (v2_has(m, V2_AUTH))
		v2_put_auth(&b, m->auth_method, m->auth);
	if (m->tsi.n != 0)
		v2_put_ts(&b, V2_TSI, &m->tsi);
	if (m->tsr.n != 0)
		v2_put_ts(&b, V2_TSR, &m->tsr);
	if (v2_has(m, V2_CP))
		v2_put_cp(&b, &m->cp);
	for (size_t i = 0; i < m->n_notify; i++)
		v2_put_notify(&b, m->notify[i].protocol, m->notify[i].spi, m->notify[i].type,
			m->notify[i].data);
	for (size_t i = 0; i < m->n_delete; i++)
		v2_put_delete(&b, m->del[i].protocol, m->del[i].spi_n, m->del[i].n, m->del[i].spis);
	for (size_t i = 0; i < m->n_vendor; i++)
		v2_put_vendor(&b, m->vendor[i]);
	check(wr_ok(&b.w));
	*ret_first = b.first;
	return v2_build_end(&b);
}

static void round_trip(const struct v2_msg *m)
{
	static uint8_t once[1 << 18], twice[1 << 18];
	static struct v2_msg again;
	uint8_t first, second;
	struct bytes a = write(m, once, sizeof(once), &first), b;

	again = (struct v2_msg){ 0 };
	check(v2_chain_parse(first, a, &again, NULL) == OK);
	b = write(&again, twice, sizeof(twice), &second);
	check(first == second && bytes_eq(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct v2_msg m;
	struct buf copy;

	if (n > LIMIT_MESSAGE)
		return 0;
	copy = buf_from(bytes_of(data, n));
	if (n >= V2_HEADER_N) { /* a fuzzer does not guess 32 bits of length */
		struct wr w = wr_to(copy.p + 24, 4);

		wr_u32(&w, (uint32_t)n);
	}
	if (v2_msg_parse(buf_view(&copy), &m, NULL) == OK) {
		views_are_inside(&m, buf_view(&copy));
		round_trip(&m);
	}
	m = (struct v2_msg){ 0 };
	if (n > 0 && v2_chain_parse(data[0], bytes_of(data + 1, n - 1), &m, NULL) == OK) {
		views_are_inside(&m, bytes_of(data, n));
		round_trip(&m);
	}
	buf_done(&copy);
	return 0;
}
