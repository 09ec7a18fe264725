/* Users of XAUTH: theirs against the file of users, ours out of ipsec.secrets or as people gave
 * them with "ipsec up". Passwords are wiped where they came in. */
#include "proc/keys/keys.h"

#include "config_build.h"
#include "ipsec/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	/* of one connection: a hash takes milliseconds, in which nobody else is answered */
	VERIFIES_PER_SECOND = 50,
	LOGINS_MAX = 256,
};

/* What people gave with "ipsec up NAME": until it goes down. */
struct login {
	struct list node;
	char *name; /* of a connection or its alias */
	char *user;
	struct secret password;
};

/* Why the connection may not ask; NULL: it may. */
static const char *refusal(const struct key_conn *c)
{
	if (!WITH_IKEV1)
		return "this build has no IKEv1";
	if (!c)
		return "it is not loaded";
	return c->conf->version == VERSION_IKEV1 ? NULL : "it is not one of IKEv1";
}

static void answer(struct keys *k, const struct msg_xauth_answer *m)
{
	line_send_fd(&k->p.line[WHO_IKE],
		&(struct msg){ .id = MSG_xauth_answer, .xauth_answer = *m }, -1);
}

static void refuse(struct keys *k, uint32_t ask, const char *conn, const char *why)
{
	PROCESS_EMIT(&k->p, secret_refused, .name = ev_str(conn), .why = ev_str(why));
	answer(k, &(struct msg_xauth_answer){ .ask = ask, .e = ERR_DENIED, .where = why });
}

/* ---- theirs ---- */

static void verify(struct keys *k, const struct key_conn *c, const struct msg_xauth_verify *m)
{
	struct msg_xauth_answer a = { .ask = m->ask, .e = ERR_DENIED };
	struct passwd_found found = { 0 };
	char where[1024];

	if (c->conf->xauthby == XAUTHBY_ALWAYSOK) {
		a.e = OK;
		snprintf(where, sizeof(where), "xauthby=alwaysok");
	} else if (!k->passwd || passwd_count(k->passwd) == 0)
		snprintf(where, sizeof(where), "there are no users in %s",
			k->passwd_path ? k->passwd_path : "?");
	else if (passwd_verify(k->passwd, c->conf, m->user, m->password, &found) == OK) {
		a.e = OK;
		a.lease = found.lease;
		snprintf(where, sizeof(where), "%s:%u", k->passwd_path, found.line);
	} else
		snprintf(where, sizeof(where), "user or password are wrong, by %s", k->passwd_path);
	a.where = where;
	answer(k, &a);
}

void xauth_verify(struct keys *k, const struct msg_xauth_verify *m)
{
	struct key_conn *c = keys_conn(k, m->conn);
	const char *why = refusal(c);

	if (!why && (strlen(m->user) > LIMIT_XAUTH_USER || m->password.n > LIMIT_XAUTH_PASSWORD))
		why = "user or password are too long";
	if (!why && !keys_may(&c->xauth, VERIFIES_PER_SECOND))
		why = "too many users a second";
	if (why)
		refuse(k, m->ask, m->conn, why);
	else
		verify(k, c, m);
	bytes_wipe(m->password);
}

/* ---- ours ---- */

static void login_free(struct keys *k, struct login *l)
{
	k->n_logins--;
	list_remove(&l->node);
	free(l->name);
	free(l->user);
	secret_done(&l->password);
	free(l);
}

/* The latest that was given for the connection. */
static const struct login *login_of(const struct keys *k, const struct conf_conn *c)
{
	const struct login *l, *ret = NULL;

	list_each (l, &k->logins, struct login, node)
		if (conf_conn_is_called(c, l->name))
			ret = l;
	return ret;
}

static struct login *login_named(const struct keys *k, const char *name)
{
	struct login *l;

	list_each (l, &k->logins, struct login, node)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

static struct login *login_new(struct keys *k, const char *name)
{
	struct login *l = xalloc(sizeof(*l));

	if (k->n_logins == LOGINS_MAX)
		login_free(k, list_item(k->logins.next, struct login, node));
	l->name = xstrdup(name);
	list_append(&k->logins, &l->node);
	k->n_logins++;
	return l;
}

void xauth_login(struct keys *k, const struct msg_xauth_login *m)
{
	struct login *l = login_named(k, m->name);

	if (m->user[0]) {
		l = l ? l : login_new(k, m->name);
		free(l->user);
		secret_done(&l->password);
		l->user = xstrdup(m->user);
		l->password = secret_from(m->password);
	} else if (l)
		login_free(k, l);
	bytes_wipe(m->password);
}

void xauth_done(struct keys *k)
{
	struct login *l;

	list_each (l, &k->logins, struct login, node)
		login_free(k, l);
}

void xauth_secret(struct keys *k, const struct msg_xauth_secret *m)
{
	struct key_conn *c = keys_conn(k, m->conn);
	const char *why = refusal(c);
	struct msg_xauth_answer a = { .ask = m->ask, .e = ERR_NOT_FOUND, .user = m->user };
	struct secrets_where found = { 0 };
	const struct login *l;
	char where[1024];

	if (why) {
		refuse(k, m->ask, m->conn, why);
		return;
	}
	/* control said it before the command that led here */
	while (line_receive(&k->p.line[WHO_CONTROL]))
		;
	l = login_of(k, c->conf);
	if (l && l->password.n) {
		a.e = OK;
		a.user = l->user;
		a.password = secret_view(&l->password);
		snprintf(where, sizeof(where), "ipsec up");
	} else {
		if (l)
			a.user = l->user;
		if (k->secrets && a.user[0])
			a.e = (uint8_t)secrets_xauth(k->secrets, a.user, &a.password, &found);
		if (a.e == OK)
			snprintf(where, sizeof(where), "%s:%u", found.file, found.line);
		else if (a.user[0])
			snprintf(where, sizeof(where), "no XAUTH password of this user in %s",
				k->path ? k->path : "?");
		else
			snprintf(where, sizeof(where),
				"no user name: write leftusername=, or ipsec up NAME --xauthuser "
				"USER");
	}
	a.where = where;
	answer(k, &a);
}
