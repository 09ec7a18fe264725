#pragma once
/* The service of systemd that a process belongs to, as /proc/PID/cgroup has it (cgroups(7),
 * systemd.unit(5)); pure. */
#include <stdbool.h>
#include <stddef.h>

enum { UNIT_MAX = 128 };

/* text: all of that file. Gives true and its name ("strongswan.service") for a service of the
 * system; false and "" for what people, containers and scopes run, and for a name that a shell
 * could take for something else: it stands in commands that people paste. */
bool cgroup_unit(const char *text, char ret[UNIT_MAX]);
