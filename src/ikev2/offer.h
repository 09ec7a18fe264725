#pragma once
/* What is offered and chosen for a Child SA (RFC 7296 2.7, 2.9, 2.17): the same in IKE_AUTH and
 * CREATE_CHILD_SA, where KE may be part of it. */
#include "ikev2/sa.h"

/* The four octets of an ESP SPI. */
struct v2_spi {
	uint8_t b[4];
};
struct v2_spi v2_spi_octets(uint32_t spi);
uint32_t v2_spi_of(const struct proposal *p); /* 0: it is none of ESP */

/* m's selectors as this end has to understand them: in transport mode through a NAT they are
 * substituted (2.23.1), else they are m's. */
void v2_ts_here(const struct v2_sa *sa, const struct v2_msg *m, bool is_transport,
	struct ts_list *tsi, struct ts_list *tsr);

/* ---- the requester ---- */
/* Fills c->offered: its connection's proposals with our SPI; with_ke: and with PFS as pfs= says,
 * the group that the peer asked for first. */
void v2_child_offer(struct v2_child *c, bool with_ke);
/* The group to try first for what replaces another one: Libreswan takes no other. KE_NONE: any. */
uint16_t v2_rekey_group(const struct v2_child *c);
/* What was offered; the empty set when nothing was. */
const struct proposals *v2_child_offered(const struct v2_child *c);
/* [N(USE_TRANSPORT_MODE)], [N(ESP_TFC_PADDING_NOT_SUPPORTED)], SA */
void v2_put_child_offer(struct v2_build *b, const struct v2_child *c);
/* The selectors to be proposed: c's own when it replaces one, else its connection's. */
void v2_child_selectors(const struct v2_child *c, struct ts_list *tsi, struct ts_list *tsr);
/* The response's suite, SPI and selectors into c->c. ERR_MISMATCH for selectors that are too
 * narrow; ERR_DENIED for tunnel mode where we want transport mode (an event has said so). */
enum err must_use v2_child_accept(struct v2_child *c, const struct v2_msg *m, bool with_ke);

/* ---- the responder: 0, or the notification that refuses (an event has said why) ---- */
uint16_t v2_child_choose(struct v2_child *c, const struct v2_msg *m, bool with_ke);
uint16_t v2_child_narrow(struct v2_child *c, const struct v2_msg *m);
uint16_t v2_child_mode(struct v2_child *c, const struct v2_msg *m);
void v2_put_child_choice(struct v2_build *b, const struct v2_child *c); /* [N], [N], SA */
