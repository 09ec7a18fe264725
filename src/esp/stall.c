/* Flows of TCP that are stuck. All that is kept of one is what it sends: acknowledgements come by
 * another thread, and none are needed, since new data after something was sent again for a while
 * tells the same. */
#include "esp/stall.h"

#include "base/bytes.h"
#include <limits.h>

enum {
	TIMES = 4,	     /* and not less than STUCK long: then it is stuck */
	RECOVERS = 2,	     /* by then nothing new is sent without an acknowledgement */
	WINDOW = 128 * 1024, /* nobody sends so much without one, either */
	FAR = 1 << 26,	     /* no window is larger: another connection with the same ends */
	COUNT_S = 130,	     /* longer than any RTO: 120 s in Linux */
};
#define STUCK	(3 * NS_S / 2)
#define SETTLED NS_S	     /* control counts once a second: from then on it is of later */
#define COUNTS	(120 * NS_S) /* one that is stuck, after it was seen last */
#define PASSED	(3 * NS_S)   /* by then what is lost would have been sent again */
#define IDLE	(5 * NS_S)
#define RESIDES (4 * NS_S)  /* so long one has to show what it is */
#define TAKES	(2 * NS_MS) /* and no more often is a place given away */
#define AGAIN	(60 * NS_S) /* it is said each minute */
#define STALE	(900 * NS_S)

/* ---- places ---- */

static struct stall_flow *find(struct stall *s, uint32_t key)
{
	if (s->key[s->at] == key) /* mostly */
		return &s->flow[s->at];
	for (unsigned i = 0; i < STALL_FLOWS; i++)
		if (s->key[i] == key) {
			s->at = (uint8_t)i;
			return &s->flow[i];
		}
	return NULL;
}

/* Nobody takes the place of one that waits for its RTO, but one that begins when others are stuck
 * already. */
enum worth { WORTH_NOTHING, WORTH_LITTLE, WORTH_WAITING, WORTH_NEW, WORTH_LATE };

static enum worth worth(const struct stall_flow *f, ns_t now)
{
	if (f->times && now - f->last < COUNTS)
		return f->is_late ? WORTH_LATE : WORTH_WAITING;
	return now - f->came < RESIDES ? WORTH_NEW : WORTH_LITTLE;
}

static bool is_other(const struct stall_flow *f, const struct stall_packet *p)
{
	uint32_t ahead = p->seq - f->next;

	return (f->fresh || f->times) && MIN(ahead, -ahead) > FAR;
}

/* NULL: not now. Of many flows that have no place only some are looked at: those that are stuck
 * send little, and where others do not get a place, enough have one. */
static struct stall_flow *take(struct stall *s, uint32_t key, bool is_syn, ns_t now)
{
	enum worth least = WORTH_LATE + 1;
	unsigned at = 0;

	if (now - s->taken < TAKES && s->is_full)
		return NULL;
	s->taken = now;
	for (unsigned i = 0; i < STALL_FLOWS; i++) {
		enum worth w = s->key[i] ? worth(&s->flow[i], now) : WORTH_NOTHING;

		if (w < least || (w == least && s->flow[i].last < s->flow[at].last)) {
			least = w;
			at = i;
		}
	}
	s->is_full = least > WORTH_NOTHING;
	if (least > (is_syn ? WORTH_NEW : WORTH_LITTLE))
		return NULL;
	s->key[at] = key;
	return &s->flow[at];
}

/* ---- what is told ---- */

static bool is_much(const struct stall *s, uint16_t size, ns_t at)
{
	return s->said != STALL_LOST || (size >= s->said_size && at >= s->said_at);
}

/* Packets of this size that went out then have arrived: of those that are stuck, the ones with
 * larger packets remain, and those that got stuck later. */
static enum stall_said passed(struct stall *s, uint16_t size, ns_t at, uint16_t *ret_size)
{
	bool had = s->until;
	ns_t until = 0;

	for (unsigned i = 0; had && i < STALL_FLOWS; i++) {
		struct stall_flow *f = &s->flow[i];

		if (f->size && f->size <= size && f->since < at)
			f->is_stuck = f->is_late = false;
		if (f->is_stuck)
			until = MAX(until, f->last + COUNTS);
	}
	s->until = until;
	for (unsigned i = 0; had && !until && i < STALL_FLOWS; i++)
		s->flow[i].is_late = false;
	if (s->said == STALL_PASS || !is_much(s, size, at))
		return STALL_NOTHING;
	*ret_size = size;
	return STALL_PASS;
}

void stall_told(struct stall *s, enum stall_said said, uint16_t size, ns_t now)
{
	s->said_size = s->said == STALL_LOST && said == STALL_LOST ? MIN(s->said_size, size) : size;
	s->said = (uint8_t)said;
	s->said_at = now;
}

static bool is_lost(const struct stall *s, const struct stall_flow *f, ns_t now)
{
	if (s->said == STALL_LOST && now - s->said_at < STALE)
		return now - s->said_at >= AGAIN;
	return f->is_late && f->alive && f->times > f->alive;
}

/* ---- a packet ---- */

/* Something comes in, and what was sent after that is not answered, either? */
static void listen_for(struct stall *s, struct stall_flow *f, ns_t now)
{
	uint32_t heard = atomic_load_explicit(&s->heard, memory_order_relaxed);

	atomic_store_explicit(&s->wanted, COUNT_S, memory_order_relaxed);
	if (!f->has_heard) {
		f->has_heard = now - f->since >= SETTLED;
		f->heard = heard;
	} else if (!f->alive && heard != f->heard) {
		f->alive = f->times;
	}
}

static enum stall_said sent_again(struct stall *s, struct stall_flow *f,
	const struct stall_packet *p, ns_t now, uint16_t *ret_size)
{
	int32_t ahead = (int32_t)(p->seq - f->again);
	bool has_moved = f->times >= RECOVERS && ahead > 0;

	f->fresh = 0;
	if (!f->times || ahead) {
		f->again = p->seq;
		f->since = now;
		f->times = 1;
		f->alive = 0;
		f->has_heard = f->is_stuck = false;
		f->size = p->size;
		return has_moved ? passed(s, p->size, now, ret_size) : STALL_NOTHING;
	}
	f->times = (uint8_t)MIN(f->times + 1, UINT8_MAX);
	if (f->is_late)
		listen_for(s, f, now);
	if (f->times < TIMES || now - f->since < STUCK)
		return STALL_NOTHING;
	f->is_stuck = true;
	s->until = now + COUNTS;
	*ret_size = f->size;
	return is_lost(s, f, now) ? STALL_LOST : STALL_NOTHING;
}

static enum stall_said sent_new(struct stall *s, struct stall_flow *f, const struct stall_packet *p,
	ns_t now, uint16_t *ret_size)
{
	bool moves = f->times >= RECOVERS || f->fresh >= WINDOW,
	     rested = f->fresh && !f->times && now - f->last >= PASSED;
	ns_t at = moves ? now : f->last;

	if (moves || rested) {
		f->times = f->alive = 0;
		f->fresh = 0;
		f->is_stuck = f->is_late = false;
	}
	f->next = p->seq + p->n;
	f->fresh += MIN(p->n, (uint32_t)WINDOW);
	f->size = p->size;
	return moves || rested ? passed(s, p->size, at, ret_size) : STALL_NOTHING;
}

/* Flows that have nothing more to send tell nothing more, but that they did not have to repeat. */
static enum stall_said sweep(struct stall *s, ns_t now, uint16_t *ret_size)
{
	enum stall_said said = STALL_NOTHING;

	s->swept = now;
	for (unsigned i = 0; i < STALL_FLOWS && !said; i++) {
		struct stall_flow *f = &s->flow[i];

		if (!s->key[i] || f->times || !f->fresh || now - f->last < IDLE)
			continue;
		f->fresh = 0;
		said = passed(s, f->size, f->last, ret_size);
	}
	return said;
}

enum stall_said stall_see(
	struct stall *s, const struct stall_packet *p, ns_t now, uint16_t *ret_size)
{
	uint32_t key = p->flow ? p->flow : 1;
	struct stall_flow *f = find(s, key);
	enum stall_said said = STALL_NOTHING;

	if (p->is_syn) {
		if (f && !f->fresh && !f->times)
			return STALL_NOTHING; /* again */
		f = f ? f : take(s, key, p->is_syn, now);
		if (!f)
			return STALL_NOTHING;
		*f = (struct stall_flow){ .is_late = s->until > now, .came = now };
	} else if (!f || is_other(f, p)) {
		f = f ? f : take(s, key, p->is_syn, now);
		if (!f)
			return STALL_NOTHING;
		*f = (struct stall_flow){ .came = now };
		f->next = p->seq + p->n;
		f->fresh = p->n;
		f->size = p->size;
	} else if (!f->fresh && !f->times) {
		f->next = p->seq;
		said = sent_new(s, f, p, now, ret_size);
	} else if ((int32_t)(p->seq - f->next) >= 0) {
		said = sent_new(s, f, p, now, ret_size);
	} else {
		said = sent_again(s, f, p, now, ret_size);
	}
	f->last = now;
	if (!said && stall_is_waiting(s, now) && now - s->swept >= NS_S)
		said = sweep(s, now, ret_size);
	return said;
}

/* ---- control ---- */

bool stall_wants(struct stall *s)
{
	uint32_t wanted = atomic_load_explicit(&s->wanted, memory_order_relaxed);

	s->is_counting = s->is_counting && wanted;
	if (wanted)
		(void)atomic_compare_exchange_strong(&s->wanted, &wanted, wanted - 1);
	return wanted;
}

void stall_count(struct stall *s, uint64_t came)
{
	if (s->is_counting && came != s->came)
		atomic_fetch_add_explicit(&s->heard, 1, memory_order_relaxed);
	s->is_counting = true;
	s->came = came;
}
