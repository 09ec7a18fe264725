#include "diag/identity.h"

#include "diag/words.h"

#include <stdio.h>
#include <strings.h>

bool identity_is_addr(const char *id)
{
	struct addr a;

	return addr_parse(id, &a) == OK && addr_is_set(&a);
}

bool identity_is_private(const char *id)
{
	static const char *const nets[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10" };
	struct prefix p;
	struct addr a;

	if (addr_parse(id, &a) != OK)
		return false;
	for (size_t i = 0; i < COUNT(nets); i++)
		if (prefix_parse(nets[i], &p) == OK && prefix_has(&p, &a))
			return true;
	return false;
}

bool identity_is_open(const char *id)
{
	return id[0] == '%' || strchr(id, '*');
}

/* "@west" is a name, "@[west]" a KEY_ID, "west@east" a mail address */
static const char *kind(const char *id)
{
	if (identity_is_addr(id))
		return "an address";
	if (strncmp(id, "@[", 2) == 0 || strncmp(id, "@#", 2) == 0)
		return "a KEY_ID";
	if (id[0] == '@')
		return "a name (FQDN)";
	if (strchr(id, '='))
		return "a distinguished name";
	return strchr(id, '@') ? "a mail address" : "a name";
}

/* Without what tells the type. */
static const char *bare(const char *id, size_t *n)
{
	size_t len = strlen(id);

	if (strncmp(id, "@[", 2) == 0 && len > 3) {
		*n = len - 3;
		return id + 2;
	}
	*n = id[0] == '@' ? len - 1 : len;
	return id[0] == '@' ? id + 1 : id;
}

static char *quoted(const char *before, const char *id, const char *if_any, char t[IDENTITY_WORD])
{
	const char *q = strpbrk(id, if_any) && !strchr(id, '"') ? "\"" : "";

	snprintf(t, IDENTITY_WORD, "%s%s%s%s", q, before, id, q);
	return t;
}

char *identity_word(const char *id, char t[IDENTITY_WORD])
{
	return quoted("", id, " ,=", t);
}

char *identity_swanctl(const char *id, char t[IDENTITY_WORD])
{
	char text[IDENTITY_WORD];
	size_t n;
	const char *in = bare(id, &n);

	if (strncmp(id, "@[", 2) == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)n, in);
		return quoted("keyid:", text, " ,=#", t);
	}
	if (strncmp(id, "@#0x", 4) == 0) { /* only its digits */
		snprintf(t, IDENTITY_WORD, "\"@#%s\"", id + 4);
		return t;
	}
	return quoted("", id, " ,=#", t);
}

/* Is each part of a one of b, whatever the order? */
static bool has_parts(const char *a, const char *b)
{
	char in[IDENTITY_WORD], part[IDENTITY_WORD];

	if (!strchr(a, '=') || !strchr(b, '='))
		return false;
	snprintf(in, sizeof(in), ", %s,", b);
	while (*a) {
		size_t n = strcspn(a, ",");

		snprintf(part, sizeof(part), " %.*s,", (int)n, a + strspn(a, " "));
		if (n == 0 || !strstr(in, part))
			return false;
		a += n;
		a += strspn(a, ", ");
	}
	return true;
}

char *identity_hint(const char *declared, const char *wanted, char t[IDENTITY_WHY])
{
	size_t n, m;
	const char *a = bare(declared, &n), *b = bare(wanted, &m);
	bool is_same = n == m && strncmp(a, b, n) == 0;

	t[0] = '\0';
	if (is_same && strcmp(declared, wanted) != 0)
		snprintf(t, IDENTITY_WHY, "the text is the same, the type is not: %s and %s",
			kind(declared), kind(wanted));
	else if (strcmp(declared, wanted) != 0 && has_parts(declared, wanted) &&
		 has_parts(wanted, declared))
		snprintf(t, IDENTITY_WHY, "the parts are the same, their order is not");
	else if (n == m && strncasecmp(a, b, n) == 0)
		snprintf(t, IDENTITY_WHY, "they differ in upper and lower case only");
	else if (identity_is_private(declared) && identity_is_addr(wanted) &&
		 !identity_is_private(wanted))
		snprintf(t, IDENTITY_WHY,
			"one is the private address behind a NAT, the other the public one");
	else if (identity_is_private(wanted) && identity_is_addr(declared) &&
		 !identity_is_private(declared))
		snprintf(t, IDENTITY_WHY,
			"one is the public address, the other the private one behind a NAT");
	else if (identity_is_addr(declared) != identity_is_addr(wanted))
		snprintf(t, IDENTITY_WHY,
			"one is an address, which is what an end without leftid= says it is");
	return t;
}

const char *story_our_end(const struct story *s)
{
	const struct event_value *v = s->facts ? &FIELDS(s->facts, conn_facts)->our_side : NULL;

	return v && v->type == EVENT_TYPE_str && strcmp(v->str, "right") == 0 ? "right" : "left";
}

const char *story_their_end(const struct story *s)
{
	return story_our_end(s)[0] == 'l' ? "right" : "left";
}

const char *story_their_host(const struct story *s)
{
	return story_is_swanctl(s)	    ? "remote_addrs"
	       : story_our_end(s)[0] == 'l' ? "right="
					    : "left=";
}

const char *story_name(const struct story *s)
{
	return s->conn ? s->conn : "NAME";
}
