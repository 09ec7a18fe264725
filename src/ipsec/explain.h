#pragma once
/* Why a peer is refused, between two ends of ours (doc/protocol/explain.md): the data of a
 * notification of the private range. What comes of a peer is its word: known classes, few octets,
 * and text of letters that its class has. */
#include "base/rd.h"
#include "base/wr.h"

enum { EXPLAIN_VERSION = 1 };
enum explain_class {
	EXPLAIN_ESP = 1, /* theirs: esp= */
	EXPLAIN_ESN,	 /* theirs: yes, no, either */
	EXPLAIN_TS,	 /* theirs: networks behind the sender; ours: behind the receiver */
	EXPLAIN_MODE,	 /* theirs: tunnel, transport */
	/* before the peer is authenticated */
	EXPLAIN_IKE,	    /* theirs: ike= */
	EXPLAIN_VERSION_OF, /* theirs: ikev1, ikev2 */
	EXPLAIN_V1_MODE,    /* theirs: main, aggressive */
	EXPLAIN_SECRET,	    /* no value: there is none that may be told */
	EXPLAIN_ID,	    /* likewise */
	EXPLAIN_END,
};
enum { EXPLAIN_TSI = 44, EXPLAIN_TSR }; /* fields of EXPLAIN_TS; of others a transform type */
enum { EXPLAIN_VALUE = 256, EXPLAIN_MAX = 3 + 2 * EXPLAIN_VALUE };
/* What the two know of each other decides which classes there are. */
enum explain_stage { EXPLAIN_UNPROVEN, EXPLAIN_PROVEN };

/* As the receiver sees it: theirs is what the sender has. */
struct explain {
	uint8_t class; /* enum explain_class */
	uint8_t field; /* where they differ; 0 */
	char theirs[EXPLAIN_VALUE], ours[EXPLAIN_VALUE];
};
/* A value that is too long, or of other letters, is left out. */
void explain_put(struct wr *w, const struct explain *x);
/* ERR_UNSUPPORTED: of a version or class that is not known here, or not in that stage. */
enum err must_use explain_parse(struct bytes data, enum explain_stage stage, struct explain *ret);
/* The class of failure, as src/diag/rules.def has it for that version of IKE; "": none. */
const char *explain_name(uint8_t class, int ike_version);
/* "TSi" (IKEv1: "IDci"), "ENCR"; "": none. */
const char *explain_field_name(const struct explain *x, int ike_version);

/* The sender has the other version of IKE than this one. */
struct explain explain_other_version(int ike_version);

/* The vendor id of who reads explanations. */
struct bytes explain_vendor(void);
bool explain_is_vendor(const struct bytes *vendor, size_t n);
