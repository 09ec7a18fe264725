/* A prefix of IPv6 that the provider has changed: what the connection holds is on no device, and a
 * sibling of it is. */
#include "cmd/local.h"

#include <stdio.h>
#include <string.h>

enum { IID = 8 }; /* octets of the interface identifier, the last ones */

struct sibling {
	const struct local *l;
	struct addr of;	     /* an address of ours */
	uint8_t bits;	     /* of the network; 128: of is an address of this host itself */
	bool is_here;	     /* something of it is on a device: it has not changed */
	unsigned n;	     /* siblings that there are */
	struct prefix found; /* the first, with the address on the device */
	char device[32];
};

/* 2000::/3, which providers delegate and take away; nobody renumbers a ULA for us. */
static bool is_global(const struct addr *a)
{
	return a->family == 6 && (a->b[0] & 0xe0) == 0x20;
}

/* Does the connection, or its peer, have networks around that address? */
static bool is_known(const struct local *l, const struct addr *a)
{
	return ts_list_has(&l->what->our_nets, 0, a, 0) ||
	       ts_list_has(&l->what->their_nets, 0, a, 0);
}

static void take(void *ctx, const char *device, const struct prefix *p)
{
	struct sibling *x = ctx;
	struct prefix net = { x->of, x->bits };
	bool is_host = x->bits == 128, is_way = strcmp(device, x->l->device) == 0;

	if (prefix_has(&net, &p->addr))
		x->is_here = true;
	if (!is_global(&p->addr) || strcmp(device, "lo") == 0 ||
		strcmp(device, x->l->what->device) == 0 || is_known(x->l, &p->addr))
		return;
	/* an address keeps its identifier, on the way to the peer; a network is that of a wire, and
	 * not of that way */
	if (is_host ? !is_way || memcmp(p->addr.b + 16 - IID, x->of.b + 16 - IID, IID) != 0
		    : is_way || p->bits != x->bits)
		return;
	/* another address of the same network is none more */
	if (x->n && !is_host && prefix_has(&x->found, &p->addr))
		return;
	if (x->n++)
		return;
	x->found = *p;
	snprintf(x->device, sizeof(x->device), "%s", device);
}

static struct sibling sibling_of(const struct local *l, const struct addr *a, uint8_t bits)
{
	struct sibling x = { .l = l, .of = *a, .bits = bits };

	local_connected(take, &x);
	return x;
}

static void say(const struct sibling *x, const char *kind, const char *net)
{
	struct prefix clean = prefix_clean(x->found);
	char prefix[PREFIX_STR], address[ADDR_STR];

	prefix_format(&clean, prefix);
	addr_format(&x->found.addr, address);
	LOCAL_EMIT(x->l, local_prefix, .kind = ev_str(kind), .net = ev_str(net),
		.device = ev_str(x->device), .prefix = ev_str(prefix),
		.instead = ev_str(x->bits == 128 ? address : prefix));
}

/* Packets to that network leave where those to the peer do, or into the tunnel, or nowhere: it is
 * not behind this host, on no wire and behind no other router. */
static bool is_nowhere(const struct local *l, const struct range *r)
{
	char device[32];

	return !local_way(r, device) || strcmp(device, l->device) == 0 ||
	       strcmp(device, l->what->device) == 0;
}

void local_prefixes(const struct local *l)
{
	const struct ts_list *nets = &l->what->our_nets;
	char t[RANGE_STR];
	struct prefix p;

	if (is_global(&l->what->ours)) {
		struct sibling x = sibling_of(l, &l->what->ours, 128);

		if (!x.is_here && x.n)
			say(&x, "host", addr_format(&l->what->ours, t));
	}
	for (size_t i = 0; i < nets->n; i++) {
		const struct range *r = &nets->ts[i].range;
		struct sibling x;

		if (!is_global(&r->first) || !range_is_prefix(r, &p) || p.bits == 0)
			continue;
		x = sibling_of(l, &p.addr, p.bits);
		/* one of several: nobody can tell which has taken its place */
		if (!x.is_here && x.n == 1 && is_nowhere(l, r))
			say(&x, "subnet", range_format(r, t));
	}
}
