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

char *identity_hint(const char *declared, const char *wanted, char t[IDENTITY_WHY])
{
	size_t n, m;
	const char *a = bare(declared, &n), *b = bare(wanted, &m);
	bool is_same = n == m && strncmp(a, b, n) == 0;

	t[0] = '\0';
	if (is_same && strcmp(declared, wanted) != 0)
		snprintf(t, IDENTITY_WHY, "the text is the same, the type is not: %s and %s",
			kind(declared), kind(wanted));
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
