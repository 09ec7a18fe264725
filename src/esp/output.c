/* Outbound processing, RFC 4301 5.1: policy, SA, size, then each packet is sealed where it is
 * built. */
#include "esp/output.h"

#include "esp/frag.h"
#include "esp/segment.h"
#include "esp/tos.h"
#include "esp/transport.h"

enum {
	IP6_MTU_MIN = 1280,
	ICMP_BURST = 32,
	ICMP_PER_SECOND = 100,
};
enum { TCP_SEQ = 4, TCP_FLAGS = 13, TCP_SYN = 2 };

/* What is decided once for a read of the device. */
struct job {
	struct esp_worker *w;
	struct esp_sa *sa;
	const struct esp_path *path;
	struct esp_outbox *out;
	struct segments s;
	size_t skip; /* transport mode: octets of the header that stays outside */
	uint8_t tos, next_header;
	bool df;
};

static enum drop_reason dropped(struct esp_worker *w, enum drop_reason why)
{
	esp_count(&w->dropped[why], 1);
	return why;
}

static enum drop_reason sa_dropped(struct esp_sa *sa, enum drop_reason why)
{
	esp_count(&sa->dropped[why], 1);
	return why;
}

static void addr_ts(const struct addr *a, const struct packet *k, uint16_t port, struct ts *ret)
{
	struct range r = range_one(a);

	*ret = ts_from_range(&r);
	ret->protocol = k->protocol;
	if (k->has_ports)
		ret->port_first = ret->port_last = port;
}

/* At most one ACQUIRE a second and policy: the engine needs no more to begin. */
static void acquire(struct esp_worker *w, struct esp_policy *p, const struct packet *k)
{
	struct dp_notice n = { .kind = DP_ACQUIRE, .reqid = p->dp.reqid };
	ns_t last = atomic_load_explicit(&p->acquired, memory_order_relaxed);

	if (last && w->now - last < NS_S)
		return;
	addr_ts(&k->src, k, k->src_port, &n.ts_local);
	addr_ts(&k->dst, k, k->dst_port, &n.ts_remote);
	if (esp_tell(w, &n))
		atomic_store_explicit(&p->acquired, MAX(w->now, (ns_t)1), memory_order_relaxed);
}

static enum drop_reason find_sa(struct esp_worker *w, const struct packet *k, struct esp_sa **ret)
{
	const struct esp_entry *e = esp_spd_find(w, k);

	if (!e)
		return dropped(w, DROP_no_policy);
	if (e->policy->dp.action == DP_DROP)
		return dropped(w, DROP_policy_drop);
	if (e->policy->dp.action == DP_TRAP && !e->sa) {
		acquire(w, e->policy, k);
		return dropped(w, DROP_no_out_sa);
	}
	if (!e->sa)
		return dropped(w, DROP_no_out_sa);
	if (!selectors_have(&e->sa->ts_local, &e->sa->ts_remote, k, true))
		return sa_dropped(e->sa, DROP_selector_out);
	*ret = e->sa;
	return DROP_none;
}

/* Room for n octets of an inner packet, with the number it will carry. NULL: *why tells. */
static uint8_t *begin(struct job *j, size_t n, uint64_t *seq, enum drop_reason *why)
{
	uint8_t *p;

	*seq = esp_counted(&j->sa->seq) + 1;
	if (*seq > j->sa->seq_hard) {
		esp_sa_exhausted(j->w, j->sa);
		*why = sa_dropped(j->sa, DROP_seq_exhausted);
		return NULL;
	}
	p = outbox_place(j->out, j->sa, j->path, j->tos, j->df, esp_sealed_n(j->sa, n));
	if (!p) {
		*why = sa_dropped(j->sa, DROP_no_buffer);
		return NULL;
	}
	if (!esp_sa_account(j->w, j->sa, *seq, n)) {
		outbox_undo(j->out, esp_sealed_n(j->sa, n));
		*why = DROP_expired; /* counted there */
		return NULL;
	}
	return p;
}

static enum drop_reason finish(struct job *j, uint8_t *p, uint64_t seq, size_t n)
{
	if (!esp_seal(j->sa, seq, p, n, j->next_header))
		return DROP_none;
	outbox_undo(j->out, esp_sealed_n(j->sa, n));
	return sa_dropped(j->sa, DROP_no_buffer);
}

static enum drop_reason send_segments(struct job *j)
{
	enum drop_reason why = DROP_none;
	uint64_t seq;

	for (size_t i = 0; i < j->s.count && !why; i++) {
		size_t n = segments_n(&j->s, i) - j->skip;
		uint8_t *p = begin(j, n, &seq, &why);

		if (!p)
			break;
		segments_put(&j->s, i, j->skip, p + esp_text_at(j->sa));
		why = finish(j, p, seq, n);
	}
	return why;
}

static enum drop_reason send_fragments(struct job *j, const struct packet *k, size_t mtu)
{
	enum drop_reason why = DROP_none;
	size_t count = frag_count(k, mtu);
	uint64_t seq;

	if (!count)
		return sa_dropped(j->sa, DROP_too_big);
	for (size_t i = 0; i < count && !why; i++) {
		size_t n = frag_n(k, mtu, i);
		uint8_t *p = begin(j, n, &seq, &why);

		if (!p)
			break;
		frag_put(k, mtu, i, p + esp_text_at(j->sa));
		why = finish(j, p, seq, n);
	}
	return why;
}

/* Without DF: each segment is built aside and cut. */
static enum drop_reason send_cut(struct job *j, size_t mtu)
{
	enum drop_reason why = DROP_none;

	for (size_t i = 0; i < j->s.count && !why; i++) {
		struct packet k;

		segments_put(&j->s, i, 0, j->w->room);
		if (packet_parse(j->w->room, segments_n(&j->s, i), &k))
			return sa_dropped(j->sa, DROP_malformed);
		why = send_fragments(j, &k, mtu);
	}
	return why;
}

static void too_big(
	struct esp_worker *w, const struct packet *k, uint32_t mtu, struct esp_reply *reply)
{
	if (w->now - w->icmp_since >= NS_S / ICMP_PER_SECOND || !w->icmp_since) {
		uint64_t more = (uint64_t)((w->now - w->icmp_since) / (NS_S / ICMP_PER_SECOND));

		w->icmp_tokens = (uint32_t)MIN(w->icmp_tokens + more, (uint64_t)ICMP_BURST);
		w->icmp_tokens = w->icmp_since ? w->icmp_tokens : ICMP_BURST;
		w->icmp_since = w->now;
	}
	if (!w->icmp_tokens)
		return;
	w->icmp_tokens--;
	icmp_too_big(k, mtu, reply);
}

/* What goes into ESP, and what stands outside. */
static enum drop_reason choose_form(struct job *j)
{
	const struct packet *k = &j->s.k;

	j->df = k->df && !j->sa->clear_df;
	if (!j->sa->is_transport) {
		j->tos = tos_encap(k->tos, j->sa->dont_copy_dscp);
		j->next_header = k->version == 4 ? PROTO_IPIP : PROTO_IPV6;
		return DROP_none;
	}
	j->skip = transport_header_n(k);
	if (!j->skip)
		return sa_dropped(j->sa, DROP_transport);
	/* the header that the system makes would say something else */
	if (!addr_eq(&k->src, &j->path->local.addr) || !addr_eq(&k->dst, &j->path->remote.addr))
		return sa_dropped(j->sa, DROP_selector_out);
	j->tos = k->tos;
	j->next_header = transport_next(k);
	return DROP_none;
}

/* RFC 4303 3.1.1: what transport mode has made is cut outside. Of IPv6 packets only those of TCP
 * can be had smaller by telling: the device's route lets the others come whole (proc/kernel). */
static bool is_cut_outside(const struct job *j, size_t n)
{
	const struct packet *k = &j->s.k;

	if (!j->sa->is_transport || n > ESP_DATAGRAM_MAX - ESP_OVERHEAD_MAX)
		return false;
	return k->version == 6 ? k->protocol != PROTO_TCP : !k->df;
}

/* Octets of an inner packet that may go out on this SA in one piece. */
static uint32_t limit_of(const struct esp_sa *sa, const struct esp_path *path)
{
	if (!sa->clear_df)
		return esp_sa_inner_mtu(sa, path);
	return sa->mtu ? sa->mtu : ESP_DATAGRAM_MAX - ESP_OVERHEAD_MAX;
}

static void tell_size(struct job *j, enum stall_said said, uint16_t size)
{
	struct dp_notice n = { .kind = said == STALL_LOST ? DP_LARGE_LOST : DP_LARGE_PASS,
		.serial = j->sa->serial,
		.reqid = j->sa->reqid,
		.count = size };

	if (esp_tell(j->w, &n))
		stall_told(j->sa->stall, said, size, j->w->now);
}

/* What TCP sends again and again may be too large: nobody who sends it learns that. */
static void watch_size(struct job *j, size_t header_n, size_t first, bool is_large)
{
	const struct packet *k = &j->s.k;
	struct stall_packet p = { .flow = packet_hash(k),
		.seq = load32(k->p + k->l4 + TCP_SEQ),
		.n = (uint32_t)(k->n - header_n),
		.size = (uint16_t)first,
		.is_syn = k->p[k->l4 + TCP_FLAGS] & TCP_SYN };
	enum stall_said said;
	uint16_t size = 0;

	if (!p.is_syn && !is_large)
		return;
	if ((said = stall_see(j->sa->stall, &p, j->w->now, &size)))
		tell_size(j, said, size);
}

/* Is there an answer, if anybody gets it? */
static bool is_asking(const struct packet *k)
{
	enum { ECHO_REQUEST = 8, ECHO_REQUEST_V6 = 128 };

	if (!k->has_ports)
		return false;
	return k->protocol == PROTO_TCP ||
	       (k->protocol == PROTO_ICMP && k->src_port >> 8 == ECHO_REQUEST) ||
	       (k->protocol == PROTO_ICMPV6 && k->src_port >> 8 == ECHO_REQUEST_V6);
}

enum drop_reason esp_output(struct esp_worker *w, uint8_t *frame, size_t n, struct esp_outbox *out,
	struct esp_reply *reply)
{
	struct job j = { .w = w, .out = out };
	enum drop_reason why;
	struct packet *k;
	uint32_t mtu;
	size_t first, tcp_n;
	bool large;

	reply->n = 0;
	if (segments_parse(frame, n, &j.s))
		return dropped(w, DROP_malformed);
	k = &j.s.k;
	if ((why = find_sa(w, k, &j.sa)))
		return why;
	j.path = atomic_load_explicit(&j.sa->path, memory_order_acquire);
	if ((why = choose_form(&j)))
		return why;
	tcp_n = k->protocol == PROTO_TCP ? packet_header_n(k) : 0;
	first = segments_n(&j.s, 0);
	large = tcp_n && first >= tcp_n + STALL_LARGE;
	if (!large && is_asking(k)) /* those may be lost for their size */
		esp_count(&j.sa->asking, 1);
	mtu = limit_of(j.sa, j.path);
	if (first <= mtu) {
		if (large || (tcp_n && stall_is_waiting(j.sa->stall, w->now)))
			watch_size(&j, tcp_n, first, large);
		return send_segments(&j);
	}
	if (!k->df && !j.skip)
		return send_cut(&j, mtu);
	/* IPv6 knows no link below 1280: what fits that goes, cut outside (RFC 8200 5). */
	if (is_cut_outside(&j, first) || (k->version == 6 && first <= IP6_MTU_MIN)) {
		j.df = false;
		return send_segments(&j);
	}
	too_big(w, k, k->version == 6 ? MAX(mtu, (uint32_t)IP6_MTU_MIN) : mtu, reply);
	return sa_dropped(j.sa, DROP_too_big);
}
