#pragma once
/* A connection alive: what stands in ipsec.conf, seen from this host, and what has become of it.
 *
 * A template (right=%any, or an end that is leased its address) does nothing itself: it makes an
 * instance per peer, which shares its conf. A connection that was deleted lives on, out of sight,
 * until nobody names it any more (users). */
#include "base/list.h"
#include "config/conf.h"
#include "dataplane/dataplane.h"
#include "event/event.h"
#include "ike/timer.h"
#include "ipsec/limits.h"

struct ike;

enum conn_routing { CONN_UNROUTED, CONN_TRAP, CONN_TUNNEL };
enum conn_wait { CONN_WAIT_UP = 1, CONN_WAIT_DOWN };

/* What the data plane has for one pair of selectors of a connection: the trap, or that of the Child
 * SAs with these selectors. A rekeyed one finds that of its predecessor; one with other selectors
 * lives beside it. */
struct conn_policy {
	struct list node; /* conn->policies */
	uint32_t reqid;
	unsigned users;	   /* Child SAs with that reqid, from before they are installed */
	unsigned carriers; /* those of them that carry traffic */
	unsigned asks;	   /* for it, not answered yet: nobody may rely on what they ask for */
	bool is_refused;   /* by the last answer */
	enum {
		POLICY_ABSENT,
		POLICY_THERE,
		POLICY_LOST, /* the data plane was restarted; routes are there still */
	} state;
	uint8_t action;			       /* enum dp_action, of what is there */
	bool is_up;			       /* the user's script was told */
	struct ts_list ts_local, ts_remote;    /* of the Child SAs */
	struct addr outer_local, outer_remote; /* as the data plane was asked to have them */
	struct {			       /* what the packet filter does for it */
		uint16_t mss;
		bool is_exempt;
		char *rule, *error; /* "" or NULL: none */
	} filter;
};

struct conn {
	struct list
		node; /* ike->conns, in order of arrival; a removed one stays until it is freed */
	struct ike *ike;
	const struct conf_conn *conf;	      /* owned unless template is set */
	const struct conf_end *ours, *theirs; /* ends of conf */
	uint32_t serial;		      /* $n */
	struct conn *template;		      /* of an instance; it counts as a user of it */
	uint32_t instance;		      /* [n]; 0 for anything but an instance */
	uint32_t n_instances;		      /* of a template: the last number given */
	unsigned users;	   /* IKE SAs, Child SAs, asks and instances that name it */
	bool is_looked_at; /* at the end of this call: it is in ike->unused */
	bool is_removed;   /* deleted or replaced: not found by name or match */
	bool is_oriented;
	ns_t waits_since; /* for an address of this host, to begin by itself; 0: it does not */
	bool has_fingerprint;
	uint8_t fingerprint[32]; /* of what it is, for who takes over from us: keep.c */

	struct endpoint local,
		remote;		    /* remote.addr none: a template; ports are where IKE starts */
	struct id our_id, their_id; /* ID_NONE in their_id: any */
	uint32_t reqid;		    /* of the trap, and of the first policy; others draw theirs */
	struct list policies;	    /* of struct conn_policy */
	bool is_routed;	 /* trap wanted when there is no tunnel (auto=ondemand, route); shunt wanted
			  */
	bool must_be_up; /* auto=start or keep, not taken down by a person */
	struct addr lease[2]; /* of v4, v6: what we lend the peer, or what it lends us */
	bool has_lent;	      /* lease is from our pools, to be given back */
	struct {	      /* what the peer told us to ask for names, while a tunnel is up */
		struct addr server[LIMIT_DNS_SERVERS];
		size_t n_server, n_domain;
		char *domains; /* DNS names, blank-separated; NULL: none */
	} dns;
	struct {		 /* IKEv1 (XAUTH, Mode Config) */
		char *user;	 /* theirs, or ours at a gateway; NULL: none */
		char *banner;	 /* that a gateway told us; NULL */
		bool has_failed; /* xauthfail=soft let it in nevertheless */
	} xauth;
	struct ts_list *split; /* networks behind a Cisco gateway, as it says; NULL: it said none */
	uint32_t newest_ike, newest_child; /* serials; 0 */
	struct {			   /* of an instance: whose Child SA came up last */
		struct endpoint at;
		char *id; /* NULL: nobody's yet */
	} peer;
	unsigned n_children; /* Child SAs with something in the data plane */

	unsigned revivals;   /* attempts since it was last up */
	struct timer revive; /* when the next one begins */
	struct list waiting; /* of struct conn_waiter */
};

struct conn_waiter {
	struct list node;
	uint32_t request;
	uint8_t what; /* enum conn_wait */
};

/* Makes a connection of the conf that is taken over; ike->conns has it. */
struct conn *conn_new_take(struct ike *ike, struct conf_conn *conf_take);
/* Which end is ours? By ike's local addresses unless the parent said so. False: neither (exit 22).
 */
bool conn_orient(struct conn *c);
/* An instance of template t for that peer. Its owner is its users: an instance that nobody uses at
 * the end of a call of the engine goes. */
struct conn *conn_instantiate(struct conn *t, const struct endpoint *remote);
/* Is it a template: its peer's address, or (a road warrior) its own inner address, is yet to come?
 */
bool conn_is_template(const struct conn *c);
/* type=passthrough, drop, reject: a policy without IKE. */
bool conn_is_shunt(const struct conn *c);
static inline void conn_use(struct conn *c)
{
	c->users++;
}
/* One user less. A removed connection and an instance go with the last (an event tells of it), at
 * the end of the call; an instance that must be up or is waited for stays. */
void conn_unuse(struct conn *c);
void conn_free(struct conn *c);
/* Delete or replace: not found any more; freed with its last user. Its SAs are the caller's matter.
 */
void conn_remove(struct conn *c);
/* By name or alias, the i-th from 0, templates and ordinary ones, not instances; NULL after the
 * last. */
struct conn *conn_find(struct ike *ike, const char *name, size_t i);
/* The name of one that may have been meant by name; "": none is near. */
const char *conn_nearest(struct ike *ike, const char *name);
struct conn *conn_by_serial(struct ike *ike, uint32_t serial);
/* The one that the data plane has a policy of that reqid for. */
struct conn *conn_by_reqid(struct ike *ike, uint32_t reqid);
uint32_t conn_reqid_new(struct ike *ike);
/* What its events are about; serial: of the SA, 0 for none; request: the first that waits. */
struct event_about conn_about(const struct conn *c, uint32_t serial);

/* Does explain-to= name that address? */
bool conn_explains_to(const struct conn *c, const struct addr *peer);
/* Addresses that we lent go back to their pool. */
void conn_lease_return(struct conn *c);

/* Our address inside the tunnel: the leased one, or sourceip=; none. */
struct addr conn_source(const struct conn *c, uint8_t family);
/* DNS servers and domains (a valid DNS name) that the peer told; more than we keep are dropped. */
void conn_dns_add_server(struct conn *c, const struct addr *a);
void conn_dns_add_domain(struct conn *c, struct bytes name);
void conn_dns_clear(struct conn *c);

/* Who it is by XAUTH: octets that a peer may have sent, without a NUL. */
void conn_set_user(struct conn *c, const char *user);
/* The same forgotten, with what a gateway told (banner, split). */
void conn_forget_user(struct conn *c);

/* request waits for c to be up (down). conn_settle lets all of that kind go with the exit status.
 */
void conn_wait(struct conn *c, enum conn_wait what, uint32_t request);
void conn_settle(struct conn *c, enum conn_wait what, int exit);
bool conn_is_waited(const struct conn *c, enum conn_wait what);
uint32_t conn_request(const struct conn *c); /* the last that waits; 0 */
/* What the last one waits for is under way: says so, and who has waited for it. */
void conn_tell_joined(const struct conn *c);

/* What we propose as our (their) traffic selectors: subnets, the host itself, or 0.0.0.0/0 and ::/0
 * for an end that is leased its address; protoport= applied; lease, when there is one, instead. */
void conn_ts_ours(const struct conn *c, struct ts_list *ret);
void conn_ts_theirs(const struct conn *c, struct ts_list *ret);
const struct proposals *conn_ike_proposals(const struct conn *c);
/* esp=, with ESN transforms as esn= says (IKEv1: without any). *ret is filled. */
void conn_esp_proposals(const struct conn *c, struct proposals *ret);

/* The integrity algorithm of a Child SA in the data plane, of what was negotiated: another with
 * sha2-truncbug=. */
uint16_t conn_integ(const struct conn *c, uint16_t integ);

/* What only the kernel can do, for SAs; is_policy: and marks, which policies alone have. */
void conn_extra(const struct conn *c, bool is_policy, struct dp_extra *ret);

/* ---- the data plane's policies of a connection ---- */
/* Trap now or as soon as the tunnel is gone; shunt now. request (0: nobody) is held until the data
 * plane has it. */
void conn_route(struct conn *c, uint32_t request);
void conn_unroute(struct conn *c);
enum conn_routing conn_routing(const struct conn *c);
void conn_policy_answered(struct conn *c, uint32_t reqid, enum err e); /* c may be NULL */
/* The data plane was restarted: all have to be added anew. */
void conn_policies_lost(struct conn *c);
/* The trap is there when it is wanted, and what nobody needs any more goes. */
void conn_policies_sweep(struct conn *c);
/* A Child SA with these selectors is to be installed: gives the reqid of its policy, which is its
 * until it leaves. */
struct child;
uint32_t conn_policy_join(struct conn *c, const struct child *child);
/* The same for one that an earlier process installed with that reqid; is_told: the user's script
 * was. */
void conn_policy_rejoin(struct conn *c, const struct child *child, uint32_t reqid, bool is_told);
void conn_policy_leave(struct conn *c, uint32_t reqid);
/* Was the user's script told that it is up? */
bool conn_policy_is_told(const struct conn *c, uint32_t reqid);
/* For the user's script: is this the first (the last) Child SA of its policy? It is told once. */
bool conn_policy_is_first(struct conn *c, uint32_t reqid);
bool conn_policy_is_last(struct conn *c, uint32_t reqid);
/* So many packets came in by the Child SAs of this reqid and none went out: other connections that
 * carry the same selectors are told, since these may be answers to theirs. */
void conn_unasked(const struct conn *c, uint32_t reqid, uint64_t count);
/* It carries (does not carry) traffic now. With the first the policy is the tunnel's: gives the
 * number of the ask, whose answer is child's (kind), 0 when nothing changes. */
uint32_t conn_child_up(struct conn *c, const struct child *child, uint8_t kind);
void conn_child_down(struct conn *c, const struct child *child);
/* One that carries traffic has other outer addresses now: so has its policy. */
void conn_child_moved(struct conn *c, const struct child *child);

/* What the packet filter does now for the policy of that reqid, which is c's. */
struct filter_notice;
void conn_filter(struct conn *c, const struct filter_notice *n);
void conn_filter_clear(struct conn_policy *p);

/* It went down although it must be up: tries again in 5 s, growing to 300 s. Harmless when it need
 * not be, or is being revived. */
void conn_revive(struct conn *c);
/* Start the attempt now: for CMD_UP, auto=start, a trap, a revival. */
void conn_initiate(struct conn *c);
/* Before an attempt that nobody asks for: its peer's name, if it has one, is looked up again. Does
 * not wait for it. */
void conn_look_up(struct conn *c);
/* Somebody begins from an address that no connection has: it may be a peer with a name, which has
 * moved. Now and then the names of those that are down are looked up for it. */
void conn_look_up_stranger(struct ike *ike);
