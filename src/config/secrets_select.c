/* Which secret is used for two ends: both named beat one named, which beats none; the first in the
 * file wins among equals. */
#include "config/secrets_entry.h"

#include <stdio.h>

static bool names(const struct entry *e, const struct id *id, const struct addr *addr)
{
	struct id by_addr = id_from_addr(addr);
	bool found = false;

	for (size_t i = 0; i < e->n && !found; i++)
		found = !e->is_any[i] &&
			((id->type != ID_NONE && id_eq(&e->index[i], id)) ||
				(addr_is_set(addr) && id_eq(&e->index[i], &by_addr)));
	id_done(&by_addr);
	return found;
}

static bool has_any(const struct entry *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->is_any[i])
			return true;
	return false;
}

/* 0: not for these ends; more is better. An entry whose only index is one of the ends is for it
 * with anybody; %any stands for whoever is not named. */
static unsigned rank(const struct entry *e, const struct id *ours, const struct id *theirs,
	const struct addr *our_addr, const struct addr *their_addr)
{
	bool we = names(e, ours, our_addr), they = names(e, theirs, their_addr);

	if (e->is_xauth)
		return 0;
	if (e->n == 0)
		return 1;
	if (we && they)
		return 5;
	if ((we || they) && has_any(e))
		return 4;
	if ((we || they) && e->n == 1)
		return 3;
	if (has_any(e) && !we && !they)
		return e->n == 1 || (e->n == 2 && e->is_any[0] && e->is_any[1]) ? 2 : 0;
	return 0;
}

enum err secrets_psk(const struct secrets *s, const struct id *ours, const struct id *theirs,
	const struct addr *our_addr, const struct addr *their_addr, struct bytes *ret,
	struct secrets_where *ret_where)
{
	const struct entry *best = NULL;
	unsigned best_rank = 0, also = 0;

	for (size_t i = 0; i < s->n; i++) {
		unsigned r = rank(&s->entry[i], ours, theirs, our_addr, their_addr);

		if (r > best_rank) {
			best_rank = r;
			best = &s->entry[i];
			also = 0;
		} else if (r != 0 && r == best_rank)
			also++;
	}
	if (!best)
		return ERR_NOT_FOUND;
	*ret = secret_view(&best->secret);
	*ret_where = (struct secrets_where){ best->file, best->line, also, best->is_weak,
		(size_t)(best - s->entry) };
	return OK;
}

/* For some peer rank() is not 0. */
static bool may_serve(const struct entry *e, const struct id *ours, const struct addr *our_addr)
{
	return !e->is_xauth && (e->n < 2 || has_any(e) || names(e, ours, our_addr));
}

bool secrets_other(const struct secrets *s, size_t *at, size_t entry, const struct id *ours,
	const struct addr *our_addr, struct bytes *ret, struct secrets_where *ret_where)
{
	while (*at < s->n) {
		size_t i = (*at)++;
		const struct entry *e = &s->entry[i];

		if (i == entry || !may_serve(e, ours, our_addr))
			continue;
		*ret = secret_view(&e->secret);
		*ret_where = (struct secrets_where){
			.file = e->file, .line = e->line, .is_weak = e->is_weak, .entry = i
		};
		return true;
	}
	return false;
}

static bool is_user(const struct entry *e, const char *user)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->user[i], user) == 0)
			return true;
	return false;
}

enum err secrets_xauth(const struct secrets *s, const char *user, struct bytes *ret,
	struct secrets_where *ret_where)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entry[i];

		if (!e->is_xauth)
			continue;
		if (is_user(e, user) ? !best || best->n == 0 : e->n == 0 && !best)
			best = e;
	}
	if (!best)
		return ERR_NOT_FOUND;
	*ret = secret_view(&best->secret);
	*ret_where = (struct secrets_where){ .file = best->file, .line = best->line };
	return OK;
}

bool secrets_list(const struct secrets *s, size_t i, char *ret, size_t n)
{
	const struct entry *e = s->entry + i;
	size_t at;
	char id[ID_STR];

	if (i >= s->n)
		return false;
	at = (size_t)snprintf(ret, n, "%zu: %s", i + 1, e->is_xauth ? "XAUTH" : "PSK");
	for (size_t k = 0; k < e->n && at < n; k++)
		at += (size_t)snprintf(ret + at, n - at, " %s",
			e->is_xauth ? e->user[k] : id_format(&e->index[k], id, sizeof(id)));
	return true;
}
