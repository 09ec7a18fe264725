#pragma once
/* Probes: first messages of IKE that tell why a connection does not come up. A peer that is silent,
 * or refuses what the connection offers, is asked on the other port, with all algorithms, in the
 * other version; what it does with those separates a filter, a refusal, the version, the
 * algorithms, and that it does not know us. No probe goes on to authentication, none carries an
 * identity or a secret.
 *
 * Pure: time, datagrams and errors in, datagrams and events out. Who has the socket calls
 *
 *     while (!probe_is_over(p)) { while (probe_output(p, ...)) send; wait until probe_due(p);
 * probe_input(p, ...) }
 */
#include "base/now.h"
#include "event/event.h"
#include "ipsec/proposal.h"

enum {
	/* 40 packets are what a diagnosis may send: the attempt, which goes on beside, has the
	   others */
	PROBE_PACKETS_MAX = 28,
	PROBE_DATAGRAM = 4096,
	PROBE_PORT_NAT =
		4500, /* messages to it have a non-ESP marker: put and stripped by the caller */
};
#define PROBE_AGAIN (250 * NS_MS) /* until a question that is not answered is repeated */
#define PROBE_WAIT  NS_S	  /* for an answer to the last one */
#define PROBE_ASK   (2 * NS_S)	  /* for all of one question */
#define PROBE_TIME  (7 * NS_S + 500 * NS_MS)

struct probe_for {
	const char *conn;
	struct endpoint local, remote; /* remote.port: of IKE */
	unsigned version;	       /* of the connection: 1, 2 */
	/* What the connection offers in IKEv1, in IKEv2; NULL: that version is not asked. */
	const struct proposals *v1, *v2;
	enum probe_auth { PROBE_PSK, PROBE_XAUTH_CLIENT, PROBE_XAUTH_SERVER } auth; /* of IKEv1 */
	/* The attempt just now was answered with NO_PROPOSAL_CHOSEN: the same need not be asked
	 * again. */
	bool is_refused;
	bool with_transforms; /* which ones the peer takes, one by one */
	struct rng rng;
};

struct probe;
struct probe *probe_new(
	const struct probe_for *f, ns_t now); /* f is copied, its proposals as well */
void probe_free(struct probe *p);
/* The next datagram to be sent now, in room; none: nothing. */
struct bytes probe_output(struct probe *p, struct now now, const struct event_sink *out, void *room,
	size_t n, struct endpoint *to);
/* A datagram that came from there. */
void probe_input(struct probe *p, struct now now, const struct event_sink *out,
	const struct endpoint *from, struct bytes datagram);
/* A message to there was complained about. */
struct probe_error {
	struct endpoint remote;
	int error; /* errno */
	struct addr complainant, local;
	uint8_t icmp_type, icmp_code;
};
void probe_error(
	struct probe *p, struct now now, const struct event_sink *out, const struct probe_error *e);
ns_t probe_due(const struct probe *p); /* NS_NEVER when it is over */
bool probe_is_over(const struct probe *p);
