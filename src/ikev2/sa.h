#pragma once
/* The IKE SA and the Child SAs under it. Who owns: struct v2 its SAs, an SA its Child SAs, tasks,
 * window. Everything across a wait is found again by its serial number.
 *
 * "original initiator" sent the IKE_SA_INIT request (the I flag); "requester" sent this request. */
#include "base/map.h"
#include "ike/alive.h"
#include "ike/engine.h"
#include "ike/retransmit.h"
#include "ikev2/cookie.h"
#include "ikev2/keymat.h"
#include "ikev2/message.h"
#include "ikev2/nat_detection.h"
#include "ikev2/window.h"

/* States are named after what is awaited. Only step.c assigns one. */
enum v2_state {
	V2_NEW,		   /* made, nothing sent or answered yet */
	V2_INIT_SENT,	   /* I: IKE_SA_INIT response */
	V2_AUTH_SIGNING,   /* I: our MAC, from keys */
	V2_AUTH_SENT,	   /* I: IKE_AUTH response */
	V2_AUTH_VERIFYING, /* I: the MAC that the peer's must be, from keys; its response is parked
			    */
	V2_INIT_ANSWERED,  /* R: IKE_AUTH request */
	V2_AUTH_R_VERIFYING,  /* R: the MAC that the peer's must be; its request is parked */
	V2_AUTH_R_SIGNING,    /* R: our MAC; the request is parked */
	V2_AUTH_R_INSTALLING, /* R: the data plane; the response goes out then */
	V2_ESTABLISHED,
	V2_REKEYED,  /* replaced by another IKE SA: the Delete, ours or the peer's */
	V2_DELETING, /* the response to our Delete */
	V2_DEAD,     /* nothing: it goes at the end of the step */
	V2_STATES,
};
const char *v2_state_name(enum v2_state s);	 /* "V2_INIT_SENT" */
const char *v2_state_libreswan(enum v2_state s); /* "STATE_V2_PARENT_I1": what scripts know */
const char *v2_state_text(enum v2_state s);	 /* "sent IKE_SA_INIT request" */

enum v2_child_state {
	V2_CHILD_WAITING,    /* for the window: its request is a task */
	V2_CHILD_SENT,	     /* the response */
	V2_CHILD_INSTALLING, /* the data plane */
	V2_CHILD_STANDBY,    /* responder of a rekey: inbound is there, outbound is when the peer is
				heard */
	V2_CHILD_ESTABLISHED,
	V2_CHILD_REKEYED,  /* replaced: the Delete, ours or the peer's; still receives */
	V2_CHILD_DELETING, /* the response to our Delete; still receives */
	V2_CHILD_GONE,
};

enum v2_child_purpose { V2_CHILD_IN_AUTH, V2_CHILD_NEW, V2_CHILD_REKEY };

struct v2_child {
	struct list node; /* sa->children */
	struct v2_sa *sa;
	struct child c;
	uint8_t state;	   /* enum v2_child_state; v2_child_state_set() */
	uint8_t purpose;   /* enum v2_child_purpose */
	bool is_requester; /* we asked for it */
	bool is_unwanted; /* requester: taken down before the response came; deleted when it does */
	bool has_answer_due; /* responder: the response goes out when it is installed */
	bool wants_domains;  /* responder: INTERNAL_DNS_DOMAIN was asked for (RFC 8598 3.2) */
	uint32_t rekeys;     /* serial of the Child SA that it replaces; 0 */
	uint32_t replaced_by;
	uint32_t rival;	  /* the other new one in a collision (2.8.1) */
	uint32_t request; /* a command about it (rekey-child, delete-sa) */
	/* while it is negotiated */
	struct proposals *offered; /* requester, until it is established; NULL */
	uint8_t proposal;	   /* responder: number of the peer's proposal that was chosen */
	struct ke *ke;
	struct buf ni, nr; /* ni: the requester's */
	unsigned ke_retries;
	uint16_t ke_group; /* INVALID_KE_PAYLOAD said so; 0 */
	/* collisions (2.8.1): lowest nonce of the exchange that made it */
	struct buf lowest_nonce;
	unsigned asks;		/* of the data plane, not answered yet */
	unsigned adoptions;	/* the same: of what an earlier process gave it */
	enum err install_error; /* the first of them */
	char install_text[256];
	struct timer rekey, expire; /* lifetime */
};

/* What we have to ask the peer; one at a time, the window is 1. */
enum v2_task_kind {
	V2_TASK_NEW_CHILD = 1, /* child: in V2_CHILD_WAITING */
	V2_TASK_REKEY_CHILD,   /* child: the one to be replaced */
	V2_TASK_REKEY_IKE,
	V2_TASK_DELETE_CHILD, /* child */
	V2_TASK_DELETE_IKE,
	V2_TASK_LIVENESS,
	V2_TASK_ABANDONED, /* its response is still to come, and means nothing */
	V2_TASK_KEYLESS,   /* the same of a rekey of the IKE SA whose keys died with our predecessor
			    */
};
struct v2_task {
	struct list node; /* sa->tasks */
	uint8_t kind;	  /* enum v2_task_kind */
	uint32_t child;	  /* serial; 0 */
	ns_t not_before;  /* monotonic; after TEMPORARY_FAILURE */
};

struct v2_sa {
	struct list node;    /* v2->sas */
	struct list ready;   /* v2->ready: has something to do before the engine returns */
	struct list changed; /* v2->changed: what is kept of it is not what it is */
	bool is_kept;
	struct v2 *v2;
	struct ike *ike;
	uint32_t serial;
	struct conn *conn;	    /* it counts as a user */
	uint8_t state;		    /* enum v2_state; step.c */
	bool is_initiator;	    /* the original one */
	const char *product;	    /* of the peer, by its vendor ids; static, "": not known */
	bool is_half_open;	    /* R: counted in v2->n_half_open */
	uint64_t half_open_key;	    /* R: in v2->half_open; 0 */
	struct addr half_open_peer; /* R: as it was counted */
	uint8_t spi_i[8], spi_r[8];
	struct endpoint local, remote;
	struct v2_nat nat;
	ns_t born, established; /* monotonic; 0 */
	ns_t heard;		/* last authentic message */
	ns_t sent;		/* last datagram, for NAT keepalives */
	uint32_t request;	/* a command about it (rekey-ike, delete-sa) */
	struct alive alive;	/* who asks whether the peer is there */

	/* IKE_SA_INIT, or the CREATE_CHILD_SA that made it */
	struct ke *ke;
	struct buf ni, nr;
	struct buf init_request, init_response; /* RealMessage1, RealMessage2 (2.15) */
	uint32_t init_repeats;			/* R: of that request, answered again */
	struct buf cookie;
	unsigned cookies, ke_retries,
		refusals; /* refusals: unauthenticated error notifications seen */
	uint16_t ke_group;
	struct suite suite;
	struct v2_keys keys;
	struct protect *seal, *open;
	uint64_t seal_counter;

	/* IKE_AUTH */
	struct id peer_id;	/* as authenticated (or about to be) */
	struct id asked_id;	/* R: IDr that the peer asked for; ID_NONE */
	struct secret our_auth; /* our MAC */
	bool peer_is_initial_contact;
	bool is_childless;
	bool peer_reads_explain;  /* its vendor id says so, inside IKE_AUTH */
	bool peer_reads_unproven; /* R: likewise, in IKE_SA_INIT */
	unsigned hints;		  /* I: unauthenticated explanations heard */
	struct buf explain;	  /* R: of the request that is being refused (explain.h) */
	bool is_ended_by_peer;	  /* it sent Delete, or refuses us */
	bool is_unwanted;  /* I: taken down before its IKE_AUTH response; deleted when that comes */
	bool is_refusing;  /* I: the peer is not who it should be, and is told so by the Delete */
	bool is_redundant; /* the loser of a collision: its maker deletes it, or it expires soon */

	/* messages */
	struct v2_window window;
	bool has_fragmentation; /* both announced it (RFC 7383) */
	size_t fragment_mtu;
	struct v2_fragments fragments_in; /* of the message being received */
	uint32_t fragments_id;
	bool fragments_of_response;
	struct retransmit retransmit;
	uint8_t request_first; /* the open request, to be cut anew into smaller fragments */
	uint8_t request_exchange;
	struct buf request_chain;
	/* the message that a parked state waits with: its views are into it (v2_parked()) */
	struct buf parked;
	uint8_t parked_first;
	/* the message that is being handled: its chain, while handlers run */
	struct bytes current;
	uint8_t current_first;
	const struct datagram *current_datagram;
	struct v2_header parked_header;
	/* what v2_refuse() said */
	uint16_t refuse;
	uint8_t refuse_data[4];
	size_t refuse_n;

	/* SPIs that the peer deleted while a request of ours was open: its response, which makes
	 * one of them, may come later than its Delete */
	uint32_t early_delete[8];
	unsigned early_deletes;

	struct v2_task *task; /* the open request's; NULL in IKE_SA_INIT and IKE_AUTH */
	struct list tasks;    /* what comes next */
	struct list children;
	unsigned n_children;

	/* rekey of the IKE SA (2.18, 2.25) */
	uint32_t rekeys;      /* serial of the IKE SA that this one replaces; 0 */
	uint32_t replaced_by; /* the other way round */
	uint32_t rekey_peer;  /* the new IKE SA that the peer's rekey of this one made, in a
				 collision */
	bool offers_all;      /* the peer does not take the algorithms that we have again */
	struct v2_sa *rekey;  /* our own new one (V2_NEW) while its CREATE_CHILD_SA is open */
	struct buf lowest_nonce;
	uint32_t reauth_of; /* reauth=yes: the IKE SA to be deleted when this one is up */

	struct timer
		resend; /* retransmission, or the half-open IKE SA's end, or a task's not_before */
	struct timer rekey_at, expire, liveness, keepalive;
};

enum { V2_SOURCES = 1024 };

struct v2 {
	struct ike *ike;
	struct list ready;    /* struct v2_sa: dead, or with a task to begin */
	struct list changed;  /* struct v2_sa: to be kept anew */
	uint8_t *room, *wire; /* LIMIT_MESSAGE octets each: a chain being built, a datagram */
	uint8_t *record;      /* LIMIT_RECORD octets, when anybody keeps */
	uint8_t index;	      /* for asks */
	struct list sas;
	struct map by_spi;    /* our SPI */
	struct map by_serial; /* struct v2_sa */
	struct map children;  /* struct v2_child, by serial */
	struct map spis_in;   /* struct v2_child, by our ESP SPI */
	struct map
		half_open; /* struct v2_sa of responders before IKE_AUTH, by v2_half_open_key() */
	unsigned n_half_open;
	uint16_t half_open_of[V2_SOURCES]; /* the same by hash of the peer's address (IPv6: its /64)
					    */
	struct v2_cookies cookies;
	ns_t stranger_answered; /* a request outside of any IKE SA: at most one a second */
	uint64_t half_open_seed;
	ns_t strangers_since; /* events that anybody may cause: so many in that second */
	unsigned strangers;
};

/* ---- making and freeing; states are step.c's ---- */
/* A new IKE SA with a random SPI of ours, in V2_NEW, in all maps. */
struct v2_sa *v2_sa_new(struct v2 *v2, struct conn *c, bool is_initiator);
/* One of an earlier process, with its serial; its SPI is the caller's to set: v2_sa_enter(). */
struct v2_sa *v2_sa_again(struct v2 *v2, struct conn *c, bool is_initiator, uint32_t serial);
void v2_sa_enter(struct v2_sa *sa);
/* What would be kept of it is another thing now. */
void v2_changed(struct v2_sa *sa);
/* Wipes everything, Child SAs included (they leave the data plane), and tells nobody. */
void v2_sa_free(struct v2_sa *sa);
struct v2_sa *v2_sa_by_spi(struct v2 *v2, const uint8_t spi[8]); /* ours */
struct v2_sa *v2_sa_by_serial(struct v2 *v2, uint32_t serial);
/* suite, keys and SPIs are set: makes seal and open. ERR_CRYPTO when the library refuses. */
enum err must_use v2_sa_keys_ready(struct v2_sa *sa);
const uint8_t *v2_sa_our_spi(const struct v2_sa *sa);
/* An established IKE SA of c's two ends and identities that a Child SA can be made under; NULL. */
struct v2_sa *v2_sa_for_conn(struct v2 *v2, const struct conn *c);
/* One that is being made, by us; NULL. */
struct v2_sa *v2_sa_opening_for_conn(struct v2 *v2, const struct conn *c);
bool v2_sa_is_established(const struct v2_sa *sa);
/* Does ESP go in UDP (RFC 7296 2.23, encapsulation=)? */
bool v2_sa_encapsulates(const struct v2_sa *sa);
/* Responders before IKE_AUTH: where repeats of their IKE_SA_INIT request find them. */
uint64_t v2_half_open_key(
	const struct v2 *v2, const uint8_t spi_i[8], const struct endpoint *remote);
uint16_t *v2_half_open_of(struct v2 *v2, const struct addr *peer);
void v2_sa_enters_half_open(struct v2_sa *sa);
void v2_sa_leaves_half_open(struct v2_sa *sa); /* it is not counted any more */
void v2_sa_export(const struct v2_sa *sa);     /* its keys, where somebody exports them */

/* A Child SA in V2_CHILD_WAITING, with its serial and a random SPI that no other has. NULL: there
 * are LIMIT_CHILDREN already. */
struct v2_child *v2_child_new(
	struct v2_sa *sa, struct conn *c, enum v2_child_purpose purpose, bool is_requester);
/* One of an earlier process. */
struct v2_child *v2_child_again(struct v2_sa *sa, struct conn *c, uint32_t serial, uint32_t spi_in);
void v2_child_free(struct v2_child *c); /* out of the data plane, wiped; tells nobody */
struct v2_child *v2_child_by_serial(struct v2 *v2, uint32_t serial);
/* By SPI as it stands in Delete and REKEY_SA: the one that the sender receives on, so our outbound.
 */
struct v2_child *v2_child_by_peer_spi(struct v2_sa *sa, uint32_t spi);
/* Moves to another IKE SA (rekey of the IKE SA inherits all of them). */
void v2_child_move(struct v2_child *c, struct v2_sa *to);
/* spi_out, suite and both nonces are set: KEYMAT with g_ir (or none) into c->c. */
enum err must_use v2_child_derive(struct v2_child *c, struct bytes g_ir);

/* ---- events ---- */
/* May an event be told that anybody in the world can cause? At most some a second, so that nobody
 * fills our logs. */
bool v2_may_tell(struct v2 *v2);
struct event_about v2_about(const struct v2_sa *sa);
struct event_about v2_child_about(const struct v2_child *c);
#define V2_EMIT(sa, name, ...)                                                                     \
	EMIT(&(sa)->ike->env.events, (sa)->ike->now, (struct event_about[1]){ v2_about(sa) },      \
		name, __VA_ARGS__)
#define V2_CHILD_EMIT(c, name, ...)                                                                \
	EMIT(&(c)->sa->ike->env.events, (c)->sa->ike->now,                                         \
		(struct event_about[1]){ v2_child_about(c) }, name, __VA_ARGS__)

/* ---- timers of lifetimes (lifetime.c) ---- */
/* Arms rekey and expire from the configuration; a responder of the exchange waits a little longer.
 */
void v2_lifetime_ike(struct v2_sa *sa);
void v2_lifetime_child(struct v2_child *c);

/* ---- what fires (struct timer) ---- */
void v2_fire_resend(struct ike *ike, struct timer *t);	     /* send.c */
void v2_fire_keepalive(struct ike *ike, struct timer *t);    /* send.c */
void v2_fire_rekey(struct ike *ike, struct timer *t);	     /* lifetime.c */
void v2_fire_expire(struct ike *ike, struct timer *t);	     /* lifetime.c */
void v2_fire_child_rekey(struct ike *ike, struct timer *t);  /* lifetime.c */
void v2_fire_child_expire(struct ike *ike, struct timer *t); /* lifetime.c */
void v2_fire_liveness(struct ike *ike, struct timer *t);     /* liveness.c */
