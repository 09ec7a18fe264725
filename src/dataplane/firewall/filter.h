#pragma once
/* What the host's packet filter does with a packet: every base chain on its way, of nftables and of
 * the older tables, in the kernel's order, jumps followed. Pure, as all here: the rules are what
 * their programs print.
 *
 * A condition that cannot be evaluated may hold. So a verdict is sure, or it is not: nobody is told
 * that a rule drops a packet when an earlier one may have let it through. */
#include "dataplane/firewall/match.h"

enum fw_hook { FW_PREROUTING, FW_INPUT, FW_FORWARD, FW_OUTPUT, FW_POSTROUTING };

struct fw_packet {
	enum fw_hook hook;     /* FW_INPUT, FW_FORWARD, FW_OUTPUT: where it goes */
	const char *in, *out;  /* devices; NULL: may be any, "": none */
	struct range src, dst; /* one packet, or all of these */
	uint8_t protocol;      /* 0: any */
	uint16_t sport, dport; /* 0: any */
	uint8_t icmp_type;     /* of ICMPv6; 0: any */
	bool from_ipsec;       /* was decrypted by the kernel */
	bool to_ipsec;	       /* will be protected by the kernel */
	bool is_established;   /* in conntrack's eyes; else it is new */
};

enum fw_act { FW_NOTHING, FW_ACCEPT, FW_DROP, FW_REJECT, FW_RETURN };

struct fw_fate {
	enum fw_act act;     /* FW_ACCEPT: nothing stops it; FW_DROP; FW_REJECT */
	enum fw_hook hook;   /* of the base chain that led to it */
	bool is_sure;	     /* false: a condition before it, or its own, is not understood */
	const char *program; /* whose rule it is: "nft", "iptables-legacy", "ip6tables-nft", ... */
	char family[8];	     /* "inet", "ip", "ip6" */
	char table[64], chain[64];
	bool is_policy;	 /* the chain's, no rule of it caught the packet */
	uint64_t handle; /* of nft's rule; its number in the chain for the others; 0: the policy */
	char rule[FW_RULE_STR]; /* in words */
};

struct fw_filter; /* the rules of all backends */
struct fw_filter *fw_filter_new(void);
void fw_filter_free(struct fw_filter *f);
/* "nft -j list ruleset". False: it is not that. */
bool fw_filter_nft(struct fw_filter *f, struct bytes json);
/* What program-save says: "iptables-legacy", "ip6tables-legacy", "iptables-nft", "ip6tables-nft".
 * Of tables that both nft and iptables-nft tell, the latter's words are used: only it knows the
 * options of all matches. */
void fw_filter_saved(struct fw_filter *f, const char *program, const char *text);
/* The first rule or policy that stops the packet; when none does for sure, the first that may. When
 * none may, the last rule that let it through; its chain is "" when nobody had to. */
void fw_filter_judge(const struct fw_filter *f, const struct fw_packet *p, struct fw_fate *ret);
/* Are there rules or policies of both nftables and the older tables at the packet's hook? */
bool fw_filter_is_dual(const struct fw_filter *f, const struct fw_packet *p);
