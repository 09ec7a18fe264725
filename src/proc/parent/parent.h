#pragma once
/* The parent: root, opens and starts everything, parses nothing that came from a network, reads no
 * secret. */
#include "base/names.h"
#include "config/conf.h"
#include "event/event.h"
#include "ike/ike.h"
#include "proc/line.h"

struct options {
	const char *config, *secrets, *rundir, *execdir;
	bool foreground;
	bool has_secrets; /* --secretsfile overrides secretsfile= */
	unsigned again;	  /* the how-manieth start since one of us was killed; 0: a person's */
	int guard;	  /* descriptor of the one to be guarded; -1: not a guard */
	int said;	  /* where a parent that was killed read what children say; -1 */
};

enum state {
	STATE_STARTING, /* the children are */
	STATE_RUNNING,
	STATE_PAUSED, /* one of them died: all but control stop, and start again after a while */
	STATE_STOPPING,
};

struct child {
	struct parent *parent;
	enum ipc_who who;
	uv_process_t *process; /* NULL: not running */
	uv_timer_t retry;
	struct line line;
	bool is_ready;
	bool is_told; /* to stop */
	unsigned failures;
	ns_t started;
};

/* How people, or its auto=, want a connection to be. */
struct wish {
	bool up, routed;
	struct addr *remote; /* up --remote-host, of a template: each that was given */
	size_t n_remote;
};

/* A connection as it was last read, loaded into ike, keys and kernel. */
struct loaded {
	struct list node;
	struct wish wish;
	struct conf_conn *conf; /* as it stands in the file */
	struct conf_conn *sent; /* with its hosts as addresses, as the others have it */
	bool is_foreign;	/* not from our own file: a reload leaves it alone */
	bool is_unresolved;	/* waits for a name or a route */
};

enum restart {
	RESTART_NONE,
	RESTART_LIVE,  /* everything stays, others take over */
	RESTART_PLAIN, /* everything is taken down first */
};

enum { WAITERS_MAX = 16 };

struct parent {
	struct options opt;
	enum state state;
	enum ipc_phase phase; /* of our ends of the lines: RUN */
	uv_loop_t loop;
	uv_signal_t signals[3];
	uv_timer_t stop_timer, retry_timer, pause_timer, watchdog, export_timer;
	uv_prepare_t remember;	     /* at the end of each turn */
	struct child child[WHO_END]; /* [WHO_PARENT] is not used */
	int fd[DESC_END];
	struct {
		int process; /* who exports keys, as a descriptor; -1: nobody does */
		uint32_t pid;
		ns_t until;
	} export;
	int lock; /* the locked pid file; children hold it too, until they end */
	struct event_sink events;
	struct conf_setup setup;
	struct addr listening; /* listen= when the sockets were opened */
	struct conf *conf; /* as read at the start, until its connections are loaded; else NULL */
	struct list loaded;
	struct names loaded_by; /* the same by name */
	struct list lookups;	/* of struct lookup: names that are asked for */
	unsigned n_resolves;	/* connections whose hosts are being looked for */
	struct list updowns;	/* of struct updown: calls of the user's programs, oldest first */
	struct list told;	/* of struct updown_told: which tunnels they know of */
	struct firewall *firewall; /* of firewall.c */
	struct list texts;	   /* of struct verb_text: memory that waits for its verb */
	size_t n_texts;
	struct {
		uv_process_t *process;
		int pipe; /* we say 'Q' when we end in good order */
	} guard;
	int said[2]; /* what children write to standard error when nobody looks at ours; -1 */
	uv_poll_t said_poll;
	uv_timer_t said_timer;
	char *passwd;			   /* the file of users of XAUTH */
	uint32_t secrets_request;	   /* of the last secrets_read */
	bool has_secrets;		   /* they were read once */
	bool may_open_secrets;		   /* between secrets_read and secrets_done */
	bool has_kernel_plane;		   /* the kernel does ESP, not our own process */
	bool has_xfrm_interfaces, has_vti; /* it makes such devices: it was tried */
	uint8_t wants_plane;		   /* dataplane= when that was decided */
	char *plane_why;
	uint32_t shutdown_request;
	ns_t ready_at;
	int exit;	/* status to end with */
	int ready_pipe; /* the one who started us waits here; -1: nobody */

	unsigned restarts;    /* in a row */
	unsigned generation;  /* what was begun before a pause is not finished after it */
	char *paused_by;      /* what died, in words; NULL: nothing did */
	unsigned ikes;	      /* so many were started: what was begun for one is not for the next */
	unsigned takeovers;   /* of ike, in a row, that did not come to an end */
	bool is_taking_over;  /* one is under way */
	enum restart restart; /* why we stop */
	bool is_handed;	      /* we are what a parent before us became */
	bool is_handing;      /* and take over from it, until that is settled */
	char *restart_why;    /* why we do not; NULL: we do, or nobody was before us */
	struct {
		int pipe, pid;
	} old_guard;		      /* of the one before; pipe -1: none */
	uint32_t waiter[WAITERS_MAX]; /* who asked for a restart, or for what has come of it */
	size_t n_waiters;
	uint32_t n_kept, n_lost; /* tunnels, by it */
	bool is_loaded;	   /* this generation's connections are: people may ask for something */
	bool has_run;	   /* some generation's were */
	bool is_changed;   /* what is loaded or wished, since it was written down */
	bool is_forgetful; /* it could not be written down */
	bool is_heedless;  /* nor how a connection last worked */
};

#define PARENT_EMIT(p, request_id, name, ...)                                                      \
	EMIT(&(p)->events, parent_now(), (&(struct event_about){ .request = (request_id) }), name, \
		__VA_ARGS__)
struct now parent_now(void);

/* What ran so long without dying is not broken: patience starts anew. */
#define STABLE_TIME (60 * NS_S)

/* ---- daemon.c: background, pid file, guard, service manager ---- */
/* Of whoever started us nothing is kept: working directory, descriptors. Paths become absolute. */
void daemon_detach(struct options *o);
/* In the background from here on; the one who was called waits for daemon_started(). */
int daemon_background(void);
/* Tells the one who waits: 0 is well. */
void daemon_started(struct parent *p, int status);
/* Locks the pid file. What went wrong was said. */
enum lock { LOCK_OURS, LOCK_TAKEN, LOCK_FAILED };
enum lock daemon_lock(struct parent *p);
void guard_start(struct parent *p);
void guard_dismiss(struct parent *p);
void guard_dismiss_old(struct parent *p); /* that of the one before */
/* The life of a guard; returns when its daemon is gone without a word, false: in good order. */
bool guard_watch(struct options *o);
bool notify_is_wanted(void);
void notify(const char *what);
void notify_watchdog(struct parent *p);

/* ---- sockets.c ---- */
/* Opens what stays open as long as we live: control socket, log. False: said so on stderr. */
bool sockets_open_ours(struct parent *p);
/* Opens what children need for their work, anew. False: said so on stderr. */
bool sockets_open(struct parent *p);
/* Those for requests to the kernel, in place of some that a dead process has asked with. */
bool sockets_again(struct parent *p);
/* Those go: with ipsec0 its addresses and routes, and what was meant for those who died. */
void sockets_forget(struct parent *p);
void sockets_close(struct parent *p);
void log_open(struct parent *p);
/* Opens the log again (rotated, or syslog was restarted) and passes it on. */
void log_reopen(struct parent *p);

/* ---- plane.c ---- */
/* Once, at the start: who does ESP. False: said so on stderr. */
bool plane_choose(struct parent *p);
/* Would it be the same for that configuration? */
bool plane_stays(const struct parent *p, const struct conf *conf);
/* Could a daemon begin with that configuration? Tried; if not, the request is told. */
bool plane_can_be(struct parent *p, uint32_t request, const struct conf *conf);
/* Can the kernel make the device that c names, if any? Tried; if not, the request is told. */
bool plane_has_device(struct parent *p, uint32_t request, const struct conf_conn *c);
/* Is that process part of us? */
bool plane_needs(const struct parent *p, enum ipc_who w);

/* ---- takeover.c: ike is started again alone, and goes on where the one before it ended ---- */
/* New memory for what outlives ike; what was in the old one is gone. */
void takeover_memory(struct parent *p);
/* It died: may another one take over? */
bool takeover_may(struct parent *p);
/* kernel died: may another one, with another ike, take over? */
bool takeover_may_kernel(struct parent *p);
/* That one is ready: connections, what was kept, wishes. */
void takeover_begin(struct parent *p);
void takeover_settled(struct parent *p, uint32_t tunnels, uint32_t lost);

/* ---- restart.c: ipsec restart ---- */
void restart_begin(struct parent *p, uint32_t request);
/* Somebody else wants one that has begun already. */
void restart_join(struct parent *p, uint32_t request);
/* The next program is to answer from here on. */
void restart_leave(struct parent *p);
/* Somebody wants to be told when it has come to its end. */
void restart_wait(struct parent *p, uint32_t request);
/* Everything is there. */
void restart_done(struct parent *p);

/* ---- handover.c: what one program leaves to the next in the same process ---- */
/* Becomes the program that is installed. Returns when that cannot be: said so on stderr. */
void handover_exec(struct parent *p);
/* What the one before left, if there was one. */
void handover_open(struct parent *p);
/* It is of no use: what it has left goes, and all begins anew. */
void handover_refuse(struct parent *p, const char *why);
/* A text as messages between the two have it. get: to be freed. */
void handover_put_text(struct wr *w, const char *s);
char *handover_get_text(struct rd *r);

/* ---- children.c ---- */
void children_init(struct parent *p);
/* Control; then the others, at once or (after a death) with patience. */
bool children_start(struct parent *p);
void children_setup(struct parent *p, enum ipc_who w); /* config setup, anew */
void children_stop(struct parent *p);
/* SIGKILL to all; for errors at start. */
void children_kill(struct parent *p);

/* ---- load.c: the configuration file and what of it is loaded ---- */
struct conf *load_file(struct parent *p, uint32_t request, const char *path);
struct conf *load_text(struct parent *p, uint32_t request, int fd);
enum load_after { LOAD_ONLY, LOAD_AUTO, LOAD_UP, LOAD_ROUTE, LOAD_WISH };
struct load_request {
	uint32_t request; /* its request_done follows by itself */
	const char *name;
	enum load_after after;
	bool is_foreign;   /* not from our own file: a reload leaves it alone */
	bool asynchronous; /* LOAD_UP: as of "up" */
	struct addr remote_host;
};
/* Loads those of conf by name or alias. False: there is no such, and nothing was said. */
bool load_named(struct parent *p, const struct load_request *r, const struct conf *conf);
/* All but auto=ignore, and does as their auto= says. */
void load_all(struct parent *p, const struct load_request *r, const struct conf *conf);
/* The same at start; parent_loaded() is called when all are loaded that need no DNS. */
void load_first(struct parent *p, const struct conf *conf);
/* The same for what is loaded already, into children that know nothing yet, as it is wished. */
void load_restore(struct parent *p);
/* The same into a new ike alone, as the others have it; what it is to take over before it does
 * anything of its own. */
void load_take_over(struct parent *p);
/* What is loaded, into a new process. */
void load_into(struct parent *p, enum ipc_who who);
/* The same, into keys, kernel and ike: all of them are new. */
void load_handed(struct parent *p);
/* Loads what changed, unloads what is gone; an error in the file changes nothing. */
void load_reload(struct parent *p, uint32_t request);
/* Tries again what could not be resolved, or had no end that is this host. */
void load_again(struct parent *p);
/* Names of the connection (its own name) are looked up again; what has changed is loaded anew and
 * does what is wished. */
void load_names(struct parent *p, const char *name);
/* The same of those that m, a CMD_UP, is for; it is done after that. False: none has a name. */
bool load_names_before(struct parent *p, const struct msg_command *m);
void load_retry(uv_timer_t *t); /* the same, as a timer */
void load_setup(struct parent *p, struct conf_setup *setup_take);
void load_done(struct parent *p);
/* ---- loaded.c: what is loaded, and what people wish of it ---- */
struct loaded *loaded_find(struct parent *p, const char *name);
/* Takes the conf. */
struct loaded *loaded_new(struct parent *p, struct conf_conn *conf_take);
void loaded_free(struct parent *p, struct loaded *l);
/* By its name or an alias. */
bool loaded_is_called(const struct loaded *l, const char *name);
/* Out of ike, keys and kernel, and freed. */
void unload(struct parent *p, uint32_t request, struct loaded *l);
/* Unloads by name or alias. False: there is none. */
bool unload_conns(struct parent *p, uint32_t request, const char *name);
/* A person wants connections (by name or alias) up, down, routed, unrouted. */
void load_wish(struct parent *p, const struct msg_command *m);
/* As its auto= says, and: is it wished so? */
struct wish wish_automatic(const struct conf_conn *c);
bool wish_is_automatic(const struct wish *wish, const struct conf_conn *c);
void wish_add_remote(struct wish *w, const struct addr *remote);
void wish_down(struct wish *w);
/* ---- remember.c: what is loaded and wished, for the one who starts after we were killed ---- */
void remember_init(struct parent *p);
/* False: nothing is there, or it is not ours. */
bool remember_read(struct parent *p);
/* Now. False: it could not be written. */
bool remember_write(struct parent *p);
void remember_forget(struct parent *p);

/* ---- last_good.c: how connections last worked, as control has written it ---- */
void last_good_keep(struct parent *p, const struct msg_good_keep *m);
void last_good_give(struct parent *p, const char *conn);

/* ---- resolve.c: hosts into addresses, and which end is ours ---- */
struct resolve_request {
	struct parent *p;
	struct conf_conn *c; /* stays the caller's, and is changed in place */
	uint32_t request;    /* of the events */
	bool without_names;  /* DNS takes too long now */
	bool is_again;	     /* of one that is loaded: silent when nothing is new */
	void (*done)(void *ctx, bool is_resolved);
	void *ctx;
};
/* Names, %defaultroute and interfaces of c. done (never before this returns) is told whether all is
 * known now. */
void resolve_conn(const struct resolve_request *r);
/* Names of that connection are being asked for. */
bool resolve_is_asking(struct parent *p, const char *conn);
/* Gives up on all: each is done, with what is known. */
void resolve_abandon(struct parent *p);
bool is_local(const struct addr *a);
/* The device that has the address; name has room for IF_NAMESIZE. False: none has. */
bool interface_of(const struct addr *a, char *name);

/* ---- verbs.c ---- */
void verb_take(struct parent *p, const struct msg_verb *m);
/* What ike is to do, and we have to remember. */
void verb_command(struct parent *p, const struct msg_command *m);
/* The same, now. */
void verb_pass(struct parent *p, const struct msg_command *m);
void verb_text_take(struct parent *p, uint32_t request, int fd);
void verb_done(struct parent *p, uint32_t request, int exit);
void verbs_done(struct parent *p);

/* ---- export.c: session keys, for ipsec capture --keys ---- */
void export_begin(struct parent *p, uint32_t request, uint32_t pid);
void export_forget(struct parent *p); /* nobody exports keys; the file goes */

/* ---- writer.c: who else changes the kernel's IPsec ---- */
void writer_tell(struct parent *p, const struct msg_taken_out *m);

/* ---- files.c: opens what keys may not ---- */
void secrets_begin(struct parent *p, uint32_t request);
void secrets_take(struct parent *p, const struct msg *m);

/* ---- updown.c ---- */
void updown_run(struct parent *p, const struct msg_updown *m);
void updown_done(struct parent *p);
/* Who knows of which tunnels, for the program that we become. */
void updown_put(struct wr *w, const struct parent *p);
enum err must_use updown_get(struct rd *r, struct parent *p);

/* ---- firewall.c: what tunnels need of the packet filter ---- */
void firewall_begin(struct parent *p); /* takes out what a daemon that was killed left behind */
void firewall_take(struct parent *p, const struct msg_filter *m);
/* Everything of ours is to go, or to stay as it is for the program that we become. False: not yet;
 * children_stop() is called when it has. */
bool firewall_end(struct parent *p);
bool firewall_pause(struct parent *p);
/* What is in force, for the program that we become. */
void firewall_put(struct wr *w, const struct parent *p);
enum err must_use firewall_get(struct rd *r, struct parent *p);
/* All has been asked for again that is. */
void firewall_settle(struct parent *p);
/* Who waits for answers is dead. */
void firewall_unasked(struct parent *p);
void firewall_done(struct parent *p);

/* ---- main.c ---- */
/* A child is ready: are all? Then secrets are read. */
void parent_ready(struct parent *p);
/* Secrets were read for the first time: load connections. */
void parent_load(struct parent *p);
/* They are loaded: tell that all runs. */
void parent_loaded(struct parent *p);
/* Stop all in order. */
void parent_stop(struct parent *p, int exit);
/* All have stopped. */
void parent_stopped(struct parent *p);
