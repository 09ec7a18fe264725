#pragma once
/* What messages of rtnetlink are read and written with. */
#include "proc/kernel/kernel.h"
#include "proc/names.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { MESSAGE_ROOM = 1024 };

static inline uint8_t af_of(const struct addr *a)
{
	return a->family == 6 ? AF_INET6 : AF_INET;
}

static inline void put_addr(struct nlmsghdr *h, uint16_t type, const struct addr *a)
{
	mnl_attr_put(h, type, addr_bytes(a).n, a->b);
}

/* The attribute of that type from a on; NULL. */
static inline struct nlattr *attr_in(struct nlattr *a, const char *end, uint16_t type)
{
	for (; mnl_attr_ok(a, (int)(end - (char *)a)); a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == type)
			return a;
	return NULL;
}

/* The same after the offset octets of the message's own header. */
static inline struct nlattr *attr_of(const struct nlmsghdr *h, size_t offset, uint16_t type)
{
	return attr_in(
		mnl_nlmsg_get_payload_offset(h, offset), mnl_nlmsg_get_payload_tail(h), type);
}

static inline bool is_own_address(const struct nlmsghdr *h)
{
	struct nlattr *a = attr_of(h, sizeof(struct ifaddrmsg), IFA_PROTO);

	return a && mnl_attr_get_u8(a) == IPSEC_RTPROTO;
}
