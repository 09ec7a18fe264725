/* What hosts behind this one send by TCP through one SA, four octets a packet: flow and SYN,
 * sequence number, octets, time since the one before. Oracle: an account of all packets. What is
 * told as lost has been seen four times, within 1.5 seconds or more, in one flow and, the first
 * time, in a second one too; what is told has the size of a packet; nothing is told twice in a row.
 */
#include "esp/stall.h"

#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FLOWS = 32, SEQS = 64, TIMES = 4, STEP = 1400 };
#define LEAST (3 * NS_S / 2)

struct account {
	struct {
		unsigned times;
		ns_t first, last;
	} seen[FLOWS][SEQS];
	unsigned ended; /* connections that had been repeated, when others with their ends began */
	bool size[UINT16_MAX + 1];
};

static void want(bool is_so)
{
	if (!is_so)
		abort();
}

static bool is_repeated(const struct account *a, unsigned flow)
{
	for (unsigned i = 0; i < SEQS; i++)
		if (a->seen[flow][i].times >= TIMES &&
			a->seen[flow][i].last - a->seen[flow][i].first >= LEAST)
			return true;
	return false;
}

static void begins(struct account *a, unsigned flow)
{
	a->ended += is_repeated(a, flow);
	memset(a->seen[flow], 0, sizeof(a->seen[flow]));
}

static void check(const struct account *a, enum stall_said said, enum stall_said before,
	unsigned flow, uint16_t size)
{
	unsigned repeated = a->ended;

	want(a->size[size]);
	if (said == STALL_PASS) {
		want(before != STALL_PASS);
		return;
	}
	for (unsigned i = 0; i < FLOWS; i++)
		repeated += is_repeated(a, i);
	want(is_repeated(a, flow) && (before == STALL_LOST || repeated >= 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct account *a = xalloc(sizeof(*a));
	struct stall *s = xalloc(sizeof(*s));
	enum stall_said before = STALL_NOTHING, said;
	ns_t now = 1000 * NS_S, second = now;
	uint64_t came = 0;

	for (; n >= 4; data += 4, n -= 4) {
		unsigned flow = data[0] % FLOWS, seq = data[1] % SEQS;
		struct stall_packet p = { .flow = flow + 1,
			.seq = seq * STEP,
			.n = (data[2] % 8 + 1u) * STEP,
			.size = (uint16_t)(STALL_LARGE + 40 + data[2]),
			.is_syn = data[0] & 0x80 };
		uint16_t size = 0;

		for (now += data[3] * 20 * NS_MS; second <= now; second += NS_S)
			if (stall_wants(s))
				stall_count(s, came += data[0] >> 6 & 1);
		a->size[p.size] = true;
		if (p.is_syn) {
			begins(a, flow);
		} else {
			if (!a->seen[flow][seq].times++)
				a->seen[flow][seq].first = now;
			a->seen[flow][seq].last = now;
		}
		said = stall_see(s, &p, now, &size);
		want(s->at < STALL_FLOWS);
		if (said) {
			check(a, said, before, flow, size);
			stall_told(s, said, size, now);
			before = said;
		}
	}
	free(s);
	free(a);
	return 0;
}
