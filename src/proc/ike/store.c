/* Records that outlive the process: see store.h. The memory is blocks; the first one is the head. A
 * record is a chain of blocks of one generation; of several with the same serial the newest that is
 * not newer than the head's generation counts; one without octets says that there is none. Nobody
 * else writes here: what does not fit together was written by a process on its way to a crash. */
#include "proc/ike/store.h"

#include "base/list.h"
#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BLOCK = 1024, BLOCKS = STORE_SIZE / BLOCK };

#define MAGIC 0x636c6561727377a1u

struct head {
	uint64_t magic;
	_Atomic uint64_t committed; /* generation */
	_Atomic uint32_t used;	    /* no block from here on was ever written to */
};

struct block {
	uint64_t generation; /* 0: free */
	uint64_t sum;	     /* of the first: over the whole record */
	uint32_t serial;
	uint32_t next;	/* block; 0: the last */
	uint32_t total; /* octets of the record */
	uint32_t is_first;
};

enum { PART = BLOCK - sizeof(struct block) };

struct entry {
	struct list node;
	uint32_t first, fresh; /* block of what counts, and of what will with the next commit; 0 */
	uint32_t serial;
	bool is_changed; /* since the last commit */
};

struct store {
	uint8_t *memory;
	struct head *head;
	struct list entries;
	struct map by_serial; /* the same */
	struct entry **changed;
	size_t n_changed, room_changed;
	uint32_t *free_blocks;
	size_t n_free, n_records, n_refused;
};

static struct block *block_at(const struct store *s, uint32_t i)
{
	return (struct block *)(void *)(s->memory + (size_t)i * BLOCK);
}

static uint8_t *part_of(struct block *b)
{
	return (uint8_t *)(b + 1);
}

/* FNV-1a, 8 octets at a time where it can: it is to find accidents, not attackers. */
static uint64_t sum_add(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* ---- blocks ---- */

static size_t blocks_for(size_t n)
{
	return n == 0 ? 1 : (n + PART - 1) / PART;
}

static uint32_t block_take(struct store *s)
{
	uint32_t used;

	if (s->n_free)
		return s->free_blocks[--s->n_free];
	used = atomic_load(&s->head->used);
	atomic_store(&s->head->used, used + 1);
	return used;
}

static void block_free(struct store *s, uint32_t i)
{
	wipe(block_at(s, i), BLOCK);
	s->free_blocks[s->n_free++] = i;
}

static void chain_free(struct store *s, uint32_t first)
{
	while (first) {
		uint32_t next = block_at(s, first)->next;

		block_free(s, first);
		first = next;
	}
}

static bool has_room(const struct store *s, size_t n)
{
	return s->n_free + (BLOCKS - atomic_load(&s->head->used)) >= blocks_for(n);
}

/* Gives the first block. */
static uint32_t chain_write(struct store *s, uint32_t serial, struct bytes record)
{
	uint64_t generation = atomic_load(&s->head->committed) + 1;
	uint32_t first = 0, before = 0;
	size_t at = 0;

	do {
		size_t n = MIN(record.n - at, (size_t)PART);
		uint32_t i = block_take(s);
		struct block *b = block_at(s, i);

		*b = (struct block){ generation, 0, serial, 0, (uint32_t)record.n, first == 0 };
		if (n)
			memcpy(part_of(b), record.p + at, n);
		if (before)
			block_at(s, before)->next = i;
		else
			first = i;
		before = i;
		at += n;
	} while (at < record.n);
	block_at(s, first)->sum = sum_add(serial, record.p, record.n);
	return first;
}

/* ---- keeping ---- */

static struct entry *entry_of(struct store *s, uint32_t serial)
{
	struct entry *e = map_get(&s->by_serial, serial);

	if (e)
		return e;
	e = xalloc(sizeof(*e));
	e->serial = serial;
	list_append(&s->entries, &e->node);
	map_put(&s->by_serial, serial, e);
	return e;
}

static void entry_free(struct store *s, struct entry *e)
{
	map_take(&s->by_serial, e->serial);
	list_remove(&e->node);
	free(e);
}

static void change(struct store *s, struct entry *e)
{
	if (e->is_changed)
		return;
	if (s->n_changed == s->room_changed) {
		s->room_changed = s->room_changed ? 2 * s->room_changed : 16;
		s->changed = xrealloc(s->changed, s->room_changed * sizeof(struct entry *));
	}
	e->is_changed = true;
	s->changed[s->n_changed++] = e;
}

static void put(struct store *s, uint32_t serial, struct bytes record)
{
	struct entry *e = entry_of(s, serial);

	change(s, e);
	chain_free(s, e->fresh);
	e->fresh = 0;
	if (record.n && !has_room(s, record.n)) {
		s->n_refused++;
		record = BYTES_NONE;
	}
	/* it takes a block to say that there is none, in place of one that there is */
	if (record.n || (e->first && has_room(s, 0))) {
		e->fresh = chain_write(s, serial, record);
	} else if (e->first) {
		chain_free(s, e->first);
		e->first = 0;
		s->n_records--;
	}
}

void store_keep(void *store, uint32_t serial, struct bytes record)
{
	put(store, serial, record);
}

void store_forget(void *store, uint32_t serial)
{
	put(store, serial, BYTES_NONE);
}

static void settle(struct store *s, struct entry *e)
{
	e->is_changed = false;
	s->n_records -= e->first != 0;
	chain_free(s, e->first);
	e->first = e->fresh;
	e->fresh = 0;
	if (e->first && block_at(s, e->first)->total == 0) {
		chain_free(s, e->first);
		e->first = 0;
	}
	s->n_records += e->first != 0;
	if (!e->first)
		entry_free(s, e);
}

void store_commit(void *store)
{
	struct store *s = store;

	/* from here on the new ones count; a kill leaves old ones, which do not */
	atomic_fetch_add_explicit(&s->head->committed, 1, memory_order_acq_rel);
	for (size_t i = 0; i < s->n_changed; i++)
		settle(s, s->changed[i]);
	s->n_changed = 0;
}

/* ---- reading ---- */

/* Copies the record of that first block to ret (total octets). False: it is broken. */
static bool chain_read(const struct store *s, uint32_t first, uint8_t *ret)
{
	struct block *head = block_at(s, first);
	uint32_t used = atomic_load(&s->head->used), i = first;
	size_t at = 0;

	do {
		struct block *b;
		size_t n = MIN((size_t)head->total - at, (size_t)PART);

		if (i == 0 || i >= used)
			return false;
		b = block_at(s, i);
		if (b->generation != head->generation || b->serial != head->serial)
			return false;
		if (n)
			memcpy(ret + at, part_of(b), n);
		at += n;
		i = b->next;
	} while (at < head->total);
	return i == 0 && head->sum == sum_add(head->serial, ret, head->total);
}

static bool is_sound(const struct store *s, uint32_t first)
{
	const struct block *b = block_at(s, first);
	uint8_t *room;
	bool ok;

	if (b->total > BLOCKS * (size_t)PART)
		return false;
	room = xalloc((size_t)b->total + 1);
	ok = chain_read(s, first, room);
	wipe(room, b->total);
	free(room);
	return ok;
}

/* Of each serial the newest that counts. */
static void find_all(struct store *s)
{
	uint64_t committed = atomic_load(&s->head->committed);
	uint32_t used = atomic_load(&s->head->used);

	for (uint32_t i = 1; i < used; i++) {
		struct block *b = block_at(s, i);
		struct entry *e;

		if (b->is_first != 1 || b->generation == 0 || b->generation > committed ||
			!is_sound(s, i))
			continue;
		e = entry_of(s, b->serial);
		if (!e->first || block_at(s, e->first)->generation < b->generation)
			e->first = i;
	}
}

static void drop_tombstones(struct store *s)
{
	uint32_t used = atomic_load(&s->head->used);

	for (uint32_t i = 1; i < used; i++) {
		struct block *b = block_at(s, i);
		struct entry *e = b->is_first == 1 && b->total == 0
					  ? map_get(&s->by_serial, b->serial)
					  : NULL;

		if (e && e->first == i)
			entry_free(s, e);
	}
}

/* All blocks that no record needs are free, and wiped. */
static void reclaim(struct store *s)
{
	uint32_t used = atomic_load(&s->head->used);
	uint8_t *is_used = xalloc(BLOCKS);
	struct entry *e;

	list_each (e, &s->entries, struct entry, node) {
		s->n_records++;
		for (uint32_t i = e->first; i; i = block_at(s, i)->next)
			is_used[i] = 1;
	}
	/* tombstones last: they hide what is older */
	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t i = 1; i < used; i++) {
			struct block *b = block_at(s, i);
			bool is_tombstone = b->generation && b->is_first == 1 && b->total == 0;

			if (is_used[i] || is_tombstone != (pass == 1))
				continue;
			block_free(s, i);
			is_used[i] = 1;
		}
	free(is_used);
}

struct store *store_open(int fd)
{
	uint8_t *memory = mmap(NULL, STORE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct store *s;

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, STORE_SIZE, MADV_DONTDUMP);
	s = xalloc(sizeof(*s));
	s->memory = memory;
	s->head = (struct head *)(void *)memory;
	s->free_blocks = xalloc(BLOCKS * sizeof(*s->free_blocks));
	list_init(&s->entries);
	map_init(&s->by_serial, 0); /* serials are our own */
	if (s->head->magic != MAGIC || s->head->used == 0 || s->head->used > BLOCKS) {
		atomic_store(&s->head->used, 1);
		atomic_store(&s->head->committed, 0);
		s->head->magic = MAGIC;
	}
	find_all(s);
	drop_tombstones(s);
	reclaim(s);
	return s;
}

void store_each(
	struct store *s, void (*f)(void *ctx, uint32_t serial, struct bytes record), void *ctx)
{
	struct entry *e;

	list_each (e, &s->entries, struct entry, node) {
		uint32_t n = block_at(s, e->first)->total;
		uint8_t *room = xalloc((size_t)n + 1);

		if (chain_read(s, e->first, room))
			f(ctx, e->serial, bytes_of(room, n));
		wipe(room, n);
		free(room);
	}
}

size_t store_count(const struct store *s)
{
	return s->n_records;
}

size_t store_refused(const struct store *s)
{
	return s->n_refused;
}

void store_wipe(struct store *s)
{
	uint32_t used = atomic_load(&s->head->used);

	for (uint32_t i = 1; i < used; i++)
		wipe(block_at(s, i), BLOCK);
}

void store_close(struct store *s)
{
	struct entry *e;

	if (!s)
		return;
	list_each (e, &s->entries, struct entry, node)
		entry_free(s, e);
	map_done(&s->by_serial);
	munmap(s->memory, STORE_SIZE);
	free(s->changed);
	free(s->free_blocks);
	free(s);
}
