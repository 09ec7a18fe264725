#include "dataplane/xfrm/bypass.h"

#include "dataplane/xfrm/kernel.h"

struct bytes xfrm_bypass(uint8_t family, bool is_out, uint8_t room[XFRM_BYPASS_ROOM])
{
	struct xfrm_userpolicy_info bypass;

	_Static_assert(sizeof(bypass) <= XFRM_BYPASS_ROOM, "a policy fits");
	CLEAR(bypass);
	bypass.action = XFRM_POLICY_ALLOW;
	bypass.dir = is_out ? XFRM_POLICY_OUT : XFRM_POLICY_IN;
	bypass.sel.family = family == 4 ? AF_INET : AF_INET6;
	memcpy(room, &bypass, sizeof(bypass));
	return bytes_of(room, sizeof(bypass));
}
