/* NAT detection (RFC 3947 3.2). The drafts' is the same with other payload numbers. */
#include "ikev1/nat_detection.h"

#include "crypto/prf.h"

uint32_t v1_nat_method(uint32_t vendors)
{
	static const uint32_t best_first[] = { V1_VENDOR_NAT_RFC, V1_VENDOR_NAT_03,
		V1_VENDOR_NAT_02N, V1_VENDOR_NAT_02 };

	for (size_t i = 0; i < COUNT(best_first); i++)
		if (vendors & best_first[i])
			return best_first[i];
	return 0;
}

const char *v1_nat_method_name(uint32_t method)
{
	switch (method) {
	case V1_VENDOR_NAT_RFC:
		return "RFC 3947 (NAT-Traversal)";
	case V1_VENDOR_NAT_03:
		return "draft-ietf-ipsec-nat-t-ike-03";
	case V1_VENDOR_NAT_02N:
	case V1_VENDOR_NAT_02:
		return "draft-ietf-ipsec-nat-t-ike-02/03";
	default:
		return "none";
	}
}

const char *v1_nat_who(const struct v1_nat *nat)
{
	return nat->local_behind && nat->remote_behind ? "both"
	       : nat->local_behind		       ? "us"
	       : nat->remote_behind		       ? "peer"
						       : "";
}

struct hash {
	uint8_t b[64];
	size_t n; /* 0: there is no such hash */
};

static struct hash hash_of(
	uint16_t prf, struct bytes icookie, struct bytes rcookie, const struct endpoint *e)
{
	const uint8_t port[2] = { (uint8_t)(e->port >> 8), (uint8_t)e->port };
	const struct bytes parts[] = { icookie, rcookie, addr_bytes(&e->addr), BYTES(port) };
	struct hash h = { .n = 0 };

	if (prf_hash(prf, parts, COUNT(parts), h.b, &h.n) != OK)
		h.n = 0;
	return h;
}

void v1_put_nat_detection(struct v1_build *b, uint32_t method, uint16_t prf, struct bytes icookie,
	struct bytes rcookie, const struct endpoint *local, const struct endpoint *remote,
	bool force)
{
	const struct endpoint nobody = { 0 };
	const struct endpoint *const order[] = { remote, force ? &nobody : local };
	uint8_t payload = v1_nat_is_draft(method) ? V1_NAT_D_DRAFT : V1_NAT_D;

	for (size_t i = 0; i < COUNT(order); i++) {
		struct hash h = hash_of(prf, icookie, rcookie, order[i]);

		v1_put(b, payload, bytes_of(h.b, h.n));
	}
}

static bool is(const struct hash *h, struct bytes nat_d)
{
	return h->n != 0 && bytes_eq(bytes_of(h->b, h->n), nat_d);
}

/* 3.2: the first is of the destination, all others of addresses that the sender has. */
void v1_nat_judge(const struct v1_msg *m, uint16_t prf, const struct endpoint *local,
	const struct endpoint *remote, struct v1_nat *nat)
{
	struct bytes i = BYTES(m->h.icookie), r = BYTES(m->h.rcookie);
	struct hash ours = hash_of(prf, i, r, local), theirs = hash_of(prf, i, r, remote);
	bool is_remote_there = false;

	if (m->n_nat_d < 2) {
		*nat = (struct v1_nat){ 0 };
		return;
	}
	for (size_t k = 1; k < m->n_nat_d; k++)
		is_remote_there |= is(&theirs, m->nat_d[k]);
	nat->local_behind = !is(&ours, m->nat_d[0]);
	nat->remote_behind = !is_remote_there;
}
