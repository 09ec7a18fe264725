#pragma once
/* The TUN device: opened by another with IFF_TUN | IFF_NO_PI | IFF_VNET_HDR. */
#include "esp/coalesce.h"

struct tun {
	int fd;
	bool tso, uso; /* what it may hand us, and takes from us */
};

void tun_init(struct tun *t, int fd);
/* Octets read into frame, virtio header first; 0: nothing is there now. */
size_t tun_read(struct tun *t, uint8_t *frame, size_t room);
/* A frame with its virtio header. False: the device refused. */
bool tun_write(struct tun *t, const uint8_t *frame, size_t n);
/* All groups; gives how many packets were lost. Stops merging when the device refuses that. */
size_t tun_write_groups(struct tun *t, struct coalesce *c);
