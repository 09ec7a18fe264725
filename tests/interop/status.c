/* status WHAT: what `ipsec --json WHAT` says, for tests/interop/ends.sh, which asks several times a
 * second: under User-Mode Linux the libraries of ipsec take a third of a second to start. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/run/pluto/pluto.ctl" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[4096];
	ssize_t got;
	int n;

	if (argc != 2 || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("status");
		return 1;
	}
	n = snprintf(text, sizeof(text),
		"POST /v1/%.40s HTTP/1.0\r\nHost: ipsec\r\nContent-Length: 2\r\n\r\n{}", argv[1]);
	if (write(fd, text, (size_t)n) != n)
		return 1;
	while ((got = read(fd, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, (size_t)got) != got)
			return 1;
	return got < 0;
}
