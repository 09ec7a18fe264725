/* ipsecd: options, start, end. See ipsecd(8). */
#include "proc/parent/parent.h"

#include "crypto/prf.h"
#include "proc/policy.h"

#include "config_build.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Exit statuses, those of pluto where it has the cause. */
enum {
	STATUS_FAIL = 1,
	STATUS_USAGE = 2,
	STATUS_CONFIG = 3,
	STATUS_PRIVILEGE = 4,
	STATUS_RUNNING = 10
};

enum {
	OPT_CONFIG = 256,
	OPT_SECRETS,
	OPT_RUNDIR,
	OPT_NOFORK,
	OPT_GUARD,
	OPT_AGAIN,
	OPT_SAID,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "secretsfile", required_argument, NULL, OPT_SECRETS },
	{ "rundir", required_argument, NULL, OPT_RUNDIR },
	{ "nofork", no_argument, NULL, OPT_NOFORK },
	{ "foreground", no_argument, NULL, OPT_NOFORK },
	{ "guard", required_argument, NULL, OPT_GUARD },
	{ "again", required_argument, NULL, OPT_AGAIN },
	{ "said", required_argument, NULL, OPT_SAID },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
	"usage: ipsecd [--config FILE] [--secretsfile FILE] [--rundir DIR] [--nofork]\n"
	"The IPsec daemon; started by: ipsec start\n";

static const char *or_env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return v && *v ? v : otherwise;
}

/* Gives an exit status, -1 to go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .config = or_env("IPSEC_CONF", CONF_FILE),
		.secrets = SECRETS_FILE,
		.rundir = or_env("IPSEC_RUNDIR", RUN_DIR),
		.execdir = or_env("IPSEC_EXECDIR", LIBEXEC_DIR),
		.guard = -1,
		.said = -1 };
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			o->config = optarg;
			break;
		case OPT_SECRETS:
			o->secrets = optarg;
			o->has_secrets = true;
			break;
		case OPT_RUNDIR:
			o->rundir = optarg;
			break;
		case OPT_NOFORK:
			o->foreground = true;
			break;
		case OPT_GUARD:
			o->guard = atoi(optarg);
			break;
		case OPT_AGAIN:
			o->again = (unsigned)atoi(optarg);
			break;
		case OPT_SAID:
			o->said = atoi(optarg);
			break;
		case OPT_HELP:
			fputs(usage_text, stdout);
			return 0;
		case OPT_VERSION:
			puts("clearswan " CLEARSWAN_VERSION);
			return 0;
		default:
			fputs(usage_text, stderr);
			return STATUS_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "ipsecd: unexpected word \"%s\"\n%s", argv[optind], usage_text);
	return STATUS_USAGE;
}

struct now parent_now(void)
{
	struct timespec m, w;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_REALTIME, &w);
	return (struct now){ m.tv_sec * NS_S + m.tv_nsec, w.tv_sec * NS_S + w.tv_nsec };
}

/* Events go to control; who started us sees warnings and failures until all runs. */
static void take_event(void *ctx, const struct event *e)
{
	struct parent *p = ctx;
	enum event_level level = event_kind(e->id)->level;
	char line[4096];

	if (p->state == STATE_STARTING && !p->has_run && p->opt.said < 0 &&
		(level == EVENT_WARN || level == EVENT_FAIL))
		fprintf(stderr, "ipsecd: %s\n", event_line(e, false, line, sizeof(line)));
	line_send_event(&p->child[WHO_CONTROL].line, e);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *s, int number)
{
	struct parent *p = s->data;

	if (number == SIGHUP) {
		log_reopen(p);
		return;
	}
	if (p->state == STATE_STOPPING)
		return;
	PARENT_EMIT(p, 0, service_stopping, );
	parent_stop(p, 0);
}

static void watch_signals(struct parent *p)
{
	static const int numbers[COUNT(p->signals)] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < COUNT(p->signals); i++) {
		uv_signal_init(&p->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
}

/* ---- life ---- */

void parent_ready(struct parent *p)
{
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (plane_needs(p, w) && !p->child[w].is_ready)
			return;
	p->state = STATE_RUNNING;
	p->ready_at = parent_now().mono;
	PARENT_EMIT(p, 0, service_ready, );
	secrets_begin(p, 0);
}

void parent_load(struct parent *p)
{
	if (p->is_handing) {
		load_handed(p);
		return;
	}
	if (!p->conf) {
		load_restore(p);
		return;
	}
	load_first(p, p->conf);
	conf_free(p->conf);
	p->conf = NULL;
}

void parent_loaded(struct parent *p)
{
	p->is_loaded = true;
	notify("READY=1\nSTATUS=listening for IKE messages");
	if (p->has_run)
		return;
	p->has_run = true;
	notify_watchdog(p);
	daemon_started(p, 0);
	guard_start(p);
	guard_dismiss_old(p);
	restart_done(p);
}

void parent_stop(struct parent *p, int exit)
{
	if (p->state == STATE_STOPPING)
		return;
	p->state = STATE_STOPPING;
	p->exit = exit;
	notify("STOPPING=1");
	children_stop(p);
}

void parent_stopped(struct parent *p)
{
	uv_stop(&p->loop);
}

static bool make_rundir(const struct parent *p)
{
	char *empty = xasprintf("%s/empty", p->opt.rundir);
	bool ok = (mkdir(p->opt.rundir, 0755) == 0 || errno == EEXIST) &&
		  (mkdir(empty, 0755) == 0 || errno == EEXIST);

	if (!ok)
		fprintf(stderr, "ipsecd: cannot make %s: %s\n", empty, strerror(errno));
	free(empty);
	return ok;
}

static int read_config(struct parent *p)
{
	if (access(p->opt.config, R_OK) != 0) {
		fprintf(stderr,
			"ipsecd: cannot read %s: %s; write your connections there, see "
			"ipsec.conf(5)\n",
			p->opt.config, strerror(errno));
		return STATUS_CONFIG;
	}
	p->conf = load_file(p, 0, p->opt.config);
	load_setup(p, &p->conf->setup);
	if (p->conf->n_error && p->conf->n == 0)
		fprintf(stderr,
			"ipsecd: no connection of %s is usable; the daemon starts without any\n",
			p->opt.config);
	return 0;
}

/* What must be right before anything is started. Gives an exit status, 0 to go on. */
static int prepare(struct parent *p)
{
	int status = make_rundir(p) ? 0 : STATUS_FAIL;
	enum lock lock;

	if (status != 0)
		return status;
	if ((lock = daemon_lock(p)) != LOCK_OURS)
		return lock == LOCK_TAKEN ? STATUS_RUNNING : STATUS_FAIL;
	if (p->is_handed && !p->is_handing)
		remember_forget(p);
	if (!remember_read(p)) {
		if (p->is_handing)
			handover_refuse(p, "what was loaded cannot be read");
		status = read_config(p);
	}
	if (status == 0 && !sockets_open_ours(p))
		status = STATUS_FAIL;
	return status;
}

/* The daemon's whole life. Gives the exit status. */
/* Each of us needs it; who has configured it badly is told before anything is started. */
static bool has_crypto(void)
{
	struct policy p;

	if (crypto_begin() == OK)
		return true;
	policy_find(&p);
	fprintf(stderr, "ipsecd: OpenSSL cannot work on this host%s%s%s%s\n",
		p.where[0] ? ": " : "", p.where, p.by[0] ? " says " : "", p.by);
	return false;
}

static int live(struct parent *p)
{
	int status;

	loop_begin(&p->loop);
	children_init(p);
	p->restarts = p->opt.again;
	status = prepare(p);
	if (status == 0) {
		watch_signals(p);
		remember_init(p);
		PARENT_EMIT(p, 0, service_starting, .version = ev_str(CLEARSWAN_VERSION),
			.pid = ev_u64((uint64_t)getpid()));
		firewall_begin(p);
		if (has_crypto() && plane_choose(p) && children_start(p))
			uv_run(&p->loop, UV_RUN_DEFAULT);
		else
			status = STATUS_FAIL;
	}
	if (status != 0)
		children_kill(p);
	else if (p->restart) {
		resolve_abandon(p);
		export_forget(p);
		handover_exec(p);
		status = STATUS_FAIL; /* whoever guards us starts another one */
		goto out;
	} else if ((status = p->exit) == 0)
		remember_forget(p);
	sockets_close(p);
	guard_dismiss(p);
	daemon_started(p, status);
out:
	resolve_abandon(p);
	load_done(p);
	updown_done(p);
	firewall_done(p);
	verbs_done(p);
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		line_done(&p->child[w].line);
	loop_done(&p->loop);
	return status;
}

/* The guard becomes the daemon that it guarded. What children say is still read where it was. */
static void again(const struct options *o)
{
	char times[16], said[16];

	snprintf(times, sizeof(times), "%u", o->again + 1);
	snprintf(said, sizeof(said), "%d", o->said);
	execl("/proc/self/exe", "ipsecd", "--nofork", "--config", o->config, "--rundir", o->rundir,
		"--again", times, "--said", said, o->has_secrets ? "--secretsfile" : NULL,
		o->secrets, NULL);
	fprintf(stderr, "ipsecd: cannot start again: %s\n", strerror(errno));
}

int main(int argc, char **argv)
{
	struct parent *p = xalloc(sizeof(*p));
	int status;

	p->ready_pipe = p->guard.pipe = p->old_guard.pipe = p->lock = p->said[0] = p->said[1] = -1;
	p->phase = PHASE_RUN;
	p->events = (struct event_sink){ take_event, p };
	list_init(&p->loaded);
	names_init(&p->loaded_by, 0);
	list_init(&p->texts);
	list_init(&p->lookups);
	list_init(&p->updowns);
	list_init(&p->told);
	for (unsigned i = 0; i < DESC_END; i++)
		p->fd[i] = -1;
	if ((status = read_options(argc, argv, &p->opt)) >= 0)
		goto out;
	if (geteuid() != 0) {
		fprintf(stderr, "ipsecd: needs root: sudo ipsec start\n");
		status = STATUS_PRIVILEGE;
		goto out;
	}
	umask(077);
	prctl(PR_SET_NAME, p->opt.guard >= 0 ? "ipsec-guard" : "ipsecd", 0, 0, 0);
	if (p->opt.guard >= 0) {
		if (guard_watch(&p->opt))
			again(&p->opt);
		goto out;
	}
	handover_open(p);
	if (!p->is_handed) {
		daemon_detach(&p->opt);
		if (!p->opt.foreground)
			p->ready_pipe = daemon_background();
	}
	status = live(p);
out:
	free(p->paused_by);
	free(p->plane_why);
	free(p->passwd);
	free(p->restart_why);
	free(p);
	return status < 0 ? 0 : status;
}
