/* The three blocks of pcapng that a capture needs; libpcap writes pcap only, which has no room for
 * more. */
#include "cmd/capture.h"

enum { SECTION = 0x0a0d0d0a, BYTE_ORDER = 0x1a2b3c4d, INTERFACE = 1, PACKET = 6 };

/* Closes a block: padding to four octets, and its length at both ends. */
static void close_block(struct wr *w, size_t at)
{
	size_t start = at - 4, total;

	wr_zero(w, (4 - (w->n - start) % 4) % 4);
	total = w->n - start + 4;
	wr_u32(w, (uint32_t)total);
	wr_end32(w, at, start);
}

static size_t open_block(struct wr *w, uint32_t type)
{
	wr_u32(w, type);
	return wr_begin32(w);
}

void pcapng_start(struct wr *w, int link, uint32_t snap)
{
	size_t at = open_block(w, SECTION);

	wr_u32(w, BYTE_ORDER);
	wr_u16(w, 1); /* version 1.0 */
	wr_u16(w, 0);
	wr_u64(w, UINT64_MAX); /* length of the section: not known */
	close_block(w, at);
	at = open_block(w, INTERFACE);
	wr_u16(w, (uint16_t)link);
	wr_u16(w, 0);
	wr_u32(w, snap);
	close_block(w, at);
}

void pcapng_packet(struct wr *w, uint64_t microseconds, struct bytes frame, uint32_t sent)
{
	size_t at = open_block(w, PACKET);

	wr_u32(w, 0); /* of the only interface */
	wr_u64(w, microseconds);
	wr_u32(w, (uint32_t)frame.n);
	wr_u32(w, sent);
	wr_bytes(w, frame);
	close_block(w, at);
}
