#pragma once
/* The inside of the keys process. */
#include "base/list.h"
#include "base/names.h"
#include "config/passwd.h"
#include "config/secrets.h"
#include "proc/process.h"

/* A loaded connection: keys are for these only. */
struct key_conn {
	struct list node;
	struct conf_conn *conf;
	struct key_budget {
		ns_t refilled;
		unsigned tokens;
	} psk, xauth;
};

struct keys {
	struct process p;
	struct list conns;
	struct names by_name;
	struct secrets *secrets;
	struct passwd *passwd;
	char *path, *passwd_path;
	struct list logins; /* struct login */
	unsigned n_logins;
	uint32_t request; /* for which the files are being read */
	int file_error;	  /* of the last secrets_open: 0 came as a descriptor, -1 still waiting */
	struct buf names; /* answer to secrets_glob */
	bool has_names;
};

/* The loaded connection of that name, also where what the parent said of it is still on its way. */
struct key_conn *keys_conn(struct keys *k, const char *name);
/* One ask more, of so many a second? */
bool keys_may(struct key_budget *b, unsigned per_second);

/* xauth.c */
void xauth_verify(struct keys *k, const struct msg_xauth_verify *m);
void xauth_secret(struct keys *k, const struct msg_xauth_secret *m);
void xauth_login(struct keys *k, const struct msg_xauth_login *m);
void xauth_done(struct keys *k);
