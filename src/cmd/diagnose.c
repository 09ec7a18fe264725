/* ipsec diagnose: walks from the configuration outwards, shows each step, and names the cause. What
 * a step sees are events; with those that the daemon kept they are the story that the rules judge.
 */
#include "cmd/diagnose_config.h"
#include "cmd/diagnose_probe.h"
#include "cmd/ladder.h"
#include "cmd/patience.h"
#include "cmd/their_conn.h"
#include "cmd/verify.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- configuration ---- */

static bool look_at_config(struct ladder *l)
{
	const struct conf_source files = conf_source_files();
	const char *file = cmd_config(l->cmd);
	const struct event_sink in = { ladder_told, l };
	struct addr local[LOCALS_MAX];
	char hint[NEAREST_HINT];

	l->conf = conf_parse(&files, file);
	facts_resolve(l->conf, l->name, local, facts_locals(local));
	ladder_given_up(l);
	for (size_t i = 0; i < l->conf->n_issue; i++) {
		const struct conf_issue *is = &l->conf->issue[i];
		struct event_about about = { .conn = l->name };

		/* what our parser does not know may be right for theirs */
		if (!l->is_theirs && is->is_error && (!is->conn || strcmp(is->conn, l->name) == 0))
			EMIT(&in, diagnose_now(), &about, config_error, .file = ev_str(is->file),
				.at_line = ev_u64(is->line), .what = ev_str(is->text),
				.name = ev_str(l->name));
	}
	l->conn = conf_find(l->conf, l->name, 0);
	if (l->conn)
		LADDER_STEP(l, "configuration", "%s:%u has the connection", l->conn->file,
			l->conn->line);
	else
		LADDER_STEP(l, "configuration", "%s has no connection named \"%s\"%s", file,
			l->name, conf_hint(l->conf, l->name, hint));
	return l->conn != NULL;
}

/* ---- the verdict ---- */

static int conclude(struct ladder *l)
{
	const struct event_sink out = { ladder_shown, l };

	diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
	if (l->found)
		return EXIT_FOUND;
	if (l->is_up) {
		LADDER_STEP(
			l, "verdict", "nothing is wrong with it, as far as can be seen from here");
		return 0;
	}
	LADDER_STEP(l, "verdict", "it is down, and what was seen does not say why");
	return EXIT_UNSURE;
}

static int walk(struct ladder *l)
{
	const struct event_sink out = { ladder_shown, l };
	int status;

	patience_begin();
	diag_init(&l->diag);
	if (look_at_config(l)) {
		ladder_daemon(l);
		if (!fix_is_stopped())
			ladder_peer(l);
		if (!fix_is_stopped())
			ladder_flow(l);
		if (!fix_is_stopped())
			ladder_alive(l);
		if (!fix_is_stopped())
			ladder_host(l);
		status = fix_is_stopped() ? EXIT_UNSURE : conclude(l);
	} else {
		diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
		status = l->found ? EXIT_FOUND : EXIT_UNKNOWN;
	}
	diag_done(&l->diag);
	conf_free(l->conf);
	return status;
}

/* ---- another suite's ---- */

/* Our daemon would tell of it; theirs is not asked. */
static bool tell_unresolved(struct ladder *l)
{
	const struct conf_end *theirs = l->conn->local_is_left ? &l->conn->right : &l->conn->left;
	const struct event_about about = { .conn = l->name };
	const struct event_sink in = { ladder_kept, l };

	if (theirs->host_kind != HOST_NAME || addr_is_set(&theirs->host))
		return false;
	EMIT(&in, diagnose_now(), &about, resolve_failed, .host = ev_str(theirs->host_name),
		.why = ev_str("it has no address"), .seconds = ev_u64(0), .name = ev_str(l->name));
	return true;
}

/* Its daemon may be at it, and is not asked: probes come from a port of their own. c NULL: it is
 * Libreswan's. */
static void ask_their_peer(
	struct ladder *l, const struct their_conn *c, const struct local_for *what)
{
	const struct event_sink in = { ladder_told, l };
	const char *why = NULL;

	LADDER_STEP(l, "peer", "asking it with first messages of IKE; nothing is authenticated");
	if (c)
		l->asked = diagnose_ask_their_peer(c, what, l->cmd->transforms, &in, &why);
	else if (tell_unresolved(l))
		why = "its name has no address";
	else
		l->asked = diagnose_probe(l->conn, false, l->cmd->transforms, diagnose_now, &in);
	if (l->asked)
		LADDER_STEP(l, "peer", "%u packets, only to its address", l->asked);
	else
		LADDER_STEP(l, "peer", "it cannot be asked: %s",
			why ? why
			    : "its address is not known here, or this end's is none of "
			      "this host");
}

static int conclude_theirs(struct ladder *l)
{
	const struct event_sink out = { ladder_shown, l };

	diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
	if (l->found)
		return EXIT_FOUND;
	LADDER_STEP(l, "verdict",
		"nothing on this host stands in its way%s; its daemon was not asked",
		l->asked ? ", and the peer takes what it begins with" : "");
	return 0;
}

/* c NULL: Libreswan's, which our parser reads. */
static int walk_theirs(struct ladder *l, const struct their_conn *c)
{
	const struct event_sink in = { ladder_kept, l };
	struct local_for what;
	int status = EXIT_UNKNOWN;

	l->is_theirs = true;
	patience_begin();
	diag_init(&l->diag);
	if (c) {
		l->name = c->name;
		diagnose_their_facts(c, &what, &in);
		ask_their_peer(l, c, &what);
		ladder_look(l, &what);
		status = conclude_theirs(l);
	} else if (look_at_config(l)) {
		ask_their_peer(l, NULL, NULL);
		ladder_host(l);
		status = conclude_theirs(l);
	}
	diag_done(&l->diag);
	conf_free(l->conf);
	return status;
}

/* False: it is not theirs. */
static bool is_theirs(struct ladder *l, int *ret_status)
{
	const struct cmd *c = l->cmd;
	const struct event_sink out = { ladder_shown, l };
	struct their_conn *conn = xalloc(sizeof(*conn));
	enum theirs what = diagnose_theirs(c->config, c->word[0], &out, conn);

	l->name = c->word[0];
	if (what != THEIRS_NOT && (c->fix || c->watch)) {
		out_error("ipsec: --fix and --watch are for connections of our own daemon");
		*ret_status = EXIT_USAGE;
	} else if (what == THEIRS_MISSING)
		*ret_status = EXIT_UNKNOWN;
	else if (what != THEIRS_NOT)
		*ret_status = walk_theirs(l, what == THEIRS_STRONGSWAN ? conn : NULL);
	free(conn);
	return what != THEIRS_NOT;
}

static int again(void *ctx, struct fixes *ret)
{
	struct ladder *l = ctx;
	struct fixes *before = l->fixes;
	int status;

	l->fixes = ret;
	l->found = 0;
	l->has_tried = l->is_held = false;
	status = walk(l);
	ret->is_up = l->is_up;
	l->fixes = before;
	return status;
}

static int walk_and_fix(struct ladder *l)
{
	const struct event_sink out = { ladder_shown, l };
	const struct fixer f = { l->cmd, l->name, &out, again, l };
	struct fixes *found = xalloc(sizeof(*found));
	int status = diagnose_fix(&f, found, again(l, found));

	free(found);
	return status;
}

int run_diagnose(const struct cmd *c)
{
	struct ladder l = { .cmd = c };
	const struct event_sink out = { ladder_shown, &l };
	char *name = NULL;
	int status = 0;

	if (c->log)
		return diagnose_log(c->log, c->words ? c->word[0] : NULL, c->html);
	if (c->watch && !c->words)
		return diagnose_watch(c, NULL, &out);
	if (c->through && addr_parse(c->through, &l.through)) {
		out_error("--through %s: it is not an address", c->through);
		return EXIT_USAGE;
	}
	if (!c->words) {
		status = diagnose_all(c, &out, &name);
		if (!name)
			return status;
	}
	l.page = c->html ? page_new() : NULL;
	if (!name && c->config && is_theirs(&l, &status))
		return diagnose_page(l.page, c->html, c->word[0], status);
	if (!name)
		status = diagnose_who(c, c->word[0], &out, &name);
	l.name = name;
	if (!status)
		status = c->watch ? diagnose_watch(c, name, &out)
			 : c->fix ? walk_and_fix(&l)
				  : walk(&l);
	status = diagnose_page(l.page, c->html, c->words ? c->word[0] : name, status);
	free(name);
	return status;
}
