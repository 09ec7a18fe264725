#pragma once
/* What counters say of tunnels that are up: that they carry nothing, or lose much of what arrives.
 * One judgement for both planes, which give the counters of all their SAs at equal distances; no
 * packet is looked at here. */
#include "dataplane/dataplane.h"

enum { SILENCE_LOOK_S = 15, LOSSES_LOOK_S = 60 };
enum watch_loss { WATCH_LATE, WATCH_NOT_AUTHENTIC, WATCH_OTHER_ICV, WATCH_LOSSES };

/* What is kept of an SA from look to look; begins as zeros. */
struct dp_watch {
	struct {
		uint64_t asked, heard;	    /* at the last look */
		uint64_t since;		    /* asked, since something came in */
		unsigned looks;		    /* in which something was asked, since then */
		uint64_t dropped[DROP_END]; /* when it was told last, or something came in */
		uint8_t why;		    /* enum drop_reason that was told with it */
		bool is_told;
	} silence;
	struct {
		uint64_t sent, heard; /* at the last look */
		uint64_t since;	      /* came in, since something went out or it was told */
		unsigned looks;
	} unasked;
	struct {
		uint64_t packets, lost[WATCH_LOSSES]; /* a minute ago */
		bool is_told[WATCH_LOSSES];
	} losses;
};

/* An SA as a plane has it now; all counters are since its beginning. */
struct dp_seen {
	uint32_t serial, reqid;
	bool is_out;
	uint64_t packets; /* that it carried */
	uint64_t asked;	  /* out: of those, what would be answered */
	/* in: older than the window, with a wrong ICV, of another ICV's length (which the kernel
	 * does not count apart) */
	uint64_t lost[WATCH_LOSSES];
	struct dp_watch *watch;
};

/* What was added; a counter that went back began anew. */
static inline uint64_t watch_added(uint64_t before, uint64_t now)
{
	return now < before ? now : now - before;
}

typedef void dp_tell(void *ctx, const struct dp_notice *n);

/* What it has counted up to now is of another process's time. */
void dp_watch_begin(const struct dp_seen *sa);
/* Each SILENCE_LOOK_S: DP_SILENT and DP_ANSWERED of outbound SAs, DP_LOSING of those when this host
 * drops what comes in meanwhile, and DP_UNASKED of those that send nothing and get something.
 * dropped: what it has dropped of what came in, of all tunnels, by reason (DROP_END of them); NULL:
 * not known. */
void dp_watch_silence(
	const struct dp_seen *sa, size_t n, const uint64_t *dropped, dp_tell *tell, void *ctx);
/* Each LOSSES_LOOK_S: DP_LOSING of inbound SAs. */
void dp_watch_losses(const struct dp_seen *sa, size_t n, dp_tell *tell, void *ctx);
