#include "diag/icmp.h"

#include "diag/identity.h"
#include "diag/probed.h"

static enum icmp_trouble trouble_of(uint64_t error, uint64_t type, uint64_t code)
{
	if (error == 111)
		return ICMP_NO_PORT;
	if (type == 3 && (code == 9 || code == 10 || code == 13))
		return ICMP_PROHIBITED;
	if (type == 1 && (code == 1 || code == 5))
		return ICMP_PROHIBITED;
	return error == 101 ? ICMP_NO_NET : error == 113 ? ICMP_NO_HOST : ICMP_OTHER;
}

struct icmp story_icmp(const struct story *s)
{
	struct icmp i = { .e = story_last(s, EV_v2_net_error) };
	struct probes p = story_probes(s);

	if (i.e) {
		const union ev_v2_net_error *n = FIELDS(i.e, v2_net_error);

		i.by = n->complainant.addr;
		i.local = n->local.ep.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	} else if ((i.e = story_last(s, EV_v1_net_error))) {
		const union ev_v1_net_error *n = FIELDS(i.e, v1_net_error);

		i.by = n->complainant.addr;
		i.local = n->local.ep.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	} else if (p.complaint.e && !probed_is_answered(&p.main)) { /* 4500 alone is no failure */
		const union ev_probe_refused *n = FIELDS(p.complaint.e, probe_refused);

		i.e = p.complaint.e;
		i.by = n->complainant.addr;
		i.local = n->local.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	}
	return i;
}

bool icmp_is_refused(const struct icmp *i)
{
	return i->e && i->trouble == ICMP_NO_PORT && addr_eq(&i->by, &i->remote.addr);
}

bool story_is_refused(const struct story *s)
{
	struct icmp i = story_icmp(s);

	return icmp_is_refused(&i) && story_age(s, i.e) < ICMP_LATELY;
}

bool icmp_is_filter(const struct icmp *i)
{
	bool is_lost = i->trouble == ICMP_NO_HOST || i->trouble == ICMP_NO_NET;

	return i->e &&
	       (i->trouble == ICMP_PROHIBITED || (is_lost && addr_eq(&i->by, &i->remote.addr)));
}

bool icmp_is_one_port(const struct story *s, const struct icmp *i)
{
	static const enum event_id on[] = { EV_v2_auth_sent, EV_v1_main_i3_sent, EV_NONE };
	static const enum event_id first[] = { EV_v2_init_sent, EV_v1_main_i1_sent, EV_NONE };
	struct probes p = story_probes(s);
	const struct event *e = story_last_of(s, first);
	uint16_t began_at = 0;

	if (!i->e || i->trouble != ICMP_NO_PORT)
		return false;
	if (i->remote.port != 4500)
		return i->remote.port == 500 && probed_is_answered(&p.natt);
	if (e)
		began_at = e->id == EV_v2_init_sent ? FIELDS(e, v2_init_sent)->remote.ep.port
						    : FIELDS(e, v1_main_i1_sent)->remote.ep.port;
	return began_at == 500 && story_later(story_last_of(s, on), e);
}

enum certainty icmp_rejected(const struct story *s, struct finding *f, bool is_4500)
{
	struct icmp i = story_icmp(s);
	char by[ADDR_STR], to[ENDPOINT_STR];
	unsigned port = is_4500 ? 4500 : 500;
	bool is_peer = addr_eq(&i.by, &i.remote.addr);

	if (!icmp_is_filter(&i) || story_is_up(s) || is_4500 != (i.remote.port == 4500))
		return CERTAINTY_NONE;
	addr_format(&i.by, by);
	finding_proof(f, i.e);
	if (is_peer)
		finding_cause(f,
			"the peer's host rejects UDP port %u (%s) with ICMP: its packet filter "
			"does",
			port, endpoint_format(&i.remote, to));
	else
		finding_cause(f,
			"%s, which is not the peer, answers \"administratively prohibited\" in its "
			"place: a packet filter there rejects UDP port %u",
			by, port);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"on %s let UDP ports 500 and 4500 and ESP (protocol 50) through (firewalld: "
		"firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload)",
		by);
	if (is_peer)
		return CERTAIN;
	finding_suspect(f, &rule_peer_not_listening_icmp);
	return LIKELY;
}

void icmp_start_there(struct finding *f)
{
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND, "systemctl start ipsec");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_COMMAND, "systemctl start strongswan");
}
