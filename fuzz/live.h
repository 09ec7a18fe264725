#pragma once
/* Two ends with a live SA, one of them under fire: what the targets of both engines have in common.
 * The input is a sequence of: verb, length (2), octets. */
#include "ike/engine.h"

enum { LIVE_HALF_OPEN_MAX = 8, LIVE_STEPS_MAX = 64 };

struct live_host {
	struct ike *ike;
	struct rng_seeded seed;
	struct now now;
};

/* What differs; each target has one. */
extern const struct live_target {
	const struct ike_version *version;
	uint8_t conf;		   /* enum conf_version */
	enum action_kind asks_mac; /* that the secret is asked for with */
	unsigned rounds;	   /* of messages, until both ends are up */
	/* The newest SA, NULL: none; is it up? */
	void *(*newest)(struct live_host *h);
	bool (*is_up)(const void *sa);
	/* What was read, made into a datagram with the SPIs (cookies) of the peer's SA, or sealed
	 * as the peer would. */
	void (*with_spis)(struct live_host *h, void *keys, struct bytes in);
	void (*sealed)(struct live_host *h, void *keys, struct bytes in);
	/* Every limit of the engine. */
	void (*limits_hold)(const struct live_host *h);
} live_target;

void live_check(bool holds);
void live_datagram(struct live_host *h, struct bytes data);
