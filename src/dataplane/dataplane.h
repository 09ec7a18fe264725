#pragma once
/* The contract that every data plane answers: the kernel's XFRM and userspace ESP alike. The engine
 * does not know which. Requests carry an ask number, answers quote it. */
#include "base/addr.h"
#include "base/now.h"
#include "crypto/algs.h"
#include "ipsec/ts.h"

enum dp_dir { DP_IN = 1, DP_OUT = 2 };
enum dp_mode { DP_TUNNEL = 0, DP_TRANSPORT = 1 };

/* What only the kernel can do. Userspace ESP ignores it: the engine does not ask there for what
 * would then be sent wrongly. */
struct dp_mark {
	uint32_t value, mask; /* mask 0: none */
};
enum dp_offload { DP_OFFLOAD_NO, DP_OFFLOAD_CRYPTO, DP_OFFLOAD_PACKET, DP_OFFLOAD_AUTO };

struct dp_extra {
	struct dp_mark mark_in, mark_out; /* found only by packets of that direction with this mark;
					   * as in Libreswan, policies have them and SAs do not */
	struct dp_mark set_mark;	  /* the mark that packets have behind the SA */
	uint32_t if_id;			  /* ipsec-interface=: of the xfrm interface; 0: none */
	uint8_t offload;		  /* enum dp_offload, nic-offload= */
	uint32_t offload_ifindex; /* the device, which the plane finds itself; 0: not offloaded */
	bool no_ecn;		  /* congestion is not copied between the headers */
	bool has_device;  /* packets come from a device of the tunnel: what ESP makes of them
			   * goes past it */
	bool is_instance; /* policies: of a template (right=%any); goes before it */
};

/* One direction of a Child SA (RFC 4301 4.4.2). Outbound SAs are found by reqid, which stands for a
 * connection and one pair of selectors: a policy sends on the newest outbound SA of its reqid. So a
 * rekey is: add in, (peer's turn), add out, del old out,
 * del old in. A deleted inbound SA that has a successor receives for some seconds more: what the
 * peer sent before is still under way. */
struct dp_sa {
	uint8_t dir, mode; /* enum dp_dir, dp_mode */
	uint32_t serial;   /* serial number of the Child SA: what events and counters name */
	uint32_t reqid;
	uint32_t spi;		       /* in: ours, out: the peer's */
	struct endpoint local, remote; /* outer; ports only when encap */
	bool encap;		       /* ESP in UDP, RFC 3948 */
	struct suite suite;	       /* encr, key_bits, integ, esn */
	struct secret encr_key, integ_key;
	uint32_t replay_window; /* packets; 0: no check */
	struct ts_list ts_local,
		ts_remote;		 /* checked on every packet, both directions (RFC 4301 5) */
	uint64_t soft_bytes, hard_bytes; /* 0: no limit */
	uint64_t soft_packets, hard_packets;
	uint16_t mtu;	   /* inner MTU that the configuration wants; 0: from the path */
	bool dont_copy_df; /* nopmtudisc= */
	bool decap_dscp;   /* decap-dscp= */
	bool dont_encap_dscp;
	uint32_t tfc; /* pad to this size; 0: none */
	struct dp_extra extra;
};
void dp_sa_done(struct dp_sa *sa);
void dp_sa_put(struct wr *w, const struct dp_sa *sa);
enum err must_use dp_sa_get(struct rd *r, struct dp_sa *ret);

/* Which traffic goes into which SAs (RFC 4301 4.4.1), and what the host needs for it to go there.
 */
enum dp_action { DP_PROTECT, DP_TRAP, DP_PASS, DP_DROP };

enum { DP_MSS_AUTO = 1 };
/* Is the traffic kept from the host's NAT rules? AUTO: when one would catch it. */
enum dp_exempt { DP_EXEMPT_NO, DP_EXEMPT_YES, DP_EXEMPT_AUTO };

/* The device that a tunnel's packets go through, made by the plane and gone with the connections
 * that name it; what somebody else made is used as it is. */
enum dp_device_kind { DP_DEVICE_NONE, DP_DEVICE_XFRM, DP_DEVICE_VTI };
enum { DP_DEVICE_NAME = 16 };

struct dp_device {
	uint8_t kind; /* enum dp_device_kind. XFRM: extra.if_id; VTI: the values of extra's marks */
	char name[DP_DEVICE_NAME];
	bool is_shared;	       /* VTI: for any peer */
	bool is_unmanaged;     /* somebody else makes it */
	struct prefix address; /* leftinterface-ip=, leftvti=; or none */
};

struct dp_policy {
	uint32_t reqid;
	uint8_t action, mode; /* enum dp_action, dp_mode */
	uint32_t priority;    /* lower wins; 0: computed from the selectors as Libreswan does */
	struct ts_list ts_local, ts_remote;
	struct addr outer_local, outer_remote;
	struct addr source[2]; /* of v4, v6: preferred source of routes: virtual IP, leftsourceip=;
				  or none */
	bool add_source;       /* put source on our interface, take it away with the policy */
	bool add_routes;       /* routes to ts_remote through the tunnel */
	uint16_t mtu;	       /* of the routes, mtu=; 0: none */
	uint16_t mss;	   /* of TCP through it, for IPv4; 0: as it is; DP_MSS_AUTO: by the MTU */
	uint8_t exempt;	   /* enum dp_exempt */
	uint16_t overhead; /* dp_overhead() of its SAs */
	uint32_t metric;
	struct dp_device device;
	struct dp_extra extra;
};
/* Octets that ESP adds to a packet at most. s is NULL: with any algorithm. */
uint16_t dp_overhead(const struct suite *s, enum dp_mode mode, bool encap, bool outer_v6);
void dp_policy_put(struct wr *w, const struct dp_policy *p);
enum err must_use dp_policy_get(struct rd *r, struct dp_policy *ret);

/* Counters of one Child SA (both directions together). */
struct dp_counters {
	uint64_t in_bytes, in_packets, out_bytes, out_packets; /* inner octets */
	ns_t last_in, last_out;				       /* monotonic; 0: never */
	uint64_t in_seq, out_seq;			       /* highest seen, last used */
	uint64_t drops;					       /* sum over reasons */
};

/* What can be asked. Every ask is answered once with enum err (and counters for QUERY). */
enum dp_op {
	DP_SA_ADD = 1, /* struct dp_sa */
	DP_SA_DEL,     /* serial, dir */
	DP_SA_MOVE,    /* serial, local, remote, encap: the peer's address changed; at another one
			* DP_POLICY_ADD follows */
	DP_SA_QUERY,   /* serial -> counters */
	DP_POLICY_ADD, /* struct dp_policy; replaces what the reqid had */
	DP_POLICY_DEL, /* reqid */
	DP_FLUSH,      /* everything of ours */
	/* Another ike took the place of the one that asked for all this. It names what it knows of:
	 * struct dp_sa without keys -> ERR_NOT_FOUND, or OK and counters. Policies are named by
	 * DP_POLICY_ADD again. */
	DP_SA_ADOPT,
	DP_SETTLE, /* and this is all: what was there before it came and was not named goes */
};

/* What a data plane says unasked. */
enum dp_notice_kind {
	DP_ACQUIRE = 1, /* reqid; a packet met a TRAP policy: ts holds its two ends */
	DP_EXPIRE_SOFT, /* serial: volume limit near */
	DP_EXPIRE_HARD, /* serial, reason: volume limit (expired) or sequence numbers used up
			 * (seq_exhausted) */
	DP_HEARD,	/* serial: first valid packet on an inbound SA */
	DP_MAPPING,	/* serial, remote: authenticated packets now come from there (NAT) */
	DP_DROPPED, /* serial (0: none), reason, count since the last notice; at most 1 a second */
	DP_SILENT,  /* serial, count: so many packets that want an answer (TCP, ping) went out for a
		     * minute and more, and nothing came in; again each minute
		     * while it lasts */
	DP_ANSWERED,   /* serial: something came in again */
	DP_LOSING,     /* serial, reason, count: 1 % or more of what came within a minute was
			* dropped, and passed was not (replay: only what is older than the window;
			* integrity), or all that came (icv_length), or, of an SA that is DP_SILENT,
			* all that came (any reason); 0: no longer */
	DP_UNASKED,    /* serial, count: so many packets came in for half a minute and more, and
			* nothing went out; again each half minute while it lasts */
	DP_LARGE_LOST, /* serial, count: packets of so many octets and more do not arrive, and small
			* ones do; again each minute while it is seen */
	DP_LARGE_PASS, /* serial, count: packets of so many octets arrive; once, and after the other
			*/
	DP_RESTARTED,  /* all SAs and policies are gone; routes and addresses are not: policies are
			* added again or deleted */
	DP_CLEAR, /* reqid, ts: its policy has gone, no other has what it had, and a route leads
		   * it out as it is, to remote (its address; none: on a wire of this host) */
};

/* Why a packet was dropped: one vocabulary for both planes, see drop.def. */
#define DROP(name, text) DROP_##name,
enum drop_reason {
#include "dataplane/drop.def"
	DROP_END,
};
#undef DROP
const char *drop_name(enum drop_reason r); /* "replay" */
const char *drop_text(enum drop_reason r); /* a sentence */

struct dp_notice {
	uint8_t kind; /* enum dp_notice_kind */
	uint32_t serial, reqid;
	struct endpoint remote;
	struct ts ts_local, ts_remote; /* ACQUIRE: the packet's ends */
	uint8_t reason;		       /* DROPPED */
	uint64_t count, passed;	       /* passed: LOSING, of what came meanwhile */
};
void dp_notice_put(struct wr *w, const struct dp_notice *n);
enum err must_use dp_notice_get(struct rd *r, struct dp_notice *ret);
