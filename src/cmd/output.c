/* What the command says: lines for people, or with --json one object a line on standard output, of
 * which the last is request_done with the exit status. */
#include "cmd/cmd.h"
#include "event/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool as_json;
static int told = -1; /* by the request_done that stands last; -1: another line does */

void out_start(bool json)
{
	as_json = json;
}

bool out_is_json(void)
{
	return as_json;
}

void out_event(const char *line, int exit)
{
	puts(line);
	told = exit;
}

void out_object(json_t *object_take)
{
	char *s = object_take ? json_dumps(object_take, JSON_COMPACT) : NULL;

	if (s)
		out_event(s, -1);
	free(s);
	json_decref(object_take);
}

printf_like(3, 0) static void speak(FILE *to, const char *key, const char *format, va_list ap)
{
	char *text = NULL, clean[4096];
	json_t *j;

	if (vasprintf(&text, format, ap) < 0)
		abort();
	if (as_json) {
		j = json_pack("{s:s}", key, text);
		if (!j) /* not UTF-8 */
			j = json_pack(
				"{s:s}", key, event_escape(bytes_str(text), clean, sizeof(clean)));
		out_object(j);
	} else
		fprintf(to, "%s\n", text);
	fflush(to);
	free(text);
}

void out_say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	speak(stdout, "text", format, ap);
	va_end(ap);
}

void out_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	speak(stderr, "error", format, ap);
	va_end(ap);
}

int out_end(int status)
{
	if (as_json && told != status)
		out_object(json_pack("{s:s, s:i}", "event", "request_done", "exit", status));
	return status;
}
