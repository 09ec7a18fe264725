/* Opens files of secrets for keys, and reads none. keys names them, since it alone parses the
 * includes; it may do so only while it reads secrets, and every file is told in the log by keys. */
#include "proc/parent/parent.h"

#include "config_build.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void secrets_begin(struct parent *p, uint32_t request)
{
	if (p->may_open_secrets) {
		PARENT_EMIT(p, request, verb_failed, .verb = ev_str("rereadsecrets"),
			.why = ev_str("they are being read just now"));
		verb_done(p, request, 32);
		return;
	}
	free(p->passwd);
	p->passwd = xasprintf("%s/passwd", p->setup.ipsecdir ? p->setup.ipsecdir : IPSEC_DIR);
	p->may_open_secrets = true;
	p->secrets_request = request;
	LINE_SEND(&p->child[WHO_KEYS].line, secrets_read, .request = request,
		.path = p->opt.secrets, .passwd = p->passwd);
}

static void open_file(struct parent *p, const char *path)
{
	struct line *keys = &p->child[WHO_KEYS].line;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), e = errno;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		e = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	if (fd < 0) {
		if (e != ENOENT || strcmp(path, p->passwd) != 0) /* few have users of XAUTH */
			PARENT_EMIT(p, p->secrets_request, secrets_missing_file,
				.file = ev_str(path), .why = ev_str(strerror(e)));
		LINE_SEND(keys, secrets_refused, .error = (uint32_t)e);
		return;
	}
	LINE_SEND_FD(keys, fd, secrets_file, );
	close(fd);
}

static void list_files(struct parent *p, const char *pattern)
{
	uint8_t room[65536];
	struct wr w = wr_to(room, sizeof(room));
	glob_t g = { 0 };

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			wr_bytes(&w, bytes_of(g.gl_pathv[i], strlen(g.gl_pathv[i]) + 1));
	globfree(&g);
	LINE_SEND(&p->child[WHO_KEYS].line, secrets_names, .names = wr_view(&w));
}

static void read_done(struct parent *p)
{
	bool is_first = !p->has_secrets;

	p->may_open_secrets = false;
	p->has_secrets = true;
	if (is_first && p->state == STATE_RUNNING)
		parent_load(p);
}

void secrets_take(struct parent *p, const struct msg *m)
{
	if (m->id == MSG_secrets_done)
		read_done(p);
	else if (m->id == MSG_secrets_open && p->may_open_secrets)
		open_file(p, m->secrets_open.path);
	else if (m->id == MSG_secrets_glob && p->may_open_secrets)
		list_files(p, m->secrets_glob.pattern);
	else
		uv_process_kill(
			p->child[WHO_KEYS].process, 9); /* it asks for files behind our back */
}
