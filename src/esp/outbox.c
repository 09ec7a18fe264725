/* Runs of datagrams for UDP_SEGMENT. */
#include "esp/outbox.h"

static bool fits(const struct esp_send *s, const struct esp_sa *sa, const struct esp_path *path,
	uint8_t tos, bool df, size_t n)
{
	return s->is_open && s->sa == sa && s->path == path && s->tos == tos && s->df == df &&
	       n <= s->stride && s->count < OUTBOX_RUN_MAX && s->n + n <= ESP_DATAGRAM_MAX;
}

uint8_t *outbox_place(struct esp_outbox *o, struct esp_sa *sa, const struct esp_path *path,
	uint8_t tos, bool df, size_t n)
{
	struct esp_send *s = o->n_sends ? &o->send[o->n_sends - 1] : NULL;
	uint8_t *at = o->p + o->n;

	if (n > ESP_DATAGRAM_MAX || o->n + n > OUTBOX_ROOM)
		return NULL;
	if (!s || !fits(s, sa, path, tos, df, n)) {
		if (o->n_sends == OUTBOX_SENDS)
			return NULL;
		s = &o->send[o->n_sends++];
		*s = (struct esp_send){ sa, path, tos, df, true, (uint16_t)n, 0, o->n, 0 };
	}
	s->count++;
	s->n += (uint32_t)n;
	s->is_open = n == s->stride;
	o->n += (uint32_t)n;
	return at;
}

void outbox_undo(struct esp_outbox *o, size_t n)
{
	struct esp_send *s = &o->send[o->n_sends - 1];

	o->n -= (uint32_t)n;
	s->n -= (uint32_t)n;
	if (--s->count == 0)
		o->n_sends--;
	else
		s->is_open = true; /* those before had the full size */
}
