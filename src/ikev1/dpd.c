/* Is the peer still there (RFC 3706)? When nothing was heard for dpddelay=, neither IKE nor ESP,
 * R-U-THERE asks, again every dpddelay=; without a word for dpdtimeout= after the first of them the
 * peer is dead, and dpdaction= says what becomes of its connections.
 *
 * An IPsec SA may outlive its ISAKMP SA, and then nobody can ask: so that a tunnel does not lead
 * nowhere for hours, Phase 1 is made anew for it. */
#include "ikev1/exchanges.h"
#include "ikev1/vendor.h"

static bool is_on(const struct v1_sa *sa)
{
	return sa->state == V1_ESTABLISHED && sa->conn->conf->dpddelay > 0 &&
	       sa->vendors & V1_VENDOR_DPD;
}

/* Without dpdtimeout= it is as long as any message waits for its answer. */
static ns_t timeout_of(const struct v1_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;

	return conf->dpdtimeout > 0 ? conf->dpdtimeout : conf->retransmit_timeout;
}

static void arm(struct v1_sa *sa, ns_t at)
{
	timer_set(&sa->ike->timers, &sa->dpd, at);
}

void v1_dpd_arm(struct v1_sa *sa)
{
	sa->dpd_open = 0;
	sa->dpd_asks = 0;
	if (is_on(sa))
		arm(sa, sa->ike->now.mono + sa->conn->conf->dpddelay);
	else
		timer_stop(&sa->ike->timers, &sa->dpd);
	if (sa->state == V1_ESTABLISHED && sa->conn->conf->dpddelay > 0 &&
		!(sa->vendors & V1_VENDOR_DPD))
		V1_EMIT(sa, v1_dpd_unsupported, );
}

/* ---- the end ---- */

static void decide(struct conn *c)
{
	if (c->conf->dpdaction == DPDACTION_RESTART)
		c->must_be_up = true;
	else if (c->conf->dpdaction == DPDACTION_CLEAR)
		c->must_be_up = false;
}

static const char *action_name(const struct conn *c)
{
	static const char *const names[] = { [DPDACTION_HOLD] = "hold",
		[DPDACTION_CLEAR] = "clear",
		[DPDACTION_RESTART] = "restart",
		[DPDACTION_NONE] = "none" };

	return names[c->conf->dpdaction];
}

static void dead(struct v1_sa *sa)
{
	struct v1_child *c;
	char seconds[32];

	seconds_text(sa->ike->now.mono - sa->dpd_since, -1, seconds, sizeof(seconds));
	V1_EMIT(sa, v1_dpd_dead, .seconds = ev_str(seconds), .asked = ev_u64(sa->dpd_open),
		.action = ev_str(action_name(sa->conn)), .remote = ev_ep(sa->remote));
	decide(sa->conn);
	list_each (c, &sa->children, struct v1_child, node)
		decide(c->c.conn);
	v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

/* ---- orphans ---- */

void v1_dpd_orphan(struct v1_child *c)
{
	const struct conn *conn = c->c.conn;

	/* a template's peer is the one that begins */
	if (conn->conf->dpddelay > 0 && conn->remote.addr.family && !conn->template)
		timer_set(&c->v1->ike->timers, &c->alone,
			c->v1->ike->now.mono + conn->conf->dpddelay);
}

static void orphan_dead(struct v1_child *c)
{
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;
	char seconds[32];

	seconds_text(v1->ike->now.mono - c->c.last.last_in, -1, seconds, sizeof(seconds));
	V1_CHILD_EMIT(c, v1_dpd_dead, .seconds = ev_str(c->c.last.last_in ? seconds : "?"),
		.asked = ev_u64(0), .action = ev_str(action_name(conn)),
		.remote = ev_ep(c->c.remote));
	decide(conn);
	conn_use(conn);
	v1_child_kill(c, EXIT_IKE_NO_ANSWER);
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
}

void v1_fire_child_alone(struct ike *ike, struct timer *t)
{
	struct v1_child *c = container_of(t, struct v1_child, alone);
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	if (v1_sa_opening_for_conn(v1, conn)) {
		timer_set(&ike->timers, t, ike->now.mono + conn->conf->dpddelay);
	} else if (c->has_asked) {
		orphan_dead(c);
	} else {
		c->has_asked = true;
		timer_set(&ike->timers, t, ike->now.mono + conn->conf->dpddelay);
		v1_phase1_start(v1, conn, 0);
	}
	v1_leave(v1);
}

/* ---- asking ---- */

static void say(struct v1_sa *sa, uint16_t type, uint32_t number)
{
	uint8_t spi[16], room[4];
	struct wr data = wr_to(room, sizeof(room));

	memcpy(spi, sa->icookie, 8);
	memcpy(spi + 8, sa->rcookie, 8);
	wr_u32(&data, number);
	v1_tell_notify(sa, PROTO_IKE, BYTES(spi), type, wr_view(&data));
}

/* RFC 3706 6.2: numbers begin at random, below the sign bit, and grow by one. */
static void ask(struct v1_sa *sa)
{
	ns_t now = sa->ike->now.mono;

	if (sa->dpd_ours == 0)
		sa->dpd_ours = rng_u32(&sa->ike->env.rng) & 0x3fffffff;
	sa->dpd_ours++;
	if (sa->dpd_open++ == 0)
		sa->dpd_since = now;
	say(sa, N1_R_U_THERE, sa->dpd_ours);
	if (is_on(sa))
		arm(sa, MIN(now + sa->conn->conf->dpddelay, sa->dpd_since + timeout_of(sa)));
}

bool v1_dpd_ask(struct v1_sa *sa, uint32_t request)
{
	struct event_about about = v1_about(sa);

	if (sa->state != V1_ESTABLISHED || !(sa->vendors & V1_VENDOR_DPD))
		return false;
	about.request = request;
	alive_ask(sa->ike, &sa->alive, &about);
	ask(sa);
	return true;
}

static ns_t last_life(const struct v1_sa *sa)
{
	ns_t life = sa->heard;
	const struct v1_child *c;

	list_each (c, &sa->children, struct v1_child, node)
		life = MAX(life, c->c.last.last_in);
	return life;
}

static void judge(struct v1_sa *sa)
{
	ns_t now = sa->ike->now.mono, life = last_life(sa);

	if (now - life < sa->conn->conf->dpddelay) {
		sa->dpd_open = 0;
		arm(sa, life + sa->conn->conf->dpddelay);
	} else if (sa->dpd_open && life > sa->dpd_since) {
		sa->dpd_open = 0;
		ask(sa);
	} else if (sa->dpd_open && now - sa->dpd_since >= timeout_of(sa)) {
		dead(sa);
	} else {
		ask(sa);
	}
}

static unsigned query_children(struct v1_sa *sa)
{
	struct v1_child *c;
	unsigned n = 0;

	list_each (c, &sa->children, struct v1_child, node)
		if (c->c.has_in && c->state >= V1_QUICK_ESTABLISHED) {
			child_query(sa->ike, &c->c, V1_ASK_TRAFFIC);
			n++;
		}
	return n;
}

void v1_fire_dpd(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, dpd);
	struct v1 *v1 = sa->v1;

	if (!is_on(sa))
		return;
	/* an answer may never come: what was asked for goes with the Child SA */
	arm(sa, ike->now.mono + sa->conn->conf->dpddelay);
	if (ike->now.mono - sa->heard < sa->conn->conf->dpddelay ||
		!(sa->dpd_asks = query_children(sa)))
		judge(sa);
	v1_leave(v1);
}

void v1_dpd_answer(struct v1_child *c, const struct answer *a)
{
	struct v1_sa *sa = c->sa;

	if (a->e == OK)
		c->c.last = a->counters;
	if (!sa || sa->dpd_asks == 0 || --sa->dpd_asks != 0 || !is_on(sa))
		return;
	judge(sa);
}

/* ---- the peer's word ---- */

static void old_event(struct v1_sa *sa, const char *what, uint32_t number, uint32_t expected)
{
	if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_dpd_old, .what = ev_str(what), .number = ev_u64(number),
			.expected = ev_u64(expected), .remote = ev_ep(sa->remote));
}

bool v1_dpd_asked(struct v1_sa *sa, struct bytes data)
{
	struct rd r = rd_from(data);
	uint32_t number = rd_u32(&r);

	if (data.n != 4)
		return false;
	if (sa->has_dpd_theirs && (int32_t)(number - sa->dpd_theirs) <= 0) {
		old_event(sa, "R_U_THERE", number, sa->dpd_theirs + 1);
		return false;
	}
	sa->dpd_theirs = number;
	sa->has_dpd_theirs = true;
	say(sa, N1_R_U_THERE_ACK, number);
	return true;
}

bool v1_dpd_acked(struct v1_sa *sa, struct bytes data)
{
	struct rd r = rd_from(data);
	uint32_t number = rd_u32(&r);

	if (data.n != 4)
		return false;
	/* any that is still unanswered: the last ones may cross */
	if (sa->dpd_open == 0 || sa->dpd_ours - number >= sa->dpd_open) {
		old_event(sa, "R_U_THERE_ACK", number, sa->dpd_ours);
		return false;
	}
	sa->dpd_open = 0;
	alive_heard(sa->ike, &sa->alive, (struct event_about[1]){ v1_about(sa) });
	return true;
}
