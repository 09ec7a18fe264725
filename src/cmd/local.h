#pragma once
/* What this host itself does to a tunnel, seen without sending a packet. */
#include "event/event.h"
#include "ipsec/ts.h"

struct local_for {
	const char *conn;
	uint32_t request;
	struct addr ours, theirs;      /* outer; ours none: %defaultroute */
	uint16_t our_port, their_port; /* of IKE; 0: 500 */
	struct ts_list our_nets, their_nets;
	struct ts_list pools; /* addresses that are lent to the other end */
	const char
		*device; /* which the tunnel's traffic takes; "": the kernel's policies take it */
	/* of its policies; mask 0: none, or not known */
	struct local_mark_of {
		uint32_t value, mask;
	} mark_in, mark_out;
	uint32_t if_id; /* 0: none */
	/* a test through the tunnel was "answered", "unanswered", "": none; from an inner address,
	 * and from the one that this host chooses by itself */
	const char *flow, *own_flow;
	const char *their_name; /* of theirs, where it has one; NULL */
	/* where the connection stands, its auto=, and the daemon's control socket; NULL: another
	 * suite's */
	const char *file, *automatic, *socket;
	bool is_initiator; /* so what the peer sends is an answer */
	uint16_t udp_port; /* of this end, a server, that tunnels are for (protoport=17/1701); 0:
			      none */
	uint64_t octets_in, octets_out; /* that its SAs have carried */
};

/* Looks, and tells of all that it sees (event/catalog_local.def). */
void local_look(const struct local_for *what, struct now now, const struct event_sink *out);

/* ---- its steps ---- */
struct local {
	const struct local_for *what;
	struct now now;
	struct event_about about;
	const struct event_sink *out;
	struct addr source;	/* that packets to the peer have; none: no route */
	char device[32];	/* through which they leave */
	const char *translates; /* what the packet filter gives destinations others with; NULL: none
				   does */
	bool has_no_nat; /* the packet filter was read: no NAT rule takes the tunnel's packets */
};
#define LOCAL_EMIT(l, name, ...) EMIT((l)->out, (l)->now, &(l)->about, name, __VA_ARGS__)

/* What a program of the host says, NUL-terminated, malloc'ed; no shell. NULL: it could not be
 * started, took too long (see cmd/patience.h), said too much, or failed; then *ret_why (may be
 * NULL, malloc'ed) is its complaint. */
char *program_says(const char *const *argv, char **ret_why);
/* The same of one that changes something: it has ten seconds. */
char *program_does(const char *const *argv, char **ret_why);

void local_routes(struct local *l);
void local_lans(const struct local *l);
void local_addresses(const struct local *l, char inner[static ADDR_STR]);
void local_overlaps(const struct local *l);
/* Networks of ours that are not to be found behind this host. None are told of when it translates:
 * they may stand in for others. After local_filter(). */
void local_behind(const struct local *l);
void local_filter(struct local *l);
void local_sockets(const struct local *l);
/* Who has what.udp_port, when there is one. */
void local_port(const struct local *l);
/* Entries of connection tracking that take packets out of the tunnel. None are told of
 * while a NAT rule would make them anew: has_no_nat. */
void local_conntrack(const struct local *l);
void local_policies(const struct local *l);
void local_marks(const struct local *l);
void local_name(const struct local *l);
void local_prefixes(const struct local *l);
/* The device through which packets to that network leave. False: there is no route. */
bool local_way(const struct range *r, char device[static 32]);
/* IPv6 neighbours that do not answer; addresses behind the tunnel that hosts on a wire look for. */
void local_neighbours(const struct local *l);
void local_cloud(const struct local *l);

enum { LOCAL_MACHINE = 96 };
/* The cloud that this host runs in, and what it is called there ("": not known); NULL: none that is
 * known here. */
const char *local_cloud_name(char machine[static LOCAL_MACHINE]);
bool local_is_here(const struct addr *a); /* is it an address of this host? */
/* The networks that this host's devices are connected to; NULL ends. f is told of each. */
void local_connected(void (*f)(void *ctx, const char *device, const struct prefix *p), void *ctx);
