#include "ike/lifetime.h"

ns_t lifetime_rekey_after(
	const struct conf_conn *conf, const struct rng *rng, ns_t life, bool is_requester)
{
	ns_t margin = conf->rekeymargin;
	ns_t fuzz = margin / 100 * (ns_t)conf->rekeyfuzz;

	if (!conf->rekey || margin <= 0)
		return 0;
	if (!is_requester) {
		margin /= 2;
		fuzz /= 2;
	}
	if (fuzz > 0)
		margin += (ns_t)(rng_u64(rng) % (uint64_t)fuzz);
	return life > margin ? life - margin : life / 2;
}
