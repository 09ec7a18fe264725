#pragma once
/* One run of the test flow, as its steps share it. */
#include "cmd/flow.h"

enum {
	GUESS,
	NAMED,
	OWN,
	HOP,
	MAIN_MAX,
	ROUND_MS = 40,
	ANSWER_MS = 1000,
	SETTLE_MS = 150,
	OTHERS_MAX = 4
};

/* What comes from the peer meanwhile. */
struct flow_esp {
	int fd; /* -1: not open */
	struct addr theirs;
	struct esp_seen seen;
};

/* Who behind the peer asks whom behind this host meanwhile. */
enum { LAN_PAIRS = 16 };
struct lan {
	int fd; /* -1: not open */
	ns_t since;
	unsigned n;
	struct lan_pair {
		struct addr from, to;
		unsigned asked, answered;
		int ifindex; /* by which it left */
	} pair[LAN_PAIRS];
};

/* How much time of processors went into ESP, and what was dropped for lack of it. */
enum { CPU_WORKERS = 64 };
struct cpu {
	ns_t at;
	bool is_kernel;
	unsigned n;
	struct cpu_worker {
		const char *who; /* as flow_cpu has it */
		unsigned processor;
		uint64_t busy, total; /* total: of the kernel's, in its own units */
	} worker[CPU_WORKERS];
	uint64_t dropped[2]; /* outbound, or the kernel's; inbound */
	uint64_t octets, came_in;
};

struct run {
	struct flow f;
	struct addr inner;  /* ours, inside our networks */
	struct prefix wire; /* the same, with the network that it is connected to */
	struct addr target; /* whose answers count */
	bool is_sure;	    /* that there is a host with this address */
	struct echo echo[MAIN_MAX];
	struct counters before;
	struct flow_octets other[OTHERS_MAX]; /* of connections with the same networks */
	struct flow_octets sa, sa_begun;      /* sa: what came of it, once it was said */
	uint64_t sent_octets;
	bool own_is_clear;
	struct flow_esp esp;
	struct lan lan;
	struct cpu cpu; /* at the beginning */
};

void run_step(const struct run *r, const char *text);
/* From where to whom; false: it is not known, and said. */
bool run_choose(struct run *r);
/* What has moved since r->before. */
void run_say_counters(const struct run *r);
/* Within FLOW_PACKETS_MAX. */
void run_send(struct run *r, struct echo *e, uint32_t octets);
void run_say_sent(const struct run *r, const struct echo *e);
void run_say_answer(const struct run *r, const struct echo *e);
const char *run_meaning(const char *counter);

/* ---- flow_esp.c ---- */
void flow_esp_open(struct flow_esp *e, const struct addr *theirs);
void flow_esp_close(struct flow_esp *e);
void flow_esp_say(const struct flow *f, struct flow_esp *e);
/* An address of this host that the tunnel takes; none. */
struct addr run_inner(const struct flow_for *what, uint8_t family);

/* ---- flow_dns.c ---- */
void run_dns(struct run *r);

/* ---- flow_lan.c ---- */
void lan_open(struct lan *l, const struct flow_for *what);
void lan_close(struct lan *l);
/* What came of it; waits until it has listened for what->listens. */
void lan_say(struct run *r);

/* ---- flow_cpu.c ---- */
void cpu_read(struct cpu *c, const struct flow_for *what);
void cpu_say(const struct run *r);

/* ---- flow_more.c ---- */
void run_behind(struct run *r, const struct echo *heard);
void run_more(struct run *r, const struct echo *some);
/* n echo requests to the peer's own address, and its path MTU. */
void run_outside(struct run *r, unsigned n);
