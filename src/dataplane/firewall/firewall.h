#pragma once
/* What tunnels need of this host's packet filter, as text for its own programs, and what its NAT
 * rules would do to a tunnel's traffic. Pure: who runs the programs is a process.
 *
 * Two things are asked for. TCP's MSS is lowered in SYNs of both directions, so that a packet of a
 * connection through the tunnel never needs to be fragmented. And the tunnel's traffic keeps its
 * addresses: a NAT rule for what leaves towards the Internet (MASQUERADE) would give it others
 * before the data plane sees it.
 *
 * Everything of ours stands in one table of nftables, or, where the kernel has only the older
 * tables, in one chain of each. Its text is always made whole: nft and iptables-restore put it into
 * the place of the one before in one step. */
#include "ipsec/ts.h"

/* In nftables an "accept" of an earlier chain does not stop the later ones. What does is a mapping:
 * ours comes first and maps each address to itself. */
#define FW_TABLE "clearswan" /* of nftables; the name of our chains in the older tables */

struct fw_tunnel {
	uint32_t reqid;
	struct ts_list ts_local, ts_remote;
	uint16_t mss;	/* for IPv4, IPv6 gets 20 less; 0: as it is */
	bool is_exempt; /* from NAT */
};

enum { FW_MSS_MIN = 88 };

/* The MSS for IPv4 that an inner packet of that size leaves. */
uint16_t fw_mss_of_mtu(uint32_t inner_mtu);
/* Does it ask for anything? */
static inline bool fw_tunnel_is_some(const struct fw_tunnel *t)
{
	return t->mss != 0 || t->is_exempt;
}

/* ---- text for the programs; malloc'ed ---- */

/* For nft -f -: our table with what these n ask for, in place of the one before; without it when
 * nobody asks for anything. */
char *fw_nft_text(const struct fw_tunnel *const *t, size_t n);
/* For iptables-legacy-restore --noflush (family 4) or ip6tables-legacy-restore (6). is_there: our
 * chains are, because this text was used before; else they are made. */
char *fw_legacy_text(const struct fw_tunnel *const *t, size_t n, uint8_t family, bool is_there);
/* The same: takes our chains out again, of saved (what iptables-legacy-save says); NULL: there are
 * none. */
char *fw_legacy_removal(const char *saved);

/* ---- what the host's rules would do ---- */

struct fw_question {
	const struct ts_list *ts_local, *ts_remote;
	const char *interface; /* through which the traffic leaves; NULL: not known, may be any */
	bool has_policy; /* the kernel's own IPsec: rules can tell that it will be protected */
};
/* rule: the one that would give some of the traffic another source address, in words. */
#define FW_RULE_STR 256
/* "nft -j list ruleset"; NULL: it is not that. */
struct fw_nft *fw_nft_new(struct bytes json);
void fw_nft_free(struct fw_nft *n);
/* n is NULL: there are no rules. *ret_rule is "" when nothing catches. */
void fw_nft_catches(
	const struct fw_question *q, const struct fw_nft *n, char ret_rule[static FW_RULE_STR]);
/* Of "iptables-legacy-save -t nat" (family 4) or ip6tables-legacy-save. */
void fw_legacy_catches(const struct fw_question *q, uint8_t family, const char *saved,
	char ret_rule[static FW_RULE_STR]);
