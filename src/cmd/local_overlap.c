/* The other end's networks that this host has as well, and free ones that can stand in for them
 * where both ends translate (RFC 3022 2.2's Basic NAT of whole networks). */
#include "cmd/local.h"

#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAKEN_MAX = 64, TRIES = 24 };

static bool is_all(const struct range *r)
{
	struct prefix p;

	return range_is_prefix(r, &p) && p.bits == 0;
}

/* ---- stand-ins ---- */

struct taken {
	const struct local *l;
	struct range net[TAKEN_MAX];
	size_t n;
};

static void take_net(struct taken *t, const struct range *r)
{
	if (t->n < TAKEN_MAX && !is_all(r))
		t->net[t->n++] = *r;
}

static void take_connected(void *ctx, const char *device, const struct prefix *p)
{
	struct prefix clean = prefix_clean(*p);
	struct range r = range_from(&clean);

	(void)device;
	take_net(ctx, &r);
}

static void take_all(struct taken *t)
{
	const struct local_for *what = t->l->what;
	const struct ts_list *list[] = { &what->our_nets, &what->their_nets, &what->pools };
	struct range ends[] = { range_one(&what->ours), range_one(&what->theirs) };

	for (size_t i = 0; i < COUNT(list); i++)
		for (size_t k = 0; k < list[i]->n; k++)
			take_net(t, &list[i]->ts[k].range);
	for (size_t i = 0; i < COUNT(ends); i++)
		if (addr_is_set(&ends[i].first))
			take_net(t, &ends[i]);
	local_connected(take_connected, t);
}

/* Nobody has it, and packets to it leave where those to the Internet do: no router of ours has it.
 */
static bool is_free(const struct taken *t, const struct range *r)
{
	struct range all, common;
	char device[32], usual[32];

	for (size_t i = 0; i < t->n; i++)
		if (range_overlap(&t->net[i], r, &common))
			return false;
	return range_parse(r->first.family == 4 ? "0.0.0.0/0" : "::/0", &all) == OK &&
	       (!local_way(r, device) || (local_way(&all, usual) && strcmp(device, usual) == 0));
}

/* The next network of the same length; false: the last one of pool. */
static bool next_net(struct prefix *p, const struct range *pool)
{
	struct range r = range_from(p);
	struct addr next = r.last;

	if (!addr_next(&next) || !range_has(pool, &next))
		return false;
	p->addr = next;
	r = range_from(p);
	return range_covers(pool, &r);
}

/* As large as like, free, and taken from now on. "": there is none. */
static void stand_in(struct taken *t, const struct range *like, char ret[static RANGE_STR])
{
	static const char *const pools[] = { "10.99.0.0-10.255.255.255", "10.0.0.0/8",
		"172.16.0.0/12", "192.168.0.0/16", "fd99::/16" };
	struct prefix p;
	unsigned tries = 0;

	ret[0] = '\0';
	if (!range_is_prefix(like, &p))
		return;
	for (size_t i = 0; i < COUNT(pools); i++) {
		struct range pool, r;

		if (range_parse(pools[i], &pool) || pool.first.family != like->first.family)
			continue;
		p.addr = pool.first;
		p = prefix_clean(p);
		r = range_from(&p);
		if (!range_covers(&pool, &r) && !next_net(&p, &pool))
			continue;
		tries = 0;
		do {
			r = range_from(&p);
			if (is_free(t, &r)) {
				take_net(t, &r);
				range_format(&r, ret);
				return;
			}
		} while (++tries < TRIES && next_net(&p, &pool));
	}
}

/* ---- what it is told with ---- */

static bool has_program(const char *const *argv)
{
	char *text = program_says(argv, NULL);

	free(text);
	return text != NULL;
}

static const char *tool(void)
{
	static const char *const nft[] = { "nft", "list", "tables", NULL }, *const iptables[] = {
		"iptables", "--version", NULL
	};

	return has_program(nft) ? "nft" : has_program(iptables) ? "iptables" : "";
}

/* No carrier, or a bridge without a port: containers' and virtual machines' are like that while
 * none runs. */
static bool is_empty(const char *device)
{
	char path[64];
	unsigned n = 0, carrier = 1;
	FILE *f;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%.20s/carrier", device);
	f = fopen(path, "re");
	if (f && fscanf(f, "%u", &carrier) != 1)
		carrier = 1;
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/sys/class/net/%.20s/brif", device);
	d = opendir(path);
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return !carrier || (d && n == 0);
}

/* Does this host answer there for those behind it? Then hosts of that wire find them. */
static bool answers_for_others(const char *device)
{
	const char *names[] = { device, "all" };
	char path[80];
	int c = '0';

	for (size_t i = 0; i < COUNT(names) && c != '1'; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%.20s/proxy_arp", names[i]);
		f = fopen(path, "re");
		c = f ? fgetc(f) : '0';
		if (f)
			fclose(f);
	}
	return c == '1';
}

/* Is a network of ours, which other has in it, on that device? It may be on one with a longer
 * prefix. */
static bool has_ours(const struct local *l, const struct range *other, const char *device)
{
	const struct ts_list *nets = &l->what->our_nets;
	struct range common;
	char way[32];

	for (size_t i = 0; i < nets->n; i++)
		if (range_overlap(&nets->ts[i].range, other, &common) &&
			(!device[0] || (local_way(&common, way) && strcmp(way, device) == 0)))
			return true;
	return false;
}

/* device "": other is this end's network of the connection. */
static void say_overlap(const struct local *l, const struct range *net, const struct range *other,
	const char *device)
{
	struct taken t = { .l = l };
	char a[RANGE_STR], b[RANGE_STR], ours[RANGE_STR], theirs[RANGE_STR], own[32] = "",
									     where[64];
	bool is_wire;

	is_wire = has_ours(l, other, device);
	if (device[0] && is_wire && net->first.family == 4 && answers_for_others(device))
		return;
	snprintf(where, sizeof(where),
		device[0] ? "connected to %.32s" : "this end's network of the connection", device);
	take_all(&t);
	/* ours is seen as it is where the connection does not have the network that is there twice
	 */
	if (!device[0])
		stand_in(&t, other, ours);
	stand_in(&t, net, theirs);
	local_way(net, own);
	LOCAL_EMIT(l, local_overlap, .net = ev_str(range_format(net, a)),
		.how = ev_str(range_eq(net, other) ? "equal" : "inside"),
		.other = ev_str(range_format(other, b)), .where = ev_str(where),
		.device = ev_str(device), .is_wire = ev_u64(is_wire),
		.is_empty = ev_u64(device[0] && is_empty(device)), .own_goes = ev_str(own),
		.our_stand_in = ev_str(ours), .their_stand_in = ev_str(theirs),
		.tool = ev_str(tool()));
}

static void take_overlap(void *ctx, const char *device, const struct prefix *p)
{
	const struct local *l = ctx;
	const struct ts_list *nets = &l->what->their_nets;
	struct prefix clean = prefix_clean(*p);
	struct range net = range_from(&clean);

	if (strcmp(device, l->what->device) == 0 || p->bits == addr_bits(p->addr.family))
		return;
	for (size_t i = 0; i < nets->n; i++)
		/* one host of the wire between the two ends is no network behind the other */
		if (range_covers(&net, &nets->ts[i].range) &&
			!range_has(&nets->ts[i].range, &l->what->theirs))
			say_overlap(l, &nets->ts[i].range, &net, device);
}

/* A part of a network of ours may well be behind the other end: a hub has all of 10.0.0.0/8. */
void local_overlaps(const struct local *l)
{
	const struct ts_list *a = &l->what->our_nets, *b = &l->what->their_nets;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (!is_all(&a->ts[i].range) && range_eq(&a->ts[i].range, &b->ts[k].range))
				say_overlap(l, &b->ts[k].range, &a->ts[i].range, "");
	local_connected(take_overlap, (void *)(uintptr_t)l);
}
