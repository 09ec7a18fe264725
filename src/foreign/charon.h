#pragma once
/* What charon says: its parts. */
#include "foreign/line.h"

/* "vpn[1] between ...": the name before [ or {, which is whose line it is. False: there is none. */
bool charon_named(struct line *n, const char *s);
/* Whose line it is, by the addresses of the packet that its thread works on. */
void charon_need_talk(struct line *n);

/* ---- charon_id.c ---- */
void charon_authentication(struct line *n);
void charon_mac_mismatched(struct line *n);
void charon_no_key(struct line *n);
void charon_looking(struct line *n);
void charon_peer_config(struct line *n);
void charon_no_peer_config(struct line *n);
void charon_none_allows(struct line *n);
void charon_wrong_id(struct line *n);

void charon_no_private_key(struct line *n);
void charon_wants_eap(struct line *n);
void charon_other_method(struct line *n);
void charon_xauth(struct line *n);
void charon_no_aggressive(struct line *n);

/* ---- charon_proposal.c ---- */
void charon_received(struct line *n);
void charon_configured(struct line *n);
void charon_selected(struct line *n);
void charon_ike_unacceptable(struct line *n);
void charon_esp_unacceptable(struct line *n);

/* ---- charon_up.c ---- */
void charon_rekeys(struct line *n, const char *payloads);
bool charon_rekey_refused(struct line *n, const char *notify);
const char *charon_groups(struct line *n, const char *list);
void charon_dpd_sent(struct line *n);
void charon_dpd_dead(struct line *n);
void charon_wanted(struct line *n);
void charon_not_resolved(struct line *n);
void charon_no_address(struct line *n);

/* ---- charon_lone.c ---- */
/* Whose line it is, when nothing is known of the beginning. */
void charon_lone(struct line *n);
void charon_lone_request(struct line *n, uint64_t id);

/* ---- charon_v1.c ---- */
/* generating, parsed: what it means for who waits */
void charon_v1_message(
	struct line *n, const char *name, const char *payloads, bool is_in, bool is_request);
void charon_v1_notified(struct line *n, const char *notify);
void charon_v1_wrong_id(struct line *n);
void charon_v1_undecryptable(struct line *n);
void charon_v1_hash_mismatch(struct line *n);
