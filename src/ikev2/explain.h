#pragma once
/* Why a peer of ours is refused (doc/protocol/explain.md): a status notification of the private
 * range. Inside an IKE SA that both have authenticated: to whoever said by its vendor id, inside
 * IKE_AUTH, that it reads it. Before: only where explain-to= of both ends names the other one, and
 * never with more octets than the request has. */
#include "ipsec/explain.h"

struct conn;
struct v2;
struct v2_sa;
struct v2_child;
struct v2_msg;
struct v2_build;
struct bytes;

enum { N_CLEARSWAN_EXPLAIN = 45067 };

/* "We read explanations": inside SK of IKE_AUTH, and with explain-to= in IKE_SA_INIT. */
void v2_put_explain_vendor(struct v2_build *b);
bool v2_has_explain_vendor(const struct v2_msg *m);
/* Responder: why the request that is being handled is refused; nothing when the peer does not
 * read it. */
void v2_explain(struct v2_sa *sa, const struct explain *x);
/* The same of IKE_AUTH, to who has not authenticated itself. */
void v2_explain_unproven(struct v2_sa *sa, enum explain_class class);
/* It goes along with the refusal. */
void v2_put_explain(struct v2_build *b, struct v2_sa *sa);
/* Requester: what a refusal says beside its notification. */
void v2_explain_received(struct v2_child *c, const struct v2_msg *m);
/* Initiator: the same before the peer is authenticated, so anybody's word. */
void v2_explain_heard(struct v2_sa *sa, const struct v2_msg *m);
