#pragma once
/* What ICMP says of the messages that we sent to the peer. Anybody can write such a packet. */
#include "diag/story.h"

struct complaint {
	const struct event *e; /* NULL: there is none; the rest is not set */
	struct addr by, local;
	struct endpoint remote; /* of the message; no address: a log that does not name it */
	uint64_t error;		/* an errno */
	uint64_t icmp_type, icmp_code;
};
/* The last of the present, or of the probes where no IKE SA's message had one. */
struct complaint story_complaint(const struct story *s);
/* The peer's host itself says that nothing listens on that port. */
bool complaint_is_no_port(const struct complaint *c);
/* So it has said within a minute. */
bool story_is_refused(const struct story *s);
