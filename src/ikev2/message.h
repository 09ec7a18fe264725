#pragma once
/* IKEv2 messages (RFC 7296 3): parse into views, build into a writer, protect and unprotect.
 * Parse, then judge, then act: nothing here touches an SA. */
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/protect.h"
#include "ipsec/id.h"
#include "ipsec/limits.h"
#include "ipsec/proposal.h"
#include "ipsec/ts.h"

enum v2_exchange {
	IKE_SA_INIT = 34,
	IKE_AUTH = 35,
	CREATE_CHILD_SA = 36,
	INFORMATIONAL = 37,
};

enum v2_payload_type {
	V2_NONE = 0,
	V2_SA = 33,
	V2_KE = 34,
	V2_IDI = 35,
	V2_IDR = 36,
	V2_CERT = 37,
	V2_CERTREQ = 38,
	V2_AUTH = 39,
	V2_NONCE = 40,
	V2_N = 41,
	V2_D = 42,
	V2_V = 43,
	V2_TSI = 44,
	V2_TSR = 45,
	V2_SK = 46,
	V2_CP = 47,
	V2_EAP = 48,
	V2_SKF = 53,
};

/* Error types below 16384, status types from there. RFC 7296 3.10.1 and IANA. */
enum v2_notify_type {
	N_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	N_INVALID_IKE_SPI = 4,
	N_INVALID_MAJOR_VERSION = 5,
	N_INVALID_SYNTAX = 7,
	N_INVALID_MESSAGE_ID = 9,
	N_INVALID_SPI = 11,
	N_NO_PROPOSAL_CHOSEN = 14,
	N_INVALID_KE_PAYLOAD = 17,
	N_AUTHENTICATION_FAILED = 24,
	N_SINGLE_PAIR_REQUIRED = 34,
	N_NO_ADDITIONAL_SAS = 35,
	N_INTERNAL_ADDRESS_FAILURE = 36,
	N_FAILED_CP_REQUIRED = 37,
	N_TS_UNACCEPTABLE = 38,
	N_INVALID_SELECTORS = 39,
	N_TEMPORARY_FAILURE = 43,
	N_CHILD_SA_NOT_FOUND = 44,
	N_INITIAL_CONTACT = 16384,
	N_SET_WINDOW_SIZE = 16385,
	N_ADDITIONAL_TS_POSSIBLE = 16386,
	N_IPCOMP_SUPPORTED = 16387,
	N_NAT_DETECTION_SOURCE_IP = 16388,
	N_NAT_DETECTION_DESTINATION_IP = 16389,
	N_COOKIE = 16390,
	N_USE_TRANSPORT_MODE = 16391,
	N_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	N_REKEY_SA = 16393,
	N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	N_NON_FIRST_FRAGMENTS_ALSO = 16395,
	N_MOBIKE_SUPPORTED = 16396,
	N_IKEV2_FRAGMENTATION_SUPPORTED = 16430,
	N_SIGNATURE_HASH_ALGORITHMS = 16431,
};
/* "NO_PROPOSAL_CHOSEN"; a number as text for the unknown (static ring of 4). */
const char *v2_notify_name(uint16_t type);
const char *v2_exchange_name(uint8_t exchange); /* "IKE_SA_INIT" */
const char *v2_payload_name(uint8_t type);	/* "SA", "KE", "IDi", ... */

/* RFC 7296 3.1 */
enum v2_flags { V2_F_INITIATOR = 0x08, V2_F_VERSION = 0x10, V2_F_RESPONSE = 0x20 };
enum { V2_HEADER_N = 28 };
struct v2_header {
	uint8_t spi_i[8], spi_r[8];
	uint8_t next, version, exchange, flags;
	uint32_t message_id, length;
};
/* ERR_TRUNCATED, or ERR_LENGTH when length differs from the datagram's. Does not judge the version.
 */
enum err must_use v2_header_parse(struct bytes datagram, struct v2_header *ret);

struct v2_notify {
	uint8_t protocol;
	uint16_t type;
	struct bytes spi, data;
};
struct v2_delete {
	uint8_t protocol;
	uint8_t spi_n;
	uint16_t n;
	struct bytes spis; /* n * spi_n octets */
};
enum v2_cp_type { CP_REQUEST = 1, CP_REPLY = 2, CP_SET = 3, CP_ACK = 4 };
enum v2_cp_attr {
	CP_INTERNAL_IP4_ADDRESS = 1,
	CP_INTERNAL_IP4_NETMASK = 2,
	CP_INTERNAL_IP4_DNS = 3,
	CP_INTERNAL_IP4_NBNS = 4,
	CP_INTERNAL_IP4_DHCP = 6,
	CP_APPLICATION_VERSION = 7,
	CP_INTERNAL_IP6_ADDRESS = 8,
	CP_INTERNAL_IP6_DNS = 10,
	CP_INTERNAL_IP4_SUBNET = 13,
	CP_SUPPORTED_ATTRIBUTES = 14,
	CP_INTERNAL_IP6_SUBNET = 15,
	CP_INTERNAL_DNS_DOMAIN = 25,
};
struct v2_cp {
	uint8_t type;
	size_t n;
	struct {
		uint16_t type;
		struct bytes value;
	} attr[LIMIT_CP_ATTRIBUTES];
};

/* Where parsing failed: diagnosis quotes it. */
struct v2_why {
	enum err e;
	uint8_t payload; /* enum v2_payload_type in which it failed; 0: header or chain */
	size_t offset;
};

/* A payload chain as views into the bytes that were parsed. has_ bits by payload type - 32. */
struct v2_msg {
	struct v2_header h;
	uint64_t has; /* bit (type - 32) for each known payload present */
	struct proposals sa;
	uint16_t ke_group;
	uint8_t idi_type, idr_type, auth_method;
	struct bytes ke;
	struct bytes nonce;
	struct bytes idi, idr;		 /* identification data only */
	struct bytes idi_body, idr_body; /* RestOfID: from ID Type on, for AUTH (RFC 7296 2.15) */
	struct bytes auth;
	struct ts_list tsi, tsr;
	struct v2_cp cp;
	struct bytes eap;
	size_t n_notify;
	struct v2_notify notify[LIMIT_NOTIFIES];
	size_t n_delete;
	struct v2_delete del[4];
	size_t n_vendor;
	struct bytes vendor[8];
	uint8_t unknown_critical; /* the first unknown payload with the critical bit; 0: none */
	/* SK or SKF: not opened yet */
	uint8_t sk_next;      /* first payload inside */
	struct bytes sk;      /* IV | ciphertext | ICV (after the fragment numbers for SKF) */
	struct bytes sk_head; /* all octets before the IV: what is authenticated */
	uint16_t frag_number, frag_total; /* SKF; 0 for SK */
	char names[160]; /* "SA,KE,Ni,N(COOKIE)", once opened "SK{IDi,AUTH}": for events; cut */
};
static inline bool v2_has(const struct v2_msg *m, uint8_t type)
{
	return type >= 32 && type < 96 && (m->has >> (type - 32) & 1);
}
/* First notification of that type; NULL. */
const struct v2_notify *v2_notify_find(const struct v2_msg *m, uint16_t type);
/* First error notification (type < 16384); NULL. */
const struct v2_notify *v2_notify_error(const struct v2_msg *m);

/* Parses a whole datagram: header and its chain. SK stays closed. *ret is complete or untouched;
 * *why says where parsing failed (may be NULL). ERR_UNSUPPORTED: another major version.
 * ERR_DUPLICATE: twice where once is allowed. ERR_LIMIT: more than LIMIT_*. What the RFC lets us
 * leave aside is no error: unknown payloads, vendor ids beyond our room, proposals beyond
 * PROPOSALS_MAX, selectors beyond TS_LIST_MAX or of unknown types. Transforms of unknown types stay
 * (their proposal must not be chosen), and one with an attribute that is not ours has key_bits
 * 0xffff, which nobody offers. */
enum err must_use v2_msg_parse(struct bytes datagram, struct v2_msg *ret, struct v2_why *why);
/* Parses the chain that was inside SK: adds to *m (its header and sk fields stay). */
enum err must_use v2_chain_parse(
	uint8_t first, struct bytes chain, struct v2_msg *m, struct v2_why *why);

/* ---- building: payloads in order of the calls; next-payload octets are patched ---- */
struct v2_build {
	struct wr w;
	size_t next_at;	   /* offset of the octet to hold the next payload's type */
	size_t payload_at; /* offset of the open payload's generic header */
	uint8_t first;	   /* when building a chain without a header: type of the first payload */
	bool has_header;
};
/* A message with its header (IKE_SA_INIT), or only a chain (what goes into SK). */
void v2_build_message(struct v2_build *b, void *room, size_t n, const struct v2_header *h);
void v2_build_chain(struct v2_build *b, void *room, size_t n);
/* Finish: patches lengths. The bytes, or none when the room was too small. */
struct bytes v2_build_end(struct v2_build *b);
void v2_put_sa(struct v2_build *b, const struct proposals *p);
void v2_put_ke(struct v2_build *b, uint16_t group, struct bytes value);
void v2_put_nonce(struct v2_build *b, struct bytes nonce);
void v2_put_id(struct v2_build *b, uint8_t payload, const struct id *id);
void v2_put_auth(struct v2_build *b, uint8_t method, struct bytes data);
void v2_put_notify(
	struct v2_build *b, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data);
void v2_put_delete(
	struct v2_build *b, uint8_t protocol, uint8_t spi_n, uint16_t n, struct bytes spis);
void v2_put_vendor(struct v2_build *b, struct bytes data);
void v2_put_ts(struct v2_build *b, uint8_t payload, const struct ts_list *l);
void v2_put_cp(struct v2_build *b, const struct v2_cp *cp);

/* ---- protection: SK and SKF (RFC 7296 3.14, RFC 5282, RFC 7383) ---- */
/* One protected message around a chain. counter: unique per key (for AEAD IVs). Gives the datagram
 * in room, or none when it does not fit. h->next and h->length are set here. */
struct bytes v2_protect(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes chain, void *room, size_t n);
/* Which piece of a chain: number 1..total, each but the last with size octets of plaintext. */
struct v2_piece {
	size_t size;
	uint16_t number, total;
};
struct bytes v2_protect_fragment(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes chain, struct v2_piece piece, void *room, size_t n);
/* Plaintext octets per fragment so that a datagram (with its UDP and IP headers) is at most mtu. */
size_t v2_fragment_room(const struct protect *p, size_t mtu, bool is_v6, bool natt);
/* Verifies and opens m's SK or SKF: *ret owns the plaintext chain (padding removed). ERR_INTEGRITY
 * for a forgery; ERR_LENGTH for impossible sizes. Views of m into the datagram stay valid. */
enum err must_use v2_unprotect(struct protect *p, const struct v2_msg *m, struct buf *ret);

/* Reassembly (RFC 7383 2.6): one per message being received. */
struct v2_fragments {
	uint16_t total, have;
	uint8_t first; /* next payload of fragment 1 */
	struct buf part[LIMIT_FRAGMENTS];
	size_t size;
};
/* Takes an opened fragment. OK: *ret_chain owns the whole chain and *f is empty again; ERR_MISSING:
 * more to come; ERR_DUPLICATE: had it; ERR_VALUE, ERR_LIMIT: impossible, dropped. A larger total
 * restarts. */
enum err must_use v2_fragments_add(struct v2_fragments *f, uint16_t number, uint16_t total,
	uint8_t next, struct bytes plain, uint8_t *ret_first, struct buf *ret_chain);
void v2_fragments_done(struct v2_fragments *f);
