#include "cmd/undo.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* What a word of a fix may be written with, outside of quotes. All that a shell would read
 * otherwise is missing: peers' words may be in it. */
static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || strchr("._-/:,=@%+!", c);
}

/* The next word, without its quotes; NULL: there is none, or *ok is false. */
static char *take_word(const char **p, char **to, bool *ok)
{
	char *w = *to, quote = '\0';

	*p += strspn(*p, " ");
	if (**p == '\0' || strncmp(*p, "&&", 2) == 0)
		return NULL;
	for (; **p && (quote || **p != ' '); (*p)++) {
		char c = **p;

		if (quote && c == quote)
			quote = '\0';
		else if (!quote && (c == '\'' || c == '"'))
			quote = c;
		else if ((unsigned char)c < 0x20 || c == 0x7f ||
			 (quote != '\'' && !is_plain(c) && !(quote && strchr(" {}'", c)))) {
			*ok = false;
			return NULL;
		} else
			*(*to)++ = c;
	}
	*(*to)++ = '\0';
	*ok = !quote;
	return w;
}

static bool is_allowed(const char *program)
{
	static const char *const programs[] = { "sysctl", "nft", "ip", "ipsec", "iptables",
		"ip6tables", "iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy",
		"firewall-cmd", "modprobe", "systemctl", "conntrack" };

	for (size_t i = 0; i < COUNT(programs); i++)
		if (strcmp(program, programs[i]) == 0)
			return true;
	return false;
}

static bool take_command(const char **p, struct command *ret)
{
	char *to = ret->text, *w;
	bool ok = true;

	ret->n = 0;
	while (ret->n < COMMAND_WORDS && (w = take_word(p, &to, &ok)))
		ret->word[ret->n++] = w;
	ret->word[ret->n] = NULL;
	return ok && ret->n && ret->n < COMMAND_WORDS && is_allowed(ret->word[0]);
}

bool commands_of(const char *text, struct command ret[COMMANDS_MAX], unsigned *ret_n)
{
	unsigned n = 0;
	bool is_more = true;

	if (strlen(text) >= COMMAND_TEXT / 2)
		return false;
	while (is_more) {
		if (n == COMMANDS_MAX || !take_command(&text, &ret[n++]))
			return false;
		text += strspn(text, " ");
		is_more = strncmp(text, "&&", 2) == 0;
		if (is_more)
			text += 2;
	}
	if (*text)
		return false;
	*ret_n = n;
	return true;
}

static const char *word(const struct command *c, unsigned i)
{
	return i < c->n ? c->word[i] : "";
}

static int at_word(const struct command *c, const char *w)
{
	for (unsigned i = 1; i < c->n; i++)
		if (strcmp(c->word[i], w) == 0)
			return (int)i;
	return -1;
}

/* Where the object of ip(8) stands: "ip -6 rule add" */
static unsigned ip_object(const struct command *c)
{
	return strcmp(word(c, 1), "-6") == 0 ? 2 : 1;
}

static enum undo_kind undo_kind_ip(const char *object, const char *what)
{
	if (strcmp(object, "rule") == 0)
		return strcmp(what, "add") == 0 ? UNDO_ROUTE : UNDO_NOT;
	return strcmp(object, "route") != 0   ? UNDO_NOT
	       : strcmp(what, "add") == 0     ? UNDO_ROUTE
	       : strcmp(what, "replace") == 0 ? UNDO_REPLACE
					      : UNDO_NOT;
}

enum undo_kind undo_kind(const struct command *c)
{
	const char *p = c->word[0], *first = word(c, 1);

	if (strcmp(p, "sysctl") == 0)
		return c->n == 3 && strcmp(first, "-w") == 0 && strchr(c->word[2], '=')
			       ? UNDO_SYSCTL
			       : UNDO_NOT;
	if (strcmp(p, "nft") == 0) /* its words are one */
		return c->n == 2 && strncmp(first, "insert rule ", 12) == 0 ? UNDO_NFT : UNDO_NOT;
	if (strncmp(p, "iptables", 8) == 0 || strncmp(p, "ip6tables", 9) == 0)
		return at_word(c, "-I") > 0 && at_word(c, "-I") + 1 < (int)c->n ? UNDO_SPEC
										: UNDO_NOT;
	if (strcmp(p, "ip") == 0)
		return undo_kind_ip(word(c, ip_object(c)), word(c, ip_object(c) + 1));
	if (strcmp(p, "ipsec") != 0)
		return UNDO_NOT;
	if (strcmp(first, "add") == 0 && c->n == 3)
		return UNDO_CONN;
	if (strcmp(first, "status") == 0 || strcmp(first, "checkconfig") == 0)
		return UNDO_SHOWS;
	return strcmp(first, "rereadsecrets") == 0 || strcmp(first, "up") == 0 ||
			       strcmp(first, "reload") == 0 || strcmp(first, "replace") == 0
		       ? UNDO_NOTHING
		       : UNDO_NOT;
}

static void add(struct command *c, char **to, const char *w)
{
	size_t n = strlen(w) + 1;

	if (c->n == COMMAND_WORDS || *to + n > c->text + sizeof(c->text))
		return;
	memcpy(*to, w, n);
	c->word[c->n++] = *to;
	c->word[c->n] = NULL;
	*to += n;
}

bool undo_asks(const struct command *c, struct command *ret)
{
	enum undo_kind k = undo_kind(c);
	char *to = ret->text, name[COMMAND_TEXT];

	*ret = (struct command){ 0 };
	if (k == UNDO_SYSCTL) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->word[2], "="), c->word[2]);
		add(ret, &to, "sysctl");
		add(ret, &to, "-n");
		add(ret, &to, name);
	} else if (k == UNDO_REPLACE) {
		add(ret, &to, "ip");
		if (strchr(word(c, 3), ':'))
			add(ret, &to, "-6");
		add(ret, &to, "route");
		add(ret, &to, "show");
		add(ret, &to, "exact");
		add(ret, &to, word(c, 3));
		if (at_word(c, "table") > 0) {
			add(ret, &to, "table");
			add(ret, &to, word(c, (unsigned)at_word(c, "table") + 1));
		}
	} else
		return false;
	return true;
}

static bool undo_word(
	const struct command *c, unsigned at, const char *w, struct command *ret, char *to)
{
	for (unsigned i = 0; i < c->n; i++)
		add(ret, &to, i == at ? w : c->word[i]);
	return true;
}

/* The line of the route that a new one replaces: that with the metric that it has when none is
 * named. False: there are several ways in one. */
static bool replaced(const char *said, bool is_v6, char *ret, size_t n)
{
	ret[0] = '\0';
	for (; *said; said += strspn(said, "\n")) {
		size_t len = strcspn(said, "\n");
		const char *metric = memmem(said, len, " metric ", 8);

		if (*said == '\t' || len >= n)
			return false;
		if (metric ? is_v6 && strncmp(metric + 8, "1024", 4) == 0 : !is_v6)
			snprintf(ret, n, "%.*s", (int)len, said);
		said += len;
	}
	return true;
}

/* said: the routes to that network, one a line, as they can be written again. */
static bool undo_replace(const struct command *c, const char *said, struct command *ret, char *to)
{
	char line[COMMAND_TEXT], *rest = line, *w;

	if (!replaced(said, strchr(word(c, 3), ':') != NULL, line, sizeof(line)))
		return false;
	if (!line[0])
		return undo_word(c, 2, "del", ret, to);
	add(ret, &to, "ip");
	add(ret, &to, "route");
	add(ret, &to, "replace");
	while ((w = strsep(&rest, " ")))
		/* how the device is, not how it was written */
		if (*w && strcmp(w, "linkdown") != 0 && strcmp(w, "dead") != 0)
			add(ret, &to, w);
	if (at_word(c, "table") > 0) {
		add(ret, &to, "table");
		add(ret, &to, word(c, (unsigned)at_word(c, "table") + 1));
	}
	return true;
}

static bool undo_sysctl(const struct command *c, const char *said, struct command *ret, char *to)
{
	char t[COMMAND_TEXT];

	snprintf(t, sizeof(t), "%.*s=%.*s", (int)strcspn(c->word[2], "="), c->word[2],
		(int)strcspn(said, "\n"), said);
	add(ret, &to, "sysctl");
	add(ret, &to, "-w");
	add(ret, &to, t);
	return said[0] && said[0] != '\n';
}

/* "insert rule inet lab input position 7 ..." said "... # handle 9" */
static bool undo_nft(const struct command *c, const char *said, struct command *ret, char *to)
{
	const char *handle = strstr(said, "# handle "), *next = handle;
	char family[32], table[64], chain[64], t[COMMAND_TEXT];
	unsigned long n;

	while (next && (next = strstr(next + 1, "# handle ")))
		handle = next;
	n = handle ? strtoul(handle + 9, NULL, 10) : 0;
	if (sscanf(c->word[1], "insert rule %31s %63s %63s", family, table, chain) != 3 || !n)
		return false;
	snprintf(t, sizeof(t), "delete rule %s %s %s handle %lu", family, table, chain, n);
	add(ret, &to, "nft");
	add(ret, &to, t);
	return true;
}

/* -I CHAIN [NUMBER] SPEC: -D CHAIN SPEC takes the first of that kind away, which is this one */
static bool undo_spec(const struct command *c, struct command *ret, char *to)
{
	unsigned at = (unsigned)at_word(c, "-I");

	for (unsigned i = 0; i < c->n; i++)
		if (i == at)
			add(ret, &to, "-D");
		else if (i != at + 2 || !isdigit((unsigned char)c->word[i][0]))
			add(ret, &to, c->word[i]);
	return true;
}

bool undo_of(const struct command *c, const char *said, struct command *ret)
{
	*ret = (struct command){ 0 };
	switch (undo_kind(c)) {
	case UNDO_SYSCTL:
		return undo_sysctl(c, said, ret, ret->text);
	case UNDO_NFT:
		return undo_nft(c, said, ret, ret->text);
	case UNDO_SPEC:
		return undo_spec(c, ret, ret->text);
	case UNDO_ROUTE:
		return undo_word(c, ip_object(c) + 1, "del", ret, ret->text);
	case UNDO_REPLACE:
		return undo_replace(c, said, ret, ret->text);
	case UNDO_CONN:
		return undo_word(c, 1, "delete", ret, ret->text);
	case UNDO_NOTHING:
	case UNDO_SHOWS:
	case UNDO_NOT:
		break;
	}
	return false;
}

void command_text(const struct command *c, char *ret, size_t n)
{
	size_t k = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < c->n && k < n; i++)
		k += (size_t)snprintf(ret + k, n - k, strchr(c->word[i], ' ') ? "%s'%s'" : "%s%s",
			i ? " " : "", c->word[i]);
}
