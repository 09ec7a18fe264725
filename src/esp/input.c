/* Inbound processing, RFC 4301 5.2: SA by SPI, ESP, then the inner packet against the selectors. */
#include "esp/input.h"

#include "esp/tos.h"
#include "esp/transport.h"

enum esp_udp_kind esp_udp_kind(const uint8_t *p, size_t n)
{
	if (n == 1 && p[0] == 0xff)
		return ESP_UDP_KEEPALIVE;
	if (n < 4)
		return ESP_UDP_NONE;
	return load32(p) == 0 ? ESP_UDP_IKE : ESP_UDP_ESP;
}

/* RFC 7296 2.23: authenticated packets come from elsewhere. Only the newest packet says where the
 * peer is now; told when it changes, and again each second until the engine has moved the SA. */
static void check_mapping(
	struct esp_worker *w, struct esp_sa *sa, const struct esp_arrival *a, uint64_t seq)
{
	const struct esp_path *path = atomic_load_explicit(&sa->path, memory_order_acquire);
	struct dp_notice n = {
		.kind = DP_MAPPING, .serial = sa->serial, .reqid = sa->reqid, .remote = a->remote
	};

	if (!a->encap || endpoint_eq(&a->remote, &path->remote) || seq < sa->replay.top)
		return;
	if (endpoint_eq(&a->remote, &sa->mapping) && w->now - sa->told_mapping < NS_S)
		return;
	if (!esp_tell(w, &n))
		return;
	sa->mapping = a->remote;
	sa->told_mapping = w->now;
}

/* What ESP protected must be one packet inside the selectors; TFC padding behind it is cut. */
static enum drop_reason judge_tunnel(const struct esp_sa *sa, const struct esp_arrival *a,
	const struct esp_opened *o, struct packet *ret)
{
	struct packet k;
	uint8_t tos;

	if (o->next_header != PROTO_IPIP && o->next_header != PROTO_IPV6)
		return DROP_decrypt;
	if (packet_parse(o->p, o->n, &k) || (o->next_header == PROTO_IPIP) != (k.version == 4))
		return DROP_decrypt;
	if (!selectors_have(&sa->ts_local, &sa->ts_remote, &k, false))
		return DROP_selector_in;
	if (!tos_decap(k.tos, a->tos, sa->copy_dscp_in, &tos))
		return DROP_ecn;
	packet_set_tos(&k, tos);
	*ret = k;
	return DROP_none;
}

static enum drop_reason judge_transport(struct esp_worker *w, const struct esp_sa *sa,
	const struct esp_arrival *a, const struct esp_opened *o, struct packet *ret)
{
	const struct esp_path *path = atomic_load_explicit(&sa->path, memory_order_acquire);
	enum drop_reason why;
	struct packet k;

	if (!esp_input_has_room(w))
		return DROP_no_buffer;
	if ((why = transport_put(path, a, o, w->room + w->room_n, &k)))
		return why;
	if (!selectors_have(&sa->ts_local, &sa->ts_remote, &k, false))
		return DROP_selector_in;
	w->room_n += k.n;
	*ret = k;
	return DROP_none;
}

static enum drop_reason judge(struct esp_worker *w, const struct esp_sa *sa,
	const struct esp_arrival *a, const struct esp_opened *o, struct packet *ret)
{
	if (o->next_header == PROTO_NONE) /* a dummy */
		return DROP_none;
	return sa->is_transport ? judge_transport(w, sa, a, o, ret) : judge_tunnel(sa, a, o, ret);
}

bool esp_input_has_room(const struct esp_worker *w)
{
	return sizeof(w->room) - w->room_n >= TRANSPORT_MAX;
}

enum drop_reason esp_input(
	struct esp_worker *w, const struct esp_arrival *a, uint8_t *p, size_t n, struct packet *ret)
{
	struct packet k = { 0 };
	struct esp_opened o;
	struct esp_sa *sa;
	enum drop_reason why;

	if (n < ESP_HEADER_N) {
		esp_count(&w->dropped[DROP_malformed], 1);
		return DROP_malformed;
	}
	sa = esp_sad_find(w->table, load32(p));
	if (!sa) {
		esp_count(&w->dropped[DROP_no_sa], 1);
		return DROP_no_sa;
	}
	if ((why = esp_open(sa, p, n, &o)))
		goto drop;
	check_mapping(w, sa, a, o.seq);
	if ((why = judge(w, sa, a, &o, &k)))
		goto drop;
	if (!esp_sa_account(w, sa, o.seq, sa->is_transport && k.n ? o.n : k.n))
		return DROP_expired;
	*ret = k;
	return DROP_none;
drop:
	esp_count(&sa->dropped[why], 1);
	return why;
}
