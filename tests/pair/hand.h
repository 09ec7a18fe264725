#pragma once
/* One engine as responder, and an initiator made by hand that may send what no engine of ours
 * would. */
#include "ikev2/keymat.h"
#include "ikev2/message.h"
#include "tests/pair/pair.h"

enum { HAND_SAID_MAX = 8, HAND_ROOM = 4096 };

struct hand {
	struct ike *ike;
	struct now now;
	struct rng_seeded seed;
	unsigned count[EV_END];
	uint32_t tfc;	  /* of the last outbound SA */
	unsigned n_moved; /* SAs */
	struct addr from; /* where we send from */
	/* what the engine said since the last datagram to it */
	size_t n_said;
	struct buf said[HAND_SAID_MAX];
	/* our end of the IKE SA */
	struct v2_header h; /* of the next request */
	struct suite suite;
	struct v2_keys keys;
	struct protect *seal, *open;
	uint64_t counter;
	struct ke *ke;
	uint8_t ni[32];
	uint8_t room[HAND_ROOM], wire[HAND_ROOM]; /* a chain being built, a datagram */
	struct buf nr, init, last; /* IKE_SA_INIT request; the last request, for repeats */
};

extern const struct proposals hand_ike_offer, hand_esp_offer;

void hand_act(struct hand *h);
/* One datagram to the engine; what it says to it is in said[]. */
void hand_tell(struct hand *h, struct bytes data);
/* The engine with its connection "paris"; nothing is said yet. */
void hand_init(struct hand *h, uint32_t tfc);
void hand_done(struct hand *h);
/* Our IKE_SA_INIT request, and the exchange. */
void hand_init_put(struct hand *h, struct v2_build *b);
void hand_init_exchange(struct hand *h);
/* A request under our keys: its chain is in b. */
void hand_request(struct hand *h, uint8_t exchange, struct v2_build *b);
/* The only datagram that was said, opened. *plain owns what the views look into. */
void hand_said(struct hand *h, struct v2_msg *m, struct buf *plain);
/* Our IKE_AUTH request, with that notification (0: none). */
void hand_auth_put(struct hand *h, struct v2_build *b, uint16_t notify);
/* All of it: a tunnel. */
void hand_up(struct hand *h, uint16_t notify, uint32_t tfc);
/* The response is that notification alone. */
void hand_assert_notify(struct hand *h, uint16_t type, struct bytes data);
/* The IKE SA answers. */
void hand_assert_alive(struct hand *h);
/* An unprotected answer: one notification under the header of the request. */
void hand_assert_refused(const struct hand *h, uint16_t type, struct bytes data);
