/* ipsec restart: what must be right is looked at before anything is touched; then children end, we
 * become the program that is installed (handover.c), and its children take over. Who asked waits
 * for the end of that with a request of its own, which the next program answers. */
#include "proc/parent/parent.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_SERVICE = 1, EXIT_CONFIG = 3, EXIT_BUSY = 32 };

/* Can it be started, as far as can be seen? False: that was said. */
static bool has_programs(struct parent *p, uint32_t request)
{
	bool ok = true;

	for (enum ipc_who w = WHO_PARENT; w < WHO_END && ok; w++) {
		char *file = w == WHO_PARENT
				     ? xasprintf("%s/ipsecd", p->opt.execdir)
				     : xasprintf("%s/ipsec-%s", p->opt.execdir, ipc_who_name(w));

		ok = access(file, X_OK) == 0;
		if (!ok)
			PARENT_EMIT(p, request, restart_refused, .file = ev_str(file),
				.why = ev_str(strerror(errno)));
		free(file);
	}
	return ok;
}

/* NULL: nothing stands against it; else what does. */
static const char *why_plain(struct parent *p, const struct conf *conf)
{
	if (!addr_eq(&conf->setup.listen, &p->listening))
		return "listen= has changed";
	if (!plane_stays(p, conf))
		return "the data plane is another one now";
	if (p->fd[DESC_STORE] < 0 || !remember_write(p))
		return "this system keeps nothing for the next one";
	return NULL;
}

static void add_waiter(struct parent *p, uint32_t request)
{
	if (p->n_waiters == WAITERS_MAX) {
		PARENT_EMIT(p, request, service_taking_over,
			.why = ev_str("many wait for a restart already"));
		verb_done(p, request, EXIT_BUSY);
		return;
	}
	p->waiter[p->n_waiters++] = request;
}

void restart_begin(struct parent *p, uint32_t request)
{
	struct conf *conf = load_file(p, request, p->opt.config);
	const char *why = NULL;

	if (conf->n_error) {
		PARENT_EMIT(p, request, load_failed, .file = ev_str(p->opt.config),
			.errors = ev_u64(conf->n_error),
			.consequence =
				ev_str("nothing was restarted, everything runs on as before"));
		verb_done(p, request, EXIT_CONFIG);
	} else if (!has_programs(p, request)) {
		verb_done(p, request, EXIT_SERVICE);
	} else if (!plane_can_be(p, request, conf)) {
		PARENT_EMIT(p, request, restart_refused, .file = ev_str(p->opt.config),
			.why = ev_str("this kernel has no ESP for dataplane=kernel"));
		verb_done(p, request, EXIT_SERVICE);
	} else {
		why = why_plain(p, conf);
		if (why)
			PARENT_EMIT(p, request, restart_plain, .why = ev_str(why));
		else
			PARENT_EMIT(p, request, restart_live, );
		p->restart_why = why ? xstrdup(why) : NULL;
		p->restart = why ? RESTART_PLAIN : RESTART_LIVE;
		add_waiter(p, request);
		parent_stop(p, 0);
	}
	conf_free(conf);
}

static void tell(struct parent *p, uint32_t request)
{
	if (p->is_handed && !p->restart_why)
		PARENT_EMIT(p, request, restarted, .tunnels = ev_u64(p->n_kept),
			.lost = ev_u64(p->n_lost));
	else
		PARENT_EMIT(p, request, restarted_anew,
			.why = ev_str(p->restart_why ? p->restart_why
						     : "the daemon before this one was killed"));
}

void restart_wait(struct parent *p, uint32_t request)
{
	if (p->is_loaded) {
		tell(p, request);
		verb_done(p, request, 0);
		return;
	}
	add_waiter(p, request);
}

void restart_join(struct parent *p, uint32_t request)
{
	if (p->state == STATE_STOPPING)
		add_waiter(p, request);
	else
		verb_done(p, request, 0);
}

void restart_leave(struct parent *p)
{
	for (size_t i = 0; i < p->n_waiters; i++)
		verb_done(p, p->waiter[i], 0);
	p->n_waiters = 0;
	LINE_SEND(&p->child[WHO_CONTROL].line, paused, ); /* for all the others who wait */
}

void restart_done(struct parent *p)
{
	if (p->is_handed && p->n_waiters == 0)
		tell(p, 0); /* to the log */
	for (size_t i = 0; i < p->n_waiters; i++) {
		tell(p, p->waiter[i]);
		verb_done(p, p->waiter[i], 0);
	}
	p->n_waiters = 0;
}
