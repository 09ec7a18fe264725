/* What the log misses is told once, and counted. */
#include "base/test.h"
#include "proc/control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	unsigned missed, resumed;
	uint64_t error, n;
	char to[16];
} told;

static void take(void *ctx, const struct event *e)
{
	struct control *c = ctx;

	if (e->id == EV_log_missed) {
		told.missed++;
		told.error = FIELDS(e, log_missed)->error.u64;
		snprintf(told.to, sizeof(told.to), "%s", FIELDS(e, log_missed)->to.str);
	}
	if (e->id == EV_log_resumed) {
		told.resumed++;
		told.n = FIELDS(e, log_resumed)->n.u64;
	}
	log_line(c, e); /* as hub.c does */
	log_news(c);
}

struct event_sink hub_sink(struct control *c)
{
	return (struct event_sink){ take, c };
}

static struct control *control_new(const char *file)
{
	struct control *c = xalloc(sizeof(*c));

	for (size_t i = 0; i < COUNT(c->p.fd); i++)
		c->p.fd[i] = -1;
	c->p.phase = PHASE_RUN;
	c->setup.logfile = (char *)(uintptr_t)file;
	if (file)
		c->p.fd[DESC_LOGFILE] = open(file, O_WRONLY);
	memset(&told, 0, sizeof(told));
	return c;
}

static void control_free(struct control *c)
{
	if (c->p.fd[DESC_LOGFILE] >= 0)
		close(c->p.fd[DESC_LOGFILE]);
	free(c);
}

/* The line of a kind, so many seconds after the start. */
static void line(struct control *c, enum event_id id, unsigned s)
{
	struct event e = { .id = id, .at = { .mono = s * NS_S, .wall = s * NS_S } };

	for (unsigned i = 0; i < event_kind(id)->n; i++)
		e.row[i] =
			event_kind(id)->field[i].type == EVENT_TYPE_str ? ev_str("x") : ev_u64(1);
	take(c, &e);
}

TEST(a_full_disk_is_told_once_and_counted_when_it_is_over)
{
	struct control *c = control_new("/dev/full");

	line(c, EV_debug_set, 1);
	line(c, EV_debug_set, 2);
	line(c, EV_debug_set, 3);
	assert_int_equal(told.missed, 1);
	assert_int_equal(told.error, ENOSPC);
	assert_string_equal(told.to, "file");
	assert_int_equal(told.resumed, 0);
	close(c->p.fd[DESC_LOGFILE]);
	c->p.fd[DESC_LOGFILE] = open("/dev/null", O_WRONLY);
	/* the news was missed as well, at a time of its own */
	c->log.last = 3 * NS_S;
	line(c, EV_debug_set, 5);
	assert_int_equal(told.resumed, 1);
	assert_int_equal(told.n, 4);
	line(c, EV_debug_set, 6);
	assert_int_equal(told.missed + told.resumed, 2);
	control_free(c);
}

TEST(a_log_that_is_written_is_no_news)
{
	struct control *c = control_new("/dev/null");

	line(c, EV_debug_set, 1);
	line(c, EV_secret_weak, 2);
	assert_int_equal(told.missed + told.resumed, 0);
	control_free(c);
}

TEST(without_a_log_only_what_warns_is_missed)
{
	struct control *c = control_new(NULL);

	line(c, EV_debug_set, 1);
	assert_int_equal(told.missed, 0);
	line(c, EV_secret_weak, 2);
	line(c, EV_secret_weak, 3);
	assert_int_equal(told.missed, 1);
	assert_int_equal(told.error, 0);
	assert_string_equal(told.to, "none");
	control_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_told_once_and_counted_when_it_is_over),
		cmocka_unit_test(a_log_that_is_written_is_no_news),
		cmocka_unit_test(without_a_log_only_what_warns_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
