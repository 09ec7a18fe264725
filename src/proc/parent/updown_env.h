#pragma once
/* The environment of leftupdown= as a value: Libreswan's PLUTO_* variables, as far as we know what
 * they would say. */
#include "config/conf.h"
#include "ipc/ipc.h"

/* conf: of the connection, or NULL when it is not loaded any more. interface: the device with our
 * outer address, or NULL. NULL-terminated; of updown_env_free(). */
char **updown_env(const struct msg_updown *m, const struct conf_conn *conf, const char *interface);
void updown_env_free(char **env);
