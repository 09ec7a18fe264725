/* ipsec(8): finds the subcommand in a table and runs it. Both spellings are the same to us:
 * "ipsec auto --up X", "ipsec --up X", "ipsec up X", "ipsec whack --initiate --name X". */
#include "cmd/cmd.h"

#include "base/bytes.h"
#include "config_build.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOWHERE SIZE_MAX

/* clang-format off */
const struct verb verbs[] = {
	{ "start",            NULL,        "start",  run_start,         0, 1, "[CONN]", "start the service; with CONN: load it and bring it up" },
	{ "stop",             "shutdown",  NULL,     run_stop,          0, 0, "", "stop the service" },
	{ "restart",          NULL,        NULL,     run_restart,       0, 0, "", "other processes take over; tunnels stay" },
	{ "reload",           NULL,        "reload", run_request,       0, 0, "", "read ipsec.conf again; what did not change keeps running" },
	{ "add",              NULL,        "add",    run_addconn,       0, 99, "--autoall|CONN...", "load a connection from ipsec.conf, or all but those of auto=ignore" },
	{ "replace",          NULL,        "replace",run_request,       1, 99, "CONN...", "load it again" },
	{ "delete",           NULL,        "delete", run_request,       1, 99, "CONN...", "forget it, taking its tunnels down" },
	{ "up",               "initiate",  "up",     run_request,       1, 1, "CONN", "bring a tunnel up and say what happens" },
	{ "down",             "terminate", "down",   run_request,       1, 1, "CONN", "take its tunnels down" },
	{ "route",            NULL,        "route",  run_request,       1, 1, "CONN", "bring it up when traffic asks for it" },
	{ "ondemand",         NULL,        "ondemand", run_request,     1, 1, "CONN", "load, then route" },
	{ "unroute",          NULL,        "unroute",run_request,       1, 1, "CONN", "undo route" },
	{ "status",           NULL,        "status", run_request,       0, 0, "", "everything about the daemon" },
	{ "briefstatus",      NULL,        "briefstatus", run_request,  0, 0, "", "counts of SAs" },
	{ "connectionstatus", NULL,        "connectionstatus", run_request, 0, 1, "[CONN]", "loaded connections" },
	{ "trafficstatus",    NULL,        "trafficstatus", run_request, 0, 1, "[CONN]", "one line per tunnel that is up; empty: none is" },
	{ "traffic",          NULL,        "trafficstatus", run_request, 0, 1, "[CONN]", "trafficstatus" },
	{ "showstates",       "statestatus", "showstates", run_request, 0, 0, "", "one line per SA" },
	{ "globalstatus",     NULL,        "globalstatus", run_request, 0, 0, "", "counters, key=value" },
	{ "shuntstatus",      NULL,        "shuntstatus", run_request,  0, 0, "", "traps and shunts" },
	{ "addresspoolstatus",NULL,        "addresspoolstatus", run_request, 0, 0, "", "pools and leases" },
	{ "xfrmstat",         NULL,        "xfrmstat", run_request,     0, 0, "[--all]", "what the kernel's IPsec dropped, and why" },
	{ "rereadsecrets",    NULL,        "rereadsecrets", run_request,0, 0, "", "read ipsec.secrets again" },
	{ "secrets",          NULL,        "rereadsecrets", run_request,0, 0, "", "rereadsecrets" },
	{ "rereadall",        NULL,        "rereadsecrets", run_request,0, 0, "", "rereadsecrets" },
	{ "listen",           "ready",     "listen", run_request,       0, 0, "", "look for new addresses" },
	{ "ready",            NULL,        "listen", run_request,       0, 0, "", "listen" },
	{ "alive",            NULL,        "alive", run_request,    1, 1, "CONN", "ask the peer whether it is there" },
	{ "rekey-ike",        NULL,        "rekey-ike", run_request,    1, 1, "CONN", "rekey its IKE SA now" },
	{ "rekey-child",      NULL,        "rekey-child", run_request,  1, 1, "CONN", "rekey its Child SA now" },
	{ "delete-sa",        "deletestate", "delete-sa", run_request,  1, 1, "SERIAL", "delete one SA" },
	{ "listall",          NULL,        "listall", run_request,      0, 0, "", "secrets by their indexes, never their values" },
	{ "debug",            NULL,        "debug",  run_request,       1, 99, "WORD...", "plutodebug= of the running daemon" },
	{ "fipsstatus",       NULL,        NULL,     run_fipsstatus,    0, 0, "", "FIPS mode" },
	{ "fips",             NULL,        NULL,     run_fipsstatus,    0, 0, "", "fipsstatus" },
	{ "diagnose",         NULL,        NULL,     run_diagnose,      0, 1, "[CONN|ADDRESS]|--log FILE [CONN] [--transforms] [--through ADDRESS] [--self] [--lan] [--html FILE] [--fix [--yes]] [--watch]", "what is wrong with it (or says another daemon's log), why, and what to do" },
	{ "events",           NULL,        NULL,     run_events,        0, 0, "", "every event as it happens, until Ctrl-C" },
	{ "verify",           NULL,        NULL,     run_verify,        0, 0, "", "is this host fit for it: what is wrong, and the command that repairs it" },
	{ "explain",          NULL,        NULL,     run_explain,       1, 999, "CODE|LINE|COUNTER|EVENT|STATE|CLASS", "what it means, and what to do" },
	{ "capture",          NULL,        NULL,     run_capture,       0, 1, "[CONN|ADDRESS] [-w FILE [--keys]]", "IKE and ESP packets in plain words, and as pcapng" },
	{ "checkconfig",      NULL,        NULL,     run_checkconfig,   0, 0, "", "check ipsec.conf and ipsec.secrets; needs no daemon" },
	{ "addconn",          NULL,        NULL,     run_addconn,       0, 99, "--checkconfig|--autoall|CONN...", "add, or checkconfig, in its old spelling" },
	{ "algparse",         NULL,        NULL,     run_algparse,      0, 99, "ike|esp[=PROPOSALS]", "expand a proposal" },
	{ "readwriteconf",    NULL,        NULL,     run_readwriteconf, 0, 1, "[CONN]", "ipsec.conf as it was understood" },
	{ "version",          NULL,        NULL,     run_version,       0, 0, "", "version" },
	{ "versioncode",      NULL,        NULL,     run_version,       0, 0, "", "version" },
	{ "help",             NULL,        NULL,     run_help,          0, 99, "", "this" },
	{ "directory",        NULL,        NULL,     run_directory,     0, 0, "", "where the helper programs lie" },
	{ "_stackmanager",    NULL,        NULL,     run_nothing,       0, 9, "start", "nothing to do: modules load by themselves" },
	{ "checknss",         NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do: there is no NSS database" },
	{ "checknflog",       NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do" },
	{ "stopnflog",        NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do" },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

const struct verb *verb_find(const char *name, bool is_whack)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0 ||
			(is_whack && v->whack && strcmp(v->whack, name) == 0))
			return v;
	return NULL;
}

static const struct option {
	const char *name;
	size_t at; /* in struct cmd; NOWHERE: has no effect */
	bool has_value;
	bool of_capture; /* means nothing elsewhere */
} options[] = {
#define FLAG(name, member)                                                                         \
	{                                                                                          \
		name, offsetof(struct cmd, member), false, false                                   \
	}
#define VALUE(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct cmd, member), true, false                                    \
	}
#define CAPTURE(name, member)                                                                      \
	{                                                                                          \
		name, offsetof(struct cmd, member), true, true                                     \
	}
	FLAG("--quiet", quiet),
	FLAG("--verbose", verbose),
	FLAG("--dry-run", dry_run),
	FLAG("-n", dry_run),
	FLAG("--showonly", dry_run),
	FLAG("--async", asynchronous),
	FLAG("--asynchronous", asynchronous),
	FLAG("--bg", asynchronous),
	FLAG("--checkconfig", checkconfig),
	FLAG("--autoall", autoall),
	FLAG("--all", all),
	FLAG("--transforms", transforms),
	FLAG("--self", self),
	FLAG("--lan", lan),
	VALUE("--rundir", rundir),
	VALUE("--ctlsocket", ctlsocket),
	VALUE("--ctlbase", ctlsocket),
	VALUE("--config", config),
	VALUE("--remote-host", remote_host),
	VALUE("--xauthuser", user),
	VALUE("--xauthname", user),
	VALUE("--username", user),
	VALUE("--xauthpass", password),
	VALUE("--name", name),
	VALUE("--conn", name),
	VALUE("--secretsfile", secrets),
	VALUE("--log", log),
	VALUE("--html", html),
	FLAG("--fix", fix),
	FLAG("--yes", yes),
	FLAG("--watch", watch),
	VALUE("--through", through),
	CAPTURE("-r", read_file),
	CAPTURE("-w", write_file),
	CAPTURE("-i", device),
	CAPTURE("-c", count),
	CAPTURE("--seconds", seconds),
	{ "--keys", offsetof(struct cmd, keys), false, true },
#undef FLAG
#undef VALUE
#undef CAPTURE
	{ "--json", NOWHERE, false, false }, /* main() looks for it, wherever it stands */
	{ "--utc", NOWHERE, false, false },
	{ "--noexport", NOWHERE, false, false },
	{ "--nosetup", NOWHERE, false, false },
	{ "--leave-state", NOWHERE, false, false },
	{ "-v", NOWHERE, false, false },
	{ "--label", NOWHERE, true, false },
};

/* Takes argv[*i] if it is an option: 1; 0 if it is none; -1: its value is missing. */
static int take_option(struct cmd *c, int argc, char **argv, int *i)
{
	size_t n = strcspn(argv[*i], "=");
	const char *value = argv[*i][n] == '=' ? argv[*i] + n + 1 : NULL;
	const struct option *o = NULL;

	for (size_t k = 0; k < COUNT(options) && !o; k++)
		if (strlen(options[k].name) == n && strncmp(options[k].name, argv[*i], n) == 0)
			o = &options[k];
	/* "ipsec --checkconfig" alone is the subcommand */
	if (!o || (o->at == offsetof(struct cmd, checkconfig) && !c->verb) ||
		(o->of_capture && (!c->verb || c->verb->run != run_capture)))
		return 0;
	if (o->has_value && !value && *i + 1 >= argc) {
		out_error("ipsec: %s wants a value", o->name);
		return -1;
	}
	if (o->has_value && !value)
		value = argv[++*i];
	if (o->at != NOWHERE && o->has_value)
		*(const char **)((char *)c + o->at) = value;
	else if (o->at != NOWHERE)
		*(bool *)((char *)c + o->at) = !value || strcmp(value, "no") != 0;
	return 1;
}

void options_try(struct nearest *n)
{
	for (size_t k = 0; k < COUNT(options); k++)
		nearest_try(n, options[k].name);
}

/* The words that only introduce another: auto, setup, whack. */
static bool introduces(struct cmd *c, const char *word)
{
	if (strcmp(word, "whack") == 0)
		return c->is_whack = true;
	return strcmp(word, "auto") == 0 || strcmp(word, "setup") == 0;
}

/* whack --debug X --debug Y --no-debug Z: takes one of these. */
static bool take_debug(struct cmd *c, char *word)
{
	const struct verb *debug = verb_find("debug", false);
	bool removes = strcmp(word, "--no-debug") == 0;

	if ((c->verb && c->verb != debug) || (!removes && strcmp(word, "--debug") != 0))
		return false;
	c->verb = debug;
	if (removes) /* of the word after it */
		c->word[c->words++] = word;
	return true;
}

/* Does it take what begins with "-" as a word? */
static bool takes_dashes(const struct verb *v)
{
	return v->run == run_algparse || v->run == run_explain || v->run == run_nothing;
}

static int parse(struct cmd *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *bare = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : argv[i];
		const struct verb *v = c->verb ? NULL : verb_find(bare, c->is_whack);
		int taken = take_option(c, argc, argv, &i);

		if (taken < 0)
			return EXIT_USAGE;
		if (taken || take_debug(c, argv[i]))
			continue;
		if (v)
			c->verb = v;
		else if (!c->verb && introduces(c, argv[i]))
			continue;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			c->verb = verb_find("help", false);
			c->words = 0;
		} else if (argv[i][0] == '-' && argv[i][1] && c->verb && !takes_dashes(c->verb))
			return unknown_option(argv[i]);
		else
			c->word[c->words++] = argv[i];
	}
	if (c->name)
		c->word[c->words++] = (char *)c->name;
	return 0;
}

/* As Libreswan: "ipsec WORD" runs a program of that name in the folder of helpers, if there is one
 * and WORD is not ours. Returns only when there is none. */
static void run_helper(int argc, char **argv)
{
	const char *dir = getenv("IPSEC_EXECDIR");
	char path[PATH_MAX];
	struct cmd none = { 0 };

	if (argc < 2 || strchr(argv[1], '/') || argv[1][0] == '-' || argv[1][0] == '\0' ||
		verb_find(argv[1], false) || introduces(&none, argv[1]))
		return;
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : LIBEXEC_DIR, argv[1]);
	if (access(path, X_OK) == 0)
		execv(path, argv + 1);
}

/* --dry-run: the command that would be run, for a shell. */
static int show(const struct cmd *c)
{
	char *text = xasprintf("ipsec %s", c->verb->name);
	const char *const with[][2] = { { "--ctlsocket", c->ctlsocket }, { "--rundir", c->rundir },
		{ "--config", c->config }, { "--remote-host", c->remote_host },
		{ "--xauthuser", c->user } };

	for (size_t i = 0; i < COUNT(with); i++)
		if (with[i][1]) {
			char *more = xasprintf("%s %s '%s'", text, with[i][0], with[i][1]);

			free(text);
			text = more;
		}
	for (int i = 0; i < c->words; i++) {
		char *more = xasprintf("%s '%s'", text, c->word[i]);

		free(text);
		text = more;
	}
	out_say("%s%s", text, c->asynchronous ? " --asynchronous" : "");
	free(text);
	return 0;
}

static int run(const struct cmd *c)
{
	bool is_request;

	if (!c->verb && c->words)
		return unknown_command(c->word[0], c->is_whack);
	if (!c->verb) {
		run_help(c);
		return EXIT_USAGE;
	}
	if (c->words < c->verb->min || c->words > c->verb->max) {
		out_error("usage: ipsec %s%s%s", c->verb->name, *c->verb->args ? " " : "",
			c->verb->args);
		return EXIT_USAGE;
	}
	is_request = c->verb->run == run_request || c->verb->run == run_addconn;
	if (c->dry_run && !(out_is_json() && is_request))
		return show(c);
	if (c->quiet && !freopen("/dev/null", "w", stdout))
		return EXIT_SERVICE;
	return c->verb->run(c);
}

int main(int argc, char **argv)
{
	struct cmd c = { 0 };
	const char *self = strrchr(argv[0], '/');
	char **args = xalloc(((size_t)argc + 2) * sizeof(*args));
	int n = 0, status;
	bool json = false;

	/* libexec/ipsec/whack and addconn are links to this program */
	self = self ? self + 1 : argv[0];
	c.word = xalloc(((size_t)argc + 2) * sizeof(*c.word));
	args[n++] = argv[0];
	if (strcmp(self, "ipsec") != 0 && (verb_find(self, false) || strcmp(self, "whack") == 0))
		args[n++] = (char *)self;
	else
		run_helper(argc, argv);
	for (int i = 1; i < argc; i++) {
		args[n++] = argv[i];
		json = json || strcmp(argv[i], "--json") == 0; /* wherever it stands */
	}
	out_start(json);
	status = parse(&c, n, args);
	if (status == 0)
		status = run(&c);
	free(c.word);
	free(args);
	return out_end(status);
}

int run_help(const struct cmd *c)
{
	(void)c;
	if (!out_is_json())
		printf("usage: ipsec [--json] [--config FILE] [--rundir DIR] COMMAND "
		       "[ARGUMENT...]\n\n");
	for (const struct verb *v = verbs; v->name; v++) {
		char left[64];

		if (v->name[0] == '_' || v->run == run_nothing)
			continue;
		if (out_is_json()) {
			out_object(json_pack("{s:s, s:s, s:s}", "command", v->name, "arguments",
				v->args, "help", v->help));
			continue;
		}
		snprintf(left, sizeof(left), "%s%s%s", v->name, *v->args ? " " : "", v->args);
		printf("  %-28s %s\n", left, v->help);
	}
	if (!out_is_json())
		printf("\n\"ipsec auto --up CONN\" and \"ipsec up CONN\" are the same. See "
		       "ipsec(8), ipsec.conf(5).\n");
	return 0;
}

int run_version(const struct cmd *c)
{
	(void)c;
	/* One line: Open vSwitch wants nothing after it, others cut it at " (". */
	if (out_is_json())
		out_object(json_pack("{s:s, s:s}", "compatible", "Libreswan 4.10", "clearswan",
			CLEARSWAN_VERSION));
	else
		printf("Libreswan 4.10 (clearswan %s)\n", CLEARSWAN_VERSION);
	return 0;
}

int run_fipsstatus(const struct cmd *c)
{
	(void)c;
	out_say("000 FIPS mode disabled");
	return 0;
}

int run_directory(const struct cmd *c)
{
	(void)c;
	out_say("%s", LIBEXEC_DIR);
	return 0;
}

int run_nothing(const struct cmd *c)
{
	(void)c;
	return 0;
}
