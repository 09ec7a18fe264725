#pragma once
/* The ISAKMP SA (Phase 1) and the IPsec SAs (Phase 2, "Child SA" as elsewhere here). Who owns:
 * struct v1 its SAs, an SA its Child SAs and its Transaction exchange. Everything across a wait is
 * found again by its serial number.
 *
 * Unlike IKEv2, each exchange of Phase 2 has its own message ID, IV chain, retransmission and
 * memory of what it answered: struct v1_line. Child SAs outlive the ISAKMP SA that made them: when
 * it goes by age, they stay, and go over to the next one with the same peer (RFC 2408 5.15, RFC
 * 2409 5.5). */
#include "base/map.h"
#include "crypto/prf.h"
#include "ike/alive.h"
#include "ike/engine.h"
#include "ike/retransmit.h"
#include "ikev1/fragment.h"
#include "ikev1/keymat.h"
#include "ikev1/message.h"
#include "ikev1/nat_detection.h"
#include "ikev1/offer.h"

/* States are named after what is awaited. Only step.c assigns one. I: initiator, R: responder of
 * Phase 1. */
enum v1_state {
	V1_NEW,		    /* made, nothing sent or answered yet */
	V1_MAIN_I1_SENT,    /* I: MR1 */
	V1_MAIN_I2_SENT,    /* I: MR2 */
	V1_MAIN_I_KEYING,   /* I: SKEYID, from keys; MR2 is parked */
	V1_MAIN_I3_SENT,    /* I: MR3 */
	V1_MAIN_R1_SENT,    /* R: MI2 */
	V1_MAIN_R_KEYING,   /* R: SKEYID; MI2 is parked, MR2 goes out then */
	V1_MAIN_R2_SENT,    /* R: MI3 */
	V1_MAIN_R_CHECKING, /* R: SKEYID again, for the identity of MI3, which is parked */
	V1_AGGR_I1_SENT,    /* I: AR1 */
	V1_AGGR_I_KEYING,   /* I: SKEYID; AR1 is parked */
	V1_AGGR_R_KEYING,   /* R: SKEYID; AI1 is parked, AR1 goes out then */
	V1_AGGR_R1_SENT,    /* R: AI2 */
	/* Phase 1 is authenticated; Quick Mode has to wait for these (transaction.c) */
	V1_XAUTH_S_ASKED,     /* server: the client's user name and password */
	V1_XAUTH_S_VERIFYING, /* server: keys' word on them */
	V1_XAUTH_S_TOLD,      /* server: the acknowledgement of our status */
	V1_XAUTH_C_WAITING,   /* client: the server's request */
	V1_XAUTH_C_SECRET,    /* client: the password, from keys; the request is parked */
	V1_XAUTH_C_ANSWERED,  /* client: the server's status */
	V1_MODECFG_C_ASKED,   /* client, pull: the server's reply */
	V1_MODECFG_C_WAITING, /* client, push: the server's set */
	V1_MODECFG_S_PUSHED,  /* server, push: the client's acknowledgement */
	V1_ESTABLISHED,	      /* nothing, or anything of Phase 2 */
	V1_REPLACED,	      /* by a newer one with the peer: its Delete, or its end by age */
	V1_DEAD,	      /* nothing: it goes at the end of the step */
	V1_STATES,
};
const char *v1_state_name(enum v1_state s); /* "V1_MAIN_I1_SENT" */
struct v1_sa;
const char *v1_state_libreswan(const struct v1_sa *sa); /* "STATE_MAIN_I1": what scripts know */
const char *v1_state_text(const struct v1_sa *sa);	/* "sent MI1, expecting MR1" */

enum v1_child_state {
	V1_QUICK_WAITING,      /* I: for the ISAKMP SA, or for its own message */
	V1_QUICK_I1_SENT,      /* I: QR1 */
	V1_QUICK_I_INSTALLING, /* I: the data plane, inbound; QI2 goes out then */
	V1_QUICK_R_INSTALLING, /* R: the data plane, inbound; QR1 goes out then */
	V1_QUICK_R1_SENT,      /* R: QI2 */
	V1_QUICK_I2_SENT,      /* I: of a rekey: the peer has a moment to take QI2 */
	V1_QUICK_USING,	       /* the data plane, outbound */
	V1_QUICK_ESTABLISHED,
	V1_QUICK_REPLACED, /* by a newer one: the peer's Delete, or its end; still receives */
	V1_QUICK_GONE,
	V1_QUICK_STATES,
};
struct v1_child;
const char *v1_child_state_name(enum v1_child_state s);		/* "V1_QUICK_I1_SENT" */
const char *v1_child_state_libreswan(const struct v1_child *c); /* "STATE_QUICK_I1" */
const char *v1_child_state_text(const struct v1_child *c);	/* "sent QI1, expecting QR1" */

/* One exchange's way through the wire: who has its own message ID has its own line. */
struct v1_line {
	uint32_t message_id; /* 0: Phase 1 */
	struct v1_iv iv;     /* of its next message, either direction (RFC 2409 appendix B) */
	struct buf sent;     /* our last message as it went out: sent again as it is */
	uint8_t heard[32];   /* SHA-256 of the last message of the peer that we took */
	bool has_heard;
	unsigned repeats; /* of that message, answered with sent: bounded */
	bool has_said;	  /* v1_say() since the message that is being handled came */
	bool is_withheld; /* sent has more octets than an unproven peer has sent */
	struct retransmit retransmit;
	struct timer resend; /* armed: we wait for the peer */
};
void v1_line_done(struct v1_line *l); /* wiped; the timer is stopped by its owner */

struct v1_child {
	struct list node; /* sa->children, or v1->orphans when its ISAKMP SA went by age */
	struct v1 *v1;
	struct v1_sa *sa; /* NULL: an orphan */
	struct child c;
	struct id peer_id;	      /* of the ISAKMP SA that made it */
	ns_t born;		      /* monotonic */
	uint8_t state;		      /* enum v1_child_state; v1_child_state_set() */
	bool is_requester;	      /* we began its Quick Mode */
	bool is_replacement;	      /* of rekeys */
	uint32_t rekeys, replaced_by; /* serials; 0 */
	uint32_t request;	      /* a command about it (rekey-child, delete-sa) */
	/* while it is negotiated */
	struct v1_line line;
	struct v1_proposals *offered; /* requester; NULL */
	struct v1_chosen chosen;
	struct ke *ke; /* PFS; NULL */
	struct buf ni, nr, parked;
	struct secret g_xy;
	unsigned asks;		/* of the data plane, not answered yet */
	enum err install_error; /* the first of them */
	char install_text[256];
	struct timer use, rekey, expire, alone;
	bool has_asked; /* as an orphan: Phase 1 has been begun for it */
};

/* The message that is being handled: what its line becomes when the handler takes it. */
struct v1_arrival {
	const struct datagram *datagram; /* NULL: none */
	struct bytes plain;		 /* header and payloads, in clear */
	struct v1_iv iv;		 /* behind it */
	uint8_t hash[32];
	bool is_encrypted;
};

/* The Transaction exchange that is open (XAUTH, Mode Config): one at a time. */
struct v1_transaction {
	struct v1_line line;
	bool is_open, is_ours; /* we began it */
	uint16_t identifier;   /* of the attribute payload */
	struct timer late;     /* something is to come that is not an answer to us */
	/* client: what the server's request named besides name and password */
	bool wants_type, wants_passcode, wants_domain;
};

struct v1_sa {
	struct list node;  /* v1->sas */
	struct list ready; /* v1->ready: has something to do before the engine returns */
	struct v1 *v1;
	struct ike *ike;
	uint32_t serial;
	struct conn *conn; /* it counts as a user */
	uint8_t state;	   /* enum v1_state; step.c */
	bool is_initiator, is_aggressive;
	bool is_half_open; /* R: counted in v1->n_half_open and by source */
	bool is_proven;	   /* I, or R: the peer has returned our cookie from where it says it is */
	struct addr half_open_peer; /* R: as it was counted */
	uint64_t opening_key;	    /* R: in v1->openings; 0 */
	uint8_t icookie[8], rcookie[8];
	struct endpoint local, remote;
	struct v1_nat nat;
	uint32_t vendors;    /* enum v1_vendor bits that the peer sent */
	const char *product; /* of the peer, by its vendor ids; static, "": not known */
	ns_t born, established, heard, sent; /* monotonic; 0 */
	uint32_t request;		     /* a command about it (rekey-ike, delete-sa) */
	struct alive alive;		     /* who asks whether the peer is there */

	/* Phase 1 */
	struct v1_line line;
	size_t credit; /* R: octets that an unproven source sent, less those it got */
	struct ke *ke;
	struct buf ni, nr;
	struct buf sa_body;		 /* SAi_b (RFC 2409 5) */
	struct buf idii_body, idir_body; /* IDii_b, IDir_b */
	struct buf gxi, gxr;
	struct secret g_xy;
	struct v1_proposals *offered; /* initiator; NULL */
	struct v1_chosen chosen;
	struct v1_keys keys; /* SKEYID, SKEYID_d, SKEYID_a, SKEYID_e and the cipher's key */
	struct suite suite;
	struct v1_cipher *cipher;
	struct v1_iv phase1_iv; /* last block of Phase 1: IVs of Phase 2 come from it */
	struct v1_arrival arrival;
	unsigned refusals;  /* unauthenticated error notifications, and messages that do not open */
	unsigned unopened;  /* messages that our keys do not open */
	bool has_opened;    /* one did: both ends have the same keys */
	uint16_t refuse;    /* what v1_refuse() said */
	uint16_t refused;   /* what the peer said, not authenticated; 0 */
	struct id asked_id; /* whose SKEYID was asked for; ID_NONE: by address */
	struct buf parked;  /* the message that a parked state waits with */
	struct id peer_id;
	bool peer_is_initial_contact;
	bool peer_reads_explain;  /* its vendor id says so, encrypted in Main Mode */
	bool peer_reads_unproven; /* R: likewise, in its first message */
	unsigned hints;		  /* I: unauthenticated explanations heard */
	bool is_suspected;	  /* people were told that the secrets may differ */
	bool has_fragmentation;
	struct v1_fragments fragments;
	uint16_t fragment_id; /* of the last message that we cut */

	/* XAUTH and Mode Config */
	struct v1_transaction transaction;
	char *user; /* the XAUTH name: who the peer is, beside peer_id; NULL */
	unsigned xauth_tries;
	struct secret xauth_answer; /* client: MAC of the last name and password */
	struct addr own_address;    /* server: the user's own, none: any */
	bool has_user, has_config, has_failed_xauth;
	bool has_told_split; /* server: UNITY_SPLIT_INCLUDE */

	/* DPD (RFC 3706) */
	uint32_t dpd_ours, dpd_theirs; /* sequence numbers; theirs: the last heard */
	unsigned dpd_open;	       /* R-U-THERE without an answer so far */
	unsigned dpd_asks;	       /* of the data plane, not answered yet */
	ns_t dpd_since;		       /* when the first of dpd_open went out */
	bool has_dpd_theirs;

	/* message IDs that were used by the peer: none is taken twice */
	uint32_t used_ids[LIMIT_V1_MESSAGE_IDS];
	size_t n_used_ids;

	struct list children;
	unsigned n_children;
	uint32_t rekeys, replaced_by; /* serials of ISAKMP SAs; 0 */
	struct timer rekey_at, expire, dpd, keepalive;
	struct timer patience; /* I: people's wait ends, after an unauthenticated refusal */
};

enum { V1_SOURCES = 1024 };

struct v1 {
	struct ike *ike;
	struct list ready;    /* struct v1_sa */
	uint8_t *room, *wire; /* LIMIT_MESSAGE octets each */
	uint8_t index;	      /* for asks */
	struct list sas;
	struct list orphans;  /* struct v1_child */
	struct map by_cookie; /* our cookie */
	struct map by_serial; /* struct v1_sa */
	struct map children;  /* struct v1_child, by serial */
	struct map spis_in;   /* struct v1_child, by our ESP SPI */
	struct map
		openings; /* struct v1_sa of responders by v1_opening_key(): repeats of MI1, AI1 */
	unsigned n_half_open;
	uint16_t half_open_of[V1_SOURCES]; /* by hash of the peer's address (IPv6: its /64) */
	uint64_t seed;
	ns_t strangers_since; /* events that anybody may cause: so many in that second */
	unsigned strangers;
	ns_t refusals_since; /* answers outside of any ISAKMP SA, by source: so many in that minute
			      */
	uint8_t refused_of[V1_SOURCES];
};

/* ---- making and freeing (sa.c); states are step.c's ---- */
/* A new ISAKMP SA with a random cookie of ours, in V1_NEW, in all maps. */
struct v1_sa *v1_sa_new(struct v1 *v1, struct conn *c, bool is_initiator);
/* Wipes everything and tells nobody. Child SAs become orphans unless with_children. */
void v1_sa_free(struct v1_sa *sa, bool with_children);
void v1_sa_timers_stop(struct v1_sa *sa);
/* What only Phase 1 needed. Hashes of later exchanges need SKEYID_a alone. */
void v1_sa_forget_exchange(struct v1_sa *sa);
struct v1_sa *v1_sa_by_cookies(struct v1 *v1, const uint8_t icookie[8], const uint8_t rcookie[8]);
struct v1_sa *v1_sa_by_serial(struct v1 *v1, uint32_t serial);
/* An established ISAKMP SA of c's two ends and identities; the newest. NULL. */
struct v1_sa *v1_sa_for_conn(struct v1 *v1, const struct conn *c);
/* One that is being made, by us; NULL. */
struct v1_sa *v1_sa_opening_for_conn(struct v1 *v1, const struct conn *c);
/* Can Quick Mode be done under it? */
bool v1_sa_is_established(const struct v1_sa *sa);
/* Is Phase 1 authenticated? XAUTH or Mode Config may be still to come. */
bool v1_sa_is_authenticated(const struct v1_sa *sa);
/* Is b the same peer as a: ends, identities and, where there is one, the XAUTH user? Users that
 * share a group's identity are different peers. */
bool v1_is_same_peer(const struct v1_sa *a, const struct v1_sa *b);
bool v1_sa_encapsulates(const struct v1_sa *sa); /* does ESP go in UDP? */
uint64_t v1_opening_key(
	const struct v1 *v1, const uint8_t icookie[8], const struct endpoint *remote);
/* Which place of tables by source is that address's (IPv6: its /64's)? */
size_t v1_source(const struct v1 *v1, const struct addr *peer);
uint16_t *v1_half_open_of(struct v1 *v1, const struct addr *peer);
void v1_sa_enters_half_open(struct v1_sa *sa);
void v1_sa_leaves_half_open(struct v1_sa *sa);
/* The peer used that message ID of Phase 2 for the first time. False: it did before. */
bool v1_message_id_take(struct v1_sa *sa, uint32_t id);
bool v1_message_id_is_used(const struct v1_sa *sa, uint32_t id);
uint32_t v1_message_id_new(struct v1_sa *sa); /* random, not 0, ours */

/* ---- Child SAs (child_sa.c) ---- */
/* In V1_QUICK_WAITING, with its serial and a random SPI that no other has. NULL: LIMIT_CHILDREN. */
struct v1_child *v1_child_new(struct v1_sa *sa, struct conn *c, bool is_requester);
void v1_child_free(struct v1_child *c); /* out of the data plane, wiped; tells nobody */
struct v1_child *v1_child_by_serial(struct v1 *v1, uint32_t serial);
/* By SPI as it stands in a Delete: the one that the sender receives on, so our outbound. Among sa's
 * and orphans of the same peer. */
struct v1_child *v1_child_by_peer_spi(struct v1_sa *sa, uint32_t spi);
struct v1_child *v1_child_by_message_id(struct v1_sa *sa, uint32_t id);
/* A newer ISAKMP SA with the same peer has come to be: old ones' Child SAs, and orphans of that
 * peer, go over to it. */
void v1_children_inherit(struct v1_sa *sa);
/* Is its peer sa's? */
bool v1_child_is_of(const struct v1_child *c, const struct v1_sa *sa);
void v1_child_forget_exchange(struct v1_child *c); /* what only its Quick Mode needed */
bool v1_child_is_usable(const struct v1_child *c); /* it carries traffic and is not replaced */
/* chosen, SPIs and both nonces are set: KEYMAT into c->c (RFC 2409 5.5). */
enum err must_use v1_child_derive(struct v1_child *c);

/* ---- events ---- */
bool v1_may_tell(
	struct v1 *v1); /* an event that anybody in the world can cause: so many a second */
struct event_about v1_about(const struct v1_sa *sa);
struct event_about v1_child_about(const struct v1_child *c);
#define V1_EMIT(sa, name, ...)                                                                     \
	EMIT(&(sa)->ike->env.events, (sa)->ike->now, (struct event_about[1]){ v1_about(sa) },      \
		name, __VA_ARGS__)
#define V1_CHILD_EMIT(c, name, ...)                                                                \
	EMIT(&(c)->v1->ike->env.events, (c)->v1->ike->now,                                         \
		(struct event_about[1]){ v1_child_about(c) }, name, __VA_ARGS__)

/* ---- timers: arming ---- */
void v1_lifetime_ike(struct v1_sa *sa); /* lifetime.c: the smaller of ours and what was agreed */
void v1_lifetime_child(struct v1_child *c); /* lifetime.c */
void v1_dpd_arm(struct v1_sa *sa);	    /* dpd.c */
/* A person asks. False: the peer knows no R-U-THERE. */
bool v1_dpd_ask(struct v1_sa *sa, uint32_t request); /* dpd.c */
void v1_dpd_orphan(struct v1_child *c);		     /* dpd.c */
void v1_keepalive_arm(struct v1_sa *sa); /* send.c: RFC 3948 2.3, when we are behind a NAT */
/* ---- what fires (struct timer) ---- */
void v1_fire_resend(struct ike *ike, struct timer *t);	     /* send.c: of Phase 1 */
void v1_fire_child_resend(struct ike *ike, struct timer *t); /* send.c: of Quick Mode */
void v1_fire_transaction_resend(struct ike *ike, struct timer *t);
void v1_fire_transaction_late(struct ike *ike, struct timer *t); /* transaction.c */
void v1_fire_keepalive(struct ike *ike, struct timer *t);
void v1_fire_patience(struct ike *ike, struct timer *t); /* phase1.c */
void v1_fire_rekey(struct ike *ike, struct timer *t);
void v1_fire_expire(struct ike *ike, struct timer *t);
void v1_fire_child_use(struct ike *ike, struct timer *t);   /* install.c */
void v1_fire_child_alone(struct ike *ike, struct timer *t); /* dpd.c */
void v1_fire_child_rekey(struct ike *ike, struct timer *t);
void v1_fire_child_expire(struct ike *ike, struct timer *t);
void v1_fire_dpd(struct ike *ike, struct timer *t);
