/* ipsec capture --keys: the session keys that the daemon writes down meanwhile become a folder of
 * Wireshark's tables. pcapng has no block for keys of IKE or ESP that Wireshark reads. */
#include "cmd/capture.h"

#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MOST = 2048 };

static const char *const tables[] = { "ikev1_decryption_table", "ikev2_decryption_table",
	"esp_sa" };

/* Which of them a line "TABLE REST" is for; NULL: none. */
static const char *table_of(const char *line, const char **ret_rest)
{
	size_t n = strcspn(line, " ");

	for (size_t i = 0; line[n] && i < COUNT(tables); i++)
		if (strlen(tables[i]) == n && strncmp(line, tables[i], n) == 0) {
			*ret_rest = line + n + 1;
			return tables[i];
		}
	return NULL;
}

static void hear(void *ctx, const char *line)
{
	struct capture_keys *k = ctx;
	json_t *e = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(e, "event"));
	const char *text = json_string_value(json_object_get(e, "line"));
	const char *error = json_string_value(json_object_get(e, "error"));

	if (name && strcmp(name, "export_begun") == 0)
		k->source = xstrdup(json_string_value(json_object_get(e, "file")));
	else if (error)
		out_error("ipsec: %s", error);
	else if (name && strcmp(name, "request_done") != 0 && text)
		out_error("%s", text);
	json_decref(e);
}

int keys_begin(struct capture_keys *k, const struct cmd *c)
{
	int status;

	if (!daemon_answers(c))
		return daemon_absent(c);
	k->folder = xasprintf("%s.keys", c->write_file);
	if (mkdir(k->folder, 0700) != 0) {
		out_error("ipsec: cannot make %s: %s", k->folder, strerror(errno));
		return EXIT_SERVICE;
	}
	status = request_each(c, "export-keys", json_object(), 0, hear, k);
	if (status == 0 && !k->source)
		status = EXIT_PROTOCOL;
	if (status != 0)
		rmdir(k->folder);
	else
		fprintf(stderr,
			"ipsec: warning: %s and %s together open everything that is sent "
			"meanwhile: "
			"give them to nobody, delete them when done\n",
			c->write_file, k->folder);
	return status;
}

/* Nobody but root could have written there. */
static FILE *open_source(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & 077))
		return fdopen(fd, "r");
	close(fd);
	errno = EPERM;
	return NULL;
}

static bool add_line(const struct capture_keys *k, const char *table, const char *text)
{
	char *path = xasprintf("%s/%s", k->folder, table);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t n = strlen(text);
	bool ok = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (!ok)
		out_error("ipsec: cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

static bool split(
	const struct capture_keys *k, FILE *from_take, unsigned *ret_ike, unsigned *ret_esp)
{
	char line[LINE_MOST], room[4096];
	bool ok = true;

	setvbuf(from_take, room, _IOFBF, sizeof(room)); /* ours, so that it can be wiped */
	while (ok && fgets(line, sizeof(line), from_take)) {
		const char *rest, *table = table_of(line, &rest);

		if (!table)
			continue;
		*(strcmp(table, "esp_sa") == 0 ? ret_esp : ret_ike) += 1;
		ok = add_line(k, table, rest);
	}
	fclose(from_take);
	wipe(line, sizeof(line));
	wipe(room, sizeof(room));
	return ok;
}

/* A word for a shell; to be freed. */
static char *quoted(const char *s)
{
	char *text = xalloc(4 * strlen(s) + 3), *to = text;

	*to++ = '\'';
	for (; *s; s++)
		if (*s == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *s;
	*to++ = '\'';
	return text;
}

bool keys_end(struct capture_keys *k, const struct cmd *c)
{
	FILE *from = open_source(k->source);
	unsigned ike = 0, esp = 0;
	char *folder, *file;
	bool ok;

	if (!from) {
		out_error("ipsec: the daemon's keys are not there any more (%s): %s", k->source,
			strerror(errno));
		rmdir(k->folder);
		return false;
	}
	ok = split(k, from, &ike, &esp) &&
	     add_line(k, "preferences", "esp.enable_encryption_decode: TRUE\n");
	folder = quoted(k->folder);
	file = quoted(c->write_file);
	if (ok && esp == 0)
		out_say("no ESP key: those of a tunnel that was up before are not known to ike "
			"any more; capture again, and meanwhile: ipsec rekey-child CONN");
	if (ok)
		out_say("keys of %u IKE SAs and %u ESP SAs; to read it: WIRESHARK_CONFIG_DIR=%s "
			"tshark -r %s",
			ike, esp, folder, file);
	free(folder);
	free(file);
	return ok;
}

void keys_done(struct capture_keys *k)
{
	free(k->folder);
	free(k->source);
	*k = (struct capture_keys){ 0 };
}
