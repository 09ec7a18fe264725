#include "cmd/their_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SET(field, value) snprintf((field), sizeof(field), "%s", (value) ? (value) : "")

/* The first of "a, b". */
static void first(char *ret, size_t n, const char *list)
{
	list = list ? list + strspn(list, " ,") : "";
	snprintf(ret, n, "%.*s", (int)strcspn(list, " ,"), list);
}

static void set_version(struct their_conn *c, bool is_v1, bool is_aggressive)
{
	SET(c->version, is_v1 ? "IKEv1" : "IKEv2");
	SET(c->mode, !is_v1 ? "" : is_aggressive ? "aggressive" : "main");
}

/* ---- swanctl.conf ---- */

static const char *sw(const struct swanctl *s, const char *conn, const char *key)
{
	char *path = xasprintf("connections.%s.%s", conn, key);
	const char *v = swanctl_value(s, path);

	free(path);
	return v;
}

/* The first section of that kind, "local" or "local-1": its value. */
static const char *sw_end(
	const struct swanctl *s, const char *conn, const char *kind, const char *key)
{
	char *path = xasprintf("connections.%s", conn), *whole;
	const char *name, *v = NULL;

	for (size_t i = 0; !v && (name = swanctl_section(s, path, i)); i++) {
		if (strncmp(name, kind, strlen(kind)) != 0)
			continue;
		whole = xasprintf("%s.%s", name, key);
		v = sw(s, conn, whole);
		free(whole);
	}
	free(path);
	if (v)
		return v;
	whole = xasprintf("%s.%s", kind, key); /* what a reference has */
	v = sw(s, conn, whole);
	free(whole);
	return v;
}

/* Which end proves itself with XAUTH: a second round of the one, after the key. */
static const char *sw_xauth(const struct swanctl *s, const char *conn)
{
	char *path = xasprintf("connections.%s", conn);
	const char *name, *auth, *ret = "";

	for (size_t i = 0; !*ret && (name = swanctl_section(s, path, i)); i++) {
		char *whole = xasprintf("%s.auth", name);

		auth = sw(s, conn, whole);
		free(whole);
		if (auth && strncmp(auth, "xauth", 5) == 0)
			ret = strncmp(name, "local", 5) == 0 ? "client" : "server";
	}
	free(path);
	return ret;
}

/* The connection that the name is of, and its child: that of the name, or the first. */
static bool sw_find(const struct swanctl *s, const char *name, struct their_conn *c)
{
	const char *conn, *child;

	for (size_t i = 0; (conn = swanctl_section(s, "connections", i)); i++) {
		char *path = xasprintf("connections.%s.children", conn);
		bool is_it = strcmp(conn, name) == 0;

		c->child[0] = '\0';
		for (size_t k = 0; (child = swanctl_section(s, path, k)); k++)
			if (strcmp(child, name) == 0 || (is_it && !c->child[0]))
				SET(c->child, child);
		free(path);
		if (is_it || strcmp(c->child, name) == 0) {
			SET(c->name, conn);
			return true;
		}
	}
	return false;
}

static const char *sw_child(const struct swanctl *s, const struct their_conn *c, const char *key)
{
	char *path = xasprintf("children.%s.%s", c->child, key);
	const char *v = c->child[0] ? sw(s, c->name, path) : NULL;

	free(path);
	return v;
}

/* Without "[tcp/80]"; "dynamic" is the host itself. */
static void sw_nets(char *ret, size_t n, const char *list)
{
	size_t k = 0;

	ret[0] = '\0';
	while (list && *list && k < n) {
		size_t len = strcspn(list, ",[ ");

		if (len && strncmp(list, "dynamic", len) != 0)
			k += (size_t)snprintf(
				ret + k, n - k, "%s%.*s", k ? "," : "", (int)len, list);
		list += strcspn(list, ",");
		list += strspn(list, ", \t\n");
	}
}

bool their_conn_swanctl(const struct swanctl *s, const char *name, struct their_conn *ret)
{
	struct their_conn c = { .suite = "swanctl" };
	const char *file = "", *version, *aggressive;
	char *path;

	if (!sw_find(s, name, &c))
		return false;
	path = xasprintf("connections.%s", c.name);
	if (swanctl_place(s, path, &file, &c.line))
		SET(c.file, file);
	free(path);
	first(c.ours, sizeof(c.ours), sw(s, c.name, "local_addrs"));
	first(c.theirs, sizeof(c.theirs), sw(s, c.name, "remote_addrs"));
	SET(c.our_port, sw(s, c.name, "local_port"));
	SET(c.their_port, sw(s, c.name, "remote_port"));
	SET(c.our_id, sw_end(s, c.name, "local", "id"));
	SET(c.their_id, sw_end(s, c.name, "remote", "id"));
	SET(c.authby, sw_end(s, c.name, "local", "auth"));
	SET(c.xauth, sw_xauth(s, c.name));
	version = sw(s, c.name, "version");
	aggressive = sw(s, c.name, "aggressive");
	set_version(&c, version && strcmp(version, "1") == 0,
		aggressive && strcmp(aggressive, "yes") == 0);
	SET(c.ike, sw(s, c.name, "proposals"));
	SET(c.dpd, sw(s, c.name, "dpd_delay"));
	SET(c.esp, sw_child(s, &c, "esp_proposals"));
	SET(c.type, sw_child(s, &c, "mode"));
	SET(c.automatic, sw_child(s, &c, "start_action"));
	sw_nets(c.our_nets, sizeof(c.our_nets), sw_child(s, &c, "local_ts"));
	sw_nets(c.their_nets, sizeof(c.their_nets), sw_child(s, &c, "remote_ts"));
	*ret = c;
	return true;
}

/* ---- ipsec.conf ---- */

static const struct section *conf_section(const struct lexed *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->section[i].is_setup && strcmp(l->section[i].name, name) == 0)
			return &l->section[i];
	return NULL;
}

/* The conn's own, else what also= names, else conn %default's. */
static const char *conf_value(
	const struct lexed *l, const struct section *s, const char *key, unsigned depth)
{
	const char *v = NULL;

	for (size_t i = s->n; i > 0 && !v; i--)
		if (strcasecmp(s->item[i - 1].key, key) == 0)
			v = s->item[i - 1].value;
	for (size_t i = 0; i < s->n && !v && depth < 8; i++)
		if (strcasecmp(s->item[i].key, "also") == 0) {
			const struct section *to = conf_section(l, s->item[i].value);

			v = to ? conf_value(l, to, key, depth + 1) : NULL;
		}
	s = !v && depth == 0 ? conf_section(l, "%default") : NULL;
	return s ? conf_value(l, s, key, 8) : v;
}

static const char *conf_xauth(const struct lexed *l, const struct section *s)
{
	const char *by = conf_value(l, s, "authby", 0), *role = conf_value(l, s, "xauth", 0),
		   *ours = conf_value(l, s, "leftauth2", 0),
		   *theirs = conf_value(l, s, "rightauth2", 0);

	if (by && strncmp(by, "xauth", 5) == 0)
		return role && strcmp(role, "server") == 0 ? "server" : "client";
	if (ours && strncmp(ours, "xauth", 5) == 0)
		return "client";
	return theirs && strncmp(theirs, "xauth", 5) == 0 ? "server" : "";
}

bool their_conn_ipsec_conf(const struct lexed *l, const char *name, struct their_conn *ret)
{
	const struct section *s = conf_section(l, name);
	struct their_conn c = { .suite = "strongswan" };
	const char *v;

	if (!s)
		return false;
#define VALUE(key) conf_value(l, s, key, 0)
	SET(c.name, name);
	SET(c.file, s->file);
	c.line = s->line;
	first(c.ours, sizeof(c.ours), VALUE("left"));
	first(c.theirs, sizeof(c.theirs), VALUE("right"));
	SET(c.our_port, VALUE("leftikeport"));
	SET(c.their_port, VALUE("rightikeport"));
	SET(c.our_id, VALUE("leftid"));
	SET(c.their_id, VALUE("rightid"));
	sw_nets(c.our_nets, sizeof(c.our_nets), VALUE("leftsubnet"));
	sw_nets(c.their_nets, sizeof(c.their_nets), VALUE("rightsubnet"));
	v = VALUE("leftauth");
	SET(c.authby, v ? v : VALUE("authby"));
	SET(c.xauth, conf_xauth(l, s));
	SET(c.ike, VALUE("ike"));
	SET(c.esp, VALUE("esp"));
	SET(c.type, VALUE("type"));
	SET(c.automatic, VALUE("auto"));
	SET(c.dpd, VALUE("dpddelay"));
	v = VALUE("aggressive");
	set_version(&c, VALUE("keyexchange") && strcmp(VALUE("keyexchange"), "ikev1") == 0,
		v && strcmp(v, "yes") == 0);
#undef VALUE
	*ret = c;
	return true;
}

bool their_conn_is_strongswan(const struct lexed *l)
{
	static const char *const words[] = { "charondebug", "strictcrlpolicy", "cachecrls",
		"leftfirewall", "rightfirewall", "rightsourceip", "eap_identity", "closeaction",
		"leftauth2", "rightauth2", "installpolicy" };

	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->section[i].n; k++) {
			const struct item *item = &l->section[i].item[k];
			bool is_list =
				strcmp(item->key, "ike") == 0 || strcmp(item->key, "esp") == 0;
			size_t len = strlen(item->value);

			if (is_list && len && item->value[len - 1] == '!')
				return true;
			for (size_t w = 0; w < COUNT(words); w++)
				if (strcasecmp(item->key, words[w]) == 0)
					return true;
		}
	return false;
}

char *their_conn_nearest(const struct swanctl *s, const struct lexed *l, const char *name,
	char hint[static NEAREST_HINT])
{
	struct nearest n = nearest_to(name);
	const char *word;

	for (size_t i = 0; s && (word = swanctl_section(s, "connections", i)); i++)
		nearest_try(&n, word);
	for (size_t i = 0; l && i < l->n; i++)
		if (!l->section[i].is_setup && l->section[i].name[0] != '%')
			nearest_try(&n, l->section[i].name);
	return nearest_hint(&n, hint);
}

static void swap(char *a, char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

void their_conn_swap(struct their_conn *c)
{
	swap(c->ours, c->theirs, sizeof(c->ours));
	swap(c->our_id, c->their_id, sizeof(c->our_id));
	swap(c->our_nets, c->their_nets, sizeof(c->our_nets));
	swap(c->our_port, c->their_port, sizeof(c->our_port));
	if (c->xauth[0])
		SET(c->xauth, strcmp(c->xauth, "client") == 0 ? "server" : "client");
}

bool their_conn_has_psk(const struct their_conn *c)
{
	static const char *const words[] = { "psk", "secret", "xauthpsk" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(c->authby, words[i]) == 0)
			return true;
	return false;
}
