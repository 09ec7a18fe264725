/* Message ids with a window of one (RFC 7296 2.1 to 2.3): see window.h. */
#include "ikev2/window.h"

#include "base/rd.h"
#include "base/wr.h"

/* Ids that are kept back, so that an IKE SA can be rekeyed and deleted before they are used up. */
enum { RESERVE = 1024 };

void v2_sent_add(struct v2_sent *s, struct bytes datagram)
{
	size_t at = s->all.n;
	struct wr w;

	s->all.n += 2 + datagram.n;
	s->all.p = xrealloc(s->all.p, s->all.n);
	w = wr_to(s->all.p + at, 2 + datagram.n);
	wr_u16(&w, (uint16_t)datagram.n);
	wr_bytes(&w, datagram);
}

void v2_sent_done(struct v2_sent *s)
{
	buf_done(&s->all);
}

bool v2_sent_next(const struct v2_sent *s, size_t *at, struct bytes *ret)
{
	struct rd r = rd_from(buf_view(&s->all));
	struct bytes datagram;
	uint16_t n;

	rd_skip(&r, *at);
	if (!rd_more(&r))
		return false;
	n = rd_u16(&r);
	datagram = rd_bytes(&r, n);
	*at += 2 + (size_t)n;
	*ret = datagram;
	return true;
}

void v2_window_done(struct v2_window *w)
{
	v2_sent_done(&w->response);
	v2_sent_done(&w->request);
	*w = (struct v2_window){ 0 };
}

enum v2_window_verdict v2_window_request(const struct v2_window *w, uint32_t message_id)
{
	if (message_id == w->expected && message_id != UINT32_MAX)
		return w->busy ? V2_WINDOW_BUSY : V2_WINDOW_NEW;
	if (message_id + 1 == w->expected && v2_sent_any(&w->response))
		return V2_WINDOW_REPEAT;
	return V2_WINDOW_OUTSIDE;
}

void v2_window_begin(struct v2_window *w)
{
	w->busy = true;
	v2_sent_done(&w->response);
}

void v2_window_store_response(struct v2_window *w, struct bytes datagram)
{
	v2_sent_add(&w->response, datagram);
}

void v2_window_answered(struct v2_window *w)
{
	w->busy = false;
	w->expected++;
}

void v2_window_forget(struct v2_window *w)
{
	w->busy = false;
	v2_sent_done(&w->response);
}

enum err v2_window_open(struct v2_window *w, uint32_t *ret_id)
{
	if (w->is_open)
		return ERR_NOT_NOW;
	if (w->next == UINT32_MAX)
		return ERR_EXHAUSTED;
	w->is_open = true;
	*ret_id = w->next;
	return OK;
}

void v2_window_store_request(struct v2_window *w, struct bytes datagram)
{
	v2_sent_add(&w->request, datagram);
}

void v2_window_retry(struct v2_window *w)
{
	v2_sent_done(&w->request);
}

bool v2_window_response(const struct v2_window *w, uint32_t message_id)
{
	return w->is_open && message_id == w->next;
}

void v2_window_close(struct v2_window *w)
{
	v2_sent_done(&w->request);
	w->is_open = false;
	w->next++;
}

bool v2_window_is_worn(const struct v2_window *w)
{
	return MAX(w->next, w->expected) >= UINT32_MAX - RESERVE;
}
