#pragma once
/* Lifetimes of SAs as a connection has them, in both IKE versions. */
#include "base/now.h"
#include "config/conf.h"

#define LIFETIME_DEFAULT (8 * 3600 * NS_S)

/* How long after an SA has come up its rekey begins: rekeymargin= before the end, earlier by a
 * random part of rekeyfuzz= percent of it, so that two ends seldom begin together. Who asked for
 * the SA begins; the other end waits a little longer. 0: never (rekey=no). */
ns_t lifetime_rekey_after(
	const struct conf_conn *conf, const struct rng *rng, ns_t life, bool is_requester);
