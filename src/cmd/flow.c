/* The test flow: who is asked, in which order, and what moved meanwhile. */
#include "cmd/flow_run.h"

#include "cmd/local.h"
#include "dataplane/xfrm/xfrm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- from where to whom ---- */

struct inside {
	const struct ts_list *nets;
	uint8_t family;
	struct prefix found; /* with the network on its wire */
};

static void take_inner(void *ctx, const char *device, const struct prefix *p)
{
	struct inside *x = ctx;

	(void)device;
	if (!addr_is_set(&x->found.addr) && p->addr.family == x->family &&
		!addr_is_loopback(&p->addr) && ts_list_has(x->nets, 0, &p->addr, 0))
		x->found = *p;
}

/* An address of this host that the tunnel takes. */
static struct prefix inner_of(const struct flow_for *what, uint8_t family)
{
	struct inside x = { &what->our_nets, family, { { 0 }, 0 } };

	local_connected(take_inner, &x);
	return x.found;
}

struct addr run_inner(const struct flow_for *what, uint8_t family)
{
	return inner_of(what, family).addr;
}

static bool is_all(const struct range *r)
{
	struct prefix p;

	return range_is_prefix(r, &p) && p.bits == 0;
}

/* The first host address of their network: often the gateway's. None: everything is behind it. */
static struct addr guess_of(const struct flow_for *what, bool *is_sure)
{
	const struct range *r = &what->their_nets.ts[0].range;
	struct addr a = r->first;

	*is_sure = range_count(r) == 1;
	if (is_all(r))
		return (struct addr){ 0 };
	if (!*is_sure)
		addr_add(&r->first, 1, &a);
	/* nor one of ours, where both ends have the same network: this host would answer itself */
	while (!*is_sure && local_is_here(&a) && addr_next(&a) && range_has(r, &a))
		;
	return a;
}

void run_step(const struct run *r, const char *text)
{
	r->f.what->step(r->f.what->ctx, text);
}

bool run_choose(struct run *r)
{
	const struct flow_for *what = r->f.what;
	char line[256], t[ADDR_STR];

	if (addr_is_set(&what->through)) {
		r->target = what->through;
		r->is_sure = true;
		if (!ts_list_has(&what->their_nets, 0, &r->target, 0)) {
			run_step(r,
				"--through is not an address in the other end's networks: no test");
			return false;
		}
	} else {
		r->target = guess_of(what, &r->is_sure);
	}
	if (!addr_is_set(&r->target)) {
		run_step(r, "the other end's networks are everything: name a host there with "
			    "--through ADDRESS for a test flow");
		return false;
	}
	r->wire = inner_of(what, r->target.family);
	r->inner = r->wire.addr;
	if (!addr_is_set(&r->inner)) {
		run_step(r, "this host has no address in its networks of the connection: no test");
		return false;
	}
	if (!r->is_sure) {
		snprintf(line, sizeof(line),
			"%s is tried, the first address of the other end's network; nobody may "
			"have it: --through ADDRESS names a host that answers",
			addr_format(&r->target, t));
		run_step(r, line);
	}
	return true;
}

/* ---- the packets ---- */

static struct echo *opened(struct run *r, unsigned which, const char *way, const struct addr *from,
	const struct addr *to, uint8_t ttl)
{
	struct echo *e = &r->echo[which];

	if (!echo_open(e, way, from, to, 0, ttl) && (errno == EPERM || errno == EACCES))
		run_step(r, "a test flow needs root");
	return e->fd >= 0 ? e : NULL;
}

/* The source that this host chooses, when what it sends itself is in question. What the tunnel does
 * not take would leave in the clear: it is not sent. */
static void open_own(struct run *r)
{
	const struct ts_list *ours = &r->f.what->our_nets;
	struct addr none = { 0 }, source = { 0 };
	char line[256], t[ADDR_STR], inner[ADDR_STR];
	uint32_t mtu;

	if (!echo_route(&none, &r->target, 0, &source, &mtu) || addr_eq(&source, &r->inner))
		return;
	if (ts_list_has(ours, 0, &source, 0)) {
		(void)opened(r, OWN, "own", &source, &r->target, 0);
		return;
	}
	r->own_is_clear =
		r->f.what->is_self || (ours->n == 1 && range_count(&ours->ts[0].range) == 1);
	snprintf(line, sizeof(line),
		"what this host itself sends comes from %s, which the tunnel does not take; if "
		"that "
		"matters: leftsourceip=%s, ipsec diagnose --self",
		addr_format(&source, t), addr_format(&r->inner, inner));
	if (!r->own_is_clear)
		run_step(r, line);
}

static void open_all(struct run *r)
{
	bool is_sure;
	struct addr guess = guess_of(r->f.what, &is_sure);
	bool is_named = addr_is_set(&r->f.what->through);

	if (is_named)
		(void)opened(r, NAMED, "named", &r->inner, &r->target, 0);
	if (addr_is_set(&guess) && guess.family == r->inner.family &&
		!(is_named && addr_eq(&guess, &r->target)))
		(void)opened(r, GUESS, is_sure ? "named" : "guess", &r->inner, &guess, 0);
	(void)opened(r, HOP, "hop", &r->inner, &r->target, 1);
	open_own(r);
}

void run_send(struct run *r, struct echo *e, uint32_t octets)
{
	if (e->fd < 0 || r->f.packets >= FLOW_PACKETS_MAX)
		return;
	echo_send(e, octets);
	r->f.packets++;
	if (!e->failed)
		r->sent_octets += octets;
}

void run_say_sent(const struct run *r, const struct echo *e)
{
	char from[ADDR_STR], to[ADDR_STR];

	FLOW_EMIT(&r->f, flow_sent, .way = ev_str(e->way),
		.from = ev_str(addr_format(&e->from, from)), .to = ev_str(addr_format(&e->to, to)),
		.count = ev_u64(e->sent), .octets = ev_u64(ECHO_OCTETS));
}

void run_say_answer(const struct run *r, const struct echo *e)
{
	char from[ADDR_STR], to[ADDR_STR], by[ADDR_STR] = "", took[24] = "", mtu[16] = "";
	char who[ADDR_STR] = "";

	if (e->answered) {
		addr_format(&e->by, by);
		snprintf(took, sizeof(took), "%.1f", (double)e->took / (double)NS_MS);
	}
	FLOW_EMIT(&r->f, flow_answer, .way = ev_str(e->way),
		.from = ev_str(addr_format(&e->from, from)), .to = ev_str(addr_format(&e->to, to)),
		.asked = ev_u64(e->sent), .answered = ev_u64(e->answered), .by = ev_str(by),
		.milliseconds = ev_str(took));
	if (e->error.mtu)
		snprintf(mtu, sizeof(mtu), "%u", e->error.mtu);
	if (e->is_refused)
		FLOW_EMIT(&r->f, flow_error, .way = ev_str(e->way),
			.complainant = ev_str(addr_format(&e->complainant, who)),
			.icmp_type = ev_u64(e->error.type), .icmp_code = ev_u64(e->error.code),
			.mtu = ev_str(mtu), .text = ev_str(""));
	else if (e->failed)
		FLOW_EMIT(&r->f, flow_error, .way = ev_str(e->way), .complainant = ev_str(""),
			.mtu = ev_str(""), .text = ev_str(strerror(e->failed)));
}

/* A round at a time, so that a moment of loss does not take all of one. */
static void run_echoes(struct run *r)
{
	for (unsigned round = 0; round < FLOW_ECHOES; round++) {
		for (unsigned i = 0; i < MAIN_MAX; i++)
			if (i != HOP || round == 0)
				run_send(r, &r->echo[i], ECHO_OCTETS);
		if (round == 0)
			for (unsigned i = 0; i < MAIN_MAX; i++)
				if (r->echo[i].fd >= 0 && i == HOP)
					run_say_sent(r, &r->echo[i]);
		echo_wait(r->echo, MAIN_MAX, ROUND_MS);
	}
	for (unsigned i = 0; i < MAIN_MAX; i++)
		if (r->echo[i].fd >= 0 && i != HOP)
			run_say_sent(r, &r->echo[i]);
	echo_wait(r->echo, MAIN_MAX, ANSWER_MS);
	for (unsigned i = 0; i < MAIN_MAX; i++)
		if (r->echo[i].fd >= 0)
			run_say_answer(r, &r->echo[i]);
}

/* ---- what moved ---- */

const char *run_meaning(const char *name)
{
	static const char *const words[][2] = {
		{ "IpInAddrErrors", "for another host, and this one does not forward" },
		{ "IpExtInNoRoutes", "no route for what came in" },
		{ "IpOutNoRoutes", "no route for what was to be sent" },
		{ "IcmpInDestUnreachs", "somebody answered \"unreachable\"" },
		{ "UdpNoPorts", "UDP for a port that nobody has" },
		{ "TcpExtIPReversePathFilter", "dropped: it came by another way than its source is "
					       "reached by" },
		{ "IpReasmFails", "fragments did not come together" }
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	for (unsigned c = 0; c < XFRM_COUNTER_END; c++)
		if (strcmp(xfrm_counter_name((enum xfrm_counter)c), name) == 0)
			return xfrm_counter_text((enum xfrm_counter)c);
	return "";
}

void run_say_counters(const struct run *r)
{
	struct counters after;

	flow_count(&after);
	for (unsigned i = 0; i < after.n; i++) {
		uint64_t before = counter_of(&r->before, after.counter[i].name),
			 added = counter_added(before, after.counter[i].value);

		if (added)
			FLOW_EMIT(&r->f, flow_counter, .name = ev_str(after.counter[i].name),
				.before = ev_u64(before), .added = ev_u64(added),
				.packets = ev_u64(r->f.packets),
				.meaning = ev_str(run_meaning(after.counter[i].name)));
	}
}

static void say_moved(struct run *r)
{
	struct flow_octets sa = { 0 };

	run_say_counters(r);
	flow_esp_say(&r->f, &r->esp);
	r->f.what->octets(r->f.what->ctx, &sa);
	FLOW_EMIT(&r->f, flow_sa, .sent = ev_u64(r->sent_octets),
		.out = ev_u64(counter_added(r->sa.out, sa.out)),
		.in = ev_u64(counter_added(r->sa.in, sa.in)),
		.dropped = ev_u64(counter_added(r->sa.dropped, sa.dropped)),
		.in_before = ev_u64(r->sa.in));
	/* what came of it */
	r->sa = (struct flow_octets){ counter_added(r->sa.in, sa.in),
		counter_added(r->sa.out, sa.out), counter_added(r->sa.dropped, sa.dropped) };
}

/* What is sent by one tunnel may be answered by another. */
static void count_others(struct run *r, struct flow_octets *ret)
{
	for (unsigned i = 0; i < OTHERS_MAX; i++)
		if (!r->f.what->others(r->f.what->ctx, i, &ret[i]))
			ret[i] = (struct flow_octets){ 0 };
}

static void say_others(const struct run *r)
{
	struct flow_octets now;
	const char *name;

	for (unsigned i = 0; i < OTHERS_MAX; i++)
		if ((name = r->f.what->others(r->f.what->ctx, i, &now)))
			FLOW_EMIT(&r->f, flow_elsewhere, .other = ev_str(name),
				.out = ev_u64(counter_added(r->other[i].out, now.out)),
				.in = ev_u64(counter_added(r->other[i].in, now.in)));
}

/* ---- what it came to ---- */

/* Who answered all of them, whoever it is; or some. */
static const struct echo *answerer(const struct run *r, bool all)
{
	static const unsigned order[] = { NAMED, GUESS };

	for (size_t i = 0; i < COUNT(order); i++) {
		const struct echo *e = &r->echo[order[i]];

		if (e->fd >= 0 && e->answered && (!all || e->answered == e->sent))
			return e;
	}
	return NULL;
}

static bool hop_answered(const struct run *r)
{
	const struct echo *e = &r->echo[HOP];

	return e->fd >= 0 &&
	       (e->answered || (e->is_refused && !addr_eq(&e->complainant, &r->inner)));
}

/* The flow in a word. That a guess is silent says nothing, unless its packets never left or came
 * back as far as here. */
static const char *word_of(const struct run *r)
{
	if (answerer(r, false) || hop_answered(r))
		return "answered";
	return r->is_sure || !r->sa.out || r->sa.in ? "unanswered" : "";
}

static const char *own_word(const struct run *r)
{
	const struct echo *e = &r->echo[OWN];

	return r->own_is_clear ? "clear" : e->fd < 0 ? "" : e->answered ? "answered" : "unanswered";
}

/* Nothing came back: that may have been lost, where packets are lost at random. */
static void run_again(struct run *r)
{
	struct echo *e = &r->echo[r->echo[NAMED].fd >= 0 ? NAMED : GUESS], *hop = &r->echo[HOP];

	if (e->fd < 0 || answerer(r, false) || hop_answered(r))
		return;
	for (unsigned i = 0; i <= FLOW_ECHOES && !e->answered; i++) {
		run_send(r, e, ECHO_OCTETS);
		run_send(r, hop, ECHO_OCTETS);
		echo_wait(r->echo, MAIN_MAX, ROUND_MS);
	}
	echo_wait(r->echo, MAIN_MAX, ANSWER_MS / 2);
	run_say_answer(r, e);
	if (hop->fd >= 0)
		run_say_answer(r, hop);
	r->sa = r->sa_begun; /* since the beginning */
	say_moved(r);
}

struct flow_came flow_run(const struct flow_for *what, const struct event_sink *out)
{
	struct run r = { .f = { .what = what, .out = out, .about = { .conn = what->conn } } };
	struct flow_came came = { "", "" };
	const struct echo *all, *some;
	char line[80];

	for (unsigned i = 0; i < MAIN_MAX; i++)
		r.echo[i].fd = -1;
	run_dns(&r);
	if (!run_choose(&r))
		return came;
	flow_esp_open(&r.esp, &what->theirs);
	lan_open(&r.lan, what);
	cpu_read(&r.cpu, what);
	flow_count(&r.before);
	what->octets(what->ctx, &r.sa);
	r.sa_begun = r.sa;
	count_others(&r, r.other);
	open_all(&r);
	run_echoes(&r);
	if (!r.f.packets)
		goto out;
	say_moved(&r);
	run_again(&r);
	say_others(&r);
	all = answerer(&r, true);
	some = answerer(&r, false);
	if (some)
		run_behind(&r, some);
	if (some && !all) {
		run_more(&r, some);
	} else {
		/* nothing came back: is the way bad, or only the tunnel? */
		run_outside(&r, all || hop_answered(&r) ? 2 : FLOW_MORE);
		if (all)
			flow_mtu(&r.f, "inside", &all->from, &all->to, 0);
	}
	lan_say(&r);
	cpu_say(&r);
	came = (struct flow_came){ word_of(&r), own_word(&r) };
	snprintf(line, sizeof(line), "%u packets sent in all", r.f.packets);
	run_step(&r, line);
out:
	flow_esp_close(&r.esp);
	lan_close(&r.lan);
	for (unsigned i = 0; i < MAIN_MAX; i++)
		echo_close(&r.echo[i]);
	return came;
}
