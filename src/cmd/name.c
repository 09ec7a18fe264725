/* getaddrinfo() has no limit of time: a process of its own asks, which can be ended. */
#include "cmd/name.h"

#include "base/bytes.h"
#include "cmd/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WHO = 288 }; /* with a name of DNS */

static bool is_silent;

/* What the process says: less than a pipe takes at once. */
struct said {
	struct addr addr[NAME_ADDRS];
	size_t n;
	int error; /* of getaddrinfo() */
};

static struct addr addr_of(const struct sockaddr *sa)
{
	const void *p = sa;

	return sa->sa_family == AF_INET
		       ? addr_from(bytes_of(&((const struct sockaddr_in *)p)->sin_addr, 4))
		       : addr_from(bytes_of(&((const struct sockaddr_in6 *)p)->sin6_addr, 16));
}

static void ask(const char *name, int to)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	struct said s = { .n = 0 };

	s.error = getaddrinfo(name, NULL, &hints, &found);
	for (const struct addrinfo *a = found; a && s.error == 0 && s.n < NAME_ADDRS;
		a = a->ai_next)
		if (a->ai_family == AF_INET || a->ai_family == AF_INET6)
			s.addr[s.n++] = addr_of(a->ai_addr);
	_exit(write(to, &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
}

static bool heard(int from, ns_t end, struct said *ret)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	int left;

	while ((left = patience_left(end)) > 0) {
		int is = poll(&p, 1, left);

		if (is > 0)
			return read(from, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
		if (is < 0 && errno != EINTR)
			break;
	}
	return false;
}

void name_look_up(const char *name, struct name_found *ret)
{
	struct said s = { .n = 0 };
	char who[WHO];
	int pipes[2], status;
	pid_t pid;

	*ret = (struct name_found){ .why = "the resolver of this host does not answer" };
	snprintf(who, sizeof(who), "the resolver about %s", name);
	if (patience_is_given_up(who))
		return;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0)
		ask(name, pipes[1]);
	close(pipes[1]);
	if (pid > 0 && heard(pipes[0], patience_end(), &s)) {
		memcpy(ret->addr, s.addr, sizeof(ret->addr));
		ret->n = s.n;
		ret->why = s.error ? gai_strerror(s.error) : s.n ? "" : "it has no address";
	} else {
		is_silent = true;
		patience_give_up(who);
	}
	close(pipes[0]);
	if (pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

bool name_is_silent(void)
{
	return is_silent;
}
