/* How a connection works, told when it comes up: what failed later is compared with it. */
#include "config/facts.h"
#include "ike/child.h"
#include "ike/engine.h"

enum { TEXT = 256 };

/* As one proposal, so that it is written like one. */
static void as_proposal(const struct suite *s, enum protocol_id protocol, struct proposals *ret)
{
	const struct transform all[] = { { TT_ENCR, s->encr, s->key_bits }, { TT_PRF, s->prf, 0 },
		{ TT_INTEG, s->integ, 0 }, { TT_KE, s->ke, 0 } };
	struct proposal *p = &ret->p[0];

	*ret = (struct proposals){ .n = 1 };
	p->number = 1;
	p->protocol = (uint8_t)protocol;
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].id)
			p->t[p->n++] = all[i];
}

void child_worked(const struct ike *ike, const struct child *c, const struct suite *suite,
	const char *product)
{
	const struct conn *conn = c->conn;
	char remote[ADDR_STR], natd[ENDPOINT_STR], ike_used[TEXT] = "", ike_swanctl[TEXT] = "",
						   esp_used[TEXT], esp_swanctl[TEXT];
	struct event_about about = { .conn = conn->conf->name };
	struct proposals p;

	if (conn->template)
		return;
	if (suite) {
		as_proposal(suite, PROTO_IKE, &p);
		proposals_conf(&p, ike_used, sizeof(ike_used));
		proposals_swanctl(&p, ike_swanctl, sizeof(ike_swanctl));
	}
	as_proposal(&c->suite, PROTO_ESP, &p);
	conf_worked(conn->conf,
		&(struct facts_worked){ .remote = addr_format(&c->remote.addr, remote),
			.ike_used = ike_used,
			.ike_swanctl = ike_swanctl,
			.esp_used = proposals_conf(&p, esp_used, sizeof(esp_used)),
			.esp_swanctl = proposals_swanctl(&p, esp_swanctl, sizeof(esp_swanctl)),
			.natd = c->encap ? endpoint_format(&c->remote, natd) : "",
			.product = product,
			.plane = ike->plane == PLANE_KERNEL ? "kernel" : "userspace" },
		&(struct facts_host){ ike->env.kernel, ike->env.daemon }, &about, ike->now,
		&ike->env.events);
}
