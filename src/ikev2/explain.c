/* Why a Child SA is refused: see explain.h. */
#include "ikev2/explain.h"

#include "ikev2/sa.h"

#define VENDOR bytes_str("clearswan-explain-1")

static const struct {
	const char *name;
	/* letters of a value; where words are given, it is one of them */
	const char *letters, *words[3];
	bool has_ours;
	uint8_t field_first, field_last;
} classes[V2_EXPLAIN_END] = {
	[V2_EXPLAIN_ESP] = { "esp-proposal-mismatch", "abcdefghijklmnopqrstuvwxyz0123456789_+-;,",
		{ NULL }, false, TT_ENCR, TT_ESN },
	[V2_EXPLAIN_ESN] = { "esn-or-ipcomp-mismatch", NULL, { "yes", "no", "either" }, false, 0,
		0 },
	[V2_EXPLAIN_TS] = { "ts-mismatch-v2", "0123456789abcdef.:/,-", { NULL }, true, V2_TSI,
		V2_TSR },
	[V2_EXPLAIN_MODE] = { "transport-tunnel-mismatch", NULL, { "tunnel", "transport", NULL },
		false, 0, 0 },
};

const char *v2_explain_name(uint8_t class)
{
	return class < V2_EXPLAIN_END && classes[class].name ? classes[class].name : "";
}

/* ---- values ---- */

static bool is_value(uint8_t class, const char *s)
{
	if (!s[0])
		return true;
	if (classes[class].letters)
		return s[strspn(s, classes[class].letters)] == '\0';
	for (size_t i = 0; i < COUNT(classes[class].words) && classes[class].words[i]; i++)
		if (strcmp(s, classes[class].words[i]) == 0)
			return true;
	return false;
}

static bool is_field(uint8_t class, uint8_t field)
{
	return field == 0 || (classes[class].field_first && field >= classes[class].field_first &&
				     field <= classes[class].field_last);
}

static void put_value(struct wr *w, uint8_t class, const char *s)
{
	size_t n = is_value(class, s) ? strlen(s) : 0;

	wr_u8(w, (uint8_t)n);
	wr_bytes(w, bytes_of(s, n));
}

void v2_explain_put(struct wr *w, const struct v2_explain *x)
{
	wr_u8(w, V2_EXPLAIN_VERSION);
	wr_u8(w, x->class);
	wr_u8(w, x->field);
	put_value(w, x->class, x->theirs);
	put_value(w, x->class, classes[x->class].has_ours ? x->ours : "");
}

/* No octet of a value is 0: is_value() sees all of it. */
static bool get_value(struct rd *r, uint8_t class, char to[static V2_EXPLAIN_VALUE])
{
	struct bytes v = rd_bytes(r, rd_u8(r));

	if (v.n && memchr(v.p, 0, v.n))
		return false;
	if (v.n)
		memcpy(to, v.p, v.n);
	to[v.n] = '\0';
	return is_value(class, to);
}

enum err v2_explain_parse(struct bytes data, struct v2_explain *ret)
{
	struct rd r = rd_from(data);
	uint8_t version = rd_u8(&r);
	struct v2_explain x = { .class = rd_u8(&r), .field = rd_u8(&r) };

	if (version != V2_EXPLAIN_VERSION || !v2_explain_name(x.class)[0])
		return ERR_UNSUPPORTED;
	if (!is_field(x.class, x.field) || !get_value(&r, x.class, x.theirs) ||
		!get_value(&r, x.class, x.ours) || (x.ours[0] && !classes[x.class].has_ours))
		return ERR_VALUE;
	if (!rd_end(&r))
		return ERR_LENGTH;
	*ret = x;
	return OK;
}

/* ---- who reads it ---- */

void v2_put_explain_vendor(struct v2_build *b)
{
	v2_put_vendor(b, VENDOR);
}

bool v2_has_explain_vendor(const struct v2_msg *m)
{
	for (size_t i = 0; i < m->n_vendor; i++)
		if (bytes_eq(m->vendor[i], VENDOR))
			return true;
	return false;
}

void v2_explain(struct v2_sa *sa, const struct v2_explain *x)
{
	uint8_t room[V2_EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));

	if (!sa->peer_reads_explain)
		return;
	v2_explain_put(&w, x);
	buf_set(&sa->explain, wr_view(&w));
}

void v2_put_explain(struct v2_build *b, struct v2_sa *sa)
{
	if (sa->explain.n)
		v2_put_notify(
			b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, buf_view(&sa->explain));
	buf_done(&sa->explain);
}

static const char *field_name(const struct v2_explain *x)
{
	if (x->field == 0)
		return "";
	return x->class == V2_EXPLAIN_TS ? v2_payload_name(x->field)
					 : transform_type_name(x->field);
}

void v2_explain_received(struct v2_child *c, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_find(m, N_CLEARSWAN_EXPLAIN);
	struct v2_explain x;

	if (!n || !c->sa->peer_reads_explain || v2_explain_parse(n->data, &x) != OK)
		return;
	V2_CHILD_EMIT(c, peer_explains, .class = ev_str(v2_explain_name(x.class)),
		.difference = ev_str(field_name(&x)), .theirs = ev_str(x.theirs),
		.ours = ev_str(x.ours));
}
