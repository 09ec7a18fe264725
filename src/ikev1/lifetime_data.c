/* What RESPONDER-LIFETIME says (RFC 2407 4.6.3.1): lifetime attributes, as in a transform. */
#include "ikev1/attributes.h"
#include "ikev1/offer.h"

struct bytes v1_lifetime_data(
	uint8_t protocol, uint32_t life_s, uint32_t life_kb, uint8_t room[V1_LIFETIME_DATA])
{
	struct wr w = wr_to(room, V1_LIFETIME_DATA);

	v1_lifetimes_write(&w, protocol, life_s, life_kb);
	return wr_view(&w);
}

enum err v1_lifetime_parse(struct bytes data, uint8_t protocol, uint32_t *life_s, uint32_t *life_kb)
{
	struct v1_transform t = { .attributes = data };
	enum err e;

	if ((e = v1_attributes_parse(protocol, &t)))
		return e;
	if (t.life_s == 0 && t.life_kb == 0)
		return ERR_VALUE;
	*life_s = t.life_s;
	*life_kb = t.life_kb;
	return OK;
}
