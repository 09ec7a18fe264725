/* /proc/net/xfrm_stat: one counter a line, name, blanks, number. */
#include "dataplane/xfrm/xfrm.h"

#define XFRM_STAT(name_, reason_, text_) [XFRM_##name_] = { "Xfrm" #name_, text_, DROP_##reason_ },
static const struct {
	const char *name, *text;
	enum drop_reason reason;
} counters[] = {
#include "dataplane/xfrm/stat.def"
};
#undef XFRM_STAT

const char *xfrm_counter_name(enum xfrm_counter c)
{
	return (unsigned)c < COUNT(counters) ? counters[c].name : "unknown";
}

const char *xfrm_counter_text(enum xfrm_counter c)
{
	return (unsigned)c < COUNT(counters) ? counters[c].text : "unknown";
}

enum drop_reason xfrm_counter_reason(enum xfrm_counter c)
{
	return (unsigned)c < COUNT(counters) ? counters[c].reason : DROP_none;
}

bool xfrm_counter_is_inbound(enum xfrm_counter c)
{
	return strncmp(xfrm_counter_name(c), "XfrmIn", 6) == 0;
}

static enum xfrm_counter counter_of(struct bytes name)
{
	for (size_t i = 0; i < COUNT(counters); i++)
		if (bytes_eq(name, bytes_str(counters[i].name)))
			return (enum xfrm_counter)i;
	return XFRM_COUNTER_END;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static enum err number(struct bytes digits, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(digits.p[i] - '0'), &v))
			return ERR_VALUE;
	}
	*ret = v;
	return digits.n ? OK : ERR_VALUE;
}

/* Up to a blank or the end; the blanks are stepped over. */
static struct bytes word(struct rd *line)
{
	size_t n = 0;
	struct bytes w;

	while (n < line->n && !is_blank(line->p[n]))
		n++;
	w = rd_bytes(line, n);
	for (n = 0; n < line->n && is_blank(line->p[n]);)
		n++;
	rd_skip(line, n);
	return w;
}

static struct rd next_line(struct rd *r)
{
	size_t n = 0;
	struct rd line;

	while (n < r->n && r->p[n] != '\n')
		n++;
	line = rd_sub(r, n);
	rd_skip(r, MIN(r->n, 1));
	return line;
}

static enum err count(struct rd line, bool *is_seen, struct xfrm_stat *s)
{
	struct bytes name = word(&line);
	enum xfrm_counter c = counter_of(name);
	uint64_t v;

	if (name.n == 0 || number(word(&line), &v) || !rd_end(&line))
		return ERR_VALUE;
	if (c == XFRM_COUNTER_END) {
		s->unknown = v > UINT64_MAX - s->unknown ? UINT64_MAX : s->unknown + v;
		return OK;
	}
	if (is_seen[c])
		return ERR_DUPLICATE;
	is_seen[c] = true;
	s->count[c] = v;
	return OK;
}

enum err xfrm_stat_parse(struct bytes text, struct xfrm_stat *ret)
{
	struct rd r = rd_from(text);
	struct xfrm_stat s = { 0 };
	bool is_seen[XFRM_COUNTER_END] = { false };
	enum err e;

	while (rd_more(&r))
		if ((e = count(next_line(&r), is_seen, &s)))
			return e;
	*ret = s;
	return OK;
}

static uint64_t delta(uint64_t before, uint64_t after)
{
	return after >= before ? after - before : after;
}

void xfrm_stat_delta(
	const struct xfrm_stat *before, const struct xfrm_stat *after, struct xfrm_stat *ret)
{
	for (size_t i = 0; i < XFRM_COUNTER_END; i++)
		ret->count[i] = delta(before->count[i], after->count[i]);
	ret->unknown = delta(before->unknown, after->unknown);
}
