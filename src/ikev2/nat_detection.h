#pragma once
/* NAT detection in IKE_SA_INIT (RFC 7296 2.23): both notifications, and what they say. */
#include "ikev2/message.h"

/* Adds NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP for a message from local to remote
 * with these SPIs (as in its header). force: a source hash that cannot match, so that both ends
 * encapsulate ESP in UDP although there is no NAT (encapsulation=yes). */
void v2_put_nat_detection(struct v2_build *b, const struct v2_header *h,
	const struct endpoint *local, const struct endpoint *remote, bool force);

struct v2_nat {
	bool supported;	    /* the peer sent both kinds: it does NAT traversal */
	bool local_behind;  /* our address or port was changed on the way */
	bool remote_behind; /* the peer's was (or it wants encapsulation) */
};
/* "us", "peer", "both", "": nobody. Static. */
const char *v2_nat_who(const struct v2_nat *nat);
/* What message m, received at local from remote, says. */
struct v2_nat v2_nat_judge(
	const struct v2_msg *m, const struct endpoint *local, const struct endpoint *remote);
