#pragma once
/* The ike process: the engine, and what carries bytes, time and answers to it and actions away. */
#include "ike/ike.h"
#include "proc/ike/store.h"
#include "proc/names.h"
#include "proc/policy.h"
#include "proc/process.h"

#include <sys/utsname.h>

/* A local address and the interface that has it. */
struct shell_addr {
	struct addr addr;
	char interface[16];
};

enum { NET_SOCKETS = 4 };

struct shell {
	struct process p;
	struct ike *ike;
	uv_timer_t timer;
	uv_poll_t udp[NET_SOCKETS]; /* those of net.c */
	struct list requests;  /* of struct shell_request: those of the parent that hold several
				  commands */
	struct list asks;      /* of struct plane_ask */
	bool has_kernel_plane; /* the kernel does ESP, and UDP 4500 is ours */
	bool has_esp;	       /* else: ipsec-esp is there now */
	bool is_stopping;
	struct utsname host;
	struct policy policy;	  /* that forbids algorithms; of struct ike_env */
	struct store *store;	  /* what outlives us; NULL: nothing does */
	bool is_taking_over;	  /* from the one before us: nobody is listened to yet */
	bool is_settled;	  /* that is over, and is to be told */
	uint32_t n_taken, n_lost; /* tunnels, then */
	struct list held;	  /* of struct held: what people asked meanwhile */
	struct shell_addr *addrs;
	size_t n_addrs;
	size_t exported; /* octets of keys in DESC_KEYLOG */
	uint8_t *room;	 /* datagrams are received into */
};

/* ---- net.c: UDP 500, and UDP 4500 where the kernel does ESP ---- */
void net_watch(struct shell *s);
bool net_has(const struct shell *s, const struct endpoint *local);
void net_send(struct shell *s, const struct datagram *d, bool is_keepalive);
void net_done(struct shell *s);
/* The name of the interface that has that address, or "". */
const char *net_interface(const struct shell *s, const struct addr *local);

/* ---- planes.c: one ask of the engine, one or two processes ---- */
void planes_ask(struct shell *s, const struct action *a);
void planes_answer(struct shell *s, enum ipc_who from, const struct msg_dp_answer *m);
/* esp died: what it was asked is answered with an error. */
void planes_lost(struct shell *s);
/* esp was started anew. */
void planes_restarted(struct shell *s);
void planes_done(struct shell *s);

/* ---- requests.c: several commands, one request ---- */
void requests_begin(struct shell *s, uint32_t request);
void requests_end(struct shell *s, uint32_t request, unsigned exit);
/* A command of that request goes to the engine. */
void requests_hold(struct shell *s, uint32_t request);
/* The engine's events on their way out: its request_done is kept back until all are done. */
void requests_event(void *ctx, const struct event *e);
void requests_done(struct shell *s);

/* ---- takeover.c: what outlives us, and what the one before us left ---- */
/* Gives where the engine keeps. */
struct ike_keeper takeover_open(struct shell *s);
void takeover_numbers(struct shell *s); /* the engine is new */
void takeover_begin(struct shell *s);
/* People ask for something. True: it waits until we have taken over. */
bool takeover_holds(struct shell *s, const struct msg_command *m);
void takeover_done(struct shell *s); /* the data plane has settled */
void takeover_close(struct shell *s);

void shell_command(struct shell *s, const struct msg_command *m);
/* Does what the engine wants to be done, and sets the timer. After every call into the engine. */
void shell_output(struct shell *s);
