/* Requests to the daemon: HTTP with JSON over its Unix socket; events come back one per line and
 * are printed as they come. See doc/protocol/control.md. */
#include "cmd/cmd.h"

#include "base/bytes.h"
#include "config_build.h"
#include "event/debug.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *cmd_socket(const struct cmd *c)
{
	static char path[108]; /* what fits into sockaddr_un */
	const char *dir = c->rundir ? c->rundir : getenv("IPSEC_RUNDIR");

	if (c->ctlsocket)
		return c->ctlsocket;
	snprintf(path, sizeof(path), "%s/pluto.ctl", dir ? dir : RUN_DIR);
	return path;
}

const char *cmd_config(const struct cmd *c)
{
	const char *env = getenv("IPSEC_CONF");

	return c->config ? c->config : env ? env : CONF_FILE;
}

/* 0 when a daemon listens, else why not. */
static int probe(const struct cmd *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), e = 0;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", cmd_socket(c));
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	return e;
}

bool daemon_answers(const struct cmd *c)
{
	return probe(c) == 0;
}

int daemon_absent(const struct cmd *c)
{
	int e = probe(c);

	if (e == EACCES || e == EPERM) {
		out_error("ipsec: %s: permission denied; run it as root: sudo ipsec ...",
			cmd_socket(c));
		return EXIT_PRIVILEGE;
	}
	out_error("whack: Pluto is not running (no \"%s\"); start it with: ipsec start",
		cmd_socket(c));
	return EXIT_NOT_RUNNING;
}

/* What has come of the answer: a line not yet whole, and the exit status once it is known. */
struct answer {
	char *line;
	size_t n, room;
	int status;
	bool done;
	long milliseconds;			   /* to wait; 0: as long as it takes */
	void (*each)(void *ctx, const char *line); /* instead of being shown */
	void *ctx;
	const volatile sig_atomic_t *stop; /* not 0: it is waited for no longer; NULL: it is */
	bool is_kept;			   /* lines are shown when all are there, or never */
	char **kept;
	size_t n_kept;
};

void request_show(const char *line)
{
	json_t *e = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(e, "event"));
	const char *text = json_string_value(json_object_get(e, "line"));
	const char *error = json_string_value(json_object_get(e, "error"));
	bool is_end = name && strcmp(name, "request_done") == 0;

	if (error)
		out_error("ipsec: %s", error);
	else if (out_is_json() && e)
		out_event(line, is_end ? (int)json_integer_value(json_object_get(e, "exit")) : -1);
	else if (text && *text)
		puts(strncmp(text, "001 ", 4) == 0 ? text + 4 : text); /* 001: raw, as Libreswan */
	json_decref(e);
}

static void take_event(struct answer *a)
{
	json_t *e = json_loads(a->line, 0, NULL);
	const char *name = json_string_value(json_object_get(e, "event"));

	if (json_object_get(e, "error")) {
		a->status = EXIT_USAGE;
		a->done = true;
	} else if (name && strcmp(name, "request_done") == 0) {
		a->status = (int)json_integer_value(json_object_get(e, "exit"));
		a->done = true;
	}
	json_decref(e);
	if (a->each) {
		a->each(a->ctx, a->line);
		return;
	}
	if (!a->is_kept) {
		request_show(a->line);
		return;
	}
	a->kept = xrealloc(a->kept, (a->n_kept + 1) * sizeof(char *));
	a->kept[a->n_kept++] = xstrdup(a->line);
}

static size_t take(char *data, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;

	n *= size;
	for (size_t i = 0; i < n; i++) {
		if (a->n + 2 > a->room) {
			char *more = realloc(a->line, a->room = a->room * 2 + 1024);

			if (!more)
				return 0;
			a->line = more;
		}
		a->line[a->n++] = data[i] == '\n' ? '\0' : data[i];
		if (data[i] == '\n') {
			if (a->n > 1)
				take_event(a);
			a->n = 0;
		}
	}
	fflush(stdout);
	return n;
}

/* The rest of an answer that did not end in a newline (error objects). */
static void finish(struct answer *a)
{
	if (a->n == 0)
		return;
	a->line[a->n] = '\0';
	a->n = 0;
	take_event(a);
}

/* The library asks at least once a second. */
static int is_stopped(void *ctx, curl_off_t down, curl_off_t got, curl_off_t up, curl_off_t sent)
{
	const struct answer *a = ctx;

	(void)down;
	(void)got;
	(void)up;
	(void)sent;
	return *a->stop != 0;
}

/* *ret_why: the library's words when it did not work; to be freed. */
static void ask(
	const struct cmd *c, const char *path, const char *body, struct answer *a, char **ret_why)
{
	char url[256], text[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode e;

	a->status = EXIT_PROTOCOL;
	if (!curl)
		return;
	snprintf(url, sizeof(url), "http://ipsec/v1/%s", path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cmd_socket(c));
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, a->milliseconds);
	if (a->stop) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
	}
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	}
	e = curl_easy_perform(curl);
	finish(a);
	if (e != CURLE_OK)
		*ret_why = xstrdup(*text ? text : curl_easy_strerror(e));
	curl_easy_cleanup(curl);
	free(a->line);
}

/* each NULL: lines are shown. */
static int perform(const struct cmd *c, const char *path, const char *body,
	void (*each)(void *ctx, const char *line), void *ctx)
{
	struct answer a = { .each = each, .ctx = ctx };
	char *why = NULL;

	ask(c, path, body, &a, &why);
	if (!a.done && why)
		out_error("ipsec: %s: %s", cmd_socket(c), why);
	else if (!a.done && body)
		out_error("ipsec: the daemon went away before it had answered; see its log");
	free(why);
	return a.status;
}

int request_once(const struct cmd *c, const char *api, bool is_last)
{
	struct answer a = { .is_kept = true };
	char *why = NULL;
	int status;

	ask(c, api, "{}", &a, &why);
	status = a.done ? a.status : EXIT_NOT_RUNNING;
	for (size_t i = 0; i < a.n_kept; i++) {
		bool is_end = i + 1 == a.n_kept;

		if (status != EXIT_BUSY && status != EXIT_NOT_RUNNING &&
			(is_last || status != 0 || !is_end))
			request_show(a.kept[i]);
		free(a.kept[i]);
	}
	fflush(stdout);
	free(a.kept);
	free(why);
	return status;
}

int request_told(const struct cmd *c, const char *api, json_t *args_take,
	void (*each)(void *ctx, const char *line), void *ctx)
{
	char *body;
	int status;

	if (c->dry_run) {
		out_object(json_pack("{s:s+, s:o}", "post", "/v1/", api, "body", args_take));
		return 0;
	}
	body = json_dumps(args_take, JSON_COMPACT);
	status = daemon_answers(c) ? perform(c, api, body, each, ctx) : daemon_absent(c);
	wipe(body, strlen(body)); /* a password may stand there */
	free(body);
	json_decref(args_take);
	return status;
}

int request(const struct cmd *c, const char *api, json_t *args_take)
{
	return request_told(c, api, args_take, NULL, NULL);
}

int request_each(const struct cmd *c, const char *api, json_t *args_take, long milliseconds,
	void (*each)(void *ctx, const char *line), void *ctx)
{
	struct answer a = { .milliseconds = milliseconds, .each = each, .ctx = ctx };
	char *body = json_dumps(args_take, JSON_COMPACT), *why = NULL;

	ask(c, api, body, &a, &why);
	free(why);
	free(body);
	json_decref(args_take);
	return a.status;
}

int request_follow(const struct cmd *c, uint64_t since, const volatile sig_atomic_t *stop,
	void (*each)(void *ctx, const char *line), void *ctx)
{
	struct answer a = { .each = each, .ctx = ctx, .stop = stop };
	char path[64], *why = NULL;

	snprintf(path, sizeof(path), "events?since=%" PRIu64, since);
	ask(c, path, NULL, &a, &why);
	free(why);
	return a.status;
}

static void gather(void *ctx, const char *line)
{
	json_array_append_new(ctx, json_loads(line, 0, NULL));
}

json_t *request_events(const struct cmd *c, const char *api)
{
	json_t *all = json_array();

	if (request_each(c, api, json_object(), 0, gather, all) != EXIT_PROTOCOL)
		return all;
	json_decref(all);
	return NULL;
}

int run_events(const struct cmd *c)
{
	return daemon_answers(c) ? perform(c, "events", NULL, NULL, NULL) : daemon_absent(c);
}

/* The text of a configuration that comes on standard input ("--config -"). */
static json_t *read_stdin(void)
{
	enum { MOST = 8 << 20 }; /* as a file */
	char *text = xalloc(MOST);
	size_t n = fread(text, 1, MOST, stdin);
	json_t *j = json_stringn(text, n);

	free(text);
	return j;
}

/* NULL: there is no such file, and the person was told. */
static json_t *args_of(const struct cmd *c)
{
	json_t *args = json_object();
	char *real, *password = NULL;

	if (c->remote_host)
		json_object_set_new(args, "remote_host", json_string(c->remote_host));
	if (c->user)
		json_object_set_new(args, "user", json_string(c->user));
	if (c->password && !(password = login_password(c))) {
		json_decref(args);
		return NULL;
	}
	if (password) {
		json_object_set_new(args, "password", json_string(c->dry_run ? "***" : password));
		wipe(password, strlen(password));
		free(password);
	}
	if (c->asynchronous)
		json_object_set_new(args, "asynchronous", json_true());
	if (c->all)
		json_object_set_new(args, "all", json_true());
	if (c->config && strcmp(c->config, "-") == 0)
		json_object_set_new(args, "text", read_stdin());
	else if (c->config) {
		real = realpath(c->config, NULL);
		if (!real) {
			out_error("ipsec: cannot read \"%s\": %s", c->config, strerror(errno));
			json_decref(args);
			return NULL;
		}
		json_object_set_new(args, "config", json_string(real));
		free(real);
	}
	return args;
}

/* "#8" or "8" */
static bool is_serial(const char *s, json_int_t *ret)
{
	char *end;

	*ret = strtoll(s + (*s == '#'), &end, 10);
	return *end == '\0' && end != s && *ret > 0 && *ret <= UINT32_MAX;
}

static int debug_help(void)
{
	for (const struct debug_word *w = debug_words; w->help; w++)
		if (out_is_json())
			out_object(json_pack("{s:s, s:s}", "word", w->word, "help", w->help));
		else
			out_say("%-10s  %s", w->word, w->help);
	return 0;
}

static int debug_unknown(const char *word, size_t n)
{
	char *shown = xasprintf("%.*s", (int)n, word);
	struct nearest best = nearest_to(strncmp(shown, "no-", 3) == 0 ? shown + 3 : shown);

	for (const struct debug_word *w = debug_words; w->help; w++)
		nearest_try(&best, w->word);
	if (best.word)
		out_error("ipsec: \"%s\" is not a class of debug events; did you mean \"%s\"?",
			shown, best.word);
	else
		out_error("ipsec: \"%s\" is not a class of debug events; ipsec debug help lists "
			  "them",
			shown);
	free(shown);
	return EXIT_USAGE;
}

static int request_debug(const struct cmd *c, json_t *args_take)
{
	char words[1024] = "";
	bool glued = true;
	uint32_t mask = 0;
	const char *bad;

	if (strcmp(c->word[0], "help") == 0) {
		json_decref(args_take);
		return debug_help();
	}
	for (int i = 0; i < c->words; i++) {
		bool removes = strcmp(c->word[i], "--no-debug") == 0;

		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
			glued ? "" : " ", removes ? "no-" : c->word[i]);
		glued = removes;
	}
	bad = debug_apply(words, &mask);
	if (bad) {
		json_decref(args_take);
		return debug_unknown(bad, strcspn(bad, " "));
	}
	json_object_set_new(args_take, "debug", json_string(words));
	return request(c, c->verb->api, args_take);
}

int run_request(const struct cmd *c)
{
	bool wants_serial = strcmp(c->verb->api, "delete-sa") == 0;
	json_t *base = args_of(c);
	json_int_t serial;
	int status = 0, one;

	if (!base)
		return EXIT_CONFIG;
	if (strcmp(c->verb->api, "debug") == 0)
		return request_debug(c, base);
	if (c->words == 0)
		return request(c, c->verb->api, base);
	for (int i = 0; i < c->words; i++) {
		json_t *args = json_copy(base);

		if (!wants_serial)
			json_object_set_new(args, "name", json_string(c->word[i]));
		else if (is_serial(c->word[i], &serial))
			json_object_set_new(args, "serial", json_integer(serial));
		else {
			out_error("ipsec: \"%s\" is not the number of an SA; showstates has them",
				c->word[i]);
			json_decref(args);
			json_decref(base);
			return EXIT_USAGE;
		}
		one = strcmp(c->verb->api, "up") == 0 ? request_up(c, c->word[i], args)
						      : request(c, c->verb->api, args);
		if (status == 0)
			status = one;
	}
	json_decref(base);
	return status;
}
