#pragma once
/* Why a peer of ours is refused, in IKEv1 (doc/protocol/explain.md): a notification of the private
 * range beside the refusal. Quick Mode: to whoever said by its vendor id, inside the encrypted
 * messages of Main Mode, that it reads it. Phase 1: only where explain-to= of both ends names the
 * other one. */
#include "ikev1/sa.h"
#include "ipsec/explain.h"

enum { N1_CLEARSWAN_EXPLAIN = 36875 };

/* One notification that explains the refusal before it. */
void v1_put_explain(struct v1_build *b, const struct explain *x);
/* The transform type that a difference of proposals names; 0: another word. */
uint8_t v1_explain_field(const char *difference);
/* Quick Mode's requester: what the message that refuses c says besides. */
void v1_explain_received(struct v1_child *c, const struct v1_msg *m);
/* Phase 1's initiator: the same, as anybody's word. */
void v1_explain_heard(struct v1_sa *sa, const struct v1_msg *m);
