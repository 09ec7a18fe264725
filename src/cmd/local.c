/* A look at this host: what it does itself to a tunnel. */
#include "cmd/local.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static bool read_number(const char *path, unsigned *ret)
{
	FILE *f = fopen(path, "re");
	bool is_read = f && fscanf(f, "%u", ret) == 1;

	if (f)
		fclose(f);
	return is_read;
}

/* "net.ipv4.conf.eth0.rp_filter": a device's name may have dots, which are slashes then. */
static void sysctl(const struct local *l, const char *path, unsigned needed)
{
	char file[160], name[128], value[16], need[16];
	unsigned n;

	snprintf(file, sizeof(file), "/proc/sys/%s", path);
	if (!read_number(file, &n))
		return;
	snprintf(name, sizeof(name), "%s", path);
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	snprintf(value, sizeof(value), "%u", n);
	snprintf(need, sizeof(need), "%u", needed);
	LOCAL_EMIT(l, local_sysctl, .name = ev_str(name), .value = ev_str(value),
		.needed = ev_str(need));
}

/* Are there hosts behind this one in the tunnel? */
static bool forwards(const struct local *l, uint8_t family)
{
	const struct ts_list *nets = &l->what->our_nets;

	for (size_t i = 0; i < nets->n; i++)
		if (nets->ts[i].range.first.family == family && range_count(&nets->ts[i].range) > 1)
			return true;
	return false;
}

/* A device may have been left out: what comes in by it is not forwarded, whatever all others do. */
static void forwards_from(const struct local *l, const char *device, uint8_t family)
{
	char path[96];
	unsigned n;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv%u/conf/%.32s/forwarding", family, device);
	if (device[0] && read_number(path, &n) && n == 0)
		sysctl(l, path + strlen("/proc/sys/"), 1);
}

static void take_wire(void *ctx, const char *device, const struct prefix *p)
{
	const struct local *l = ctx;

	if (strcmp(device, "lo") != 0 && strcmp(device, l->what->device) != 0 &&
		strcmp(device, l->device) != 0 && forwards(l, p->addr.family) &&
		ts_list_has(&l->what->our_nets, 0, &p->addr, 0))
		forwards_from(l, device, p->addr.family);
}

static void forwarding(const struct local *l)
{
	static const char *const path[] = { "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding" };
	const char *in = l->what->device[0] ? l->what->device : l->device;

	for (unsigned i = 0; i < COUNT(path); i++)
		if (forwards(l, i ? 6 : 4)) {
			sysctl(l, path[i], 1);
			forwards_from(l, in, i ? 6 : 4);
		}
	local_connected(take_wire, (void *)(uintptr_t)l);
}

static void sysctls(const struct local *l)
{
	char path[96];
	unsigned n;

	forwarding(l);
	if (!l->device[0])
		return;
	if (!l->what->device[0]) { /* the kernel's policies take what leaves by it, unless these
				      forbid it */
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%.32s/disable_xfrm",
			l->device);
		if (read_number(path, &n) && n)
			sysctl(l, path + strlen("/proc/sys/"), 0);
		if (read_number("/proc/sys/net/ipv4/conf/all/disable_xfrm", &n) && n)
			sysctl(l, "net/ipv4/conf/all/disable_xfrm", 0);
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%.32s/rp_filter", l->device);
	if (read_number(path, &n) && n == 1)
		sysctl(l, path + strlen("/proc/sys/"), 2);
	if (read_number("/proc/sys/net/ipv4/conf/all/rp_filter", &n) && n == 1)
		sysctl(l, "net/ipv4/conf/all/rp_filter", 2);
}

/* A line of names, then one of values, with the same first word. */
static void counter(const struct local *l, const char *group, const char *name)
{
	char names[8192], values[8192], said[64], *a, *b, *keep_a, *keep_b;
	FILE *f = fopen("/proc/net/netstat", "re");
	size_t n = strlen(group);

	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, group, n) != 0 || names[n] != ':')
			continue;
		a = strtok_r(names, " \n", &keep_a);
		b = strtok_r(values, " \n", &keep_b);
		for (; a && b;
			a = strtok_r(NULL, " \n", &keep_a), b = strtok_r(NULL, " \n", &keep_b))
			if (strcmp(a, name) == 0) {
				snprintf(said, sizeof(said), "%s%s", group, name);
				LOCAL_EMIT(l, local_counter, .name = ev_str(said),
					.value = ev_u64(strtoull(b, NULL, 10)));
			}
	}
	if (f)
		fclose(f);
}

static uint64_t written_at(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 ? (uint64_t)st.st_mtime : 0;
}

static const char *clock_of(uint64_t seconds, char *ret, size_t n)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(ret, n, "%F %T", &tm))
		ret[0] = '\0';
	return ret;
}

/* The socket is made when the daemon starts. */
static void config(const struct local *l)
{
	uint64_t written = written_at(l->what->file), started = written_at(l->what->socket);
	char a[32], b[32];

	if (written && started)
		LOCAL_EMIT(l, local_config, .file = ev_str(l->what->file),
			.written = ev_u64(written), .started = ev_u64(started),
			.written_text = ev_str(clock_of(written, a, sizeof(a))),
			.started_text = ev_str(clock_of(started, b, sizeof(b))),
			.auto_ = ev_str(l->what->automatic));
}

void local_look(const struct local_for *what, struct now now, const struct event_sink *out)
{
	struct local l = {
		.what = what, .now = now, .about = { .conn = what->conn, .request = what->request }
	};
	char ours[ADDR_STR], theirs[ADDR_STR], inner[ADDR_STR], a[TS_LIST_STR], b[TS_LIST_STR];
	struct addr own;

	local_routes(&l); /* silent yet */
	local_addresses(&l, inner);
	own = addr_is_set(&what->ours) ? what->ours : l.source;
	l.out = out;
	LOCAL_EMIT(&l, local_look, .ours = ev_str(addr_format(&own, ours)),
		.theirs = ev_str(addr_format(&what->theirs, theirs)),
		.our_nets = ev_str(ts_list_format(&what->our_nets, a)),
		.their_nets = ev_str(ts_list_format(&what->their_nets, b)), .inner = ev_str(inner),
		.device = ev_str(what->device), .flow = ev_str(what->flow),
		.own_flow = ev_str(what->own_flow));
	local_cloud(&l);
	local_addresses(&l, inner);
	local_routes(&l);
	local_overlaps(&l);
	local_lans(&l);
	local_neighbours(&l);
	local_sockets(&l);
	sysctls(&l);
	counter(&l, "TcpExt", "IPReversePathFilter");
	local_port(&l);
	local_filter(&l);
	local_behind(&l);
	local_conntrack(&l);
	local_policies(&l);
	local_marks(&l);
	local_name(&l);
	local_prefixes(&l);
	config(&l);
}
