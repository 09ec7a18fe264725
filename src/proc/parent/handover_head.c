/* See handover.h. */
#include "proc/parent/handover.h"

#include "config/conf.h"
#include "ike/ike.h"

#define STR_(x) #x
#define STR(x)	STR_(x)

/* To be raised with what handover.c writes; connections and records of IKE SAs have their own. */
#define HANDOVER_FORMAT 1

static const char magic[20] = "clearswan handover\n";
static const char format[16] =
	STR(HANDOVER_FORMAT) "." STR(CONF_FORMAT) "." STR(IKE_RECORD_FORMAT) "\n";

static void put_fd(struct wr *w, int fd)
{
	wr_u32(w, (uint32_t)(fd + 1));
}

static int get_fd(struct rd *r)
{
	uint32_t v = rd_u32(r);

	if (v > 1u << 20)
		rd_fail(r);
	return r->failed ? -1 : (int)v - 1;
}

void handover_head_put(struct wr *w, const struct handover_head *h)
{
	wr_bytes(w, bytes_of(magic, sizeof(magic)));
	wr_bytes(w, bytes_of(format, sizeof(format)));
	put_fd(w, h->lock);
	put_fd(w, h->guard_pipe);
	wr_u32(w, (uint32_t)h->guard_pid);
	put_fd(w, h->said);
}

enum err handover_head_get(struct rd *r, struct handover_head *ret)
{
	struct handover_head h;
	struct bytes m = rd_bytes(r, sizeof(magic)), f = rd_bytes(r, sizeof(format));

	h.lock = get_fd(r);
	h.guard_pipe = get_fd(r);
	h.guard_pid = (int)rd_u32(r);
	h.said = get_fd(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (!bytes_eq(m, bytes_of(magic, sizeof(magic))) || h.guard_pid < 0)
		return ERR_VALUE;
	*ret = h;
	return bytes_eq(f, bytes_of(format, sizeof(format))) ? OK : ERR_UNSUPPORTED;
}
