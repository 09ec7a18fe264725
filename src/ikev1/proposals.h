#pragma once
/* What an SA payload of IKEv1 says, as values (RFC 2408 3.4 to 3.6, RFC 2407 4.4 and 4.5, RFC 2409
 * appendix A). Unlike IKEv2, a transform is a whole suite: its attributes say all of it. */
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/algs.h"
#include "ipsec/limits.h"
#include "ipsec/proposal.h"

/* RFC 2409 appendix A, "Authentication Method"; draft-ietf-ipsec-isakmp-xauth-06 section 7,
 * draft-ietf-ipsec-isakmp-hybrid-auth-05 3.2.1. Init: the initiator of Phase 1 is who gives name
 * and password; Resp: its responder. */
enum v1_auth {
	V1_AUTH_NONE = 0, /* Phase 2 */
	V1_AUTH_PSK = 1,
	V1_AUTH_RSA_SIG = 3,
	V1_AUTH_HYBRID_INIT_RSA = 64221,
	V1_AUTH_XAUTH_INIT_PSK = 65001,
	V1_AUTH_XAUTH_RESP_PSK = 65002,
	V1_AUTH_XAUTH_INIT_RSA = 65005,
	V1_AUTH_XAUTH_RESP_RSA = 65006,
};
const char *v1_auth_name(uint16_t auth); /* "PRESHARED_KEY", "XAUTHInitPreShared", "?" */

/* RFC 2407 4.5, RFC 3947 5.1, draft-ietf-ipsec-nat-t-ike-02 and -03 5.1 */
enum v1_encap {
	V1_ENCAP_NONE = 0, /* Phase 1; or not said: up to each end, for us tunnel (as Libreswan) */
	V1_ENCAP_TUNNEL = 1,
	V1_ENCAP_TRANSPORT = 2,
	V1_ENCAP_UDP_TUNNEL = 3,
	V1_ENCAP_UDP_TRANSPORT = 4,
	V1_ENCAP_UDP_TUNNEL_DRAFT = 61443,
	V1_ENCAP_UDP_TRANSPORT_DRAFT = 61444,
};
const char *v1_encap_name(uint16_t encap); /* "ENCAPSULATION_MODE_TUNNEL", ... */
static inline bool v1_encap_is_transport(uint16_t encap)
{
	return encap == V1_ENCAP_TRANSPORT || encap == V1_ENCAP_UDP_TRANSPORT ||
	       encap == V1_ENCAP_UDP_TRANSPORT_DRAFT;
}
static inline bool v1_encap_is_udp(uint16_t encap)
{
	return encap > V1_ENCAP_TRANSPORT;
}

enum {
	V1_PROPOSALS_MAX = 32,
	V1_TRANSFORMS_MAX = 128,    /* in one SA payload */
	V1_SA_ATTRIBUTES_MAX = 128, /* octets of a transform's attributes that can be chosen */
};

struct v1_transform {
	uint8_t number;
	uint8_t id;	   /* KEY_IKE 1 in Phase 1; the ESP transform (RFC 2407 4.4.4) in Phase 2 */
	bool is_choosable; /* false: something in it is not ours to do, or contradicts itself */
	struct suite suite;	  /* our numbers. Phase 1: encr, prf (HMAC of the hash), ke.
				   * Phase 2: encr, integ, ke (PFS), esn */
	uint16_t auth;		  /* enum v1_auth */
	uint16_t encap;		  /* enum v1_encap */
	uint32_t life_s, life_kb; /* 0: not said; UINT32_MAX: at least that */
	struct bytes attributes;  /* as they came: a view; none in what we make ourselves */
};

struct v1_proposal {
	uint8_t number;
	uint8_t protocol; /* enum protocol_id; others are possible in what a peer sent */
	bool is_joined;	  /* another one has its number: both or none (RFC 2408 4.2); not ours */
	uint8_t spi_n;	  /* as it came; octets beyond the room below are left out */
	uint8_t spi[16];
	uint16_t first, n; /* its transforms: t[first], n of them */
};

struct v1_proposals {
	uint32_t doi, situation; /* 1 and SIT_IDENTITY_ONLY 1 in what we make */
	size_t n, n_t;
	struct v1_proposal p[V1_PROPOSALS_MAX];
	struct v1_transform t[V1_TRANSFORMS_MAX];
};

/* The octets behind the generic header of an SA payload (RFC 2408 3.4). Proposals and transforms
 * beyond our room are checked and left aside. ERR_TRUNCATED, ERR_LENGTH, ERR_VALUE when it is no SA
 * payload of the IPsec DOI with SIT_IDENTITY_ONLY (ERR_UNSUPPORTED for others). */
enum err must_use v1_proposals_parse(struct bytes body, struct v1_proposals *ret);
/* The same written; with attributes as they came where there are such, else made of the values. */
void v1_proposals_write(struct wr *w, const struct v1_proposals *p);

/* The same as values of IKEv2: each transform a proposal, as many as there is room for. */
void v1_proposals_values(const struct v1_proposals *p, struct proposals *ret);

/* ESP: the four octets of the SPI; 0 when they are none. */
uint32_t v1_proposal_spi(const struct v1_proposal *p);

/* "1:IKE:AES_CBC_256-HMAC_SHA2_256-MODP2048 (PRESHARED_KEY), ..."; ESP: "1:ESP:AES_CBC_128-
 * HMAC_SHA1_96 (ENCAPSULATION_MODE_TUNNEL)"; what n, 8 or more, is too small for ends with "...".
 * Gives s. */
char *v1_proposals_format(const struct v1_proposals *p, char *s, size_t n);
/* Transform number i of all, alone, as Libreswan has it: "AES_CBC (256), HMAC_SHA2_256, MODP2048";
 * ESP: "AES_CBC_128-HMAC_SHA1_96", without a group. "" when there is none. */
char *v1_transform_format(const struct v1_proposals *p, size_t i, char *s, size_t n);
