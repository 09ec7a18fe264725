/* Outbound: one inner packet becomes one ESP packet, in place (RFC 4303 3.3). */
#include "esp/packet.h"
#include "esp/sa.h"

/* Octets that are encrypted: packet, TFC padding, padding, trailer. */
static size_t text_n(const struct esp_sa *sa, size_t n)
{
	n = MAX(n, (size_t)sa->tfc) + ESP_TRAILER_N;
	return (n + sa->align - 1) / sa->align * sa->align;
}

size_t esp_sealed_n(const struct esp_sa *sa, size_t n)
{
	return esp_text_at(sa) + text_n(sa, n) + sa->icv_n;
}

enum err esp_seal(struct esp_sa *sa, uint64_t seq, uint8_t *p, size_t n, uint8_t next_header)
{
	uint8_t *text = p + esp_text_at(sa), head[12], high[4];
	size_t all = text_n(sa, n), padded = MAX(n, (size_t)sa->tfc),
	       pad = all - ESP_TRAILER_N - padded;
	struct protect_aad aad = { bytes_of(p, ESP_HEADER_N), BYTES_NONE };

	store32(p, sa->spi);
	store32(p + 4, (uint32_t)seq);
	memset(text + n, 0, padded - n);
	for (size_t i = 0; i < pad; i++)
		text[padded + i] = (uint8_t)(i + 1); /* RFC 4303 2.4 */
	text[all - 2] = (uint8_t)pad;
	text[all - 1] = next_header;
	if (sa->esn && sa->is_aead) { /* RFC 4106 5 */
		store32(head, sa->spi);
		store32(head + 4, (uint32_t)(seq >> 32));
		store32(head + 8, (uint32_t)seq);
		aad.head = BYTES(head);
	} else if (sa->esn) { /* RFC 4303 2.2.1 */
		store32(high, (uint32_t)(seq >> 32));
		aad.tail = BYTES(high);
	}
	return protect_seal(sa->protect, seq, aad, p + ESP_HEADER_N, text, all, text + all);
}
