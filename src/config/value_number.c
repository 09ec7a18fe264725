/* Numbers of ipsec.conf: counts, durations, percents, marks, each with its units. */
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit no_units[] = { { NULL, 0 } };
static const struct unit percents[] = { { "%", 1 }, { NULL, 0 } };
static const struct unit times[] = { { "us", (uint64_t)NS_US }, { "ms", (uint64_t)NS_MS },
	{ "s", (uint64_t)NS_S }, { "m", 60 * (uint64_t)NS_S }, { "h", 3600 * (uint64_t)NS_S },
	{ "d", 86400 * (uint64_t)NS_S }, { "w", 604800 * (uint64_t)NS_S }, { NULL, 0 } };
static const struct unit counts[] = { { "B", 1 }, { "K", 1ull << 10 }, { "Ki", 1ull << 10 },
	{ "KiB", 1ull << 10 }, { "M", 1ull << 20 }, { "Mi", 1ull << 20 }, { "MiB", 1ull << 20 },
	{ "G", 1ull << 30 }, { "Gi", 1ull << 30 }, { "GiB", 1ull << 30 }, { "T", 1ull << 40 },
	{ "Ti", 1ull << 40 }, { "TiB", 1ull << 40 }, { "P", 1ull << 50 }, { "Pi", 1ull << 50 },
	{ "PiB", 1ull << 50 }, { "Ei", 1ull << 60 }, { "EiB", 1ull << 60 }, { NULL, 0 } };

static const struct unit *units_of(enum keyword_type t)
{
	return t == TYPE_TIME || t == TYPE_TIME_MS ? times
	       : t == TYPE_COUNT		   ? counts
	       : t == TYPE_PERCENT		   ? percents
						   : no_units;
}

/* One unit in the field's own measure, for a number without. */
static uint64_t bare_unit(enum keyword_type t)
{
	return t == TYPE_TIME ? (uint64_t)NS_S : t == TYPE_TIME_MS ? (uint64_t)NS_MS : 1;
}

static const char *unit_names(enum keyword_type t)
{
	return t == TYPE_TIME	   ? " seconds"
	       : t == TYPE_TIME_MS ? " milliseconds"
	       : t == TYPE_PERCENT ? " percent"
				   : "";
}

static const char *unit_list(enum keyword_type t)
{
	return t == TYPE_TIME || t == TYPE_TIME_MS ? " with one of the units ms, s, m, h, d, w"
	       : t == TYPE_COUNT   ? " with one of the units Ki, Mi, Gi, Ti, KiB, MiB, GiB, TiB"
	       : t == TYPE_PERCENT ? " of percent"
				   : "";
}

static enum err out_of_range(const struct keyword *k, const char *v, char **what)
{
	char expected[160];

	snprintf(expected, sizeof(expected), "a number from %" PRIu64 " to %" PRIu64 "%s", k->min,
		k->max, unit_names((enum keyword_type)k->type));
	return value_wrong(what, v, expected);
}

/* Digits with an optional fraction: *whole and *part billionths. Gives what follows, NULL: no
 * number. */
static const char *digits(const char *p, uint64_t *whole, uint64_t *part)
{
	const char *start = p;
	uint64_t scale = 100000000;

	for (*whole = *part = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*whole, 10u, whole) ||
			__builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
			return NULL;
	if (p == start)
		return NULL;
	if (*p == '.' && p[1] >= '0' && p[1] <= '9')
		for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
			*part += (uint64_t)(*p - '0') * scale;
	return p;
}

static enum err read_units(const struct keyword *k, const char *v, uint64_t *ret, char **what)
{
	enum keyword_type t = (enum keyword_type)k->type;
	uint64_t whole, part, factor = bare_unit(t), n;
	const char *p = digits(v, &whole, &part);

	if (!p)
		return out_of_range(k, v, what);
	p += strspn(p, " ");
	if (*p) {
		const struct unit *u = units_of(t);

		while (u->name && strcasecmp(u->name, p) != 0)
			u++;
		if (!u->name) {
			char expected[160];

			snprintf(expected, sizeof(expected), "a number%s", unit_list(t));
			return value_wrong(what, v, expected);
		}
		factor = u->factor;
	}
	if (part != 0 && t != TYPE_TIME && t != TYPE_TIME_MS && t != TYPE_COUNT)
		return out_of_range(k, v, what);
	if (__builtin_mul_overflow(whole, factor, &n) ||
		__builtin_add_overflow(n, (uint64_t)((double)part / 1e9 * (double)factor), &n))
		return out_of_range(k, v, what);
	*ret = n;
	return OK;
}

enum err value_read_number(
	const struct keyword *k, const char *v, void *field, char **what, char **warning)
{
	enum keyword_type t = (enum keyword_type)k->type;
	uint64_t n = 0, unit = bare_unit(t);
	enum err e = read_units(k, v, &n, what);

	if (e)
		return e;
	if (n < k->min * unit || (n > k->max * unit && t != TYPE_TIME))
		return out_of_range(k, v, what);
	if (t == TYPE_TIME && n > k->max * unit) {
		*warning = xasprintf("\"%s\" is more than the longest, %" PRIu64
				     " seconds, which is used",
			v, k->max);
		n = k->max * unit;
	}
	if (t == TYPE_U16)
		*(uint16_t *)field = (uint16_t)n;
	else if (t == TYPE_U32 || t == TYPE_PERCENT)
		*(uint32_t *)field = (uint32_t)n;
	else
		*(uint64_t *)field = n;
	return OK;
}

enum err value_read_mss(const struct keyword *k, const char *v, uint16_t *ret, char **what)
{
	char *rest, expected[64];
	unsigned long n = 0;

	if (strcasecmp(v, "auto") == 0 || strcasecmp(v, "off") == 0 || strcasecmp(v, "no") == 0) {
		*ret = strcasecmp(v, "auto") == 0 ? CONF_MSS_AUTO : 0;
		return OK;
	}
	rest = (char *)(uintptr_t)v;
	if (*v >= '0' && *v <= '9')
		n = strtoul(v, &rest, 10);
	if (*rest || n < k->min || n > k->max) {
		snprintf(expected, sizeof(expected),
			"auto, off or a number from %" PRIu64 " to %" PRIu64, k->min, k->max);
		return value_wrong(what, v, expected);
	}
	*ret = (uint16_t)n;
	return OK;
}

/* 1 and 0 are numbers here, as in Libreswan. */
enum err value_read_if_id(uint32_t *ret, const char *v, char **what)
{
	static const char *const yes[] = { "yes", "y", "true", "on" }, *const no[] = { "no", "n",
		"false", "off" };
	char *rest;
	unsigned long long n;

	for (size_t i = 0; i < COUNT(yes); i++)
		if (strcasecmp(v, yes[i]) == 0 || strcasecmp(v, no[i]) == 0) {
			*ret = strcasecmp(v, yes[i]) == 0;
			return OK;
		}
	n = strtoull(v, &rest, 10);
	if (*v < '0' || *v > '9' || *rest || n >= UINT32_MAX)
		return value_wrong(what, v, "yes (ipsec1), no, or the number N of a device ipsecN");
	*ret = n ? (uint32_t)n : CONF_IF_ID_ZERO;
	return OK;
}

/* N or N/mask, decimal or 0x; -1: one of its own for each connection. */
enum err value_read_mark(struct conf_mark *ret, const char *v, char **what)
{
	char *rest;
	unsigned long long n = 0, mask = UINT32_MAX;
	bool ok = *v >= '0' && *v <= '9', is_unique = strncmp(v, "-1", 2) == 0;

	if (is_unique) {
		rest = (char *)(uintptr_t)(v + 2);
		ok = true;
	} else
		n = strtoull(v, &rest, 0);
	if (ok && *rest == '/' && rest[1] >= '0' && rest[1] <= '9')
		mask = strtoull(rest + 1, &rest, 0);
	if (!ok || *rest || n > UINT32_MAX || mask > UINT32_MAX)
		return value_wrong(what, v, "a mark: N or N/MASK, decimal or 0x, or -1");
	if ((n & mask) != n) {
		*what = xasprintf("\"%s\": no packet has a mark that its mask hides", v);
		return ERR_VALUE;
	}
	*ret = (struct conf_mark){ (uint32_t)n, (uint32_t)mask, is_unique };
	return OK;
}
