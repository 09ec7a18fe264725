#pragma once
/* What outlives an engine (struct ike_keeper), and how another one takes over from it. A record is
 *
 *   format (1) | major version (1) | what that version wrote
 *
 * Major version 0 stands for the numbers that are never given twice. */
#include "ike/engine.h"

/* ---- for versions: from keep() ---- */
bool ike_is_kept(const struct ike *ike); /* does anybody keep? */
void ike_keep_begin(struct wr *w, uint8_t major);
void ike_keep(struct ike *ike, uint32_t serial, struct bytes record);
void ike_keep_forget(struct ike *ike, uint32_t serial);
/* The end of every call of the engine. */
void ike_keep_end(struct ike *ike);

/* ---- a connection as a record names it ---- */
struct kept_conn {
	struct bytes name; /* views */
	struct bytes fingerprint, domains;
	uint32_t instance, reqid; /* instance 0: an ordinary connection */
	struct addr local;
	struct endpoint remote;
	struct addr lease[2];
	bool has_lent, must_be_up;
	struct addr dns[LIMIT_DNS_SERVERS];
	size_t n_dns;
};
void kept_conn_put(struct wr *w, struct conn *c);
enum err must_use kept_conn_get(struct rd *r, struct kept_conn *ret);
/* The connection that k is now. peer: whose lease it is. One that is gone or reads otherwise now
 * has a stand-in that is removed already: its SAs are to be deleted. */
struct conn *kept_conn_take(struct ike *ike, const struct kept_conn *k, const struct id *peer);
