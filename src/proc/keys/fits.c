/* Why the peer's AUTH is not made with the secret that stands for it here: which other one it is
 * made with. All are tried whatever was found, so that the time tells a peer nothing. */
#include "proc/keys/keys.h"

#include "ipsec/limits.h"

#include <stdio.h>

static bool is_made_with(const struct msg_psk *m, struct bytes psk)
{
	struct secret mac = { 0 };
	bool is_it = keys_auth(m->prf, psk, m->octets, &mac) == OK &&
		     bytes_eq_ct(secret_view(&mac), m->heard);

	secret_done(&mac);
	return is_it;
}

static void try_variants(
	const struct secrets *s, const struct msg_psk *m, size_t entry, struct fits *ret)
{
	struct secret made = { 0 };

	for (unsigned v = VARIANT_NONE + 1; v < VARIANT_END; v++) {
		if (!secrets_variant(s, entry, (enum secret_variant)v, &made))
			continue;
		ret->tried++;
		if (is_made_with(m, secret_view(&made)) && !ret->variant)
			ret->variant = (enum secret_variant)v;
		secret_done(&made);
	}
}

static void try_others(const struct secrets *s, const struct msg_psk *m, const struct id *ours,
	size_t entry, struct fits *ret)
{
	struct secrets_where w;
	struct bytes psk;
	size_t at = 0;

	while (ret->tried < LIMIT_SECRET_TRIES &&
		secrets_other(s, &at, entry, ours, &m->our_addr, &psk, &w)) {
		ret->tried++;
		if (is_made_with(m, psk) && !ret->variant && !ret->where[0])
			snprintf(ret->where, sizeof(ret->where), "%s:%u", w.file, w.line);
	}
}

void keys_fits(struct keys *k, const struct msg_psk *m, const struct id *ours,
	const struct secrets_where *used, struct bytes mac, struct fits *ret)
{
	if (m->heard.n != mac.n || bytes_eq_ct(m->heard, mac) ||
		!keys_may(&k->searches, LIMIT_SECRET_SEARCHES))
		return;
	try_variants(k->secrets, m, used->entry, ret);
	try_others(k->secrets, m, ours, used->entry, ret);
}
