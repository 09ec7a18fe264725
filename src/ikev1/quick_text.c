/* An IPsec SA as people read it. */
#include "ikev1/quick_mode.h"

#include <inttypes.h>
#include <stdio.h>

char *quick_xfrm_text(const struct suite *s, char *ret, size_t n)
{
	const struct alg *integ = s->integ ? alg_find(TT_INTEG, s->integ) : NULL;
	char encr[ALG_STR];

	snprintf(ret, n, "%s-%s", suite_encr_name(s, encr), integ ? integ->name : "NONE");
	return ret;
}

char *quick_msgid_text(uint32_t message_id, char ret[9])
{
	snprintf(ret, 9, "%08" PRIx32, message_id);
	return ret;
}

void quick_words(const struct v1_child *c, struct quick_words *w)
{
	const struct child *k = &c->c;

	quick_xfrm_text(&k->suite, w->xfrm, sizeof(w->xfrm));
	w->natd[0] = '\0';
	if (k->encap)
		endpoint_format(&k->remote, w->natd);
	ts_list_format(&k->ts_local, w->ours);
	ts_list_format(&k->ts_remote, w->theirs);
	w->mode = k->is_transport ? "transport" : "tunnel";
	w->esp = k->encap ? "ESPinUDP" : "ESP";
	w->dpd = k->conn->conf->dpddelay ? "active" : "passive";
}
