/* NAT detection (RFC 7296 2.23): each end sends hashes of the addresses as it sees them; where the
 * other end computes something else, a NAT has changed them. */
#include "ikev2/nat_detection.h"

#include "ikev2/keymat.h"

enum { HASH_N = 20 };

static void put(
	struct v2_build *b, uint16_t type, const struct v2_header *h, const struct endpoint *e)
{
	uint8_t hash[HASH_N];

	v2_nat_hash(h->spi_i, h->spi_r, e, hash);
	v2_put_notify(b, PROTO_NONE, BYTES_NONE, type, BYTES(hash));
}

void v2_put_nat_detection(struct v2_build *b, const struct v2_header *h,
	const struct endpoint *local, const struct endpoint *remote, bool force)
{
	const struct endpoint nobody = { 0 };

	put(b, N_NAT_DETECTION_SOURCE_IP, h, force ? &nobody : local);
	put(b, N_NAT_DETECTION_DESTINATION_IP, h, remote);
}

struct seen {
	bool any, matches;
};

/* A sender that does not know its address sends one hash for each that it has: one match is enough.
 */
static struct seen look(const struct v2_msg *m, uint16_t type, const struct endpoint *e)
{
	struct seen s = { false, false };
	uint8_t hash[HASH_N];

	v2_nat_hash(m->h.spi_i, m->h.spi_r, e, hash);
	for (size_t i = 0; i < m->n_notify; i++) {
		if (m->notify[i].type != type)
			continue;
		s.any = true;
		s.matches |= bytes_eq(m->notify[i].data, BYTES(hash));
	}
	return s;
}

const char *v2_nat_who(const struct v2_nat *nat)
{
	return nat->local_behind && nat->remote_behind ? "both"
	       : nat->local_behind		       ? "us"
	       : nat->remote_behind		       ? "peer"
						       : "";
}

struct v2_nat v2_nat_judge(
	const struct v2_msg *m, const struct endpoint *local, const struct endpoint *remote)
{
	struct seen source = look(m, N_NAT_DETECTION_SOURCE_IP, remote);
	struct seen destination = look(m, N_NAT_DETECTION_DESTINATION_IP, local);
	bool supported = source.any && destination.any;

	return (struct v2_nat){
		.supported = supported,
		.local_behind = supported && !destination.matches,
		.remote_behind = supported && !source.matches,
	};
}
