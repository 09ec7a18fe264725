/* verify: gathers facts about this host, has them judged (checks.c), prints what is found. */
#include "cmd/verify.h"

#include "cmd/cmd.h"
#include "config_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { NETLINK_XFRM_PROTOCOL = 6 };

struct seen {
	unsigned fails, warnings;
};

static void print(void *ctx, const struct check *c)
{
	static const char *const word[] = { "ok", "WARN", "FAIL" };
	struct seen *seen = ctx;

	seen->fails += c->result == CHECK_FAIL;
	seen->warnings += c->result == CHECK_WARN;
	if (out_is_json()) {
		out_object(json_pack("{s:s, s:s, s:s, s:s}", "check", c->name, "result",
			word[c->result], "text", c->text, "repair", c->repair));
		return;
	}
	out_say("%-4s  %s: %s", word[c->result], c->name, c->text);
	if (*c->repair)
		out_say("      repair: %s", c->repair);
}

/* What the daemon says of its data plane; is_running is set. */
static void ask_daemon(const struct cmd *c, struct facts *f)
{
	json_t *events = daemon_answers(c) ? request_events(c, "briefstatus") : NULL, *e;

	f->is_running = events != NULL;
	json_decref(events);
	events = f->is_running ? request_events(c, "status") : NULL;
	for (size_t i = 0; i < json_array_size(events); i++) {
		const char *name, *plane;

		e = json_array_get(events, i);
		name = json_string_value(json_object_get(e, "event"));
		plane = json_string_value(json_object_get(e, "name"));
		if (name && plane && strcmp(name, "status_dataplane") == 0)
			snprintf(f->plane, sizeof(f->plane), "%s", plane);
	}
	json_decref(events);
}

/* The process that the run directory names; 0: none. */
static unsigned daemon_pid(const struct cmd *c, bool is_running)
{
	const char *env = getenv("IPSEC_RUNDIR");
	char path[512], *text;
	unsigned pid;

	snprintf(path, sizeof(path), "%s/pluto.pid", c->rundir ? c->rundir : env ? env : RUN_DIR);
	text = is_running ? proc_read(path, NULL) : NULL;
	pid = text ? (unsigned)strtoul(text, NULL, 10) : 0;
	free(text);
	return pid;
}

static uint64_t rp_dropped(void)
{
	char *text = proc_read("/proc/net/netstat", NULL);
	uint64_t n = text ? facts_rp_dropped(text) : 0;

	free(text);
	return n;
}

/* Old drops are no news, so it is waited for new ones, and only where there were any. */
static uint64_t rp_drops_now(uint64_t before)
{
	if (before == 0)
		return 0;
	nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	return rp_dropped() - before;
}

static void look_at_host(struct facts *f)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM_PROTOCOL);

	f->has_xfrm = fd >= 0;
	if (fd >= 0)
		close(fd);
	f->has_esp4 = facts_has_module("esp4");
	f->has_tun = access("/dev/net/tun", R_OK | W_OK) == 0;
	f->forwards4 = proc_flag("/proc/sys/net/ipv4/ip_forward");
	f->forwards6 = proc_flag("/proc/sys/net/ipv6/conf/all/forwarding");
}

static void look_at_log(struct facts *f, char *dir, size_t n)
{
	struct statvfs fs;
	char *slash;

	snprintf(dir, n, "%s", f->conf->setup.logfile ? f->conf->setup.logfile : "/var/log/");
	slash = strrchr(dir, '/');
	if (slash)
		slash[1] = '\0';
	f->log_dir = dir;
	f->log_free = statvfs(dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

static struct secrets *read_secrets(
	const struct cmd *c, const struct conf_source *files, struct facts *f)
{
	const char *other = f->conf->setup.secretsfile;
	struct stat st;

	f->secrets_path = c->secrets ? c->secrets : other ? other : SECRETS_FILE;
	f->has_secrets = stat(f->secrets_path, &st) == 0;
	if (!f->has_secrets)
		return NULL;
	f->secrets_mode = st.st_mode;
	f->secrets_uid = st.st_uid;
	return secrets_parse(files, f->secrets_path);
}

int run_verify(const struct cmd *c)
{
	const struct conf_source files = conf_source_files();
	struct facts f = { .conf_path = cmd_config(c) };
	struct addr local[LOCALS_MAX];
	struct seen seen = { 0 };
	const struct check_sink to = { print, &seen };
	uint64_t before = rp_dropped();
	struct secrets *secrets;
	struct conf *conf;
	char log_dir[512];

	if (geteuid() != 0) {
		out_error("ipsec: verify needs root: sudo ipsec verify");
		return EXIT_PRIVILEGE;
	}
	f.conf = conf = conf_parse(&files, f.conf_path);
	f.secrets = secrets = read_secrets(c, &files, &f);
	f.local = local;
	f.n_local = facts_locals(local);
	facts_resolve(conf, NULL, local, f.n_local);
	ask_daemon(c, &f);
	facts_processes(&f, daemon_pid(c, f.is_running));
	look_at_host(&f);
	look_at_log(&f, log_dir, sizeof(log_dir));
	f.rp_dropped = rp_drops_now(before);
	checks_host(&f, &to);
	checks_conns(&f, &to);
	if (seen.fails + seen.warnings)
		out_say("%u fail%s, %u warning%s", seen.fails, seen.fails == 1 ? "s" : "",
			seen.warnings, seen.warnings == 1 ? "" : "s");
	secrets_free(secrets);
	conf_free(conf);
	return seen.fails ? EXIT_FAILS : 0;
}
