#pragma once
/* NAT detection (RFC 3947 3): each end sends hashes of the addresses as it sees them; where the
 * other end computes something else, a NAT has changed them. */
#include "ikev1/vendor.h"

/* The best method that both ends know, of those in vendors (what both have said): one bit of
 * V1_VENDOR_NAT; 0: none. */
uint32_t v1_nat_method(uint32_t vendors);
const char *v1_nat_method_name(uint32_t method); /* "RFC 3947 (NAT-Traversal)"; "none" */
/* The drafts have other numbers of payloads and of modes than the RFC. */
static inline bool v1_nat_is_draft(uint32_t method)
{
	return method & V1_VENDOR_NAT_DRAFTS;
}

/* Two NAT-D payloads: the destination first, then the source (3.2): HASH(CKY-I | CKY-R | address |
 * port), with the negotiated hash. force: a source that cannot match, so that both ends encapsulate
 * (encapsulation=yes). */
void v1_put_nat_detection(struct v1_build *b, uint32_t method, uint16_t prf, struct bytes icookie,
	struct bytes rcookie, const struct endpoint *local, const struct endpoint *remote,
	bool force);

struct v1_nat {
	uint32_t method;    /* v1_nat_method(); 0: no NAT traversal */
	bool local_behind;  /* our address or port was changed on the way */
	bool remote_behind; /* the peer's was (or it wants encapsulation) */
};
/* "us", "peer", "both", "": nobody. Static. */
const char *v1_nat_who(const struct v1_nat *nat);
/* What message m, received at local from remote, says; method stays, but becomes 0 when there are
 * no NAT-D payloads. What is no hash of the right length never matches. */
void v1_nat_judge(const struct v1_msg *m, uint16_t prf, const struct endpoint *local,
	const struct endpoint *remote, struct v1_nat *nat);
