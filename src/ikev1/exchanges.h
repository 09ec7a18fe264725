#pragma once
/* The handlers that the tables name, by the file that has them. */
#include "ikev1/step.h"

/* main_mode.c (RFC 2409 5.4): the initiator; rekeys: serial of the ISAKMP SA to be replaced, 0 */
void main_mode_start(struct v1 *v1, struct conn *c, uint32_t rekeys);
enum v1_verdict main_mode_mr1(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict main_mode_mr2(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict main_mode_i_keyed(struct v1_sa *sa, const struct answer *a);
enum v1_verdict main_mode_mr3(struct v1_sa *sa, const struct v1_msg *m);

/* main_mode_responder.c; the first message meets no SA yet */
void main_mode_mi1(struct v1 *v1, const struct datagram *d, const struct v1_msg *m);
enum v1_verdict main_mode_mi2(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict main_mode_r_keyed(struct v1_sa *sa, const struct answer *a);
enum v1_verdict main_mode_mi3(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict main_mode_r_checked(struct v1_sa *sa, const struct answer *a);

/* aggressive_mode.c: both roles */
void aggressive_mode_start(struct v1 *v1, struct conn *c, uint32_t rekeys);
enum v1_verdict aggressive_mode_ar1(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict aggressive_mode_i_keyed(struct v1_sa *sa, const struct answer *a);
void aggressive_mode_ai1(struct v1 *v1, const struct datagram *d, const struct v1_msg *m);
enum v1_verdict aggressive_mode_r_keyed(struct v1_sa *sa, const struct answer *a);
enum v1_verdict aggressive_mode_ai2(struct v1_sa *sa, const struct v1_msg *m);

/* phase1.c: what all of them share. Begins Phase 1 as the connection says (Main or Aggressive). */
void v1_phase1_start(struct v1 *v1, struct conn *c, uint32_t rekeys);
/* The peer's refusal in clear (unauthenticated Informational): people who wait are told, an attempt
 * that must go on goes on. */
enum v1_verdict phase1_refused(struct v1_sa *sa, const struct v1_msg *m);
/* The same with our keys, after MI3: it is the peer's word. */
enum v1_verdict phase1_rejected(struct v1_sa *sa, const struct v1_msg *m);

/* quick_mode.c (RFC 2409 5.5): the initiator; rekeys: the Child SA to be replaced or NULL */
void quick_mode_start(struct v1_sa *sa, struct conn *c, struct v1_child *rekeys);
/* A new one beside c, by the newest ISAKMP SA with the peer, or by one that is begun for it. False:
 * c is being rekeyed already, or is no more in use. */
bool v1_child_rekey(struct v1_child *c);
void v1_child_expired(struct v1_child *c, const char *why, const char *limit); /* lifetime.c */
/* What waited for the ISAKMP SA, or for others to be done (LIMIT_V1_QUICK_OPEN), begins. */
void quick_mode_go_on(struct v1_sa *sa);
enum v1_verdict quick_mode_qr1(struct v1_child *c, const struct v1_msg *m);
/* quick_mode_responder.c; the first message meets no Child SA yet */
enum v1_verdict quick_mode_qi1(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict quick_mode_qi2(struct v1_child *c, const struct v1_msg *m);
/* install.c: the data plane answered */
void v1_child_install(struct v1_child *c, enum dp_dir dir);
void v1_child_answer(struct v1_child *c, const struct answer *a);

/* notice.c: what the data plane says unasked */
void v1_notice(struct v1 *v1, const struct dp_notice *n);
void v1_dpd_answer(struct v1_child *c, const struct answer *a); /* dpd.c: V1_ASK_TRAFFIC */
/* R-U-THERE and its ACK, their data; the SPI was this ISAKMP SA's. False: it is an old one again.
 */
bool must_use v1_dpd_asked(struct v1_sa *sa, struct bytes data);
bool must_use v1_dpd_acked(struct v1_sa *sa, struct bytes data);
/* established.c: the peer has nothing of what was before this ISAKMP SA (RFC 2407 4.6.3.3). */
void v1_initial_contact(struct v1_sa *sa);

/* informational.c (RFC 2408 5.15, 3706) */
enum v1_verdict informational(struct v1_sa *sa, const struct v1_msg *m);

/* transaction.c (XAUTH, Mode Config): draft-dukes-ike-mode-cfg-02, draft-ietf-ipsec-isakmp-xauth-06
 */
/* Phase 1 is authenticated. False: nothing of the kind is to be done; else v1_sa_established()
 * comes when it is done. */
bool v1_transaction_begin(struct v1_sa *sa);
enum v1_verdict transaction(struct v1_sa *sa, const struct v1_msg *m);
enum v1_verdict xauth_verified(struct v1_sa *sa, const struct answer *a); /* xauth_server.c */
enum v1_verdict xauth_secret(struct v1_sa *sa, const struct answer *a);	  /* xauth_client.c */
/* mode_config.c: wire is what Quick Mode says of the gateway's side. True: Mode Config named
 * networks (UNITY_SPLIT_INCLUDE), and 0.0.0.0/0 stands for these of them that c allows: *ret. */
bool v1_split(const struct v1_sa *sa, const struct conn *c, const struct ts_list *wire,
	struct ts_list *ret);
