#pragma once
/* The inside of the engine that both IKE versions work with: serial numbers, asks, actions,
 * requests. For src/ike and the versions only; everybody else includes ike/ike.h. */
#include "base/map.h"
#include "base/names.h"
#include "ike/conn.h"
#include "ike/ike.h"
#include "ike/pool.h"
#include "ike/timer.h"
#include "ike/version.h"

enum { IKE_VERSIONS_MAX = 2 };

struct ike {
	struct ike_env env;
	void (*export_line)(void *ctx, const char *line); /* NULL: nobody exports keys */
	void *export_ctx;
	struct now now; /* of the call that is being worked on */
	struct conf_setup setup;
	uint8_t plane;	 /* enum ike_plane */
	char *plane_why; /* for people; NULL */
	struct ike_version_slot {
		const struct ike_version *ops;
		void *state;
	} version[IKE_VERSIONS_MAX];
	size_t n_version;
	struct list conns;
	struct names names;	 /* struct conn that is no instance, by name and aliases */
	struct map conn_serials; /* struct conn */
	uint32_t *unused; /* serials of connections that may have lost their last user: looked at at
			   * the end of a call */
	size_t n_unused, room_unused;
	struct pools pools;
	struct timers timers;
	struct addr *addrs; /* of this host */
	size_t n_addrs;
	uint32_t last_serial, last_conn, last_reqid, last_ask;
	struct map asks;		  /* struct ike_ask by number */
	struct list open_asks;		  /* the same, oldest first */
	struct list actions;		  /* struct ike_action to be given out */
	struct ike_action *given;	  /* the one given out last: its views still live */
	struct list requests;		  /* struct ike_request */
	struct list status_jobs;	  /* status.c: waiting for counters */
	uint32_t kept_serial, kept_reqid; /* last_* as the keeper has them */
	bool has_kept;			  /* something since its last commit */
	unsigned n_taken, n_not_taken;	  /* tunnels of an earlier process */
	uint32_t settle_request;
	struct timer shutdown;
	uint32_t shutdown_request;
	ns_t explains_from; /* when all that were told why without being authenticated are paid for
			     */
	bool is_stopping;
	ns_t strangers_at;	 /* when names were looked up for one of them last; 0: never */
	unsigned strangers_from; /* of those that are down, with whom it goes on */
};

/* #n of a new IKE SA or Child SA; never given twice. */
uint32_t ike_serial(struct ike *ike);

/* May one more who is not authenticated be told why it is refused (explain-to=)? Once a second on
 * average, four at once, whoever asks. */
bool ike_may_explain(struct ike *ike);

/* ---- asks: numbers, not pointers ---- */
struct ike_ask {
	struct list node; /* ike->open_asks */
	uint32_t number;
	uint8_t version;	  /* index in ike->version; IKE_ASK_OURS: ike/ itself waits */
	uint8_t kind;		  /* of the version: what the answer is for */
	uint32_t serial;	  /* of the SA or connection that waits */
	uint32_t farewell_serial; /* ASK_FAREWELL: Child SA whose last counters these are */
	uint32_t request;	  /* and who waits for them */
	uint32_t conn, reqid;	  /* of the policy that is asked for; 0 */
};
enum { IKE_ASK_OURS = 255 };
enum ike_ask_ours { ASK_POLICY = 1, ASK_FAREWELL, ASK_STATUS, ASK_SETTLE };
uint8_t ike_version_index(const struct ike *ike, uint8_t conf_version);

/* ---- actions: everything is copied, the caller keeps what it passes ---- */
void ike_send(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	struct bytes datagram);
void ike_send_keepalive(
	struct ike *ike, const struct endpoint *local, const struct endpoint *remote);
/* These put an ask's number into it; answered through ike_version.answer(serial, kind). */
uint32_t ike_ask_psk(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *psk);
uint32_t ike_ask_skeyid(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *psk);
uint32_t ike_ask_xauth_verify(struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind,
	const struct action *xauth);
uint32_t ike_ask_xauth_secret(struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind,
	const struct action *xauth);
uint32_t ike_ask_dataplane(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *dp);
/* With an ask of the caller (farewells). */
uint32_t ike_ask_dataplane_as(struct ike *ike, const struct ike_ask *ask, const struct action *dp);
/* No answer is wanted. */
void ike_tell_dataplane(struct ike *ike, const struct action *dp);
void ike_tell_updown(struct ike *ike, const struct action *updown);
void ike_tell_resolve(struct ike *ike, const char *conn);

/* ---- requests: people who wait; request_done is emitted exactly once, by the last release ---- */
struct ike_request {
	struct list node;
	uint32_t id;
	unsigned holds;
	int exit; /* the first that is not 0 */
};
/* 0 is no request: all of these do nothing then. */
void ike_request_open(struct ike *ike, uint32_t id); /* held once more */
void ike_request_hold(struct ike *ike, uint32_t id);
void ike_request_release(struct ike *ike, uint32_t id, int exit);

/* The beginning and the end of every call. */
void ike_enter(struct ike *ike, struct now now);
void ike_leave(struct ike *ike);
/* What nobody uses any more goes. */
void ike_sweep(struct ike *ike);
void ike_action_free(struct ike_action *a);
struct ike_action *ike_action_pop(struct ike *ike, struct action *ret);
/* The ask of that number is answered: gives it once. False: nobody waits. */
bool ike_ask_take(struct ike *ike, uint32_t number, struct ike_ask *ret);
uint32_t ike_ask_new(struct ike *ike, const struct ike_ask *ask);

/* Can the data plane do what that connection says? If not, the request was told (plane.c). */
bool ike_plane_takes(struct ike *ike, const struct conf_conn *c, uint32_t request);

/* Exit statuses of commands, as ipsec(8) documents them. */
enum ike_exit {
	EXIT_IKE_OK = 0,
	EXIT_IKE_UNKNOWN = 21,
	EXIT_IKE_ORIENT = 22,
	EXIT_IKE_NO_PEER = 29,
	EXIT_IKE_NEVER = 30,
	EXIT_IKE_NO_ANSWER = 31,
	EXIT_IKE_LOCAL = 32,
	EXIT_IKE_AUTH = 36,
	EXIT_IKE_PROPOSAL = 37,
	EXIT_IKE_TS = 38,
	EXIT_IKE_DATAPLANE = 39,
};
