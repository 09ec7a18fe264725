/* ipsec-ike: the engine in a process without files, secrets or privileges. */
#include "proc/ike/shell.h"

#include "config_build.h"
#include "crypto/forbidden.h"
#include "crypto/prf.h"
#if WITH_IKEV1
#include "ikev1/v1.h"
#endif
#include "ikev2/v2.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- actions ---- */

static void send_udp(struct shell *s, const struct action *a)
{
	bool is_keepalive = a->kind == ACTION_KEEPALIVE;

	if (net_has(s, &a->datagram.local))
		net_send(s, &a->datagram, is_keepalive);
	else
		LINE_SEND(&s->p.line[WHO_ESP], udp_out, .is_keepalive = is_keepalive,
			.local = a->datagram.local, .remote = a->datagram.remote,
			.data = a->datagram.data);
}

static void ask_psk(struct shell *s, const struct action *a)
{
	LINE_SEND(&s->p.line[WHO_KEYS], psk, .ask = a->ask, .conn = a->psk.conn,
		.ours = ipc_id(a->psk.ours), .theirs = ipc_id(a->psk.theirs),
		.our_addr = a->psk.our_addr, .their_addr = a->psk.their_addr, .prf = a->psk.prf,
		.for_peer = a->psk.for_peer, .is_skeyid = a->kind == ACTION_SKEYID,
		.octets = a->psk.octets, .heard = a->psk.heard);
}

static void ask_xauth(struct shell *s, const struct action *a)
{
	struct line *keys = &s->p.line[WHO_KEYS];

	if (a->kind == ACTION_XAUTH_VERIFY)
		LINE_SEND(keys, xauth_verify, .ask = a->ask, .conn = a->xauth.conn,
			.user = a->xauth.user, .password = a->xauth.password);
	else
		LINE_SEND(keys, xauth_secret, .ask = a->ask, .conn = a->xauth.conn,
			.user = a->xauth.user);
}

static void ask_updown(struct shell *s, const struct action *a)
{
	uint8_t room[256], dns_room[17 * LIMIT_DNS_SERVERS];
	struct wr w = wr_to(room, sizeof(room)), dns = wr_to(dns_room, sizeof(dns_room));
	struct ts_list ts = { 0 };

	if (a->updown.ts_local && a->updown.ts_remote) {
		ts.n = 2;
		ts.ts[0] = *a->updown.ts_local;
		ts.ts[1] = *a->updown.ts_remote;
	}
	ts_list_put(&w, &ts);
	for (size_t i = 0; i < a->updown.n_dns; i++)
		addr_put(&dns, &a->updown.dns[i]);
	LINE_SEND(&s->p.line[WHO_PARENT], updown, .ask = a->ask, .conn = a->updown.conn,
		.verb = a->updown.verb, .serial = a->updown.serial, .reqid = a->updown.reqid,
		.local = a->updown.local, .remote = a->updown.remote,
		.ours = ipc_id(a->updown.ours), .theirs = ipc_id(a->updown.theirs),
		.ts = wr_view(&w), .source = a->updown.source, .spi_in = a->updown.spi_in,
		.spi_out = a->updown.spi_out, .in_bytes = a->updown.in_bytes,
		.out_bytes = a->updown.out_bytes, .add_time = a->updown.add_time,
		.policy = a->updown.policy, .domains = a->updown.domains, .dns = wr_view(&dns),
		.metric = a->updown.metric, .mtu = a->updown.mtu,
		.is_instance = a->updown.is_instance, .is_cfg_client = a->updown.is_cfg_client,
		.is_cfg_server = a->updown.is_cfg_server, .user = a->updown.user,
		.banner = a->updown.banner, .is_cisco = a->updown.is_cisco,
		.has_failed_xauth = a->updown.has_failed_xauth, .mark_in = a->updown.mark_in.value,
		.mark_in_mask = a->updown.mark_in.mask, .mark_out = a->updown.mark_out.value,
		.mark_out_mask = a->updown.mark_out.mask);
}

static void perform(struct shell *s, const struct action *a)
{
	switch ((enum action_kind)a->kind) {
	case ACTION_SEND:
	case ACTION_KEEPALIVE:
		send_udp(s, a);
		break;
	case ACTION_PSK:
	case ACTION_SKEYID:
		ask_psk(s, a);
		break;
	case ACTION_XAUTH_VERIFY:
	case ACTION_XAUTH_SECRET:
		ask_xauth(s, a);
		break;
	case ACTION_DATAPLANE:
		planes_ask(s, a);
		break;
	case ACTION_UPDOWN:
		ask_updown(s, a);
		break;
	case ACTION_RESOLVE:
		LINE_SEND(&s->p.line[WHO_PARENT], resolve, .name = a->resolve.conn);
		break;
	}
}

static void on_timer(uv_timer_t *t)
{
	struct shell *s = t->data;

	ike_tick(s->ike, process_now());
	shell_output(s);
}

static void arm(struct shell *s)
{
	ns_t at = ike_next(s->ike), now = process_now().mono;

	if (at == NS_NEVER) {
		uv_timer_stop(&s->timer);
		return;
	}
	uv_update_time(&s->p.loop);
	uv_timer_start(
		&s->timer, on_timer, at <= now ? 0 : (uint64_t)((at - now + NS_MS - 1) / NS_MS), 0);
}

void shell_output(struct shell *s)
{
	struct action a;

	while (ike_output(s->ike, &a))
		perform(s, &a);
	arm(s);
	if (s->is_settled) {
		s->is_settled = false;
		takeover_done(s);
	}
	if (s->is_stopping)
		process_end(&s->p);
}

/* ---- messages ---- */

static void command(struct shell *s, const struct command *c)
{
	requests_hold(s, c->request);
	ike_command(s->ike, process_now(), c);
	shell_output(s);
}

static void take_setup(struct shell *s, const struct msg_setup *m)
{
	struct rd r = rd_from(m->setup);
	struct conf_setup setup = { 0 };

	if (conf_setup_get(&r, &setup) != OK || !rd_end(&r))
		abort(); /* only our own parent speaks here */
	command(s, &(struct command){ .kind = CMD_PLANE,
			   .what = m->kernel_plane ? PLANE_KERNEL : PLANE_USER,
			   .name = m->plane_why });
	command(s, &(struct command){ .kind = CMD_SETUP, .setup = &setup });
	conf_setup_done(&setup);
}

static void take_conn(struct shell *s, const struct msg_conn_load *m)
{
	struct rd r = rd_from(m->conn);
	struct conf_conn *c = NULL;

	if (conf_conn_get(&r, &c) != OK || !rd_end(&r))
		abort();
	command(s, &(struct command){ .kind = CMD_CONN_ADD,
			   .request = m->request,
			   .conn = c,
			   .what = m->start ? ADD_AND_START : 0 });
	conf_conn_free(c);
}

static void take_addresses(struct shell *s, struct bytes blob)
{
	struct rd r = rd_from(blob);
	struct addr *addrs;

	free(s->addrs);
	s->addrs = NULL;
	s->n_addrs = 0;
	while (rd_more(&r)) {
		struct shell_addr *a;

		s->addrs = xrealloc(s->addrs, (s->n_addrs + 1) * sizeof(*s->addrs));
		a = &s->addrs[s->n_addrs++];
		a->addr = addr_get(&r);
		rd_copy(&r, a->interface, sizeof(a->interface));
		a->interface[sizeof(a->interface) - 1] = '\0';
	}
	if (!rd_end(&r))
		abort();
	addrs = xalloc((s->n_addrs + 1) * sizeof(*addrs));
	for (size_t i = 0; i < s->n_addrs; i++)
		addrs[i] = s->addrs[i].addr;
	command(s,
		&(struct command){ .kind = CMD_ADDRESSES, .addrs = addrs, .n_addrs = s->n_addrs });
	free(addrs);
}

static void take_notice(struct shell *s, struct bytes blob)
{
	struct rd r = rd_from(blob);
	struct dp_notice n;

	if (dp_notice_get(&r, &n) != OK || !rd_end(&r))
		abort();
	ike_notice(s->ike, process_now(), &n);
	shell_output(s);
}

static void take_filter(struct shell *s, const struct msg_filter_state *m)
{
	const struct filter_notice n = { m->reqid, m->mss, m->is_exempt != 0, m->rule, m->error };

	ike_filter(s->ike, process_now(), &n);
	shell_output(s);
}

static void take_udp_error(struct shell *s, const struct msg_udp_error *m)
{
	struct net_error e = { .local = m->local,
		.remote = m->remote,
		.offender = m->offender,
		.error = (int)m->error,
		.icmp_type = m->icmp_type,
		.icmp_code = m->icmp_code,
		.interface = m->interface[0] ? m->interface : net_interface(s, &m->local.addr) };

	ike_net_error(s->ike, process_now(), &e);
	shell_output(s);
}

static void take_answer(struct shell *s, struct answer a)
{
	ike_answer(s->ike, process_now(), &a);
	shell_output(s);
}

static enum err err_of(uint8_t e)
{
	return e < ERR_END ? (enum err)e : ERR_VALUE;
}

static const char *why_not(uint8_t e, const char *where)
{
	return e && where[0] ? where : NULL;
}

static void take_psk(struct shell *s, const struct msg_psk_answer *m)
{
	take_answer(s, (struct answer){ .ask = m->ask,
			       .e = err_of(m->e),
			       .mac = m->mac,
			       .where = m->where,
			       .fits = m->fits,
			       .variant = m->variant,
			       .text = why_not(m->e, m->where) });
	bytes_wipe(m->mac);
}

static void take_xauth(struct shell *s, const struct msg_xauth_answer *m)
{
	take_answer(s, (struct answer){ .ask = m->ask,
			       .e = err_of(m->e),
			       .user = m->user,
			       .password = m->password,
			       .lease = m->lease,
			       .where = m->where,
			       .text = why_not(m->e, m->where) });
	bytes_wipe(m->password);
}

void shell_command(struct shell *s, const struct msg_command *m)
{
	command(s, &(struct command){ .kind = m->kind,
			   .what = m->what,
			   .request = m->request,
			   .name = m->name[0] ? m->name : NULL,
			   .serial = m->serial,
			   .asynchronous = m->asynchronous,
			   .remote_host = m->remote_host });
}

static void export_end(struct shell *s);

static void message(void *ctx, struct line *from, const struct msg *m)
{
	struct shell *s = ctx;

	switch ((int)m->id) {
	case MSG_setup:
		take_setup(s, &m->setup);
		break;
	case MSG_request_begin:
		requests_begin(s, m->request_begin.request);
		break;
	case MSG_request_end:
		requests_end(s, m->request_end.request, m->request_end.exit);
		break;
	case MSG_conn_load:
		take_conn(s, &m->conn_load);
		break;
	case MSG_conn_unload:
		command(s, &(struct command){ .kind = CMD_CONN_DELETE,
				   .name = m->conn_unload.name,
				   .request = m->conn_unload.request });
		break;
	case MSG_command:
		if (from->peer != WHO_CONTROL || !takeover_holds(s, &m->command))
			shell_command(s, &m->command);
		break;
	case MSG_addresses:
		take_addresses(s, m->addresses.addrs);
		break;
	case MSG_psk_answer:
		take_psk(s, &m->psk_answer);
		break;
	case MSG_xauth_answer:
		take_xauth(s, &m->xauth_answer);
		break;
	case MSG_updown_done:
		take_answer(s, (struct answer){
				       .ask = m->updown_done.ask, .e = err_of(m->updown_done.e) });
		break;
	case MSG_filter_state:
		take_filter(s, &m->filter_state);
		break;
	case MSG_dp_answer:
		planes_answer(s, from->peer, &m->dp_answer);
		break;
	case MSG_dp_notice:
		take_notice(s, m->dp_notice.notice);
		break;
	case MSG_export_end:
		export_end(s);
		break;
	case MSG_take_over:
		takeover_begin(s);
		break;
	case MSG_udp_in: {
		struct datagram d = { m->udp_in.local, m->udp_in.remote, m->udp_in.data };

		if (s->is_taking_over)
			break; /* it will be sent again */
		ike_input(s->ike, process_now(), &d);
		shell_output(s);
		break;
	}
	case MSG_udp_error:
		take_udp_error(s, &m->udp_error);
		break;
	default:
		break;
	}
}

/* ---- life ---- */

/* One write, which the sandbox allows; dprintf() would seek. Peers can make SAs without end. */
static void export_line(void *ctx, const char *line)
{
	struct shell *s = ctx;
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	if (n > 0 && (size_t)n < sizeof(text) && s->exported + (size_t)n <= LIMIT_EXPORT &&
		write(s->p.fd[DESC_KEYLOG], text, (size_t)n) == n)
		s->exported += (size_t)n;
	wipe(text, sizeof(text));
}

static void descriptor(void *ctx, enum ipc_descriptor kind)
{
	struct shell *s = ctx;

	if (kind != DESC_KEYLOG)
		return;
	s->exported = 0;
	ike_export(s->ike, export_line, s);
}

static void export_end(struct shell *s)
{
	ike_export(s->ike, NULL, NULL);
	if (s->p.fd[DESC_KEYLOG] >= 0)
		close(s->p.fd[DESC_KEYLOG]);
	s->p.fd[DESC_KEYLOG] = -1;
}

static void look_at_policy(struct shell *s, struct ike_env *env)
{
	env->forbidden = crypto_forbidden();
	if (env->forbidden)
		policy_find(&s->policy);
	env->forbidden_where = s->policy.where;
	env->forbidden_by = s->policy.by;
}

static bool begin(void *ctx)
{
	struct shell *s = ctx;
	struct ike_env env;

	uname(&s->host); /* all zero when it fails */
	env = (struct ike_env){ .rng = rng_system(),
		.events = { requests_event, s },
		.kernel = s->host.release,
		.daemon = CLEARSWAN_VERSION };

	if (crypto_begin() != OK)
		return false;
	look_at_policy(s, &env);
	env.keeper = takeover_open(s);
	s->ike = ike_new(&env, process_now());
	ike_register(s->ike, &ikev2_version);
#if WITH_IKEV1
	ike_register(s->ike, &ikev1_version);
#endif
	if (s->p.fd[DESC_KEYLOG] >= 0)
		ike_export(s->ike, export_line, s);
	uv_timer_init(&s->p.loop, &s->timer);
	s->timer.data = s;
	takeover_numbers(s);
	s->has_kernel_plane = s->p.fd[DESC_UDP4500_V4] >= 0 || s->p.fd[DESC_UDP4500_V6] >= 0;
	s->has_esp = true;
	return true;
}

static void run(void *ctx)
{
	struct shell *s = ctx;

	if (!s->is_taking_over)
		net_watch(s);
}

static void stop(void *ctx)
{
	struct shell *s = ctx;

	if (s->p.hands_over) {
		process_end(&s->p);
		return;
	}
	ike_command(s->ike, process_now(),
		&(struct command){ .kind = CMD_SHUTDOWN, .request = REQUEST_SHUTDOWN });
	shell_output(s);
}

static void sibling(void *ctx, enum ipc_who who, bool is_there)
{
	struct shell *s = ctx;

	if (who != WHO_ESP)
		return;
	if (is_there)
		planes_restarted(s);
	else
		planes_lost(s);
}

int main(void)
{
	static const struct process_ops ops = { .begin = begin,
		.run = run,
		.message = message,
		.descriptor = descriptor,
		.sibling = sibling,
		.stop = stop };
	struct shell *s = xalloc(sizeof(*s));
	int status;

	list_init(&s->requests);
	list_init(&s->asks);
	list_init(&s->held);
	status = process_run(&s->p, WHO_IKE, &ops, s);
	ike_free(s->ike);
	takeover_close(s);
	requests_done(s);
	planes_done(s);
	net_done(s);
	free(s);
	return status;
}
