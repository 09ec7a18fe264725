#pragma once
/* What ICMP, or this host's kernel, says to a message of IKE (RFC 792, RFC 4443): not
 * authenticated. */
#include "diag/diag.h"

/* ICMP's type 3 and ICMPv6's type 1 in the same words. */
enum icmp_trouble { ICMP_NO_PORT, ICMP_NO_HOST, ICMP_NO_NET, ICMP_PROHIBITED, ICMP_OTHER };

struct icmp {
	const struct event *e; /* NULL: nothing was said */
	struct addr by, local;
	struct endpoint remote; /* not set: a log that does not name it */
	enum icmp_trouble trouble;
};
/* The last, as both versions and the probes tell of it. */
struct icmp story_icmp(const struct story *s);
/* After that time it may be over. */
#define ICMP_LATELY (60 * NS_S)
/* The peer's host itself says that nothing listens on that port. */
bool icmp_is_refused(const struct icmp *i);
/* So it has said lately. */
bool story_is_refused(const struct story *s);
/* A packet filter says so, or the peer's own host what only a filter there can say. */
bool icmp_is_filter(const struct icmp *i);
/* The peer has answered on another port than the one that is said to be closed: UDP port 500 is,
 * and a probe of 4500 was answered; or 4500 is, and the first message to UDP port 500 was. So its
 * daemon runs. */
bool icmp_is_one_port(const struct story *s, const struct icmp *i);
/* A packet filter says that it rejects what goes to UDP port 4500, or to the other one. */
enum certainty icmp_rejected(const struct story *s, struct finding *f, bool is_4500);
/* What starts the peer's daemon. */
void icmp_start_there(struct finding *f);
