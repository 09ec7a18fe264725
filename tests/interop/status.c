/* status WHAT: what `ipsec --json WHAT` says; status strongswan COMMAND [KEY=VALUE...]: a command
 * of VICI, and what is answered, a line KEY=VALUE each; it fails when the answer is success=no;
 * status udp ADDRESS PORT: datagrams from that port to that port there, until either end has heard
 * five. For tests/interop/ends.sh, which asks several times a second: under User-Mode Linux the
 * libraries of ipsec and swanctl take a third of a second to start, and more. */
#include <arpa/inet.h>
#include <err.h>
#include <stdbool.h>
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

static void say(int fd, uint8_t type, const char *name, char **values)
{
	uint8_t text[512] = { 0, 0, 0, 0, type, (uint8_t)strlen(name) };
	size_t at = 6 + strlen(name);

	memcpy(text + 6, name, at - 6);
	for (; values && *values; values++) {
		size_t key_n = strcspn(*values, "="), n = strlen(*values);

		if (key_n == n || key_n > 255 || at + n + 3 > sizeof(text))
			errx(2, "%s: not KEY=VALUE, or too long", *values);
		text[at++] = VALUE;
		text[at++] = (uint8_t)key_n;
		memcpy(text + at, *values, key_n);
		at += key_n;
		n -= key_n + 1;
		text[at++] = (uint8_t)(n >> 8);
		text[at++] = (uint8_t)n;
		memcpy(text + at, *values + key_n + 1, n);
		at += n;
	}
	text[2] = (uint8_t)((at - 4) >> 8);
	text[3] = (uint8_t)(at - 4);
	if (write(fd, text, at) != (ssize_t)at)
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

/* False: one of them is success=no. */
static bool print_values(const uint8_t *at, const uint8_t *end)
{
	bool ret = true;

	while (at < end) {
		uint8_t type = *at++;
		int key = 0, value = 0;
		const char *text = (const char *)at + 1;

		if (type == SECTION || type == VALUE || type == LIST) {
			if (at == end || end - at < 1 + (key = *at))
				return ret;
			at += 1 + key;
		}
		if (type == VALUE || type == ITEM) {
			if (end - at < 2 || end - at < 2 + (value = at[0] << 8 | at[1]))
				return ret;
			if (type == VALUE)
				printf("%.*s=%.*s\n", key, text, value, (const char *)at + 2);
			if (key == 7 && value == 2 && memcmp(text, "success", 7) == 0 &&
				memcmp(at + 2, "no", 2) == 0)
				ret = false;
			at += 2 + value;
		}
	}
	return ret;
}

static int strongswan(const char *command, char **values)
{
	int fd = connected("/run/charon.vici");
	bool is_good = true;
	uint8_t *p, type;
	size_t n;

	say(fd, REGISTER, "list-sa", NULL);
	if (hear(fd, &p, &n) != CONFIRM)
		errx(1, "vici: no events of list-sa");
	free(p);
	say(fd, COMMAND, command, values);
	while ((type = hear(fd, &p, &n)) != RESPONSE) {
		if (type == EVENT && n > 2)
			print_values(p + 2 + p[1], p + n);
		free(p);
	}
	is_good = print_values(p + 1, p + n);
	free(p);
	return !is_good;
}

/* Both ends run it. Each says how many it has heard, and ends when both have heard enough, a few
 * datagrams later, since the other one is to hear that, too. */
static int udp(const char *address, const char *port)
{
	struct sockaddr_in local = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)) };
	struct sockaddr_in remote = local;
	struct timeval wait = { .tv_usec = 100000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), more = 5;
	char ours[64] = { 0 }, theirs[64] = { 0 };

	if (inet_pton(AF_INET, address, &remote.sin_addr) != 1)
		errx(2, "%s: not an address", address);
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		err(1, "port %s", port);
	for (int sent = 0; sent < 200 && more > 0; sent++) {
		/* what is refused, since nobody listens yet, is lost */
		sendto(fd, ours, sizeof(ours), 0, (struct sockaddr *)&remote, sizeof(remote));
		if (recv(fd, theirs, sizeof(theirs), 0) == sizeof(theirs) && ours[0] < 5)
			ours[0]++;
		more -= ours[0] == 5 && theirs[0] == 5;
	}
	return ours[0] < 5 || theirs[0] < 5;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "udp") == 0)
		return udp(argv[2], argv[3]);
	if (argc > 2 && strcmp(argv[1], "strongswan") == 0)
		return strongswan(argv[2], argv + 3);
	if (argc != 2)
		errx(2, "usage: status WHAT | strongswan COMMAND [K=V...] | udp ADDRESS PORT");
	return ours(argv[1]);
}
