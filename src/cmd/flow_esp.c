/* ESP as it comes from the peer while the test flow runs. */
#include "cmd/flow_run.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FRAME = 256,  /* of a packet: enough to find the SPI */
	AT_MOST = 512 /* packets in a row */
};

void flow_esp_open(struct flow_esp *e, const struct addr *theirs)
{
	uint16_t kind = theirs->family == 4 ? ETH_P_IP : ETH_P_IPV6;

	e->theirs = *theirs;
	/* a tap: nobody loses a packet by it; without the right to it nothing is seen */
	e->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(kind));
}

void flow_esp_close(struct flow_esp *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

static void take(struct flow_esp *e)
{
	struct esp_said said;
	uint8_t p[FRAME];

	for (unsigned i = 0; i < AT_MOST; i++) {
		ssize_t n = recv(e->fd, p, sizeof(p), 0);

		if (n < 0)
			return;
		if (esp_read(e->theirs.family, bytes_of(p, (size_t)n), &said) &&
			addr_eq(&said.from, &e->theirs))
			esp_seen_take(&e->seen, &said);
	}
}

void flow_esp_say(const struct flow *f, struct flow_esp *e)
{
	if (e->fd >= 0)
		take(e);
	for (unsigned i = 0; i < e->seen.n; i++) {
		const struct esp_of_spi *s = &e->seen.spi[i];

		FLOW_EMIT(f, flow_esp, .spi = ev_x32(s->spi), .count = ev_u64(s->count),
			.length = ev_u64(s->length), .cut_12 = ev_u64(s->cut_12),
			.cut_16 = ev_u64(s->cut_16));
	}
}
