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
	return send(fd, s, strlen(s), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool to_file(const struct control *c, int fd, const struct event *e)
{
	char s[4352];
	size_t n = line_of(c, e, s, sizeof(s));
	ssize_t written = write(fd, s, n);

	if (written >= 0 && (size_t)written < n)
		errno = ENOSPC; /* the rest would have given it */
	return written == (ssize_t)n;
}

/* That lines are missing is told once, as an event, since the log is where it cannot be; how many,
 * where the log goes on. */
void log_news(struct control *c)
{
	const struct event_sink out = hub_sink(c);
	struct log_state *l = &c->log;
	const char *file = c->setup.logfile ? c->setup.logfile : "";

	if (l->missing && !l->is_told) {
		l->is_told = true;
		EMIT(&out, process_now(), NULL, log_missed, .to = ev_str(l->to),
			.file = ev_str(file), .error = ev_u64((uint64_t)l->error),
			.why = ev_str(l->error ? strerror(l->error) : "nothing to write to"));
	} else if (!l->missing && l->is_told) {
		struct log_state was = *l;

		*l = (struct log_state){ 0 };
		EMIT(&out, process_now(), NULL, log_resumed, .n = ev_u64(was.missed),
			.to = ev_str(was.to), .file = ev_str(file),
			.error = ev_u64((uint64_t)was.error));
	}
}

static const char *write_line(struct control *c, const struct event *e, bool *ok)
{
	if (c->p.fd[DESC_LOGFILE] >= 0) {
		*ok = to_file(c, c->p.fd[DESC_LOGFILE], e);
		return "file";
	}
	if (c->p.fd[DESC_SYSLOG] >= 0) {
		*ok = to_syslog(c->p.fd[DESC_SYSLOG], e);
		return "syslog";
	}
	if (c->p.fd[DESC_TERMINAL] >= 0) {
		*ok = to_file(c, c->p.fd[DESC_TERMINAL], e);
		return "terminal";
	}
	errno = 0;
	/* nobody misses a line that says that all is well */
	*ok = event_kind(e->id)->level != EVENT_WARN && event_kind(e->id)->level != EVENT_FAIL;
	return "none";
}

void log_line(struct control *c, const struct event *e)
{
	bool ok;
	const char *to = write_line(c, e, &ok);
	int error = ok ? 0 : errno;

	if (c->p.phase != PHASE_RUN)
		return;
	/* a syslog that is too slow for a burst takes one line of it now and then */
	if (ok && (strcmp(to, "file") == 0 ||
			  (strcmp(to, "none") != 0 && e->at.mono - c->log.last > NS_S)))
		c->log.missing = false;
	if (ok)
		return;
	c->log.missing = true;
	c->log.last = e->at.mono;
	c->log.missed++;
	c->log.error = error;
	c->log.to = to;
	if (strcmp(to, "syslog") == 0 && error != EAGAIN && error != ENOBUFS) {
		/* it was restarted: a new line to it is needed */
		close(c->p.fd[DESC_SYSLOG]);
		c->p.fd[DESC_SYSLOG] = -1;
		LINE_SEND(&c->p.line[WHO_PARENT], log_lost, );
	}
}
