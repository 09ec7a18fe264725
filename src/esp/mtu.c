/* Sizes: what ESP, UDP and the outer header leave of a path's MTU (RFC 4303 2, RFC 3948 2.1). */
#include "esp/sa.h"

enum { OUTER_IP4 = 20, OUTER_IP6 = 40, OUTER_UDP = 8 };

static uint32_t fits(
	uint32_t outer_mtu, uint32_t headers, uint32_t iv_n, uint32_t icv_n, uint32_t align)
{
	uint32_t room, used = headers + ESP_HEADER_N + iv_n + icv_n;

	if (outer_mtu <= used)
		return 0;
	room = (outer_mtu - used) / align * align;
	return room > ESP_TRAILER_N ? room - ESP_TRAILER_N : 0;
}

static uint32_t headers_n(bool encap, bool v6)
{
	return (uint32_t)(v6 ? OUTER_IP6 : OUTER_IP4) + (encap ? OUTER_UDP : 0);
}

uint32_t esp_inner_mtu(uint32_t outer_mtu, const struct suite *s, bool encap, bool outer_v6)
{
	const struct alg *encr = alg_find(TT_ENCR, s->encr);
	const struct alg *integ = encr && !encr->is_aead ? alg_find(TT_INTEG, s->integ) : encr;

	if (!encr || !integ)
		return 0;
	return fits(outer_mtu, headers_n(encap, outer_v6), encr->iv_n, integ->icv_n,
		MAX(encr->block_n, (uint32_t)4));
}

uint32_t esp_sa_inner_mtu(const struct esp_sa *sa, const struct esp_path *path)
{
	uint32_t outer = atomic_load_explicit(
		(_Atomic uint32_t *)(uintptr_t)&sa->outer_mtu, memory_order_relaxed);
	uint32_t inner = fits(outer, headers_n(path->encap, path->remote.addr.family == 6),
		sa->iv_n, sa->icv_n, sa->align);

	/* there the packet's own header is the outer one */
	if (sa->is_transport && inner)
		inner += headers_n(false, path->remote.addr.family == 6);
	return sa->mtu && sa->mtu < inner ? sa->mtu : inner;
}
