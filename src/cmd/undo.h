#pragma once
/* The fixes that a program may apply, as a list of commands without a shell, and what takes each of
 * them back. Pure. */
#include "base/bytes.h"

enum { COMMAND_WORDS = 64, COMMANDS_MAX = 4, COMMAND_TEXT = 1024 };

/* "a 'b c' && d": each an argument vector; words point into text. */
struct command {
	char text[COMMAND_TEXT];
	char *word[COMMAND_WORDS + 1]; /* NULL ends them */
	unsigned n;
};

/* Splits what a fix says. False: it needs a shell, is too long, or names a program that none of our
 * fixes may run. */
bool commands_of(const char *text, struct command ret[COMMANDS_MAX], unsigned *ret_n);

enum undo_kind {
	UNDO_NOT,     /* it is not known what takes it back */
	UNDO_NOTHING, /* what it does stands in files, or was asked for */
	UNDO_SHOWS,   /* it changes nothing: for a person to look at */
	UNDO_SYSCTL,  /* the value that it had */
	UNDO_NFT,     /* the rule with the handle that nft says */
	UNDO_SPEC,    /* iptables -D in place of -I */
	UNDO_ROUTE,   /* ip route (or rule) del in place of add */
	UNDO_REPLACE, /* the route that was there before, or none */
	UNDO_CONN,    /* ipsec delete in place of add */
};
enum undo_kind undo_kind(const struct command *c);
/* What is to be asked before it is run: gives the command whose words undo_of() wants. False:
 * nothing. */
bool undo_asks(const struct command *c, struct command *ret);
/* The command that takes it back. said: what the command said (UNDO_NFT: "... # handle 7") or,
 * where undo_asks(), what that said before: a value, a route. False: there is none. */
bool undo_of(const struct command *c, const char *said, struct command *ret);
/* For people. */
void command_text(const struct command *c, char *ret, size_t n);
