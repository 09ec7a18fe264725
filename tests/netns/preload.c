/* What the lab changes in a host's programs, by that host's /etc/ld.so.preload
 * (tests/netns/lab.sh):
 *
 *   /run/lab.clock   nanoseconds, an int64_t: its clocks are ahead by so much, so that hours pass
 * in no time /run/lab.vendor  octets: strongSwan says with them that it is another product */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NS_S 1000000000

static const _Atomic int64_t *ahead;
static int (*real_clock)(clockid_t, struct timespec *);

/* strongSwan's chunk_t, and its function with that name */
struct chunk {
	uint8_t *p;
	size_t n;
};
static struct chunk vendor;
static void *(*real_vendor)(int, struct chunk);

/* Before main(): a program that shuts itself in opens nothing later. */
__attribute__((constructor)) static void begins(void)
{
	static uint8_t id[64];
	int fd = open("/run/lab.clock", O_RDONLY | O_CLOEXEC);
	ssize_t n;
	void *p;

	*(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_vendor = dlsym(RTLD_NEXT, "vendor_id_payload_create_data");
	if (fd >= 0) {
		p = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
		ahead = p == MAP_FAILED ? NULL : p;
		close(fd);
	}
	fd = open("/run/lab.vendor", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, id, sizeof(id));
		vendor = (struct chunk){ id, n > 0 ? (size_t)n : 0 };
		close(fd);
	}
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = real_clock ? real_clock(id, t) : -1;
	int64_t ns;

	if (r || !ahead || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID)
		return r;
	ns = t->tv_nsec + atomic_load_explicit(ahead, memory_order_relaxed);
	t->tv_sec += ns / NS_S;
	t->tv_nsec = ns % NS_S;
	return 0;
}

void *vendor_id_payload_create_data(int, struct chunk);
void *vendor_id_payload_create_data(int type, struct chunk data)
{
	static const uint8_t own[] = { 0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc, 0x22, 0x51,
		0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb };
	struct chunk other = { malloc(sizeof(own) * 4), vendor.n };

	if (!vendor.n || data.n != sizeof(own) || memcmp(data.p, own, sizeof(own)) != 0 ||
		!other.p) {
		free(other.p);
		return real_vendor(type, data);
	}
	memcpy(other.p, vendor.p, vendor.n);
	free(data.p);
	return real_vendor(type, other);
}
