#pragma once
/* What Main and Aggressive Mode share: keys, hashes, identities, the choice of a connection. */
#include "ikev1/step.h"

/* ---- values of ours (phase1.c) ---- */
/* Our half of the key exchange. False: the library cannot; an event told. */
bool must_use phase1_ke_start(struct v1_sa *sa, uint16_t group);
void phase1_nonce(struct v1_sa *sa, struct buf *ret);
/* Asks keys for SKEYID with the secret for us and theirs (ID_NONE: by address); ni, nr are set. */
void phase1_ask(struct v1_sa *sa, const struct id *theirs);
/* keys has no secret: the event. */
void phase1_no_secret(struct v1_sa *sa, const struct answer *a);
/* From SKEYID and g_xy, cookies, public values: all keys, the cipher, the first IV. */
enum err must_use phase1_keys(struct v1_sa *sa, struct bytes skeyid);
/* The same, with the event when it fails. */
bool must_use phase1_keyed(struct v1_sa *sa, const struct answer *a);

/* ---- payloads ---- */
void phase1_put_id(struct v1_sa *sa, struct v1_build *b); /* keeps its body for hashes */
void phase1_put_hash(struct v1_sa *sa, struct v1_build *b);
/* Is the HASH of the message the peer's (RFC 2409 5: HASH_I or HASH_R)? Constant time. If not: the
 * event. */
bool must_use phase1_hash_is(struct v1_sa *sa, const struct v1_msg *m, const char *where);
void phase1_put_vendors(struct v1_sa *sa, struct v1_build *b);
void phase1_take_vendors(struct v1_sa *sa, const struct v1_msg *m);
/* NAT-D, when both know it (RFC 3947 3.2). */
void phase1_put_nat(struct v1_sa *sa, struct v1_build *b);
/* Judges the peer's, and floats to port 4500 as initiator (RFC 3947 4). */
void phase1_take_nat(struct v1_sa *sa, const struct v1_msg *m);
/* INITIAL-CONTACT, when it is true and wanted. */
void phase1_put_initial_contact(struct v1_sa *sa, struct v1_build *b);
/* The peer's identity, which may be any that can be read: peer_id and its body. If not: the event.
 */
bool must_use phase1_take_id(struct v1_sa *sa, const struct v1_msg *m);
/* I: is it whom the connection wants? If not: the event. */
bool must_use phase1_id_is_wanted(struct v1_sa *sa);

/* ---- proposals (phase1_offer.c) ---- */
/* enum v1_auth of a connection, when we are the initiator of Phase 1 (its responder). */
uint16_t v1_auth_method(const struct conn *c, bool is_initiator);
/* What the connection allows, as the peer is to be offered it. */
void phase1_offer(struct v1_sa *sa);
/* I: the peer's choice is one that we offered: chosen and suite. If not: the event. */
bool must_use phase1_take_choice(struct v1_sa *sa, const struct v1_msg *m);

/* ---- the responder's first message (phase1_gate.c) ---- */
struct phase1_request {
	struct v1 *v1;
	const struct datagram *d;
	const struct v1_msg *m;
	bool is_aggressive;
	struct id *theirs;	 /* Aggressive Mode: of the message; NULL */
	struct v1_chosen chosen; /* of the connection that was looked at last */
	struct suite suite;
	bool differs;
};
/* Which connection may answer; NULL: none, and the peer and people were told. Nothing was kept. */
struct conn *phase1_admit(struct phase1_request *q);
/* A new ISAKMP SA for it, half open, with what the request says. */
struct v1_sa *phase1_open(struct phase1_request *q, struct conn *c);
/* A repeat of a message that one has: answered there. */
bool phase1_is_repeat(const struct phase1_request *q);
/* R: what the identity decides: another connection may fit better. False: none does; the event. */
bool must_use phase1_switch_conn(struct v1_sa *sa);

/* One notification in clear for a message that belongs to no ISAKMP SA (stranger.c), and why (x;
 * NULL: nothing more) when the message has room for it. False: not now. */
bool v1_answer_stranger(struct v1 *v1, const struct datagram *d, const struct v1_header *h,
	uint16_t notify, const struct explain *x);

/* ---- refusals (phase1_refused.c) ---- */
void phase1_suspect_psk(struct v1_sa *sa, const char *why, const char *sign);
void phase1_not_opened(struct v1_sa *sa, const char *what);
void phase1_version_refused(struct v1_sa *sa, const struct endpoint *by, uint8_t major);
/* The peer's last message came again. */
void phase1_repeated(struct v1_sa *sa);
