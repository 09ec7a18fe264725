#pragma once
/* The handlers that the table names, by the file that has them. */
#include "ikev2/step.h"

/* ike_sa_init.c: the initiator */
void ike_sa_init_start(struct v2 *v2, struct conn *c, uint32_t reauth_of);
enum v2_verdict ike_sa_init_cookie(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_sa_init_invalid_ke(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_sa_init_response(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_sa_init_refused(struct v2_sa *sa, const struct v2_msg *m);
/* The people who wait are told that the peer refuses (unauthenticated); what must be up goes on. */
void ike_sa_init_end_wait(struct v2_sa *sa);
void ike_sa_init_version_refused(struct v2_sa *sa, const struct endpoint *by, uint8_t major);

/* ike_sa_init_request.c: the responder; there is no IKE SA yet */
void ike_sa_init_request(struct v2 *v2, const struct datagram *d, const struct v2_msg *m);

/* ike_auth.c: the initiator */
enum v2_verdict ike_auth_signed(struct v2_sa *sa, const struct answer *a);
enum v2_verdict ike_auth_response(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_auth_verified(struct v2_sa *sa, const struct answer *a);
enum v2_verdict ike_auth_refused(struct v2_sa *sa, const struct v2_msg *m);

/* ike_auth_request.c: the responder */
enum v2_verdict ike_auth_request(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_auth_request_incomplete(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict ike_auth_peer_verified(struct v2_sa *sa, const struct answer *a);
enum v2_verdict ike_auth_answer(struct v2_sa *sa, const struct answer *a);

void v2_auth_respond_installed(struct v2_child *c, enum err e);

/* Of a Child SA of the IKE_AUTH exchange all asks are answered (both roles). */
void v2_auth_child_installed(struct v2_child *c, enum err e);

/* informational.c, delete.c */
enum v2_verdict informational_request(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict informational_response(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict malformed_request(struct v2_sa *sa, const struct v2_msg *m);
enum v2_verdict create_child_sa_too_late(struct v2_sa *sa, const struct v2_msg *m);
/* The Delete payloads of a request: true when the IKE SA itself is to go. Builds what our response
 * says of our own SPIs. */
bool v2_delete_received(struct v2_sa *sa, const struct v2_msg *m, struct v2_build *b);
/* Build the request of such a task; false: there is nothing to say any more. */
bool v2_informational_request(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b);

/* liveness.c */
void v2_liveness_arm(struct v2_sa *sa);
void v2_liveness_answer(struct v2_child *c, const struct answer *a);

/* auth_octets.c: what AUTH covers, both directions (2.15). m: the peer's, whose AUTH is to be
 * judged; NULL: ours is to be made. */
enum err must_use v2_auth_ask(struct v2_sa *sa, const struct id *peer, const struct v2_msg *m);
bool v2_auth_is(const struct answer *a, const struct v2_msg *m);
void v2_auth_mismatch(const struct v2_sa *sa, const struct answer *a, const struct v2_msg *m);

/* refusals.c: the Child SA c, which we asked for, does not come to be; the exit status of those who
 * wait, and its end. */
/* The peer said so: n, or NULL when it sent neither a Child SA nor an error. c is freed. */
void v2_child_refused(struct v2_child *c, uint8_t exchange, const struct v2_notify *n);
/* The peer made it, we cannot have it so: it gets a Delete. */
void v2_child_unacceptable(
	struct v2_child *c, uint8_t exchange, const struct v2_msg *m, enum err e);
/* Our own data plane refused: the peer gets a Delete. */
void v2_child_not_installed(struct v2_child *c);

/* install.c: the data plane answered */
void v2_child_answer(struct v2_child *c, const struct answer *a);
/* The first error is what people hear of. */
void v2_child_keep_error(struct v2_child *c, const struct answer *a);
/* ... whether it has what an earlier process gave it. */
void v2_child_adopted(struct v2_child *c, uint8_t kind, const struct answer *a);
/* "10.0.1.0-10.0.1.255:0-65535 0,...": as the "established" line has it. Gives s. */
char *v2_ts_ranges(const struct ts_list *l, char *s, size_t n);

/* lifetime.c: it goes, the peer is told; why is for people */
/* The IKE SA's ends have changed: its Child SAs go along, those in transport mode end with the
 * peer's address. */
void v2_children_follow(struct v2_sa *sa);
void v2_child_expired(struct v2_child *c, const char *why, const char *limit);

/* established.c */
/* 2.4 and uniqueids=: other IKE SAs with the same peer that this one, which it has just set up,
 * replaces. */
void v2_unique(struct v2_sa *sa);

/* cp.c: configuration payload (2.19, 3.15) */
/* The initiator's CP(CFG_REQUEST), when c is to be leased an address. */
void v2_put_cp_request(struct v2_build *b, const struct conn *c);
/* What CP(CFG_REPLY) says: addresses into c->lease. ERR_MISSING: none although we need one. */
enum err must_use v2_cp_reply_received(
	struct v2_sa *sa, struct v2_child *child, const struct v2_msg *m);
/* The responder: leases addresses for the peer into child's connection. ERR_EXHAUSTED. */
enum err must_use v2_cp_lease(struct v2_sa *sa, struct v2_child *child, const struct v2_msg *m);
/* The peer asks for no address, which it needs here: the event. Gives FAILED_CP_REQUIRED. */
uint16_t v2_cp_required(const struct v2_child *child);
void v2_put_cp_reply(struct v2_build *b, const struct v2_child *child);
bool v2_cp_is_server(const struct conn *c);
