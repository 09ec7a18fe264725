#pragma once
/* What is known of one connection, or of one address that has none: the events that told of it. */
#include "base/list.h"
#include "event/event.h"

/* What is kept, with bounds that no peer can move. */
enum { STORY_EVENTS = 96, STORIES_MAX = 1024, STRANGERS_MAX = 64 };

/* The memory of one: events as octets (event_put), a ring. */
struct memory {
	struct list node;
	char *conn; /* NULL: of strangers, by address */
	uint32_t instance;
	struct addr peer;
	struct buf event[STORY_EVENTS];
	uint64_t n;		/* ever told; number i lies in event[i % STORY_EVENTS] */
	uint64_t past;		/* those before this one are of an attempt that is over */
	struct buf facts, good; /* conn_facts, last_good, which a ring would lose */
	struct buf secrets;	/* secrets_loading, likewise: of the file that was written last */
	uint64_t secrets_written;
	struct addr at;	  /* where the peer of a connection was last */
	uint32_t request; /* who waits for what happens now; 0: nobody */
	ns_t due;	  /* when it is to be judged; NS_NEVER */
	ns_t silent;	  /* when no answer to what was sent last is one; NS_NEVER */
	ns_t open;	  /* when traffic that left in the clear has done so for long; NS_NEVER */
	uint32_t said;	  /* a digest of the findings that were told of; 0: none */
	const char *said_class; /* the first of them, static */
	uint32_t begun;		/* the IKE SA that it began last, until that is established; 0 */
	uint32_t rides;		/* the one that another has begun, and that it waits for; 0 */
	uint32_t heard;		/* a digest of what was told of that one */
};

struct memory *memory_new(const char *conn, uint32_t instance, struct addr peer);
void memory_done(struct memory *m); /* frees it */
void memory_add(struct memory *m, const struct event *e);

/* Has the connection just been loaded (its newest event) as another one than it was? facts:
 * conn_facts of what it is now, not added yet. */
bool memory_is_changed(const struct memory *m, const struct event *facts);

/* A memory opened to be judged. Events are borrowed from it. */
struct story {
	const char *conn; /* NULL: of a stranger */
	struct addr peer;
	struct now now;
	struct event event[STORY_EVENTS]; /* oldest first */
	unsigned n;
	unsigned from; /* the present: the last attempt, or since it is up */
	struct event facts_;
	const struct event *facts; /* conn_facts; NULL: not known */
	struct event good_;
	const struct event *good; /* last_good; NULL: not known to have worked */
	struct event secrets_;
	const struct event *secrets; /* secrets_loading, of the file that was written last */
};
void story_open(const struct memory *m, struct now now, struct story *ret);
/* The facts of another memory; what is known of the host's secrets, from its memory. */
void story_facts(const struct memory *m, struct story *ret);
void story_secrets(const struct memory *host, struct story *ret);

/* The fields of an event: FIELDS(e, v2_timeout)->remote. The caller knows that e is one. */
#define FIELDS(e, name) ((const union ev_##name *)(const void *)(e)->row)

/* The newest or oldest of this kind in the present; NULL when there is none. */
const struct event *story_last(const struct story *s, enum event_id id);
const struct event *story_first(const struct story *s, enum event_id id);
unsigned story_count(const struct story *s, enum event_id id);
/* The newest of these kinds (EV_NONE ends them). */
const struct event *story_last_of(const struct story *s, const enum event_id *ids);
/* The newest of all that is kept. */
const struct event *story_ever(const struct story *s, enum event_id id);
/* Is a later than b? NULL is before all. */
bool story_later(const struct event *a, const struct event *b);
/* A Child SA is up, as far as the story goes. */
bool story_is_up(const struct story *s);
/* How long ago, in virtual or real time. */
ns_t story_age(const struct story *s, const struct event *e);
/* Who begins and is refused at once, not authenticated: the connection that its first message is
 * nearest to, "": none. NULL: e is something else. */
const char *story_nearest(const struct event *e);
/* A field of conn_facts as text; "" when it is not known. */
/* A field of last_good likewise. */
#define GOOD(s, field) ((s)->good ? FIELDS((s)->good, last_good)->field.str : "")
#define FACT(s, field) ((s)->facts ? FIELDS((s)->facts, conn_facts)->field.str : "")
/* The version that it speaks: 1, 2, 0 when nothing tells. */
int story_version(const struct story *s);
