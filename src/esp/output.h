#pragma once
/* Outbound: from the TUN device to sealed datagrams (RFC 4301 5.1). */
#include "esp/icmp.h"
#include "esp/outbox.h"
#include "esp/plane.h"

/* frame: one read of the device, virtio header first; changed. Sealed datagrams are added to *out,
 * an answer to the sender is put into *reply. Between esp_enter() and esp_leave() of the outbound
 * worker; *out is good until esp_leave(). The reason when the packet, or the rest of it, was
 * dropped; it is counted already. */
enum drop_reason esp_output(struct esp_worker *w, uint8_t *frame, size_t n, struct esp_outbox *out,
	struct esp_reply *reply);
