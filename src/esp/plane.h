#pragma once
/* The userspace ESP plane: SAs and policies, what the packet threads read, what is told upwards.
 *
 * Three threads meet here. The control thread alone calls esp_plane_*(); it builds a new table for
 * every change and publishes it by swapping one pointer. Two packet threads, one outbound and one
 * inbound, read whatever table stands between their esp_enter() and esp_leave(), without a lock and
 * without allocating. What was replaced is freed when both have left since (quiescent states, as
 * RCU has them). Nothing here reads a clock or touches a descriptor. */
#include "esp/sa.h"
#include "esp/selector.h"

enum esp_worker_id { ESP_OUTBOUND, ESP_INBOUND, ESP_WORKERS };

enum {
	ESP_NOTICES = 256, /* waiting in one worker's ring; a power of two */
	ESP_FLOWS = 256,
	ESP_ROOM = 4 * 65536,
};

struct esp_policy {
	struct dp_policy dp;
	uint32_t priority;
	bool is_orphan;		  /* of an ike that is gone */
	_Atomic int64_t acquired; /* ns_t of the last ACQUIRE; rate limit */
};

/* What packet threads read. Immutable. */
struct esp_table {
	uint64_t id;	    /* no two tables have the same */
	struct esp_sa **in; /* by SPI, open addressing; NULL: empty */
	uint32_t in_mask;
	struct esp_entry {
		struct esp_policy *policy;
		struct esp_sa *sa; /* newest outbound SA of the reqid; NULL: none */
	} * entry;		   /* by priority */
	size_t n_entries;
};

/* Which policy a flow met last in which table. */
struct esp_flow {
	uint64_t table;
	struct addr src, dst;
	uint16_t src_port, dst_port;
	uint8_t protocol;
	bool has_ports;
	const struct esp_entry *entry; /* NULL: none fits */
};

/* What one packet thread owns; other threads' words have lines of their own. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct esp_worker {
	_Alignas(64) _Atomic uint64_t epoch; /* 0: between batches */
	struct esp_plane *plane;
	const struct esp_table *table; /* between esp_enter() and esp_leave() */
	ns_t now;
	esp_counter dropped[DROP_END]; /* that belong to no SA */
	uint64_t dropped_told[DROP_END];
	/* notices: this thread writes, control reads */
	_Alignas(64) _Atomic uint32_t put;
	_Alignas(64) _Atomic uint32_t got;
	struct dp_notice notice[ESP_NOTICES];
	/* errors that we send to inner senders: a token bucket (RFC 1812 4.3.2.8, RFC 4443 2.4 f)
	 */
	ns_t icmp_since;
	uint32_t icmp_tokens;
	struct esp_flow flow[ESP_FLOWS];
	/* outbound: a segment that is to be fragmented; inbound: packets of transport mode, which
	 * need more room than they came in, back to back */
	uint8_t room[ESP_ROOM];
	size_t room_n;
};

struct esp_plane;

/* outer_mtu: of paths that nothing is known of, 0 for 1500. */
struct esp_plane *esp_plane_new(uint32_t outer_mtu);
/* No packet thread may be left. */
void esp_plane_free(struct esp_plane *p);

/* One request of the contract (dataplane.h), as it travels. */
struct esp_op {
	uint8_t op, dir; /* enum dp_op, dp_dir; dir 0 means both */
	uint32_t serial, reqid;
	struct endpoint local, remote;
	bool encap;
	struct bytes operand; /* dp_sa_put() or dp_policy_put() */
};
/* *counters is written by DP_SA_QUERY and DP_SA_ADOPT. ERR_NOT_FOUND, ERR_EXISTS, ERR_UNSUPPORTED,
 * ERR_VALUE, and what the operand's reader says. */
enum err must_use esp_plane_op(
	struct esp_plane *p, const struct esp_op *op, struct dp_counters *counters);

/* The same without wire forms. */
enum err must_use esp_plane_sa_add(struct esp_plane *p, const struct dp_sa *sa);
enum err must_use esp_plane_policy_add(struct esp_plane *p, const struct dp_policy *policy);

/* Another ike takes over: what it does not name before DP_SETTLE goes then. */
void esp_plane_orphan(struct esp_plane *p);

/* The path to an address has this MTU: an ICMP error or the system told. */
void esp_plane_path_mtu(struct esp_plane *p, const struct addr *remote, uint32_t mtu);
/* The next thing to be told; false: none. */
bool esp_plane_notice(struct esp_plane *p, struct dp_notice *ret);
/* Once a second: drops since the last time become notices, given to tell. */
void esp_plane_drops(
	struct esp_plane *p, void (*tell)(void *ctx, const struct dp_notice *), void *ctx);
/* Once a second: replaced inbound SAs that have lingered long enough go. */
void esp_plane_second(struct esp_plane *p);
/* Once a second: SAs whose large packets seem lost learn whether something comes in (stall.h); of
 * many at once, as when the host has no network, only some. */
void esp_plane_stalls(struct esp_plane *p);
/* Each SILENCE_LOOK_S: outbound SAs whose packets are not answered; each LOSSES_LOOK_S: inbound
 * ones that drop much of what comes (dataplane/watch.h). */
void esp_plane_silence(struct esp_plane *p, dp_tell *tell, void *ctx);
void esp_plane_losses(struct esp_plane *p, dp_tell *tell, void *ctx);
/* All SAs, to look at their counters. */
struct esp_sa **esp_plane_sas(struct esp_plane *p, size_t *ret_n);
/* Frees what no packet thread can still see. Called by every change; also now and then. */
void esp_plane_reclaim(struct esp_plane *p);

/* ---- for packet threads ---- */

struct esp_worker *esp_plane_worker(struct esp_plane *p, enum esp_worker_id id);
void esp_enter(struct esp_worker *w, ns_t now);
void esp_leave(struct esp_worker *w);
/* The inbound SA of an SPI; NULL: none. */
struct esp_sa *esp_sad_find(const struct esp_table *t, uint32_t spi);
/* The policy of an outbound packet; NULL: none. */
const struct esp_entry *esp_spd_find(struct esp_worker *w, const struct packet *k);
/* False: the ring is full; try with a later packet. */
bool esp_tell(struct esp_worker *w, const struct dp_notice *n);
/* Tells, once, that numbers have run out. */
void esp_sa_exhausted(struct esp_worker *w, struct esp_sa *sa);
/* Counts one packet and its inner octets; says when volume or numbers run out. False: the SA may
 * carry no more. */
bool esp_sa_account(struct esp_worker *w, struct esp_sa *sa, uint64_t seq, size_t n);
