#pragma once
/* CREATE_CHILD_SA (RFC 7296 1.3) and its three uses: new_child.c, rekey_child.c, rekey_ike.c. */
#include "ikev2/step.h"

/* Ask for another Child SA for connection c; conn_settle(c) tells those who wait how it went. */
void v2_new_child_start(struct v2_sa *sa, struct conn *c);
/* Established, or waiting to be heard. */
bool v2_child_is_usable(const struct v2_child *c);
/* Replace it. Harmless when that is under way. */
void v2_rekey_child_start(struct v2_child *c);
void v2_rekey_ike_start(struct v2_sa *sa);
/* Both ends, or the peer, have asked, and it is not decided yet which IKE SA is the next one. */
bool v2_rekey_ike_is_undecided(const struct v2_sa *sa);

/* The window is free: build the request of that task (not sent yet: step.c does). False: there is
 * nothing to ask any more (the Child SA is gone, a rekey happened meanwhile). */
bool v2_create_child_request(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b);

enum v2_verdict create_child_sa_request(struct v2_sa *sa, const struct v2_msg *m);
/* sa->task is the task whose response it is; step.c frees it afterwards. */
enum v2_verdict create_child_sa_response(struct v2_sa *sa, const struct v2_msg *m);

/* In V2_DELETING. */
enum v2_verdict create_child_sa_response_late(struct v2_sa *sa, const struct v2_msg *m);

/* All asks for c (purpose NEW or REKEY) are answered, e says how. c->has_answer_due: send the
 * response. */
void v2_create_child_installed(struct v2_child *c, enum err e);
/* The IKE SA goes while that task is open or queued: let go of what belongs to it. */
void v2_create_child_abandon(struct v2_sa *sa, const struct v2_task *t, int exit);

/* The peer deleted old, or the exchange that replaced it is over: resolve what waits for it. */
void v2_rekey_child_deleted(struct v2_sa *sa, struct v2_child *old);
void v2_rekey_ike_deleted(struct v2_sa *old);
