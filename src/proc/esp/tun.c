/* TUN device with offloads: super-packets both ways. */
#include "proc/esp/tun.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20 /* Linux 6.2 */
#define TUN_F_USO6 0x40
#endif

void tun_init(struct tun *t, int fd)
{
	unsigned long tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	*t = (struct tun){ .fd = fd };
	if (fd < 0)
		return;
	t->tso = ioctl(fd, TUNSETOFFLOAD, tso) == 0;
	t->uso = t->tso && ioctl(fd, TUNSETOFFLOAD, tso | TUN_F_USO4 | TUN_F_USO6) == 0;
}

size_t tun_read(struct tun *t, uint8_t *frame, size_t room)
{
	ssize_t n = read(t->fd, frame, room);

	return n > 0 ? (size_t)n : 0;
}

bool tun_write(struct tun *t, const uint8_t *frame, size_t n)
{
	return write(t->fd, frame, n) == (ssize_t)n;
}

static bool write_parts(struct tun *t, const struct bytes *part, size_t n)
{
	struct iovec iov[COALESCE_PARTS];

	for (size_t i = 0; i < n; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)part[i].p, part[i].n };
	return writev(t->fd, iov, (int)n) > 0;
}

static size_t write_singly(struct tun *t, struct coalesce *c, size_t group)
{
	static const uint8_t none[VNET_N];
	const struct coalesce_item *it = &c->item[c->group[group].first];
	size_t lost = 0;

	coalesce_split(c, group);
	for (;; it = &c->item[it->next]) {
		struct bytes parts[2] = { { none, VNET_N }, { it->k.p, it->k.n } };

		lost += !write_parts(t, parts, 2);
		if (!it->next)
			return lost;
	}
}

size_t tun_write_groups(struct tun *t, struct coalesce *c)
{
	size_t lost = 0;

	for (size_t i = 0; i < c->n_groups; i++) {
		struct bytes parts[COALESCE_PARTS];
		uint8_t vnet[VNET_N];
		size_t n = coalesce_parts(c, i, vnet, parts);

		if (write_parts(t, parts, n))
			continue;
		if (errno != EINVAL || c->group[i].count == 1) {
			lost += c->group[i].count;
			continue;
		}
		if (c->item[c->group[i].first].k.protocol == PROTO_UDP)
			t->uso = c->udp = false;
		else
			t->tso = c->tcp = false;
		lost += write_singly(t, c, i);
	}
	return lost;
}
