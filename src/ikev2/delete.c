/* Delete payloads of the peer (RFC 7296 1.4.1): its inbound SAs are our outbound ones; we answer
 * with our inbound ones, except those that we are deleting at the same moment. */
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"

static void delete_child(struct v2_sa *sa, struct v2_child *c, struct wr *ours)
{
	struct conn *conn = c->c.conn;
	struct v2 *v2 = sa->v2;

	/* both at once: the peer has our SPI from our own request */
	if (c->state != V2_CHILD_DELETING || !sa->window.is_open || !sa->task ||
		sa->task->kind != V2_TASK_DELETE_CHILD || sa->task->child != c->c.serial)
		wr_u32(ours, c->c.spi_in);
	conn_use(conn);
	V2_CHILD_EMIT(c, v2_child_deleted_by_peer, .spi = ev_x32(c->c.spi_out));
	v2_rekey_child_deleted(sa, c);
	v2_child_kill(c);
	v2_conn_lost(v2, conn);
	conn_unuse(conn);
}

static void delete_esp(struct v2_sa *sa, const struct v2_delete *d, struct wr *ours)
{
	struct rd r = rd_from(d->spis);

	for (uint16_t i = 0; i < d->n && rd_more(&r); i++) {
		uint32_t spi = rd_u32(&r);
		struct v2_child *c = v2_child_by_peer_spi(sa, spi);

		/* one that is not there is no error: it was deleted before, or its making is still
		 * under way to us */
		if (c)
			delete_child(sa, c, ours);
		else if (sa->window.is_open)
			sa->early_delete[sa->early_deletes++ % COUNT(sa->early_delete)] = spi;
	}
}

bool v2_delete_received(struct v2_sa *sa, const struct v2_msg *m, struct v2_build *b)
{
	uint8_t room[4 * LIMIT_DELETE_SPIS];
	struct wr ours = wr_to(room, sizeof(room));
	bool is_ike = false;

	for (size_t i = 0; i < m->n_delete; i++) {
		const struct v2_delete *d = &m->del[i];

		if (d->protocol == PROTO_IKE)
			is_ike = true;
		else if (d->protocol == PROTO_ESP && d->spi_n == 4)
			delete_esp(sa, d, &ours);
	}
	/* 1.4.1: with the IKE SA goes everything, the response is empty */
	if (!is_ike && ours.n)
		v2_put_delete(b, PROTO_ESP, 4, (uint16_t)(ours.n / 4), wr_view(&ours));
	return is_ike;
}
