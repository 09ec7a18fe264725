/* An IKE message in plain words, as far as it is not encrypted (RFC 7296 3, RFC 2408 3). */
#include "cmd/capture_text.h"

enum { HEADER_N = 28, LENGTH_AT = 24 };
enum { F_RESPONSE = 0x20, V1_F_ENCRYPTED = 1 };
enum { V2_SA = 33, V2_KE = 34, V2_N = 41, V2_SK = 46, V2_SKF = 53, V1_SA = 1, V1_N = 11 };
/* Payloads of one message and proposals of one SA that are looked at. */
enum { PAYLOADS_MAX = 32, PROPOSALS_MAX = 64 };

struct named {
	uint16_t number;
	const char *name;
};

static const char *name_in(const struct named *all, uint16_t number)
{
	while (all->name && all->number != number)
		all++;
	return all->name;
}

static const struct named v2_exchanges[] = { { 34, "IKE_SA_INIT" }, { 35, "IKE_AUTH" },
	{ 36, "CREATE_CHILD_SA" }, { 37, "INFORMATIONAL" }, { 38, "IKE_SESSION_RESUME" },
	{ 43, "IKE_INTERMEDIATE" }, { 44, "IKE_FOLLOWUP_KE" }, { 0, NULL } };
static const struct named v1_exchanges[] = { { 2, "Main Mode" }, { 4, "Aggressive Mode" },
	{ 5, "Informational" }, { 6, "Transaction (XAUTH, Mode Config)" }, { 32, "Quick Mode" },
	{ 0, NULL } };
/* What stands in clear and means something to a person. */
static const struct named v2_notifies[] = { { 4, "INVALID_IKE_SPI" },
	{ 5, "INVALID_MAJOR_VERSION" }, { 7, "INVALID_SYNTAX" }, { 11, "INVALID_SPI" },
	{ 14, "NO_PROPOSAL_CHOSEN" }, { 17, "INVALID_KE_PAYLOAD" }, { 24, "AUTHENTICATION_FAILED" },
	{ 43, "TEMPORARY_FAILURE" }, { 16390, "COOKIE" }, { 16406, "REDIRECT_SUPPORTED" },
	{ 16407, "REDIRECT" }, { 0, NULL } };
static const struct named v1_notifies[] = { { 4, "INVALID_COOKIE" }, { 11, "INVALID_SPI" },
	{ 14, "NO_PROPOSAL_CHOSEN" }, { 16, "PAYLOAD_MALFORMED" }, { 18, "INVALID_ID_INFORMATION" },
	{ 23, "INVALID_HASH_INFORMATION" }, { 24, "AUTHENTICATION_FAILED" }, { 0, NULL } };

static void add_name(struct line *to, const char *name, uint16_t number, const char *kind)
{
	if (name)
		line_add(to, "%s", name);
	else
		line_add(to, "%s %u", kind, (unsigned)number);
}

/* A chain of proposals; before it IKEv1 has DOI and situation, and one proposal for all. */
static void add_proposals(struct line *to, struct rd body, bool is_v1)
{
	unsigned n = 0;
	uint8_t more = 2;

	if (is_v1) {
		rd_skip(&body, 8);
		rd_skip(&body, 7); /* of the proposal: then the number of its transforms */
		n = rd_u8(&body);
		if (!body.failed)
			line_add(to, ", %u proposal%s", n, n == 1 ? "" : "s");
		return;
	}
	while (rd_more(&body) && more && n < PROPOSALS_MAX) {
		uint16_t length;

		more = rd_u8(&body);
		rd_skip(&body, 1);
		length = rd_u16(&body);
		if (length < 8)
			rd_fail(&body);
		rd_skip(&body, length - 4u);
		n += !body.failed;
	}
	line_add(to, ", %u proposal%s", n, n == 1 ? "" : "s");
}

static void add_notify(struct line *to, struct rd body, bool is_v1)
{
	uint16_t type;
	const char *name;

	rd_skip(&body, is_v1 ? 6 : 2);
	type = rd_u16(&body);
	name = name_in(is_v1 ? v1_notifies : v2_notifies, type);
	if (body.failed || (!name && type >= 16384))
		return;
	line_add(to, ", ");
	add_name(to, name, type, "notification");
}

static void add_payload(struct line *to, uint8_t type, struct rd body, bool is_v1)
{
	if (type == (is_v1 ? V1_SA : V2_SA))
		add_proposals(to, body, is_v1);
	else if (type == (is_v1 ? V1_N : V2_N))
		add_notify(to, body, is_v1);
	else if (!is_v1 && type == V2_KE) {
		unsigned group = rd_u16(&body);

		if (!body.failed)
			line_add(to, ", group %u", group);
	} else if (!is_v1 && type == V2_SKF) {
		unsigned number = rd_u16(&body), total = rd_u16(&body);

		if (!body.failed)
			line_add(to, ", encrypted, fragment %u of %u", number, total);
	} else if (!is_v1 && type == V2_SK)
		line_add(to, ", encrypted");
}

static void add_payloads(struct line *to, uint8_t next, struct rd r, bool is_v1)
{
	for (unsigned i = 0; next && rd_more(&r); i++) {
		uint8_t type = next;
		uint16_t length;
		struct rd body;

		next = rd_u8(&r);
		rd_skip(&r, 1);
		length = rd_u16(&r);
		if (length < 4 || i >= PAYLOADS_MAX)
			rd_fail(&r);
		body = rd_sub(&r, length - 4u);
		if (body.failed)
			break;
		add_payload(to, type, body, is_v1);
		if (!is_v1 && (type == V2_SK || type == V2_SKF))
			return; /* next is of what is inside */
	}
	if (r.failed || next)
		line_add(to, ", malformed");
}

void line_ike(struct line *to, struct bytes message)
{
	struct rd r = rd_from(message);
	uint8_t next, version, exchange, flags;
	uint32_t id, length;
	bool is_v1;

	rd_skip(&r, 16);
	next = rd_u8(&r);
	version = rd_u8(&r);
	exchange = rd_u8(&r);
	flags = rd_u8(&r);
	id = rd_u32(&r);
	length = rd_u32(&r);
	is_v1 = version >> 4 == 1;
	if (r.failed || (!is_v1 && version >> 4 != 2)) {
		line_add(to, "not IKE, %zu octets", message.n);
		return;
	}
	add_name(to, name_in(is_v1 ? v1_exchanges : v2_exchanges, exchange), exchange, "exchange");
	if (is_v1)
		line_add(to, ", message ID %08x", (unsigned)id);
	else
		line_add(to, " %s %u", flags & F_RESPONSE ? "response" : "request", (unsigned)id);
	if (length != message.n)
		line_add(to, ", %s", length > message.n ? "cut" : "with octets behind it");
	if (is_v1 && flags & V1_F_ENCRYPTED)
		line_add(to, ", encrypted");
	else
		add_payloads(to, next, r, is_v1);
	line_add(to, ", %zu octets", message.n);
}
