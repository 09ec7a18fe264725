/* Reads of the TUN device: virtio header and packet, both input. Oracle: all that is sent opens at
 * the other end, fits the path unless it may be cut, and what is merged there again is no longer
 * than what was sent. */
#include "esp/coalesce.h"
#include "esp/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t merge(struct coalesce *c)
{
	struct bytes parts[COALESCE_PARTS];
	uint8_t vnet[VNET_N];
	size_t all = 0;

	for (size_t i = 0; i < c->n_groups; i++) {
		size_t m = coalesce_parts(c, i, vnet, parts), whole = 0;

		if (m > COALESCE_PARTS)
			abort();
		for (size_t k = 1; k < m; k++)
			whole += parts[k].n;
		if (whole > 65535 + 40 || whole != c->group[i].n)
			abort();
		coalesce_split(c, i);
		all += whole;
	}
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct coalesce c;
	struct fixture *f;
	size_t received = 0;

	if (n > FIXTURE_FRAME)
		return 0;
	f = fixture_new(&fixture_gcm, NULL);
	c.tcp = c.udp = true;
	coalesce_reset(&c);
	memcpy(f->frame, data, n);
	(void)fixture_send(f, n);
	for (size_t i = 0; i < fixture_count(f); i++) {
		struct bytes d = fixture_datagram(f, i);
		struct packet k;

		if (!d.n || d.n > ESP_DATAGRAM_MAX || fixture_receive(f, i, 0, &k) || !k.n)
			abort();
		if (d.n + 28 > 1500 && !(k.version == 6 && k.n <= 1280))
			abort();
		received += k.n;
		if (!coalesce_add(&c, &k)) {
			(void)merge(&c);
			coalesce_reset(&c);
			received = k.n;
			(void)coalesce_add(&c, &k);
		}
	}
	if (merge(&c) > received)
		abort();
	fixture_done(f);
	fixture_free(f);
	return 0;
}
