#pragma once
/* What an IKE version gives the engine, so that ike/ need not know any. */
#include "ike/child.h"
#include "ike/ike.h"

/* An IKE SA as status commands show it. */
struct ike_sa_view {
	uint32_t serial;
	const struct conn *conn;
	const char *state, *state_text; /* "STATE_V2_ESTABLISHED_IKE_SA", "established IKE SA" */
	struct endpoint local, remote;
	const struct id *their_id;
	bool is_established, is_initiator, is_half_open;
	struct suite suite;
	ns_t rekey_at, expires_at, retransmit_at, liveness_at; /* monotonic; 0: not armed */
	ns_t last_heard;
	bool has_liveness;
};
struct ike_child_view {
	const struct child *child;
	uint32_t ike_serial;
	const char *state, *state_text;
	bool is_established, is_initiator;
	ns_t rekey_at, expires_at;
	const struct id *their_id;
};
struct ike_visitor {
	void (*sa)(void *ctx, const struct ike_sa_view *v);	  /* NULL: not wanted */
	void (*child)(void *ctx, const struct ike_child_view *v); /* after its IKE SA */
	void *ctx;
};

/* All SAs of all versions. */
void ike_walk(struct ike *ike, const struct ike_visitor *visitor);

struct ike_version {
	uint8_t major; /* of the header's version octet */
	uint8_t conf;  /* enum conf_version */
	void *(*start)(struct ike *ike);
	void (*stop)(void *v); /* frees all, tells nobody */
	void (*input)(void *v, const struct datagram *d);
	void (*export)(void *v); /* keys of the IKE SAs that are there; NULL: of none */
	/* INVALID_MAJOR_VERSION in a message of that other version, perhaps for a first message of
	 * ours (RFC 7296 2.5, RFC 2408 5.2): anybody could have sent it. */
	void (*version_refused)(void *v, const struct datagram *d, uint8_t major);
	/* serial and kind are those of the ask */
	void (*answer)(void *v, uint32_t serial, uint8_t kind, const struct answer *a);
	/* Bring c up (an ordinary connection or an instance). conn_settle() when that is decided.
	 */
	void (*up)(void *v, struct conn *c);
	/* All SAs of c go: the data plane forgets them now, peers are told. An IKE SA that other
	 * connections use stays. */
	void (*down)(void *v, struct conn *c);
	/* By serial. False: it is none of this version. request is released when done. */
	bool (*rekey_ike)(void *v, struct conn *c, uint32_t serial, uint32_t request);
	bool (*rekey_child)(void *v, struct conn *c, uint32_t serial, uint32_t request);
	bool (*ask_alive)(void *v, struct conn *c, uint32_t serial, uint32_t request);
	bool (*delete_sa)(void *v, uint32_t serial, uint32_t request);
	void (*notice)(void *v, const struct dp_notice *n); /* of a Child SA */
	void (*net_error)(void *v, const struct net_error *e);
	void (*shutdown)(void *v);	  /* tell all peers */
	bool (*is_silent)(const void *v); /* nothing is left to be said */
	void (*walk)(void *v, const struct ike_visitor *visitor);
	/* The end of a call: records of what it changed (ike/keep.h). */
	void (*keep)(void *v);
	/* The record of an IKE SA of an earlier process: it goes on. ERR_*: it cannot be read. */
	enum err (*restore)(void *v, uint32_t serial, struct bytes body);
};
