#pragma once
/* One question to the peer, and what became of it: what the files of this folder share. */
#include "crypto/prf.h"
#include "probe/probe.h"

enum what { ASK_OWN, ASK_STRONG, ASK_WEAK, ASK_OTHER, ASK_TRANSFORM };

enum outcome {
	ASK_WAITS,
	ASK_SILENT,
	ASK_ERROR,   /* ICMP */
	ASK_REFUSED, /* a notification */
	ASK_VERSION, /* INVALID_MAJOR_VERSION */
	ASK_UNACCEPTABLE,
	ASK_GROUP, /* it wants a group that is not offered */
	ASK_TAKEN,
};

struct ask {
	enum what what;
	unsigned version;
	struct endpoint to;
	struct proposals *offer; /* owned */
	uint16_t group;		 /* IKEv2: of the KE payload */
	enum probe_auth auth;
	uint8_t spi[8], nonce[32];
	struct ke *ke;
	struct buf cookie;
	unsigned retries; /* with another group, a cookie */
	unsigned sent;	  /* since then */
	ns_t due;
	enum outcome outcome;
	bool is_refused_by_peer; /* ASK_ERROR: ECONNREFUSED of the peer itself */
	struct suite chosen;	 /* ASK_TAKEN */
	uint16_t wanted;	 /* ASK_GROUP */
};
void ask_init(struct ask *a, const struct proposals *offer, const struct rng *rng);
void ask_done(struct ask *a);
/* Its datagram. None: it does not fit, or the group is not ours to do. */
struct bytes ask_request(struct ask *a, const struct endpoint *local, void *room, size_t n);

/* What a datagram says to a question. Every octet of it is the peer's, or anybody's. */
struct heard {
	enum {
		HEARD_NOTHING, /* it is no answer to this one */
		HEARD_CHOICE,
		HEARD_FOREIGN_CHOICE, /* not of what was offered */
		HEARD_GROUP,
		HEARD_COOKIE,
		HEARD_NOTIFY,
	} kind;
	unsigned version; /* of its header */
	uint16_t notify;
	uint16_t group;
	struct suite suite;
	struct bytes cookie;	  /* inside the datagram */
	const char *vendor, *nat; /* nat: who is behind one, "": nobody, or not known */
};
/* local: where the question came from. */
struct heard ask_hear(const struct ask *a, const struct endpoint *local, struct bytes datagram);
/* What v1.c has to say, if IKEv1 is built in. */
struct bytes ask_request_v1(const struct ask *a, void *room, size_t n);
struct heard ask_hear_v1(const struct ask *a, struct bytes datagram);
const char *ask_notify_name(unsigned version, uint16_t type);

/* ---- offers.c ---- */
/* All that are known, strong first; weak: with what is out of date. */
void offer_all(unsigned version, bool weak, struct proposals *ret);
/* All, in the other version: one message. */
void offer_other(unsigned version, struct proposals *ret);
/* The suite alone. */
void offer_of_suite(unsigned version, const struct suite *s, struct proposals *ret);
/* Which transforms of it are out of date: "3DES_CBC MODP1024"; "": none. Gives s. */
char *offer_legacy(const struct proposals *p, char *s, size_t n);

/* ---- the whole ---- */
enum { ASKS_MAX = 2, HISTORY_MAX = 12 };
enum stage {
	STAGE_BEGIN,
	STAGE_OWN,
	STAGE_OWN_AGAIN, /* where one port is silent and the other is not */
	STAGE_STRONG,
	STAGE_WEAK,
	STAGE_SILENT,
	STAGE_OTHER,
	STAGE_FLOATED,
	STAGE_FLOATED_AGAIN,
	STAGE_TRANSFORMS,
	STAGE_END
};

struct probe {
	struct probe_for f;
	char *conn;
	struct proposals *v1, *v2; /* owned */
	enum stage stage;
	struct ask ask[ASKS_MAX];
	unsigned n;
	/* What was asked before and came of it, without what was owned. */
	struct ask past[HISTORY_MAX];
	unsigned n_past;
	unsigned packets;
	ns_t now, end;	       /* no question begins later than end */
	struct search *search; /* of transforms; NULL */
};
const struct proposals *probe_ours(const struct probe *p, unsigned version);
void probe_ask(struct probe *p, enum what what, unsigned version, uint16_t port,
	const struct proposals *offer);
/* All questions of the stage are decided: what is asked next. */
void ladder_next(struct probe *p);
