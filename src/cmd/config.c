/* checkconfig, addconn, algparse, readwriteconf: what needs no daemon. */
#include "cmd/cmd.h"
#include "config/algparse.h"
#include "config/conf.h"
#include "config/passwd.h"
#include "config/secrets.h"
#include "config/show.h"
#include "config_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_issue(const struct conf_issue *i)
{
	if (out_is_json())
		out_object(json_pack("{s:s, s:s, s:s, s:i}", "level",
			i->is_error ? "error" : "warning", "text", i->text, "file", i->file, "line",
			(int)i->line));
	else
		out_error("%s:%u: %s%s", i->file, i->line, i->is_error ? "" : "warning: ", i->text);
}

/* Gives how many of them are errors. */
static size_t print_issues(const struct conf_issue *issue, size_t n)
{
	size_t errors = 0;

	for (size_t i = 0; i < n; i++) {
		print_issue(&issue[i]);
		errors += issue[i].is_error;
	}
	return errors;
}

/* The file of XAUTH users, when somebody is to be looked up there. */
static size_t check_users(const struct conf *conf)
{
	const struct conf_source files = conf_source_files();
	const struct conf_issue *issue;
	bool is_used = false;
	size_t n, errors;
	struct passwd *p;
	char *path;

	for (size_t i = 0; i < conf->n; i++)
		is_used |= conf->conn[i]->xauthby == XAUTHBY_FILE &&
			   (conf->conn[i]->left.xauthserver || conf->conn[i]->right.xauthserver);
	if (!is_used)
		return 0;
	path = xasprintf("%s/passwd", conf->setup.ipsecdir ? conf->setup.ipsecdir : IPSEC_DIR);
	p = passwd_parse(&files, path);
	n = passwd_issues(p, &issue);
	errors = print_issues(issue, n);
	passwd_free(p);
	free(path);
	return errors;
}

static size_t check_secrets(const struct cmd *c, const struct conf *conf)
{
	const struct conf_source files = conf_source_files();
	const char *path = c->secrets		     ? c->secrets
			   : conf->setup.secretsfile ? conf->setup.secretsfile
						     : SECRETS_FILE;
	const struct conf_issue *issue;
	struct secrets *s;
	size_t n, errors;

	if (access(path, R_OK) != 0 && errno != ENOENT && geteuid() != 0) {
		out_say("%s: not checked, since only root may read it", path);
		return 0;
	}
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		out_say("%s: does not exist: there are no pre-shared keys", path);
		return 0;
	}
	s = secrets_parse(&files, path);
	n = secrets_issues(s, &issue);
	errors = print_issues(issue, n);
	secrets_free(s);
	return errors;
}

int run_checkconfig(const struct cmd *c)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	size_t errors = conf->n_error;

	for (size_t i = 0; i < conf->n_issue; i++)
		print_issue(&conf->issue[i]);
	errors += check_secrets(c, conf) + check_users(conf);
	if (out_is_json())
		out_object(json_pack("{s:s, s:I, s:I}", "file", cmd_config(c), "errors",
			(json_int_t)errors, "connections", (json_int_t)conf->n));
	else if (errors == 0)
		out_say("%s: no errors; %zu connection%s", cmd_config(c), conf->n,
			conf->n == 1 ? "" : "s");
	else
		out_error("%zu error%s; %zu connection%s can be loaded", errors,
			errors == 1 ? "" : "s", conf->n, conf->n == 1 ? "" : "s");
	conf_free(conf);
	return errors ? EXIT_CONFIG : 0;
}

int run_addconn(const struct cmd *c)
{
	struct cmd other = *c;

	if (c->checkconfig)
		return run_checkconfig(c);
	if (!c->autoall && c->words == 0) {
		out_error("usage: ipsec %s %s", c->verb->name, c->verb->args);
		return EXIT_USAGE;
	}
	other.verb = verb_find("add", false);
	if (c->autoall)
		other.words = 0;
	return run_request(&other);
}

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	if (!out_is_json())
		puts(line);
	else if (strncmp(line, "ERROR: ", 7) == 0)
		out_object(json_pack("{s:s}", "error", line + 7));
	else if (strncmp(line, "warning: ", 9) == 0)
		out_object(json_pack("{s:s}", "warning", line + 9));
	else
		out_object(json_pack("{s:s}", "proposal", line));
}

/* In the spellings of all releases; for what follows. */
static bool is_ikev1_option(const char *w, bool before)
{
	w += w[1] == '-';
	if (strcmp(w, "-v1") == 0 || strcmp(w, "-1") == 0 || strcmp(w, "-ikev1") == 0)
		return true;
	if (strcmp(w, "-v2") == 0 || strcmp(w, "-2") == 0 || strcmp(w, "-ikev2") == 0)
		return false;
	return before;
}

int run_algparse(const struct cmd *c)
{
	bool pfs = true, is_ikev1 = false;
	int status = 0, shown = 0;

	for (int i = 0; i < c->words; i++) {
		const char *w = c->word[i];

		if (w[0] == '-') {
			pfs = strstr(w, "pfs=no") ? false : pfs;
			is_ikev1 = is_ikev1_option(w, is_ikev1);
			continue;
		}
		shown++;
		if (algparse(w, is_ikev1, pfs, print_line, NULL) != OK)
			status = EXIT_CONFIG;
	}
	if (shown == 0) {
		out_error("usage: ipsec algparse ike|esp[=PROPOSALS]...   for example: "
			  "ipsec algparse ike=aes256-sha2_256-dh19");
		return EXIT_USAGE;
	}
	return status;
}

/* All but the conns of that name. False: there are none. */
static bool keep_only(struct conf *conf, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n; i++) {
		struct conf_conn *c = conf->conn[i];

		if (strcmp(c->name, name) == 0)
			conf->conn[n++] = c;
		else
			conf_conn_free(c);
	}
	conf->n = n;
	return n != 0;
}

int run_readwriteconf(const struct cmd *c)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	int status = conf->n_error ? EXIT_CONFIG : 0;
	char *text, hint[NEAREST_HINT];

	for (size_t i = 0; i < conf->n_issue; i++)
		print_issue(&conf->issue[i]);
	if (c->words)
		conf_hint(conf, c->word[0], hint); /* of all that there are */
	if (c->words && !keep_only(conf, c->word[0])) {
		out_error("ipsec: no connection named \"%s\" in %s%s", c->word[0], cmd_config(c),
			hint);
		conf_free(conf);
		return status ? status : EXIT_UNKNOWN;
	}
	text = conf_show(conf);
	if (out_is_json())
		out_object(json_pack("{s:s}", "conf", text));
	else
		fputs(text, stdout);
	free(text);
	conf_free(conf);
	return status;
}
