/* Addresses of this host and of names, as the daemon finds them when it loads a connection. */
#include "cmd/name.h"
#include "cmd/verify.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A resolver that does not answer takes long for each. */
enum { NAMES_MAX = 16 };

static struct addr addr_of(const struct sockaddr *sa)
{
	const void *any = sa;
	const struct sockaddr_in *v4 = any;
	const struct sockaddr_in6 *v6 = any;

	if (sa && sa->sa_family == AF_INET)
		return addr_from(bytes_of(&v4->sin_addr, 4));
	if (sa && sa->sa_family == AF_INET6)
		return addr_from(bytes_of(&v6->sin6_addr, 16));
	return (struct addr){ 0 };
}

size_t facts_locals(struct addr ret[LOCALS_MAX])
{
	struct ifaddrs *all = NULL;
	size_t n = 0;

	if (getifaddrs(&all) != 0)
		return 0;
	for (struct ifaddrs *i = all; i && n < LOCALS_MAX; i = i->ifa_next) {
		ret[n] = addr_of(i->ifa_addr);
		n += addr_is_set(&ret[n]);
	}
	freeifaddrs(all);
	return n;
}

/* Our address on the way to that one: connect() on UDP sends nothing. */
static struct addr source_for(const struct addr *to)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;
	bool is_v6 = to->family == 6;
	socklen_t n = is_v6 ? sizeof(*v6) : sizeof(*v4);
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct addr ret = { 0 };

	if (fd < 0)
		return ret;
	a.ss_family = is_v6 ? AF_INET6 : AF_INET;
	if (is_v6) {
		v6->sin6_port = htons(500);
		memcpy(&v6->sin6_addr, to->b, 16);
	} else {
		v4->sin_port = htons(500);
		memcpy(&v4->sin_addr, to->b, 4);
	}
	if (connect(fd, (struct sockaddr *)&a, n) == 0 &&
		getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		ret = addr_of((struct sockaddr *)&a);
	close(fd);
	return ret;
}

/* Asked for once however many connections have it. */
struct looked_up {
	const char *name;
	struct addr addr;
};

static struct addr look_up(struct looked_up *known, size_t *n, const char *name)
{
	struct name_found found;
	size_t i = 0;

	while (i < *n && strcmp(known[i].name, name) != 0)
		i++;
	if (i < *n)
		return known[i].addr;
	known[i] = (struct looked_up){ .name = name };
	name_look_up(name, &found);
	if (found.n)
		known[i].addr = found.addr[0];
	(*n)++;
	return known[i].addr;
}

static bool is_ours(const struct conf_end *e, const struct addr *local, size_t n)
{
	if (e->host_kind == HOST_DEFAULTROUTE)
		return addr_is_set(&e->host);
	for (size_t i = 0; i < n; i++)
		if (addr_is_set(&e->host) && addr_eq(&e->host, &local[i]))
			return true;
	return e->host_kind == HOST_IFACE;
}

/* One of those that the caller wants: first, while the resolver's time is not used up. */
static bool is_wanted(const struct conf_conn *c, const char *name)
{
	return name && strcmp(c->name, name) == 0;
}

static void look_up_ends(
	struct conf_conn *c, const char *name, struct looked_up *known, size_t *n_known)
{
	struct conf_end *end[] = { &c->left, &c->right };

	for (size_t k = 0; k < COUNT(end); k++)
		if (end[k]->host_kind == HOST_NAME && *n_known < NAMES_MAX &&
			!(name && !is_wanted(c, name) && name_is_silent()))
			end[k]->host = look_up(known, n_known, end[k]->host_name);
}

void facts_resolve(struct conf *conf, const char *name, const struct addr *local, size_t n)
{
	struct looked_up known[NAMES_MAX + 1];
	size_t n_known = 0;

	for (size_t i = 0; i < conf->n; i++)
		if (is_wanted(conf->conn[i], name))
			look_up_ends(conf->conn[i], name, known, &n_known);
	for (size_t i = 0; i < conf->n; i++) {
		struct conf_conn *c = conf->conn[i];
		struct conf_end *end[] = { &c->left, &c->right };

		if (c->automatic == AUTO_IGNORE && !is_wanted(c, name))
			continue;
		look_up_ends(c, name, known, &n_known);
		for (size_t k = 0; k < COUNT(end); k++) {
			struct addr to = end[!k]->host;

			if (!addr_is_set(&to) && addr_parse("198.51.100.1", &to) != OK)
				continue; /* far away: the default route (RFC 5737) */
			if (end[k]->host_kind == HOST_DEFAULTROUTE)
				end[k]->host = source_for(&to);
		}
		c->local_is_left = is_ours(&c->left, local, n);
		c->oriented = c->local_is_left || is_ours(&c->right, local, n);
	}
}
