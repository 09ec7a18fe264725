/* Why a peer is refused: see explain.h. */
#include "ipsec/explain.h"

#include "ipsec/proposal.h"

#define LISTS "abcdefghijklmnopqrstuvwxyz0123456789_+-;,"

static const struct {
	const char *name[2]; /* of IKEv1, of IKEv2 */
	/* letters of a value; where words are given, it is one of them; with neither there is none
	 */
	const char *letters, *words[3];
	bool has_ours, is_unproven;
	uint8_t field_first, field_last;
} classes[EXPLAIN_END] = {
	[EXPLAIN_ESP] = { { "esp-proposal-mismatch", "esp-proposal-mismatch" }, LISTS, { NULL },
		false, false, TT_ENCR, TT_ESN },
	[EXPLAIN_ESN] = { { "", "esn-or-ipcomp-mismatch" }, NULL, { "yes", "no", "either" }, false,
		false, 0, 0 },
	[EXPLAIN_TS] = { { "ts-mismatch-v1", "ts-mismatch-v2" }, "0123456789abcdef.:/,-", { NULL },
		true, false, EXPLAIN_TSI, EXPLAIN_TSR },
	[EXPLAIN_MODE] = { { "transport-tunnel-mismatch", "transport-tunnel-mismatch" }, NULL,
		{ "tunnel", "transport" }, false, false, 0, 0 },
	[EXPLAIN_IKE] = { { "ike-proposal-mismatch", "ike-proposal-mismatch" }, LISTS, { NULL },
		false, true, TT_ENCR, TT_ESN },
	[EXPLAIN_VERSION_OF] = { { "ike-version-mismatch", "ike-version-mismatch" }, NULL,
		{ "ikev1", "ikev2" }, false, true, 0, 0 },
	[EXPLAIN_V1_MODE] = { { "v1-mode-mismatch", "" }, NULL, { "main", "aggressive" }, false,
		true, 0, 0 },
	[EXPLAIN_SECRET] = { { "psk-mismatch-v1", "psk-mismatch-v2" }, NULL, { NULL }, false, true,
		0, 0 },
	[EXPLAIN_ID] = { { "id-mismatch", "id-mismatch" }, NULL, { NULL }, false, true, 0, 0 },
};

const char *explain_name(uint8_t class, int ike_version)
{
	const char *s = class < EXPLAIN_END ? classes[class].name[ike_version == 2] : NULL;

	return s ? s : "";
}

const char *explain_field_name(const struct explain *x, int ike_version)
{
	static const char *const selectors[2][2] = { { "IDci", "IDcr" }, { "TSi", "TSr" } };

	if (x->field == 0)
		return "";
	if (x->class == EXPLAIN_TS)
		return selectors[ike_version == 2][x->field == EXPLAIN_TSR];
	return transform_type_name(x->field);
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

void explain_put(struct wr *w, const struct explain *x)
{
	wr_u8(w, EXPLAIN_VERSION);
	wr_u8(w, x->class);
	wr_u8(w, x->field);
	put_value(w, x->class, x->theirs);
	put_value(w, x->class, classes[x->class].has_ours ? x->ours : "");
}

/* No octet of a value is 0: is_value() sees all of it. */
static bool get_value(struct rd *r, uint8_t class, char to[static EXPLAIN_VALUE])
{
	struct bytes v = rd_bytes(r, rd_u8(r));

	if (v.n && memchr(v.p, 0, v.n))
		return false;
	if (v.n)
		memcpy(to, v.p, v.n);
	to[v.n] = '\0';
	return is_value(class, to);
}

enum err explain_parse(struct bytes data, enum explain_stage stage, struct explain *ret)
{
	struct rd r = rd_from(data);
	uint8_t version = rd_u8(&r);
	struct explain x = { .class = rd_u8(&r), .field = rd_u8(&r) };

	if (version != EXPLAIN_VERSION || x.class == 0 || x.class >= EXPLAIN_END ||
		classes[x.class].is_unproven != (stage == EXPLAIN_UNPROVEN))
		return ERR_UNSUPPORTED;
	if (!is_field(x.class, x.field) || !get_value(&r, x.class, x.theirs) ||
		!get_value(&r, x.class, x.ours) || (x.ours[0] && !classes[x.class].has_ours))
		return ERR_VALUE;
	if (!rd_end(&r))
		return ERR_LENGTH;
	*ret = x;
	return OK;
}

struct explain explain_other_version(int ike_version)
{
	struct explain x = { .class = EXPLAIN_VERSION_OF };
	const char *other = classes[EXPLAIN_VERSION_OF].words[ike_version == 1];

	memcpy(x.theirs, other, strlen(other) + 1);
	return x;
}

/* ---- who reads it ---- */

struct bytes explain_vendor(void)
{
	return bytes_str("clearswan-explain-1");
}

bool explain_is_vendor(const struct bytes *vendor, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(vendor[i], explain_vendor()))
			return true;
	return false;
}
