#pragma once
/* A Child SA as the data plane needs to know it: the same for every IKE version, which embeds it.
 */
#include "dataplane/dataplane.h"
#include "ike/conn.h"

struct answer;

struct child {
	uint32_t serial;
	struct conn *conn; /* the owner counts as its user */
	uint32_t reqid;	   /* of its policy, from when it is installed; 0 */
	struct suite suite;
	uint32_t spi_in, spi_out; /* ours, the peer's */
	struct secret encr_in, integ_in, encr_out, integ_out;
	struct ts_list ts_local, ts_remote;
	struct endpoint local, remote;
	bool encap, is_transport;
	uint64_t max_bytes;	 /* as the peers agreed; 0: as ipsec-max-bytes= says */
	bool takes_no_tfc;	 /* the peer: tfc= is off (RFC 7296 3.10.1) */
	bool has_in, has_out;	 /* the data plane was asked to have it */
	bool is_counted;	 /* in conn->n_children */
	ns_t add_time;		 /* wall */
	struct dp_counters last; /* of the last query */
};

void child_init(struct child *c, uint32_t serial, struct conn *conn);
/* Takes what is left out of the data plane (silently), wipes keys, releases the connection. */
void child_done(struct ike *ike, struct child *c);

/* Ask the data plane. kind: what the answer is called in ike_version.answer(); serial is c's. The
 * number of the ask is given; an answer always comes, also when the data plane died. */
uint32_t child_install(struct ike *ike, struct child *c, enum dp_dir dir, uint8_t kind);
/* It is to carry traffic: the policy for its selectors is there. The number of the ask, 0 when
 * the policy is there already. */
uint32_t child_carries(struct child *c, uint8_t kind);
void child_remove(struct ike *ike, struct child *c, enum dp_dir dir);
/* The data plane has it from an earlier process, under reqid: does it, still? */
uint32_t child_adopt(struct ike *ike, struct child *c, enum dp_dir dir, uint8_t kind);
/* Both directions away, and "ESP traffic information" when the counters have come. */
void child_farewell(struct ike *ike, struct child *c);
/* The peer's address changed. */
void child_move(struct ike *ike, struct child *c, const struct endpoint *local,
	const struct endpoint *remote, bool encap);
uint32_t child_query(struct ike *ike, struct child *c, uint8_t kind);
/* The user's leftupdown=, when there is one. */
void child_updown(struct ike *ike, const struct child *c, const struct id *theirs, bool is_up);
/* It has come up, not by a rekey: the event last_good. ike: algorithms of its IKE SA, NULL: it is
 * gone; product: of the peer, "" or NULL: not known. Nothing for instances: their peers differ. */
void child_worked(const struct ike *ike, const struct child *c, const struct suite *suite,
	const char *product);
/* Which limit it has reached, of those that a data plane keeps (DP_EXPIRE_HARD, reason): in a word,
 * and "1000 octets, 20 packets", "2^32 sequence numbers". */
enum { CHILD_LIMIT = 64 };
const char *child_limit_name(uint8_t reason);
char *child_limit(const struct child *c, uint8_t reason, char t[static CHILD_LIMIT]);
/* The same: is there another peer of a template (right=%any) that is up with these selectors? What
 * goes there goes to the newer one (RFC 3948 5.1, 5.2: two clients behind one NAT, or with one
 * address of their own). */
void child_clash(struct ike *ike, const struct child *c, const struct id *theirs);
/* It carries nothing any more: of two there is one. */
void child_clash_over(struct ike *ike, const struct child *c);
/* The keys of both directions, where somebody exports them. */
void child_export(struct ike *ike, const struct child *c);
