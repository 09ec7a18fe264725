/* The service of systemd that a process belongs to: see cgroup.h. */
#include "proc/parent/cgroup.h"

#include <string.h>

#define SUFFIX ".service"

/* The path in the hierarchy that systemd keeps: version 2's, or its own of version 1. */
static const char *path_of(const char *text)
{
	static const char *const of[] = { "0::", "1:name=systemd:" };

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
			if (strncmp(line, of[i], strlen(of[i])) == 0 && line[strlen(of[i])] == '/')
				return line + strlen(of[i]);
	}
	return NULL;
}

static bool is_service(const char *part, size_t n)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@-";

	return n > strlen(SUFFIX) && n < UNIT_MAX && strspn(part, plain) >= n && part[0] != '-' &&
	       strncmp(part + n - strlen(SUFFIX), SUFFIX, strlen(SUFFIX)) == 0;
}

/* The outermost one; a service manager of a user is one, and its services are not the system's. */
bool cgroup_unit(const char *text, char ret[UNIT_MAX])
{
	const char *part = path_of(text);

	ret[0] = '\0';
	while (part && *part == '/') {
		size_t n = strcspn(++part, "/\n");

		if (is_service(part, n)) {
			if (strncmp(part, "user@", 5) == 0)
				return false;
			memcpy(ret, part, n);
			ret[n] = '\0';
			return true;
		}
		part += n;
	}
	return false;
}
