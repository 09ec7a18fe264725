/* Datagrams from the network on a live SA. First octet: bit 0, the rest is what a peer with our
 * keys protects (any next header, any inner octets), else it is the datagram itself; bits 1 and 2,
 * transport mode over IPv4 or IPv6. Oracle: what passes is one whole packet, lies inside the
 * datagram or the worker's room and inside the selectors; nothing forged passes. */
#include "esp/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct dp_sa *sa, const struct packet *k, const uint8_t *p, size_t n)
{
	struct packet again;

	if (k->p < p || k->p + k->n > p + n)
		abort();
	if (packet_parse(k->p, k->n, &again) || again.n != k->n)
		abort();
	if (!selectors_have(&sa->ts_local, &sa->ts_remote, k, false))
		abort();
}

/* Its ends are inside the selectors, and so is what comes from them. */
static void transport(struct dp_sa *sa, bool v6)
{
	sa->mode = DP_TRANSPORT;
	sa->local.addr = fixture_addr(v6 ? "2001:db8:2::1" : "10.0.2.1");
	sa->remote.addr = fixture_addr(v6 ? "2001:db8:1::1" : "10.0.1.1");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct esp_arrival a = { .remote = { fixture_addr("192.0.2.1"), 4500 }, .encap = true };
	struct dp_sa out = fixture_sa(DP_OUT, &fixture_gcm), in = fixture_sa(DP_IN, &fixture_gcm);
	struct esp_plane *plane = esp_plane_new(0);
	struct esp_worker *w = esp_plane_worker(plane, ESP_INBOUND);
	struct esp_sa *peer = NULL;
	struct packet k = { 0 };
	uint8_t *p = NULL;
	bool is_peer = n >= 2 && data[0] & 1, is_transport = n && data[0] & 2;
	enum drop_reason why;

	if (is_transport)
		transport(&in, data[0] & 4);
	if (esp_plane_sa_add(plane, &in) || esp_sa_new(&out, 1500, &peer))
		abort();
	if (n >= 2 && n < 60000) {
		size_t m = is_peer ? esp_sealed_n(peer, n - 2) : n - 1;

		p = xalloc(m);
		memcpy(is_peer ? p + esp_text_at(peer) : p, data + (is_peer ? 2 : 1),
			is_peer ? n - 2 : n - 1);
		if (is_peer && esp_seal(peer, 1, p, n - 2, data[1]))
			abort();
		esp_enter(w, 1);
		why = esp_input(w, &a, p, m, &k);
		esp_leave(w);
		if (!why && !is_peer)
			abort();
		if (!why && k.n)
			check(&in, &k, is_transport ? w->room : p,
				is_transport ? sizeof(w->room) : m);
	}
	free(p);
	esp_sa_free(peer);
	esp_plane_free(plane);
	dp_sa_done(&out);
	dp_sa_done(&in);
	return 0;
}
