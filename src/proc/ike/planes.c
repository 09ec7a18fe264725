/* Asks of the engine to its data plane. Where the kernel does ESP all of it is kernel's; else SAs
 * are esp's, policies are esp's and kernel's (routes, addresses), and what both must do is answered
 * once: with the first error of the two. */
#include "proc/ike/shell.h"

#include <stdlib.h>

struct plane_ask {
	struct list node;
	uint32_t ask;
	unsigned waits; /* bits of enum ipc_who */
	enum err e;
	char *text;
	struct dp_counters counters;
};

static void answer(struct shell *s, struct plane_ask *k)
{
	struct answer a = { .ask = k->ask, .e = k->e, .text = k->text, .counters = k->counters };

	list_remove(&k->node);
	ike_answer(s->ike, process_now(), &a);
	free(k->text);
	free(k);
	shell_output(s);
}

static void tell(struct shell *s, enum ipc_who who, const struct action *a, struct bytes operand)
{
	LINE_SEND(&s->p.line[who], dp, .ask = a->ask, .op = a->dp.op, .dir = a->dp.dir,
		.serial = a->dp.serial, .reqid = a->dp.reqid, .local = a->dp.local,
		.remote = a->dp.remote, .encap = a->dp.encap, .operand = operand);
}

static bool is_policy(uint8_t op)
{
	return op == DP_POLICY_ADD || op == DP_POLICY_DEL || op == DP_FLUSH || op == DP_SETTLE;
}

static unsigned who_for(const struct shell *s, uint8_t op)
{
	if (s->has_kernel_plane)
		return 1u << WHO_KERNEL;
	return (s->has_esp ? 1u << WHO_ESP : 0) | (is_policy(op) ? 1u << WHO_KERNEL : 0);
}

void planes_ask(struct shell *s, const struct action *a)
{
	unsigned who = who_for(s, a->dp.op);
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);
	struct plane_ask *k;

	if (a->dp.sa)
		dp_sa_put(&w, a->dp.sa);
	else if (a->dp.policy)
		dp_policy_put(&w, a->dp.policy);
	if (a->ask) {
		k = xalloc(sizeof(*k));
		k->ask = a->ask;
		k->waits = who;
		list_append(&s->asks, &k->node);
		if (!s->has_esp) {
			k->e = ERR_SYSTEM;
			k->text = xstrdup("the data plane (ipsec-esp) is being restarted");
		}
		if (!who) /* answered by planes_restarted(), not inside the engine's output */
			k->waits = 1u << WHO_ESP;
	}
	for (unsigned i = 0; i < WHO_END; i++)
		if (who & 1u << i)
			tell(s, (enum ipc_who)i, a, wr_view(&w));
	wipe(room, w.n);
	free(room);
}

void planes_answer(struct shell *s, enum ipc_who from, const struct msg_dp_answer *m)
{
	struct plane_ask *k;

	list_each (k, &s->asks, struct plane_ask, node) {
		if (k->ask != m->ask || !(k->waits & 1u << from))
			continue;
		k->waits &= ~(1u << from);
		if (k->e == OK && m->e != OK) {
			k->e = m->e < ERR_END ? (enum err)m->e : ERR_VALUE;
			k->text = xstrdup(m->text);
		}
		if (from == WHO_ESP || s->has_kernel_plane)
			k->counters = (struct dp_counters){ m->in_bytes, m->in_packets,
				m->out_bytes, m->out_packets, (ns_t)m->last_in, (ns_t)m->last_out,
				m->in_seq, m->out_seq, m->drops };
		if (!k->waits)
			answer(s, k);
		return;
	}
}

/* Answers what waits for esp with an error. */
static void fail_all(struct shell *s)
{
	struct msg_dp_answer m = { .e = ERR_SYSTEM, .text = "the data plane (ipsec-esp) died" };
	struct plane_ask *k;
	uint32_t *asks = NULL;
	size_t n = 0;

	list_each (k, &s->asks, struct plane_ask, node)
		if (k->waits & 1u << WHO_ESP) {
			asks = xrealloc(asks, (n + 1) * sizeof(*asks));
			asks[n++] = k->ask;
		}
	for (size_t i = 0; i < n; i++) {
		m.ask = asks[i];
		planes_answer(s, WHO_ESP, &m);
	}
	free(asks);
}

void planes_lost(struct shell *s)
{
	s->has_esp = false;
	line_forget(&s->p.line[WHO_ESP]);
	fail_all(s);
}

void planes_restarted(struct shell *s)
{
	static const struct dp_notice restarted = { .kind = DP_RESTARTED };

	s->has_esp = true;
	fail_all(s);
	ike_notice(s->ike, process_now(), &restarted);
	shell_output(s);
}

void planes_done(struct shell *s)
{
	struct plane_ask *k;

	list_each (k, &s->asks, struct plane_ask, node) {
		free(k->text);
		free(k);
	}
	list_init(&s->asks);
}
