/* /proc/net/xfrm_stat: what this kernel's IPsec could not send or receive, and why. It counts for
 * all of this host (or its network namespace), so what was there before we came is not ours to
 * report; and no counter is a failure by itself: late packets after a rekey, or the first packet of
 * an on-demand tunnel, are counted as well. So what is told is what was added. */
#include "proc/kernel/kernel.h"

#include "dataplane/xfrm/xfrm.h"

#include <stdlib.h>
#include <unistd.h>

enum { LOOK_MS = 1000, FILE_MAX = 8192, EXIT_LOCAL = 32 };
#define QUIET_TIME (10 * NS_S) /* between two events about one counter */

struct stat_watch {
	struct kernel *k;
	uv_timer_t timer;
	bool is_readable;
	struct xfrm_stat start, last, /* as we began; as somebody asked last */
		said, told;	      /* in events; to control */
	ns_t said_at[XFRM_COUNTER_END];
};

static bool read_now(const struct kernel *k, struct xfrm_stat *ret)
{
	int fd = k->p.fd[DESC_XFRM_STAT];
	char text[FILE_MAX];
	size_t n = 0;
	ssize_t got = 0;

	while (fd >= 0 && n < sizeof(text) &&
		(got = pread(fd, text + n, sizeof(text) - n, (off_t)n)) > 0)
		n += (size_t)got;
	return fd >= 0 && got == 0 && xfrm_stat_parse(bytes_of(text, n), ret) == OK;
}

static uint64_t since(const struct xfrm_stat *before, const struct xfrm_stat *now, unsigned c)
{
	struct xfrm_stat d;

	xfrm_stat_delta(before, now, &d);
	return d.count[c];
}

/* ---- events, and what control shows in the status ---- */

static void say(struct stat_watch *s, const struct xfrm_stat *now, unsigned c)
{
	struct kernel *k = s->k;
	uint64_t count = since(&s->said, now, c);
	ns_t at = process_now().mono;

	if (count == 0 || (s->said_at[c] && at - s->said_at[c] < QUIET_TIME))
		return;
	PROCESS_EMIT(&k->p, xfrm_counter,
		.counter = ev_str(xfrm_counter_name((enum xfrm_counter)c)), .count = ev_u64(count),
		.since_start = ev_u64(since(&s->start, now, c)),
		.reason = ev_str(drop_name(xfrm_counter_reason((enum xfrm_counter)c))),
		.meaning = ev_str(xfrm_counter_text((enum xfrm_counter)c)));
	s->said.count[c] = now->count[c];
	s->said_at[c] = at;
}

static void tell(struct stat_watch *s, const struct xfrm_stat *now)
{
	for (unsigned c = 0; c < XFRM_COUNTER_END; c++) {
		say(s, now, c);
		if (now->count[c] != s->told.count[c])
			LINE_SEND(&s->k->p.line[WHO_CONTROL], xfrm_moved, .counter = c,
				.since_start = since(&s->start, now, c));
	}
	s->told = *now;
}

/* Something was added that no event told of yet. */
static bool is_owing(const struct stat_watch *s)
{
	return memcmp(s->said.count, s->told.count, sizeof(s->said.count)) != 0;
}

/* As long as there are tunnels. */
static void look(uv_timer_t *t)
{
	struct stat_watch *s = t->data;
	struct xfrm_stat now;

	if (read_now(s->k, &now))
		tell(s, &now);
	if (list_empty(&s->k->policies) && !is_owing(s))
		uv_timer_stop(t);
}

void stat_watch(struct kernel *k)
{
	if (k->stat->is_readable && !uv_is_active((uv_handle_t *)&k->stat->timer))
		uv_timer_start(&k->stat->timer, look, LOOK_MS, LOOK_MS);
}

void stat_tell_all(struct kernel *k)
{
	k->stat->told = k->stat->start;
	stat_watch(k);
}

/* ---- for watch.c ---- */

bool stat_dropped(const struct kernel *k, uint64_t *ret)
{
	struct xfrm_stat now;

	memset(ret, 0, DROP_END * sizeof(*ret));
	if (!k->stat->is_readable || !read_now(k, &now))
		return false;
	for (unsigned c = 0; c < XFRM_COUNTER_END; c++)
		if (xfrm_counter_is_inbound((enum xfrm_counter)c))
			ret[xfrm_counter_reason((enum xfrm_counter)c)] += now.count[c];
	return true;
}

/* ---- ipsec xfrmstat ---- */

static void show_one(
	const struct stat_watch *s, uint32_t request, const struct xfrm_stat *now, unsigned c)
{
	REQUEST_EMIT(&s->k->p, request, xfrm_counter_status,
		.counter = ev_str(xfrm_counter_name((enum xfrm_counter)c)),
		.since_start = ev_u64(since(&s->start, now, c)),
		.since_last = ev_u64(since(&s->last, now, c)), .total = ev_u64(now->count[c]),
		.reason = ev_str(drop_name(xfrm_counter_reason((enum xfrm_counter)c))),
		.meaning = ev_str(xfrm_counter_text((enum xfrm_counter)c)));
}

void stat_show(struct kernel *k, const struct msg_xfrm_stat *m)
{
	struct stat_watch *s = k->stat;
	struct xfrm_stat now;
	size_t shown = 0;

	if (!s->is_readable || !read_now(k, &now)) {
		REQUEST_EMIT(&k->p, m->request, verb_failed, .verb = ev_str("xfrmstat"),
			.why = ev_str("this kernel has no /proc/net/xfrm_stat "
				      "(CONFIG_XFRM_STATISTICS)"));
		REQUEST_EMIT(&k->p, m->request, request_done, .exit = ev_u64(EXIT_LOCAL));
		return;
	}
	for (unsigned c = 0; c < XFRM_COUNTER_END; c++)
		if (m->all || since(&s->start, &now, c)) {
			show_one(s, m->request, &now, c);
			shown++;
		}
	if (shown == 0)
		REQUEST_EMIT(&k->p, m->request, xfrm_counters_quiet,
			.counters = ev_u64(XFRM_COUNTER_END));
	s->last = now;
	REQUEST_EMIT(&k->p, m->request, request_done, .exit = ev_u64(0));
}

/* ---- life ---- */

void stat_begin(struct kernel *k)
{
	struct stat_watch *s = xalloc(sizeof(*s));

	k->stat = s;
	s->k = k;
	uv_timer_init(&k->p.loop, &s->timer);
	s->timer.data = s;
	s->is_readable = read_now(k, &s->start);
	s->last = s->said = s->told = s->start;
}

void stat_done(struct kernel *k)
{
	free(k->stat);
	k->stat = NULL;
}
