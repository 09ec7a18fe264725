#pragma once
/* One end of a line to another process: whole messages over a SOCK_SEQPACKET pair, with
 * descriptors, never blocking; what does not fit waits in a queue. */
#include "base/list.h"
#include "event/event.h"
#include "ipc/ipc.h"

#include <uv.h>

struct line {
	enum ipc_who self, peer;
	enum ipc_phase *phase; /* of this process */
	int fd;		       /* -1: none now; what is sent waits */
	uv_poll_t *poll;
	struct list queue; /* of struct line_item */
	size_t n_queue;	   /* octets in it */
	bool is_lossy;	   /* what is sent while nobody is there is for nobody */
	uint8_t *room;	   /* IPC_MAX octets to receive into */
	/* m lives until this returns, or until line_receive() on the same line. fd: the descriptor
	 * that came along, -1 for none; the callee owns it. */
	void (*take)(void *ctx, struct line *l, const struct msg *m, int fd);
	void (*gone)(void *ctx, struct line *l); /* the other end is closed; fd is -1 already */
	void *ctx;
};

void line_init(struct line *l, enum ipc_who self, enum ipc_who peer, enum ipc_phase *phase);
/* Use fd (taken) from now on, in place of the one before. What waits in the queue is sent on it. */
void line_attach_take(struct line *l, uv_loop_t *loop, int fd);
/* The same, but what comes is not looked at before line_attach(). */
void line_hold_take(struct line *l, int fd);
void line_attach(struct line *l, uv_loop_t *loop); /* nothing when there is no descriptor */
void line_close(struct line *l);		   /* the queue stays */
void line_forget(struct line *l);		   /* what waits in the queue */
void line_done(struct line *l);
/* fd travels along and stays the caller's; -1: none. */
void line_send_fd(struct line *l, const struct msg *m, int fd);
#define LINE_SEND(line, name, ...)                                                                 \
	line_send_fd(                                                                              \
		(line), &(struct msg){ .id = MSG_##name, .name = { .end_ = 0, __VA_ARGS__ } }, -1)
#define LINE_SEND_FD(line, fd, name, ...)                                                          \
	line_send_fd((line),                                                                       \
		&(struct msg){ .id = MSG_##name, .name = { .end_ = 0, __VA_ARGS__ } }, (fd))
/* False: the event is too long, and was not sent. */
bool line_send_event(struct line *l, const struct event *e);
/* Receives and hands out one message. False: none is there now. */
bool line_receive(struct line *l);
/* Sends what waits, for at most so long, before a process ends. */
void line_drain(struct line *l, int milliseconds);

/* A loop whose library says why it ends, as we do, when there is no more memory: by itself it
 * aborts without a word. */
void loop_begin(uv_loop_t *loop);
/* Closes what is still open in a loop that has ended, and the loop. */
void loop_done(uv_loop_t *loop);

/* A pair of connected ends with room for the largest message. False: errno. */
bool line_pair(int ret[2]);
