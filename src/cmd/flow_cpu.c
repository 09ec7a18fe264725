/* How busy those are who do ESP, while the test flow runs: the two threads of userspace ESP, or the
 * processors with the kernel's softirqs; and what was dropped for it. */
#include "cmd/flow_run.h"

#include <dirent.h>
#include <inttypes.h>
#include <netinet/in.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUSY_MIN = 50, /* percent; less is no news */
	PORT_NATT = 4500,
	SPAN_MIN_MS = 500,
	FILE_MAX = 64 << 10,
};

static FILE *open_of(const char *fmt, ...) printf_like(1, 2);
static FILE *open_of(const char *fmt, ...)
{
	char path[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return fopen(path, "re");
}

static void close_of(FILE *f)
{
	if (f)
		fclose(f);
}

/* ---- userspace ESP: the process of this network namespace and its threads ---- */

static bool is_esp(const char *pid, const struct stat *here)
{
	char name[32] = "", path[64];
	FILE *f = open_of("/proc/%.16s/comm", pid);
	struct stat ns;

	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	close_of(f);
	if (strcmp(name, "ipsec-esp\n") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	return stat(path, &ns) == 0 && ns.st_ino == here->st_ino;
}

static bool find_esp(char pid[static 16])
{
	struct stat here;
	struct dirent *e;
	bool found = false;
	DIR *d = opendir("/proc");

	if (stat("/proc/self/ns/net", &here) != 0) {
		if (d)
			closedir(d);
		return false;
	}
	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_esp(e->d_name, &here)) {
			snprintf(pid, 16, "%.15s", e->d_name);
			found = true;
		}
	if (d)
		closedir(d);
	return found;
}

static int by_number(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* Where it runs: after the name, which may have blanks in it. */
static unsigned processor_of(const char *pid, const char *tid)
{
	enum { PROCESSOR_AT = 37 }; /* fields behind the name */
	char line[1024];
	FILE *f = open_of("/proc/%.16s/task/%.16s/stat", pid, tid);
	const char *at = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

	close_of(f);
	for (unsigned i = 0; at && i < PROCESSOR_AT; i++)
		at = strchr(at + 1, ' ');
	return at ? (unsigned)strtoul(at, NULL, 10) : 0;
}

/* The control thread has the process's number; of the others the outbound one is begun first. */
static void read_threads(struct cpu *c)
{
	static const char *const who[] = { "outbound", "inbound" };
	char pid[16], path[64];
	long tid[8];
	size_t n = 0;
	struct dirent *e;
	DIR *d;

	if (!find_esp(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%.15s/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)) && n < COUNT(tid))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && strcmp(e->d_name, pid) != 0)
			tid[n++] = strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	qsort(tid, n, sizeof(*tid), by_number);
	for (size_t i = 0; i < n && i < COUNT(who); i++) {
		struct cpu_worker *w = &c->worker[c->n];
		char name[24];
		FILE *f;

		snprintf(name, sizeof(name), "%ld", tid[i]);
		f = open_of("/proc/%.16s/task/%.16s/schedstat", pid, name);
		w->who = who[i];
		w->processor = processor_of(pid, name);
		if (f && fscanf(f, "%" SCNu64, &w->busy) == 1)
			c->n++;
		close_of(f);
	}
}

/* What found no room in sockets of that port, or protocol. */
static uint64_t socket_drops(const char *file, unsigned port)
{
	char text[FILE_MAX];
	FILE *f = open_of("/proc/net/%s", file);
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	close_of(f);
	return sockets_dropped(bytes_of(text, n), port);
}

static uint64_t device_drops(const char *device)
{
	uint64_t n = 0;
	FILE *f = open_of("/sys/class/net/%.32s/statistics/tx_dropped", device);

	if (f && fscanf(f, "%" SCNu64, &n) != 1)
		n = 0;
	close_of(f);
	return n;
}

/* ---- the kernel's ---- */

static void read_softirqs(struct cpu *c)
{
	enum { SOFTIRQ = 6, FIELDS_N = 8 };
	char line[512];
	FILE *f = fopen("/proc/stat", "re");

	while (f && fgets(line, sizeof(line), f) && c->n < CPU_WORKERS) {
		struct cpu_worker *w = &c->worker[c->n];
		char *at = line;

		if (strncmp(line, "cpu", 3) != 0 || line[3] < '0' || line[3] > '9')
			continue;
		*w = (struct cpu_worker){ .who = "softirq",
			.processor = (unsigned)strtoul(line + 3, &at, 10) };
		for (unsigned i = 0; i < FIELDS_N; i++) {
			uint64_t n = strtoull(at, &at, 10);

			w->total += n;
			w->busy += i == SOFTIRQ ? n : 0;
		}
		c->n++;
	}
	close_of(f);
}

/* Of all processors: packets that found their queue full. */
static uint64_t softnet_drops(void)
{
	char line[512];
	uint64_t sum = 0;
	FILE *f = fopen("/proc/net/softnet_stat", "re");

	while (f && fgets(line, sizeof(line), f)) {
		const char *second = strchr(line, ' ');

		sum += second ? strtoull(second, NULL, 16) : 0;
	}
	close_of(f);
	return sum;
}

/* Octets that came in by all devices but the loopback one. */
static uint64_t came_in(void)
{
	char line[512];
	uint64_t sum = 0;
	FILE *f = fopen("/proc/net/dev", "re");

	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (colon && !strstr(line, " lo:"))
			sum += strtoull(colon + 1, NULL, 10);
	}
	close_of(f);
	return sum;
}

/* ---- algorithms ---- */

static bool file_has(const char *path, const char *const *words, size_t n)
{
	char line[8192];
	bool has = false;
	FILE *f = fopen(path, "re");

	while (f && !has && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < n; i++)
			has = has || strstr(line, words[i]);
	close_of(f);
	return has;
}

/* Does the processor do AES itself, and, where it matters, the kernel know how? "generic": the
 * kernel does not. */
static const char *is_fast(bool is_kernel)
{
	static const char *const flags[] = { " aes ", " aes\n", " vaes" };
	static const char *const drivers[] = { "aesni", "vaes", "aes-ce", "aes-arm64", "aes-s390",
		"p10-aes", "padlock" };

	if (!file_has("/proc/cpuinfo", flags, COUNT(flags)))
		return "no";
	return is_kernel && !file_has("/proc/crypto", drivers, COUNT(drivers)) ? "generic" : "yes";
}

/* ---- before and after ---- */

void cpu_read(struct cpu *c, const struct flow_for *what)
{
	struct flow_octets sa = { 0 };

	*c = (struct cpu){ .at = what->now().mono, .is_kernel = !what->device[0] };
	if (c->is_kernel) {
		read_softirqs(c);
		c->dropped[0] = softnet_drops();
	} else {
		read_threads(c);
		c->dropped[0] = device_drops(what->device);
		c->dropped[1] = socket_drops("udp", PORT_NATT) + socket_drops("udp6", PORT_NATT) +
				socket_drops("raw", IPPROTO_ESP) +
				socket_drops("raw6", IPPROTO_ESP);
	}
	what->octets(what->ctx, &sa);
	c->octets = sa.in + sa.out;
	c->came_in = came_in();
}

static unsigned percent(uint64_t part, uint64_t of)
{
	return of ? (unsigned)MIN(part * 100 / of, (uint64_t)100) : 0;
}

void cpu_say(const struct run *r)
{
	const struct cpu *before = &r->cpu;
	struct cpu now;
	unsigned most = 0, busiest = 0;
	uint64_t took, octets, dropped;
	bool is_inbound;
	char text[24] = "";

	cpu_read(&now, r->f.what);
	took = (uint64_t)(now.at - before->at);
	if (now.n != before->n || took < SPAN_MIN_MS * (uint64_t)NS_MS)
		return;
	for (unsigned i = 0; i < now.n; i++) {
		uint64_t busy = counter_grown(before->worker[i].busy, now.worker[i].busy),
			 total = now.is_kernel ? counter_grown(before->worker[i].total,
							 now.worker[i].total)
					       : took;

		if (percent(busy, total) > most) {
			most = percent(busy, total);
			busiest = i;
		}
	}
	if (most < BUSY_MIN)
		return;
	is_inbound = strcmp(now.worker[busiest].who, "inbound") == 0;
	dropped = counter_added(before->dropped[is_inbound], now.dropped[is_inbound]);
	if (dropped)
		snprintf(text, sizeof(text), "%" PRIu64, dropped);
	octets = counter_added(before->octets, now.octets);
	FLOW_EMIT(&r->f, flow_cpu, .who = ev_str(now.worker[busiest].who),
		.processor = ev_u64(now.worker[busiest].processor),
		.processors = ev_u64((uint64_t)sysconf(_SC_NPROCESSORS_ONLN)), .busy = ev_u64(most),
		.milliseconds = ev_u64(took / NS_MS), .octets = ev_u64(octets),
		.share = ev_u64(percent(octets, counter_added(before->came_in, now.came_in))),
		.where = ev_str(now.is_kernel ? "the processor's queue"
				: is_inbound  ? "the queue of the socket for ESP"
					      : "the queue of the tunnel's device"),
		.dropped = ev_u64(dropped), .dropped_text = ev_str(text),
		.fast = ev_str(is_fast(now.is_kernel)));
}
