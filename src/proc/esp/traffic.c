/* Starting and stopping the packet threads. */
#include "proc/esp/traffic.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

ns_t traffic_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_S + t.tv_nsec;
}

bool traffic_init(struct traffic *t, struct esp_plane *plane, int tun, const int fd[SOCKETS])
{
	int room = 1 << 20;

	*t = (struct traffic){ .plane = plane, .up = { -1, -1 }, .attention = -1, .stop = -1 };
	for (unsigned i = 0; i < SOCKETS; i++)
		socket_init(&t->socket[i], fd[i], i % 2 ? 6 : 4, i < SOCKET_ESP4);
	tun_init(&t->tun, tun);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, t->up) != 0)
		return false;
	setsockopt(t->up[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	t->attention = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return t->attention >= 0 && t->stop >= 0;
}

/* An eventfd takes 2^64 - 2 of these before it refuses one. */
static void wake(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;
}

bool traffic_start(struct traffic *t)
{
	sigset_t all, before;
	bool ok;

	sigfillset(&all); /* signals are the control thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&t->outbound, NULL, traffic_outbound, t) == 0;
	if (ok && pthread_create(&t->inbound, NULL, traffic_inbound, t) != 0) {
		ok = false;
		wake(t->stop);
		pthread_join(t->outbound, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->is_running = ok;
	return ok;
}

void traffic_stop(struct traffic *t)
{
	if (!t->is_running)
		return;
	wake(t->stop);
	pthread_join(t->outbound, NULL);
	pthread_join(t->inbound, NULL);
	t->is_running = false;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void traffic_done(struct traffic *t)
{
	traffic_stop(t);
	close_one(&t->up[0]);
	close_one(&t->up[1]);
	close_one(&t->attention);
	close_one(&t->stop);
}

struct socket *traffic_socket(struct traffic *t, const struct esp_path *path)
{
	unsigned i = path->encap ? SOCKET_UDP4 : SOCKET_ESP4;

	i += path->remote.addr.family == 6;
	return t->socket[i].fd >= 0 ? &t->socket[i] : NULL;
}
