#pragma once
/* One direction of a Child SA in the plane (RFC 4301 4.4.2). The packet threads read it without a
 * lock: what changes later is atomic, or a pointer that is swapped (plane.h). Each SA belongs to
 * one packet thread, the only one that writes its counters and window. */
#include "crypto/protect.h"
#include "dataplane/watch.h"
#include "esp/replay.h"
#include "esp/stall.h"

#include <stdatomic.h>

/* The outer ends. Immutable; DP_SA_MOVE swaps the whole. */
struct esp_path {
	struct endpoint local, remote;
	bool encap;
};

/* Counters have one writer, so that adding needs no locked instruction. */
typedef _Atomic uint64_t esp_counter;
static inline void esp_count(esp_counter *c, uint64_t by)
{
	atomic_store_explicit(
		c, atomic_load_explicit(c, memory_order_relaxed) + by, memory_order_relaxed);
}
static inline uint64_t esp_counted(const esp_counter *c)
{
	return atomic_load_explicit((esp_counter *)(uintptr_t)c, memory_order_relaxed);
}

/* What was told about an SA, so that it is told once. */
enum { ESP_TOLD_HEARD = 1, ESP_TOLD_SOFT = 2, ESP_TOLD_HARD = 4 };

/* Padding keeps what each packet writes on lines of its own. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct esp_sa {
	/* read by every packet */
	uint32_t spi, serial, reqid;
	uint8_t iv_n, icv_n, align; /* align: of what is encrypted, trailer included */
	uint8_t other_icv_n;	    /* that lengths tell from icv_n; 0: none */
	bool is_aead, esn, is_out, is_transport;
	struct protect *protect;
	_Atomic(struct esp_path *) path;
	_Atomic uint32_t outer_mtu;
	/* written by every packet, of the SA's own thread */
	_Alignas(64) esp_counter bytes, packets, seq; /* seq: last sent, or highest seen */
	esp_counter last;			      /* ns_t of the last packet */
	esp_counter asking;			      /* out: packets that would be answered */
	struct stall *stall;			      /* out */
	esp_counter too_old;			      /* in: of those dropped for replay */
	struct replay replay;
	uint8_t told;
	ns_t told_mapping;
	struct endpoint mapping; /* that was told last */
	esp_counter dropped[DROP_END];
	/* what the engine gave */
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets, seq_soft, seq_hard;
	uint32_t tfc;
	uint16_t mtu;
	bool clear_df, copy_dscp_in, dont_copy_dscp;
	struct ts_list ts_local, ts_remote;
	/* the control thread's */
	struct dp_watch watch;
	uint64_t dropped_told[DROP_END];
	uint64_t order;	 /* larger: newer */
	bool is_orphan;	 /* of an ike that is gone, not adopted yet */
	uint8_t lingers; /* seconds that a replaced inbound SA still receives; 0: it is not leaving
			  */
};

enum {
	ESP_HEADER_N = 8,  /* SPI and sequence number */
	ESP_TRAILER_N = 2, /* pad length and next header */
	ESP_OVERHEAD_MAX = 8 + 16 + 18 + 32,
	ESP_DATAGRAM_MAX = 65507, /* UDP payload over IPv4 */
};

/* ERR_UNSUPPORTED: an algorithm; ERR_LENGTH: keys; ERR_VALUE. */
enum err must_use esp_sa_new(const struct dp_sa *dp, uint32_t outer_mtu, struct esp_sa **ret);
void esp_sa_free(struct esp_sa *sa);

/* Octets of the ESP packet (from SPI to ICV) for n inner octets. */
size_t esp_sealed_n(const struct esp_sa *sa, size_t n);
/* Where the inner packet stands in it. */
static inline size_t esp_text_at(const struct esp_sa *sa)
{
	return (size_t)ESP_HEADER_N + sa->iv_n;
}

/* Seals what stands at p + esp_text_at(): n inner octets; p has room for esp_sealed_n(). */
enum err must_use esp_seal(
	struct esp_sa *sa, uint64_t seq, uint8_t *p, size_t n, uint8_t next_header);

struct esp_opened {
	uint8_t *p; /* inner, TFC padding still there */
	size_t n;
	uint64_t seq;
	uint8_t next_header;
};
/* Opens an ESP packet in place: replay, ICV, padding; the number is taken when all is right. */
enum drop_reason must_use esp_open(struct esp_sa *sa, uint8_t *p, size_t n, struct esp_opened *ret);

/* ---- sizes (mtu.c) ---- */

/* Octets of an inner packet that fit into an outer one of outer_mtu; 0 when none do. */
uint32_t esp_inner_mtu(uint32_t outer_mtu, const struct suite *suite, bool encap, bool outer_v6);
/* The same for an SA: path, and mtu= where it is smaller. */
uint32_t esp_sa_inner_mtu(const struct esp_sa *sa, const struct esp_path *path);
