/* Configuration payload (RFC 7296 3.15): type | reserved (3) | attributes */
#include "ikev2/payload/payload.h"

enum { ATTR_TYPE_MASK = 0x7fff }; /* the top bit is reserved */

/* The lengths of 3.15.1. An empty value asks, or says that there is none. Old peers send
 * INTERNAL_IP6_ADDRESS without its prefix length. */
static bool length_fits(uint16_t type, size_t n)
{
	switch (type) {
	case CP_INTERNAL_IP4_ADDRESS:
	case CP_INTERNAL_IP4_NETMASK:
	case CP_INTERNAL_IP4_DNS:
	case CP_INTERNAL_IP4_NBNS:
	case CP_INTERNAL_IP4_DHCP:
		return n == 0 || n == 4;
	case CP_INTERNAL_IP6_ADDRESS:
		return n == 0 || n == 16 || n == 17;
	case CP_INTERNAL_IP6_DNS:
		return n == 0 || n == 16;
	case CP_INTERNAL_IP4_SUBNET:
		return n == 0 || n == 8;
	case CP_INTERNAL_IP6_SUBNET:
		return n == 0 || n == 17;
	case CP_SUPPORTED_ATTRIBUTES:
		return n % 2 == 0;
	default:
		return true;
	}
}

enum err payload_cp(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);

	m->cp.type = rd_u8(&r);
	rd_skip(&r, 3);
	while (rd_more(&r)) {
		uint16_t type = rd_u16(&r) & ATTR_TYPE_MASK;
		uint16_t n = rd_u16(&r);
		struct bytes value = rd_bytes(&r, n);

		if (r.failed)
			return ERR_TRUNCATED;
		if (!length_fits(type, n))
			return ERR_LENGTH;
		if (m->cp.n == LIMIT_CP_ATTRIBUTES)
			return ERR_LIMIT;
		m->cp.attr[m->cp.n].type = type;
		m->cp.attr[m->cp.n++].value = value;
	}
	return rd_end(&r) ? OK : ERR_TRUNCATED;
}

void v2_put_cp(struct v2_build *b, const struct v2_cp *cp)
{
	payload_begin(b, V2_CP);
	wr_u8(&b->w, cp->type);
	wr_zero(&b->w, 3);
	for (size_t i = 0; i < cp->n; i++) {
		size_t length;

		wr_u16(&b->w, cp->attr[i].type);
		length = wr_begin16(&b->w);
		wr_bytes(&b->w, cp->attr[i].value);
		wr_end16(&b->w, length, length + 2);
	}
	payload_end(b);
}
