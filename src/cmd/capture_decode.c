/* A packet from the link layer up to IKE or ESP: what is below them only as far as it must be read
 * (RFC 791, RFC 8200, RFC 768, RFC 3948, RFC 4303). */
#include "cmd/capture.h"
#include "cmd/capture_text.h"

#include <stdarg.h>
#include <stdio.h>

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8 };
enum { PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ESP = 50, PROTO_FRAGMENT = 44 };
enum { PORT_IKE = 500, PORT_NAT = 4500 };

void line_add(struct line *to, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to->s + to->n, to->room - to->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		to->n = MIN(to->n + (size_t)n, to->room - 1);
}

bool capture_knows_link(int link)
{
	return link == LINK_ETHERNET || link == LINK_RAW || link == LINK_RAW_BSD ||
	       link == LINK_LINUX_SLL || link == LINK_LINUX_SLL2;
}

/* Steps over the link layer's header; the type of what follows, 0: look at the version. */
static uint16_t link_header(struct rd *r, int link)
{
	uint16_t type = 0;

	switch (link) {
	case LINK_ETHERNET:
		rd_skip(r, 12);
		type = rd_u16(r);
		break;
	case LINK_LINUX_SLL:
		rd_skip(r, 14);
		type = rd_u16(r);
		break;
	case LINK_LINUX_SLL2:
		type = rd_u16(r);
		rd_skip(r, 18);
		break;
	default:
		return r->n && *r->p >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
	}
	for (unsigned i = 0; i < 2 && (type == TYPE_VLAN || type == TYPE_QINQ); i++) {
		rd_skip(r, 2);
		type = rd_u16(r);
	}
	return type;
}

struct packet {
	struct endpoint from, to;
	uint8_t protocol;
	bool is_later; /* a fragment that is not the first one */
	struct rd body;
};

static void read_ipv4(struct rd *r, struct packet *p)
{
	uint8_t head = rd_u8(r);
	uint16_t total, fragment;

	rd_skip(r, 1);
	total = rd_u16(r);
	rd_skip(r, 2);
	fragment = rd_u16(r);
	rd_skip(r, 1);
	p->protocol = rd_u8(r);
	rd_skip(r, 2);
	p->from.addr = addr_from(rd_bytes(r, 4));
	p->to.addr = addr_from(rd_bytes(r, 4));
	p->is_later = fragment & 0x1fff;
	if (head >> 4 != 4 || (head & 15) < 5 || total < (head & 15) * 4)
		rd_fail(r);
	rd_skip(r, (head & 15) * 4u - 20u);
	if (!r->failed) /* Ethernet pads; a capture may be cut */
		p->body = rd_sub(r, MIN(r->n, total - (head & 15) * 4u));
}

static void read_ipv6(struct rd *r, struct packet *p)
{
	uint8_t version = rd_u8(r) >> 4;
	uint16_t length;

	rd_skip(r, 3);
	length = rd_u16(r);
	p->protocol = rd_u8(r);
	rd_skip(r, 1);
	p->from.addr = addr_from(rd_bytes(r, 16));
	p->to.addr = addr_from(rd_bytes(r, 16));
	if (version != 6)
		rd_fail(r);
	if (r->failed)
		return;
	p->body = rd_sub(r, MIN(r->n, length));
	if (p->protocol == PROTO_FRAGMENT) {
		p->protocol = rd_u8(&p->body);
		rd_skip(&p->body, 1);
		p->is_later = rd_u16(&p->body) & 0xfff8;
		rd_skip(&p->body, 4);
	}
}

static enum capture_kind add_esp(struct line *to, struct rd r, const char *how)
{
	size_t n = r.n;
	unsigned spi = rd_u32(&r), seq = rd_u32(&r);

	if (r.failed)
		line_add(to, "ESP%s, cut", how);
	else
		line_add(to, "ESP%s 0x%08x seq %u, %zu octets", how, spi, seq, n);
	return CAPTURE_ESP;
}

/* RFC 3948 2: what is on port 4500. */
static enum capture_kind add_nat(struct line *to, struct rd r)
{
	struct rd marker = r;

	if (r.n == 1 && r.p[0] == 0xff) {
		line_add(to, "NAT keepalive");
		return CAPTURE_KEEPALIVE;
	}
	if (rd_u32(&marker) != 0 || marker.failed)
		return add_esp(to, r, " in UDP");
	line_ike(to, rd_rest(&marker));
	return CAPTURE_IKE;
}

static enum capture_kind add_udp(struct line *to, struct packet *p)
{
	uint16_t length;
	char from[ENDPOINT_STR], there[ENDPOINT_STR];
	bool is_nat, is_ike;

	p->from.port = rd_u16(&p->body);
	p->to.port = rd_u16(&p->body);
	length = rd_u16(&p->body);
	rd_skip(&p->body, 2);
	line_add(to, "%s > %s ", endpoint_format(&p->from, from), endpoint_format(&p->to, there));
	if (p->body.failed) {
		line_add(to, "UDP, cut");
		return CAPTURE_OTHER;
	}
	if (length >= 8)
		p->body.n = MIN(p->body.n, length - 8u);
	is_nat = p->from.port == PORT_NAT || p->to.port == PORT_NAT;
	is_ike = p->from.port == PORT_IKE || p->to.port == PORT_IKE;
	if (is_nat)
		return add_nat(to, p->body);
	if (!is_ike) {
		line_add(to, "UDP, %zu octets", p->body.n);
		return CAPTURE_OTHER;
	}
	line_ike(to, rd_rest(&p->body));
	return CAPTURE_IKE;
}

enum capture_kind capture_decode(int link, struct bytes frame, char text[CAPTURE_TEXT])
{
	struct line to = { text, 0, CAPTURE_TEXT };
	struct packet p = { 0 };
	struct rd r = rd_from(frame);
	uint16_t type = link_header(&r, link);
	char from[ADDR_STR], there[ADDR_STR];

	text[0] = '\0';
	if (type == TYPE_IPV4)
		read_ipv4(&r, &p);
	else if (type == TYPE_IPV6)
		read_ipv6(&r, &p);
	else
		rd_fail(&r);
	if (r.failed || p.body.failed) {
		line_add(&to, "not an IP packet, %zu octets", frame.n);
		return CAPTURE_OTHER;
	}
	if (p.protocol == PROTO_UDP && !p.is_later)
		return add_udp(&to, &p);
	line_add(&to, "%s > %s ", addr_format(&p.from.addr, from), addr_format(&p.to.addr, there));
	if (p.protocol == PROTO_ESP && !p.is_later)
		return add_esp(&to, p.body, "");
	line_add(&to, "%s, %zu octets",
		p.is_later		  ? "a further IP fragment"
		: p.protocol == PROTO_TCP ? "TCP (RFC 9329)"
					  : "another protocol",
		p.body.n);
	return CAPTURE_OTHER;
}
