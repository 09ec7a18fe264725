#pragma once
/* One fact, one event. emit() makes the line for people with its compatible number, the JSON, the
 * counter and the input of the diagnosis; nothing ever parses our own text. */
#include "base/addr.h"
#include "base/now.h"

enum event_level {
	EVENT_DEBUG, /* only in the log with plutodebug=; lost first by slow readers */
	EVENT_INFO,  /* progress and facts */
	EVENT_WARN,  /* works, but a person should look */
	EVENT_FAIL,  /* what was asked for did not happen */
	EVENT_REPLY, /* an answer to one request (status); goes to the asker, never to the log */
};

enum event_type {
	EVENT_TYPE_NONE,
	EVENT_TYPE_u64,
	EVENT_TYPE_x32, /* an SPI: 0x%08x */
	EVENT_TYPE_str, /* UTF-8 for people; what a peer sent is escaped by event_escape() before */
	EVENT_TYPE_addr,
	EVENT_TYPE_ep, /* endpoint */
};

/* A typed value. Strings are borrowed until emit() returns. */
struct event_value {
	uint8_t type; /* enum event_type */
	union {
		uint64_t u64;
		const char *str;
		struct addr addr;
		struct endpoint ep;
	};
};

static inline struct event_value ev_u64(uint64_t v)
{
	return (struct event_value){ .type = EVENT_TYPE_u64, .u64 = v };
}
static inline struct event_value ev_x32(uint32_t v)
{
	return (struct event_value){ .type = EVENT_TYPE_x32, .u64 = v };
}
static inline struct event_value ev_str(const char *v)
{
	return (struct event_value){ .type = EVENT_TYPE_str, .str = v ? v : "" };
}
static inline struct event_value ev_addr(struct addr v)
{
	return (struct event_value){ .type = EVENT_TYPE_addr, .addr = v };
}
static inline struct event_value ev_ep(struct endpoint v)
{
	return (struct event_value){ .type = EVENT_TYPE_ep, .ep = v };
}

enum { EVENT_FIELDS_MAX = 32 };

/* Ids: EV_<name>. The order in the file is not an interface; the name and the number are. */
#define F(type, name)
#define EVENT(name, code, level, text, fields) EV_##name,
enum event_id {
	EV_NONE,
#include "event/catalog.def"
	EV_END,
};
#undef EVENT
#undef F

/* For each event its fields, by name and as a row. */
#define F(type, name) struct event_value name;
#define EVENT(name, code, level, text, fields)                                                     \
	union ev_##name {                                                                          \
		struct {                                                                           \
			fields struct event_value end_;                                            \
		};                                                                                 \
		struct event_value row[EVENT_FIELDS_MAX + 1];                                      \
	};
#include "event/catalog.def"
#undef EVENT
#undef F

/* What an event is about. Zero members are not printed. */
struct event_about {
	const char *conn;  /* connection name */
	uint32_t instance; /* of a template: "name"[1] */
	struct addr peer;  /* shown for instances */
	uint32_t serial;   /* #15: serial number of the IKE SA or Child SA */
	uint32_t request;  /* the command that it answers; 0: nobody waits */
};

struct event {
	enum event_id id;
	struct event_about about;
	struct now at;
	uint64_t seq; /* set by the receiver that numbers events (control) */
	struct event_value row[EVENT_FIELDS_MAX];
};

/* Where events go. The sink copies what it keeps. */
struct event_sink {
	void (*take)(void *ctx, const struct event *e);
	void *ctx;
};

/* EMIT(sink, now, about, v2_timeout, .exchange = ev_str("IKE_AUTH"), .attempts = ev_u64(7));
 * A misspelt field does not compile; a wrong type is caught by event_check() in every test. An
 * event without fields ends in a comma: EMIT(sink, now, about, v2_initiate, ); */
#define EMIT(sink, now, about, name, ...)                                                          \
	event_emit((sink), (now), (about), EV_##name,                                              \
		((union ev_##name){ { .end_ = { .type = 0 }, __VA_ARGS__ } }).row)

void event_emit(const struct event_sink *sink, struct now now, const struct event_about *about,
	enum event_id id, const struct event_value *row);

/* What the catalogue says of an event. */
struct event_field {
	const char *name;
	uint8_t type; /* enum event_type */
};
struct event_kind {
	const char *name;
	unsigned code;
	enum event_level level;
	uint32_t debug; /* enum debug_class; 0: not of level DEBUG */
	const char *text;
	unsigned n;
	struct event_field field[EVENT_FIELDS_MAX];
};
const struct event_kind *event_kind(enum event_id id); /* never NULL; EV_NONE for what is unknown */
enum event_id event_by_name(const char *name);	       /* EV_NONE when there is none */
/* Do all values have the type that the catalogue says? */
bool event_check(const struct event *e);

/* "002 "name"[1] 192.0.2.1 #15: text": the line with its number, or without (as in log files).
 * Cut at n - 1 bytes. Gives s. */
char *event_line(const struct event *e, bool with_code, char *s, size_t n);
/* {"event":"…","code":2,"level":"info","time":…,"conn":…,"instance":…,"peer":…,"sa":…,"request":…,
 * "seq":…,"line":"…", fields…} as one line, no newline. Gives the length, cut never: false when n
 * is too small. */
bool event_json(const struct event *e, char *s, size_t n);

/* Between our processes. Strings are views into the reader's bytes made NUL-terminated: they live
 * as long as those bytes do. */
void event_put(struct wr *w, const struct event *e);
enum err must_use event_get(struct rd *r, struct event *ret);

/* Text from a peer made printable: control characters, quotes and backslashes as \xNN. Gives s. */
char *event_escape(struct bytes b, char *s, size_t n);
