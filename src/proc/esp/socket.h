#pragma once
/* The outer sockets: UDP 4500 with UDP_SEGMENT and UDP_GRO, raw ESP; both addresses, DSCP/ECN and
 * DF of every packet. */
#include "esp/outbox.h"
#include "proc/sockaddr.h"

enum { SOCKET_CONTROL_ROOM = 256 };

struct socket {
	int fd; /* -1: there is none */
	uint8_t family;
	bool is_udp;
	_Atomic bool gso; /* UDP_SEGMENT works here */
	bool gro;
	_Atomic int df; /* what IP_MTU_DISCOVER was set to last; -1: unknown */
};

/* fd stays the caller's. */
void socket_init(struct socket *s, int fd, uint8_t family, bool is_udp);

/* Sends n runs whose datagrams lie in base; all fit this socket. What could not be sent is counted
 * in their SAs. Waits a little when the socket's buffer is full. */
void socket_send_runs(struct socket *s, const struct esp_send *runs, size_t n, uint8_t *base);
/* One datagram; false: errno tells. */
bool socket_send_one(struct socket *s, const struct esp_path *path, uint8_t tos, struct bytes data);
/* The same for the control thread (IKE): tried again, and in fragments when it must be. */
bool socket_send(struct socket *s, const struct endpoint *local, const struct endpoint *remote,
	struct bytes data);

/* What came with a received message. */
struct arrival_info {
	struct addr local;
	uint8_t tos;
	uint16_t gro_size; /* octets of each datagram but the last; 0: it is one */
};
void socket_info(struct msghdr *h, struct arrival_info *ret);

/* One entry of the error queue. */
struct socket_error {
	struct endpoint local, remote;
	struct addr offender;
	uint32_t error, mtu; /* mtu: 0 unless error is EMSGSIZE */
	uint8_t icmp_type, icmp_code;
	bool was_ike; /* the datagram had the non-ESP marker */
};
/* False: the queue is empty. */
bool socket_take_error(struct socket *s, struct socket_error *ret);

/* Do UDP_SEGMENT and UDP_GRO carry bytes unharmed on this kernel? Uses the loopback interface; true
 * when that is down and nothing can be said. */
bool socket_offload_works(void);
