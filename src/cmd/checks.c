/* What ipsec verify says of the host. */
#include "cmd/checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOG_LOW = 32 << 20, LOG_FULL = 64 << 10 };

void verify_say(const struct check_sink *to, enum check_result result, const char *name,
	const char *repair, const char *fmt, ...)
{
	struct check c = { .result = result, .name = name };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c.text, sizeof(c.text), fmt, ap);
	va_end(ap);
	if (repair)
		snprintf(c.repair, sizeof(c.repair), "%s", repair);
	to->take(to->ctx, &c);
}

static void check_daemon(const struct facts *f, const struct check_sink *to)
{
	if (f->is_running)
		verify_say(to, CHECK_OK, "daemon", NULL, "runs and answers%s%s",
			*f->plane ? "; ESP: " : "", f->plane);
	else
		verify_say(to, CHECK_FAIL, "daemon", "ipsec start", "does not run");
}

static void check_conf(const struct facts *f, const struct check_sink *to)
{
	const struct conf *c = f->conf;

	if (c->n_error) {
		size_t i = 0;

		while (i + 1 < c->n_issue && !c->issue[i].is_error)
			i++;
		verify_say(to, CHECK_FAIL, "configuration", "ipsec checkconfig",
			"%s has %zu error%s; the first: %s:%u: %s", f->conf_path, c->n_error,
			c->n_error == 1 ? "" : "s", c->issue[i].file, c->issue[i].line,
			c->issue[i].text);
	} else
		verify_say(to, CHECK_OK, "configuration", NULL,
			"%s has no errors, %zu connection%s", f->conf_path, c->n,
			c->n == 1 ? "" : "s");
}

static void check_secrets(const struct facts *f, const struct check_sink *to)
{
	const char *issue = secrets_mode_issue(f->secrets_mode, f->secrets_uid);
	const struct conf_issue *found;
	size_t n = f->has_secrets ? secrets_issues(f->secrets, &found) : 0;
	char repair[256];

	if (!f->has_secrets) /* whether one is needed is seen below */
		return;
	for (size_t i = 0; i < n; i++)
		if (found[i].is_error) {
			verify_say(to, CHECK_FAIL, "secrets", "ipsec checkconfig", "%s:%u: %s",
				found[i].file, found[i].line, found[i].text);
			return;
		}
	if (issue) {
		snprintf(repair, sizeof(repair), "chown root:root '%s' && chmod 600 '%s'",
			f->secrets_path, f->secrets_path);
		verify_say(to, CHECK_WARN, "secrets", repair, "%s: %s", f->secrets_path, issue);
		return;
	}
	verify_say(to, CHECK_OK, "secrets", NULL, "%s has no errors, only root may read it",
		f->secrets_path);
}

/* What to do about another daemon. */
static const char *end_it(const struct process *p, char *s, size_t n)
{
	const char *service = facts_rival(p->name);

	if (service && *service)
		snprintf(s, n, "systemctl disable --now %s", service);
	else
		snprintf(s, n, "kill %u", p->pid);
	return s;
}

static void check_port(const struct facts *f, uint16_t port, const struct check_sink *to)
{
	bool is_ours = false, is_other = false;
	char repair[128];

	for (size_t i = 0; i < f->n_socket; i++) {
		const struct udp_socket *s = &f->socket[i];

		if (s->port != port)
			continue;
		is_ours |= s->owner.is_ours;
		if (s->owner.is_ours || s->owner.pid == 0 || is_other)
			continue;
		is_other = true;
		verify_say(to, CHECK_FAIL, "ports", end_it(&s->owner, repair, sizeof(repair)),
			"UDP %u is taken by %s (process %u)", port, s->owner.name, s->owner.pid);
	}
	if (f->is_running && !is_ours && !is_other)
		verify_say(to, CHECK_FAIL, "ports", "ipsec restart",
			"the daemon does not have UDP %u; its log says why", port);
	else if (is_ours && !is_other)
		verify_say(to, CHECK_OK, "ports", NULL, "UDP %u is ours", port);
}

static void check_rivals(const struct facts *f, const struct check_sink *to)
{
	char repair[128];

	for (size_t i = 0; i < f->n_rival; i++)
		verify_say(to, CHECK_WARN, "other daemons",
			end_it(&f->rival[i], repair, sizeof(repair)),
			"%s (process %u) runs, too: two IKE daemons take each other's messages and "
			"SAs away",
			f->rival[i].name, f->rival[i].pid);
	if (f->n_rival == 0)
		verify_say(to, CHECK_OK, "other daemons", NULL, "no other IKE daemon runs");
}

static void check_esp(const struct facts *f, const struct check_sink *to)
{
	enum { WANT_AUTO, WANT_KERNEL, WANT_USER }; /* words_dataplane of config/keywords.c */
	bool kernel = f->has_xfrm && f->has_esp4;
	uint8_t wanted = f->conf->setup.dataplane;

	if (f->is_running) /* it has tried, and said which */
		return;
	if (wanted == WANT_KERNEL && !kernel)
		verify_say(to, CHECK_FAIL, "ESP",
			"modprobe -a esp4 esp6 xfrm_user, or dataplane=auto in config setup",
			"dataplane=kernel, and this kernel has no %s",
			f->has_xfrm ? "esp4" : "XFRM");
	else if (wanted == WANT_USER ? !f->has_tun : !kernel && !f->has_tun)
		verify_say(to, CHECK_FAIL, "ESP", "modprobe tun",
			"%sno /dev/net/tun for ESP in user space",
			kernel || wanted == WANT_USER ? ""
						      : "the kernel has no ESP, and there is ");
	else
		verify_say(to, CHECK_OK, "ESP", NULL, "%s can do it",
			kernel && wanted != WANT_USER ? "the kernel" : "user space");
}

static void check_log(const struct facts *f, const struct check_sink *to)
{
	if (f->log_free == UINT64_MAX)
		return;
	if (f->log_free < LOG_LOW)
		verify_say(to, f->log_free < LOG_FULL ? CHECK_FAIL : CHECK_WARN, "log",
			"journalctl --vacuum-size=200M, or remove old logs",
			"only %" PRIu64 " KiB are free where the log is (%s)", f->log_free >> 10,
			f->log_dir);
	else
		verify_say(to, CHECK_OK, "log", NULL, "%" PRIu64 " MiB are free in %s",
			f->log_free >> 20, f->log_dir);
}

void checks_host(const struct facts *f, const struct check_sink *to)
{
	check_daemon(f, to);
	check_conf(f, to);
	check_secrets(f, to);
	check_port(f, 500, to);
	check_port(f, 4500, to);
	check_rivals(f, to);
	check_esp(f, to);
	if (f->rp_dropped)
		verify_say(to, CHECK_WARN, "rp_filter",
			"sysctl -w net.ipv4.conf.all.rp_filter=2 (loose)",
			"dropped %" PRIu64 " packets while we looked: answers leave by another way "
			"than packets come in",
			f->rp_dropped);
	check_log(f, to);
}

/* ---- /proc ---- */

/* The next word of a line as a view; blanks before it are stepped over. */
static struct bytes word(struct bytes *line)
{
	struct bytes w;

	while (line->n && *line->p == ' ')
		*line = bytes_of(line->p + 1, line->n - 1);
	w = bytes_of(line->p, 0);
	while (w.n < line->n && line->p[w.n] != ' ')
		w.n++;
	*line = bytes_of(line->p + w.n, line->n - w.n);
	return w;
}

static uint64_t number(struct bytes w, int base)
{
	char s[24];

	snprintf(s, sizeof(s), "%.*s", (int)MIN(w.n, sizeof(s) - 1), (const char *)w.p);
	return strtoull(s, NULL, base);
}

/* "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ..." */
static void take_udp(struct facts *f, struct bytes line)
{
	enum { LOCAL = 1, INODE = 9, WORDS };
	struct bytes w[WORDS];
	const uint8_t *colon;
	uint64_t port;

	for (int i = 0; i < WORDS; i++)
		w[i] = word(&line);
	colon = w[LOCAL].n ? memchr(w[LOCAL].p, ':', w[LOCAL].n) : NULL;
	if (!colon || w[INODE].n == 0)
		return;
	port = number(bytes_of(colon + 1, w[LOCAL].n - (size_t)(colon + 1 - w[LOCAL].p)), 16);
	if ((port == 500 || port == 4500) && f->n_socket < SOCKETS_MAX)
		f->socket[f->n_socket++] = (struct udp_socket){ .port = (uint16_t)port,
			.inode = number(w[INODE], 10) };
}

void facts_udp(struct facts *f, struct bytes text)
{
	while (text.n) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		take_udp(f, bytes_of(text.p, n));
		n += end != NULL;
		text = bytes_of(text.p + n, text.n - n);
	}
}

/* Two lines "TcpExt:", one of names and one of numbers. */
uint64_t facts_rp_dropped(const char *text)
{
	const char *names = strstr(text, "TcpExt:"), *end = names ? strchr(names, '\n') : NULL;
	const char *values = end && strncmp(end + 1, "TcpExt:", 7) == 0 ? end + 1 : NULL;
	struct bytes n, v, w;

	if (!values)
		return 0;
	n = bytes_of(names, (size_t)(end - names));
	v = bytes_of(values, strcspn(values, "\n"));
	while ((w = word(&n)).n) {
		struct bytes value = word(&v);

		if (bytes_eq(w, bytes_str("IPReversePathFilter")))
			return number(value, 10);
	}
	return 0;
}

const char *facts_rival(const char *name)
{
	static const char *const rivals[][2] = { { "charon", "strongswan-starter" },
		{ "charon-systemd", "strongswan" }, { "pluto", "" },
		/* its unit has our name */ { "racoon", "racoon" }, { "iked", "iked" },
		{ "isakmpd", "isakmpd" } };

	for (size_t i = 0; i < COUNT(rivals); i++)
		if (strcmp(rivals[i][0], name) == 0)
			return rivals[i][1];
	return NULL;
}
