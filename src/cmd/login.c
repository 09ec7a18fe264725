/* The password of an XAUTH user: from the command line, where others may see it, or asked for. */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_ROOM = 512 };

/* One line of standard input, without its end. */
static bool read_line(char *s, size_t room)
{
	size_t n;

	if (!fgets(s, (int)room, stdin))
		return false;
	n = strcspn(s, "\r\n");
	s[n] = '\0';
	return n != 0;
}

/* The same with the terminal's echo off, whatever the terminal did before. */
static bool ask(char *s, size_t room)
{
	struct termios before, quiet;
	bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0, ok;

	if (is_terminal) {
		quiet = before;
		quiet.c_lflag &= (tcflag_t)~ECHO;
		fputs("Enter passphrase: ", stderr); /* the words that NetworkManager waits for */
		fflush(stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	ok = read_line(s, room);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputs("\n", stderr);
	}
	return ok;
}

char *login_password(const struct cmd *c)
{
	char line[PASSWORD_ROOM];
	char *password = NULL;

	if (strcmp(c->password, "-") != 0)
		return xstrdup(c->password);
	if (ask(line, sizeof(line)))
		password = xstrdup(line);
	else
		out_error("ipsec: no password was given");
	wipe(line, sizeof(line));
	return password;
}
