/* ipsec-keys: the only process that knows pre-shared keys. It talks to nobody outside, reads files
 * that the parent opens, and gives MACs made with a key, never the key. */
#include "proc/keys/keys.h"

#include "config_build.h"
#include "crypto/prf.h"
#include "ipsec/limits.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MAX = 8 << 20,
	ASKS_PER_SECOND = 2000, /* of one connection: more is no peer but an oracle's user */
	SKEYID_NONCE_MIN = 8,	/* RFC 2409 5 */
};

/* ---- reading: the parent opens ---- */

/* Waits for the parent's answer, whatever else it says first. */
static void await(struct keys *k, const bool *done, const int *error)
{
	struct line *parent = &k->p.line[WHO_PARENT];

	while (!*done && *error == -1) {
		struct pollfd f = { .fd = parent->fd, .events = POLLIN };

		poll(&f, 1, -1);
		line_receive(parent);
	}
}

static char *read_all(int fd, size_t *ret_n)
{
	struct stat st;
	char *text;
	size_t n = 0;
	ssize_t got;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	text = xalloc((size_t)st.st_size + 1);
	while (n < (size_t)st.st_size &&
		(got = pread(fd, text + n, (size_t)st.st_size - n, (off_t)n)) > 0)
		n += (size_t)got;
	*ret_n = n;
	return text;
}

/* Says what is read, and whether others may. */
static void tell_file(struct keys *k, const char *path, int fd)
{
	struct stat st = { 0 };
	char mode[16];

	if (fstat(fd, &st) != 0)
		st.st_mode = 0;
	REQUEST_EMIT(&k->p, k->request, secrets_loading, .file = ev_str(path),
		.written = ev_u64(st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0));
	if (!(st.st_mode & 077))
		return;
	snprintf(mode, sizeof(mode), "%04o", st.st_mode & 07777);
	REQUEST_EMIT(&k->p, k->request, secrets_mode, .file = ev_str(path), .mode = ev_str(mode));
}

static char *source_read(void *ctx, const char *path, size_t *ret_n)
{
	struct keys *k = ctx;
	const bool never = false;
	char *text;
	int fd;

	k->file_error = -1;
	LINE_SEND(&k->p.line[WHO_PARENT], secrets_open, .path = path);
	await(k, &never, &k->file_error);
	if (k->file_error != 0) {
		errno = k->file_error;
		return NULL;
	}
	fd = k->p.fd[DESC_FILE];
	k->p.fd[DESC_FILE] = -1;
	tell_file(k, path, fd);
	text = read_all(fd, ret_n);
	close(fd);
	return text;
}

static char **source_glob(void *ctx, const char *pattern)
{
	struct keys *k = ctx;
	const int waiting = -1;
	char **names = xalloc(sizeof(*names));
	size_t n = 0;

	k->has_names = false;
	LINE_SEND(&k->p.line[WHO_PARENT], secrets_glob, .pattern = pattern);
	await(k, &k->has_names, &waiting);
	for (size_t at = 0; at < k->names.n;) {
		const char *one = (const char *)k->names.p + at;

		names = xrealloc(names, (n + 2) * sizeof(*names));
		names[n++] = xstrdup(one);
		names[n] = NULL;
		at += strlen(one) + 1;
	}
	buf_done(&k->names);
	return names;
}

static void report_issues(
	struct keys *k, uint32_t request, const struct conf_issue *issue, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (issue[i].is_error)
			REQUEST_EMIT(&k->p, request, config_error, .file = ev_str(issue[i].file),
				.at_line = ev_u64(issue[i].line), .what = ev_str(issue[i].text),
				.name = ev_str(""));
		else
			REQUEST_EMIT(&k->p, request, config_warning, .file = ev_str(issue[i].file),
				.at_line = ev_u64(issue[i].line), .what = ev_str(issue[i].text));
}

/* The users of XAUTH. */
static void read_passwd(struct keys *k, const struct conf_source *source)
{
	const struct conf_issue *issue = NULL;
	size_t n;

	passwd_free(k->passwd);
	k->passwd = passwd_parse(source, k->passwd_path);
	n = passwd_issues(k->passwd, &issue);
	report_issues(k, k->request, issue, n);
}

static void read_secrets(struct keys *k, uint32_t request)
{
	struct conf_source source = { source_read, source_glob, k };
	const struct conf_issue *issue = NULL;
	size_t n;

	k->request = request;
	if (k->secrets)
		REQUEST_EMIT(&k->p, request, secrets_forgetting, );
	secrets_free(k->secrets);
	k->secrets = NULL;
	k->secrets = secrets_parse(&source, k->path);
	n = secrets_issues(k->secrets, &issue);
	report_issues(k, request, issue, n);
	if (WITH_IKEV1)
		read_passwd(k, &source);
	LINE_SEND(&k->p.line[WHO_PARENT], secrets_done, .request = request,
		.count = (uint32_t)secrets_count(k->secrets));
	if (request)
		REQUEST_EMIT(&k->p, request, request_done, .exit = ev_u64(0));
}

static void list_secrets(struct keys *k, uint32_t request)
{
	char text[1024];

	REQUEST_EMIT(&k->p, request, status_blank, );
	REQUEST_EMIT(&k->p, request, status_heading, .text = ev_str("List of Public Keys:"));
	REQUEST_EMIT(&k->p, request, status_blank, );
	snprintf(text, sizeof(text), "List of Pre-shared secrets (from %s)",
		k->path ? k->path : "?");
	REQUEST_EMIT(&k->p, request, status_heading, .text = ev_str(text));
	REQUEST_EMIT(&k->p, request, status_blank, );
	for (size_t i = 0; k->secrets && secrets_list(k->secrets, i, text, sizeof(text)); i++)
		REQUEST_EMIT(&k->p, request, secret_status, .text = ev_str(text));
	REQUEST_EMIT(&k->p, request, status_blank, );
	REQUEST_EMIT(&k->p, request, request_done, .exit = ev_u64(0));
}

/* ---- connections ---- */

static struct key_conn *find(struct keys *k, const char *name)
{
	return names_get(&k->by_name, name, 0);
}

static void forget(struct keys *k, struct key_conn *c)
{
	names_del(&k->by_name, c->conf->name, strlen(c->conf->name), c);
	list_remove(&c->node);
	conf_conn_free(c->conf);
	free(c);
}

static void take_conn(struct keys *k, struct bytes blob)
{
	struct rd r = rd_from(blob);
	struct key_conn *c = xalloc(sizeof(*c)), *old;

	if (conf_conn_get(&r, &c->conf) != OK || !rd_end(&r))
		abort(); /* only our own parent speaks here */
	if ((old = find(k, c->conf->name)))
		forget(k, old);
	list_append(&k->conns, &c->node);
	names_add(&k->by_name, c->conf->name, strlen(c->conf->name), c);
}

bool keys_may(struct key_budget *b, unsigned per_second)
{
	ns_t now = process_now().mono;

	if (now - b->refilled >= NS_S) {
		b->refilled = now;
		b->tokens = per_second;
	}
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}

struct key_conn *keys_conn(struct keys *k, const char *name)
{
	struct key_conn *c = find(k, name);

	/* The parent told us before ike: what it said may still lie on its line. */
	while (!c && line_receive(&k->p.line[WHO_PARENT]))
		c = find(k, name);
	return c;
}

/* Has the connection the right to speak as ours? */
static bool may_be(const struct conf_conn *c, const struct id *ours)
{
	bool any = false;

	for (unsigned i = 0; i < 2; i++) {
		const struct conf_end *end = i ? &c->right : &c->left;

		if (c->oriented && (i == 0) != c->local_is_left)
			continue;
		any = any || end->id.type == ID_NONE || end->id.type == ID_ANY ||
		      id_eq(&end->id, ours);
	}
	return any;
}

/* ---- asks ---- */

#define KEY_PAD "Key Pad for IKEv2"

enum err keys_auth(uint16_t id, struct bytes psk, struct bytes octets, struct secret *ret)
{
	struct bytes pad = bytes_str(KEY_PAD);
	struct secret key = { 0 };
	enum err e;

	if ((e = prf(id, psk, &pad, 1, &key)))
		goto out;
	e = prf(id, secret_view(&key), &octets, 1, ret);
out:
	secret_done(&key);
	return e;
}

/* RFC 2409 5: SKEYID = prf(PSK, Ni_b | Nr_b) */
static enum err make_skeyid(uint16_t id, struct bytes psk, struct bytes nonces, struct secret *ret)
{
	return prf(id, psk, &nonces, 1, ret);
}

/* May ike have this? What belongs to one version opens nothing of the other: a SKEYID over the pad
 * would be the key of every AUTH. */
static const char *use_refusal(const struct conf_conn *c, const struct msg_psk *m)
{
	bool is_v1 = c->version == VERSION_IKEV1;

	if (m->is_skeyid && !WITH_IKEV1)
		return "this build has no IKEv1";
	if (is_v1 != (m->is_skeyid != 0))
		return is_v1 ? "it is one of IKEv1" : "it is one of IKEv2";
	if (!m->is_skeyid)
		return NULL;
	if (m->prf != PRF_HMAC_MD5 && m->prf != PRF_HMAC_SHA1 && m->prf != PRF_HMAC_SHA2_256 &&
		m->prf != PRF_HMAC_SHA2_384 && m->prf != PRF_HMAC_SHA2_512)
		return "IKEv1 has no such PRF";
	if (m->octets.n < 2 * SKEYID_NONCE_MIN || m->octets.n > 2 * LIMIT_NONCE_MAX ||
		bytes_eq(m->octets, bytes_str(KEY_PAD)))
		return "what it wants SKEYID of are no nonces";
	return NULL;
}

struct ask {
	const struct msg_psk *m;
	struct id ours, theirs;
	char our_text[ID_STR], their_text[ID_STR], where[1024];
	struct secrets_where used;
	struct fits fits;
};

static void answer(struct keys *k, const struct ask *a, enum err e, struct bytes mac)
{
	LINE_SEND(&k->p.line[WHO_IKE], psk_answer, .ask = a->m->ask, .e = (uint8_t)e, .mac = mac,
		.where = a->where, .fits = a->fits.where, .variant = (uint8_t)a->fits.variant);
}

static void warn(struct keys *k, const struct ask *a, enum err e, const struct secrets_where *w)
{
	struct event_about about = { .conn = a->m->conn };
	struct now now = process_now();

	if (e == ERR_NOT_FOUND)
		EMIT(&k->p.events, now, &about, secret_missing, .ours = ev_str(a->our_text),
			.theirs = ev_str(a->their_text), .file = ev_str(k->path));
	if (e != OK || a->m->for_peer)
		return; /* one warning for each exchange is enough */
	if (w->is_weak)
		EMIT(&k->p.events, now, &about, secret_weak, .where = ev_str(a->where));
	if (w->also)
		EMIT(&k->p.events, now, &about, secret_ambiguous, .also = ev_u64(w->also),
			.ours = ev_str(a->our_text), .theirs = ev_str(a->their_text),
			.where = ev_str(a->where));
}

/* Why the connection may not have a key; NULL: it may. */
static const char *refusal(const struct ask *a, struct key_conn *c)
{
	const char *why;

	if (!c)
		return "it is not loaded";
	if (!may_be(c->conf, &a->ours))
		return "its identity is another";
	if ((why = use_refusal(c->conf, a->m)))
		return why;
	return keys_may(&c->psk, ASKS_PER_SECOND) ? NULL : "too many asks a second";
}

static enum err look_up(struct keys *k, struct ask *a, struct bytes *ret)
{
	struct secrets_where *where = &a->used;
	enum err e = ERR_NOT_FOUND;

	if (k->secrets)
		e = secrets_psk(k->secrets, &a->ours, &a->theirs, &a->m->our_addr,
			&a->m->their_addr, ret, where);
	if (e == OK)
		snprintf(a->where, sizeof(a->where), "%s:%u", where->file, where->line);
	else
		snprintf(a->where, sizeof(a->where), "no PSK for these identities in %s", k->path);
	warn(k, a, e, where);
	return e;
}

static enum err make(struct keys *k, struct ask *a, struct bytes psk, struct secret *ret)
{
	struct event_about about = { .conn = a->m->conn };
	enum err e;

	if (a->m->is_skeyid)
		return make_skeyid(a->m->prf, psk, a->m->octets, ret);
	if ((e = keys_auth(a->m->prf, psk, a->m->octets, ret)) || !a->m->for_peer)
		return e;
	keys_fits(k, a->m, &a->ours, &a->used, secret_view(ret), &a->fits);
	if (a->fits.tried)
		EMIT(&k->p.events, process_now(), &about, secret_compared,
			.tried = ev_u64(a->fits.tried), .where = ev_str(a->where),
			.fits = ev_str(a->fits.where),
			.variant = ev_str(variant_name(a->fits.variant)));
	return OK;
}

static void take_ask(struct keys *k, struct ask *a, struct key_conn *c)
{
	const char *why = refusal(a, c);
	struct secret mac = { 0 };
	struct bytes psk = BYTES_NONE;
	enum err e = ERR_DENIED;

	id_format(&a->ours, a->our_text, sizeof(a->our_text));
	id_format(&a->theirs, a->their_text, sizeof(a->their_text));
	if (why)
		PROCESS_EMIT(&k->p, secret_refused, .name = ev_str(a->m->conn), .why = ev_str(why));
	else if ((e = look_up(k, a, &psk)) == OK)
		e = make(k, a, psk, &mac);
	answer(k, a, e, secret_view(&mac));
	secret_done(&mac);
}

static void on_psk(struct keys *k, const struct msg_psk *m)
{
	struct ask a = { .m = m };
	struct key_conn *c = keys_conn(k, m->conn);

	if (ipc_id_take(&m->ours, &a.ours) != OK || ipc_id_take(&m->theirs, &a.theirs) != OK)
		abort(); /* ike has checked what the peer sent */
	take_ask(k, &a, c);
	id_done(&a.ours);
	id_done(&a.theirs);
}

static void set_path(char **path, const char *to)
{
	free(*path);
	*path = xstrdup(to);
}

static void message(void *ctx, struct line *from, const struct msg *m)
{
	struct keys *k = ctx;
	struct key_conn *c;

	(void)from;
	switch ((int)m->id) {
	case MSG_conn_load:
		take_conn(k, m->conn_load.conn);
		break;
	case MSG_conn_unload:
		if ((c = find(k, m->conn_unload.name)))
			forget(k, c);
		break;
	case MSG_secrets_read: {
		uint32_t request = m->secrets_read.request;

		/* what the parent says while it is read takes the message's place */
		set_path(&k->path, m->secrets_read.path);
		set_path(&k->passwd_path, m->secrets_read.passwd);
		read_secrets(k, request);
		break;
	}
	case MSG_secrets_file:
		k->file_error = 0;
		break;
	case MSG_secrets_refused:
		k->file_error = (int)m->secrets_refused.error;
		break;
	case MSG_secrets_names:
		k->names = buf_from(m->secrets_names.names);
		k->has_names = true;
		break;
	case MSG_secrets_list:
		list_secrets(k, m->secrets_list.request);
		break;
	case MSG_psk:
		on_psk(k, &m->psk);
		break;
	case MSG_xauth_verify:
		xauth_verify(k, &m->xauth_verify);
		break;
	case MSG_xauth_secret:
		xauth_secret(k, &m->xauth_secret);
		break;
	case MSG_xauth_login:
		xauth_login(k, &m->xauth_login);
		break;
	default:
		break;
	}
}

static bool begin(void *ctx)
{
	(void)ctx;
	return crypto_begin() == OK;
}

int main(void)
{
	static const struct process_ops ops = { .begin = begin, .message = message };
	struct keys *k = xalloc(sizeof(*k));
	struct key_conn *c;
	int status;

	list_init(&k->conns);
	list_init(&k->logins);
	names_init(&k->by_name, 0);
	status = process_run(&k->p, WHO_KEYS, &ops, k);
	list_each (c, &k->conns, struct key_conn, node)
		forget(k, c);
	names_done(&k->by_name);
	secrets_free(k->secrets);
	passwd_free(k->passwd);
	xauth_done(k);
	buf_done(&k->names);
	free(k->path);
	free(k->passwd_path);
	free(k);
	return status;
}
