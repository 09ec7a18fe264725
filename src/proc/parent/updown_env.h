#pragma once
/* The environment of leftupdown= as a value: Libreswan's PLUTO_* variables, as far as we know what
 * they would say. */
#include "config/conf.h"
#include "ipc/ipc.h"

/* What the message does not say. */
struct updown_about {
	const struct conf_conn *conf; /* NULL: it is not loaded any more */
	const char *interface;	      /* with our outer address; NULL: there is none */
	bool has_kernel_plane;
};
/* NULL-terminated; of updown_env_free(). */
char **updown_env(const struct msg_updown *m, const struct updown_about *about);
void updown_env_free(char **env);
