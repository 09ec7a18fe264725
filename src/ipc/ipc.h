#pragma once
/* The lines between our processes: messages as structs, their wire form, and who may say what to
 * whom and when. The list is messages.def; sockets are proc/line.h's. */
#include "base/addr.h"
#include "ipsec/id.h"

enum ipc_who {
	WHO_PARENT,
	WHO_IKE,
	WHO_KEYS,
	WHO_KERNEL,
	WHO_CONTROL,
	WHO_ESP,
	WHO_END,
};
enum ipc_phase { PHASE_SETUP = 1, PHASE_RUN = 2 };

/* What the parent opens for others. */
enum ipc_descriptor {
	DESC_UDP500_V4,
	DESC_UDP500_V6,
	DESC_UDP4500_V4,
	DESC_UDP4500_V6,
	DESC_ESP_V4, /* raw, protocol 50 */
	DESC_ESP_V6,
	DESC_TUN,	/* ipsec0 */
	DESC_RTNL,	/* rtnetlink, requests and answers */
	DESC_WATCH,	/* rtnetlink, changes of addresses */
	DESC_XFRM,	/* the kernel's data plane: requests and answers; absent: userspace ESP */
	DESC_XFRM_NEWS, /* and what happens there */
	DESC_CONTROL,	/* the listening control socket */
	DESC_LOGFILE,
	DESC_SYSLOG,
	DESC_TERMINAL,	/* no syslog here: lines go to standard error */
	DESC_FILE,	/* a file of secrets */
	DESC_XFRM_STAT, /* /proc/net/xfrm_stat */
	DESC_KEYLOG, /* where session keys go while somebody exports them: proc/parent/export.c */
	DESC_STORE,  /* memory for what outlives ike: proc/ike/store.h */
	DESC_END,
};

enum {
	IPC_MAX = 256 * 1024, /* octets of one message */
	IPC_DESCRIPTORS_MAX = 1,
};

/* An identity as it travels; the octets are a view. */
struct ipc_id {
	uint8_t type;
	struct bytes data;
};
static inline struct ipc_id ipc_id(const struct id *id)
{
	return id ? (struct ipc_id){ id->type, buf_view(&id->data) } : (struct ipc_id){ 0 };
}
/* *ret owns its octets. */
enum err must_use ipc_id_take(const struct ipc_id *i, struct id *ret);

/* C types of the fields. */
#define IPC_u8	     uint8_t
#define IPC_u16	     uint16_t
#define IPC_u32	     uint32_t
#define IPC_u64	     uint64_t
#define IPC_str	     const char *
#define IPC_bytes    struct bytes
#define IPC_blob     struct bytes
#define IPC_addr     struct addr
#define IPC_endpoint struct endpoint
#define IPC_id	     struct ipc_id

#define F(type, name) IPC_##type name;
#define MSG(name, from, to, when, descriptors, fields)                                             \
	struct msg_##name {                                                                        \
		fields char end_;                                                                  \
	};
#include "ipc/messages.def"
#undef MSG
#undef F

#define MSG(name, from, to, when, descriptors, fields) MSG_##name,
enum msg_id {
	MSG_NONE,
#include "ipc/messages.def"
	MSG_END,
};
#undef MSG

struct msg {
	enum msg_id id;
	union {
#define MSG(name, from, to, when, descriptors, fields) struct msg_##name name;
#include "ipc/messages.def"
#undef MSG
	};
};

/* A string member that is NULL travels as "". w fails when the message is too long. */
void ipc_put(struct wr *w, const struct msg *m);
/* Views into b, which must outlive *ret. Nothing may be left over. */
enum err must_use ipc_get(struct bytes b, struct msg *ret);
/* May from say it to a receiver in that phase, with so many descriptors? */
bool ipc_permits(enum msg_id id, enum ipc_who from, enum ipc_who to, enum ipc_phase phase,
	size_t descriptors);
/* Is there a line between the two? The parent has one to each. */
bool ipc_has_line(enum ipc_who a, enum ipc_who b);
const char *ipc_name(enum msg_id id);	    /* "psk_answer" */
const char *ipc_who_name(enum ipc_who who); /* "ike" */
