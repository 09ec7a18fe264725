#pragma once
/* ipsec.conf as values: immutable once built. Built by the parent (or by a command that checks),
 * sent to the other processes one connection at a time. keywords.def says which keyword fills which
 * field. */
#include "base/list.h"
#include "base/now.h"
#include "base/word.h"
#include "ipsec/id.h"
#include "ipsec/proposal.h"
#include "ipsec/ts.h"

/* What stands after left= / right=. */
enum conf_host {
	HOST_UNSET,
	HOST_ADDR,	   /* addr is it */
	HOST_ANY,	   /* %any, %any4, %any6 (family in addr.family or 0) */
	HOST_DEFAULTROUTE, /* %defaultroute: resolved by the parent into addr, nexthop */
	HOST_NAME,	   /* DNS name: resolved by the parent into addr */
	HOST_IFACE,	   /* %eth0 */
	HOST_GROUP,	   /* %group, %opportunistic, ...: refused, with the reason */
};

enum conf_auto { AUTO_IGNORE, AUTO_ADD, AUTO_ONDEMAND, AUTO_START, AUTO_KEEP };
enum conf_type { TYPE_TUNNEL, TYPE_TRANSPORT, TYPE_PASS, TYPE_DROP, TYPE_REJECT };
enum conf_version { VERSION_IKEV2, VERSION_IKEV1 };
enum { CONF_MSS_AUTO = 1 };
enum conf_yna { YNA_NO, YNA_YES, YNA_AUTO };
enum conf_frag { FRAG_NO, FRAG_YES, FRAG_FORCE };
enum conf_esn { CONF_ESN_NO, CONF_ESN_YES, CONF_ESN_EITHER };
enum conf_shunt { SHUNT_UNSET, SHUNT_NONE, SHUNT_PASS, SHUNT_DROP, SHUNT_HOLD };
/* authby=, bits */
enum conf_authby {
	AUTHBY_SECRET = 1,
	AUTHBY_NULL = 2,
	AUTHBY_RSA = 4,
	AUTHBY_ECDSA = 8,
	AUTHBY_NEVER = 16
};

/* IKEv1 */
enum conf_ikev1_policy { IKEV1_ACCEPT, IKEV1_REJECT, IKEV1_DROP, IKEV1_AUTO };
enum conf_xauthby { XAUTHBY_FILE, XAUTHBY_PAM, XAUTHBY_ALWAYSOK };
enum conf_xauthfail { XAUTHFAIL_HARD, XAUTHFAIL_SOFT };
enum conf_peer { PEER_IETF, PEER_CISCO };
enum conf_nat_method { NAT_METHOD_BOTH, NAT_METHOD_RFC, NAT_METHOD_DRAFTS, NAT_METHOD_NONE };
enum conf_dpdaction { DPDACTION_HOLD, DPDACTION_CLEAR, DPDACTION_RESTART, DPDACTION_NONE };

enum conf_offload { OFFLOAD_NO, OFFLOAD_CRYPTO, OFFLOAD_PACKET, OFFLOAD_AUTO };

struct conf_mark {
	uint32_t value, mask; /* mask 0: none */
	bool is_unique;	      /* -1: each connection has one of its own */
};

enum { CONF_IF_ID_ZERO = 16384, CONF_DEVICE_NAME = 16 };
enum { CONF_SUBNETS_MAX = 32, CONF_POOLS_MAX = 4, CONF_DNS_MAX = 4 };

struct conf_end {
	uint8_t host_kind; /* enum conf_host */
	struct addr host;
	char *host_name; /* HOST_NAME, HOST_IFACE */
	struct addr nexthop;
	uint16_t ikeport;      /* 0: 500 */
	struct id id;	       /* ID_NONE: the address; ID_ANY: of the peer, whatever it says */
	struct ts_list subnet; /* n 0: the host itself (or the leased address) */
	uint8_t protocol;      /* protoport= */
	uint16_t port;
	struct addr sourceip[CONF_SUBNETS_MAX > 4 ? 4 : CONF_SUBNETS_MAX];
	size_t n_sourceip;
	struct range pool[CONF_POOLS_MAX]; /* addresspool=: what this end is leased by the other */
	size_t n_pool;
	bool modecfgclient, modecfgserver;
	bool xauthclient, xauthserver;	 /* IKEv1: where one end is, the other is the other one */
	uint8_t authby;			 /* leftauth=; 0: conn's authby */
	char *updown;			 /* NULL: none of the user's */
	struct prefix interface_ip, vti; /* addresses of the tunnel's device; none */
	char *username;			 /* of XAUTH; NULL: none */
};

/* The end's address; none for any host, also where only its family is given (%any4, 0.0.0.0). */
static inline struct addr conf_host(const struct conf_end *e)
{
	static const struct addr none;

	return e->host_kind == HOST_ANY ? none : e->host;
}

/* One loaded conn. Every pointer is owned; NULL means not given. */
struct conf_conn {
	char *name;
	char *aliases; /* connalias=, blank-separated */
	char *file;    /* where it stands, for messages */
	unsigned line;
	/* "file:line" of ike= and esp= when that is another file, as of a crypto policy; NULL */
	char *ike_from, *esp_from;
	struct conf_end left, right;
	bool local_is_left; /* set by the parent when it has found which end we are (oriented) */
	bool oriented;

	uint8_t automatic; /* enum conf_auto */
	uint8_t type;	   /* enum conf_type */
	uint8_t version;   /* enum conf_version */
	uint8_t authby;
	uint8_t fragmentation; /* enum conf_frag */
	uint8_t encapsulation; /* enum conf_yna */
	uint8_t nat_exempt;    /* enum conf_yna */
	uint8_t esn;	       /* enum conf_esn */
	uint8_t failureshunt, negotiationshunt;
	uint8_t nic_offload; /* enum conf_offload */
	uint8_t pfs;	     /* enum conf_yna */
	/* IKEv1 only; the enums are above */
	uint8_t xauthby, xauthfail, peer_type, nat_ikev1_method, dpdaction;
	bool aggressive, cisco_unity, cisco_split;
	bool sha2_truncbug;
	bool rekey, reauth, compress, mobike, narrowing, modecfgpull, initial_contact;
	bool nopmtudisc, decap_dscp, encap_dscp, nat_keepalive, send_vendorid, overlapip;
	bool refuses_tfc;	     /* send-esp-tfc-padding-not-supported= */
	struct proposals *ike, *esp; /* NULL: the defaults; of proposals_new() */
	bool ah;		     /* phase2=ah: refused */

	ns_t ikelifetime, salifetime, rekeymargin;
	unsigned rekeyfuzz;		 /* percent */
	uint64_t max_bytes, max_packets; /* 0: none */
	ns_t dpddelay, dpdtimeout;
	ns_t retransmit_interval, retransmit_timeout;
	uint32_t replay_window;
	uint32_t if_id;	     /* ipsec-interface=; 0: none, CONF_IF_ID_ZERO: ipsec0 */
	char *vti_interface; /* NULL: none */
	bool vti_routing, vti_shared;
	bool is_device_unmanaged; /* ipsec-interface-managed=no */
	uint32_t reqid;		  /* 0: automatic */
	uint32_t priority;	  /* 0: computed */
	struct conf_mark mark_in, mark_out;
	uint16_t mtu; /* 0: unset */
	uint16_t mss; /* 0: off; CONF_MSS_AUTO; for IPv4 */
	uint32_t metric, tfc;
	struct addr modecfgdns[CONF_DNS_MAX];
	size_t n_modecfgdns;
	char *modecfgdomains, *modecfgbanner;
	char *debug;
	char *explain_to; /* NULL: nobody; networks, %peer, %none */
};

struct conf_setup {
	char *logfile; /* NULL: syslog */
	bool logappend, logtime, logip;
	char *plutodebug; /* "all", "base crypt ..." */
	char *secretsfile;
	char *ipsecdir; /* NULL: /etc/ipsec.d */
	char *virtual_private;
	struct addr listen; /* none: all */
	ns_t keep_alive;
	uint32_t ddos_threshold, max_halfopen;
	uint8_t ddos_mode; /* 0 auto, 1 busy, 2 unlimited */
	bool uniqueids, errqueue, ipsec_interface_managed, export_keys;
	char *myvendorid;
	ns_t shuntlifetime;
	uint8_t ikev1_policy; /* enum conf_ikev1_policy */
	uint8_t dataplane;    /* 0 auto, 1 kernel, 2 user */
};

/* Something to say about the file. */
struct conf_issue {
	bool is_error;
	char *file;
	unsigned line;
	char *conn;    /* the conn that is lost by it, NULL: none or all */
	char *text;    /* what was found, what was expected, the nearest valid word */
	unsigned more; /* not 0: it stands for so many that were left out */
};

struct conf {
	struct conf_setup setup;
	struct conf_conn **conn; /* in file order; only valid ones */
	size_t n;
	struct conf_issue *issue; /* in order of appearance */
	size_t n_issue;
	size_t n_error;
};

/* Where the parser gets files from, so that it does no I/O itself (tests, fuzzers, the parent with
 * its limits). read gives a malloc'ed NUL-terminated text or NULL with errno; glob gives a
 * NULL-terminated malloc'ed array of malloc'ed names in order. */
struct conf_source {
	char *(*read)(void *ctx, const char *path, size_t *ret_n);
	char **(*glob)(void *ctx, const char *pattern);
	void *ctx;
};
struct conf_source conf_source_files(void); /* the real file system; 8 MiB a file at most */

/* Parse path and what it includes. Never NULL: whatever is wrong becomes an issue, and every valid
 * conn is there although others are not. */
struct conf *conf_parse(const struct conf_source *src, const char *path);
/* Parse text that has no file (stdin); name is for messages. */
struct conf *conf_parse_text(
	const struct conf_source *src, const char *name, const char *text, size_t n);
void conf_free(struct conf *c);
/* By name or alias, the i-th match from 0; NULL after the last. (subnets= makes several conns that
 * share an alias.) */
const struct conf_conn *conf_find(const struct conf *c, const char *name, size_t i);
/* For a name that it has not: the nearest that it has; "": none is near. */
const char *conf_nearest(const struct conf *c, const char *name);
/* The same as "; did you mean "vpn"?", or nothing. Gives s. */
char *conf_hint(const struct conf *c, const char *name, char s[NEAREST_HINT]);

/* Is a in nets, of explain-to=; of_peer is what %peer stands for, none if it is nobody. */
bool conf_nets_have(const char *nets, const struct addr *of_peer, const struct addr *a);
/* By that name or alias? */
bool conf_conn_is_called(const struct conf_conn *c, const char *name);
/* The device of its own that the tunnel has; false: none. ret has CONF_DEVICE_NAME octets. */
bool conf_device_name(const struct conf_conn *c, char *ret);
void conf_conn_free(struct conf_conn *c);
struct conf_conn *conf_conn_copy(const struct conf_conn *c);
/* To be raised when conf_conn_put or conf_setup_put write otherwise: what one program has written
 * another one may read. */
#define CONF_FORMAT 4
void conf_conn_put(struct wr *w, const struct conf_conn *c);
enum err must_use conf_conn_get(struct rd *r, struct conf_conn **ret);
void conf_setup_put(struct wr *w, const struct conf_setup *s);
enum err must_use conf_setup_get(struct rd *r, struct conf_setup *ret);
void conf_setup_done(struct conf_setup *s);
/* Same meaning? (A reload leaves such a connection alone.) */
bool conf_conn_eq(const struct conf_conn *a, const struct conf_conn *b);
