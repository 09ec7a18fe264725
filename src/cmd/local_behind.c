/* Networks of this end that are not behind this host: their device is down, or nobody has told it
 * the way. */
#include "cmd/local.h"

#include <jansson.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct found {
	const struct range *net;
	bool is_here;
};

static void take(void *ctx, const char *device, const struct prefix *p)
{
	struct found *x = ctx;
	struct prefix clean = prefix_clean(*p);
	struct range r = range_from(&clean), common;

	(void)device;
	x->is_here |= range_overlap(&r, x->net, &common);
}

/* A route to a part of it, in any table. */
static bool has_route(const struct prefix *net)
{
	char t[PREFIX_STR];
	const char *argv[] = { "ip", net->addr.family == 6 ? "-6" : "-4", "-j", "route", "show",
		"table", "all", "root", prefix_format(net, t), NULL };
	char *text = program_says(argv, NULL);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL, *o;
	size_t i;
	bool is_there = !root; /* who cannot ask does not know */

	json_array_foreach(root, i, o)
	{
		const char *type = json_string_value(json_object_get(o, "type"));

		/* ours keep packets of the network itself out of the tunnel */
		is_there |= !type || (strcmp(type, "throw") != 0 && strcmp(type, "local") != 0 &&
					     strcmp(type, "broadcast") != 0);
	}
	json_decref(root);
	free(text);
	return is_there;
}

/* A device with an address in it that is down: its routes are gone. "": none. */
static void down_with(const struct range *net, char ret[static IFNAMSIZ])
{
	struct ifaddrs *all = NULL;

	ret[0] = '\0';
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i && !ret[0]; i = i->ifa_next) {
		const void *sa = i->ifa_addr;
		struct addr a = { 0 };

		if (sa && i->ifa_addr->sa_family == AF_INET)
			a = addr_from(bytes_of(&((const struct sockaddr_in *)sa)->sin_addr, 4));
		else if (sa && i->ifa_addr->sa_family == AF_INET6)
			a = addr_from(bytes_of(&((const struct sockaddr_in6 *)sa)->sin6_addr, 16));
		if (!(i->ifa_flags & IFF_UP) && addr_is_set(&a) && range_has(net, &a))
			snprintf(ret, IFNAMSIZ, "%s", i->ifa_name);
	}
	freeifaddrs(all);
}

static void look_for(const struct local *l, const struct range *net)
{
	struct found x = { .net = net };
	struct range other = *net;
	char device[32], down[IFNAMSIZ], t[RANGE_STR];
	struct prefix p;
	bool has_way;

	if (range_count(net) < 2 || !range_is_prefix(net, &p) || p.bits == 0)
		return;
	local_connected(take, &x);
	if (x.is_here || has_route(&p))
		return;
	has_way = local_way(&other, device);
	/* an address of a device that is down is still one of this host */
	if (has_way && strcmp(device, "lo") == 0 && addr_next(&other.first))
		has_way = local_way(&other, device);
	if (has_way && strcmp(device, l->device) != 0)
		return;
	down_with(net, down);
	LOCAL_EMIT(l, local_behind, .net = ev_str(range_format(net, t)), .device = ev_str(device),
		.error = ev_str(has_way ? "" : "no route"), .down = ev_str(down));
}

void local_behind(const struct local *l)
{
	const struct ts_list *nets = &l->what->our_nets;

	/* without a way to the peer nothing is known of where packets go */
	for (size_t i = 0; i < nets->n && l->device[0] && !l->translates; i++)
		look_for(l, &nets->ts[i].range);
}
