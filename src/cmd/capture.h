#pragma once
/* What ipsec capture makes of packets, as pure functions. Packets are hostile. */
#include "base/addr.h"
#include "base/wr.h"

/* Types of link layers (pcap-linktype(7)) that we read. */
enum capture_link {
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW = 101,
	LINK_LINUX_SLL = 113,
	LINK_LINUX_SLL2 = 276
};
bool capture_knows_link(int link);

enum capture_kind { CAPTURE_OTHER, CAPTURE_IKE, CAPTURE_ESP, CAPTURE_KEEPALIVE };
enum { CAPTURE_TEXT = 512 };
/* "192.0.2.1:500 > 192.0.2.2:500 IKE_SA_INIT request 0, 3 proposals, group 19". frame: what was
 * captured, which may be less than was sent. */
enum capture_kind capture_decode(int link, struct bytes frame, char text[CAPTURE_TEXT]);

/* ---- capture_keys.c: what Wireshark needs to read it ---- */
struct cmd;
struct capture_keys {
	char *folder; /* FILE.keys; NULL: not begun */
	char *source; /* where ike writes them meanwhile */
};
/* From now on the daemon writes keys down. 0, or the exit status: the person was told why not. */
int keys_begin(struct capture_keys *k, const struct cmd *c);
/* Makes the folder of them, and says how to read the capture with it. False: the person was told.
 */
bool keys_end(struct capture_keys *k, const struct cmd *c);
void keys_done(struct capture_keys *k);

/* ---- capture_file.c: pcapng (draft-ietf-opsawg-pcapng), big-endian, microseconds ---- */
enum { PCAPNG_ROOM = 64 }; /* that each of these needs besides the packet */
void pcapng_start(struct wr *w, int link, uint32_t snap);
void pcapng_packet(struct wr *w, uint64_t microseconds, struct bytes frame, uint32_t sent);
