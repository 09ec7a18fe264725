/* ipsec(8): finds the subcommand in a table and runs it. Both spellings are the same to us:
 * "ipsec auto --up X", "ipsec --up X", "ipsec up X", "ipsec whack --initiate --name X". */
#include "cmd/cmd.h"

#include "base/bytes.h"
#include "config_build.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
const struct verb verbs[] = {
	{ "start",            NULL,        "start",  run_start,         0, 1, "[CONN]", "start the service; with CONN: load it and bring it up" },
	{ "stop",             "shutdown",  NULL,     run_stop,          0, 0, "", "stop the service" },
	{ "restart",          NULL,        NULL,     run_restart,       0, 0, "", "stop, then start" },
	{ "reload",           NULL,        "reload", run_request,       0, 0, "", "read ipsec.conf again; what did not change keeps running" },
	{ "add",              NULL,        "add",    run_request,       1, 99, "CONN...", "load a connection from ipsec.conf" },
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
	{ "rereadsecrets",    NULL,        "rereadsecrets", run_request,0, 0, "", "read ipsec.secrets again" },
	{ "secrets",          NULL,        "rereadsecrets", run_request,0, 0, "", "rereadsecrets" },
	{ "rereadall",        NULL,        "rereadsecrets", run_request,0, 0, "", "rereadsecrets" },
	{ "listen",           "ready",     "listen", run_request,       0, 0, "", "look for new addresses" },
	{ "ready",            NULL,        "listen", run_request,       0, 0, "", "listen" },
	{ "rekey-ike",        NULL,        "rekey-ike", run_request,    1, 1, "CONN", "rekey its IKE SA now" },
	{ "rekey-child",      NULL,        "rekey-child", run_request,  1, 1, "CONN", "rekey its Child SA now" },
	{ "delete-sa",        "deletestate", "delete-sa", run_request,  1, 1, "SERIAL", "delete one SA" },
	{ "listall",          NULL,        "listall", run_request,      0, 0, "", "secrets by their indexes, never their values" },
	{ "debug",            NULL,        "debug",  run_request,       1, 99, "WORD...", "plutodebug= of the running daemon" },
	{ "events",           NULL,        NULL,     run_events,        0, 0, "", "every event as it happens, until Ctrl-C" },
	{ "checkconfig",      NULL,        NULL,     run_checkconfig,   0, 0, "", "check ipsec.conf and ipsec.secrets; needs no daemon" },
	{ "addconn",          NULL,        NULL,     run_addconn,       0, 99, "[--checkconfig|--autoall] [CONN...]", "add, or checkconfig, in its old spelling" },
	{ "algparse",         NULL,        NULL,     run_algparse,      0, 99, "ike|esp[=PROPOSALS]", "expand a proposal" },
	{ "readwriteconf",    NULL,        NULL,     run_readwriteconf, 0, 0, "", "ipsec.conf as it was understood" },
	{ "version",          NULL,        NULL,     run_version,       0, 0, "", "version" },
	{ "help",             NULL,        NULL,     run_help,          0, 99, "", "this" },
	{ "directory",        NULL,        NULL,     run_directory,     0, 0, "", "where the helper programs lie" },
	{ "_stackmanager",    NULL,        NULL,     run_nothing,       0, 9, "start", "nothing to do: modules load by themselves" },
	{ "checknss",         NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do: there is no NSS database" },
	{ "checknflog",       NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do" },
	{ "stopnflog",        NULL,        NULL,     run_nothing,       0, 9, "", "nothing to do" },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

/* Libreswan's other commands: said to be known, and what there is instead. */
static const struct {
	const char *name, *say;
} absent[] = {
	{ "verify", "it comes with the diagnosis; until then: ipsec checkconfig, ipsec status" },
	{ "barf", "collect: ipsec status, ipsec checkconfig, the log" },
	{ "look", "use: ip route show table 220; ipsec status" },
	{ "show", "use: ipsec status" },
	{ "showhostkey", "certificates and raw keys come in a later version; PSK works" },
	{ "newhostkey", "certificates and raw keys come in a later version; PSK works" },
	{ "import", "certificates come in a later version; PSK works" },
	{ "initnss", "keys are kept in files, not in NSS; certificates come in a later version" },
	{ "certutil", "certificates come in a later version; PSK works" },
	{ "fetchcrls", "certificates come in a later version" },
	{ "rereadcerts", "certificates come in a later version" },
	{ "listcerts", "certificates come in a later version" },
	{ "listcacerts", "certificates come in a later version" },
	{ "listpubkeys", "certificates come in a later version" },
	{ "redirect", "RFC 5685 comes in a later version" },
	{ "diagnose", "it comes in a later version" },
};

const struct verb *verb_find(const char *name, bool is_whack)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0 ||
			(is_whack && v->whack && strcmp(v->whack, name) == 0))
			return v;
	return NULL;
}

/* Edit distance, for "did you mean"; both words are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (n >= COUNT(row))
		return n;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

static int unknown(const char *word)
{
	const char *best = NULL;
	size_t near = 3;

	for (size_t i = 0; i < COUNT(absent); i++)
		if (strcmp(absent[i].name, word) == 0) {
			fprintf(stderr, "ipsec: \"%s\" is not part of this version: %s\n", word,
				absent[i].say);
			return EXIT_USAGE;
		}
	for (const struct verb *v = verbs; v->name; v++) {
		size_t d = distance(word, v->name);

		if (d < near) {
			near = d;
			best = v->name;
		}
	}
	fprintf(stderr, "ipsec: unknown IPsec command \"%s\"", word);
	if (best)
		fprintf(stderr, "; did you mean \"%s\"?", best);
	fprintf(stderr, " (\"ipsec --help\" for list)\n");
	return EXIT_USAGE;
}

/* --option VALUE or --option=VALUE: the value, with *i moved over it; NULL when it is another. */
static const char *value(const char *option, int argc, char **argv, int *i)
{
	size_t n = strlen(option);

	if (strncmp(argv[*i], option, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0')
		return NULL;
	if (*i + 1 >= argc) {
		fprintf(stderr, "ipsec: %s wants a value\n", option);
		exit(EXIT_USAGE);
	}
	return argv[++*i];
}

static bool yes(const char *s)
{
	return s && strcmp(s, "no") != 0;
}

/* Takes argv[*i] if it is an option of ours. */
static bool option(struct cmd *c, int argc, char **argv, int *i)
{
	static const char *const ignored[] = { "--utc", "--noexport", "--nosetup", "-v" };
	const struct {
		const char *name;
		bool *to;
	} flag[] = {
		{ "--json", &c->json },
		{ "--quiet", &c->quiet },
		{ "--verbose", &c->verbose },
		{ "--dry-run", &c->dry_run },
		{ "-n", &c->dry_run },
		{ "--showonly", &c->dry_run },
		{ "--async", &c->asynchronous },
		{ "--asynchronous", &c->asynchronous },
		{ "--bg", &c->asynchronous },
		{ "--checkconfig", &c->checkconfig },
		{ "--autoall", &c->autoall },
	};
	const struct {
		const char *name;
		const char **to;
	} with_value[] = {
		{ "--rundir", &c->rundir },
		{ "--ctlsocket", &c->ctlsocket },
		{ "--ctlbase", &c->ctlsocket },
		{ "--config", &c->config },
		{ "--remote-host", &c->remote_host },
		{ "--name", &c->name },
		{ "--conn", &c->name },
		{ "--secretsfile", &c->secrets },
	};
	const char *v;

	for (size_t k = 0; k < COUNT(flag); k++) {
		size_t n = strlen(flag[k].name);

		/* "ipsec --checkconfig" alone is the subcommand */
		if (flag[k].to == &c->checkconfig && !c->verb)
			continue;
		if (strcmp(argv[*i], flag[k].name) == 0)
			return *flag[k].to = true;
		if (strncmp(argv[*i], flag[k].name, n) == 0 && argv[*i][n] == '=') {
			*flag[k].to = yes(argv[*i] + n + 1);
			return true;
		}
	}
	for (size_t k = 0; k < COUNT(with_value); k++)
		if ((v = value(with_value[k].name, argc, argv, i))) {
			*with_value[k].to = v;
			return true;
		}
	for (size_t k = 0; k < COUNT(ignored); k++)
		if (strcmp(argv[*i], ignored[k]) == 0)
			return true;
	return false;
}

/* The words that only introduce another: auto, setup, whack. */
static bool introduces(struct cmd *c, const char *word)
{
	if (strcmp(word, "whack") == 0)
		return c->is_whack = true;
	return strcmp(word, "auto") == 0 || strcmp(word, "setup") == 0;
}

static int parse(struct cmd *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *bare = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : argv[i];
		const struct verb *v = c->verb ? NULL : verb_find(bare, c->is_whack);

		if (option(c, argc, argv, &i))
			continue;
		if (v)
			c->verb = v;
		else if (!c->verb && introduces(c, argv[i]))
			continue;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			c->verb = verb_find("help", false);
		else if (argv[i][0] == '-' && argv[i][1] != '\0' && c->verb &&
			 c->verb->run != run_algparse) {
			fprintf(stderr,
				"ipsec: unknown option \"%s\" (\"ipsec --help\" for list)\n",
				argv[i]);
			return EXIT_USAGE;
		} else
			c->word[c->words++] = argv[i];
	}
	if (c->name)
		c->word[c->words++] = (char *)c->name;
	return 0;
}

int main(int argc, char **argv)
{
	struct cmd c = { 0 };
	const char *self = strrchr(argv[0], '/');
	char **args = xalloc(((size_t)argc + 2) * sizeof(*args));
	int n = 0, status;

	/* libexec/ipsec/whack and addconn are links to this program */
	self = self ? self + 1 : argv[0];
	c.word = xalloc(((size_t)argc + 2) * sizeof(*c.word));
	args[n++] = argv[0];
	if (strcmp(self, "ipsec") != 0 && (verb_find(self, false) || strcmp(self, "whack") == 0))
		args[n++] = (char *)self;
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];

	status = parse(&c, n, args);
	if (status == 0 && !c.verb)
		status = c.words ? unknown(c.word[0]) : (run_help(&c), EXIT_USAGE);
	else if (status == 0 && (c.words < c.verb->min || c.words > c.verb->max)) {
		fprintf(stderr, "usage: ipsec %s%s%s\n", c.verb->name, *c.verb->args ? " " : "",
			c.verb->args);
		status = EXIT_USAGE;
	} else if (status == 0)
		status = c.verb->run(&c);
	free(c.word);
	free(args);
	return status;
}

int run_help(const struct cmd *c)
{
	(void)c;
	printf("usage: ipsec [--json] [--config FILE] [--rundir DIR] COMMAND [ARGUMENT...]\n\n");
	for (const struct verb *v = verbs; v->name; v++) {
		char left[64];

		if (v->name[0] == '_' || v->run == run_nothing)
			continue;
		snprintf(left, sizeof(left), "%s%s%s", v->name, *v->args ? " " : "", v->args);
		printf("  %-28s %s\n", left, v->help);
	}
	printf("\n\"ipsec auto --up CONN\" and \"ipsec up CONN\" are the same. See ipsec(8), "
	       "ipsec.conf(5).\n");
	return 0;
}

int run_version(const struct cmd *c)
{
	/* Programs parse the first line. */
	if (c->json)
		printf("{\"compatible\":\"Libreswan 4.10\",\"clearswan\":\"%s\"}\n",
			CLEARSWAN_VERSION);
	else
		printf("Libreswan 4.10\nclearswan %s, compatible with it\n", CLEARSWAN_VERSION);
	return 0;
}

int run_directory(const struct cmd *c)
{
	(void)c;
	puts(LIBEXEC_DIR);
	return 0;
}

int run_nothing(const struct cmd *c)
{
	(void)c;
	return 0;
}
