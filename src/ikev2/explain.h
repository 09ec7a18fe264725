#pragma once
/* Why a Child SA is refused, between two ends of ours: a status notification of the private range
 * (doc/protocol/explain.md), only to a peer whose vendor id said that it reads it, and only inside
 * of an IKE SA that both have authenticated. What comes of a peer is its word: known classes, few
 * octets, and text of letters that its class has. */
#include "base/rd.h"
#include "base/wr.h"

struct v2_sa;
struct v2_child;
struct v2_msg;
struct v2_build;

enum { N_CLEARSWAN_EXPLAIN = 45067, V2_EXPLAIN_VERSION = 1 };
enum v2_explain_class {
	V2_EXPLAIN_ESP = 1, /* theirs: esp= */
	V2_EXPLAIN_ESN,	    /* theirs: yes, no, either */
	V2_EXPLAIN_TS,	    /* theirs: networks behind the sender; ours: behind the receiver */
	V2_EXPLAIN_MODE,    /* theirs: tunnel, transport */
	V2_EXPLAIN_END,
};
enum { V2_EXPLAIN_VALUE = 256, V2_EXPLAIN_MAX = 3 + 2 * V2_EXPLAIN_VALUE };

/* As the receiver sees it: theirs is what the sender has. */
struct v2_explain {
	uint8_t class; /* enum v2_explain_class */
	uint8_t field; /* where they differ: a transform type, V2_TSI, V2_TSR; 0 */
	char theirs[V2_EXPLAIN_VALUE], ours[V2_EXPLAIN_VALUE];
};
/* A value that is too long, or of other letters, is left out. */
void v2_explain_put(struct wr *w, const struct v2_explain *x);
/* ERR_UNSUPPORTED: of a version or class that is not known here. */
enum err must_use v2_explain_parse(struct bytes data, struct v2_explain *ret);
/* The class of failure, as src/diag/rules.def has it. */
const char *v2_explain_name(uint8_t class);

/* "We read explanations": inside SK of IKE_AUTH. */
void v2_put_explain_vendor(struct v2_build *b);
bool v2_has_explain_vendor(const struct v2_msg *m);
/* Responder: why the request that is being handled is refused; nothing when the peer does not
 * read it. */
void v2_explain(struct v2_sa *sa, const struct v2_explain *x);
/* It goes along with the refusal. */
void v2_put_explain(struct v2_build *b, struct v2_sa *sa);
/* Requester: what a refusal says beside its notification. */
void v2_explain_received(struct v2_child *c, const struct v2_msg *m);
