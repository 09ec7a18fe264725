/* SAD and SPD as packet threads see them. */
#include "esp/table.h"

#include "base/map.h"
#include <stdlib.h>

static uint32_t spi_slot(uint32_t spi, uint32_t mask)
{
	return spi * UINT32_C(0x9e3779b1) >> 7 & mask;
}

static void add_in(struct esp_table *t, struct esp_sa *sa)
{
	uint32_t i = spi_slot(sa->spi, t->in_mask);

	while (t->in[i])
		i = (i + 1) & t->in_mask;
	t->in[i] = sa;
}

struct esp_sa *esp_sad_find(const struct esp_table *t, uint32_t spi)
{
	for (uint32_t i = spi_slot(spi, t->in_mask); t->in[i]; i = (i + 1) & t->in_mask)
		if (t->in[i]->spi == spi)
			return t->in[i];
	return NULL;
}

/* By reqid, the newest outbound SA. */
static void index_out(const struct esp_set *set, struct map *ret)
{
	map_init(ret, 0); /* reqids are our own: nobody chooses them to collide */
	for (size_t i = 0; i < set->n_sa; i++) {
		struct esp_sa *sa = set->sa[i], *best = map_get(ret, sa->reqid);

		if (sa->is_out && (!best || sa->order > best->order))
			map_put(ret, sa->reqid, sa);
	}
}

struct esp_table *esp_table_new(const struct esp_set *set, uint64_t id)
{
	struct esp_table *t = xalloc(sizeof(*t));
	uint32_t room = 16;
	struct map out;

	while (room < 2 * set->n_sa)
		room *= 2;
	t->id = id;
	t->in_mask = room - 1;
	t->in = xalloc(room * sizeof(struct esp_sa *));
	for (size_t i = 0; i < set->n_sa; i++)
		if (!set->sa[i]->is_out)
			add_in(t, set->sa[i]);
	index_out(set, &out);
	t->n_entries = set->n_policy;
	t->entry = xalloc(MAX(set->n_policy, (size_t)1) * sizeof(*t->entry));
	for (size_t i = 0; i < set->n_policy; i++)
		t->entry[i] = (struct esp_entry){ set->policy[i],
			map_get(&out, set->policy[i]->dp.reqid) };
	map_done(&out);
	return t;
}

void esp_table_free(struct esp_table *t)
{
	if (!t)
		return;
	free(t->in);
	free(t->entry);
	free(t);
}

static bool same_flow(const struct esp_flow *f, const struct esp_table *t, const struct packet *k)
{
	return f->table == t->id && f->protocol == k->protocol && f->has_ports == k->has_ports &&
	       f->src_port == k->src_port && f->dst_port == k->dst_port &&
	       memcmp(&f->src, &k->src, sizeof(f->src)) == 0 &&
	       memcmp(&f->dst, &k->dst, sizeof(f->dst)) == 0;
}

static uint32_t flow_slot(const struct packet *k)
{
	return (packet_hash(k) * UINT32_C(0x9e3779b1)) >> 24;
}
_Static_assert(ESP_FLOWS == 256, "flow_slot() gives 8 bits");

const struct esp_entry *esp_spd_find(struct esp_worker *w, const struct packet *k)
{
	const struct esp_table *t = w->table;
	struct esp_flow *f = &w->flow[flow_slot(k)];

	if (same_flow(f, t, k))
		return f->entry;
	*f = (struct esp_flow){ t->id, k->src, k->dst, k->src_port, k->dst_port, k->protocol,
		k->has_ports, NULL };
	for (size_t i = 0; i < t->n_entries; i++) {
		const struct dp_policy *p = &t->entry[i].policy->dp;

		if (p->action != DP_PASS && selectors_have(&p->ts_local, &p->ts_remote, k, true)) {
			f->entry = &t->entry[i];
			break;
		}
	}
	return f->entry;
}
