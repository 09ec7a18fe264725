#pragma once
/* IKEv1 messages (RFC 2408 3): parse into views, build into a writer. What is encrypted is opened
 * first (keymat.h), whole: header and payloads. Parse, then judge, then act: nothing here touches
 * an SA. */
#include "base/rd.h"
#include "base/wr.h"
#include "ikev1/proposals.h"
#include "ipsec/id.h"
#include "ipsec/limits.h"
#include "ipsec/ts.h"

/* RFC 2408 3.1, RFC 2409 appendix A, draft-dukes-ike-mode-cfg-02 3.1 */
enum v1_exchange {
	V1_MAIN_MODE = 2, /* Identity Protection */
	V1_AGGRESSIVE_MODE = 4,
	V1_INFORMATIONAL = 5,
	V1_TRANSACTION = 6,
	V1_QUICK_MODE = 32,
};

/* RFC 2408 3.1, RFC 3947 3.2 and 5.2; the drafts' numbers are read as the RFC's. */
enum v1_payload_type {
	V1_NONE = 0,
	V1_SA = 1,
	V1_KE = 4,
	V1_ID = 5,
	V1_CERT = 6,
	V1_CR = 7,
	V1_HASH = 8,
	V1_SIG = 9,
	V1_NONCE = 10,
	V1_N = 11,
	V1_D = 12,
	V1_VID = 13,
	V1_ATTR = 14,
	V1_NAT_D = 20,
	V1_NAT_OA = 21,
	V1_NAT_D_DRAFT = 130,
	V1_NAT_OA_DRAFT = 131,
	V1_FRAGMENT = 132, /* Cisco's: fragment.h */
};

/* RFC 2408 3.14.1: errors below 16384, status from there; RFC 2407 4.6.3; RFC 3706 5.3; Cisco's. */
enum v1_notify_type {
	N1_INVALID_PAYLOAD_TYPE = 1,
	N1_DOI_NOT_SUPPORTED = 2,
	N1_SITUATION_NOT_SUPPORTED = 3,
	N1_INVALID_COOKIE = 4,
	N1_INVALID_MAJOR_VERSION = 5,
	N1_INVALID_MINOR_VERSION = 6,
	N1_INVALID_EXCHANGE_TYPE = 7,
	N1_INVALID_FLAGS = 8,
	N1_INVALID_MESSAGE_ID = 9,
	N1_INVALID_PROTOCOL_ID = 10,
	N1_INVALID_SPI = 11,
	N1_INVALID_TRANSFORM_ID = 12,
	N1_ATTRIBUTES_NOT_SUPPORTED = 13,
	N1_NO_PROPOSAL_CHOSEN = 14,
	N1_BAD_PROPOSAL_SYNTAX = 15,
	N1_PAYLOAD_MALFORMED = 16,
	N1_INVALID_KEY_INFORMATION = 17,
	N1_INVALID_ID_INFORMATION = 18,
	N1_INVALID_HASH_INFORMATION = 23,
	N1_AUTHENTICATION_FAILED = 24,
	N1_INVALID_SIGNATURE = 25,
	N1_NOTIFY_SA_LIFETIME = 27,
	N1_UNSUPPORTED_EXCHANGE_TYPE = 29,
	N1_UNEQUAL_PAYLOAD_LENGTHS = 30,
	N1_CONNECTED = 16384,
	N1_RESPONDER_LIFETIME = 24576,
	N1_REPLAY_STATUS = 24577,
	N1_INITIAL_CONTACT = 24578,
	N1_R_U_THERE = 36136,
	N1_R_U_THERE_ACK = 36137,
	N1_CISCO_LOAD_BALANCE = 40501,
	N1_CISCO_PRESHARED_KEY_HASH = 40503,
};
static inline bool v1_notify_is_error(uint16_t type)
{
	return type < N1_CONNECTED;
}
/* "NO_PROPOSAL_CHOSEN"; a number as text for the unknown (static ring of 4). */
const char *v1_notify_name(uint16_t type);
const char *v1_exchange_name(uint8_t exchange); /* "Main Mode", "Quick Mode"; "unknown exchange" */
const char *v1_payload_name(uint8_t type);	/* "SA", "KE", "ID", ... */

/* RFC 2408 3.1 */
enum v1_flags { V1_F_ENCRYPTION = 1, V1_F_COMMIT = 2, V1_F_AUTHENTICATION = 4 };
enum { V1_HEADER_N = 28, V1_VERSION = 0x10 };
struct v1_header {
	uint8_t icookie[8], rcookie[8];
	uint8_t next, version, exchange, flags;
	uint32_t message_id, length;
};
/* ERR_TRUNCATED, or ERR_LENGTH when length differs from the datagram's. Does not judge the version.
 */
enum err must_use v1_header_parse(struct bytes datagram, struct v1_header *ret);

/* RFC 2407 4.6.2.1: what identity types of Phase 2 there are besides enum id_type. */
enum v1_id_type {
	V1_ID_IPV4_ADDR = 1,
	V1_ID_FQDN = 2,
	V1_ID_USER_FQDN = 3,
	V1_ID_IPV4_ADDR_SUBNET = 4,
	V1_ID_IPV6_ADDR = 5,
	V1_ID_IPV6_ADDR_SUBNET = 6,
	V1_ID_IPV4_ADDR_RANGE = 7,
	V1_ID_IPV6_ADDR_RANGE = 8,
	V1_ID_DER_ASN1_DN = 9,
	V1_ID_DER_ASN1_GN = 10,
	V1_ID_KEY_ID = 11,
};
struct v1_id {
	uint8_t type, protocol; /* protocol and port: 0, or UDP 500 or 4500, in Phase 1 */
	uint16_t port;
	struct bytes data;
	struct bytes body; /* from the type on: IDii_b, IDir_b (RFC 2409 5) */
};
/* Phase 2: as a selector. ERR_UNSUPPORTED: not an address, subnet or range (FQDN in transport mode
 * behind a NAT: the caller decides); ERR_VALUE: a mask with holes, a range that runs backwards;
 * ERR_LENGTH. */
enum err must_use v1_id_to_ts(const struct v1_id *id, struct ts *ret);

struct v1_notify {
	uint32_t doi;
	uint8_t protocol;
	uint16_t type;
	struct bytes spi, data;
};
struct v1_delete {
	uint32_t doi;
	uint8_t protocol; /* PROTO_IKE: spi_n 16, both cookies (RFC 2408 3.15) */
	uint8_t spi_n;
	uint16_t n;
	struct bytes spis; /* n * spi_n octets */
};

/* draft-dukes-ike-mode-cfg-02 3.2 and 3.3; draft-ietf-ipsec-isakmp-xauth-06 6; Cisco Unity */
enum v1_attrs_type { V1_CFG_REQUEST = 1, V1_CFG_REPLY = 2, V1_CFG_SET = 3, V1_CFG_ACK = 4 };
enum v1_attr_type {
	V1_INTERNAL_IP4_ADDRESS = 1,
	V1_INTERNAL_IP4_NETMASK = 2,
	V1_INTERNAL_IP4_DNS = 3,
	V1_INTERNAL_IP4_NBNS = 4,
	V1_INTERNAL_ADDRESS_EXPIRY = 5,
	V1_INTERNAL_IP4_DHCP = 6,
	V1_APPLICATION_VERSION = 7,
	V1_INTERNAL_IP6_ADDRESS = 8,
	V1_INTERNAL_IP6_NETMASK = 9,
	V1_INTERNAL_IP6_DNS = 10,
	V1_INTERNAL_IP6_NBNS = 11,
	V1_INTERNAL_IP6_DHCP = 12,
	V1_INTERNAL_IP4_SUBNET = 13,
	V1_SUPPORTED_ATTRIBUTES = 14,
	V1_INTERNAL_IP6_SUBNET = 15,
	V1_XAUTH_TYPE = 16520,
	V1_XAUTH_USER_NAME = 16521,
	V1_XAUTH_USER_PASSWORD = 16522,
	V1_XAUTH_PASSCODE = 16523,
	V1_XAUTH_MESSAGE = 16524,
	V1_XAUTH_CHALLENGE = 16525,
	V1_XAUTH_DOMAIN = 16526,
	V1_XAUTH_STATUS = 16527,
	V1_XAUTH_NEXT_PIN = 16528,
	V1_XAUTH_ANSWER = 16529,
	V1_UNITY_BANNER = 28672,
	V1_UNITY_SAVE_PASSWD = 28673,
	V1_UNITY_DEF_DOMAIN = 28674,
	V1_UNITY_SPLITDNS_NAME = 28675,
	V1_UNITY_SPLIT_INCLUDE = 28676,
	V1_UNITY_NATT_PORT = 28677,
	V1_UNITY_LOCAL_LAN = 28678,
	V1_UNITY_PFS = 28679,
	V1_UNITY_FW_TYPE = 28680,
	V1_UNITY_BACKUP_SERVERS = 28681,
	V1_UNITY_DDNS_HOSTNAME = 28682,
};
const char *v1_attr_name(uint16_t type); /* "INTERNAL_IP4_ADDRESS"; a number (static ring of 4) */
struct v1_attr {
	uint16_t type;
	bool is_basic;	    /* TV: the value is two octets in the attribute's head (RFC 2408 3.3) */
	uint16_t basic;	    /* of TV */
	struct bytes value; /* of TLV; of a parsed TV its two octets */
};
struct v1_attrs {
	uint8_t type; /* enum v1_attrs_type */
	uint16_t identifier;
	size_t n;
	struct v1_attr attr[LIMIT_CP_ATTRIBUTES];
};
/* The first of that type; NULL. */
const struct v1_attr *v1_attr_find(const struct v1_attrs *a, uint16_t type);
/* A number, whichever form it has (up to four octets); 0 when it is none. */
uint32_t v1_attr_number(const struct v1_attr *a);
/* Adds one; nothing happens when it is full. The value lives as long as the caller needs it. */
void v1_attr_add(struct v1_attrs *a, uint16_t type, struct bytes value);
void v1_attr_add_basic(struct v1_attrs *a, uint16_t type, uint16_t value);

/* Where parsing failed: diagnosis quotes it. */
struct v1_why {
	enum err e;
	uint8_t payload; /* enum v1_payload_type in which it failed; 0: header or chain */
	size_t offset;
};
/* What RFC 2408 5 has the peer told about it; 0: nothing. */
uint16_t v1_why_notify(const struct v1_why *w);

enum { V1_IDS_MAX = 2, V1_NAT_D_MAX = 8, V1_VENDORS_MAX = 32, V1_DELETES_MAX = 8 };

/* A message as views into the bytes that were parsed. */
struct v1_msg {
	struct v1_header h;
	uint64_t has;  /* bit (1 << enum v1_payload_type) for each present; drafts' as the RFC's */
	uint8_t first; /* type of the first payload */
	struct bytes whole;   /* header and payloads, without padding */
	struct bytes sa_body; /* SAi_b: from the DOI on (RFC 2409 5) */
	struct v1_proposals sa;
	struct bytes ke, nonce, sig;
	size_t n_id;
	struct v1_id id[V1_IDS_MAX]; /* Quick Mode: IDci, IDcr */
	struct bytes hash;
	/* All behind the HASH payload, without padding: what HASH(1) and HASH(2) cover (RFC 2409
	 * 5.5, 5.7). It says something about the message only when first is V1_HASH. */
	struct bytes behind_hash;
	size_t n_notify;
	struct v1_notify notify[LIMIT_NOTIFIES];
	size_t n_delete;
	struct v1_delete del[V1_DELETES_MAX];
	size_t n_vendor;
	struct bytes vendor[V1_VENDORS_MAX];
	size_t n_nat_d;
	struct bytes nat_d[V1_NAT_D_MAX];
	size_t n_nat_oa;
	struct addr nat_oa[2]; /* original addresses: initiator's, responder's (RFC 3947 5.2) */
	struct v1_attrs attrs;
	char names[160]; /* "SA,VID,VID", "HASH,N(R_U_THERE)": for events; cut */
};
static inline bool v1_has(const struct v1_msg *m, uint8_t type)
{
	return type < 64 && (m->has >> type & 1);
}
/* First notification of that type; NULL. */
const struct v1_notify *v1_notify_find(const struct v1_msg *m, uint16_t type);
/* First error notification; NULL. */
const struct v1_notify *v1_notify_error(const struct v1_msg *m);

/* Parses a whole message in clear: one that came so, or what v1_decrypt() gave (V1_F_ENCRYPTION
 * tells). Padding behind the last payload is left aside: in clear, up to three octets 0. *ret is
 * complete or untouched; *why says where parsing failed (may be NULL). ERR_UNSUPPORTED: another
 * major version, a payload type that RFC 2408 has not, a fragment, another DOI. ERR_DUPLICATE:
 * twice where once is allowed. ERR_LIMIT: more than LIMIT_*. ERR_VALUE: a reserved octet that is
 * not zero (5.3): what the wrong key gives is mostly found so. No error: private payload types (128
 * and up), vendor ids and NAT-D beyond our room, proposals beyond it. */
enum err must_use v1_msg_parse(struct bytes message, struct v1_msg *ret, struct v1_why *why);

/* ---- building: payloads in order of the calls; next-payload octets are patched ---- */
struct v1_build {
	struct wr w;
	size_t next_at;		/* offset of the octet to hold the next payload's type */
	size_t payload_at;	/* offset of the open payload's generic header */
	size_t hash_at, hash_n; /* of v1_put_hash_room() */
};
/* A message with its header; h->next and h->length are found out. */
void v1_build_begin(struct v1_build *b, void *room, size_t n, const struct v1_header *h);
/* Finish: patches the length. The bytes, in clear, or none when the room was too small. */
struct bytes v1_build_end(struct v1_build *b);
/* So far; true: another n octets fit. */
bool v1_build_fits(const struct v1_build *b, size_t n);

/* Gives its body as it stands in the message (SAi_b), a view until the next call. */
struct bytes v1_put_sa(struct v1_build *b, const struct v1_proposals *p);
void v1_put_ke(struct v1_build *b, struct bytes value);
void v1_put_nonce(struct v1_build *b, struct bytes nonce);
/* Phase 1; protocol and port 0. Gives its body (IDii_b, IDir_b), a view until the next call. */
struct bytes v1_put_id(struct v1_build *b, const struct id *id);
/* Phase 2. An address, a subnet or a range; ports: that one when the selector has exactly one. */
void v1_put_id_ts(struct v1_build *b, const struct ts *ts);
void v1_put_hash(struct v1_build *b, struct bytes hash);
/* HASH(1) or HASH(2) cover what stands behind: room for hash_n octets now, first of all payloads;
 * what is behind it at the end; and filled in. */
void v1_put_hash_room(struct v1_build *b, size_t hash_n);
struct bytes v1_build_behind_hash(const struct v1_build *b);
void v1_build_hash(struct v1_build *b, struct bytes hash);
void v1_put_notify(
	struct v1_build *b, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data);
void v1_put_delete(
	struct v1_build *b, uint8_t protocol, uint8_t spi_n, uint16_t n, struct bytes spis);
void v1_put_vendor(struct v1_build *b, struct bytes data);
void v1_put_nat_oa(struct v1_build *b, bool is_draft, const struct addr *a);
void v1_put_attrs(struct v1_build *b, const struct v1_attrs *a);
/* Any payload. */
void v1_put(struct v1_build *b, uint8_t type, struct bytes body);
