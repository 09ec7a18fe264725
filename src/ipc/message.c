/* Messages between processes: wire form and permissions, all made from messages.def. */
#include "ipc/ipc.h"

/* ---- field types ---- */

static void put_u8(struct wr *w, uint8_t v)
{
	wr_u8(w, v);
}
static void put_u16(struct wr *w, uint16_t v)
{
	wr_u16(w, v);
}
static void put_u32(struct wr *w, uint32_t v)
{
	wr_u32(w, v);
}
static void put_u64(struct wr *w, uint64_t v)
{
	wr_u64(w, v);
}
/* With its NUL, so that the reader may use it in place. */
static void put_str(struct wr *w, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	wr_u32(w, (uint32_t)n + 1);
	wr_bytes(w, bytes_of(s, n));
	wr_u8(w, 0);
}
static void put_bytes(struct wr *w, struct bytes b)
{
	if (b.n > UINT16_MAX)
		w->failed = true;
	wr_u16(w, (uint16_t)b.n);
	wr_bytes(w, b);
}
static void put_blob(struct wr *w, struct bytes b)
{
	wr_u32(w, (uint32_t)b.n);
	wr_bytes(w, b);
}
static void put_addr(struct wr *w, struct addr a)
{
	addr_put(w, &a);
}
static void put_endpoint(struct wr *w, struct endpoint e)
{
	endpoint_put(w, &e);
}
static void put_id(struct wr *w, struct ipc_id id)
{
	wr_u8(w, id.type);
	put_bytes(w, id.data);
}

static uint8_t get_u8(struct rd *r)
{
	return rd_u8(r);
}
static uint16_t get_u16(struct rd *r)
{
	return rd_u16(r);
}
static uint32_t get_u32(struct rd *r)
{
	return rd_u32(r);
}
static uint64_t get_u64(struct rd *r)
{
	return rd_u64(r);
}
static const char *get_str(struct rd *r)
{
	struct bytes b = rd_bytes(r, rd_u32(r));

	if (b.n == 0 || memchr(b.p, 0, b.n) != b.p + b.n - 1) {
		rd_fail(r);
		return "";
	}
	return (const char *)b.p;
}
static struct bytes get_bytes(struct rd *r)
{
	return rd_bytes(r, rd_u16(r));
}
static struct bytes get_blob(struct rd *r)
{
	return rd_bytes(r, rd_u32(r));
}
static struct addr get_addr(struct rd *r)
{
	return addr_get(r);
}
static struct endpoint get_endpoint(struct rd *r)
{
	return endpoint_get(r);
}
static struct ipc_id get_id(struct rd *r)
{
	struct ipc_id id = { .type = rd_u8(r) };

	id.data = get_bytes(r);
	return id;
}

/* ---- messages ---- */

#define F(type, name) put_##type(w, m->name);
#define MSG(name, from, to, when, descriptors, fields)                                             \
	static void name##_put(struct wr *w __attribute__((unused)),                               \
		const struct msg_##name *m __attribute__((unused)))                                \
	{                                                                                          \
		fields                                                                             \
	}
#include "ipc/messages.def"
#undef MSG
#undef F

#define F(type, name) m->name = get_##type(r);
#define MSG(name, from, to, when, descriptors, fields)                                             \
	static void name##_get(struct rd *r __attribute__((unused)),                               \
		struct msg_##name *m __attribute__((unused)))                                      \
	{                                                                                          \
		fields                                                                             \
	}
#include "ipc/messages.def"
#undef MSG
#undef F

void ipc_put(struct wr *w, const struct msg *m)
{
	wr_u16(w, (uint16_t)m->id);
	switch (m->id) {
#define MSG(name, from, to, when, descriptors, fields)                                             \
	case MSG_##name:                                                                           \
		name##_put(w, &m->name);                                                           \
		return;
#include "ipc/messages.def"
#undef MSG
	case MSG_NONE:
	case MSG_END:
		break;
	}
	w->failed = true;
}

enum err ipc_get(struct bytes b, struct msg *ret)
{
	struct rd r = rd_from(b);
	struct msg m = { .id = (enum msg_id)rd_u16(&r) };

	switch (m.id) {
#define MSG(name, from, to, when, descriptors, fields)                                             \
	case MSG_##name:                                                                           \
		name##_get(&r, &m.name);                                                           \
		break;
#include "ipc/messages.def"
#undef MSG
	case MSG_NONE:
	case MSG_END:
	default:
		return ERR_VALUE;
	}
	if (!rd_end(&r))
		return r.failed ? ERR_TRUNCATED : ERR_LENGTH;
	*ret = m;
	return OK;
}

enum err ipc_id_take(const struct ipc_id *i, struct id *ret)
{
	if (i->type == ID_NONE) {
		if (i->data.n)
			return ERR_LENGTH;
		*ret = (struct id){ 0 };
		return OK;
	}
	return id_from_wire(i->type, i->data, ret);
}

/* ---- permissions ---- */

enum set {
	PARENT = 1 << WHO_PARENT,
	IKE = 1 << WHO_IKE,
	KEYS = 1 << WHO_KEYS,
	KERNEL = 1 << WHO_KERNEL,
	CONTROL = 1 << WHO_CONTROL,
	ESP = 1 << WHO_ESP,
	CHILDREN = IKE | KEYS | KERNEL | CONTROL | ESP,
};
enum when { SETUP = PHASE_SETUP, RUN = PHASE_RUN, ALWAYS = PHASE_SETUP | PHASE_RUN };

static const struct permission {
	const char *name;
	uint8_t from, to, when, descriptors;
} permissions[MSG_END] = {
	[MSG_NONE] = { "none", 0, 0, 0, 0 },
#define MSG(name, from, to, when, descriptors, fields)                                             \
	[MSG_##name] = { #name, from, to, when, descriptors },
#include "ipc/messages.def"
#undef MSG
};

bool ipc_permits(enum msg_id id, enum ipc_who from, enum ipc_who to, enum ipc_phase phase,
	size_t descriptors)
{
	const struct permission *p = &permissions[(unsigned)id < MSG_END ? id : MSG_NONE];

	return (p->from & 1 << from) && (p->to & 1 << to) && (p->when & phase) &&
	       p->descriptors == descriptors;
}

bool ipc_has_line(enum ipc_who a, enum ipc_who b)
{
	static const uint8_t lines[WHO_END] = {
		[WHO_PARENT] = CHILDREN,
		[WHO_IKE] = PARENT | KEYS | KERNEL | ESP | CONTROL,
		[WHO_KEYS] = PARENT | IKE | CONTROL,
		[WHO_KERNEL] = PARENT | IKE | CONTROL,
		[WHO_CONTROL] = PARENT | IKE | KEYS | KERNEL | ESP,
		[WHO_ESP] = PARENT | IKE | CONTROL,
	};

	return a < WHO_END && b < WHO_END && (lines[a] & 1 << b);
}

const char *ipc_name(enum msg_id id)
{
	return permissions[(unsigned)id < MSG_END ? id : MSG_NONE].name;
}

const char *ipc_who_name(enum ipc_who who)
{
	static const char *const names[WHO_END] = {
		[WHO_PARENT] = "parent",
		[WHO_IKE] = "ike",
		[WHO_KEYS] = "keys",
		[WHO_KERNEL] = "kernel",
		[WHO_CONTROL] = "control",
		[WHO_ESP] = "esp",
	};

	return (unsigned)who < WHO_END ? names[who] : "nobody";
}
