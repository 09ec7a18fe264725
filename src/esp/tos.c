/* RFC 4301 5.1.2 as changed by RFC 6040. */
#include "esp/tos.h"

enum { NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, ECN = 3 };

uint8_t tos_encap(uint8_t inner, bool dont_copy_dscp)
{
	return dont_copy_dscp ? inner & ECN : inner;
}

bool tos_decap(uint8_t inner, uint8_t outer, bool copy_dscp, uint8_t *ret)
{
	uint8_t dscp = (copy_dscp ? outer : inner) & (uint8_t)~ECN;
	uint8_t in = inner & ECN, out = outer & ECN;

	if (in == NOT_ECT && out == CE)
		return false;
	if (in != NOT_ECT && out == CE)
		in = CE;
	else if (in == ECT_0 && out == ECT_1)
		in = ECT_1;
	*ret = dscp | in;
	return true;
}
