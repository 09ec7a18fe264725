/* The catalogue as a table, and emit(). */
#include "event/event.h"

#include "event/debug.h"

#define F(type, name) { #name, EVENT_TYPE_##type },
#define ROW(name, code, level, debug, text, ...)                                                   \
	[EV_##name] = { #name, code, level, debug, text,                                           \
		sizeof((struct event_field[]){ __VA_ARGS__{ NULL, 0 } }) /                         \
				sizeof(struct event_field) -                                       \
			1,                                                                         \
		{ __VA_ARGS__{ NULL, 0 } } },
#define EVENT(name, code, level, text, fields) ROW(name, code, EVENT_##level, 0, text, fields)
#define DEBUG_EVENT(name, class, text, fields)                                                     \
	ROW(name, 0, EVENT_DEBUG, DEBUG_##class, text, fields)
static const struct event_kind kinds[EV_END] = {
	[EV_NONE] = { "none", 0, EVENT_DEBUG, 0, "", 0, { { NULL, 0 } } },
#include "event/catalog.def"
};
#undef EVENT
#undef ROW
#undef F

const struct event_kind *event_kind(enum event_id id)
{
	return &kinds[(unsigned)id < EV_END ? id : EV_NONE];
}

enum event_id event_by_name(const char *name)
{
	for (int id = 1; id < EV_END; id++)
		if (strcmp(kinds[id].name, name) == 0)
			return (enum event_id)id;
	return EV_NONE;
}

bool event_check(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; i < k->n; i++)
		if (e->row[i].type != k->field[i].type)
			return false;
	return e->id != EV_NONE;
}

void event_emit(const struct event_sink *sink, struct now now, const struct event_about *about,
	enum event_id id, const struct event_value *row)
{
	struct event e = { .id = id, .at = now };

	if (about)
		e.about = *about;
	memcpy(e.row, row, event_kind(id)->n * sizeof(*row));
	sink->take(sink->ctx, &e);
}

void event_put(struct wr *w, const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	wr_u16(w, (uint16_t)e->id);
	wr_u64(w, (uint64_t)e->at.mono);
	wr_u64(w, (uint64_t)e->at.wall);
	wr_u64(w, e->seq);
	wr_u32(w, e->about.instance);
	addr_put(w, &e->about.peer);
	wr_u32(w, e->about.serial);
	wr_u32(w, e->about.request);
	wr_u8(w, e->about.conn != NULL);
	if (e->about.conn)
		wr_bytes(w, bytes_of(e->about.conn, strlen(e->about.conn) + 1));
	for (unsigned i = 0; i < k->n; i++) {
		const struct event_value *v = &e->row[i];

		wr_u8(w, v->type);
		switch ((enum event_type)v->type) {
		case EVENT_TYPE_NONE:
			break;
		case EVENT_TYPE_u64:
		case EVENT_TYPE_x32:
			wr_u64(w, v->u64);
			break;
		case EVENT_TYPE_str:
			wr_bytes(w, bytes_of(v->str, strlen(v->str) + 1));
			break;
		case EVENT_TYPE_addr:
			addr_put(w, &v->addr);
			break;
		case EVENT_TYPE_ep:
			endpoint_put(w, &v->ep);
			break;
		}
	}
}

/* A NUL-terminated string as a view. */
static const char *get_str(struct rd *r)
{
	const uint8_t *nul = r->n ? memchr(r->p, 0, r->n) : NULL;

	if (!nul) {
		rd_fail(r);
		return "";
	}
	return (const char *)rd_bytes(r, (size_t)(nul - r->p) + 1).p;
}

enum err event_get(struct rd *r, struct event *ret)
{
	struct event e = { .id = (enum event_id)rd_u16(r) };
	const struct event_kind *k = event_kind(e.id);
	bool named;

	e.at.mono = (ns_t)rd_u64(r);
	e.at.wall = (ns_t)rd_u64(r);
	e.seq = rd_u64(r);
	e.about.instance = rd_u32(r);
	e.about.peer = addr_get(r);
	e.about.serial = rd_u32(r);
	e.about.request = rd_u32(r);
	named = rd_u8(r) != 0;
	if (named)
		e.about.conn = get_str(r);
	for (unsigned i = 0; i < k->n; i++) {
		struct event_value *v = &e.row[i];

		v->type = rd_u8(r);
		if (v->type != k->field[i].type && v->type != EVENT_TYPE_NONE)
			return ERR_VALUE;
		switch ((enum event_type)v->type) {
		case EVENT_TYPE_NONE:
			break;
		case EVENT_TYPE_u64:
		case EVENT_TYPE_x32:
			v->u64 = rd_u64(r);
			break;
		case EVENT_TYPE_str:
			v->str = get_str(r);
			break;
		case EVENT_TYPE_addr:
			v->addr = addr_get(r);
			break;
		case EVENT_TYPE_ep:
			v->ep = endpoint_get(r);
			break;
		}
	}
	if (r->failed)
		return ERR_TRUNCATED;
	if (k->code == 0 && e.id == EV_NONE)
		return ERR_VALUE;
	*ret = e;
	return OK;
}
