#pragma once
/* The inside of the keys process. */
#include "base/list.h"
#include "base/names.h"
#include "config/passwd.h"
#include "config/secrets.h"
#include "proc/process.h"

/* What a MAC of the peer is made with instead of the secret that stands for it. */
struct fits {
	char where[1024]; /* of another secret; "" */
	enum secret_variant variant;
	unsigned tried; /* 0: not looked for */
};

/* What may still be asked for in this second. */
struct key_budget {
	ns_t refilled;
	unsigned tokens;
};

/* A loaded connection: keys are for these only. */
struct key_conn {
	struct list node;
	struct conf_conn *conf;
	struct key_budget psk, xauth;
};

struct keys {
	struct process p;
	struct list conns;
	struct names by_name;
	struct secrets *secrets;
	struct passwd *passwd;
	char *path, *passwd_path;
	struct key_budget searches;
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

/* RFC 7296 2.15: AUTH = prf(prf(PSK, "Key Pad for IKEv2"), octets) */
enum err must_use keys_auth(uint16_t id, struct bytes psk, struct bytes octets, struct secret *ret);

/* fits.c: is what ike heard another MAC than that of the secret used? Fills *ret, which is zero,
 * when there is something to say and time for it. */
void keys_fits(struct keys *k, const struct msg_psk *m, const struct id *ours,
	const struct secrets_where *used, struct bytes mac, struct fits *ret);

/* xauth.c */
void xauth_verify(struct keys *k, const struct msg_xauth_verify *m);
void xauth_secret(struct keys *k, const struct msg_xauth_secret *m);
void xauth_login(struct keys *k, const struct msg_xauth_login *m);
void xauth_done(struct keys *k);
