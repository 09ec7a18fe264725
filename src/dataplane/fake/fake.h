#pragma once
/* A data plane that only remembers what it was told: for tests of the engine. It carries no
 * packets, but knows which SA would carry one and which would receive it, and finds what an engine
 * must not do: add twice, delete what is not there. */
#include "base/list.h"
#include "dataplane/dataplane.h"

struct fake_dp {
	struct list sas;      /* of struct fake_sa, oldest first */
	struct list policies; /* of struct fake_policy */
	enum err fail_next;   /* OK: do as told */
	unsigned double_adds; /* SA_ADD of a serial and direction, or an inbound SPI, already there
			       */
	unsigned unknown_deletes; /* SA_DEL, SA_MOVE, POLICY_DEL of what was never added */
};

/* One request, the operands named as in the engine's action. What op does not use is ignored. */
struct fake_request {
	uint8_t op; /* enum dp_op */
	uint8_t dir;
	uint32_t serial, reqid;
	const struct dp_sa *sa;		/* copied */
	const struct dp_policy *policy; /* copied */
	struct endpoint local, remote;
	bool encap;
};

void fake_dp_init(struct fake_dp *f);
void fake_dp_done(struct fake_dp *f);
/* The next request is refused with e and changes nothing. Deleting an SA whose SA_ADD was refused
 * is no mistake: who asked may not know yet. */
void fake_dp_fail_next(struct fake_dp *f, enum err e);
/* Another ike takes over: what it does not name before DP_SETTLE goes then. */
void fake_dp_orphan(struct fake_dp *f);
/* ret: SA_QUERY and SA_ADOPT only, may be NULL for the others. ERR_EXISTS and ERR_NOT_FOUND are
 * counted in f. */
enum err must_use fake_dp_do(
	struct fake_dp *f, const struct fake_request *q, struct dp_counters *ret);

/* NULL when there is none. Views: until the next request. */
const struct dp_sa *fake_dp_sa(const struct fake_dp *f, uint32_t serial, enum dp_dir dir);
const struct dp_policy *fake_dp_policy(const struct fake_dp *f, uint32_t reqid);
/* The SA that a packet with this SPI arrives at. */
const struct dp_sa *fake_dp_receiver(const struct fake_dp *f, uint32_t spi);
/* The SA that the policies of reqid send on: the newest outbound one. */
const struct dp_sa *fake_dp_sender(const struct fake_dp *f, uint32_t reqid);
size_t fake_dp_sas(const struct fake_dp *f, enum dp_dir dir);
size_t fake_dp_policies(const struct fake_dp *f);

/* A packet of n octets goes out under from's reqid: does it arrive at to? Counted at both ends if
 * so, as sent only when it is lost. */
bool fake_dp_carry(struct fake_dp *from, uint32_t reqid, struct fake_dp *to, uint64_t n);
/* Every outbound SA of a has an inbound SA at b with the same SPI, keys, suite and mode, mirrored
 * selectors and, without UDP encapsulation, mirrored addresses. NULL when so, else what differs. */
const char *fake_dp_unreached(const struct fake_dp *a, const struct fake_dp *b);
/* So in both directions, and neither end has an inbound SA that the other does not send on. Only
 * for two ends that talk to nobody else. */
bool fake_dp_connected(const struct fake_dp *a, const struct fake_dp *b);
