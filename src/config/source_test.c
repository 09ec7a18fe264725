/* The real file system: what a path may turn out to be. */
#include "base/test.h"
#include "config/algparse.h"
#include "config/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[64];
};

static int folder_make(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/conf-test-XXXXXX");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static int folder_remove(void **state)
{
	struct folder *f = *state;
	char *command = xasprintf("rm -r '%s'", f->path);
	int status = system(command);

	free(command);
	free(f);
	return status;
}

/* Gives the path, which lasts until the next call. */
static const char *put(const struct folder *f, const char *name, const char *text)
{
	static char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	return path;
}

static struct conf *parse(const char *path)
{
	const struct conf_source src = conf_source_files();

	return conf_parse(&src, path);
}

static void assert_only_error(const char *path, const char *part)
{
	struct conf *c = parse(path);

	assert_int_equal(c->n, 0);
	assert_int_equal(c->n_issue, 1);
	assert_true(c->issue[0].is_error);
	if (!strstr(c->issue[0].text, part))
		fail_msg("\"%s\" does not say \"%s\"", c->issue[0].text, part);
	conf_free(c);
}

#define ENDS "\tleft=192.0.2.1\n\tright=198.51.100.1\n\tauthby=secret\n"

static void includes_are_found_beside_the_file(void **state)
{
	struct folder *f = *state;
	char *sub = xasprintf("%s/sub", f->path);
	struct conf *c;

	assert_int_equal(mkdir(sub, 0700), 0);
	put(f, "sub/b.conf", "conn b\n" ENDS "include deeper\n");
	put(f, "sub/a.conf", "conn a\n" ENDS);
	put(f, "sub/deeper", "conn c\n" ENDS);
	c = parse(put(f, "ipsec.conf", "include sub/*.conf # all\ninclude \"sub/none*\"\n"));
	assert_int_equal(c->n, 3);
	assert_string_equal(c->conn[0]->name, "a");
	assert_string_equal(c->conn[2]->name, "c");
	assert_int_equal(c->n_issue, 1);
	assert_int_equal(c->issue[0].line, 2);
	conf_free(c);
	free(sub);
}

static void what_is_no_file_is_one_error(void **state)
{
	struct folder *f = *state;
	const char *path;
	int fd;

	assert_only_error(f->path, "directory");
	assert_only_error("/nowhere/ipsec.conf", "No such file");
	assert_only_error("/dev/zero", "8 MiB");
	path = put(f, "large", "");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	close(fd);
	assert_only_error(path, "8 MiB");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 4 << 20), 0);
	close(fd);
	assert_only_error(path, "not a text file");
}

static void a_pipe_is_read_to_its_end(void **state)
{
	char path[32];
	int fd[2];
	struct conf *c;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	for (int i = 0; i < 500; i++) {
		char *text = xasprintf("conn c%d\n" ENDS, i);

		assert_int_equal(write(fd[1], text, strlen(text)), strlen(text));
		free(text);
	}
	close(fd[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	c = parse(path);
	assert_int_equal(c->n, 500);
	conf_free(c);
	close(fd[0]);
}

static void secrets_come_from_included_files_too(void **state)
{
	struct folder *f = *state;
	const struct conf_source src = conf_source_files();
	const struct conf_issue *issue;
	struct secrets *s;

	put(f, "one.secrets", "@a @b : PSK \"long enough to be strong\"\n");
	put(f, "two.secrets", "@a @c : PSK \"long enough to be good\"");
	s = secrets_parse(&src, put(f, "ipsec.secrets", "include *.secrets\n"));
	assert_int_equal(secrets_count(s), 2 * 10); /* it includes itself, ten deep */
	assert_int_equal(secrets_issues(s, &issue), 1);
	assert_non_null(strstr(issue[0].text, "deep"));
	secrets_free(s);
}

static void keep_last(void *ctx, const char *line)
{
	snprintf(ctx, 256, "%s", line);
}

static void algparse_shows_what_a_text_means(void **state)
{
	char line[256] = "";

	(void)state;
	assert_int_equal(algparse("esp=aes_gcm256", false, true, keep_last, line), OK);
	assert_string_equal(line, "AES_GCM_C_256-NONE-NONE-ENABLED+DISABLED");
	assert_int_equal(algparse("ike", false, true, keep_last, line), OK);
	assert_int_equal(algparse("ike=foo", false, true, keep_last, line), ERR_VALUE);
	assert_int_equal(strncmp(line, "ERROR: ", 7), 0);
	assert_int_equal(algparse("ike=aes256-sha2", true, true, keep_last, line), OK);
	assert_non_null(strstr(line, "MODP2048"));
	assert_int_equal(algparse("ike=aes_gcm256", true, true, keep_last, line), ERR_VALUE);
	assert_non_null(strstr(line, "not supported by IKEv1"));
	assert_int_equal(algparse("foo", false, true, keep_last, line), ERR_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(includes_are_found_beside_the_file),
		cmocka_unit_test(what_is_no_file_is_one_error),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
		cmocka_unit_test(secrets_come_from_included_files_too),
		cmocka_unit_test(algparse_shows_what_a_text_means),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
