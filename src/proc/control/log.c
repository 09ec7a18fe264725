/* The log: a file with Libreswan's time stamps, or syslog, or the terminal. */
#include "proc/control/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOG_AUTHPRIV = 10, SEVERITY_WARNING = 4, SEVERITY_INFO = 6, SEVERITY_DEBUG = 7 };

static struct tm local_time(ns_t wall)
{
	time_t t = (time_t)(wall / NS_S);
	struct tm tm;

	localtime_r(&t, &tm);
	return tm;
}

/* "Nov 23 07:47:46.617448: " */
static size_t line_of(const struct control *c, const struct event *e, char *s, size_t n)
{
	struct tm tm = local_time(e->at.wall);
	char when[32];
	size_t at = 0;

	if (c->setup.logtime || !c->setup.logfile) {
		strftime(when, sizeof(when), "%b %d %H:%M:%S", &tm);
		at = (size_t)snprintf(s, n, "%s.%06ld: ", when, (long)(e->at.wall % NS_S / NS_US));
	}
	event_line(e, false, s + at, n - at - 1);
	strcat(s, "\n");
	return strlen(s);
}

static unsigned severity(const struct event *e)
{
	switch (event_kind(e->id)->level) {
	case EVENT_DEBUG:
		return SEVERITY_DEBUG;
	case EVENT_WARN:
	case EVENT_FAIL:
		return SEVERITY_WARNING;
	case EVENT_INFO:
	case EVENT_REPLY:
		break;
	}
	return SEVERITY_INFO;
}

/* RFC 3164: "<86>Nov 23 07:47:46 pluto[812]: text" */
static bool to_syslog(int fd, const struct event *e)
{
	struct tm tm = local_time(e->at.wall);
	char s[4096], when[32];
	int n;

	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	n = snprintf(s, sizeof(s), "<%u>%s pluto[%d]: ", LOG_AUTHPRIV << 3 | severity(e), when,
		getpid());
	event_line(e, false, s + n, sizeof(s) - (size_t)n);
	return send(fd, s, strlen(s), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN ||
	       errno == ENOBUFS;
}

static bool to_file(const struct control *c, int fd, const struct event *e)
{
	char s[4352];
	size_t n = line_of(c, e, s, sizeof(s));

	return write(fd, s, n) == (ssize_t)n;
}

void log_line(struct control *c, const struct event *e)
{
	bool ok = true;

	if (c->p.fd[DESC_LOGFILE] >= 0)
		ok = to_file(c, c->p.fd[DESC_LOGFILE], e);
	else if (c->p.fd[DESC_SYSLOG] >= 0)
		ok = to_syslog(c->p.fd[DESC_SYSLOG], e);
	else if (c->p.fd[DESC_TERMINAL] >= 0)
		ok = to_file(c, c->p.fd[DESC_TERMINAL], e);
	if (ok || c->p.phase != PHASE_RUN)
		return;
	if (c->p.fd[DESC_SYSLOG] >= 0) { /* syslog was restarted: a new line to it is needed */
		close(c->p.fd[DESC_SYSLOG]);
		c->p.fd[DESC_SYSLOG] = -1;
		LINE_SEND(&c->p.line[WHO_PARENT], log_lost, );
	}
}
