/* When ike dies, another one takes its place alone, and its IKE SAs with it: tunnels carry on
 * meanwhile. What ike keeps is in memory that we hold and never look into. */
#include "proc/parent/parent.h"

#include "proc/ike/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* So many in a row died before they had taken over: what they find kills them. */
enum { TRIES = 3 };

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

static int memory_new(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("clearswan-ike", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("clearswan-ike", flags);
	if (fd < 0)
		return -1;
	/* ike's own user has to map it, and nobody is to take room from it */
	if (ftruncate(fd, STORE_SIZE) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

void takeover_memory(struct parent *p)
{
	if (p->fd[DESC_STORE] >= 0)
		close(p->fd[DESC_STORE]);
	p->fd[DESC_STORE] = memory_new();
	if (p->fd[DESC_STORE] < 0)
		PARENT_EMIT(p, 0, store_refused, .why = ev_str(strerror(errno)));
}

bool takeover_may(struct parent *p)
{
	if (p->state != STATE_RUNNING || !(p->is_loaded || p->is_taking_over))
		return false;
	p->takeovers = p->is_taking_over ? p->takeovers + 1 : 0;
	if (p->takeovers >= TRIES) {
		PARENT_EMIT(p, 0, store_dropped, );
		takeover_memory(p);
		p->takeovers = 0;
	}
	p->is_taking_over = true;
	/* whoever asked the dead one for something is told, others are to wait */
	p->is_loaded = false;
	LINE_SEND(&p->child[WHO_CONTROL].line, paused, );
	return true;
}

/* What the dead one did is in the kernel, and carries our marks: another one finds it there, when a
 * new ike asks for it. */
bool takeover_may_kernel(struct parent *p)
{
	if (p->state != STATE_RUNNING || !p->is_loaded || p->fd[DESC_STORE] < 0 ||
		!p->child[WHO_IKE].process)
		return false;
	firewall_unasked(p);
	return true;
}

void takeover_begin(struct parent *p)
{
	if (p->is_taking_over && p->has_secrets)
		load_take_over(p);
}

/* All that there was is there again: now ipsec.conf is read, which may have changed. */
static void handed(struct parent *p, uint32_t tunnels, uint32_t lost)
{
	p->n_kept = tunnels;
	p->n_lost = lost;
	p->is_handing = false;
	firewall_settle(p);
	parent_loaded(p);
	load_reload(p, 0);
}

void takeover_settled(struct parent *p, uint32_t tunnels, uint32_t lost)
{
	if (!p->is_taking_over)
		return;
	p->is_taking_over = false;
	p->takeovers = 0;
	p->is_loaded = true;
	if (p->is_handing)
		handed(p, tunnels, lost);
	load_again(p);
}
