/* ike= and esp=; the first octet says which. Oracle: refused with a reason, or proposals that cross
 * the line between processes and hold what a proposal must: a cipher, and in IKE a PRF and a group.
 */
#include "config/proposal_text.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool has(const struct proposal *p, uint8_t type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type)
			return true;
	return false;
}

static void check_value(const struct proposals *p, bool is_ike)
{
	struct proposals *back = xalloc(sizeof(*back));
	uint8_t *room = xalloc(1 << 16);
	struct wr w = wr_to(room, 1 << 16);
	struct rd r;

	check(p->n != 0);
	for (size_t i = 0; i < p->n; i++) {
		check(has(&p->p[i], TT_ENCR));
		check(!is_ike || (has(&p->p[i], TT_PRF) && has(&p->p[i], TT_KE)));
	}
	proposals_put(&w, p);
	r = rd_from(wr_view(&w));
	check(proposals_get(&r, back) == OK && rd_end(&r) && back->n == p->n);
	free(room);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	bool is_ike = n > 0 && data[0] == 'i';
	char *text = xalloc(n + 1), *what = NULL, *warning = NULL;
	struct proposals *p = NULL;

	if (n > 1)
		memcpy(text, data + 1, n - 1);
	if (proposal_text_parse(is_ike ? PROTO_IKE : PROTO_ESP, text, &p, &what, &warning) == OK)
		check_value(p, is_ike);
	else
		check(what && *what && !p);
	free(p);
	free(what);
	free(warning);
	free(text);
	return 0;
}
