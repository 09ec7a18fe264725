/* Values of keywords: text in, field out; and back for readwriteconf. */
#include "config/keywords.h"

#include "config/proposal_text.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static enum err wrong(char **what, const char *found, const char *expected)
{
	*what = xasprintf("\"%s\" is not %s", found, expected);
	return ERR_VALUE;
}

static enum err read_bool(const char *v, bool *ret, char **what)
{
	static const char *const yes[] = { "yes", "true", "on", "y", "1" };
	static const char *const no[] = { "no", "false", "off", "n", "0" };

	for (size_t i = 0; i < COUNT(yes); i++) {
		if (strcasecmp(v, yes[i]) == 0 || strcasecmp(v, no[i]) == 0) {
			*ret = strcasecmp(v, yes[i]) == 0;
			return OK;
		}
	}
	return wrong(what, v, "yes or no");
}

static enum err read_enum(const struct keyword *k, const char *v, uint8_t *ret, char **what)
{
	const struct keyword_word *near = NULL;
	char *list = xstrdup("");
	size_t best = 3;

	for (const struct keyword_word *w = k->words; w->word; w++) {
		size_t d = word_distance(v, w->word);
		char *longer;

		if (strcasecmp(v, w->word) == 0) {
			*ret = w->value;
			free(list);
			return OK;
		}
		if (d < best) {
			best = d;
			near = w;
		}
		longer = xasprintf("%s%s%s", list, *list ? ", " : "", w->word);
		free(list);
		list = longer;
	}
	*what = xasprintf("\"%s\" is not one of: %s%s%s%s", v, list, near ? "; did you mean \"" : "",
		near ? near->word : "", near ? "\"?" : "");
	free(list);
	return ERR_VALUE;
}

/* Decimal digits, then a unit out of table (or none); the product must lie in range. */
struct unit {
	const char *name;
	uint64_t factor;
};

static enum err read_units(const struct keyword *k, const char *v, const struct unit *units,
	uint64_t bare, uint64_t min, uint64_t max, uint64_t *ret, char **what)
{
	uint64_t n = 0, factor = bare;
	const char *p = v;
	char range[96];

	snprintf(range, sizeof(range), "a number from %" PRIu64 " to %" PRIu64, k->min, k->max);
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return wrong(what, v, range);
	if (p == v)
		return wrong(what, v, range);
	if (*p) {
		for (factor = 0; units && units->name; units++)
			if (strcasecmp(units->name, p) == 0)
				factor = units->factor;
		if (factor == 0) {
			*what = xasprintf("\"%s\": the unit \"%s\" is not known", v, p);
			return ERR_VALUE;
		}
	}
	if (__builtin_mul_overflow(n, factor, &n) || n < min || n > max)
		return wrong(what, v, range);
	*ret = n;
	return OK;
}

static const struct unit seconds[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", NS_S }, { "m", 60 * NS_S },
	{ "h", 3600 * NS_S }, { "d", 86400 * NS_S }, { "w", 604800 * NS_S }, { NULL, 0 } };
static const struct unit counts[] = { { "B", 1 }, { "K", 1ull << 10 }, { "Ki", 1ull << 10 },
	{ "KiB", 1ull << 10 }, { "KB", 1ull << 10 }, { "M", 1ull << 20 }, { "Mi", 1ull << 20 },
	{ "MiB", 1ull << 20 }, { "MB", 1ull << 20 }, { "G", 1ull << 30 }, { "Gi", 1ull << 30 },
	{ "GiB", 1ull << 30 }, { "GB", 1ull << 30 }, { "T", 1ull << 40 }, { "Ti", 1ull << 40 },
	{ "TiB", 1ull << 40 }, { "TB", 1ull << 40 }, { "Pi", 1ull << 50 }, { "PiB", 1ull << 50 },
	{ "Ei", 1ull << 60 }, { "EiB", 1ull << 60 }, { NULL, 0 } };
static const struct unit percent[] = { { "%", 1 }, { NULL, 0 } };

static enum err read_time(const struct keyword *k, const char *v, uint64_t bare, ns_t *ret, char **what,
	char **warning)
{
	uint64_t n = 0;
	enum err e = read_units(k, v, seconds, bare, 0, INT64_MAX, &n, what);

	if (e == OK && n < k->min * NS_S) {
		*what = xasprintf("\"%s\" is less than %" PRIu64 " seconds", v, k->min);
		return ERR_VALUE;
	}
	if (e == OK && n > k->max * NS_S) {
		*warning = xasprintf("\"%s\" is more than the longest, %" PRIu64 " seconds, which is used", v,
			k->max);
		n = k->max * NS_S;
	}
	if (e == OK)
		*ret = (ns_t)n;
	return e;
}

static enum err read_number(const struct keyword *k, const char *v, void *field, char **what)
{
	uint64_t n = 0;
	enum err e = read_units(k, v, k->type == TYPE_PERCENT ? percent : NULL, 1, k->min, k->max, &n, what);

	if (e)
		return e;
	if (k->type == TYPE_U8)
		*(uint8_t *)field = (uint8_t)n;
	else if (k->type == TYPE_U16)
		*(uint16_t *)field = (uint16_t)n;
	else if (k->type == TYPE_U32)
		*(uint32_t *)field = (uint32_t)n;
	else
		*(unsigned *)field = (unsigned)n;
	return OK;
}

/* ---- lists ---- */

/* The next word of a list separated by blanks or commas; false at the end. */
static bool next_word(const char **p, char *ret, size_t n)
{
	size_t len;

	*p += strspn(*p, " \t,");
	len = strcspn(*p, " \t,");
	if (len == 0)
		return false;
	snprintf(ret, n, "%.*s", (int)len, *p);
	*p += len;
	return true;
}

static enum err read_host(struct conf_end *end, const char *v, char **what)
{
	struct conf_end e = { .host_kind = HOST_ADDR };

	if (strcasecmp(v, "%any") == 0 || strcasecmp(v, "0.0.0.0") == 0 || strcmp(v, "::") == 0)
		e.host_kind = HOST_ANY;
	else if (strcasecmp(v, "%any4") == 0 || strcasecmp(v, "%any6") == 0) {
		e.host_kind = HOST_ANY;
		e.host.family = v[4] == '4' ? 4 : 6;
	} else if (strcasecmp(v, "%defaultroute") == 0)
		e.host_kind = HOST_DEFAULTROUTE;
	else if (v[0] == '%' && (strcasestr(v, "oppo") || strcasestr(v, "group"))) {
		*what = xasprintf("\"%s\": opportunistic encryption is not there; give an address, a name or %%any", v);
		return ERR_VALUE;
	} else if (v[0] == '%')
		e.host_kind = HOST_IFACE;
	else if (addr_parse(v, &e.host) != OK)
		e.host_kind = HOST_NAME;
	if (e.host_kind == HOST_NAME &&
		(strspn(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != strlen(v) ||
			strspn(v, "0123456789.") == strlen(v)))
		return wrong(what, v, "an address, a DNS name, %any, %defaultroute or %interface");
	end->host_kind = e.host_kind;
	end->host = e.host;
	free(end->host_name);
	end->host_name = e.host_kind == HOST_NAME ? xstrdup(v)
			 : e.host_kind == HOST_IFACE ? xstrdup(v + 1)
						     : NULL;
	return OK;
}

static enum err add_subnet(struct ts_list *l, const char *word, char **what, char **warning)
{
	char net[PREFIX_STR];
	const char *slash = strchr(word, '/'), *more = slash ? strchr(slash + 1, '/') : NULL;
	struct prefix p;
	struct range r;
	struct ts t;

	snprintf(net, sizeof(net), "%.*s", more ? (int)(more - word) : (int)strlen(word), word);
	if (strchr(net, '-')) {
		if (range_parse(net, &r))
			return wrong(what, word, "a range A-B");
		t = ts_from_range(&r);
	} else if (prefix_parse(net, &p))
		return wrong(what, word, "a subnet like 10.0.1.0/24");
	else {
		if (!prefix_is_clean(&p) && !*warning) {
			char clean[PREFIX_STR];
			struct prefix q = prefix_clean(p);

			*warning = xasprintf("\"%s\" has host bits; %s is used", word, prefix_format(&q, clean));
		}
		t = ts_from_prefix(&p);
	}
	if (l->n == CONF_SUBNETS_MAX) {
		*what = xasprintf("more than %d subnets", CONF_SUBNETS_MAX);
		return ERR_VALUE;
	}
	l->ts[l->n++] = t;
	return OK;
}

static enum err read_subnets(struct ts_list *ret, const char *v, char **what, char **warning)
{
	struct ts_list l = { 0 };
	char word[128];
	enum err e;

	if (strncasecmp(v, "vhost:", 6) == 0 || strncasecmp(v, "vnet:", 5) == 0)
		return wrong(what, v, "of IKEv2: vhost: and vnet: are IKEv1's");
	while (next_word(&v, word, sizeof(word)))
		if ((e = add_subnet(&l, word, what, warning)))
			return e;
	if (l.n == 0)
		return wrong(what, v, "a subnet like 10.0.1.0/24");
	*ret = l;
	return OK;
}

static enum err read_addrs(const char *v, struct addr *ret, size_t max, size_t *n, char **what)
{
	char word[128];
	struct addr list[16];
	size_t got = 0;

	while (next_word(&v, word, sizeof(word))) {
		char *slash = strchr(word, '/');

		if (slash)
			*slash = '\0'; /* sourceip=10.0.1.1/32 */
		if (got == max || addr_parse(word, &list[got]))
			return got == max ? wrong(what, word, "wanted: there are too many addresses")
					  : wrong(what, word, "an address");
		got++;
	}
	memcpy(ret, list, got * sizeof(*list));
	*n = got;
	return OK;
}

static enum err read_pool(struct conf_end *end, const char *v, char **what)
{
	char word[128];
	struct range pool[CONF_POOLS_MAX];
	size_t n = 0;

	while (next_word(&v, word, sizeof(word))) {
		if (n == CONF_POOLS_MAX || range_parse(word, &pool[n]))
			return n == CONF_POOLS_MAX
				       ? wrong(what, word, "wanted: there are too many ranges")
				       : wrong(what, word, "a range like 100.64.13.2-100.64.13.254 or 100.64.13.0/24");
		n++;
	}
	memcpy(end->pool, pool, n * sizeof(*pool));
	end->n_pool = n;
	return OK;
}

static const struct keyword_word protocols[] = { { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "gre", 47 },
	{ "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "sctp", 132 }, { "%any", 0 }, { "any", 0 }, { "ipip", 4 },
	{ NULL, 0 } };
static const struct {
	const char *name;
	uint16_t port;
} ports[] = { { "%any", 0 }, { "any", 0 }, { "l2tp", 1701 }, { "ssh", 22 }, { "http", 80 }, { "https", 443 },
	{ "domain", 53 }, { "ntp", 123 } };

static enum err read_protoport(struct conf_end *end, const char *v, char **what)
{
	char proto[32];
	const char *slash = strchr(v, '/');
	unsigned long p = 256, port = 0;
	char *rest;

	snprintf(proto, sizeof(proto), "%.*s", slash ? (int)(slash - v) : (int)strlen(v), v);
	for (const struct keyword_word *w = protocols; w->word; w++)
		if (strcasecmp(w->word, proto) == 0)
			p = w->value;
	if (p == 256 && isdigit((unsigned char)proto[0])) {
		p = strtoul(proto, &rest, 10);
		p = *rest ? 256 : p;
	}
	if (slash && isdigit((unsigned char)slash[1])) {
		port = strtoul(slash + 1, &rest, 10);
		port = *rest ? 65536 : port;
	} else if (slash) {
		port = 65536;
		for (size_t i = 0; i < COUNT(ports); i++)
			if (strcasecmp(ports[i].name, slash + 1) == 0)
				port = ports[i].port;
	}
	if (p > 255 || port > 65535)
		return wrong(what, v, "a protocol and port like tcp/443, udp or 47");
	end->protocol = (uint8_t)p;
	end->port = (uint16_t)port;
	return OK;
}

static enum err read_authby(const struct keyword *k, uint8_t *ret, const char *v, char **what)
{
	char word[64];
	uint8_t bits = 0;

	while (next_word(&v, word, sizeof(word))) {
		if (strcasecmp(word, "secret") == 0 || strcasecmp(word, "psk") == 0)
			bits |= AUTHBY_SECRET;
		else if (strncasecmp(word, "rsa", 3) == 0 || strcasecmp(word, "pubkey") == 0)
			bits |= AUTHBY_RSA;
		else if (strncasecmp(word, "ecdsa", 5) == 0 || strcasecmp(word, "eddsa") == 0)
			bits |= AUTHBY_ECDSA;
		else if (strcasecmp(word, "null") == 0)
			bits |= AUTHBY_NULL;
		else if (strcasecmp(word, "never") == 0)
			bits |= AUTHBY_NEVER;
		else
			return wrong(what, word, "one of: secret (others, as rsasig, come in a later version)");
	}
	(void)k;
	*ret = bits;
	return OK;
}

static enum err read_version(uint8_t *ret, const char *v, char **what)
{
	static const char *const two[] = { "yes", "insist", "propose", "always", "true", "on", "1" };
	static const char *const one[] = { "no", "never", "permit", "false", "off", "0" };

	for (size_t i = 0; i < COUNT(two); i++)
		if (strcasecmp(v, two[i]) == 0) {
			*ret = VERSION_IKEV2;
			return OK;
		}
	for (size_t i = 0; i < COUNT(one); i++)
		if (strcasecmp(v, one[i]) == 0) {
			*ret = VERSION_IKEV1;
			return OK;
		}
	return wrong(what, v, "yes (IKEv2) or no (IKEv1)");
}

static enum err read_proposals(const struct keyword *k, struct proposals **ret, const char *v, char **what,
	char **warning)
{
	struct proposals *p;
	enum err e = proposal_text_parse(k->type == TYPE_IKE ? PROTO_IKE : PROTO_ESP, v, &p, what, warning);

	if (e)
		return e;
	free(*ret);
	*ret = p;
	return OK;
}

static enum err read_string(char **ret, const char *v)
{
	free(*ret);
	*ret = *v ? xstrdup(v) : NULL;
	return OK;
}

enum err value_read(const struct keyword *k, void *object, const char *v, char **what, char **warning)
{
	void *field = (char *)object + k->offset;
	struct conf_conn *conn = object;
	size_t n;
	uint64_t count = 0;
	enum err e;

	switch ((enum keyword_type)k->type) {
	case TYPE_NONE:
	case TYPE_STRUCTURE:
		return OK;
	case TYPE_BOOL:
		return read_bool(v, field, what);
	case TYPE_ENUM:
		return read_enum(k, v, field, what);
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_UNSIGNED:
	case TYPE_PERCENT:
		return read_number(k, v, field, what);
	case TYPE_TIME:
		return read_time(k, v, NS_S, field, what, warning);
	case TYPE_TIME_MS:
		return read_time(k, v, NS_MS, field, what, warning);
	case TYPE_COUNT:
		if ((e = read_units(k, v, counts, 1, k->min, k->max, &count, what)) == OK)
			*(uint64_t *)field = count;
		return e;
	case TYPE_STR:
	case TYPE_WORDS:
		return read_string(field, v);
	case TYPE_HOST:
		return read_host(object, v, what);
	case TYPE_ADDR:
		if (v[0] == '%') { /* %defaultroute, %direct: found by itself */
			*(struct addr *)field = (struct addr){ 0 };
			return OK;
		}
		return addr_parse(v, field) ? wrong(what, v, "an address") : OK;
	case TYPE_ID:
		id_done(field);
		return id_parse(v, field) ? wrong(what, v, "an identity: an address, @name, user@name, @#hex or a DN")
					  : OK;
	case TYPE_SUBNETS:
		return read_subnets(field, v, what, warning);
	case TYPE_SOURCEIP:
		return read_addrs(v, ((struct conf_end *)object)->sourceip, 4, &((struct conf_end *)object)->n_sourceip,
			what);
	case TYPE_POOL:
		return read_pool(object, v, what);
	case TYPE_PROTOPORT:
		return read_protoport(object, v, what);
	case TYPE_DNS:
		if ((e = read_addrs(v, conn->modecfgdns, CONF_DNS_MAX, &n, what)) == OK)
			conn->n_modecfgdns = n;
		return e;
	case TYPE_AUTHBY:
	case TYPE_AUTH:
		return read_authby(k, field, v, what);
	case TYPE_IKE:
	case TYPE_ESP:
		return read_proposals(k, field, v, what, warning);
	case TYPE_VERSION:
		return read_version(field, v, what);
	}
	return ERR_VALUE;
}
