#pragma once
/* What is kept of an established IKE SA and its Child SAs, so that another process can go on with
 * them: as octets, and back. Of ESP keys it has only those that the data plane has not seen yet: an
 * outbound SA is never installed twice, which would use its sequence numbers again. */
#include "ike/keep.h"
#include "ikev2/sa.h"

enum v2_record_key {
	V2_RECORD_D,
	V2_RECORD_AI,
	V2_RECORD_AR,
	V2_RECORD_EI,
	V2_RECORD_ER,
	V2_RECORD_KEYS
};

/* As it was read: octets are views. */
struct v2_record {
	uint8_t state; /* ESTABLISHED, REKEYED or DELETING */
	bool is_initiator, has_fragmentation, is_childless, is_redundant, offers_all;
	uint8_t spi_i[8], spi_r[8];
	struct endpoint local, remote;
	struct v2_nat nat;
	struct id peer_id; /* owned */
	ns_t born, established, rekey_at, expire;
	size_t fragment_mtu;
	uint32_t rekeys, replaced_by, rekey_peer, reauth_of;
	struct suite suite;
	struct bytes key[V2_RECORD_KEYS], lowest_nonce;
	uint64_t seal_counter;
	/* messages */
	uint32_t expected, next;
	struct bytes response, request; /* as struct v2_sent has them */
	bool is_open;
	uint8_t exchange, task; /* of the open request */
	uint32_t task_child;
	struct kept_conn *conn; /* the first is the IKE SA's own */
	size_t n_conn;
	struct v2_record_child *child;
	size_t n_child;
};

struct v2_record_child {
	uint32_t serial;
	size_t conn; /* index */
	uint8_t state, purpose;
	bool is_requester, is_unwanted, encap, is_transport, takes_no_tfc;
	bool has_in, has_out, is_carrying, is_told;
	uint32_t reqid, spi_in, spi_out, rekeys, replaced_by, rival;
	struct suite suite;
	struct ts_list ts_local, ts_remote;
	struct endpoint local, remote;
	ns_t add_time, rekey, expire;
	struct bytes lowest_nonce;
	struct bytes encr_out, integ_out; /* STANDBY only */
};

void v2_record_put(struct wr *w, const struct v2_sa *sa);
/* Every value is one that an SA can have. */
enum err must_use v2_record_get(struct bytes body, struct v2_record *ret);
void v2_record_done(struct v2_record *r);

/* ---- struct ike_version ---- */
void v2_keep(void *v2);
enum err must_use v2_restore(void *v2, uint32_t serial, struct bytes body);
