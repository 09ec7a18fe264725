#pragma once
/* The kernel process: what this host's kernel must do so that packets find tunnels. CAP_NET_ADMIN
 * and nothing else. */
#include "dataplane/dataplane.h"
#include "proc/kernel/bounds.h"
#include "proc/process.h"

enum effect_kind {
	EFFECT_ADDRESS,	     /* prefix on our interface */
	EFFECT_ROUTE,	     /* prefix into the tunnel, in our table */
	EFFECT_THROW,	     /* prefix not into the tunnel: the next table decides */
	EFFECT_BLACKHOLE,    /* prefix is dropped */
	EFFECT_RULE,	     /* from prefix: look into our table */
	EFFECT_RULE_UNBOUND, /* from this host, source not yet chosen (prefix 0.0.0.0/32): the same
			      */
	EFFECT_RULE_OURS,    /* packets that carry our mark pass these rules by */
	EFFECT_RULE_END,     /* and go on here */
};

struct effect_key {
	uint8_t kind; /* enum effect_kind */
	struct prefix prefix;
	struct addr source; /* ROUTE: preferred source, or none */
	uint32_t metric;
	uint16_t mtu; /* ROUTE; 0: the interface's */
};

/* One thing done in the kernel, for as many policies as need it. */
struct effect {
	struct list node;
	struct effect_key key;
	unsigned uses;
};

enum { EFFECTS_MAX = 512 }; /* of one policy */

struct policy {
	struct list node;
	uint32_t reqid;
	struct effect *effect[EFFECTS_MAX];
	size_t n;
};

struct kernel {
	struct process p;
	int rtnl;
	unsigned ifindex; /* of our interface; 0: none */
	struct bounds bounds;
	struct list effects, policies;
	uv_poll_t watch;
	uv_timer_t settle; /* changes come in bursts */
	struct buf addrs;  /* as last told */
	bool is_route_changed;
};

/* ---- rtnl.c: one request, its answer; errno values, 0 is well ---- */
int rtnl_link_up(int fd, const char *name, unsigned mtu, unsigned *ret_ifindex);
int rtnl_effect(int fd, const struct effect_key *k, unsigned ifindex, bool add);
/* Removes rules and routes that carry our protocol number. Gives how many. */
unsigned rtnl_flush(int fd);
/* Every address but those of ifindex except: addr_put and the interface's name (16 octets) each. */
struct buf rtnl_addresses(int fd, unsigned except);
/* Reads what changed from a watching socket; true: a default route of others did. *ret_any:
 * anything that is not our own doing. */
bool rtnl_changes(int fd, unsigned ours, bool *ret_any);

/* ---- effects.c: policies into effects ---- */
/* 0 or errno; then *ret_what says what was refused. */
int policy_add(struct kernel *k, const struct dp_policy *p, const char **ret_what);
void policy_del(struct kernel *k, uint32_t reqid);
void policies_flush(struct kernel *k);
