/* The time of a line: what syslog, journal, files and people's tools write in front of it. */
#include "foreign/line.h"

#include <ctype.h>
#include <stdlib.h>

#define DAY  (86400 * NS_S)
#define YEAR (365 * DAY)

static bool digits(const char **s, unsigned n, int64_t *ret)
{
	int64_t v = 0;

	for (unsigned i = 0; i < n; i++) {
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return false;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += n;
	*ret = v;
	return true;
}

/* ".469921", ",469" */
static ns_t fraction(const char **s)
{
	ns_t unit = NS_S, v = 0;

	if ((**s != '.' && **s != ',') || (*s)[1] < '0' || (*s)[1] > '9')
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++) {
		unit /= 10;
		v += (**s - '0') * unit;
	}
	return v;
}

/* "13:44:33.469921"; not the beginning of a MAC address */
static bool clock_read(const char **s, ns_t *ret)
{
	const char *p = *s;
	int64_t h, m, sec;

	if (!digits(&p, 2, &h) || *p++ != ':' || !digits(&p, 2, &m) || *p++ != ':' ||
		!digits(&p, 2, &sec) || (*p == ':' && p[1] >= '0' && p[1] <= '9') || h > 23 ||
		m > 59 || sec > 60)
		return false;
	*ret = (h * 3600 + m * 60 + sec) * NS_S + fraction(&p);
	*s = p;
	return true;
}

/* Days from 1970-01-01 (years from March on, which puts leap days last). */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "Nov 29 ", "Nov  9 ", "Nov 29 2026 " */
static bool month_read(const char **s, int64_t *ret_day)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *p = *s;
	int64_t day, year = 1970, month = -1;

	for (int i = 0; i < 12; i++)
		if (strncmp(p, months + 3 * i, 3) == 0)
			month = i + 1;
	if (month < 0 || p[3] != ' ')
		return false;
	p += 4;
	p += *p == ' ';
	if (!digits(&p, 2, &day) && !digits(&p, 1, &day))
		return false;
	if (*p == ' ' && strspn(p + 1, "0123456789") == 4) {
		p++;
		if (!digits(&p, 4, &year) || year < 1970 || year > 2200)
			return false;
	}
	if (*p++ != ' ')
		return false;
	*s = p;
	*ret_day = days(year, month, day);
	return true;
}

/* "2026-11-29T", "2026-11-29 " */
static bool iso_read(const char **s, int64_t *ret_day)
{
	const char *p = *s;
	int64_t y, m, d;

	if (!digits(&p, 4, &y) || *p++ != '-' || !digits(&p, 2, &m) || *p++ != '-' ||
		!digits(&p, 2, &d) || (*p != 'T' && *p != ' ') || y < 1970 || y > 2200 || m < 1 ||
		m > 12)
		return false;
	*s = p + 1;
	*ret_day = days(y, m, d);
	return true;
}

/* "Z", "+01:00", "+0100": as long as all lines have the same, only to be skipped. */
static void skip_zone(const char **s)
{
	if (**s == 'Z')
		(*s)++;
	else if (**s == '+' || **s == '-')
		*s += 1 + strspn(*s + 1, "0123456789:");
}

/* Time does not go back; where a clock has no date, midnight has passed. */
static ns_t turned(const struct foreign_log *l, ns_t t, ns_t period)
{
	bool is_passed = period && l->turned < 40 * YEAR && t + l->turned < l->at.mono - period / 2;

	return l->turned + (is_passed ? period : 0);
}

/* "gw | ", "out| ": what collects the logs of several says whose a line is. */
static const char *skip_source(const char *s)
{
	size_t n = strcspn(s, " |\"["), blank = strspn(s + n, " ");

	/* a name: what begins with a digit is a clock */
	return n && n < 32 && (*s < '0' || *s > '9') && s[n + blank] == '|' &&
			       s[n + blank + 1] == ' '
		       ? s + n + blank + 1 + strspn(s + n + blank + 1, " ")
		       : s;
}

/* Microseconds, as journalctl -o export has them. */
static bool journal_clock(const char *s, struct clock *ret)
{
	static const char field[] = "__REALTIME_TIMESTAMP=";
	int64_t us;

	if (strncmp(s, field, sizeof(field) - 1) != 0)
		return false;
	s += sizeof(field) - 1;
	if (strspn(s, "0123456789") != 16 || !digits(&s, 16, &us))
		return false;
	*ret = (struct clock){ .t = us * 1000, .after = s };
	return true;
}

/* A date, if there is one, and the time of the day. */
static bool dated_clock(const char *s, struct clock *ret)
{
	struct clock c = { .period = DAY };
	int64_t day = 0;

	if (month_read(&s, &day))
		c.period = YEAR;
	else if (iso_read(&s, &day))
		c.period = 0;
	if (!clock_read(&s, &c.t))
		return false;
	c.t += day * DAY;
	skip_zone(&s);
	c.after = s;
	*ret = c;
	return true;
}

/* Seconds since something: "2.5 ", "1795423295.918 ", "2.500000] " */
static bool plain_clock(const char *s, struct clock *ret)
{
	size_t n = strspn(s, "0123456789");
	struct clock c = { 0 };
	int64_t sec;

	if (!n || n > 10 || (n < 9 && s[n] != '.') || !digits(&s, (unsigned)n, &sec))
		return false;
	c.t = sec * NS_S + fraction(&s);
	s += *s == ']';
	if (*s != ' ' && *s != ':')
		return false;
	c.after = s;
	*ret = c;
	return true;
}

/* "Sun 2026-11-29", "Sun Nov 29", "Sun, 29 Nov" */
static const char *skip_weekday(const char *s)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (const char *n = names; *n; n += 3)
		if (strncmp(s, n, 3) == 0 && (s[3] == ' ' || s[3] == ','))
			return s + 4 + strspn(s + 4, " ");
	return s;
}

bool clock_find(const char *s, const char *words, struct clock *ret)
{
	const char *p = skip_weekday(skip_source(s + strspn(s, " \t")));

	if (*p == '[') /* "[  123.456789]", as journalctl -o short-monotonic has it */
		p += 1 + strspn(p + 1, " ");
	if (dated_clock(p, ret) || plain_clock(p, ret) || journal_clock(p, ret))
		return true;
	/* behind a page's number, a file's name, a weekday; of a date that is not known the time
	 * of the day does */
	for (p = s; *p && p < words; p++)
		if ((p == s || !isalnum((unsigned char)p[-1])) && dated_clock(p, ret))
			return true;
	return false;
}

/* Threads and hosts write a little out of order. */
#define DISORDER (5 * NS_S)

bool clock_went_back(const struct foreign_log *l, const struct clock *c)
{
	return c->t + turned(l, c->t, c->period) < l->at.mono - DISORDER;
}

void clock_set(struct foreign_log *l, const struct clock *c)
{
	ns_t t = c->t;

	l->turned = turned(l, t, c->period);
	t += l->turned;
	l->period = c->period;
	l->has_clock = true;
	if (t > l->at.mono)
		l->at = (struct now){ .mono = t, .wall = t };
}

const char *source_skip(const char *s)
{
	s += *s == ':';
	return skip_source(s + strspn(s, " \t"));
}

bool line_is_heading(const char *s)
{
	/* "==> /var/log/charon.log <==", "== left ==", "-- Boot 3f... --" */
	return strncmp(s, "==", 2) == 0 || strncmp(s, "-- Boot ", 8) == 0;
}
