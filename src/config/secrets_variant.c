/* What a peer may have in place of a secret of ours: the same in other form, or another line. */
#include "config/secrets_entry.h"

/* before, v and after. */
static struct secret around(const char *before, struct bytes v, const char *after)
{
	size_t b = strlen(before), a = strlen(after);
	struct secret ret = secret_new(b + v.n + a);

	memcpy(ret.p, before, b);
	memcpy(ret.p + b, v.p, v.n);
	memcpy(ret.p + b + v.n, after, a);
	return ret;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes without_blanks(struct bytes v)
{
	size_t from = 0, to = v.n;

	while (from < to && is_blank(v.p[from]))
		from++;
	while (to > from && is_blank(v.p[to - 1]))
		to--;
	return bytes_of(v.p + from, to - from);
}

static struct bytes without_quotes(struct bytes v)
{
	if (v.n > 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
		return bytes_of(v.p + 1, v.n - 2);
	return v;
}

static bool has_prefix(const char *t, const char *second)
{
	return t[0] == '0' && t[1] && strchr(second, t[1]);
}

static const char *behind_prefix(const char *t, const char *prefix)
{
	return t + (has_prefix(t, prefix) ? 2 : 0);
}

/* Nothing, when it is not of that form. */
static struct secret decoded(const char *t, enum secret_variant v)
{
	bool ok = true;
	struct secret ret = { 0 }, s;

	if (v == VARIANT_HEX)
		s = secrets_from_hex(behind_prefix(t, "xX"), &ok);
	else
		s = secrets_from_base64(behind_prefix(t, "sS"), &ok);
	if (ok)
		secret_move(&ret, &s);
	secret_done(&s);
	return ret;
}

static struct secret make(const struct entry *e, enum secret_variant v)
{
	struct bytes value = secret_view(&e->secret);
	const char *t = (const char *)e->text.p;

	switch (v) {
	case VARIANT_NEWLINE:
		return around("", value, "\n");
	case VARIANT_CR:
		return around("", value, "\r");
	case VARIANT_CRLF:
		return around("", value, "\r\n");
	case VARIANT_BLANK:
		return around("", value, " ");
	case VARIANT_BLANK_BEFORE:
		return around(" ", value, "");
	case VARIANT_NO_BLANKS:
		return secret_from(without_blanks(value));
	case VARIANT_DOUBLE_QUOTES:
		return around("\"", bytes_str(t), "\"");
	case VARIANT_SINGLE_QUOTES:
		return around("'", bytes_str(t), "'");
	case VARIANT_UNQUOTED:
		return secret_from(without_quotes(value));
	case VARIANT_TEXT:
		return secret_from(bytes_str(t));
	case VARIANT_TEXT_BARE:
		return secret_from(bytes_str(t + (has_prefix(t, "xXsStT") ? 2 : 0)));
	case VARIANT_HEX:
	case VARIANT_BASE64:
		return decoded(t, v);
	case VARIANT_NONE:
	case VARIANT_END:
		break;
	}
	return (struct secret){ 0 };
}

bool secrets_variant(
	const struct secrets *s, size_t entry, enum secret_variant v, struct secret *ret)
{
	const struct entry *e = &s->entry[entry];
	struct secret made = make(e, v);

	if (made.n == 0 || bytes_eq_ct(secret_view(&made), secret_view(&e->secret))) {
		secret_done(&made);
		return false;
	}
	*ret = made;
	return true;
}
