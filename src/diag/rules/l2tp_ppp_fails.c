#include "diag/local.h"

#define PORT(e) FIELDS(e, local_port)

enum { L2TP = 1701 };

/* The daemons of L2TP that people have. */
static bool is_l2tp(const char *command)
{
	static const char *const known[] = { "xl2tpd", "l2tpd", "openl2tpd", "l2tpns", "accel-pppd",
		"mpd5", "prol2tpd", "nm-l2tp-service", "the kernel" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strncmp(command, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

static enum certainty nobody(const union ev_local_port *p, struct finding *f)
{
	finding_cause(f,
		"IPsec works, and nobody takes what it brings: %llu octets for L2TP came out of "
		"the tunnel, and no program of this host has UDP port %u",
		(unsigned long long)p->in.u64, L2TP);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "systemctl restart xl2tpd");
	return CERTAIN;
}

static enum certainty somebody_else(const union ev_local_port *p, struct finding *f)
{
	finding_cause(f,
		"IPsec works, and UDP port %u, to which it brings L2TP (%llu octets), belongs to "
		"%s (process %s), which does not answer",
		L2TP, (unsigned long long)p->in.u64, p->command.str, p->pid.str);
	finding_fix(f, FIX_HERE, FIX_WORDS, "stop %s, or give it another port; then start xl2tpd",
		p->command.str);
	return LIKELY;
}

/* Who has hung up looks the same. */
static enum certainty no_ppp(const union ev_local_port *p, struct finding *f)
{
	finding_cause(f,
		"IPsec works: L2TP has gone through the tunnel in both directions (%llu octets in, "
		"%llu out); but there is no PPP device: L2TP or PPP ends before it is up, or it "
		"was taken down",
		(unsigned long long)p->in.u64, (unsigned long long)p->out.u64);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"make the same authentication (MS-CHAP v2), names and passwords stand in "
		"/etc/ppp/chap-secrets and at the client, with mtu 1280 and mru 1280");
	finding_next(f, "journalctl -u xl2tpd shows what pppd says: LCP, CHAP, a password");
	return POSSIBLE;
}

/* The peer's own answer to a datagram: what the other ways of the test flow are judged by, it has
 * not. */
static const struct event *refused(const struct story *s)
{
	for (unsigned i = s->n; i > s->from && story_is_up(s); i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == EV_flow_error && strcmp(FIELDS(e, flow_error)->way.str, "l2tp") == 0)
			return story_age(s, e) < 600 * NS_S ? e : NULL;
		if (e->id == EV_flow_sent && strcmp(FIELDS(e, flow_sent)->way.str, "l2tp") == 0)
			return NULL; /* and nobody has complained */
	}
	return NULL;
}

static enum certainty nobody_there(const struct event *e, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f,
		"IPsec works, and nobody takes what it brings: %s says that no program there has "
		"UDP port %u",
		FIELDS(e, flow_error)->complainant.str, L2TP);
	finding_fix(f, FIX_PEER, FIX_COMMAND, "systemctl restart xl2tpd");
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = local_next(s, EV_local_port, NULL);
	const union ev_local_port *p = e ? PORT(e) : NULL;
	const struct event *said = refused(s);

	if (said)
		return nobody_there(said, f);
	if (!p || p->port.u64 != L2TP || p->in.u64 == 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	if (p->nobody.str[0])
		return nobody(p, f);
	if (!is_l2tp(p->command.str))
		return p->out.u64 == 0 ? somebody_else(p, f) : CERTAINTY_NONE;
	return p->out.u64 && !p->ppp.u64 ? no_ppp(p, f) : CERTAINTY_NONE;
}

const struct rule rule_l2tp_ppp_fails = {
	.id = "l2tp-ppp-fails",
	.title = "IPsec is up, L2TP or PPP fails",
	.layer = "interop with L2TP",
	.most = CERTAIN,
	.symptom = "Maximum retries exceeded for tunnel; Windows says 628 or 691",
	.proof = "what the SAs have carried, and who listens on UDP port 1701: IPsec is not guilty",
	.remedy = "start xl2tpd, free port 1701, the same authentication of PPP at both ends",
	.judge = judge_it,
};
