#pragma once
/* What every child process is: started by the parent with a line on descriptor 3, given its lines
 * and descriptors, sandboxed when told to begin, ended by stop or by the parent's end. */
#include "event/event.h"
#include "proc/line.h"
#include "proc/sandbox.h"

struct process {
	enum ipc_who self;
	enum ipc_phase phase;
	uv_loop_t loop;
	struct line line[WHO_END]; /* those that ipc_has_line() allows */
	int fd[DESC_END];	   /* -1: not given */
	struct event_sink events;  /* goes to control */
	uint64_t lost_debug; /* events of level DEBUG dropped since control reads too slowly */
	bool takes_over; /* from one before: what it left in the system stays until it is settled */
	bool hands_over; /* to one after: what we leave in the system stays; known when we stop */
	const struct process_ops *ops;
	void *ctx;
};

struct process_ops {
	/* Everything is there; before the sandbox closes. False: cannot work (an event says why).
	 */
	bool (*begin)(void *ctx);
	/* The sandbox is closed: watch sockets. NULL: nothing to do. */
	void (*run)(void *ctx);
	void (*message)(void *ctx, struct line *from, const struct msg *m);
	/* A descriptor that came later, in fd[kind]. NULL: ignored. */
	void (*descriptor)(void *ctx, enum ipc_descriptor kind);
	/* In RUN: a sibling died, or was started anew. NULL: ignored. */
	void (*sibling)(void *ctx, enum ipc_who who, bool is_there);
	/* stop was said: call process_end() when done. NULL: ends at once. */
	void (*stop)(void *ctx);
	/* The parent is gone without a word: put in order what outlives us; must not wait. */
	void (*orphaned)(void *ctx);
};

/* Runs until the end. Gives the exit status. */
int process_run(struct process *p, enum ipc_who self, const struct process_ops *ops, void *ctx);
void process_end(struct process *p);

struct now process_now(void);
/* An event about a process as such. */
#define PROCESS_EMIT(p, name, ...) EMIT(&(p)->events, process_now(), NULL, name, __VA_ARGS__)
/* ... that answers a request. */
#define REQUEST_EMIT(p, id, name, ...)                                                             \
	EMIT(&(p)->events, process_now(), (&(struct event_about){ .request = (id) }), name,        \
		__VA_ARGS__)
