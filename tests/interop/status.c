/* status WHAT: what `ipsec --json WHAT` says; status strongswan: what `swanctl --list-sas` says, a
 * line KEY=VALUE each. For tests/interop/ends.sh, which asks several times a second: under
 * User-Mode Linux the libraries of those two take a third of a second to start, and more. */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connected(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", path);
	return fd;
}

static int ours(const char *what)
{
	int fd = connected("/run/pluto/pluto.ctl");
	char text[4096];
	ssize_t got;

	dprintf(fd, "POST /v1/%.40s HTTP/1.0\r\nHost: ipsec\r\nContent-Length: 2\r\n\r\n{}", what);
	while ((got = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)got, stdout);
	return got < 0;
}

/* ---- VICI, strongSwan's own protocol: length (32 bits), type, name of the event or command,
 * elements ---- */

enum { COMMAND = 0, RESPONSE = 1, REGISTER = 3, CONFIRM = 5, EVENT = 7 };
enum { SECTION = 1, VALUE = 3, LIST = 4, ITEM = 5 };

static void say(int fd, uint8_t type, const char *name)
{
	uint8_t head[6] = { 0, 0, 0, (uint8_t)(2 + strlen(name)), type, (uint8_t)strlen(name) };

	if (write(fd, head, 6) != 6 || write(fd, name, head[5]) != head[5])
		err(1, "vici");
}

/* Gives the type; text is the caller's to free, n its length. */
static uint8_t hear(int fd, uint8_t **ret, size_t *ret_n)
{
	uint32_t n;

	if (recv(fd, &n, 4, MSG_WAITALL) != 4 || (n = ntohl(n)) == 0 || n > 1 << 20)
		errx(1, "vici: nothing more to read");
	*ret = malloc(n);
	*ret_n = n;
	if (!*ret || recv(fd, *ret, n, MSG_WAITALL) != (ssize_t)n)
		err(1, "vici");
	return **ret;
}

static void print_values(const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		uint8_t type = *at++;
		int key = 0, value = 0;
		const char *text = (const char *)at + 1;

		if (type == SECTION || type == VALUE || type == LIST) {
			if (at == end || end - at < 1 + (key = *at))
				return;
			at += 1 + key;
		}
		if (type == VALUE || type == ITEM) {
			if (end - at < 2 || end - at < 2 + (value = at[0] << 8 | at[1]))
				return;
			if (type == VALUE)
				printf("%.*s=%.*s\n", key, text, value, (const char *)at + 2);
			at += 2 + value;
		}
	}
}

static int strongswan(void)
{
	int fd = connected("/run/charon.vici");
	uint8_t *p, type;
	size_t n;

	say(fd, REGISTER, "list-sa");
	if (hear(fd, &p, &n) != CONFIRM)
		errx(1, "vici: no events of list-sa");
	free(p);
	say(fd, COMMAND, "list-sas");
	while ((type = hear(fd, &p, &n)) != RESPONSE) {
		if (type == EVENT && n > 2)
			print_values(p + 2 + p[1], p + n);
		free(p);
	}
	free(p);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: status WHAT");
	return strcmp(argv[1], "strongswan") == 0 ? strongswan() : ours(argv[1]);
}
