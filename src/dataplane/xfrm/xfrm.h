#pragma once
/* The kernel's XFRM behind the contract of dataplane.h, as pure functions: messages for its netlink
 * socket are built into the caller's buffer, what it says is parsed into values, and the failure
 * counters of /proc/net/xfrm_stat get a meaning. Sending, receiving and reading are proc/kernel's.
 *
 * Every xfrm_..._put writes one whole message with NLM_F_REQUEST (and NLM_F_ACK where the answer is
 * nothing else); nlmsg_seq is left zero for the sender to fill in. Messages fit XFRM_ROOM octets;
 * in less room the writer fails.
 *
 * Wiping: what xfrm_sa_put wrote holds keys: the caller wipes w->n octets of its buffer once it is
 * sent. The kernel repeats a refused message, keys and all, in its error unless the socket has
 * NETLINK_CAP_ACK, and tells keys of SAs that it lists: the caller wipes what it received, too. */
#include "dataplane/dataplane.h"
#include "ipsec/ts.h"

enum { XFRM_ROOM = 2048 };

/* ---- alg.c ---- */

/* The kernel's names (net/xfrm/xfrm_algo.c) for a suite. NULL: not part of it. */
struct xfrm_suite {
	const char *aead, *crypt, *auth;
	unsigned icv_bits; /* of aead or auth */
};
/* ERR_UNSUPPORTED when no kernel can do it. Whether this one can is known when an SA was tried. */
enum err must_use xfrm_suite_of(const struct suite *s, struct xfrm_suite *ret);

/* ---- sa.c ---- */

/* An SA as the kernel finds it. */
struct xfrm_id_of_sa {
	struct addr src, dst; /* outer */
	uint32_t spi;
	uint32_t mark, mark_mask;
};
struct xfrm_id_of_sa xfrm_sa_id(const struct dp_sa *sa);

/* The most that the kernel can look back (XFRMA_REPLAY_ESN_MAX): larger windows become this. */
enum { XFRM_REPLAY_MAX = 4096 };

/* Sequence numbers of an SA, for one that goes on elsewhere (a peer that moved, a new process). */
struct xfrm_replay {
	uint64_t seq, oseq; /* highest received, last sent; 32 bits without ESN */
	uint32_t window;    /* the bitmap is a ring of as many bits; 0: the legacy form, one word */
	uint32_t bitmap_n;  /* words; 0: the legacy form */
	uint32_t bitmap[XFRM_REPLAY_MAX / 32];
};

/* What the kernel says of one SA. */
struct xfrm_sa {
	struct xfrm_id_of_sa id;
	uint32_t reqid, if_id;
	uint32_t offload_ifindex; /* the device that does it; 0: the kernel */
	uint8_t mode;		  /* enum dp_mode */
	bool is_ours;		  /* marked by xfrm_own_sa */
	bool encap;
	uint16_t src_port, dst_port;		/* encap */
	uint64_t bytes, packets;		/* inner */
	uint64_t added, first_used, last_used;	/* seconds since 1970; 0: never, or not told */
	uint32_t late, replayed, not_authentic; /* dropped: before the window, twice, wrong ICV */
	struct xfrm_replay replay;
	struct bytes encr_key, integ_key; /* views into the message; struct xfrm_said kept: none */
};

/* ADD is refused when there is one (somebody else's), UPDATE when there is none. An UPDATE changes
 * lifetimes, selector and ports of encapsulation, nothing else (net/xfrm/xfrm_state.c,
 * xfrm_state_update): a peer at a new address is: ask for the SA, delete it, ADD with resume. */
enum xfrm_how { XFRM_ADD, XFRM_UPDATE };

/* resume: the SA goes on with these counters and sequence numbers; NULL: a new one.
 * ERR_UNSUPPORTED: no kernel has the suite. ERR_LENGTH: a key is not of its suite's size.
 * ERR_VALUE: ESN without a window, which the kernel refuses; ends of no or different family; resume
 * is of an SA with another window.
 * ERR_LIMIT: no room. Nothing counts in w but when it is OK; there may be keys all the same. */
enum err must_use xfrm_sa_put(
	struct wr *w, enum xfrm_how how, const struct dp_sa *sa, const struct xfrm_sa *resume);
void xfrm_sa_del_put(struct wr *w, const struct xfrm_id_of_sa *id);
/* Answered with XFRM_SAID_SA. */
void xfrm_sa_get_put(struct wr *w, const struct xfrm_id_of_sa *id);
/* Asks for a free SPI between the two, both included, for packets to id->dst; answered with
 * XFRM_SAID_SA, whose id has it. The kernel keeps it for net.core.xfrm_acq_expires seconds;
 * XFRM_UPDATE makes it an SA. */
void xfrm_spi_put(struct wr *w, const struct xfrm_id_of_sa *id, uint32_t reqid, enum dp_mode mode,
	uint32_t first, uint32_t last);

enum xfrm_list {
	XFRM_LIST_SAS,	    /* XFRM_SAID_SA for each, then XFRM_SAID_DONE */
	XFRM_LIST_POLICIES, /* XFRM_SAID_POLICY for each, then XFRM_SAID_DONE */
	XFRM_COUNT_SAS,	    /* XFRM_SAID_SADINFO */
	XFRM_COUNT_POLICIES /* XFRM_SAID_SPDINFO */
};
void xfrm_list_put(struct wr *w, enum xfrm_list what);

/* ---- selector.c ---- */

enum xfrm_dir { XFRM_DIR_IN, XFRM_DIR_OUT, XFRM_DIR_FWD, XFRM_DIR_END };

/* One pair of ends as the kernel can match it. */
struct xfrm_sel {
	uint8_t protocol; /* 0: any */
	struct prefix local, remote;
	/* mask 0: any. ICMP, Mobility Header: type in local, code in remote, in all directions */
	uint16_t local_port, local_mask, remote_port, remote_mask;
};
enum { XFRM_SEL_MAX = 1024 };

/* Every pair of local and remote selectors, ranges cut into prefixes and port masks: together they
 * match exactly what the policy does. ERR_LIMIT: more than room; ERR_UNSUPPORTED: OPAQUE ports, or
 * ICMP codes over several types, which the kernel cannot match. */
enum err must_use xfrm_selectors(
	const struct dp_policy *p, struct xfrm_sel *ret, size_t room, size_t *ret_n);
/* What Libreswan 4.10 gives a connection of these selectors; lower is tried first. Narrow goes
 * before wide: 1 (base) | 2 bits: ends without a port | 1 bit: any protocol | 8 bits: 128 - local
 * prefix | 8 bits: 128 - remote prefix | 1 bit: not an instance. */
uint32_t xfrm_priority(const struct xfrm_sel *s, bool is_instance);

/* ---- policy.c ---- */

/* In which directions an action has policies: a trap waits for what leaves; everything else says
 * what may come in and pass through as well. */
bool xfrm_policy_has(enum dp_action a, enum xfrm_dir d);
/* One policy of one direction. Its priority is p->priority, or xfrm_priority. ADD is refused when
 * there is one of this selector, direction, mark and if_id. */
void xfrm_policy_put(struct wr *w, enum xfrm_how how, const struct dp_policy *p,
	const struct xfrm_sel *s, enum xfrm_dir d);
/* x: marks and if_id as they were put. */
void xfrm_policy_del_put(
	struct wr *w, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x);
/* Answered with XFRM_SAID_POLICY. */
void xfrm_policy_get_put(
	struct wr *w, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x);
/* Of what a policy sends by s, only TCP, or only echo requests (ICMP, ICMPv6): a policy of its own
 * right before it, which sends by the same SAs. The kernel then tells when it was used last. False:
 * s has a protocol, or is of the other family, or nothing can go before it. */
bool xfrm_policy_narrow(const struct dp_policy *p, const struct xfrm_sel *s, uint8_t protocol,
	struct dp_policy *ret, struct xfrm_sel *ret_sel);
/* Moves policy and SAs of p's reqid between other outer addresses (RFC 4555; CONFIG_XFRM_MIGRATE).
 * One message for each direction that the policy has. */
void xfrm_migrate_put(struct wr *w, const struct dp_policy *p, const struct xfrm_sel *s,
	enum xfrm_dir d, const struct addr *new_local, const struct addr *new_remote);

/* ---- own.c: what is ours, written into the kernel's own objects ---- */

/* Marks the SA of a message that xfrm_sa_put wrote, alone in w. */
void xfrm_own_sa(struct wr *w, uint32_t spi);
/* Gives the policy of a message (of xfrm_policy_put, xfrm_policy_del_put, alone in w) that index.
 * With it a deletion takes this policy or none, whatever else has the selector. */
void xfrm_own_policy(struct wr *w, uint32_t index);
/* The n-th index of ours in that direction; they repeat after 2^21. */
uint32_t xfrm_own_index(uint32_t n, enum xfrm_dir d);
bool xfrm_is_own_index(uint32_t index);
uint32_t xfrm_own_number(uint32_t index); /* n of xfrm_own_index */
uint32_t xfrm_own_seq(uint32_t spi);

/* ---- event.c ---- */

enum xfrm_said_kind {
	XFRM_SAID_OTHER, /* nothing that concerns us */
	XFRM_SAID_ACK,	 /* error 0: done; else refused */
	XFRM_SAID_DONE,	 /* end of a list */
	XFRM_SAID_SA,	 /* sa: asked for, or somebody added one */
	XFRM_SAID_SA_GONE,
	XFRM_SAID_POLICY, /* policy, as for SAs */
	XFRM_SAID_POLICY_GONE,
	XFRM_SAID_SAS_FLUSHED, /* somebody flushed: ours are gone, too */
	XFRM_SAID_POLICIES_FLUSHED,
	XFRM_SAID_ACQUIRE, /* policy, packet: an SA is missing for it */
	XFRM_SAID_EXPIRE,  /* sa, is_hard */
	XFRM_SAID_MAPPING, /* sa (id, reqid), remote: authenticated packets come from there now */
	XFRM_SAID_MIGRATE, /* policy, local, remote: its new ends */
	XFRM_SAID_SADINFO, /* counts.sas */
	XFRM_SAID_SPDINFO, /* counts.policies */
};

struct xfrm_policy_said {
	struct xfrm_sel sel;
	uint8_t dir; /* enum xfrm_dir; XFRM_DIR_END: a socket's own */
	bool is_block;
	uint32_t index;		  /* xfrm_is_own_index: ours */
	uint32_t priority, reqid; /* reqid 0: no SA */
	uint32_t mark, mark_mask, if_id;
	uint64_t used;	      /* when it was looked up last, seconds since 1970; 0: never */
	struct addr src, dst; /* outer; none: in transport mode */
};

struct xfrm_said {
	uint8_t kind; /* enum xfrm_said_kind */
	bool is_hard;
	uint32_t seq, pid;
	int error;	/* ACK, DONE: errno value */
	char text[128]; /* ACK, DONE: what the kernel says (NETLINK_EXT_ACK); may be empty */
	struct xfrm_sa sa;
	struct xfrm_policy_said policy;
	struct ts packet_src, packet_dst; /* ACQUIRE; ICMP: type and code in both */
	struct addr local;
	struct endpoint remote;
	struct {
		uint32_t sas;
		uint32_t policies[XFRM_DIR_END];
	} counts;
};

/* The next message of what one read gave. ERR_NOT_FOUND: there is none any more. ERR_TRUNCATED,
 * ERR_LENGTH, ERR_VALUE: it is not one of Linux; the rest of the read is not to be looked at. */
enum err must_use xfrm_said_get(struct rd *r, struct xfrm_said *ret);
/* The contract's notice, as far as it is one: serial is left to the caller, who knows SPIs and
 * reqids. An EXPIRE of an SA without SPI is none: an acquire that nobody answered. */
bool xfrm_said_notice(const struct xfrm_said *s, struct dp_notice *ret);
/* Adds an SA of that direction to the counters of its Child SA. */
void xfrm_sa_count(
	const struct xfrm_sa *sa, enum dp_dir dir, struct now now, struct dp_counters *ret);

/* ---- error.c ---- */

/* An errno value that the kernel answered. 0 is OK. */
enum err xfrm_err(int error);
/* The same for what refuses a new SA: where the kernel's cryptography cannot make the algorithm, it
 * says ENOENT, too. */
int xfrm_sa_errno(int error);
/* "this kernel has no ESP (esp4 or esp6, CONFIG_INET_ESP): Requested type not found." */
#define XFRM_ERROR_STR 320
char *xfrm_error_format(int error, const char *kernels_text, char *s);

/* ---- stat.c ---- */

#define XFRM_STAT(name, reason, text) XFRM_##name,
enum xfrm_counter {
#include "dataplane/xfrm/stat.def"
	XFRM_COUNTER_END,
};
#undef XFRM_STAT
const char *xfrm_counter_name(enum xfrm_counter c); /* "XfrmInNoStates" */
const char *xfrm_counter_text(enum xfrm_counter c); /* a sentence */
enum drop_reason xfrm_counter_reason(enum xfrm_counter c);
bool xfrm_counter_is_inbound(enum xfrm_counter c);

struct xfrm_stat {
	uint64_t count[XFRM_COUNTER_END]; /* 0: also those that this kernel does not have */
	uint64_t unknown;		  /* sum of those that we do not know */
};
/* The text of /proc/net/xfrm_stat. ERR_VALUE, ERR_DUPLICATE: it is something else. */
enum err must_use xfrm_stat_parse(struct bytes text, struct xfrm_stat *ret);
/* What was added between the two. A counter that went back began anew. */
void xfrm_stat_delta(
	const struct xfrm_stat *before, const struct xfrm_stat *after, struct xfrm_stat *ret);
