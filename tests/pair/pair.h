#pragma once
/* Two engines, one virtual wire, one virtual clock: exchanges, collisions, loss, expiry, without a
 * process and without waiting. Each side has a keys process and a data plane that remember what
 * they were told and answer, at once or after a while. */
#include "config/conf.h"
#include "event/event.h"
#include "ike/ike.h"
#include "ikev2/v2.h"

enum { PAIR_SAS_MAX = 512, PAIR_POLICIES_MAX = 64, PAIR_DATAGRAM_MAX = 8192 };

/* What a data plane holds: one direction of a Child SA. */
struct pair_sa {
	uint32_t serial, reqid, spi;
	uint8_t dir, mode;
	uint8_t key[32]; /* hash of both keys: equal at both ends */
	uint32_t tfc;
	uint64_t hard_bytes;
	unsigned order; /* of adding */
	bool is_heard, is_orphan;
	struct ts ours, theirs; /* the first of its selectors */
	struct dp_extra extra;
};

/* A user of XAUTH: of /etc/ipsec.d/passwd, or of ipsec.secrets. */
struct pair_user {
	const char *user, *password;
	struct addr lease; /* the user's own; none */
};

/* What an engine keeps for its successor. */
struct pair_record {
	uint32_t serial;
	bool is_new, is_gone; /* since the last commit */
	struct buf octets, fresh;
};

struct side {
	struct pair *pair;
	struct ike *ike;
	const char *name;
	struct rng_seeded seed;
	struct addr addr;
	const char *psk;      /* NULL: keys has none */
	const char *psk_fits; /* what keys says of a MAC that does not fit; NULL */
	uint8_t psk_variant;
	const char *psk_named;	       /* instead of it, where the peer's identity is known; NULL */
	const struct pair_user *users; /* of its peers, as a server of XAUTH */
	size_t n_users;
	/* its own, as a client: by name where the connection has one, else one after the other, as
	 * somebody types them; the last one stays */
	const struct pair_user *logins;
	size_t n_logins, next_login;
	unsigned n_verified; /* what keys was asked as a server */
	bool refuses_sa;     /* the data plane does */
	unsigned refuses_op; /* this one of all that is asked of keys and data plane fails; 0: none
			      */
	/* it dies before or after what it does as this one, and conf begins anew; 0: never */
	unsigned dies_at, n_actions;
	bool dies_after, is_taken_over; /* the next engine goes on with what this one kept */
	const struct conf_conn *conf;
	size_t died_with_sas; /* so many did the data plane have */
	struct pair_record *record;
	size_t n_record;
	unsigned n_ops, n_refused;
	unsigned count[EV_END];
	struct event_sink watch;    /* all of them go there as well */
	struct event *last[EV_END]; /* the last of each kind, or NULL: pair_said() */
	struct event_sink heard;    /* who else hears its events; none */
	unsigned n_done, exit;	    /* request_done events; status of the last */
	struct pair_sa sa[PAIR_SAS_MAX];
	size_t n_sa;
	struct pair_policy {
		uint32_t reqid;
		uint8_t action, mode;
		bool is_lost; /* by a restart of the data plane */
		bool is_orphan;
		bool add_routes;
		struct dp_extra extra;
		struct dp_device device;
		struct addr outer_remote;
		struct ts ours; /* the first of its selectors */
	} policy[PAIR_POLICIES_MAX];
	size_t n_policy;
	struct addr source;	 /* of the last policy */
	struct {		 /* what the user's script was told */
		char verbs[256]; /* all of them, in order, each with a blank behind it */
		char domains[256], policy[256], conn[64]; /* the last time */
		struct addr dns[LIMIT_DNS_SERVERS], source;
		size_t n_dns;
		uint64_t add_time;
		char user[256], banner[512];
		bool is_instance, is_cfg_client, is_cfg_server, is_cisco, has_failed_xauth;
	} updown;
	struct { /* names that were to be looked up again */
		char conn[64];
		unsigned n;
	} resolve;
	size_t sent, sent_octets; /* datagrams */
	uint16_t last_port;	  /* where the last one went */
	uint8_t last_header[28];
	uint64_t lost, carried; /* packets of pair_traffic() */
	uint32_t last_request;
};

struct pair_event; /* something that arrives later */

/* A NAT before one side; the other one sees addr and these ports, and reaches no others. */
struct pair_nat {
	const struct side *inside; /* NULL: there is none */
	struct addr addr;
	uint16_t port, port_nat; /* instead of 500 and 4500 */
};

struct pair {
	struct side a, b;
	struct now now;
	struct rng_seeded seed;
	struct rng rng;
	struct pair_event *head; /* sorted by time */
	unsigned order;
	size_t sent;
	/* the wire */
	ns_t delay_min, delay_max; /* of each datagram: reordering when they differ */
	unsigned loss, duplicate;  /* percent */
	bool drops_all;
	const struct side *drop_from;
	uint8_t sets_flags; /* in headers of IKEv1 on their way: nothing protects them */
	size_t drop_larger; /* datagrams with more octets are lost; 0: none */
	/* gives what goes instead of a datagram: its parts by number from 1, then none; or NULL */
	struct bytes (*cut)(struct bytes datagram, uint8_t number, void *room, size_t n);
	struct pair_nat nat;
	unsigned refuses; /* percent of what the data planes are to add */
	/* keys and data planes */
	ns_t answer_min, answer_max;
};

void pair_init(struct pair *p, uint64_t seed);
void pair_done(struct pair *p); /* frees what is left; asserts nothing */
/* One side begins anew, as after a crash. */
void pair_restart(struct pair *p, struct side *s);
/* Its engine dies and another one, with these connections, goes on with what that one kept. */
void pair_take_over(struct pair *p, struct side *s, const struct conf_conn *c, size_t n);

/* A connection "name" from 192.0.2.1 (a) to 192.0.2.2 (b), PSK, 10.0.1.0/24 to 10.0.2.0/24. Owns
 * nothing but what the caller puts in. */
struct conf_conn pair_conf(const char *name);
struct ts pair_net(const char *text);
void pair_add(struct side *s, const struct conf_conn *c);
/* Who does ESP on that side; userspace until it is said. */
void pair_plane(struct side *s, enum ike_plane plane);
/* A command about a name; gives its request number. Nothing is delivered yet. */
uint32_t pair_command(struct side *s, uint8_t kind, const char *name);
/* The same, and everything that happens at once. */
void pair_do(struct side *s, uint8_t kind, const char *name);
/* Both get the connection, a brings it up. */
void pair_up(struct pair *p, const struct conf_conn *a, const struct conf_conn *b);

/* What the data plane of s says unasked. */
void pair_notice(struct side *s, const struct dp_notice *n);

/* Time goes by; what is due is delivered, timers fire. */
void pair_run(struct pair *p, ns_t for_ns);
/* One packet through every tunnel policy in both directions; counts, and tells who was heard. */
void pair_traffic(struct pair *p);
/* Seconds with traffic, one packet each: time for deletes and retries. */
void pair_calm(struct pair *p, unsigned seconds);
/* Do both data planes hold the same SAs, inbound here what is outbound there, with the same keys?
 */
bool pair_agrees(const struct pair *p);
/* One IKE SA, one Child SA, one policy at both ends, and pair_agrees(). */
void pair_assert_one_tunnel(struct pair *p);
/* What the last event of that kind says in a field of text; "" when there was none. */
const char *pair_said(const struct side *s, enum event_id id, const char *field);
/* Established IKE SAs and Child SAs as the engine shows them. */
void pair_count(struct side *s, unsigned *ret_ike, unsigned *ret_child);
