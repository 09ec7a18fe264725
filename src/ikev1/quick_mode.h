#pragma once
/* What both roles of Quick Mode and install.c share. */
#include "ikev1/step.h"

/* ---- quick_mode.c ---- */
/* What the connection allows in ESP, with c's SPI: as initiator what is offered, as responder what
 * is taken. ours: room for w->ours. */
void quick_wish(const struct v1_child *c, struct proposals *ours, struct v1_esp_wish *w);
void quick_nonce(struct v1_sa *sa, struct buf *ret);
/* Both original addresses, in transport mode through a NAT (RFC 3947 5.2). */
void quick_put_nat_oa(const struct v1_child *c, struct v1_build *b);
/* The chain so far begins with room for a hash: HASH(2) of it. */
void quick_put_hash_2(const struct v1_child *c, struct v1_build *b);
/* An Identification payload, or the host where there is none (RFC 2409 5.5). */
enum err must_use quick_selector(
	const struct v1_msg *m, size_t i, const struct addr *host, struct ts *ret);
/* 0.0.0.0/0 of the gateway's side stands for what Mode Config named. */
void quick_split(struct v1_child *c);
/* The peer says no, in an Informational exchange that proved authentic: who waits is told, and c is
 * over. */
void quick_mode_refused(struct v1_child *c, uint16_t notify);
/* What the peer wants is not to be had: it is told so. */
void quick_refuse(struct v1_child *c, uint16_t notify);
/* Both directions are there: QI2 goes out. */
void quick_mode_installed(struct v1_child *c);

/* ---- quick_mode_responder.c ---- */
/* Inbound is there: QR1 goes out. */
void quick_mode_r_installed(struct v1_child *c);

/* ---- install.c ---- */
void v1_child_established(struct v1_child *c);
/* I, QI2 has gone out: uses it, or has an older one carry on until the peer is sure to have it. */
void v1_child_switch(struct v1_child *c);
void v1_child_heard(struct v1_child *c); /* a packet has come on it */

/* ---- quick_text.c: as people read it ---- */
char *quick_xfrm_text(const struct suite *s, char *ret, size_t n); /* "AES_CBC_128-HMAC_SHA1_96" */
char *quick_msgid_text(uint32_t message_id, char ret[9]);
/* What a line says about an IPsec SA: fields of v1_child_established. */
struct quick_words {
	char xfrm[2 * ALG_STR], natd[ENDPOINT_STR], ours[TS_LIST_STR], theirs[TS_LIST_STR];
	const char *mode, *esp, *dpd;
};
void quick_words(const struct v1_child *c, struct quick_words *w);
