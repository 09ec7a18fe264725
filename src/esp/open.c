/* Inbound: one ESP packet becomes its inner packet, in place (RFC 4303 3.4). */
#include "esp/packet.h"
#include "esp/sa.h"

static enum err open_text(struct esp_sa *sa, uint64_t seq, uint8_t *p, size_t text_n)
{
	uint8_t *text = p + esp_text_at(sa), head[12], high[4];
	struct protect_aad aad = { bytes_of(p, ESP_HEADER_N), BYTES_NONE };

	if (sa->esn && sa->is_aead) {
		store32(head, sa->spi);
		store32(head + 4, (uint32_t)(seq >> 32));
		store32(head + 8, (uint32_t)seq);
		aad.head = BYTES(head);
	} else if (sa->esn) {
		store32(high, (uint32_t)(seq >> 32));
		aad.tail = BYTES(high);
	}
	return protect_open(sa->protect, aad, p + ESP_HEADER_N, text, text_n, text + text_n);
}

/* Padding counts 1, 2, 3 … (RFC 4303 2.4 and 3.4.4.1: SHOULD be inspected). */
static bool padding_ok(const uint8_t *text, size_t text_n)
{
	size_t pad = text[text_n - 2];

	if (pad + ESP_TRAILER_N > text_n)
		return false;
	for (size_t i = 0; i < pad; i++)
		if (text[text_n - ESP_TRAILER_N - pad + i] != i + 1)
			return false;
	return true;
}

/* As long as one with the other ICV, which this SA does not have. */
static bool has_other_icv(const struct esp_sa *sa, size_t n)
{
	size_t around = esp_text_at(sa) + sa->other_icv_n;

	return sa->other_icv_n && n >= around + ESP_TRAILER_N && (n - around) % sa->align == 0;
}

enum drop_reason esp_open(struct esp_sa *sa, uint8_t *p, size_t n, struct esp_opened *ret)
{
	size_t around = esp_text_at(sa) + sa->icv_n, text_n;
	uint8_t *text;
	uint64_t seq;
	enum err e;

	if (n < around + ESP_TRAILER_N || (n - around) % sa->align != 0)
		return has_other_icv(sa, n) ? DROP_icv_length : DROP_malformed;
	text_n = n - around;
	seq = replay_number(&sa->replay, load32(p + 4));
	if (!replay_check(&sa->replay, seq)) {
		if (seq + sa->replay.window <= sa->replay.top)
			esp_count(&sa->too_old, 1);
		return DROP_replay;
	}
	if ((e = open_text(sa, seq, p, text_n)))
		return e == ERR_INTEGRITY ? DROP_integrity : DROP_decrypt;
	replay_take(&sa->replay, seq);
	text = p + esp_text_at(sa);
	if (!padding_ok(text, text_n))
		return DROP_decrypt;
	*ret = (struct esp_opened){ text, text_n - ESP_TRAILER_N - text[text_n - 2], seq,
		text[text_n - 1] };
	return DROP_none;
}
