/* ipsec-resolve NAME: the one process that speaks DNS. Lives for one name; prints its first
 * address, or why there is none. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG },
			*all = NULL;
	char text[NI_MAXHOST];
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
	if (e == 0)
		e = getnameinfo(
			all->ai_addr, all->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
	puts(e == 0 ? text : gai_strerror(e));
	if (all)
		freeaddrinfo(all);
	return e != 0;
}
