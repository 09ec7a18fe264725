/* IPv6 on the wires of this host: neighbours that do not answer, as ip(8) tells, and addresses
 * behind the tunnel that hosts on a wire take for neighbours (RFC 4861; RFC 4389 has proxies). */
#include "cmd/local.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAY_MAX = 8 };

/* What ip(8) prints as a list of objects; NULL: nothing. */
static json_t *ip_says(const char *const *argv)
{
	char *text = program_says(argv, NULL);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return root;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- who does not answer ---- */

/* Has it been said? */
static bool say_neighbour(const struct local *l, const json_t *o, const char *state)
{
	const char *device = text_of(o, "dev"), *to = "";
	struct addr a;

	if (addr_parse(text_of(o, "dst"), &a) || a.family != 6)
		return false;
	if (ts_list_has(&l->what->our_nets, 0, &a, 0))
		to = "inner";
	else if (l->what->theirs.family == 6 && strcmp(device, l->device) == 0)
		to = "peer";
	if (to[0])
		LOCAL_EMIT(l, local_neighbour, .address = ev_str(text_of(o, "dst")),
			.device = ev_str(device), .to = ev_str(to), .state = ev_str(state));
	return to[0];
}

static void say_silent(const struct local *l, const char *nud, const char *state)
{
	const char *argv[] = { "ip", "-6", "-j", "neigh", "show", "nud", nud, NULL };
	json_t *all = ip_says(argv), *o;
	size_t i, said = 0;

	/* somebody who scans a wire leaves many that are none of ours */
	json_array_foreach(all, i, o) if (said < SAY_MAX) said += say_neighbour(l, o, state);
	json_decref(all);
}

/* ---- proxies ---- */

struct wire {
	const struct local *l;
	const struct range *behind; /* the tunnel */
	json_t *proxies;
	const char *daemon;
};

/* A daemon that answers for others; "": none runs. */
static const char *proxy_daemon(void)
{
	static const char *const known[] = { "ndppd", "npd6", "ndp-proxy", "odhcpd" };
	const char *found = "";
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && !found[0] && (e = readdir(d))) {
		char path[64], name[32] = "";
		FILE *f;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		if (f)
			fclose(f);
		for (size_t i = 0; i < COUNT(known); i++)
			if (strcmp(known[i], name) == 0)
				found = known[i];
	}
	if (d)
		closedir(d);
	return found;
}

static bool has_proxy(const struct wire *x, const char *device)
{
	struct addr a;
	json_t *o;
	size_t i;

	json_array_foreach(x->proxies, i, o) if (strcmp(text_of(o, "dev"), device) == 0 &&
						 addr_parse(text_of(o, "dst"), &a) == OK &&
						 range_has(x->behind, &a)) return true;
	return false;
}

static void take_wire(void *ctx, const char *device, const struct prefix *p)
{
	const struct wire *x = ctx;
	const struct local *l = x->l;
	struct prefix clean = prefix_clean(*p);
	struct range net = range_from(&clean);
	char behind[RANGE_STR], on[RANGE_STR];

	if (p->addr.family != 6 || p->bits == addr_bits(6) || strcmp(device, "lo") == 0 ||
		strcmp(device, l->what->device) == 0 || range_eq(&net, x->behind) ||
		!range_covers(&net, x->behind) || !ts_list_has(&l->what->our_nets, 0, &p->addr, 0))
		return;
	LOCAL_EMIT(l, local_proxy,
		.address =
			ev_str(range_count(x->behind) == 1 ? addr_format(&x->behind->first, behind)
							   : range_format(x->behind, behind)),
		.net = ev_str(range_format(&net, on)), .device = ev_str(device),
		.by = ev_str(has_proxy(x, device) ? "this host" : x->daemon));
}

static void each_behind(struct wire *x, const struct ts_list *list)
{
	for (size_t i = 0; i < list->n && i < SAY_MAX; i++) {
		x->behind = &list->ts[i].range;
		if (x->behind->first.family == 6)
			local_connected(take_wire, x);
	}
}

void local_neighbours(const struct local *l)
{
	static const char *const proxies[] = { "ip", "-6", "-j", "neigh", "show", "proxy", NULL };
	struct wire x = { .l = l };

	say_silent(l, "failed", "failed");
	say_silent(l, "incomplete", "incomplete");
	x.proxies = ip_says(proxies);
	x.daemon = proxy_daemon();
	each_behind(&x, &l->what->pools);
	each_behind(&x, &l->what->their_nets);
	json_decref(x.proxies);
}
