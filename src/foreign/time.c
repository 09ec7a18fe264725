/* The time of a line: what syslog, journal, files and people's tools write in front of it. */
#include "foreign/line.h"

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

/* "13:44:33.469921" */
static bool clock_read(const char **s, ns_t *ret)
{
	const char *p = *s;
	int64_t h, m, sec;

	if (!digits(&p, 2, &h) || *p++ != ':' || !digits(&p, 2, &m) || *p++ != ':' ||
		!digits(&p, 2, &sec) || h > 23 || m > 59 || sec > 60)
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

static void set(struct foreign_log *l, ns_t t, ns_t period)
{
	l->turned = turned(l, t, period);
	t += l->turned;
	if (t > l->at.mono)
		l->at = (struct now){ .mono = t, .wall = t };
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

/* The clock at the beginning of s. False: there is none. */
static bool clock_at(const char **s, ns_t *ret, ns_t *ret_period)
{
	const char *p = skip_source(*s + strspn(*s, " \t"));
	ns_t t = 0, period = DAY;
	int64_t day = 0, sec = 0;
	size_t n;

	if (*p == '[') /* "[  123.456789]", as journalctl -o short-monotonic has it */
		p += 1 + strspn(p + 1, " ");
	if (month_read(&p, &day))
		period = YEAR;
	else if (iso_read(&p, &day))
		period = 0;
	n = strspn(p, "0123456789");
	if (clock_read(&p, &t)) {
		t += day * DAY;
		skip_zone(&p);
	} else if (period == DAY && n && n <= 10 && (p[n] == '.' || n >= 9) &&
		   digits(&p, (unsigned)n, &sec)) {
		period = 0; /* seconds since something */
		t = sec * NS_S + fraction(&p);
		p += *p == ']';
		if (*p != ' ' && *p != ':')
			return false;
	} else
		return false;
	*ret = t;
	*ret_period = period;
	*s = p;
	return true;
}

/* Threads and hosts write a little out of order. */
#define DISORDER (5 * NS_S)

bool time_went_back(const struct foreign_log *l, const char *s)
{
	ns_t t, period;

	return clock_at(&s, &t, &period) && t + turned(l, t, period) < l->at.mono - DISORDER;
}

bool time_read(struct foreign_log *l, const char *s, const char **ret_text)
{
	const char *p = s;
	bool has_clock;
	ns_t t, period;

	if ((has_clock = clock_at(&p, &t, &period))) {
		set(l, t, period);
		l->has_clock = true;
		p += *p == ':';
	}
	*ret_text = skip_source(p + strspn(p, " \t"));
	return has_clock;
}

bool line_is_heading(const char *s)
{
	/* "==> /var/log/charon.log <==", "== left ==", "-- Boot 3f... --" */
	return strncmp(s, "==", 2) == 0 || strncmp(s, "-- Boot ", 8) == 0;
}
