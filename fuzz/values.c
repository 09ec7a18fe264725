/* Values between processes, and identities as text. The first octet says which. Oracles: putting
 * what was got gives the octets that were read; what was read as text reads the same when it was
 * printed. */
#include "dataplane/dataplane.h"
#include "ipsec/id.h"
#include "ipsec/proposal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

#define GET_AND_PUT(type, get, put, done, use)                                                     \
	do {                                                                                       \
		type v;                                                                            \
		if (get(&r, &v) == OK) {                                                           \
			put(&w, &v);                                                               \
			check(bytes_eq(wr_view(&w), bytes_of(data, (size_t)(r.p - data))));        \
			use;                                                                       \
			done(&v);                                                                  \
		}                                                                                  \
	} while (0)
#define NOTHING(v) (void)(v)

/* Data of a size whose text is not cut, of types whose text has all of it (of a DN that was given
 * in hexadecimal, text keeps the meaning and not the octets). */
static bool has_whole_text(const struct id *id)
{
	return id->data.n <= 100 && id->type != ID_FQDN && id->type != ID_RFC822_ADDR &&
	       id->type != ID_NULL;
}

static void id_as_text(struct bytes text)
{
	char *s = xalloc(text.n + 1), printed[ID_STR];
	struct id id, again;

	if (text.n != 0)
		memcpy(s, text.p, text.n);
	if (id_parse(s, &id) == OK) {
		check(id_eq(&id, &id));
		id_format(&id, printed, sizeof(printed));
		if (has_whole_text(&id) && strncmp(s, "@~", 2) != 0) {
			check(id_parse(printed, &again) == OK);
			check(id_eq(&id, &again));
			id_done(&again);
		}
		id_done(&id);
	}
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char text[4096];
	static uint8_t room[65536 * 2];
	struct wr w = wr_to(room, sizeof(room));
	struct rd r = rd_from(bytes_of(data, n));
	uint8_t kind = rd_u8(&r);

	data = r.p;
	switch (kind) {
	case 0:
		GET_AND_PUT(struct ts_list, ts_list_get, ts_list_put, NOTHING,
			ts_list_format(&v, text));
		break;
	case 1:
		GET_AND_PUT(struct proposals, proposals_get, proposals_put, NOTHING,
			proposals_format(&v, text, sizeof(text)));
		break;
	case 2:
		GET_AND_PUT(struct id, id_get, id_put, id_done,
			check(id_eq(&v, &v) && *id_format(&v, text, sizeof(text))));
		break;
	case 3:
		GET_AND_PUT(struct dp_sa, dp_sa_get, dp_sa_put, dp_sa_done, (void)0);
		break;
	case 4:
		GET_AND_PUT(struct dp_policy, dp_policy_get, dp_policy_put, NOTHING, (void)0);
		break;
	case 5:
		GET_AND_PUT(struct dp_notice, dp_notice_get, dp_notice_put, NOTHING, (void)0);
		break;
	default:
		id_as_text(rd_rest(&r));
		break;
	}
	return 0;
}
