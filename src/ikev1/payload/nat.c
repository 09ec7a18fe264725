/* NAT-D and NAT-OA payloads (RFC 3947 3.2, 5.2), in the RFC's numbers and the drafts'. NAT-OA: type
 * of the address | reserved (3) | address. */
#include "ikev1/payload/payload.h"

enum err v1_payload_nat_d(const struct payload_v1 *p, struct v1_msg *m)
{
	if (m->n_nat_d < COUNT(m->nat_d))
		m->nat_d[m->n_nat_d++] = p->body;
	return OK;
}

enum err v1_payload_nat_oa(const struct payload_v1 *p, struct v1_msg *m)
{
	struct rd r = rd_from(p->body);
	uint8_t type = rd_u8(&r);
	struct addr a;

	rd_skip(&r, 3);
	a = addr_from(rd_rest(&r));
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (type != (a.family == 4 ? V1_ID_IPV4_ADDR : V1_ID_IPV6_ADDR) || !addr_is_set(&a))
		return ERR_VALUE;
	if (m->n_nat_oa == COUNT(m->nat_oa))
		return ERR_DUPLICATE;
	m->nat_oa[m->n_nat_oa++] = a;
	return OK;
}

void v1_put_nat_oa(struct v1_build *b, bool is_draft, const struct addr *a)
{
	v1_payload_begin(b, is_draft ? V1_NAT_OA_DRAFT : V1_NAT_OA);
	wr_u8(&b->w, a->family == 6 ? V1_ID_IPV6_ADDR : V1_ID_IPV4_ADDR);
	wr_zero(&b->w, 3);
	wr_bytes(&b->w, addr_bytes(a));
	v1_payload_end(b);
}
