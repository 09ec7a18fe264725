/* What pluto says of the network: what could not be sent, and what came back as ICMP. */
#include "foreign/line.h"

/* ERROR: "vpn" #1: send on eth1 from 192.0.2.1:500 to 198.51.100.1:500 using UDP failed in
 * STATE_V2_PARENT_I0: Network is unreachable (errno 101) */
void pluto_send_failed(struct line *n)
{
	const char *to = strstr(n->after, " to "), *in = strstr(n->after, "failed in "),
		   *error = strstr(n->after, "(errno ");
	const char *colon = in ? strstr(in, ": ") : NULL;
	struct endpoint local = { 0 }, remote = { 0 };
	struct event_value on, what, number;

	if (!in)
		return;
	(void)endpoint_read(n->after, &local);
	if (to && endpoint_read(to, &remote))
		n->talk->remote = remote;
	n->talk->local = local;
	on = ev_str(line_until(n, n->after, " "));
	what = ev_str(colon ? line_until(n, colon + 2, "(") : "");
	number = ev_u64(error ? number_read(error) : 0);
	if (n->talk->version == 1)
		SAY(n, v1_send_failed, .interface = on, .local = ev_ep(local), .what = what,
			.error = number);
	else
		SAY(n, v2_send_failed, .interface = on, .local = ev_ep(local), .what = what,
			.error = number);
}

/* on eth0 (192.0.2.1:500), complainant 198.51.100.1: Connection refused [errno 111, origin ICMP
 * type 3 code 3 (not authenticated)] */
void pluto_net_error(struct line *n)
{
	const char *on = line_between(n, n->after, "on ", " ");
	const char *complains = strstr(n->after, "complainant ");
	struct endpoint by = { 0 }, local = { 0 }, remote = { 0 };
	const char *what = complains ? endpoint_read(complains, &by) : NULL;
	const char *error = strstr(n->after, "[errno "), *to = strstr(n->after, "message to ");
	struct event_value said_what = ev_str(""), origin, number;

	(void)endpoint_read(n->after, &local);
	if (to && endpoint_read(to, &remote))
		n->talk->remote = remote;
	n->talk->local = local;
	if (what)
		said_what = ev_str(line_until(n, what + strspn(what, ": "), "["));
	number = ev_u64(error ? number_read(error) : 0);
	origin = ev_str(line_between(n, n->after, "origin ", " ("));
	if (n->talk->version == 1)
		SAY(n, v1_net_error, .interface = ev_str(on), .local = ev_ep(local),
			.complainant = ev_addr(by.addr), .what = said_what, .error = number,
			.origin = origin);
	else
		SAY(n, v2_net_error, .interface = ev_str(on), .local = ev_ep(local),
			.complainant = ev_addr(by.addr), .what = said_what, .error = number,
			.origin = origin);
}
