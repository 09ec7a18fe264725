#pragma once
/* The host's packet filter as the parent sees it: what tunnels ask for, what is in force, what is
 * still to be done about it. */
#include "proc/parent/parent.h"

#include "dataplane/firewall/firewall.h"

#include <net/if.h>

/* In this order. */
enum step {
	STEP_CLEAN_NFT, /* what a daemon that was killed left behind */
	STEP_CLEAN_OLD4,
	STEP_CLEAN_OLD6,
	STEP_LOOK_NFT, /* at the host's rules */
	STEP_LOOK_OLD4,
	STEP_LOOK_OLD6,
	STEP_JUDGE, /* what tunnels need */
	STEP_APPLY_NFT,
	STEP_APPLY_OLD4,
	STEP_APPLY_OLD6,
	STEP_TELL,
	STEP_FORGET, /* flows that had another source before */
	STEP_END,
};
#define STEP(s)	 (1u << STEP_##s)
#define CLEANING (STEP(CLEAN_NFT) | STEP(CLEAN_OLD4) | STEP(CLEAN_OLD6))
#define LOOKING	 (STEP(LOOK_NFT) | STEP(LOOK_OLD4) | STEP(LOOK_OLD6) | STEP(JUDGE) | STEP(TELL))

struct tunnel {
	struct list node;
	struct fw_tunnel want;	 /* in force when is_there */
	struct fw_tunnel before; /* until then: what it replaces, in force when has_before */
	uint32_t number;	 /* to answer; 0: nobody waits */
	uint16_t mss;		 /* as configured */
	uint8_t exempt;		 /* enum dp_exempt */
	uint32_t inner_mtu;
	char interface[IF_NAMESIZE];
	char rule[FW_RULE_STR];
	char *error;
	bool is_looked;	 /* the rules were read after it came */
	bool is_judged;	 /* want is known */
	bool is_there;	 /* it is part of what was applied */
	bool is_refused; /* the programs did not want it */
	bool has_before;
	bool is_orphan;	    /* of a parent before us: not asked for again yet */
	bool is_up;	    /* its policy is more than a trap */
	unsigned forgotten; /* pairs of selectors whose flows were */
};

struct firewall {
	struct parent *p;
	struct list tunnels;
	unsigned todo, next;	      /* of 1 << enum step, this round and the next */
	bool is_busy;		      /* a program runs */
	bool is_nft_there;	      /* our table is */
	bool is_old, is_old_there[2]; /* this kernel has no nftables; our chains of v4, v6 are */
	struct fw_nft *rules;	      /* the host's */
	char *saved[2];		      /* those of the older tables, v4 and v6 */
	char *why_not_nft;
};

/* What is to be in force for it; NULL: nothing. */
static inline const struct fw_tunnel *firewall_of(const struct tunnel *t)
{
	const struct fw_tunnel *w = t->is_judged && !t->is_refused ? &t->want
				    : t->has_before		   ? &t->before
								   : NULL;

	return w && fw_tunnel_is_some(w) ? w : NULL;
}

/* Has everything been done? */
static inline bool firewall_is_idle(const struct firewall *f)
{
	return !f->is_busy && !f->todo && !f->next;
}
/* Does what is to be done, until a program runs. */
void firewall_turn(struct firewall *f);

/* ---- firewall_tables.c: the programs. Each may start one, whose end goes on with what is to be
 * done ---- */
void firewall_run(struct firewall *f, const char *const *args, char *input_take);
void firewall_clean_nft(struct firewall *f);
void firewall_clean_old(struct firewall *f, unsigned i); /* 0: IPv4, 1: IPv6 */
void firewall_look_nft(struct firewall *f);
void firewall_look_old(struct firewall *f, unsigned i);
void firewall_apply_nft(struct firewall *f);
void firewall_apply_old(struct firewall *f, unsigned i);
