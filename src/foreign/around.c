#include "foreign/around.h"

#include <ctype.h>

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* ---- what pages and terminals make of a line ---- */

/* "ESC [ 0 ; 31 m", "ESC ( B": of what a terminal shows as colours, the length. */
static size_t escape_at(const uint8_t *p, size_t n)
{
	size_t i = 2;

	if (n < 3 || p[0] != 0x1b)
		return 0;
	if (p[1] == '(')
		return 3;
	if (p[1] != '[')
		return 0;
	while (i < n && i < 16 && (isdigit(p[i]) || p[i] == ';'))
		i++;
	return i < n && (p[i] == 'm' || p[i] == 'K') ? i + 1 : 0;
}

static const struct {
	const char *octets;
	char is;
} replaced[] = {
	{ "&lt;", '<' },
	{ "&gt;", '>' },
	{ "&amp;", '&' },
	{ "&quot;", '"' },
	{ "&#34;", '"' },
	{ "&#39;", '\'' },
	{ "\302\240", ' ' }, /* a blank that does not break */
	{ "\342\200\234", '"' },
	{ "\342\200\235", '"' }, /* quotes as books have them */
	{ "\342\200\230", '\'' },
	{ "\342\200\231", '\'' },
};

static size_t replaced_at(const uint8_t *p, size_t n, char *ret)
{
	if (*p != '&' && *p < 0x80)
		return 0;
	for (size_t i = 0; i < COUNT(replaced); i++) {
		size_t len = strlen(replaced[i].octets);

		if (len <= n && memcmp(p, replaced[i].octets, len) == 0) {
			*ret = replaced[i].is;
			return len;
		}
	}
	return 0;
}

/* A table's row as CSV: "2026-11-29","charon","05[IKE] text with ""quotes""" */
static void unquote_fields(char *s)
{
	char *to = s, *from = s + 1;

	if (s[0] != '"' || !strstr(s, "\",\""))
		return;
	while (*from) {
		if (from[0] == '"' && from[1] == '"') {
			*to++ = '"';
			from += 2;
		} else if (strncmp(from, "\",\"", 3) == 0) {
			*to++ = ' ';
			from += 3;
		} else if (from[0] == '"' && !from[1])
			from++;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

void around_plain(struct bytes line, char text[static FOREIGN_LINE])
{
	size_t len = 0, n;
	char is;

	for (size_t i = 0; i < line.n && len < FOREIGN_LINE - (size_t)1; i += n) {
		const uint8_t *p = line.p + i;

		if ((n = escape_at(p, line.n - i)))
			continue;
		if ((n = replaced_at(p, line.n - i, &is)))
			text[len++] = is;
		else {
			n = 1;
			text[len++] = *p == '\t' || *p == '\r' ? ' '
				      : *p < ' ' || *p > '~'   ? '?' /* not by us */
							       : (char)*p;
		}
	}
	while (len && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	unquote_fields(text);
}

/* ---- charon's words ---- */

static bool is_group(const char *s)
{
	static const char groups[] = "DMNMGRIKECHDJOBCFGKNLNETASNENCTNCIMCIMVPTSTLSAPPESPLIB";

	for (const char *g = groups; *g; g += 3)
		if (strncmp(s, g, 3) == 0)
			return true;
	return false;
}

/* "09[IKE] ", "09[IKE1] " with its level, "[IKE] " as swanctl(8) prints it: what follows, or NULL.
 */
static const char *tag_at(const char *begin, const char *s, unsigned *thread, bool *is_sure)
{
	const char *group = s, *end;

	*is_sure = isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]);
	if (*is_sure)
		group += 2;
	else if (s != begin && s[-1] != ' ')
		return NULL;
	if (*group != '[' || !is_group(group + 1))
		return NULL;
	end = group + 4;
	end += isdigit((unsigned char)*end) != 0;
	if (end[0] != ']' || end[1] != ' ')
		return NULL;
	*thread = *is_sure ? (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0') : 0;
	return end + 2;
}

/* What ipsec(8) of strongSwan prints has no tags: lines like these are charon's where they begin
 * so. */
static bool is_bare_at(const char *s)
{
	static const char *const words[] = { "initiating IKE_SA ", "initiating Main Mode IKE_SA ",
		"initiating Aggressive Mode IKE_SA ", "generating ", "sending packet: from ",
		"received packet: from ", "parsed ", "received ", "retransmit ",
		"sending retransmit ", "giving up after ", "authentication of '", "IKE_SA ",
		"CHILD_SA ", "selected proposal: ", "configured proposals: ", "no ", "tried ",
		"peer didn't accept DH group ", "unable to install ", "loading connection '",
		"deleting ", "constraint check failed: ", "traffic selectors ", "IDir '",
		"invalid ", "calculated HASH ", "could not decrypt " };

	for (size_t i = 0; i < COUNT(words); i++)
		if (begins(s, words[i]))
			return true;
	return false;
}

/* ---- pluto's words ---- */

bool pluto_head_read(const char *s, struct pluto_head *ret)
{
	struct pluto_head h = { .name = s + 1 };
	const char *end;

	if (*s != '"' || !(end = strchr(s + 1, '"')) || end == s + 1 || end - s > FOREIGN_NAME ||
		end[-1] == '\\')
		return false;
	h.n = (size_t)(end - h.name);
	s = end + 1;
	if (*s == '[') {
		h.instance = (uint32_t)number_read(s);
		s += strcspn(s, "] ");
		s += *s == ']';
		if (*s == ' ' && s[1] != '#') {
			const char *after = endpoint_read(s, &h.peer);

			s = after ? after : s;
		}
	}
	if (*s == ' ' && s[1] == '#') {
		h.serial = (uint32_t)number_read(s);
		s += 2 + strspn(s + 2, "0123456789");
	}
	if (*s != ':')
		return false;
	h.text = s + 1 + strspn(s + 1, " ");
	*ret = h;
	return true;
}

/* Its debugging begins with a bar, which tools that collect logs write as well: behind a name. */
static bool is_debugging(const char *text, const char *s)
{
	const char *before = s;

	if (s[0] != '|' || s[1] != ' ' || s[2] == '"')
		return false;
	while (before > text && before[-1] == ' ')
		before--;
	return before == text || before[-1] == ':' || before[-1] == '|';
}

/* Before its words are a clock, a program, a number of whack's, or a mail's mark, not a sentence.
 */
static bool may_begin(const char *text, const char *s)
{
	while (s > text && s[-1] == ' ')
		s--;
	return s == text || strchr(":|]>-Z0123456789", s[-1]) ||
	       (s - text >= 8 && begins(s - 8, "MESSAGE=")) ||
	       (s - text >= 5 && (begins(s - 5, "out F") || begins(s - 5, "pluto")));
}

static bool is_pluto_at(const char *text, const char *s, struct around *ret)
{
	struct pluto_head h;

	if (*s == '"' && pluto_head_read(s, &h) && (h.serial || may_begin(text, s)))
		ret->is_sure = h.serial != 0;
	else if ((begins(s, "packet from ") || begins(s, "Starting Pluto") ||
			 begins(s, "netlink_expire got message")) &&
		 may_begin(text, s))
		ret->is_sure = true;
	else
		return false;
	ret->words = s;
	ret->dialect = FOREIGN_PLUTO;
	return true;
}

/* How far into a line a daemon's words may begin. */
enum { AROUND_MAX = 200 };

void around_find(const char *text, const char *bare, struct around *ret)
{
	const char *words;

	*ret = (struct around){ 0 };
	for (const char *s = text; *s && s < text + AROUND_MAX; s++) {
		if (is_debugging(text, s))
			break;
		if (is_pluto_at(text, s, ret))
			return;
		if ((words = tag_at(text, s, &ret->thread, &ret->is_sure))) {
			ret->words = words;
			ret->dialect = FOREIGN_CHARON;
			return;
		}
	}
	if (is_bare_at(bare)) {
		*ret = (struct around){ .dialect = FOREIGN_CHARON, .words = bare, .is_bare = true };
		return;
	}
	if (strstr(text, "pluto[")) {
		ret->dialect = FOREIGN_PLUTO;
		ret->is_sure = true;
	}
}
