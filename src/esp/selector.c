/* Selectors of RFC 4301 4.4.1.1 against a packet. */
#include "esp/selector.h"

static bool port_fits(const struct ts *t, bool has_port, uint16_t port)
{
	bool is_any = t->port_first == 0 && t->port_last == UINT16_MAX;
	bool is_opaque = t->port_first > t->port_last;

	if (!has_port)
		return is_any || is_opaque;
	return is_any || (t->port_first <= port && port <= t->port_last);
}

static bool one_fits(
	const struct ts_list *l, const struct packet *k, const struct addr *a, uint16_t port)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];

		if ((t->protocol == 0 || t->protocol == k->protocol) && range_has(&t->range, a) &&
			port_fits(t, k->has_ports, port))
			return true;
	}
	return false;
}

bool selectors_have(const struct ts_list *local, const struct ts_list *remote,
	const struct packet *k, bool ours)
{
	if (ours)
		return one_fits(local, k, &k->src, k->src_port) &&
		       one_fits(remote, k, &k->dst, k->dst_port);
	return one_fits(local, k, &k->dst, k->dst_port) &&
	       one_fits(remote, k, &k->src, k->src_port);
}

/* Bits of the widest range that one prefix covers; what is no prefix counts as its enclosing size.
 */
static uint32_t bits_free(const struct ts_list *l)
{
	uint32_t widest = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct range *r = &l->ts[i].range;
		uint8_t bits = addr_bits(r->first.family), same = 0;

		while (same < bits &&
			!((r->first.b[same / 8] ^ r->last.b[same / 8]) & 0x80 >> same % 8))
			same++;
		widest = MAX(widest, (uint32_t)bits - same);
	}
	return widest;
}

uint32_t selectors_priority(const struct ts_list *local, const struct ts_list *remote)
{
	bool has_protocol = local->n && local->ts[0].protocol;
	bool has_port = (local->n && local->ts[0].port_first != 0) ||
			(remote->n && remote->ts[0].port_first != 0);

	return 1000000 + 4 * (128 * bits_free(remote) + bits_free(local)) + (has_protocol ? 0 : 2) +
	       (has_port ? 0 : 1);
}
