/* What the command says: lines for people, or with --json one object a line on standard output, of
 * which the last is request_done with the exit status. */
#include "cmd/cmd.h"

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

static char *text_of(const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		abort();
	return text;
}

void out_say(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_of(format, ap);
	va_end(ap);
	if (as_json)
		out_object(json_pack("{s:s}", "text", text));
	else
		puts(text);
	fflush(stdout);
	free(text);
}

void out_error(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_of(format, ap);
	va_end(ap);
	if (as_json)
		out_object(json_pack("{s:s}", "error", text));
	else
		fprintf(stderr, "%s\n", text);
	free(text);
}

int out_end(int status)
{
	if (as_json && told != status)
		out_object(json_pack("{s:s, s:i}", "event", "request_done", "exit", status));
	return status;
}
