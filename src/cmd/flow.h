#pragma once
/* The test flow of "ipsec diagnose": a few echo requests through a tunnel that is up, what moved
 * meanwhile, and the path MTU. It sends to the connection's peer, through its tunnel, and to a
 * host behind this one that answers nobody there (flow_lan.c) only, and all in all less than
 * FLOW_PACKETS_MAX packets. */
#include "cmd/flow_read.h"
#include "event/event.h"
#include "ipsec/ts.h"

enum { FLOW_PACKETS_MAX = 40, FLOW_ECHOES = 3, FLOW_MORE = 8, MTU_TRIES = 10 };

/* The connection's SAs together, as the daemon counts them: inner octets. */
struct flow_octets {
	uint64_t in, out, dropped;
};

struct flow_for {
	const char *conn;
	struct addr theirs;		     /* outer */
	struct ts_list our_nets, their_nets; /* neither is empty */
	const char
		*device; /* which the tunnel's traffic takes; "": the kernel's policies take it */
	struct ts_list sa_nets; /* what the tunnel takes behind the peer, as far as is known; may be
				 * empty */
	const struct addr *dns; /* servers that the peer named */
	size_t n_dns;
	struct addr through; /* an address behind the peer, which a person named; or none */
	bool is_self;	     /* what this host itself sends matters, too */
	bool asks_lan;	     /* a person says that a host behind this one may be asked */
	ns_t listens;	     /* at least so long, to others' packets that pass through this host */
	void (*octets)(void *ctx, struct flow_octets *ret);
	/* the same of the i-th other connection with the same networks, and its name; NULL: there
	 * is none, or it is down */
	const char *(*others)(void *ctx, unsigned i, struct flow_octets *ret);
	void *ctx;
	void (*step)(void *ctx, const char *result);
	struct now (*now)(void);
};

/* What it came to, as struct local_for has it. */
struct flow_came {
	const char *flow, *own_flow; /* "answered", "unanswered", "clear" (not sent), "": unknown */
};
struct flow_came flow_run(const struct flow_for *what, const struct event_sink *out);

/* One datagram to a UDP port of the peer that the tunnel is for, from the port of ours that it is
 * for (0: any): does the peer say that nobody has it? An L2TP daemon is silent to what is no L2TP.
 * Gives what it came to, in words. */
const char *flow_port(const struct flow_for *what, const struct addr *ours, uint16_t our_port,
	uint16_t their_port, const struct event_sink *out);

/* FLOW_MORE echo requests to the peer's own address, past tunnels: are packets lost on the way? */
void flow_loss(const struct flow_for *what, const struct event_sink *out);

/* ---- flow_trap.c ---- */
/* Sends a packet for a tunnel that is down. True: a tunnel has begun, or nothing is known; else
 * what was seen has gone to out (way "trap"). */
bool flow_trap(
	const struct flow_for *what, bool (*has_begun)(void *ctx), const struct event_sink *out);

/* ---- flow_echo.c: echo requests and who answers ---- */
enum {
	ECHO_WHOLE = 1,	  /* DF: not to be fragmented */
	ECHO_OUTSIDE = 2, /* past tunnels */
	ECHO_FOREIGN = 4, /* from an address that is not of this host */
	ECHO_OCTETS = 84, /* of a packet, as ping(8) has it */
};
struct echo {
	const char *way;
	int fd; /* -1: not open */
	struct addr from, to;
	uint8_t ttl; /* 0: the usual one */
	uint16_t id;
	unsigned sent, answered;
	uint32_t answered_seq; /* bits of the first 32 */
	ns_t sent_at, took;    /* of the first answer */
	struct addr by;	       /* who answered first */
	bool is_refused;       /* an error came, from complainant (none: this host) */
	struct icmp_said error;
	struct addr complainant;
	int failed; /* errno of sending; 0 */
};
/* from none: this host chooses. False: no socket (errno). */
bool echo_open(struct echo *e, const char *way, const struct addr *from, const struct addr *to,
	unsigned flags, uint8_t ttl);
void echo_close(struct echo *e);
/* A packet of so many octets, with its headers. */
void echo_send(struct echo *e, uint32_t octets);
/* Until each is answered or refused, at most so long. */
void echo_wait(struct echo *e, unsigned n, int milliseconds);
/* What this host would do with a packet: its source, and what the way takes. False: no way. */
bool echo_route(const struct addr *from, const struct addr *to, unsigned flags,
	struct addr *ret_source, uint32_t *ret_mtu);

/* ---- flow_count.c: what moves on this host ---- */
void flow_count(struct counters *ret);
/* Has this host asked for it by ARP? */
bool flow_is_neighbour(const struct addr *a);

/* ---- flow_mtu.c ---- */
struct flow {
	const struct flow_for *what;
	const struct event_sink *out;
	struct event_about about;
	unsigned packets; /* sent up to now */
};
#define FLOW_EMIT(f, name, ...) EMIT((f)->out, (f)->what->now(), &(f)->about, name, __VA_ARGS__)
/* The largest packet that is answered; way: "outside", "inside". */
void flow_mtu(struct flow *f, const char *way, const struct addr *from, const struct addr *to,
	unsigned flags);
