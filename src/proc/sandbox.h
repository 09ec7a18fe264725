#pragma once
/* What each process may still do once it works: user, capabilities, file system, system calls. */
#include "event/event.h"
#include "ipc/ipc.h"

/* Closes the sandbox of that process for good. What this kernel does not have is told as an event;
 * what must work and does not ends the process. Without effect when built with -Dsandbox=false. */
void sandbox_enter(enum ipc_who who, const struct event_sink *events);
/* The system calls that the profile allows, by name, NULL-terminated, for tests and documents. */
const char *const *sandbox_calls(enum ipc_who who);
