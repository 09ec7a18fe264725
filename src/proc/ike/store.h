#pragma once
/* Records in memory that outlives the process: a memfd of the parent's, which never looks into it.
 * Whoever opens it after a kill finds what the last commit made, whole: a record is written beside
 * the one before, and one number, written last, says which of them count. What is forgotten is
 * wiped. */
#include "base/bytes.h"

struct store;

enum { STORE_SIZE = 64 << 20 }; /* of the memfd; memory is used as it is written to */

/* Maps fd, which stays the caller's. NULL: errno. */
struct store *store_open(int fd);
void store_close(struct store *s);
/* Every record that counts, in no order; serials are the caller's. The view lives until f returns,
 * in which nothing may be changed. */
void store_each(
	struct store *s, void (*f)(void *ctx, uint32_t serial, struct bytes record), void *ctx);
size_t store_count(const struct store *s);
/* struct ike_keeper. */
void store_keep(void *store, uint32_t serial, struct bytes record);
void store_forget(void *store, uint32_t serial);
void store_commit(void *store);
/* How often there was no room: then the record is not there at all. */
size_t store_refused(const struct store *s);
void store_wipe(struct store *s); /* everything */
