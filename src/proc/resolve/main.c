/* ipsec-resolve NAME: the one process that speaks DNS. Lives for one name; prints its addresses,
 * one a line, or why there is none. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 16 };

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG },
			*all = NULL;
	char text[NI_MAXHOST];
	unsigned n = 0;
	int e;

	if (argc != 2) {
		fprintf(stderr, "ipsec-resolve is started by ipsecd, not by hand\n");
		return 2;
	}
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
		puts("cannot give up root");
		return 1;
	}
	e = getaddrinfo(argv[1], NULL, &hints, &all);
	for (const struct addrinfo *a = all; a && e == 0 && n < ADDRESSES_MAX;
		a = a->ai_next, n++) {
		e = getnameinfo(
			a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
		if (e == 0)
			puts(text);
	}
	if (e != 0)
		puts(gai_strerror(e));
	if (all)
		freeaddrinfo(all);
	return e != 0;
}
