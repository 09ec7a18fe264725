/* Where this host sends packets: addresses and routes, as the kernel and ip(8) tell. */
#include "cmd/local.h"

#include <ifaddrs.h>
#include <jansson.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { NETS_MAX = 8 };
#define MARK  "0xdc220" /* of our own packets, which no tunnel takes (proc/names.h) */
#define TABLE "220"	/* of routes into tunnels (proc/names.h) */

static struct addr addr_of(const struct sockaddr *sa)
{
	const void *p = sa;

	if (sa && sa->sa_family == AF_INET)
		return addr_from(bytes_of(&((const struct sockaddr_in *)p)->sin_addr, 4));
	if (sa && sa->sa_family == AF_INET6)
		return addr_from(bytes_of(&((const struct sockaddr_in6 *)p)->sin6_addr, 16));
	return (struct addr){ 0 };
}

static uint8_t bits_of(const struct addr *mask)
{
	struct bytes b = addr_bytes(mask);
	unsigned n = 0;

	for (size_t i = 0; i < b.n; i++)
		n += (unsigned)__builtin_popcount(b.p[i]);
	return (uint8_t)n;
}

void local_connected(void (*f)(void *ctx, const char *device, const struct prefix *p), void *ctx)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct addr a = addr_of(i->ifa_addr), mask = addr_of(i->ifa_netmask);

		if (addr_is_set(&a) && (i->ifa_flags & IFF_UP))
			f(ctx, i->ifa_name, &(struct prefix){ a, bits_of(&mask) });
	}
	freeifaddrs(all);
}

struct here {
	struct addr addr;
	bool is_found;
};

static void take_here(void *ctx, const char *device, const struct prefix *p)
{
	struct here *x = ctx;

	(void)device;
	x->is_found |= addr_eq(&p->addr, &x->addr);
}

bool local_is_here(const struct addr *a)
{
	struct here x = { *a, false };

	local_connected(take_here, &x);
	return x.is_found;
}

/* ---- addresses ---- */

struct addresses {
	const struct local *l;
	char device[32], inner[ADDR_STR];
};

static void take_address(void *ctx, const char *device, const struct prefix *p)
{
	struct addresses *x = ctx;

	if (addr_eq(&p->addr, &x->l->what->ours))
		snprintf(x->device, sizeof(x->device), "%s", device);
	if (!x->inner[0] && ts_list_has(&x->l->what->our_nets, 0, &p->addr, 0))
		addr_format(&p->addr, x->inner);
}

/* A device that is down keeps its addresses, and has no routes. */
static bool is_on_down_device(const struct addr *a, char *ret, size_t n)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		struct addr there = addr_of(i->ifa_addr);

		found = addr_eq(&there, a) && !(i->ifa_flags & IFF_UP);
		if (found)
			snprintf(ret, n, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return found;
}

void local_addresses(const struct local *l, char inner[static ADDR_STR])
{
	struct addresses x = { .l = l };
	char ours[ADDR_STR], instead[ADDR_STR] = "";
	bool is_down;

	local_connected(take_address, &x);
	snprintf(inner, ADDR_STR, "%s", x.inner);
	if (!l->out || !addr_is_set(&l->what->ours))
		return;
	is_down = !x.device[0] && is_on_down_device(&l->what->ours, x.device, sizeof(x.device));
	if (!x.device[0] && addr_is_set(&l->source))
		addr_format(&l->source, instead);
	LOCAL_EMIT(l, local_address, .address = ev_str(addr_format(&l->what->ours, ours)),
		.device = ev_str(x.device), .instead = ev_str(instead),
		.state = ev_str(is_down ? "down" : ""));
}

static bool is_all(const struct range *r)
{
	struct prefix p;

	return range_is_prefix(r, &p) && p.bits == 0;
}

/* ---- routes ---- */

struct route {
	char device[32], gateway[ADDR_STR], source[ADDR_STR], table[16], error[128];
};

static void copy(char *to, size_t n, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	snprintf(to, n, "%s", s ? s : "");
}

/* "RTNETLINK answers: Network is unreachable" */
static void complaint(const char *why, struct route *ret)
{
	const char *s = why ? strstr(why, "answers: ") : NULL;

	s = s ? s + 9 : why && *why ? why : "ip(8) cannot tell";
	snprintf(ret->error, sizeof(ret->error), "%.*s", (int)strcspn(s, "\n"), s);
}

/* more: what else the packet has, as ip(8) wants it, NULL ends. */
static void look_up(const struct addr *to, const char *const more[], struct route *ret)
{
	char t[ADDR_STR], *why = NULL, *text;
	const char *argv[10] = { "ip", "-j", "route", "get", addr_format(to, t) };
	json_t *root, *o;

	for (size_t i = 0; more[i] && i + 6 < COUNT(argv); i++)
		argv[5 + i] = more[i];
	*ret = (struct route){ .error = "" };
	text = program_says(argv, &why);
	root = text ? json_loads(text, 0, NULL) : NULL;
	o = json_array_get(root, 0);
	copy(ret->device, sizeof(ret->device), o, "dev");
	copy(ret->gateway, sizeof(ret->gateway), o, "gateway");
	copy(ret->source, sizeof(ret->source), o, "prefsrc");
	copy(ret->table, sizeof(ret->table), o, "table");
	if (!o)
		complaint(why, ret);
	json_decref(root);
	free(text);
	free(why);
}

/* A host of a network: the one after its first address, which no host has. */
static struct addr host_of(const struct range *r)
{
	struct addr a = r->first;

	if (range_count(r) > 1)
		addr_add(&r->first, is_all(r) ? 0x01010101 : 1, &a);
	return a;
}

static const char *const nothing_more[] = { NULL };

bool local_way(const struct range *r, char device[static 32])
{
	struct addr to = host_of(r);
	struct route found;

	while (range_count(r) > 1 && local_is_here(&to) && addr_next(&to))
		;
	look_up(&to, nothing_more, &found);
	snprintf(device, 32, "%s", found.device);
	return !found.error[0];
}

static bool is_down(const char *device)
{
	char path[64];
	unsigned flags = IFF_UP;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.20s/flags", device);
	f = fopen(path, "re");
	if (f && fscanf(f, "%x", &flags) != 1)
		flags = IFF_UP;
	if (f)
		fclose(f);
	return !(flags & IFF_UP);
}

/* What the tunnel's own table says, which others may come before. */
static const char *led(const struct local *l, const struct addr *to)
{
	char t[ADDR_STR];
	const char *argv[] = { "ip", to->family == 6 ? "-6" : "-4", "-j", "route", "show", "table",
		TABLE, "match", addr_format(to, t), NULL };
	char *text;
	json_t *root, *o;
	size_t i;
	bool is_there = false;

	if (!l->what->device[0])
		return "";
	if (is_down(l->what->device))
		return "down";
	text = program_says(argv, NULL);
	root = text ? json_loads(text, 0, NULL) : NULL;
	json_array_foreach(root, i, o)
	{
		const char *device = json_string_value(json_object_get(o, "dev"));

		is_there |= device && strcmp(device, l->what->device) == 0;
	}
	json_decref(root);
	free(text);
	return is_there ? "yes" : "";
}

/* The most special of the routes to the peer that refuse: "unreachable 198.51.100.1", as programs
 * make that ban addresses. */
static void stop_of(const struct addr *to, char *ret, size_t n)
{
	char t[ADDR_STR];
	const char *argv[] = { "ip", to->family == 6 ? "-6" : "-4", "-j", "route", "show", "match",
		addr_format(to, t), NULL };
	char *text = program_says(argv, NULL);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL, *o;
	struct prefix p, best = { .bits = 0 };
	size_t i;

	ret[0] = '\0';
	json_array_foreach(root, i, o)
	{
		const char *type = json_string_value(json_object_get(o, "type"));
		const char *net = json_string_value(json_object_get(o, "dst"));

		if (type && net &&
			(strcmp(type, "blackhole") == 0 || strcmp(type, "unreachable") == 0 ||
				strcmp(type, "prohibit") == 0) &&
			prefix_parse(net, &p) == OK && p.bits > best.bits) {
			best = p;
			snprintf(ret, n, "%s %s", type, net);
		}
	}
	json_decref(root);
	free(text);
}

/* host: of a subnet, the one that was looked up; NULL: it is the peer. */
static void say_route(const struct local *l, const struct addr *host, const char *destination,
	const struct route *r)
{
	bool is_tunnel = l->what->device[0] && strcmp(r->device, l->what->device) == 0;
	char stop[96] = "";

	if (!host && r->error[0])
		stop_of(&l->what->theirs, stop, sizeof(stop));
	LOCAL_EMIT(l, local_route, .to = ev_str(host ? "subnet" : "peer"),
		.destination = ev_str(destination),
		.goes = ev_str(r->error[0] ? "nowhere"
			       : is_tunnel ? "tunnel"
					   : "out"),
		.source = ev_str(r->source), .device = ev_str(r->device),
		.gateway = ev_str(r->gateway), .table = ev_str(r->table), .error = ev_str(r->error),
		.led = ev_str(host && !is_tunnel ? led(l, host) : ""), .stop = ev_str(stop));
}

/* How the tunnel's packets go: from one of our networks, since rules choose tables by that; it is
 * an address of this host, or of one behind it. The source is the one that this host chooses by
 * itself. */
static void look_up_inner(const struct local *l, const struct addr *to, struct route *ret)
{
	const struct ts_list *ours = &l->what->our_nets;
	char from[ADDR_STR] = "";
	const char *more[] = { "from", from, NULL, NULL, NULL };
	struct local silent = *l;
	struct route own, behind;

	look_up(to, nothing_more, &own);
	silent.out = NULL;
	local_addresses(&silent, from);
	if (!from[0] && ours->n) {
		struct addr a = host_of(&ours->ts[0].range);

		look_up(&a, nothing_more, &behind);
		addr_format(&a, from);
		more[2] = "iif";
		more[3] = behind.device;
	}
	if (from[0])
		look_up(to, more, ret);
	else
		*ret = own;
	memcpy(ret->source, own.source, sizeof(ret->source));
}

void local_routes(struct local *l)
{
	static const char *const marked[] = { "mark", MARK, NULL };
	const struct ts_list *nets = &l->what->their_nets;
	struct route r = { .error = "" };
	char t[RANGE_STR];
	bool is_known = addr_is_set(&l->what->theirs); /* or it may be anywhere: right=%any */

	if (is_known)
		look_up(&l->what->theirs, marked, &r);
	snprintf(l->device, sizeof(l->device), "%s", r.device);
	if (addr_parse(r.source, &l->source))
		l->source = (struct addr){ 0 };
	if (!l->out)
		return;
	addr_format(&l->what->theirs, t);
	if (is_known)
		say_route(l, NULL, t, &r);
	for (size_t i = 0; i < nets->n && i < NETS_MAX; i++) {
		struct addr a = host_of(&nets->ts[i].range);

		while (range_count(&nets->ts[i].range) > 1 && local_is_here(&a) && addr_next(&a))
			;
		look_up_inner(l, &a, &r);
		say_route(l, &a, range_format(&nets->ts[i].range, t), &r);
	}
}

/* Hosts behind this one are in our networks; else only addresses of its own are. */
static bool has_hosts_behind(const struct local *l)
{
	const struct ts_list *ours = &l->what->our_nets;

	for (size_t i = 0; i < ours->n; i++)
		if (range_count(&ours->ts[i].range) > 1)
			return true;
	return false;
}

/* A network on a wire that lies in the other end's networks: where does it go? What this host sends
 * has the source that it chooses for that wire, which the tunnel need not take; what our networks
 * send has one that it does take, and to the wire that leads to the peer it is meant to. */
static void take_lan(void *ctx, const char *device, const struct prefix *p)
{
	const struct local *l = ctx;
	struct prefix clean = prefix_clean(*p);
	struct range net = range_from(&clean);
	struct ts_list lan = { 1, { ts_from_range(&net) } };
	struct addr host = host_of(&net);
	struct route r;
	char t[RANGE_STR];

	if (strcmp(device, "lo") == 0 || strcmp(device, l->what->device) == 0 ||
		range_count(&net) < 4 || (net.first.family == 6 && net.first.b[0] == 0xfe) ||
		!ts_list_covers(&l->what->their_nets, &lan))
		return;
	if (addr_eq(&host, &p->addr) && !addr_next(&host))
		return;
	look_up(&host, nothing_more, &r);
	if (strcmp(device, l->device) != 0 && strcmp(r.device, device) == 0 && !r.gateway[0] &&
		has_hosts_behind(l))
		look_up_inner(l, &host, &r);
	LOCAL_EMIT(l, local_lan, .net = ev_str(range_format(&net, t)), .device = ev_str(device),
		.goes_to = ev_str(r.error[0] ? r.error : r.device), .gateway = ev_str(r.gateway));
}

void local_lans(const struct local *l)
{
	local_connected(take_lan, (void *)(uintptr_t)l);
}
