#include "cmd/flow_read.h"

#include "base/rd.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- ICMP ---- */

enum {
	PROTOCOL_ICMP = 1,
	PROTOCOL_ICMP6 = 58,
	ECHO_REPLY = 0,
	UNREACHABLE = 3,
	FRAGMENTATION_NEEDED = 4, /* a code of it */
	ECHO = 8,
	TIME_EXCEEDED = 11,
	ECHO6 = 128,
	ECHO_REPLY6 = 129,
	UNREACHABLE6 = 1,
	TOO_BIG6 = 2,
	TIME_EXCEEDED6 = 3,
	HEADER6_N = 40,
};

/* The header of IPv4, and what protocol follows. */
static uint8_t read_ip4(struct rd *r, struct addr *from)
{
	uint8_t first = rd_u8(r), protocol;
	uint32_t source;

	rd_skip(r, 8);
	protocol = rd_u8(r);
	rd_skip(r, 2);
	source = rd_u32(r);
	rd_skip(r, 4);
	if (first >> 4 != 4 || (first & 15) < 5)
		rd_fail(r);
	rd_skip(r, (size_t)((first & 15) - 5) * 4);
	*from = addr_v4(source);
	return protocol;
}

/* ---- others' packets ---- */

enum { PROTOCOL_TCP = 6, TCP_FLAGS_AT = 13, TCP_SYN = 0x02, TCP_ACK = 0x10 };

static bool begins(uint8_t protocol, uint8_t echo, struct rd *r)
{
	uint8_t flags;

	if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMP6)
		return rd_u8(r) == echo && !r->failed;
	if (protocol != PROTOCOL_TCP)
		return false;
	rd_skip(r, TCP_FLAGS_AT);
	flags = rd_u8(r);
	return !r->failed && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool see4(struct rd *r, struct ip_seen *ret)
{
	uint8_t first = rd_u8(r), protocol;
	uint16_t fragment;

	rd_skip(r, 5);
	fragment = rd_u16(r) & 0x1fff;
	rd_skip(r, 1);
	protocol = rd_u8(r);
	rd_skip(r, 2);
	ret->src = addr_v4(rd_u32(r));
	ret->dst = addr_v4(rd_u32(r));
	if (r->failed || (first & 15) < 5)
		return false;
	rd_skip(r, (size_t)((first & 15) - 5) * 4);
	ret->is_asking = !fragment && begins(protocol, ECHO, r);
	return true;
}

static bool see6(struct rd *r, struct ip_seen *ret)
{
	uint8_t protocol;

	rd_skip(r, 6);
	protocol = rd_u8(r);
	rd_skip(r, 1);
	ret->src = addr_from(rd_bytes(r, 16));
	ret->dst = addr_from(rd_bytes(r, 16));
	if (r->failed)
		return false;
	ret->is_asking = begins(protocol, ECHO6, r);
	return true;
}

bool ip_see(struct bytes packet, struct ip_seen *ret)
{
	struct rd r = rd_from(packet);

	*ret = (struct ip_seen){ 0 };
	if (!packet.n)
		return false;
	return packet.p[0] >> 4 == 4 ? see4(&r, ret) : packet.p[0] >> 4 == 6 && see6(&r, ret);
}

/* ---- errors ---- */

/* The echo request that an error quotes. */
static bool read_quoted(uint8_t family, struct rd *r, struct icmp_said *ret)
{
	struct addr ours;
	uint8_t protocol, type;

	if (family == 4) {
		protocol = read_ip4(r, &ours);
	} else {
		rd_skip(r, 6);
		protocol = rd_u8(r);
		rd_skip(r, HEADER6_N - 7);
	}
	type = rd_u8(r);
	rd_skip(r, 3);
	ret->id = rd_u16(r);
	ret->seq = rd_u16(r);
	return !r->failed && protocol == (family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMP6) &&
	       type == (family == 4 ? ECHO : ECHO6);
}

static bool is_error(uint8_t family, uint8_t type)
{
	return family == 4 ? type == UNREACHABLE || type == TIME_EXCEEDED
			   : type == UNREACHABLE6 || type == TOO_BIG6 || type == TIME_EXCEEDED6;
}

enum icmp_kind icmp_read(uint8_t family, struct bytes packet, struct icmp_said *ret)
{
	struct rd r = rd_from(packet);
	uint32_t rest;

	*ret = (struct icmp_said){ 0 };
	if (family == 4 && read_ip4(&r, &ret->from) != PROTOCOL_ICMP)
		return ICMP_NOT_OURS;
	ret->type = rd_u8(&r);
	ret->code = rd_u8(&r);
	rd_skip(&r, 2);
	rest = rd_u32(&r);
	if (r.failed)
		return ICMP_NOT_OURS;
	if (ret->type == (family == 4 ? ECHO_REPLY : ECHO_REPLY6)) {
		ret->id = (uint16_t)(rest >> 16);
		ret->seq = (uint16_t)rest;
		return ICMP_ANSWER;
	}
	if (icmp_is_too_big(family, ret))
		ret->mtu = family == 4 ? rest & 0xffff : rest;
	return is_error(family, ret->type) && read_quoted(family, &r, ret) ? ICMP_ERROR
									   : ICMP_NOT_OURS;
}

bool icmp_is_too_big(uint8_t family, const struct icmp_said *said)
{
	return family == 4 ? said->type == UNREACHABLE && said->code == FRAGMENTATION_NEEDED
			   : said->type == TOO_BIG6;
}

/* ---- DNS ---- */

bool dns_is_answer(struct bytes message, uint16_t id)
{
	enum { COUNTS_N = 8, IS_RESPONSE = 0x80 };
	struct rd r = rd_from(message);
	uint16_t said = rd_u16(&r);
	uint8_t flags = rd_u8(&r);

	rd_skip(&r, 1 + COUNTS_N);
	return !r.failed && said == id && (flags & IS_RESPONSE);
}

/* ---- ESP ---- */

enum {
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	NATT_PORT = 4500,
	UDP_HEADER_N = 8,
	ESP_HEADER_N = 8,
	ESP_LEAST_N = 8 + 16 + 16 + 12,
	FRAGMENT = 0x3fff, /* more of them, or not the first */
};

/* Gives the protocol; *n: octets behind the header, as it says. */
static uint8_t read_ip(uint8_t family, struct rd *r, struct addr *from, uint32_t *n)
{
	uint8_t first = rd_u8(r), protocol;
	uint32_t head;

	if (family == 4) {
		head = (uint32_t)(first & 15) * 4;
		rd_skip(r, 1);
		*n = rd_u16(r);
		rd_skip(r, 2);
		if ((rd_u16(r) & FRAGMENT) || head < 20 || *n < head)
			rd_fail(r);
		*n -= head;
		rd_skip(r, 1);
		protocol = rd_u8(r);
		rd_skip(r, 2);
		*from = addr_from(rd_bytes(r, 4));
		rd_skip(r, 4);
		if (!r->failed)
			rd_skip(r, head - 20);
		return protocol;
	}
	rd_skip(r, 3);
	*n = rd_u16(r);
	protocol = rd_u8(r);
	rd_skip(r, 1);
	*from = addr_from(rd_bytes(r, 16));
	rd_skip(r, 16);
	return protocol;
}

bool esp_read(uint8_t family, struct bytes packet, struct esp_said *ret)
{
	struct rd r = rd_from(packet);
	uint16_t from, to;
	uint8_t protocol;

	*ret = (struct esp_said){ 0 };
	protocol = read_ip(family, &r, &ret->from, &ret->n);
	if (protocol == PROTOCOL_UDP) {
		from = rd_u16(&r);
		to = rd_u16(&r);
		rd_skip(&r, 4);
		if ((from != NATT_PORT && to != NATT_PORT) || ret->n < UDP_HEADER_N)
			return false;
		ret->n -= UDP_HEADER_N;
	} else if (protocol != PROTOCOL_ESP) {
		return false;
	}
	ret->spi = rd_u32(&r);
	return !r.failed && ret->spi && ret->n >= ESP_LEAST_N; /* 0: IKE */
}

void esp_seen_take(struct esp_seen *e, const struct esp_said *said)
{
	struct esp_of_spi *s = e->spi;

	while (s < e->spi + e->n && s->spi != said->spi)
		s++;
	if (s == e->spi + ESP_SPIS)
		return;
	if (s == e->spi + e->n) {
		*s = (struct esp_of_spi){ .spi = said->spi };
		e->n++;
	}
	s->count++;
	s->length = said->n;
	s->cut_12 += (said->n - ESP_HEADER_N - 12) % 16 == 0;
	s->cut_16 += (said->n - ESP_HEADER_N - 16) % 16 == 0;
}

/* ---- counters ---- */

static struct bytes next_line(struct rd *r)
{
	const uint8_t *end = r->n ? memchr(r->p, '\n', r->n) : NULL;
	struct bytes line = rd_bytes(r, end ? (size_t)(end - r->p) : r->n);

	if (rd_more(r))
		rd_skip(r, 1);
	return line;
}

/* The next word of a line into t; false: there is none, or it is too long. */
static bool next_word(struct rd *line, char t[static COUNTER_NAME])
{
	size_t n = 0;

	while (rd_more(line) && (*line->p == ' ' || *line->p == '\t'))
		rd_skip(line, 1);
	while (rd_more(line) && *line->p != ' ' && *line->p != '\t') {
		uint8_t c = rd_u8(line);

		if (n + 1 >= COUNTER_NAME || c == '\0')
			return false;
		t[n++] = (char)c;
	}
	t[n] = '\0';
	return n > 0;
}

static void add(struct counters *c, const char *group, const char *name, uint64_t value)
{
	struct counter *to = &c->counter[c->n];
	size_t n = strlen(group), m = strlen(name);

	if (c->n == COUNTERS_MAX || n + m >= COUNTER_NAME)
		return;
	memcpy(to->name, group, n);
	memcpy(to->name + n, name, m + 1);
	to->value = value;
	c->n++;
}

/* Those of hundreds that a packet of a tunnel may move when it is lost, or passed on. */
static bool is_wanted(const char *group, const char *name)
{
	static const char *const wanted[][2] = { { "Ip", "InAddrErrors" },
		{ "Ip", "ForwDatagrams" }, { "Ip", "ReasmReqds" }, { "Ip", "ReasmOKs" },
		{ "Ip", "ReasmFails" }, { "Ip", "FragCreates" }, { "Ip", "FragFails" },
		{ "Ip", "OutNoRoutes" }, { "IpExt", "InNoRoutes" }, { "Icmp", "InDestUnreachs" },
		{ "Udp", "NoPorts" }, { "TcpExt", "IPReversePathFilter" } };

	for (size_t i = 0; i < COUNT(wanted); i++)
		if (strcmp(wanted[i][0], group) == 0 && strcmp(wanted[i][1], name) == 0)
			return true;
	return false;
}

void counters_pairs(struct bytes text, struct counters *c)
{
	struct rd r = rd_from(text);
	char group[COUNTER_NAME], same[COUNTER_NAME], name[COUNTER_NAME], value[COUNTER_NAME];

	while (rd_more(&r)) {
		struct rd names = rd_from(next_line(&r)), values = rd_from(next_line(&r));

		if (!next_word(&names, group) || !next_word(&values, same) ||
			strcmp(group, same) != 0)
			return;
		group[strcspn(group, ":")] = '\0';
		while (next_word(&names, name) && next_word(&values, value))
			if (is_wanted(group, name))
				add(c, group, name, strtoull(value, NULL, 10));
	}
}

void counters_lines(struct bytes text, struct counters *c)
{
	struct rd r = rd_from(text);
	char name[COUNTER_NAME], value[COUNTER_NAME];

	while (rd_more(&r)) {
		struct rd line = rd_from(next_line(&r));

		if (next_word(&line, name) && next_word(&line, value))
			add(c, "", name, strtoull(value, NULL, 10));
	}
}

uint64_t counter_of(const struct counters *c, const char *name)
{
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->counter[i].name, name) == 0)
			return c->counter[i].value;
	return 0;
}

bool lines_have(struct bytes text, const char *word)
{
	struct rd r = rd_from(text);
	char first[COUNTER_NAME];

	while (rd_more(&r)) {
		struct rd line = rd_from(next_line(&r));

		if (next_word(&line, first) && strcmp(first, word) == 0)
			return true;
	}
	return false;
}

/* "  123: 00000000:1194 00000000:0000 07 ... 17        " */
static uint64_t socket_dropped(const char *line, unsigned port)
{
	const char *at = strchr(line, ':'), *last = line;

	at = at ? strchr(at + 1, ':') : NULL;
	if (!at || strtoul(at + 1, NULL, 16) != port)
		return 0;
	for (const char *c = line; *c; c++)
		if (*c == ' ' && c[1] >= '0' && c[1] <= '9')
			last = c + 1;
	return strtoull(last, NULL, 10);
}

uint64_t sockets_dropped(struct bytes text, unsigned port)
{
	uint64_t sum = 0;
	char line[256];

	for (size_t at = 0; at < text.n;) {
		const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
		size_t n = end ? (size_t)(end - text.p) - at : text.n - at;

		snprintf(line, sizeof(line), "%.*s", (int)MIN(n, sizeof(line) - 1),
			(const char *)text.p + at);
		sum += socket_dropped(line, port);
		at += n + 1;
	}
	return sum;
}

uint64_t counter_added(uint64_t before, uint64_t after)
{
	return after >= before ? after - before : after;
}

uint64_t counter_grown(uint64_t before, uint64_t after)
{
	return after >= before ? after - before : 0;
}

/* ---- sizes ---- */

struct bisect bisect_from(uint32_t bottom, uint32_t top)
{
	return (struct bisect){ .passes = bottom, .top = MAX(top, bottom) };
}

uint32_t bisect_next(const struct bisect *b)
{
	uint32_t most = b->lost ? b->lost - 1 : b->top;

	/* told, and it passes: nothing is left to find out */
	if (b->passes >= most || (b->told && b->passes >= b->told))
		return 0;
	if (b->told > b->passes && b->told <= most)
		return b->told;
	if (!b->lost || b->lost_once)
		return b->lost_once ? b->lost : b->top; /* one loss may be by chance */
	if (b->lost - b->passes <= BISECT_STEP)
		return 0;
	return b->passes + (b->lost - b->passes) / 2 / BISECT_STEP * BISECT_STEP +
	       (b->lost - b->passes < 2 * BISECT_STEP ? BISECT_STEP : 0);
}

void bisect_take(struct bisect *b, uint32_t size, enum bisect_saw saw, uint32_t mtu)
{
	if (saw == BISECT_PASSES) {
		b->passes = MAX(b->passes, size);
		b->lost = b->lost > size ? b->lost : 0;
		b->lost_once = false;
		return;
	}
	if (saw == BISECT_TOO_BIG && mtu >= b->passes && mtu < size)
		b->told = mtu;
	/* the first loss, of the largest, is tried again; who says so is believed */
	b->lost_once = saw == BISECT_LOST && !b->lost;
	b->lost = b->lost ? MIN(b->lost, size) : size;
}
