#pragma once
/* The facts that ipsec verify judges, from the host. */
#include "cmd/checks.h"

/* ---- verify_proc.c ---- */
enum { PROC_FILE_MAX = 1 << 20 };
/* A file of /proc or /sys: NUL-terminated, at most PROC_FILE_MAX; NULL: cannot be read. */
char *proc_read(const char *path, size_t *ret_n);
/* A file that has one number: is it other than 0? */
bool proc_flag(const char *path);
/* Sockets with their owners, other daemons; daemon: the process of ours, whose children are ours.
 */
void facts_processes(struct facts *f, unsigned daemon);
bool facts_has_module(const char *name); /* in the kernel, loaded, or to be loaded */

/* ---- verify_conn.c ---- */
/* As the daemon does it when it loads: names, %defaultroute, which end is this host; of those that
 * auto= loads, and of the one with that name (NULL: none), however it is loaded. */
void facts_resolve(struct conf *conf, const char *name, const struct addr *local, size_t n);
enum { LOCALS_MAX = 256 };
size_t facts_locals(struct addr ret[LOCALS_MAX]);
