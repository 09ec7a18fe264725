#pragma once
/* Inbound: from a received datagram to an inner packet for the TUN device (RFC 4301 5.2). */
#include "esp/plane.h"

/* What the socket knows of the datagram. */
struct esp_arrival {
	struct endpoint local, remote;
	uint8_t tos;
	bool encap;
};

enum esp_udp_kind { ESP_UDP_ESP, ESP_UDP_IKE, ESP_UDP_KEEPALIVE, ESP_UDP_NONE };
/* What a datagram on port 4500 is (RFC 3948 2.2, 2.3). */
enum esp_udp_kind esp_udp_kind(const uint8_t *p, size_t n);

/* Opens the ESP packet in place. *ret is the inner packet, or has n 0: a dummy packet, which is no
 * error. Between esp_enter() and esp_leave() of the inbound worker. The reason is counted already.
 * A packet of transport mode stands in the worker's room instead, until that is let go. */
enum drop_reason esp_input(struct esp_worker *w, const struct esp_arrival *a, uint8_t *p, size_t n,
	struct packet *ret);
/* Is there room for one more? Else let go what is done with. */
bool esp_input_has_room(const struct esp_worker *w);
static inline void esp_input_let_go(struct esp_worker *w)
{
	w->room_n = 0;
}
