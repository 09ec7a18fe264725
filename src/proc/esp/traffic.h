#pragma once
/* The two packet threads and what they hand to the control thread. */
#include "esp/input.h"
#include "esp/output.h"
#include "proc/esp/socket.h"
#include "proc/esp/tun.h"

#include <pthread.h>

enum { SOCKET_UDP4, SOCKET_UDP6, SOCKET_ESP4, SOCKET_ESP6, SOCKETS };

/* What goes up, one packet of the SEQPACKET pair each: this head, then the datagram's octets. */
struct traffic_up {
	bool is_error;
	struct endpoint local, remote; /* of an IKE datagram, whose marker is off */
	struct socket_error error;
};

struct traffic {
	struct esp_plane *plane;
	struct socket socket[SOCKETS];
	struct tun tun;
	int up[2];     /* threads write 1, control reads 0 */
	int attention; /* eventfd: esp_plane_notice() has something */
	int stop;      /* eventfd */
	bool is_running;
	pthread_t outbound, inbound;
};

/* Descriptors are borrowed; -1 where there is none. False: errno tells. */
bool traffic_init(struct traffic *t, struct esp_plane *plane, int tun, const int fd[SOCKETS]);
bool traffic_start(struct traffic *t);
void traffic_stop(struct traffic *t); /* waits for both */
void traffic_done(struct traffic *t);
/* The socket that ESP of this path goes out by; NULL: none. */
struct socket *traffic_socket(struct traffic *t, const struct esp_path *path);

/* Inside. */
ns_t traffic_now(void);
void *traffic_outbound(void *traffic);
void *traffic_inbound(void *traffic);
