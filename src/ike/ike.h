#pragma once
/* The engine's contract: bytes, time, answers and commands in; actions and events out. It does no
 * I/O, reads no clock, owns no socket, knows no secret of the configuration.
 *
 *   ike_input / ike_answer / ike_command / ike_tick      then      while (ike_output(...)) do it
 *
 * Across a wait there are numbers, not pointers: an ask has a number, its answer quotes it; an SA
 * is found again by its serial; an answer that nobody waits for is dropped. */
#include "config/conf.h"
#include "dataplane/dataplane.h"
#include "event/event.h"
#include "ipsec/limits.h"

struct ike;

/* A UDP datagram of IKE; the non-ESP marker of port 4500 is already stripped, or put by the sender.
 */
struct datagram {
	struct endpoint local, remote;
	struct bytes data;
};

/* What the engine wants to be done. Views live until the next call of any ike_ function. */
enum action_kind {
	ACTION_SEND = 1, /* datagram; port 4500 means: with a non-ESP marker */
	ACTION_PSK, /* ask keys: MAC = prf(prf(PSK, "Key Pad for IKEv2"), octets), RFC 7296 2.15 */
	ACTION_DATAPLANE, /* ask a data plane: op and its operand */
	ACTION_KEEPALIVE, /* datagram of one octet 0xff (RFC 3948 2.3), no marker */
	ACTION_UPDOWN,	  /* ask parent: run the user's leftupdown= with these facts */
	ACTION_RESOLVE,	  /* tell parent: look the names of hosts up again; should they have moved,
			   * the connection is added anew */
	/* IKEv1 only. Keys serves them for loaded connections with keyexchange=ikev1. */
	/* ask keys: SKEYID = prf(PSK, octets), RFC 2409 5 (psk; octets: Ni_b | Nr_b). A responder
	 * that does not know the peer's identity yet says ID_NONE in theirs: the PSK is chosen by
	 * addresses then, %any for one that is not known */
	ACTION_SKEYID,
	ACTION_XAUTH_VERIFY, /* ask keys: may that user with that password in? As xauthby= says */
	ACTION_XAUTH_SECRET, /* ask keys: our user name and password for the connection */
};

struct action {
	uint8_t kind; /* enum action_kind */
	uint32_t ask; /* number to quote in the answer; 0: no answer is wanted */
	struct datagram datagram;
	struct {
		const char *conn;
		const struct id *ours, *theirs;
		struct addr our_addr, their_addr;
		uint16_t prf;
		struct bytes octets;
		bool for_peer;	    /* the MAC is to be compared with the peer's AUTH, not sent */
		struct bytes heard; /* that AUTH, when it is one of a shared key */
	} psk;			    /* PSK, SKEYID */
	struct {
		const char *conn;
		const char *user;      /* at most LIMIT_XAUTH_USER octets. SECRET: leftusername=, or
					* "": whoever people named with "ipsec up" */
		struct bytes password; /* VERIFY: at most LIMIT_XAUTH_PASSWORD octets */
	} xauth;
	struct {
		uint8_t op; /* enum dp_op */
		uint8_t dir;
		uint32_t serial, reqid;
		const struct dp_sa *sa;
		const struct dp_policy *policy;
		struct endpoint local, remote;
		bool encap;
	} dp;
	struct {
		const char *conn;
		const char *verb; /* "up-client", "down-host-v6", ... */
		uint32_t serial, reqid;
		struct endpoint local, remote;
		const struct id *ours, *theirs;
		const struct ts *ts_local, *ts_remote;
		struct addr source;
		uint32_t spi_in, spi_out;
		uint64_t in_bytes, out_bytes;
		uint64_t add_time;	/* seconds since 1970 */
		const char *policy;	/* "IKEv2+PSK+ENCRYPT+TUNNEL" */
		const char *domains;	/* DNS names that the peer told, blank-separated; "" */
		const struct addr *dns; /* DNS servers that it told */
		size_t n_dns;
		uint32_t metric;
		uint16_t mtu;		   /* 0: unset */
		const char *user, *banner; /* of XAUTH and Mode Config, as they came; "" */
		bool is_instance, is_cfg_client, is_cfg_server, is_cisco, has_failed_xauth;
		struct dp_mark mark_in, mark_out;
	} updown;
	struct {
		const char *conn;
	} resolve;
};

struct answer {
	uint32_t ask;
	enum err e;
	const char *text;  /* on failure: what the other process says, for the event; or NULL */
	struct bytes mac;  /* PSK; SKEYID: SKEYID, a secret; both as long as the PRF's output */
	const char *where; /* all of keys: "/etc/ipsec.secrets:3", the entry used; or NULL */
	/* PSK for the peer, when heard is another MAC: the place of the secret that it was made
	 * with, or how the peer has this one otherwise; NULL and 0 when keys cannot tell */
	const char *fits;
	uint8_t variant; /* enum secret_variant */
	/* XAUTH_VERIFY: OK; ERR_DENIED: user or password are wrong (nobody may learn which), or
	 * the connection may not ask. lease: the user's own address (4th column of the file), or
	 * none. XAUTH_SECRET: OK, user and password; ERR_NOT_FOUND. */
	struct addr lease;
	const char *user;
	struct bytes password;	     /* a secret; the process wipes it */
	struct dp_counters counters; /* DP_SA_QUERY */
};

/* What people ask for. name: connection or alias. request: quoted by every event it causes; the
 * last of them is request_done with the exit status. */
enum command_kind {
	CMD_CONN_ADD = 1, /* conn: the engine copies. Replaces one of that name (its SAs are
			   * deleted, unless conf_conn_eq). what: ADD_AND_START does as auto= says
			   * too (start of the daemon, reload), ADD_ONLY does not (ipsec add) */
	CMD_CONN_DELETE,  /* by its own name */
	CMD_UP,		  /* remote_host: for a template (right=%any) */
	CMD_DOWN,
	CMD_ROUTE, /* trap policy: auto=ondemand */
	CMD_UNROUTE,
	CMD_REKEY_IKE, /* name, or serial */
	CMD_REKEY_CHILD,
	CMD_DELETE_SA, /* serial */
	CMD_ALIVE,     /* name, or serial: ask the peer whether it is there */
	CMD_SETUP,     /* setup: config setup, at start and on reload */
	CMD_ADDRESSES, /* addrs, n: local addresses of the host now (listen, orientation changes) */
	CMD_STATUS,    /* what: enum status_kind; name filters where given */
	CMD_SHUTDOWN,  /* delete all SAs politely; request_done when peers answered or 2 s passed */
	CMD_PLANE,     /* what: enum ike_plane; name: why, for people, or NULL. Before any
			* connection is added: those that want more than it can do are refused */
	CMD_AUTO,      /* do as auto= of name says */
	CMD_SETTLE,    /* all that there was to take over is: the data plane forgets the rest */
};
/* Who does ESP. Until it is told, userspace. */
enum ike_plane { PLANE_USER, PLANE_KERNEL };
enum add_kind { ADD_ONLY, ADD_AND_START };
enum status_kind {
	STATUS_ALL = 1, /* ipsec status: everything below in Libreswan's order */
	STATUS_BRIEF,
	STATUS_TRAFFIC,
	STATUS_STATES,
	STATUS_CONNECTIONS,
	STATUS_GLOBAL,
	STATUS_SHUNTS,
	STATUS_POOLS,
};
struct command {
	uint8_t kind, what; /* enum command_kind; enum add_kind, status_kind, ike_plane */
	uint32_t request;
	const char *name;
	uint32_t serial;
	bool asynchronous; /* UP: request_done at once, work goes on */
	struct addr remote_host;
	const struct conf_conn *conn;
	const struct conf_setup *setup;
	const struct addr *addrs;
	size_t n_addrs;
};

/* Where the engine keeps what another one needs to go on where it ended: a record per established
 * IKE SA, and one (serial 0) of its own numbers. Told at the end of every call, before its actions
 * are given out: nothing is said or done that a successor would not know of. Records hold keys. */
#define IKE_RECORD_FORMAT                                                                          \
	1 /* to be raised when records, or what keeps them, are written otherwise */
struct ike_keeper {
	void (*keep)(void *ctx, uint32_t serial, struct bytes record); /* for the one before */
	void (*forget)(void *ctx, uint32_t serial);
	void (*commit)(void *ctx); /* all since the last commit, as one; NULL: nobody keeps */
	void *ctx;
};

struct ike_env {
	struct rng rng;
	uint64_t forbidden; /* algorithms that there are not on this host (crypto/forbidden.h) */
	const char *forbidden_where,
		*forbidden_by; /* file:line, and what stands there; "" or NULL */
	const char *kernel,
		*daemon; /* releases of Linux, of ourselves, for people; NULL: unknown */
	struct event_sink events;
	struct ike_keeper keeper;
};

/* Session keys, as lines of Wireshark's tables: the table's name, a blank, the line. Those of IKE
 * SAs of IKEv2 that are there at once, then of each SA that comes. line NULL: nobody wants them
 * now. */
void ike_export(struct ike *ike, void (*line)(void *ctx, const char *line), void *ctx);

struct ike *ike_new(const struct ike_env *env, struct now now);
void ike_free(struct ike *ike); /* wipes all; tells nobody */

void ike_input(struct ike *ike, struct now now, const struct datagram *d);
void ike_answer(struct ike *ike, struct now now, const struct answer *a);
void ike_command(struct ike *ike, struct now now, const struct command *c);
void ike_notice(struct ike *ike, struct now now, const struct dp_notice *n);
/* What the host's packet filter does for the policy of that reqid now. */
struct filter_notice {
	uint32_t reqid;
	uint16_t mss;	   /* TCP's, lowered to this in both directions, for IPv4; 0: it is not */
	bool is_exempt;	   /* from NAT */
	const char *rule;  /* the NAT rule that would catch the traffic, or "" */
	const char *error; /* why it does not do what it should, or "" */
};
void ike_filter(struct ike *ike, struct now now, const struct filter_notice *n);
/* The system says that a datagram to remote did not arrive (IP_RECVERR, or sendmsg failed).
 * icmp_type and icmp_code are valid when offender is set. Evidence, never proof: it is not
 * authenticated. */
struct net_error {
	struct endpoint local, remote;
	struct addr offender; /* who sent the ICMP message; none: this host itself */
	int error;	      /* errno */
	uint8_t icmp_type, icmp_code;
	const char *interface;
};
void ike_net_error(struct ike *ike, struct now now, const struct net_error *e);
/* Goes on with what an earlier engine kept. Its own numbers (serial 0) first of all; IKE SAs when
 * setup, addresses and connections are there, and before anything is started or routed; CMD_SETTLE
 * then, when that is done. An SA whose connection is gone, or reads otherwise, is deleted. */
void ike_restore(struct ike *ike, struct now now, uint32_t serial, struct bytes record);
void ike_tick(struct ike *ike, struct now now);
ns_t ike_next(const struct ike *ike); /* monotonic time of the next tick; NS_NEVER */
/* The next thing to be done; false when there is none. */
bool ike_output(struct ike *ike, struct action *ret);

/* An engine of one IKE version. Registered by the process before anything else; ike/ itself knows
 * no version. The struct is in ike/version.h. */
struct ike_version;
void ike_register(struct ike *ike, const struct ike_version *v);
