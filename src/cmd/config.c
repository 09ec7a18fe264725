/* checkconfig, addconn, algparse, readwriteconf: what needs no daemon. */
#include "cmd/cmd.h"
#include "config/algparse.h"
#include "config/conf.h"
#include "config/secrets.h"
#include "config/show.h"
#include "config_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_issue(const struct cmd *c, const struct conf_issue *i)
{
	if (c->json) {
		json_t *j = json_pack("{s:s, s:s, s:s, s:i}", "level",
			i->is_error ? "error" : "warning", "text", i->text, "file", i->file, "line",
			(int)i->line);
		char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;

		if (s)
			puts(s);
		free(s);
		json_decref(j);
	} else
		fprintf(stderr, "%s:%u: %s%s\n", i->file, i->line,
			i->is_error ? "" : "warning: ", i->text);
}

static size_t check_secrets(const struct cmd *c, const struct conf *conf)
{
	const struct conf_source files = conf_source_files();
	const char *path = c->secrets		     ? c->secrets
			   : conf->setup.secretsfile ? conf->setup.secretsfile
						     : SECRETS_FILE;
	const struct conf_issue *issue;
	struct secrets *s;
	size_t n, errors = 0;

	if (access(path, R_OK) != 0 && errno != ENOENT && geteuid() != 0) {
		if (!c->json)
			printf("%s: not checked, since only root may read it\n", path);
		return 0;
	}
	s = secrets_parse(&files, path);
	n = secrets_issues(s, &issue);
	for (size_t i = 0; i < n; i++) {
		print_issue(c, &issue[i]);
		errors += issue[i].is_error;
	}
	secrets_free(s);
	return errors;
}

int run_checkconfig(const struct cmd *c)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	size_t errors = conf->n_error;

	for (size_t i = 0; i < conf->n_issue; i++)
		print_issue(c, &conf->issue[i]);
	errors += check_secrets(c, conf);
	if (!c->json && errors == 0)
		printf("%s: no errors; %zu connection%s\n", cmd_config(c), conf->n,
			conf->n == 1 ? "" : "s");
	else if (!c->json)
		fprintf(stderr, "%zu error%s; %zu connection%s can be loaded\n", errors,
			errors == 1 ? "" : "s", conf->n, conf->n == 1 ? "" : "s");
	conf_free(conf);
	return errors ? EXIT_CONFIG : 0;
}

int run_addconn(const struct cmd *c)
{
	struct cmd other = *c;

	if (c->checkconfig)
		return run_checkconfig(c);
	other.verb = verb_find(c->autoall ? "reload" : "add", false);
	if (!c->autoall && c->words == 0) {
		fprintf(stderr, "usage: ipsec addconn --checkconfig | --autoall | CONN...\n");
		return EXIT_USAGE;
	}
	if (c->autoall)
		other.words = 0;
	return run_request(&other);
}

/* Prints {"key":"text"}. */
static void print_json(const char *key, const char *text)
{
	json_t *j = json_pack("{s:s}", key, text);
	char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (s)
		puts(s);
	free(s);
	json_decref(j);
}

static void print_line(void *ctx, const char *line)
{
	const struct cmd *c = ctx;

	if (!c->json)
		puts(line);
	else if (strncmp(line, "ERROR: ", 7) == 0)
		print_json("error", line + 7);
	else if (strncmp(line, "warning: ", 9) == 0)
		print_json("warning", line + 9);
	else
		print_json("proposal", line);
}

int run_algparse(const struct cmd *c)
{
	bool pfs = true;
	int status = 0, shown = 0;

	for (int i = 0; i < c->words; i++) {
		const char *w = c->word[i];

		if (w[0] == '-') {
			pfs = strstr(w, "pfs=no") ? false : pfs;
			continue;
		}
		shown++;
		if (algparse(w, pfs, print_line, (void *)(uintptr_t)c) != OK)
			status = EXIT_CONFIG;
	}
	if (shown == 0) {
		fprintf(stderr, "usage: ipsec algparse ike|esp[=PROPOSALS]...   for example: "
				"ipsec algparse ike=aes256-sha2_256-dh19\n");
		return EXIT_USAGE;
	}
	return status;
}

int run_readwriteconf(const struct cmd *c)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	char *text = conf_show(conf);
	int status = conf->n_error ? EXIT_CONFIG : 0;

	for (size_t i = 0; i < conf->n_issue; i++)
		print_issue(c, &conf->issue[i]);
	if (c->json)
		print_json("conf", text);
	else
		fputs(text, stdout);
	free(text);
	conf_free(conf);
	return status;
}
