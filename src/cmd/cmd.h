#pragma once
/* The ipsec command: what its subcommands share. */
#include "base/bytes.h"
#include "base/word.h"

#include <jansson.h>
#include <signal.h>

/* Exit statuses, documented in ipsec(8). Those from 20 on are Libreswan's where it has the cause.
 */
enum {
	EXIT_SERVICE = 1, /* the service did not start or stop */
	EXIT_NOTHING = 1, /* explain: nothing is known */
	EXIT_FAILS = 1,	  /* verify: a check fails */
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,    /* a configuration file does not parse */
	EXIT_PRIVILEGE = 4, /* needs root */
	EXIT_FOUND = 5,	    /* diagnose: something is wrong, and it said what */
	EXIT_UNSURE = 6,    /* diagnose: something is wrong, the cause is not known */
	EXIT_SEVERAL = 7,   /* diagnose: several connections have that peer */
	EXIT_UNASKED = 8,   /* diagnose --fix: nobody is there to ask; nothing was changed */
	EXIT_UNKNOWN = 21,  /* no such connection */
	EXIT_BUSY = 32,	    /* its processes are being started */
	EXIT_NOT_RUNNING = 33,
	EXIT_PROTOCOL = 50, /* the daemon's answer makes no sense, or it went away */
};

/* Options, which may stand before or after the subcommand. */
struct cmd {
	const struct verb *verb;
	bool quiet, asynchronous, dry_run, verbose, checkconfig, autoall, all;
	bool fix, yes, watch, self, lan; /* of diagnose */
	bool is_whack;			 /* spelled "ipsec whack --..." */
	const char *rundir, *ctlsocket, *config, *remote_host, *name, *secrets;
	bool transforms;	     /* diagnose: asks the peer for each */
	const char *log;	     /* of another daemon, for diagnose */
	const char *html;	     /* the page that diagnose is to write */
	const char *through;	     /* an address behind the peer, for diagnose */
	const char *user, *password; /* of XAUTH; "-": to be asked for */
	const char *read_file, *write_file, *device, *count, *seconds; /* of capture */
	bool keys;   /* capture: those of IKE and ESP, too */
	char **word; /* what is neither option nor subcommand */
	int words;
};

struct verb {
	const char *name;
	const char *whack; /* the same in whack's spelling, without "--"; NULL: none or the same */
	const char *api;   /* POST /v1/<api>; NULL: not one request */
	int (*run)(const struct cmd *c);
	int min, max;	  /* words */
	const char *args; /* for usage: "CONN" */
	const char *help;
};

extern const struct verb verbs[]; /* ends with name NULL */
const struct verb *verb_find(const char *name, bool is_whack);
const char *cmd_socket(const struct cmd *c); /* path of the control socket; static */
const char *cmd_config(const struct cmd *c); /* --config, $IPSEC_CONF, /etc/ipsec.conf */

/* ---- words.c: what may have been meant ---- */
/* Says so; gives the exit status. */
int unknown_command(const char *word, bool is_whack);
int unknown_option(const char *word);
void options_try(struct nearest *n); /* each option of ours */

/* ---- output.c: lines for people; with --json objects, the last of them request_done ---- */
void out_start(bool json);
bool out_is_json(void);
/* A line on standard output; {"text":...}. */
void out_say(const char *format, ...) printf_like(1, 2);
/* A line on standard error; {"error":...} on standard output. */
void out_error(const char *format, ...) printf_like(1, 2);
/* JSON only: an object; an object as it came. exit: of a request_done, else -1. */
void out_object(json_t *object_take);
void out_event(const char *line, int exit);
/* The end, once; gives status. */
int out_end(int status);

/* One request: POSTs args (stolen) to verb, prints every line as it comes, gives the exit status.
 */
int request(const struct cmd *c, const char *api, json_t *args_take);
/* The same, whose lines (JSON) go to each, which shows them. */
int request_told(const struct cmd *c, const char *api, json_t *args_take,
	void (*each)(void *ctx, const char *line), void *ctx);
/* A line that the daemon sent, for people or as it is. */
void request_show(const char *line);
/* ---- up.c: "up" of that connection; a verdict that is not certain is held against this host ----
 */
int request_up(const struct cmd *c, const char *name, json_t *args_take);
/* One without arguments, to a daemon that may be on its way: EXIT_BUSY, EXIT_NOT_RUNNING, and
 * nothing was printed: another time. is_last: else the end of one that went well is not printed
 * either. */
int request_once(const struct cmd *c, const char *api, bool is_last);
/* One whose lines (JSON) go to take instead; milliseconds: it is not waited for longer, 0: it is.
 */
int request_each(const struct cmd *c, const char *api, json_t *args_take, long milliseconds,
	void (*take)(void *ctx, const char *line), void *ctx);
/* Every event after that number, until *stop is not 0 or the daemon goes. */
int request_follow(const struct cmd *c, uint64_t since, const volatile sig_atomic_t *stop,
	void (*each)(void *ctx, const char *line), void *ctx);
/* The events that answer one without arguments, none shown; NULL: nobody answers. */
json_t *request_events(const struct cmd *c, const char *api);
/* Does a daemon answer on the socket? */
bool daemon_answers(const struct cmd *c);
/* Says why not, with the next step; gives the exit status. */
int daemon_absent(const struct cmd *c);

/* ---- login.c: the password of --xauthpass, asked for where it is "-". NULL: none, and the person
 * was told. To be wiped and freed. */
char *login_password(const struct cmd *c);

int run_request(const struct cmd *c); /* verbs that are one request without or with names */
int run_start(const struct cmd *c);
int run_stop(const struct cmd *c);
int run_restart(const struct cmd *c);
int run_checkconfig(const struct cmd *c);
int run_addconn(const struct cmd *c);
int run_algparse(const struct cmd *c);
int run_readwriteconf(const struct cmd *c);
int run_version(const struct cmd *c);
int run_help(const struct cmd *c);
int run_directory(const struct cmd *c);
int run_fipsstatus(const struct cmd *c);
int run_nothing(const struct cmd *c); /* accepted: there is nothing to do */
int run_events(const struct cmd *c);
int run_diagnose(const struct cmd *c);
/* ---- diagnose_log.c: the log of another daemon ("-": standard input); conn NULL: all of its
 * connections; html: a page of it, NULL: none ---- */
int diagnose_log(const char *file, const char *conn, const char *html);
/* The same of one line: what is found is printed. False: nothing. */
bool diagnose_line(const char *line, bool *ret_is_charon);
int run_explain(const struct cmd *c);
int run_verify(const struct cmd *c);
int run_capture(const struct cmd *c);
