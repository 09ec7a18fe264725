#pragma once
/* The kernel process: what this host's kernel must do so that packets find tunnels, and where the
 * kernel does ESP (k->has_plane), its SAs and policies. CAP_NET_ADMIN and nothing else. */
#include "base/map.h"
#include "dataplane/frozen.h"
#include "dataplane/watch.h"
#include "proc/kernel/bounds.h"
#include "proc/process.h"
#include "proc/xfrm.h"

enum effect_kind {
	EFFECT_ADDRESS,	     /* prefix on the tunnel's device, or our interface; with the kernel's
			      * ESP on lo */
	EFFECT_ROUTE,	     /* prefix into the tunnel, in our table; with the kernel's ESP to the
			      * tunnel's device, or to where the peer is, since policies find the
			      * packets there */
	EFFECT_THROW,	     /* prefix not into the tunnel: the next table decides */
	EFFECT_BLACKHOLE,    /* prefix is dropped */
	EFFECT_RULE,	     /* from prefix: look into our table */
	EFFECT_RULE_UNBOUND, /* from this host, source not yet chosen (prefix 0.0.0.0/32): the same
			      */
	EFFECT_RULE_OURS,    /* packets that carry our mark pass these rules by */
	EFFECT_RULE_END,     /* and go on here */
	EFFECT_RULE_FLOW,    /* from prefix and like flow: look into key's table */
	EFFECT_RULE_FLOW_UNBOUND,
	EFFECT_RULE_OUTSIDE, /* from prefix and like flow: as with our mark */
};

/* What a rule asks of a packet besides its source. */
struct effect_flow {
	struct addr to;
	uint8_t protocol;	     /* 0: any */
	uint16_t sport[2], dport[2]; /* first and last; 0: any */
};

struct effect_key {
	uint8_t kind; /* enum effect_kind */
	struct prefix prefix;
	struct addr source; /* ROUTE: preferred source, or none */
	uint32_t metric;
	uint16_t mtu;	     /* ROUTE; 0: the interface's */
	struct addr gateway; /* ROUTE: none: on the link */
	unsigned oif;	     /* ROUTE, ADDRESS; 0: our interface */
	uint8_t table;	     /* ROUTE, RULE_FLOW; 0: IPSEC_TABLE */
	struct effect_flow flow;
};

/* One thing done in the kernel, for as many policies as need it. */
struct effect {
	struct list node;
	struct effect_key key;
	unsigned uses;
};

enum {
	EFFECTS_MAX = 512,   /* of one policy */
	ADDRESS_NAME_N = 16, /* behind each address that is told: its interface's name */
};

struct policy {
	struct list node;
	uint32_t reqid;
	bool is_orphan; /* of an ike that is gone */
	struct buf dp;	/* dp_policy_put */
	struct effect *effect[EFFECTS_MAX];
	size_t n;
	struct spd_entry **spd; /* the kernel's policies that it holds */
	size_t n_spd;
	struct device *device; /* of device.c; NULL: none */
	struct policy *narrow; /* of watch.c: tells when TCP or a ping went out; NULL: none */
	uint64_t narrow_used;  /* when it was used last, seconds since 1970 */
	bool is_tcp, is_asking;
	uint64_t heard, in, out; /* packets: in at the last look and at this one, out since */
	ns_t acquired;		 /* when the kernel asked for an SA that is not there yet; 0 */
	struct addr wants_from, wants_to;
	/* of frozen.c */
	ns_t narrowed;		/* since when narrow is there */
	ns_t keeps;		/* until then it stays, whatever comes in */
	ns_t froze, froze_from; /* a connection did, last; it began */
	uint64_t came;		/* packets in, since the look before */
	uint32_t lost;		/* octets that were told as lost; 0: none */
	ns_t told;
};

/* One direction of a Child SA in the kernel. */
struct sa {
	struct list node;
	uint32_t serial, reqid;
	uint8_t dir; /* enum dp_dir */
	bool is_heard, is_leaving, is_orphan;
	bool has_esn, told_used_up; /* of its sequence numbers */
	ns_t added, leaves, mapped; /* mapped: when the last new address of the peer was told */
	struct xfrm_id_of_sa id;
	struct buf dp; /* dp_sa_put: for when it has to move */
	struct dp_watch watch;
	bool is_adopted;		 /* what it counted before is not news */
	uint64_t packets, octets, asked; /* at the last look of watch.c */
	struct dp_frozen frozen;
	struct dp_frozen_look look;	    /* of frozen.c */
	uint64_t look_packets, look_octets; /* by then, in all */
	bool is_looked_at;
};

/* What one before us left in the kernel: SAs and policies that nobody has asked for again. */
struct found {
	struct map sa;	     /* struct found_sa by SPI */
	struct map policy;   /* struct found_policy by spd_hash */
	uint32_t last_index; /* the highest number that a policy of ours has */
};

struct kernel {
	struct process p;
	int rtnl;
	unsigned ifindex;	  /* of our interface; with the kernel's ESP of lo */
	char why[XFRM_ERROR_STR]; /* the last policy was refused: in the kernel's words; "" */
	bool is_taken;		  /* it was, since another program has one there */
	struct bounds bounds;
	struct list effects, policies;
	struct list devices; /* of device.c */
	struct list held;    /* of firewall.c: policies that wait for the packet filter */
	uint32_t last_held;
	bool is_settling; /* DP_SETTLE waits for those that are held */
	uint32_t settle_ask;
	struct stat_watch *stat;
	uv_poll_t watch;
	uv_timer_t settle; /* changes come in bursts */
	struct buf addrs;  /* as last told */
	bool is_route_changed;

	bool has_plane;	  /* the kernel does ESP */
	int xfrm;	  /* requests */
	uint32_t portid;  /* who we are in the kernel's news */
	struct list sas;  /* of struct sa, oldest first */
	struct map sa_by; /* by serial and direction */
	struct map spd;	  /* struct spd_entry by a hash of what it matches */
	uint32_t n_index; /* policies numbered so far */
	struct found found;
	bool is_finding; /* until it is settled */
	uv_poll_t news;
	uv_timer_t tick; /* while an SA is to be heard, or leaves */
	uv_timer_t look; /* of watch.c */
	unsigned looks;
	uv_timer_t glance; /* of frozen.c */
};

/* ---- rtnl.c: one request, its answer; errno values, 0 is well ---- */
int rtnl_link_up(int fd, const char *name, unsigned mtu, unsigned *ret_ifindex);
/* Asks for all of a kind; each is given to f. */
struct nlmsghdr;
int rtnl_dump(int fd, uint16_t type, uint8_t family, int (*f)(const struct nlmsghdr *h, void *ctx),
	void *ctx);
/* Every address but those of ifindex except: addr_put and the interface's name (16 octets) each. */
struct buf rtnl_addresses(int fd, unsigned except);
/* Reads what changed from a watching socket; true: a default route of others did. *ret_any:
 * anything that is not our own doing. */
bool rtnl_changes(int fd, unsigned ours, bool *ret_any);
/* The way of our own packets to dst. */
int rtnl_route_to(int fd, const struct addr *dst, const struct addr *src, unsigned *ret_oif,
	struct addr *ret_gateway);

/* ---- rtnl_effect.c ---- */
int rtnl_effect(int fd, const struct effect_key *k, unsigned ifindex, bool add);
/* Removes rules, routes and addresses that carry our protocol number, but for those of k's effects
 * (NULL: all). Gives how many. */
unsigned rtnl_flush(int fd, struct kernel *k);

/* ---- device.c: devices of tunnels ---- */
/* The device of that policy is there from now on, and own's. 0 or errno; then k->why says why. */
int device_use(struct kernel *k, struct policy *own, const struct dp_policy *p);
void device_leave(struct kernel *k, struct policy *own);
unsigned device_index(const struct device *d); /* 0 without one */
/* Did somebody remove one of ours that is used? Policies are to be added again. */
bool devices_lost(struct kernel *k);
/* Those that nobody uses or names go. */
void devices_sweep(struct kernel *k);
/* So do those that an earlier daemon made and nobody names. */
void devices_settle(struct kernel *k);
/* All that we made; that any daemon of ours did. */
void devices_done(struct kernel *k);
unsigned devices_flush(int fd);

/* ---- firewall.c: the parent's part of a policy comes first ---- */
/* Asks for it; policy_install() is called when it is done. */
void firewall_before(struct kernel *k, uint32_t ask, const struct dp_policy *p);
void firewall_take(struct kernel *k, uint32_t number);
/* A policy is gone; reqid 0: all are. */
void firewall_del(struct kernel *k, uint32_t reqid);
/* Who waited is gone. */
void firewall_unasked(struct kernel *k);
void firewall_done(struct kernel *k);

/* ---- stat.c: the kernel's failure counters ---- */
void stat_begin(struct kernel *k);
void stat_watch(struct kernel *k); /* there are tunnels now */
void stat_show(struct kernel *k, const struct msg_xfrm_stat *m);
/* What came in and was dropped, by reason (DROP_END of them). False: it is not known. */
bool stat_dropped(const struct kernel *k, uint64_t *ret);
void stat_tell_all(struct kernel *k); /* control was started anew */
void stat_done(struct kernel *k);

/* ---- main.c ---- */
void policy_install(struct kernel *k, uint32_t ask, const struct dp_policy *p);
void policy_answer(struct kernel *k, uint32_t ask, enum err e, const char *text);

/* ---- effects.c: policies into effects ---- */
/* Does it, or counts one more who needs it. 0 or errno. */
int effect_use(struct kernel *k, const struct effect_key *key, struct effect **ret);
void effect_release(struct kernel *k, struct effect *e);
int policy_use(struct kernel *k, struct policy *p, const struct effect_key *key);
/* 0 or errno; then *ret_what says what was refused. */
int policy_add(struct kernel *k, const struct dp_policy *p, const char **ret_what);
void policy_del(struct kernel *k, uint32_t reqid);
/* clear.c: what it had leaves in the clear now, when it does. */
void clear_tell(struct kernel *k, const struct dp_policy *gone);
void policies_flush(struct kernel *k);
/* Another ike takes over: what it does not add again before it settles goes then. */
void policies_orphan(struct kernel *k);
void policies_settle(struct kernel *k);
/* What nobody has asked for again goes, once all that was asked for is there. */
void settle(struct kernel *k);
/* The new ike asks for it again. */
void policy_adopted(struct kernel *k, uint32_t reqid);
struct policy *policy_find(struct kernel *k, uint32_t reqid);
void policy_decode(const struct policy *p, struct dp_policy *ret);
/* The way to peers has changed: routes with it. */
void policies_refresh(struct kernel *k);
bool effects_have(struct kernel *k, const struct effect_key *key);
/* Is the address one that we put on this host? */
bool effects_have_address(struct kernel *k, const struct addr *a);
/* Is it on this host without us? It would be there twice, and go with the tunnel. */
bool is_foreign_address(struct kernel *k, const struct addr *a);

/* ---- flows.c: transport mode ---- */
int flows_add(
	struct kernel *k, struct policy *own, const struct dp_policy *p, const char **ret_what);

/* ---- spd.c: policies in the kernel ---- */
/* 0 or errno; then text (XFRM_ERROR_STR) says why. What was put until then is own's. */
int spd_add(struct kernel *k, struct policy *own, const struct dp_policy *p, char *text);
void spd_remove(struct kernel *k, struct policy *own);
/* Policies of narrow, which go before those of p and send by the same SAs, for TCP and for echo
 * requests only: as many as can be. */
void spd_narrow(struct kernel *k, struct policy *narrow, const struct dp_policy *p);
/* When one of own's policies was used last, seconds since 1970; 0: never. */
uint64_t spd_used(struct kernel *k, const struct policy *own);
/* The same of those for what goes out, of that protocol (0: any). */
uint64_t spd_used_out(struct kernel *k, const struct policy *own, uint8_t protocol);
/* What the kernel tells policies apart by: a hash over it, and whether it is the same. */
uint64_t spd_hash(const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x);
bool spd_is_alike(const struct xfrm_sel *a, const struct dp_extra *found_by,
	const struct xfrm_sel *b, const struct dp_extra *x, enum xfrm_dir d);
/* Is it one of ours? */
bool spd_has(struct kernel *k, const struct xfrm_policy_said *p);
/* Somebody removed policies: all of ours are put again. */
void spd_restore(struct kernel *k);
void spd_done(struct kernel *k);

/* ---- sa.c: SAs in the kernel ---- */
enum err sa_add(struct kernel *k, const struct dp_sa *dp, char *text);
/* At once, or when the peer has had time to hear of it. */
void sa_del(struct kernel *k, uint32_t serial, enum dp_dir dir);
/* The peer, or this host, is elsewhere. */
enum err sa_move(struct kernel *k, const struct msg_dp *m, char *text);
enum err sa_query(struct kernel *k, uint32_t serial, struct dp_counters *ret);
/* dp without keys, of an ike that is gone: also what a process before us left in the kernel. */
enum err sa_adopt(struct kernel *k, struct dp_sa *dp, struct dp_counters *ret);
void sas_orphan(struct kernel *k);
void sas_settle(struct kernel *k);
void sas_flush(struct kernel *k);
/* What has to be done by time. */
void sas_tick(struct kernel *k);
struct sa *sa_by_id(struct kernel *k, const struct xfrm_id_of_sa *id);
/* It is not in the kernel any more. */
void sa_forget(struct sa *sa, struct kernel *k);

/* What the kernel says of it. 0 or errno. */
int sa_get(struct kernel *k, const struct sa *s, struct xfrm_said *ret);

/* ---- watch.c: tunnels that carry nothing, or lose much ---- */
void watch_run(struct kernel *k);
/* The policy goes: what was put beside it goes, too. */
void watch_leave(struct kernel *k, struct policy *p);
/* Policies that tell when TCP goes out, beside the policy's own. */
void watch_narrow(struct kernel *k, struct policy *p);
/* Policies are about to change: what was put beside them goes, until the next look. */
void watch_rest(struct kernel *k);

/* ---- frozen.c: tunnels that lose large packets ---- */
void frozen_run(struct kernel *k);

/* ---- plane.c: asks, and the kernel's news ---- */
void plane_begin(struct kernel *k);
void plane_run(struct kernel *k);
void plane_sa(struct kernel *k, const struct msg_dp *m);
void plane_tell(struct kernel *k, const struct dp_notice *n);

/* ---- found.c: what a process before us left in the kernel ---- */
void found_init(struct found *f);
void found_read(struct found *f, int fd);
/* Is there that SA? Then it is the caller's, and dp gets its keys. */
bool found_sa(struct found *f, struct dp_sa *dp);
/* The index of that policy, which is the caller's then; 0: there is none. */
uint32_t found_policy(
	struct found *f, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x);
/* Takes the rest out of the kernel, and forgets it; fd -1: only forgets. Gives how many. */
unsigned found_remove(struct found *f, int fd);
