/* What both packet threads share: telling, and what an SA may still carry. */
#include "esp/plane.h"

bool esp_tell(struct esp_worker *w, const struct dp_notice *n)
{
	uint32_t put = atomic_load_explicit(&w->put, memory_order_relaxed);

	if (put - atomic_load_explicit(&w->got, memory_order_acquire) == ESP_NOTICES)
		return false;
	w->notice[put % ESP_NOTICES] = *n;
	atomic_store_explicit(&w->put, put + 1, memory_order_release);
	return true;
}

static void tell_once(struct esp_worker *w, struct esp_sa *sa, uint8_t bit,
	enum dp_notice_kind kind, enum drop_reason why)
{
	struct dp_notice n = { .kind = (uint8_t)kind,
		.serial = sa->serial,
		.reqid = sa->reqid,
		.reason = (uint8_t)why };

	if (!(sa->told & bit) && esp_tell(w, &n))
		sa->told |= bit;
}

void esp_sa_exhausted(struct esp_worker *w, struct esp_sa *sa)
{
	tell_once(w, sa, ESP_TOLD_HARD, DP_EXPIRE_HARD, DROP_seq_exhausted);
}

bool esp_sa_account(struct esp_worker *w, struct esp_sa *sa, uint64_t seq, size_t n)
{
	uint64_t bytes = esp_counted(&sa->bytes) + n, packets = esp_counted(&sa->packets) + 1;

	if (bytes > sa->hard_bytes || packets > sa->hard_packets) {
		tell_once(w, sa, ESP_TOLD_HARD, DP_EXPIRE_HARD, DROP_expired);
		esp_count(&sa->dropped[DROP_expired], 1);
		return false;
	}
	if (bytes > sa->soft_bytes || packets > sa->soft_packets || seq > sa->seq_soft)
		tell_once(w, sa, ESP_TOLD_SOFT, DP_EXPIRE_SOFT, DROP_none);
	if (!sa->is_out)
		tell_once(w, sa, ESP_TOLD_HEARD, DP_HEARD, DROP_none);
	esp_count(&sa->bytes, n);
	esp_count(&sa->packets, 1);
	if (seq > esp_counted(&sa->seq))
		atomic_store_explicit(&sa->seq, seq, memory_order_relaxed);
	atomic_store_explicit(&sa->last, (uint64_t)w->now, memory_order_relaxed);
	return true;
}
