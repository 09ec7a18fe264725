#include "diag/drift.h"

#include <stdio.h>
#include <time.h>

bool drift_kernel(const struct story *s)
{
	const char *was = GOOD(s, kernel), *is = FACT(s, kernel);

	return was[0] && is[0] && strcmp(was, is) != 0;
}

bool drift_is_edited(const struct story *s)
{
	const char *was = GOOD(s, digest), *is = FACT(s, digest);
	char releases[256];

	return was[0] && is[0] && strcmp(was, is) != 0 &&
	       !drift_releases(s, releases, sizeof(releases))[0];
}

static bool is_secret_new(const struct story *s)
{
	return s->secrets && FIELDS(s->secrets, secrets_loading)->written.u64 >
				     FIELDS(s->good, last_good)->worked_at.u64;
}

bool drift_our_id(const struct story *s)
{
	const char *was = GOOD(s, our_id), *is = FACT(s, our_id);

	return was[0] && is[0] && strcmp(was, is) != 0 && !is_secret_new(s);
}

static char *date(uint64_t seconds, char ret[static WHEN_STR])
{
	time_t at = (time_t)seconds;
	struct tm tm;

	ret[0] = '\0';
	if (gmtime_r(&at, &tm))
		strftime(ret, WHEN_STR, "%Y-%m-%d %H:%M UTC", &tm);
	return ret;
}

char *drift_when(const struct story *s, char ret[static WHEN_STR])
{
	return date(s->good ? FIELDS(s->good, last_good)->worked_at.u64 : 0, ret);
}

void drift_secrets(const struct story *s, struct finding *f)
{
	const union ev_secrets_loading *read =
		s->secrets ? FIELDS(s->secrets, secrets_loading) : NULL;
	char was[WHEN_STR], is[WHEN_STR];

	if (!s->good || !read || read->written.u64 <= FIELDS(s->good, last_good)->worked_at.u64)
		return;
	finding_more(f, "; it came up on %s, and %s was written after that, on %s",
		drift_when(s, was), read->file.str, date(read->written.u64, is));
	finding_proof(f, s->secrets);
}

/* One of the alternatives "a+b" of n octets is word. */
static bool is_among(const char *alternatives, size_t n, const char *word, size_t word_n)
{
	while (n) {
		size_t one = 0;

		while (one < n && alternatives[one] != '+')
			one++;
		if (one == word_n && memcmp(alternatives, word, one) == 0)
			return true;
		alternatives += MIN(one + 1, n);
		n -= MIN(one + 1, n);
	}
	return false;
}

/* Each part of one is among the parts of an item of n octets, in order: "aes256-dh19" of
 * "aes256+aes128-sha2_256-dh19". */
static bool item_has(const char *item, size_t n, const char *one)
{
	while (*one) {
		size_t word = strcspn(one, "-"), part;
		bool is_there = false;

		while (n && !is_there) {
			for (part = 0; part < n && item[part] != '-';)
				part++;
			is_there = is_among(item, part, one, word);
			item += MIN(part + 1, n);
			n -= MIN(part + 1, n);
		}
		if (!is_there)
			return false;
		one += word + (one[word] == '-');
	}
	return true;
}

bool drift_has(const char *list, const char *one)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (item_has(list, n, one))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

char *drift_releases(const struct story *s, char *ret, size_t n)
{
	const char *was = GOOD(s, daemon), *is = FACT(s, daemon), *kernel = GOOD(s, kernel),
		   *kernel_is = FACT(s, kernel);
	size_t at = 0;

	ret[0] = '\0';
	if (was[0] && is[0] && strcmp(was, is) != 0)
		at = (size_t)snprintf(ret, n, "clearswan %s is %s now", was, is);
	if (at < n && kernel[0] && kernel_is[0] && strcmp(kernel, kernel_is) != 0)
		snprintf(ret + at, n - at, "%sLinux %s is %s now", at ? ", " : "", kernel,
			kernel_is);
	return ret;
}
