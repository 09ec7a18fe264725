/* What follows a first test flow: is an answer for a host behind this one forwarded, how many are
 * lost, how large may they be. */
#include "cmd/flow_run.h"

enum { HOSTS_MAX = 200 };

/* ---- as a host behind this one ---- */

/* An address of ours on a wire of this host that nobody has asked for: so it is seen when somebody
 * does. */
static bool neighbour_of(const struct run *r, struct addr *ret)
{
	const struct prefix clean = prefix_clean(r->wire);
	struct range net = range_from(&clean);
	uint64_t n = range_count(&net);

	if (net.first.family != 4 || n < 8)
		return false;
	/* who does not answer ARP is remembered for long */
	for (uint64_t back = 3; back < MIN(n, (uint64_t)HOSTS_MAX); back++)
		if (addr_add(&net.first, n - back, ret) && !addr_eq(ret, &r->inner) &&
			ts_list_has(&r->f.what->our_nets, 0, ret, 0) && !flow_is_neighbour(ret))
			return true;
	return false;
}

/* An answer that comes out of the tunnel for another host here is forwarded, then this host asks
 * for that one by ARP; or it is not. */
void run_behind(struct run *r, const struct echo *heard)
{
	static const char moves[] = "IpInAddrErrors";
	struct counters before, after;
	struct flow_octets sa0 = { 0 }, sa1 = { 0 };
	struct addr host;
	struct echo e;
	uint64_t added;
	char t[ADDR_STR];

	if (!neighbour_of(r, &host) || !echo_open(&e, "behind", &host, &heard->to, ECHO_FOREIGN, 0))
		return;
	flow_count(&before);
	r->f.what->octets(r->f.what->ctx, &sa0);
	run_send(r, &e, ECHO_OCTETS);
	run_send(r, &e, ECHO_OCTETS);
	run_say_sent(r, &e);
	echo_wait(&e, 1, (int)(MIN(heard->took, NS_S) / NS_MS) + SETTLE_MS);
	echo_close(&e);
	flow_count(&after);
	r->f.what->octets(r->f.what->ctx, &sa1);
	FLOW_EMIT(&r->f, flow_forward, .host = ev_str(addr_format(&host, t)),
		.fate = ev_str(flow_is_neighbour(&host)			      ? "forwarded"
			       : counter_added(sa0.in, sa1.in) >= ECHO_OCTETS ? "stopped"
									      : "unknown"));
	added = counter_added(counter_of(&before, moves), counter_of(&after, moves));
	if (added)
		FLOW_EMIT(&r->f, flow_counter, .name = ev_str(moves),
			.before = ev_u64(counter_of(&before, moves)), .added = ev_u64(added),
			.packets = ev_u64(e.sent), .meaning = ev_str(run_meaning(moves)));
}

/* ---- more of the same, when some were lost; outside as well ---- */

void run_more(struct run *r, const struct echo *some)
{
	struct echo e[2];
	struct addr none = { 0 };

	if (!echo_open(&e[0], "more", &some->from, &some->to, 0, 0))
		return;
	(void)echo_open(&e[1], "outside", &none, &r->f.what->theirs, ECHO_OUTSIDE, 0);
	for (unsigned i = 0; i < FLOW_MORE; i++) {
		run_send(r, &e[0], ECHO_OCTETS);
		run_send(r, &e[1], ECHO_OCTETS);
		echo_wait(NULL, 0, 2 * ROUND_MS);
	}
	echo_wait(e, COUNT(e), ANSWER_MS);
	for (unsigned i = 0; i < COUNT(e); i++) {
		if (e[i].fd >= 0)
			run_say_answer(r, &e[i]);
		echo_close(&e[i]);
	}
}

void flow_loss(const struct flow_for *what, const struct event_sink *out)
{
	struct run r = { .f = { .what = what, .out = out, .about = { .conn = what->conn } } };
	struct addr none = { 0 };
	struct echo e;

	if (!echo_open(&e, "outside", &none, &what->theirs, ECHO_OUTSIDE, 0))
		return;
	for (unsigned i = 0; i < FLOW_MORE; i++) {
		run_send(&r, &e, ECHO_OCTETS);
		echo_wait(NULL, 0, ROUND_MS);
	}
	echo_wait(&e, 1, ANSWER_MS);
	run_say_answer(&r, &e);
	echo_close(&e);
}

/* ---- sizes ---- */

/* Does the peer's own address answer at all? */
void run_outside(struct run *r, unsigned n)
{
	struct addr none = { 0 };
	struct echo e;

	if (!echo_open(&e, "outside", &none, &r->f.what->theirs, ECHO_OUTSIDE, 0))
		return;
	for (unsigned i = 0; i < n; i++) {
		run_send(r, &e, ECHO_OCTETS);
		echo_wait(&e, 1, ROUND_MS);
	}
	echo_wait(&e, 1, ANSWER_MS / 2);
	run_say_answer(r, &e);
	echo_close(&e);
	if (e.answered)
		flow_mtu(&r->f, "outside", &none, &r->f.what->theirs, ECHO_OUTSIDE);
	else
		run_step(r, "the peer's outer address does not answer echo requests: the path MTU "
			    "outside of the tunnel is not known");
}
