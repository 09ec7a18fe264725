/* The process ipsec-esp: glue between the line from ike, the plane and its packet threads. */
#include "crypto/prf.h"
#include "proc/esp/traffic.h"
#include "crypto/prf.h"
#include "proc/process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { DROPS_MS = 1000, UP_ROOM = sizeof(struct traffic_up) + 65536, NON_ESP_MARKER_N = 4 };

struct esp {
	struct process p;
	struct esp_plane *plane;
	struct traffic traffic;
	uv_poll_t up, attention;
	uv_timer_t drops;
	unsigned seconds; /* of that timer */
	uint8_t room[UP_ROOM];
};

/* ---- to ike ---- */

static void tell(void *ctx, const struct dp_notice *n)
{
	struct esp *e = ctx;
	uint8_t room[512];
	struct wr w = wr_to(room, sizeof(room));

	dp_notice_put(&w, n);
	LINE_SEND(&e->p.line[WHO_IKE], dp_notice, .notice = wr_view(&w));
}

static void on_attention(uv_poll_t *poll, int status, int events)
{
	struct esp *e = poll->data;
	struct dp_notice n;
	uint64_t count;

	(void)status, (void)events;
	if (read(e->traffic.attention, &count, sizeof(count)) < 0)
		return;
	while (esp_plane_notice(e->plane, &n))
		tell(e, &n);
}

static void on_second(uv_timer_t *timer)
{
	struct esp *e = timer->data;

	esp_plane_drops(e->plane, tell, e);
	if (++e->seconds % SILENCE_LOOK_S == 0)
		esp_plane_silence(e->plane, tell, e);
	if (e->seconds % LOSSES_LOOK_S == 0)
		esp_plane_losses(e->plane, tell, e);
	esp_plane_stalls(e->plane);
	esp_plane_second(e->plane);
	esp_plane_reclaim(e->plane);
}

static void take_up(struct esp *e, const struct traffic_up *up, struct bytes data)
{
	const struct socket_error *x = &up->error;

	if (!up->is_error) {
		LINE_SEND(&e->p.line[WHO_IKE], udp_in, .local = up->local, .remote = up->remote,
			.data = data);
		return;
	}
	if (x->mtu)
		esp_plane_path_mtu(e->plane, &up->remote.addr, x->mtu);
	else if (x->was_ike)
		LINE_SEND(&e->p.line[WHO_IKE], udp_error, .local = up->local, .remote = up->remote,
			.offender = x->offender, .error = x->error, .icmp_type = x->icmp_type,
			.icmp_code = x->icmp_code, .interface = "");
}

static void on_up(uv_poll_t *poll, int status, int events)
{
	struct esp *e = poll->data;
	struct traffic_up up;
	ssize_t n;

	(void)status, (void)events;
	while ((n = read(e->traffic.up[0], e->room, sizeof(e->room))) >= (ssize_t)sizeof(up)) {
		memcpy(&up, e->room, sizeof(up));
		take_up(e, &up, bytes_of(e->room + sizeof(up), (size_t)n - sizeof(up)));
	}
}

/* ---- from ike ---- */

static void take_dp(struct esp *e, const struct msg_dp *m)
{
	struct esp_op op = { m->op, m->dir, m->serial, m->reqid, m->local, m->remote, m->encap != 0,
		m->operand };
	struct dp_counters c = { 0 };
	enum err err = esp_plane_op(e->plane, &op, &c);

	if (m->ask)
		LINE_SEND(&e->p.line[WHO_IKE], dp_answer, .ask = m->ask, .e = (uint8_t)err,
			.text = err ? err_text(err) : "", .in_bytes = c.in_bytes,
			.in_packets = c.in_packets, .out_bytes = c.out_bytes,
			.out_packets = c.out_packets, .last_in = (uint64_t)c.last_in,
			.last_out = (uint64_t)c.last_out, .in_seq = c.in_seq, .out_seq = c.out_seq,
			.drops = c.drops);
}

/* RFC 3948 2.2, 2.3. */
static void take_udp_out(struct esp *e, const struct msg_udp_out *m)
{
	static const uint8_t keepalive = 0xff;
	struct esp_path path = { m->local, m->remote, true };
	struct socket *s = traffic_socket(&e->traffic, &path);
	struct wr w = wr_to(e->room, sizeof(e->room));
	struct bytes data = bytes_of(&keepalive, 1);

	if (!m->is_keepalive) {
		wr_zero(&w, NON_ESP_MARKER_N);
		wr_bytes(&w, m->data);
		data = wr_view(&w);
	}
	if (s && data.n && socket_send(s, &m->local, &m->remote, data))
		return;
	if (s && errno == EAGAIN)
		return; /* lost, as on the way */
	LINE_SEND(&e->p.line[WHO_IKE], udp_error, .local = m->local, .remote = m->remote,
		.error = (uint32_t)(s ? errno : EAFNOSUPPORT), .interface = "");
}

static void message(void *ctx, struct line *from, const struct msg *m)
{
	struct esp *e = ctx;

	(void)from;
	if (m->id == MSG_dp)
		take_dp(e, &m->dp);
	else if (m->id == MSG_udp_out)
		take_udp_out(e, &m->udp_out);
}

/* ---- life ---- */

static void sibling(void *ctx, enum ipc_who who, bool is_there)
{
	struct esp *e = ctx;

	if (who == WHO_IKE && is_there)
		esp_plane_orphan(e->plane);
}

/* What this kernel lacks or does wrong is known before the first packet. */
static void report_offloads(struct esp *e)
{
	struct traffic *t = &e->traffic;
	bool works = socket_offload_works();

	for (unsigned i = 0; i < SOCKETS && !works; i++)
		atomic_store(&t->socket[i].gso, false);
	if (!works)
		PROCESS_EMIT(&e->p, esp_offload_off, .what = ev_str("UDP segmentation"));
	if (!t->tun.tso)
		PROCESS_EMIT(&e->p, esp_offload_off, .what = ev_str("TCP segmentation on TUN"));
	PROCESS_EMIT(&e->p, esp_ready, .tcp = ev_str(t->tun.tso ? "yes" : "no"),
		.udp = ev_str(t->tun.uso ? "yes" : "no"), .send = ev_str(works ? "yes" : "no"));
}

static bool begin(void *ctx)
{
	struct esp *e = ctx;
	const int fd[SOCKETS] = { e->p.fd[DESC_UDP4500_V4], e->p.fd[DESC_UDP4500_V6],
		e->p.fd[DESC_ESP_V4], e->p.fd[DESC_ESP_V6] };
	uint8_t hash[20];

	sha1(&BYTES_NONE, 1, hash); /* the library reads its configuration while it still can */
	e->plane = esp_plane_new(0);
	if (crypto_begin() != OK || !traffic_init(&e->traffic, e->plane, e->p.fd[DESC_TUN], fd)) {
		PROCESS_EMIT(&e->p, esp_refused, .why = ev_str(strerror(errno)));
		return false;
	}
	report_offloads(e);
	return true;
}

static void run(void *ctx)
{
	struct esp *e = ctx;

	if (!traffic_start(&e->traffic)) {
		PROCESS_EMIT(&e->p, esp_refused, .why = ev_str(strerror(errno)));
		process_end(&e->p);
		return;
	}
	e->up.data = e->attention.data = e->drops.data = e;
	uv_poll_init(&e->p.loop, &e->up, e->traffic.up[0]);
	uv_poll_init(&e->p.loop, &e->attention, e->traffic.attention);
	uv_timer_init(&e->p.loop, &e->drops);
	uv_poll_start(&e->up, UV_READABLE, on_up);
	uv_poll_start(&e->attention, UV_READABLE, on_attention);
	uv_timer_start(&e->drops, on_second, DROPS_MS, DROPS_MS);
}

int main(void)
{
	static const struct process_ops ops = {
		.begin = begin, .run = run, .message = message, .sibling = sibling
	};
	struct esp *e = xalloc(sizeof(*e));
	int status = process_run(&e->p, WHO_ESP, &ops, e);

	if (e->plane)
		traffic_done(&e->traffic);
	esp_plane_free(e->plane);
	free(e);
	return status;
}
