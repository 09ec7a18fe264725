/* Runs one program: its three streams, its end, its limit of time. */
#include "proc/parent/program.h"

#include <signal.h>
#include <stdlib.h>

enum { PATIENCE_MS = 10000, OUT_MAX = 64 << 20, WHY_MAX = 400 };

struct stream {
	uv_pipe_t pipe;
	char *s; /* NUL-terminated once something came */
	size_t n, max;
	char room[4096];
	bool is_over;
};

struct program {
	uv_process_t process;
	uv_timer_t timer;
	uv_pipe_t in;
	struct stream out, err;
	uv_write_t write;
	char *input;
	int status;
	bool has_ended;
	unsigned handles; /* not yet closed */
	void (*done)(void *ctx, const struct program_end *end);
	void *ctx;
};

static void closed(uv_handle_t *h)
{
	struct program *p = h->data;

	if (--p->handles)
		return;
	free(p->input);
	free(p->out.s);
	free(p->err.s);
	free(p);
}

static void close_one(struct program *p, uv_handle_t *h)
{
	h->data = p;
	if (!uv_is_closing(h))
		uv_close(h, closed);
}

/* One line of at most WHY_MAX characters. */
static void trim(struct stream *s)
{
	s->n = MIN(s->n, (size_t)WHY_MAX);
	while (s->n && (s->s[s->n - 1] == '\n' || s->s[s->n - 1] == ' '))
		s->n--;
	for (size_t i = 0; i < s->n; i++)
		if ((unsigned char)s->s[i] < ' ')
			s->s[i] = ' ';
	if (s->s)
		s->s[s->n] = '\0';
}

/* When it has ended and said all. */
static void finish(struct program *p)
{
	struct program_end end = { .status = p->status, .out_n = p->out.n };
	char none[] = "", killed[] = "the program did not end by itself";

	if (!p->has_ended || !p->out.is_over || !p->err.is_over)
		return;
	trim(&p->err);
	end.out = p->out.s ? p->out.s : none;
	end.why = p->err.s ? p->err.s : p->status < 0 ? killed : none;
	close_one(p, (uv_handle_t *)&p->timer);
	close_one(p, (uv_handle_t *)&p->process);
	p->done(p->ctx, &end);
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
	struct program *p = process->data;

	p->status = signal ? -1 : (int)status;
	p->has_ended = true;
	finish(p);
}

/* Nobody says more of it: neither what it has started itself, which may have its streams. */
static void deafen(struct program *p, struct stream *s)
{
	if (s->is_over)
		return;
	s->is_over = true;
	close_one(p, (uv_handle_t *)&s->pipe);
}

static void late(uv_timer_t *t)
{
	struct program *p = t->data;

	uv_process_kill(&p->process, SIGKILL);
	deafen(p, &p->out);
	deafen(p, &p->err);
	finish(p);
}

static void room(uv_handle_t *h, size_t wanted, uv_buf_t *ret)
{
	struct program *p = h->data;
	struct stream *s = h == (uv_handle_t *)&p->out.pipe ? &p->out : &p->err;

	(void)wanted;
	*ret = uv_buf_init(s->room, sizeof(s->room));
}

static void append(struct stream *s, const char *text, size_t n)
{
	n = MIN(n, s->max - s->n);
	s->s = xrealloc(s->s, s->n + n + 1);
	memcpy(s->s + s->n, text, n);
	s->s[s->n += n] = '\0';
}

static void heard(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct program *p = h->data;
	struct stream *s = h == (uv_stream_t *)&p->out.pipe ? &p->out : &p->err;

	if (n > 0)
		append(s, b->base, (size_t)n);
	if (n >= 0)
		return;
	s->is_over = true;
	close_one(p, (uv_handle_t *)h);
	finish(p);
}

static void written(uv_write_t *w, int status)
{
	struct program *p = w->data;

	(void)status; /* it did not want to hear it: its end tells why */
	close_one(p, (uv_handle_t *)&p->in);
}

static void not_started(uv_timer_t *t)
{
	struct program *p = t->data;

	p->has_ended = p->out.is_over = p->err.is_over = true;
	p->status = -1;
	close_one(p, (uv_handle_t *)&p->in);
	close_one(p, (uv_handle_t *)&p->out.pipe);
	close_one(p, (uv_handle_t *)&p->err.pipe);
	finish(p);
}

static int spawn(uv_loop_t *loop, struct program *p, const char *const *args)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
			.data.stream = (uv_stream_t *)&p->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&p->out.pipe },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&p->err.pipe },
	};
	uv_process_options_t o = { .exit_cb = ended,
		.file = args[0],
		.args = (char **)(uintptr_t)args,
		.env = env,
		.stdio = stdio,
		.stdio_count = 3 };

	return uv_spawn(loop, &p->process, &o);
}

static void begin(struct program *p)
{
	uv_buf_t b = uv_buf_init(p->input, p->input ? (unsigned)strlen(p->input) : 0);

	uv_timer_start(&p->timer, late, PATIENCE_MS, 0);
	uv_read_start((uv_stream_t *)&p->out.pipe, room, heard);
	uv_read_start((uv_stream_t *)&p->err.pipe, room, heard);
	p->write.data = p;
	if (!p->input || uv_write(&p->write, (uv_stream_t *)&p->in, &b, 1, written) != 0)
		close_one(p, (uv_handle_t *)&p->in);
}

void program_run(uv_loop_t *loop, const char *const *args, char *input_take,
	void (*done)(void *ctx, const struct program_end *end), void *ctx)
{
	struct program *p = xalloc(sizeof(*p));
	char *why;
	int e;

	p->input = input_take;
	p->done = done;
	p->ctx = ctx;
	p->handles = 5;
	p->out.max = OUT_MAX;
	p->err.max = OUT_MAX;
	uv_timer_init(loop, &p->timer);
	uv_pipe_init(loop, &p->in, 0);
	uv_pipe_init(loop, &p->out.pipe, 0);
	uv_pipe_init(loop, &p->err.pipe, 0);
	p->process.data = p->timer.data = p->in.data = p->out.pipe.data = p->err.pipe.data = p;
	e = spawn(loop, p, args);
	if (e == 0) {
		begin(p);
		return;
	}
	why = xasprintf("%s: %s", args[0], uv_strerror(e));
	append(&p->err, why, strlen(why));
	free(why);
	uv_timer_start(&p->timer, not_started, 0, 0);
}
