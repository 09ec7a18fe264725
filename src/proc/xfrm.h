#pragma once
/* Talking with the kernel's XFRM: one request, its answer. */
#include "dataplane/xfrm/xfrm.h"

/* A socket for requests; with news, one that hears what happens to SAs and policies, and never
 * blocks. -1 and errno. */
int xfrm_open(bool news);

/* The number of the socket that asks, which requests have from now on: what they change is told to
 * all with it, and so to us, with a number that is ours. The kernel itself adds none. */
void xfrm_sign(uint32_t number);

/* Sends the one message in w and takes its answer. 0 or errno; *ret (may be NULL) is what the
 * kernel said: its text, or what was asked for. w is wiped: there may be keys in it. */
int xfrm_ask(int fd, struct wr *w, struct xfrm_said *ret);
/* f for each of a list (XFRM_LIST_SAS, XFRM_LIST_POLICIES). 0 or errno. */
int xfrm_each(
	int fd, enum xfrm_list what, void (*f)(void *ctx, const struct xfrm_said *s), void *ctx);
/* f for all that lies on a socket for news. ENOBUFS: some were lost. */
int xfrm_news(int fd, void (*f)(void *ctx, const struct xfrm_said *s), void *ctx);

/* Does the kernel take an SA of that suite between two addresses of that family? It is tried, and
 * taken out again: modules are loaded by it. 0 or errno; text (XFRM_ERROR_STR) then says why. */
int xfrm_probe(int fd, uint8_t family, const struct suite *s, char *text);
