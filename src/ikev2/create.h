#pragma once
/* Between create_child_sa.c and its three uses; nobody else includes it. */
#include "ikev2/create_child_sa.h"
#include "ikev2/offer.h"

/* ---- create_child_sa.c: shared ---- */
void v2_nonce_new(struct v2_sa *sa, struct buf *ret);
/* 2.8.1: collisions are decided by the lowest of all nonces, octet by octet. */
void v2_lowest_nonce(struct bytes ni, struct bytes nr, struct buf *ret);
bool v2_nonce_is_lower(const struct buf *a, const struct buf *b);
/* The responder's half of a KE of that group (or none): 0 or the notification that refuses. */
uint16_t v2_ke_answer(struct v2_sa *sa, const struct v2_msg *m, uint16_t group, struct ke **ret,
	struct secret *ret_g);
enum v2_verdict v2_refuse_create(struct v2_sa *sa, uint16_t notify, uint16_t group);
/* There are LIMIT_CHILDREN already: NO_ADDITIONAL_SAS. */
enum v2_verdict v2_no_room(struct v2_sa *sa);
/* The group that N(INVALID_KE_PAYLOAD) names; 0: there is none. */
uint16_t v2_invalid_ke_group(const struct v2_msg *m);
/* Is c to be asked for again with that group? One that we offered, and not for ever. */
bool v2_again_with_group(struct v2_child *c, uint16_t group);
/* After TEMPORARY_FAILURE (2.25) soon, after any other refusal (or NULL) in a minute. */
void v2_retry_soon(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child);
void v2_retry_later(
	struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, const struct v2_notify *why);

/* The request's payloads for c, from SA on; c becomes V2_CHILD_SENT. False: no KE can be made. */
bool v2_put_child_request(struct v2_child *c, struct v2_build *b);
enum err must_use v2_take_child_response(struct v2_child *c, const struct v2_msg *m);
/* The response to what is not wanted any more: the peer hears of it, if it made the Child SA. */
void v2_child_not_wanted(struct v2_child *c, const struct v2_msg *m);
/* The responder: all of c but the data plane. 0 or the notification that refuses. */
uint16_t v2_make_child_answer(struct v2_child *c, const struct v2_msg *m);
/* The responder: c is freed, the peer hears why. */
enum v2_verdict v2_deny_child(struct v2_child *c, uint16_t refusal);

/* ---- new_child.c ---- */
bool new_child_build(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b);
enum v2_verdict new_child_request(struct v2_sa *sa, const struct v2_msg *m);
void new_child_response(struct v2_sa *sa, const struct v2_msg *m);

/* ---- rekey_child.c ---- */
/* Our new Child SA for old, whose request is not answered yet; NULL. */
struct v2_child *rekey_child_pending(struct v2_sa *sa, uint32_t old);
bool rekey_child_build(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b);
enum v2_verdict rekey_child_request(
	struct v2_sa *sa, const struct v2_msg *m, const struct v2_notify *rekey);
void rekey_child_response(struct v2_sa *sa, const struct v2_msg *m);
void rekey_child_installed(struct v2_child *c); /* requester */
void rekey_child_answered(struct v2_child *c);	/* responder, its response is out */

/* ---- rekey_ike.c ---- */
bool rekey_ike_build(struct v2_sa *sa, struct v2_build *b);
enum v2_verdict rekey_ike_request(struct v2_sa *sa, const struct v2_msg *m);
void rekey_ike_response(struct v2_sa *sa, const struct v2_msg *m);
void rekey_ike_forget(struct v2_sa *sa); /* our own attempt */
/* The peer makes SAs under this one: then it won a collision, whatever we know of it. */
void rekey_ike_decided(struct v2_sa *sa);
/* The response to a request whose keys died with the process that sent it. */
void rekey_ike_keyless(struct v2_sa *sa, const struct v2_msg *m);
/* The response came to an IKE SA that we are deleting: what it made goes as well. */
void rekey_ike_unwanted(struct v2_sa *sa, const struct v2_msg *m);
