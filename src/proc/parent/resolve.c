/* Hosts of a connection into addresses: interfaces and the default route at once, names by a
 * short-lived process, which alone speaks DNS; and which end is ours. */
#include "proc/parent/parent.h"

#include "proc/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESOLVE_MS = 6000, RETRY_S = 30 };

static struct addr addr_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;

	if (sa && sa->sa_family == AF_INET)
		return addr_from(bytes_of(&v4->sin_addr, 4));
	if (sa && sa->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return addr_from(bytes_of(&v6->sin6_addr, 16));
	return (struct addr){ 0 };
}

/* The first address of an interface (NULL: any) that is a (NULL: any). family 0: any, v4 before v6.
 */
static struct addr interface_addr(const char *name, const struct addr *a, uint8_t family)
{
	struct ifaddrs *all = NULL;
	struct addr best = { 0 };

	if (getifaddrs(&all) != 0)
		return best;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct addr one = addr_of(i->ifa_addr);

		if (!addr_is_set(&one) || (name && strcmp(i->ifa_name, name) != 0))
			continue;
		if ((a && !addr_eq(a, &one)) || (family && one.family != family))
			continue;
		if (!addr_is_set(&best) || one.family < best.family)
			best = one;
	}
	freeifaddrs(all);
	return best;
}

bool is_local(const struct addr *a)
{
	struct addr found = addr_is_set(a) ? interface_addr(NULL, a, 0) : (struct addr){ 0 };

	return addr_is_set(&found);
}

bool interface_of(const struct addr *a, char *name)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		struct addr one = addr_of(i->ifa_addr);

		found = addr_is_set(&one) && addr_eq(a, &one);
		if (found)
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return found;
}

/* Our address on the way to that one. Nothing is sent: connect() on UDP only asks for a route. */
static struct addr source_for(const struct addr *to)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	bool v4 = to->family != 6;
	socklen_t n = v4 ? sizeof(a.v4) : sizeof(a.v6);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), mark = IPSEC_FWMARK;
	struct addr ret = { 0 };

	if (fd < 0)
		return ret;
	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	a.sa.sa_family = v4 ? AF_INET : AF_INET6;
	if (v4) {
		a.v4.sin_port = htons(500);
		memcpy(&a.v4.sin_addr, to->b, 4);
	} else {
		a.v6.sin6_port = htons(500);
		memcpy(&a.v6.sin6_addr, to->b, 16);
	}
	if (connect(fd, &a.sa, n) == 0 && getsockname(fd, &a.sa, &n) == 0)
		ret = addr_of(&a.sa);
	close(fd);
	return ret;
}

/* Somewhere far away, which only the default route leads to (RFC 5737, RFC 3849 are never routed
 * specially). */
static struct addr far_away(uint8_t family)
{
	struct addr a = { 0 };

	if (addr_parse(family == 6 ? "2001:db8::1" : "198.51.100.1", &a) != OK)
		a = (struct addr){ 0 };
	return a;
}

/* ---- at once ---- */

static bool resolve_local(
	struct parent *p, struct conf_end *e, const struct conf_end *other, uint32_t request)
{
	if (e->host_kind == HOST_IFACE) {
		e->host = interface_addr(e->host_name, NULL, other->host.family);
		if (!addr_is_set(&e->host))
			PARENT_EMIT(p, request, resolve_unknown_interface,
				.host = ev_str(e->host_name));
	} else if (e->host_kind == HOST_DEFAULTROUTE) {
		struct addr to =
			addr_is_set(&other->host) ? other->host : far_away(other->host.family);

		e->host = source_for(&to);
		if (!addr_is_set(&e->host))
			PARENT_EMIT(p, request, resolve_no_route, );
	}
	return true;
}

static void orient(struct conf_conn *c)
{
	bool left = c->left.host_kind == HOST_DEFAULTROUTE || c->left.host_kind == HOST_IFACE ||
		    is_local(&c->left.host);
	bool right = c->right.host_kind == HOST_DEFAULTROUTE || c->right.host_kind == HOST_IFACE ||
		     is_local(&c->right.host);

	c->oriented = left || right;
	c->local_is_left = left;
}

/* ---- names ---- */

struct resolve {
	struct resolve_request r;
	unsigned waits; /* names that are asked for, and one for the caller */
	uv_timer_t later;
};

struct lookup {
	struct list node;
	struct resolve *r;
	struct conf_end *end;
	uv_process_t process;
	uv_timer_t timer;
	int pipe;
	unsigned closing;
};

static void freed(uv_handle_t *h)
{
	struct resolve *r = container_of(h, struct resolve, later);

	free(r);
}

static bool is_known(const struct conf_end *e)
{
	return addr_is_set(&e->host) || e->host_kind == HOST_ANY || e->host_kind == HOST_UNSET ||
	       e->host_kind == HOST_GROUP;
}

static void finish(uv_timer_t *t)
{
	struct resolve *r = container_of(t, struct resolve, later);
	struct conf_conn *c = r->r.c;

	resolve_local(r->r.p, &c->left, &c->right, r->r.request);
	resolve_local(r->r.p, &c->right, &c->left, r->r.request);
	orient(c);
	r->r.p->n_resolves--;
	r->r.done(r->r.ctx, is_known(&c->left) && is_known(&c->right));
	uv_close((uv_handle_t *)t, freed);
}

static void release(struct resolve *r)
{
	if (--r->waits == 0) {
		uv_timer_init(&r->r.p->loop, &r->later);
		uv_timer_start(&r->later, finish, 0, 0);
	}
}

static void lookup_closed(uv_handle_t *h)
{
	struct lookup *l = h->data;

	if (--l->closing == 0)
		free(l);
}

/* The same end as it is loaded, with its address; NULL: it is not, or had another name. */
static const struct conf_end *loaded_end(const struct lookup *l)
{
	const struct conf_conn *c = l->r->r.c;
	struct loaded *loaded = loaded_find(l->r->r.p, c->name);
	const struct conf_end *e = NULL;

	if (loaded && loaded->sent)
		e = l->end == &c->left ? &loaded->sent->left : &loaded->sent->right;
	return e && e->host_kind == HOST_NAME && addr_is_set(&e->host) &&
			       strcmp(e->host_name, l->end->host_name) == 0
		       ? e
		       : NULL;
}

/* Of several addresses the one that is in use stays it, in whatever order they come. False: text
 * has none. */
static bool take_addresses(const char *text, const struct conf_end *was, struct addr *ret)
{
	char line[ADDR_STR];
	struct addr a;

	*ret = (struct addr){ 0 };
	for (; *text; text += strspn(text, "\n")) {
		size_t n = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		text += n;
		if (addr_parse(line, &a))
			continue;
		if (!addr_is_set(ret) || (was && addr_eq(&a, &was->host)))
			*ret = a;
	}
	return addr_is_set(ret);
}

static void say_changed(const struct lookup *l, const struct conf_end *was)
{
	char old[ADDR_STR], now[ADDR_STR];

	if (was && !addr_eq(&was->host, &l->end->host))
		PARENT_EMIT(l->r->r.p, l->r->r.request, resolve_changed,
			.host = ev_str(l->end->host_name),
			.was = ev_str(addr_format(&was->host, old)),
			.is = ev_str(addr_format(&l->end->host, now)),
			.name = ev_str(l->r->r.c->name));
}

/* Numeric addresses, one a line, or a sentence that says why not. Who looks again keeps what there
 * is, while nobody answers. */
static void lookup_ended(uv_process_t *process, int64_t status, int signal)
{
	struct lookup *l = process->data;
	struct resolve *r = l->r;
	const struct conf_end *was = loaded_end(l);
	char text[1024] = "";
	ssize_t n = read(l->pipe, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (signal)
		snprintf(text, sizeof(text), "no answer within %d s", RESOLVE_MS / 1000);
	if (status == 0 && !signal && take_addresses(text, was, &l->end->host)) {
		say_changed(l, was);
	} else if (was && r->r.is_again) {
		l->end->host = was->host;
	} else {
		char clean[1024];

		text[strcspn(text, "\n")] = '\0';
		l->end->host = (struct addr){ 0 };
		PARENT_EMIT(r->r.p, r->r.request, resolve_failed, .host = ev_str(l->end->host_name),
			.why = ev_str(event_escape(bytes_str(text), clean, sizeof(clean))),
			.seconds = ev_u64(RETRY_S), .name = ev_str(r->r.c->name));
	}
	close(l->pipe);
	list_remove(&l->node);
	l->closing = 2;
	uv_close((uv_handle_t *)&l->process, lookup_closed);
	uv_close((uv_handle_t *)&l->timer, lookup_closed);
	release(r);
}

static void lookup_late(uv_timer_t *t)
{
	struct lookup *l = t->data;

	uv_process_kill(&l->process, SIGKILL);
}

static void lookup_start(struct resolve *r, struct conf_end *end)
{
	struct parent *p = r->r.p;
	struct lookup *l = xalloc(sizeof(*l));
	char *file = xasprintf("%s/ipsec-resolve", p->opt.execdir);
	char *args[] = { file, end->host_name, NULL };
	int fds[2] = { -1, -1 }, error;
	uv_stdio_container_t stdio[] = { { .flags = UV_IGNORE }, { .flags = UV_INHERIT_FD },
		{ .flags = UV_IGNORE } };
	uv_process_options_t o = { .exit_cb = lookup_ended,
		.file = file,
		.args = args,
		.stdio = stdio,
		.stdio_count = (int)COUNT(stdio) };

	l->r = r;
	l->end = end;
	l->process.data = l->timer.data = l;
	list_append(&p->lookups, &l->node);
	uv_timer_init(&p->loop, &l->timer);
	if (pipe2(fds, O_CLOEXEC) != 0) {
		fds[0] = fds[1] = -1;
		stdio[1].flags = UV_IGNORE; /* what it says is lost */
	}
	stdio[1].data.fd = fds[1];
	l->pipe = fds[0];
	r->waits++;
	error = uv_spawn(&p->loop, &l->process, &o);
	if (fds[1] >= 0)
		close(fds[1]); /* or what is read has no end */
	if (error == 0)
		uv_timer_start(&l->timer, lookup_late, RESOLVE_MS, 0);
	else
		lookup_ended(&l->process, 1, 0);
	free(file);
}

void resolve_conn(const struct resolve_request *request)
{
	struct resolve *r = xalloc(sizeof(*r));

	r->r = *request;
	r->r.p->n_resolves++;
	r->waits = 1;
	if (!r->r.without_names && r->r.c->left.host_kind == HOST_NAME)
		lookup_start(r, &r->r.c->left);
	if (!r->r.without_names && r->r.c->right.host_kind == HOST_NAME)
		lookup_start(r, &r->r.c->right);
	release(r);
}

bool resolve_is_asking(struct parent *p, const char *conn)
{
	struct lookup *l;

	list_each (l, &p->lookups, struct lookup, node)
		if (strcmp(l->r->r.c->name, conn) == 0)
			return true;
	return false;
}

void resolve_abandon(struct parent *p)
{
	struct lookup *l;

	list_each (l, &p->lookups, struct lookup, node)
		uv_process_kill(&l->process, SIGKILL);
	while (p->n_resolves)
		uv_run(&p->loop, UV_RUN_ONCE);
}
