/* What a process before this one left in the kernel: SAs and policies that carry our marks. They
 * are asked for again one by one, and stay as they are; what nobody asks for goes in the end. */
#include "proc/kernel/kernel.h"

#include <stdlib.h>

struct found_sa {
	struct found_sa *next; /* of the same SPI */
	struct xfrm_id_of_sa id;
	uint32_t reqid;
	struct secret encr_key, integ_key;
};

struct found_policy {
	struct found_policy *next; /* of the same hash */
	struct xfrm_policy_said said;
};

static void sa_free(struct found_sa *s)
{
	secret_done(&s->encr_key);
	secret_done(&s->integ_key);
	free(s);
}

static struct dp_extra extra_of(const struct xfrm_policy_said *p)
{
	struct dp_mark mark = { p->mark, p->mark_mask };

	return (struct dp_extra){ .mark_in = mark, .mark_out = mark, .if_id = p->if_id };
}

static void keep_sa(struct found *f, const struct xfrm_sa *sa)
{
	struct found_sa *s = xalloc(sizeof(*s));

	s->id = sa->id;
	s->reqid = sa->reqid;
	s->encr_key = secret_from(sa->encr_key);
	s->integ_key = secret_from(sa->integ_key);
	s->next = map_get(&f->sa, sa->id.spi);
	map_put(&f->sa, sa->id.spi, s);
}

static void keep_policy(struct found *f, const struct xfrm_policy_said *said)
{
	struct found_policy *p = xalloc(sizeof(*p));
	struct dp_extra x = extra_of(said);
	uint64_t hash = spd_hash(&said->sel, (enum xfrm_dir)said->dir, &x);

	p->said = *said;
	p->next = map_get(&f->policy, hash);
	map_put(&f->policy, hash, p);
	f->last_index = MAX(f->last_index, xfrm_own_number(said->index));
}

static void keep(void *ctx, const struct xfrm_said *s)
{
	if (s->kind == XFRM_SAID_SA && s->sa.is_ours)
		keep_sa(ctx, &s->sa);
	else if (s->kind == XFRM_SAID_POLICY && s->policy.dir < XFRM_DIR_END &&
		 xfrm_is_own_index(s->policy.index))
		keep_policy(ctx, &s->policy);
}

void found_init(struct found *f)
{
	*f = (struct found){ 0 };
	map_init(&f->sa, 0);
	map_init(&f->policy, 0);
}

void found_read(struct found *f, int fd)
{
	xfrm_each(fd, XFRM_LIST_POLICIES, keep, f);
	xfrm_each(fd, XFRM_LIST_SAS, keep, f);
}

static bool is_it(const struct found_sa *s, const struct xfrm_id_of_sa *id, const struct dp_sa *dp)
{
	return s->id.spi == id->spi && addr_eq(&s->id.dst, &id->dst) && s->id.mark == id->mark &&
	       s->id.mark_mask == id->mark_mask && s->reqid == dp->reqid &&
	       s->encr_key.n == suite_encr_key_n(&dp->suite) &&
	       s->integ_key.n == suite_integ_key_n(&dp->suite);
}

bool found_sa(struct found *f, struct dp_sa *dp)
{
	struct xfrm_id_of_sa id = xfrm_sa_id(dp);
	struct found_sa *first = map_take(&f->sa, id.spi), **at = &first, *s;

	while (*at && !is_it(*at, &id, dp))
		at = &(*at)->next;
	s = *at;
	if (s) {
		*at = s->next;
		secret_move(&dp->encr_key, &s->encr_key);
		secret_move(&dp->integ_key, &s->integ_key);
		sa_free(s);
	}
	if (first)
		map_put(&f->sa, id.spi, first);
	return s != NULL;
}

static bool matches(const struct found_policy *p, const struct xfrm_sel *s, enum xfrm_dir d,
	const struct dp_extra *x)
{
	struct dp_extra found_by = extra_of(&p->said);

	return p->said.dir == d && spd_is_alike(&p->said.sel, &found_by, s, x, d);
}

uint32_t found_policy(
	struct found *f, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x)
{
	uint64_t hash = spd_hash(s, d, x);
	struct found_policy *first = map_take(&f->policy, hash), **at = &first, *p;
	uint32_t index = 0;

	while (*at && !matches(*at, s, d, x))
		at = &(*at)->next;
	p = *at;
	if (p) {
		*at = p->next;
		index = p->said.index;
		free(p);
	}
	if (first)
		map_put(&f->policy, hash, first);
	return index;
}

/* ---- the rest ---- */

static bool remove_sa(int fd, const struct found_sa *s)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	xfrm_sa_del_put(&w, &s->id);
	return xfrm_ask(fd, &w, NULL) == 0;
}

static bool remove_policy(int fd, const struct found_policy *p)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct dp_extra x = extra_of(&p->said);

	xfrm_policy_del_put(&w, &p->said.sel, (enum xfrm_dir)p->said.dir, &x);
	xfrm_own_policy(&w, p->said.index);
	return xfrm_ask(fd, &w, NULL) == 0;
}

unsigned found_remove(struct found *f, int fd)
{
	struct found_policy *p, *next_policy;
	struct found_sa *s, *next_sa;
	unsigned removed = 0;

	for (size_t at = 0; (p = map_next(&f->policy, &at));)
		for (; p; p = next_policy) {
			next_policy = p->next;
			removed += fd >= 0 && remove_policy(fd, p);
			free(p);
		}
	for (size_t at = 0; (s = map_next(&f->sa, &at));)
		for (; s; s = next_sa) {
			next_sa = s->next;
			removed += fd >= 0 && remove_sa(fd, s);
			sa_free(s);
		}
	map_done(&f->policy);
	map_done(&f->sa);
	found_init(f);
	return removed;
}
