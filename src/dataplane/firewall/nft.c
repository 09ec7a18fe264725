/* Our table of nftables, as nft -f - reads it. Values that stand in it are numbers and addresses
 * only. */
#include "dataplane/firewall/firewall.h"

#include "base/text.h"

#include <inttypes.h>
#include <netinet/in.h>

enum { IP4_TCP = 40, IP6_MORE = 20 };

uint16_t fw_mss_of_mtu(uint32_t inner_mtu)
{
	uint32_t mss = inner_mtu > IP4_TCP + FW_MSS_MIN ? inner_mtu - IP4_TCP : FW_MSS_MIN;

	return (uint16_t)MIN(mss, 65535u - IP4_TCP);
}

static const char *ip(const struct range *r)
{
	return r->first.family == 6 ? "ip6" : "ip";
}

static bool has_ports(const struct ts *t)
{
	return (t->protocol == IPPROTO_TCP || t->protocol == IPPROTO_UDP) &&
	       t->port_first <= t->port_last && (t->port_first != 0 || t->port_last != 65535);
}

static void port(struct text *x, const char *which, const struct ts *t)
{
	if (has_ports(t) && t->port_first == t->port_last)
		text_add(x, " th %s %u", which, t->port_first);
	else if (has_ports(t))
		text_add(x, " th %s %u-%u", which, t->port_first, t->port_last);
}

/* from and to are the two ends of a packet. */
static void match(struct text *x, const struct ts *from, const struct ts *to)
{
	char a[RANGE_STR], b[RANGE_STR];

	text_add(x, "\t\t%s saddr %s %s daddr %s", ip(&from->range), range_format(&from->range, a),
		ip(&to->range), range_format(&to->range, b));
	if (from->protocol)
		text_add(x, " meta l4proto %u", from->protocol);
	port(x, "sport", from);
	port(x, "dport", to);
}

static void clamp(
	struct text *x, const struct fw_tunnel *t, const struct ts *from, const struct ts *to)
{
	unsigned mss = t->mss;

	if (mss == 0 || (from->protocol && from->protocol != IPPROTO_TCP))
		return;
	if (from->range.first.family == 6)
		mss -= IP6_MORE;
	match(x, from, to);
	text_add(x,
		" tcp option maxseg size > %u tcp option maxseg size set %u comment \"reqid "
		"%" PRIu32 "\"\n",
		mss, mss, t->reqid);
}

/* Traffic inside our own net does not go through a tunnel that takes everything. */
static void exempt(
	struct text *x, const struct fw_tunnel *t, const struct ts *from, const struct ts *to)
{
	char own[RANGE_STR];

	if (!t->is_exempt)
		return;
	match(x, from, to);
	if (range_covers(&to->range, &from->range) && !range_eq(&to->range, &from->range))
		text_add(x, " %s daddr != %s", ip(&from->range), range_format(&from->range, own));
	text_add(x, " snat %s to %s saddr comment \"reqid %" PRIu32 "\"\n", ip(&from->range),
		ip(&from->range), t->reqid);
}

/* f for each pair of ends of one family, of all tunnels. */
static void each(struct text *x, const struct fw_tunnel *const *t, size_t n, bool both_ways,
	void (*f)(struct text *, const struct fw_tunnel *, const struct ts *, const struct ts *))
{
	for (size_t i = 0; i < n; i++)
		for (size_t a = 0; a < t[i]->ts_local.n; a++)
			for (size_t b = 0; b < t[i]->ts_remote.n; b++) {
				const struct ts *local = &t[i]->ts_local.ts[a],
						*remote = &t[i]->ts_remote.ts[b];

				if (local->range.first.family != remote->range.first.family)
					continue;
				f(x, t[i], local, remote);
				if (both_ways)
					f(x, t[i], remote, local);
			}
}

static void clamping(struct text *x, const struct fw_tunnel *const *t, size_t n)
{
	static const char *const hooks[] = { "forward", "input", "output" };

	text_add(x, "\tchain mss {\n");
	each(x, t, n, true, clamp);
	text_add(x, "\t}\n");
	for (size_t i = 0; i < COUNT(hooks); i++)
		text_add(x,
			"\tchain %s {\n\t\ttype filter hook %s priority mangle; policy accept;\n"
			"\t\ttcp flags & (syn | rst) == syn jump mss\n\t}\n",
			hooks[i], hooks[i]);
}

/* Before everybody's own (srcnat, 100), also those of the older tables. */
static void exempting(struct text *x, const struct fw_tunnel *const *t, size_t n)
{
	text_add(x, "\tchain nat {\n\t\ttype nat hook postrouting priority srcnat - 10; "
		    "policy accept;\n");
	each(x, t, n, false, exempt);
	text_add(x, "\t}\n");
}

char *fw_nft_text(const struct fw_tunnel *const *t, size_t n)
{
	struct text x = { 0 };
	bool clamps = false, exempts = false;

	for (size_t i = 0; i < n; i++) {
		clamps |= t[i]->mss != 0;
		exempts |= t[i]->is_exempt;
	}
	/* the first line is for the second: what is not there cannot be deleted */
	text_add(&x, "table inet " FW_TABLE "\ndelete table inet " FW_TABLE "\n");
	if (!clamps && !exempts)
		return x.s;
	text_add(&x, "table inet " FW_TABLE " {\n");
	if (clamps)
		clamping(&x, t, n);
	if (exempts)
		exempting(&x, t, n);
	text_add(&x, "}\n");
	return x.s;
}
