/* What this process knows of "ipsec status" (its first part, in Libreswan 4.10's order) and of
 * "ipsec globalstatus" (totals). */
#include "proc/control/control.h"

#include "event/debug.h"
#include "proc/names.h"
#include <net/if.h>
#include <stdio.h>

#define SAY(c, request, name, ...) REQUEST_EMIT(&(c)->p, request, name, __VA_ARGS__)

static void interfaces(struct control *c, uint32_t request)
{
	struct rd r = rd_from(buf_view(&c->addrs));

	while (rd_more(&r)) {
		struct addr a = addr_get(&r);
		char name[IFNAMSIZ + 1] = "";

		rd_copy(&r, name, IFNAMSIZ);
		for (unsigned port = 4500; port > 0; port = port == 4500 ? 500 : 0)
			SAY(c, request, status_interface, .name = ev_str(name),
				.local = ev_ep((struct endpoint){ a, (uint16_t)port }));
	}
}

static const char *yes(bool b)
{
	return b ? "yes" : "no";
}

static void options(struct control *c, uint32_t request)
{
	static const char *const ddos[] = { "auto", "busy", "unlimited" };
	static const char *const v1[] = { "accept", "reject", "drop", "auto" };
	const struct conf_setup *s = &c->setup;
	char threshold[16], halfopen[16], shunt[32], keep_alive[32], listen[ADDR_STR] = "<any>";

	snprintf(threshold, sizeof(threshold), "%u", s->ddos_threshold);
	snprintf(halfopen, sizeof(halfopen), "%u", s->max_halfopen);
	snprintf(shunt, sizeof(shunt), "%llds", (long long)(s->shuntlifetime / NS_S));
	snprintf(keep_alive, sizeof(keep_alive), "%lld", (long long)(s->keep_alive / NS_S));
	if (addr_is_set(&s->listen))
		addr_format(&s->listen, listen);
	const struct {
		const char *key, *value;
	} line[] = {
		{ "logfile", s->logfile ? s->logfile : "<syslog>" },
		{ "secrets", s->secretsfile ? s->secretsfile : "<default>" },
		{ "pluto_version", "4.10" },
		{ "uniqueids", yes(s->uniqueids) },
		{ "logappend", yes(s->logappend) },
		{ "logip", yes(s->logip) },
		{ "shuntlifetime", shunt },
		{ "ddos-cookies-threshold", threshold },
		{ "ddos-max-halfopen", halfopen },
		{ "ddos-mode", s->ddos_mode < COUNT(ddos) ? ddos[s->ddos_mode] : "?" },
		{ "ikev1-policy", s->ikev1_policy < COUNT(v1) ? v1[s->ikev1_policy] : "?" },
		{ "msg_errqueue", yes(s->errqueue) },
		{ "listen", listen },
		{ "nat-traversal", "yes" },
		{ "keep-alive", keep_alive },
		{ "nat-ikeport", "4500" },
		{ "virtual-private (%priv)", s->virtual_private ? s->virtual_private : "<unset>" },
	};

	for (size_t i = 0; i < COUNT(line); i++)
		SAY(c, request, status_setup, .key = ev_str(line[i].key),
			.value = ev_str(line[i].value));
}

/* The kernel's failure counters that have moved; nothing when none has. */
static void counters(struct control *c, uint32_t request)
{
	bool any = false;

	for (unsigned i = 0; i < XFRM_COUNTER_END; i++)
		if (c->xfrm_moved[i]) {
			SAY(c, request, status_xfrm_counter,
				.counter = ev_str(xfrm_counter_name((enum xfrm_counter)i)),
				.since_start = ev_u64(c->xfrm_moved[i]),
				.meaning = ev_str(xfrm_counter_text((enum xfrm_counter)i)));
			any = true;
		}
	if (any)
		SAY(c, request, status_blank, );
}

void heading_show(struct control *c, uint32_t request)
{
	char words[128];

	SAY(c, request, status_dataplane,
		.name = ev_str(c->has_kernel_plane ? "xfrm" : "userspace-esp"),
		.why = ev_str(c->plane_why));
	SAY(c, request, status_blank, );
	interfaces(c, request);
	SAY(c, request, status_blank, );
	SAY(c, request, status_heading, .text = ev_str("fips mode=disabled;"));
	SAY(c, request, status_blank, );
	SAY(c, request, status_heading, .text = ev_str("config setup options:"));
	SAY(c, request, status_blank, );
	options(c, request);
	SAY(c, request, status_debug,
		.words = ev_str(debug_format(c->debug, words, sizeof(words))));
	SAY(c, request, status_blank, );
	counters(c, request);
}

/* Since this process was started. */
void totals_show(struct control *c, uint32_t request)
{
	const struct {
		const char *key;
		enum event_id of;
	} line[] = {
		{ "total.ike.ikev2.established", EV_v2_ike_established },
		{ "total.ikev2.ike.started", EV_v2_initiate },
		{ "total.ikev2.child.established", EV_v2_child_established },
		{ "total.ipsec.type.all", EV_v2_child_established },
		{ "total.ipsec.type.esp", EV_v2_child_established },
	};

	for (size_t i = 0; i < COUNT(line); i++)
		SAY(c, request, global_value, .key = ev_str(line[i].key),
			.value = ev_u64(c->count[line[i].of]));
}
