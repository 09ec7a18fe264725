/* ipsec diagnose --config FILE CONN where another suite runs: its files as they are, this host as
 * it is, its peer with probes of ours. Its daemon is not asked, and not touched. */
#include "cmd/diagnose_config.h"

#include "cmd/diagnose.h"
#include "cmd/diagnose_probe.h"
#include "cmd/name.h"
#include "cmd/their_conn.h"
#include "cmd/verify.h"
#include "config_build.h"
#include "crypto/prf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- whose file is it? ---- */

struct owner {
	char command[64]; /* "": nobody has the port, or it cannot be seen who */
	bool is_there, is_ours;
};

static void note_owner(void *ctx, const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);
	struct owner *o = ctx;

	o->is_there |= e->id == EV_local_socket;
	for (unsigned i = 0; i < k->n; i++) {
		if (strcmp(k->field[i].name, "command") == 0)
			snprintf(o->command, sizeof(o->command), "%s", e->row[i].str);
		if (strcmp(k->field[i].name, "is_ours") == 0)
			o->is_ours = e->row[i].u64;
	}
}

/* Who has UDP 500 here; pluto has it on each address. */
static struct owner owner_of_port(void)
{
	struct addr local[LOCALS_MAX];
	size_t n = facts_locals(local);
	struct owner o = { 0 };
	const struct event_sink sink = { note_owner, &o };

	for (size_t i = 0; i < n && i < 16 && !o.command[0]; i++) {
		struct local_for what = { .ours = local[i] };
		struct local l = { .what = &what, .now = diagnose_now(), .out = &sink };

		local_sockets(&l);
	}
	return o;
}

static char *read_theirs(void *ctx, const char *path, size_t *ret_n)
{
	const struct conf_source *files = ctx;

	return files->read(files->ctx, path, ret_n);
}

static char **glob_theirs(void *ctx, const char *pattern)
{
	const struct conf_source *files = ctx;

	return files->glob(files->ctx, pattern);
}

static bool is_strongswan(const char *command)
{
	return strncmp(command, "charon", 6) == 0 || strcmp(command, "starter") == 0;
}

/* ---- its connection ---- */

static bool is_local(const char *address, const struct addr *local, size_t n)
{
	struct addr a;

	for (size_t i = 0; i < n; i++)
		if (addr_parse(address, &a) == OK && addr_eq(&a, &local[i]))
			return true;
	return false;
}

/* The file in strongSwan's dialect. */
struct theirs_file {
	struct swanctl *s;
	bool is_swanctl;
	struct conf *scratch;
	struct lexed l;
};

static bool find_in(struct theirs_file *f, const char *name, struct their_conn *ret)
{
	struct addr local[LOCALS_MAX];
	size_t n = facts_locals(local);

	if (f->is_swanctl)
		return their_conn_swanctl(f->s, name, ret);
	if (!their_conn_ipsec_conf(&f->l, name, ret))
		return false;
	if (!is_local(ret->ours, local, n) && is_local(ret->theirs, local, n))
		their_conn_swap(ret);
	return true;
}

static const char *why_unreadable(const char *file)
{
	struct stat st;

	if (stat(file, &st) != 0 || access(file, R_OK) != 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? strerror(EISDIR) : NULL;
}

static enum theirs find_theirs(struct theirs_file *f, const struct owner *o, const char *file,
	const char *name, const struct event_sink *out, struct their_conn *ret)
{
	char hint[NEAREST_HINT];
	const char *why;

	if (find_in(f, name, ret)) {
		ret->is_down = !o->is_there;
		DIAGNOSE_STEP(out, "configuration", "%s:%u has the connection, in the words of %s",
			ret->file, ret->line,
			f->is_swanctl ? "strongSwan's swanctl" : "strongSwan's ipsec.conf");
		return THEIRS_STRONGSWAN;
	}
	if ((why = why_unreadable(file)))
		DIAGNOSE_STEP(out, "configuration", "%s: %s", file, why);
	else
		DIAGNOSE_STEP(out, "configuration", "%s has no connection named \"%s\"%s", file,
			name, their_conn_nearest(f->s, &f->l, name, hint));
	return THEIRS_MISSING;
}

enum theirs diagnose_theirs(
	const char *file, const char *name, const struct event_sink *out, struct their_conn *ret)
{
	struct conf_source files = conf_source_files();
	const struct swanctl_source src = { read_theirs, glob_theirs, &files };
	struct theirs_file f = { .scratch = xalloc(sizeof(*f.scratch)) };
	struct owner o = owner_of_port();
	enum theirs what = THEIRS_NOT;
	char *wrong = NULL;

	f.s = swanctl_parse(&src, file, &wrong);
	f.is_swanctl = swanctl_section(f.s, "connections", 0) != NULL;
	lex(&files, file, NULL, 0, f.scratch, &f.l);
	if (f.is_swanctl || is_strongswan(o.command) ||
		(!o.is_there && their_conn_is_strongswan(&f.l)))
		what = find_theirs(&f, &o, file, name, out, ret);
	else if (strcmp(o.command, "pluto") == 0)
		what = THEIRS_LIBRESWAN;
	if (f.is_swanctl && wrong) {
		DIAGNOSE_STEP(out, "configuration", "%s", wrong);
		snprintf(ret->wrong, sizeof(ret->wrong), "%s", wrong);
	}
	lexed_done(&f.l);
	conf_free(f.scratch);
	swanctl_free(f.s);
	free(wrong);
	return what;
}

/* ---- as facts ---- */

/* A name that has none is a fact, too. */
static struct addr address(
	const struct their_conn *c, const char *text, const struct event_sink *out)
{
	const struct event_about about = { .conn = c->name };
	struct name_found found;
	struct addr a = { 0 };

	if (!text[0] || text[0] == '%' || addr_parse(text, &a) == OK)
		return a;
	name_look_up(text, &found);
	if (!found.n)
		EMIT(out, diagnose_now(), &about, resolve_failed, .host = ev_str(text),
			.why = ev_str(found.why), .seconds = ev_u64(0), .name = ev_str(c->name));
	return found.n ? found.addr[0] : a;
}

static struct ts_list nets(const char *text, const struct addr *host)
{
	struct ts_list l = { 0 };
	struct range r;

	for (; *text && l.n < TS_LIST_MAX; text += strspn(text, ",")) {
		char t[RANGE_STR];
		size_t n = strcspn(text, ",");

		snprintf(t, sizeof(t), "%.*s", (int)n, text);
		if (range_parse(t, &r) == OK)
			l.ts[l.n++] = ts_from_range(&r);
		text += n;
	}
	if (!l.n && addr_is_set(host)) {
		r = range_one(host);
		l.ts[l.n++] = ts_from_range(&r);
	}
	return l;
}

static uint16_t port(const char *text)
{
	unsigned long n = strtoul(text, NULL, 10);

	return n && n < 65536 ? (uint16_t)n : 0;
}

/* "FILE:3: a brace is missing" */
static void emit_wrong(
	const struct their_conn *c, const struct event_about *about, const struct event_sink *out)
{
	const char *what = strstr(c->wrong, ": "), *colon = what;
	char file[THEIR_TEXT];

	if (!what)
		return;
	while (colon > c->wrong && colon[-1] != ':') /* the line's number is before it */
		colon--;
	if (colon == c->wrong)
		return;
	colon--;
	snprintf(file, sizeof(file), "%.*s", (int)(colon - c->wrong), c->wrong);
	EMIT(out, diagnose_now(), about, config_error, .file = ev_str(file),
		.at_line = ev_u64(strtoul(colon + 1, NULL, 10)), .what = ev_str(what + 2),
		.name = ev_str(c->name));
}

void diagnose_their_facts(
	const struct their_conn *c, struct local_for *ret, const struct event_sink *out)
{
	const struct event_about about = { .conn = c->name };
	char ours[ADDR_STR], theirs[ADDR_STR], a[TS_LIST_STR], b[TS_LIST_STR];
	char ike[THEIR_TEXT], esp[THEIR_TEXT];
	bool is_transport = strcmp(c->type, "transport") == 0;

	/* "!": nothing else is offered; no algorithm has it */
	snprintf(ike, sizeof(ike), "%.*s", (int)strcspn(c->ike, "!"), c->ike);
	snprintf(esp, sizeof(esp), "%.*s", (int)strcspn(c->esp, "!"), c->esp);
	*ret = (struct local_for){ .conn = c->name,
		.ours = address(c, c->ours, out),
		.theirs = address(c, c->theirs, out),
		.our_port = port(c->our_port),
		.their_port = port(c->their_port),
		.device = "",
		.flow = "",
		.own_flow = "" };
	ret->is_initiator = addr_is_set(&ret->theirs);
	ret->our_nets = nets(c->our_nets, &ret->ours);
	ret->their_nets = nets(c->their_nets, &ret->theirs);
	addr_format(&ret->ours, ours);
	addr_format(&ret->theirs, theirs);
	if (c->wrong[0])
		emit_wrong(c, &about, out);
	if (c->is_down)
		EMIT(out, diagnose_now(), &about, local_daemon,
			.socket = ev_str("UDP port 500 of this host"));
	EMIT(out, diagnose_now(), &about, conn_facts,
		.ours = ev_str(addr_is_set(&ret->ours) ? ours : "%any"),
		.our_id = ev_str(c->our_id[0] ? c->our_id : ours),
		.our_nets = ev_str(ts_list_format(&ret->our_nets, a)),
		.theirs = ev_str(addr_is_set(&ret->theirs) ? theirs : "%any"),
		.their_id = ev_str(c->their_id[0] ? c->their_id : theirs),
		.their_nets = ev_str(ts_list_format(&ret->their_nets, b)),
		.version = ev_str(c->version), .mode = ev_str(c->mode),
		.authby = ev_str(strcmp(c->authby, "psk") == 0 ? "secret" : c->authby),
		.ike = ev_str(ike), .esp = ev_str(esp), .pfs = ev_str(""),
		.type = ev_str(is_transport ? "transport" : "tunnel"), .narrowing = ev_str(""),
		.encapsulation = ev_str(""), .auto_ = ev_str(c->automatic),
		.dpddelay = ev_u64(strtoull(c->dpd, NULL, 10)), .file = ev_str(c->file),
		.at_line = ev_u64(c->line), .our_side = ev_str("left"), .suite = ev_str(c->suite),
		.digest = ev_str(""), .kernel = ev_str(""), .daemon = ev_str(""),
		.rekey = ev_str(""), .sha2_truncbug = ev_str(""), .mark = ev_str(""),
		.ike_from = ev_str(""), .esp_from = ev_str(""));
}

/* ---- its peer ---- */

unsigned diagnose_ask_their_peer(const struct their_conn *c, const struct local_for *what,
	bool with_transforms, const struct event_sink *out, const char **ret_why)
{
	bool is_v1 = strcmp(c->version, "IKEv1") == 0;
	struct proposals *v1 = WITH_IKEV1 ? their_proposals(c, true) : NULL,
			 *v2 = their_proposals(c, false);
	struct probe_for f = { .conn = c->name,
		.local = { what->ours, 0 },
		.remote = { what->theirs, what->their_port ? what->their_port : 500 },
		.version = is_v1 ? 1 : 2,
		.v1 = v1,
		.v2 = v2,
		.auth = strcmp(c->xauth, "client") == 0	  ? PROBE_XAUTH_CLIENT
			: strcmp(c->xauth, "server") == 0 ? PROBE_XAUTH_SERVER
							  : PROBE_PSK,
		.with_transforms = with_transforms,
		.rng = rng_system() };
	unsigned packets = 0;

	*ret_why = NULL;
	if (!addr_is_set(&what->theirs))
		*ret_why = !c->theirs[0] || c->theirs[0] == '%'
				   ? "it comes from any address: to be asked, it has to be given "
				     "one here; at the peer, this host can be asked"
				   : "its address is not known here";
	else if (is_v1 && !WITH_IKEV1)
		*ret_why = "IKEv1 is not part of this build";
	else if (is_v1 && !their_conn_has_psk(c)) /* how is part of what is offered */
		*ret_why = "first messages of IKEv1 with certificates are not known here";
	else if (!(packets = diagnose_ask(&f, diagnose_now, out)))
		*ret_why = "the connection's own address is none of this host";
	free(v1);
	free(v2);
	return packets;
}

/* Their own daemon is who has to have the port. */
bool diagnose_is_their_daemon(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; e->id == EV_local_socket && i < k->n; i++)
		if (strcmp(k->field[i].name, "command") == 0)
			return is_strongswan(e->row[i].str) || strcmp(e->row[i].str, "pluto") == 0;
	return false;
}
