#pragma once
/* Every number that a peer could otherwise choose for us. */
enum {
	LIMIT_MESSAGE = 65535, /* octets of an IKE message, whole or reassembled */
	LIMIT_PAYLOADS = 64,   /* in one message */
	LIMIT_NOTIFIES = 32,
	LIMIT_DELETE_SPIS = 64,
	LIMIT_FRAGMENTS = 64, /* RFC 7383 */
	LIMIT_CP_ATTRIBUTES = 64,
	LIMIT_DNS_SERVERS = 8,	/* that we keep of those a gateway names */
	LIMIT_DNS_DOMAINS = 16, /* RFC 8598, the same */
	LIMIT_NONCE_MIN = 16,	/* RFC 7296 2.10 */
	LIMIT_NONCE_MAX = 256,
	LIMIT_COOKIE = 64,
	LIMIT_CHILDREN = 256, /* Child SAs under one IKE SA */
	LIMIT_KE_RETRIES = 3, /* INVALID_KE_PAYLOAD in a row */
	LIMIT_COOKIE_RETRIES = 3,
	LIMIT_HINTS = 4,	   /* unauthenticated explanations in one attempt */
	LIMIT_SECRET_TRIES = 64,   /* secrets compared with one AUTH that does not fit */
	LIMIT_SECRET_SEARCHES = 8, /* such AUTHs a second, of all peers */
	/* IKEv1 */
	LIMIT_V1_HALF_OPEN_PER_SOURCE = 64, /* address (IPv6: /64) that has not proven itself */
	LIMIT_V1_REPEATS_UNPROVEN = 2,	    /* answers to duplicates before that */
	LIMIT_V1_REPEATS = 16,		    /* and of one message later on */
	LIMIT_V1_MESSAGE_IDS = 256,	    /* of Phase 2 that are remembered */
	/* Quick Modes of ours that are open at a time under one ISAKMP SA: strongSwan keeps three
	 * exchanges, its threads may begin the next before they have ended the one that is done
	 * here, and one has to be left for Informational ones */
	LIMIT_V1_QUICK_OPEN = 1,
	/* Lifetimes that a peer wants are no shorter with us: it would have us rekey all the time
	 */
	LIMIT_V1_LIFE_S = 30,
	LIMIT_V1_LIFE_BYTES = 1024 * 1024,
	LIMIT_V1_UNOPENED = 16,		 /* messages of Phase 1 that our keys do not open */
	LIMIT_V1_NONCE_MIN = 8,		 /* RFC 2409 5 */
	LIMIT_V1_FRAGMENTED = 16 * 1024, /* octets of an IKEv1 message in fragments, all unproven */
	LIMIT_CONN_NAME = 255,
	LIMIT_XAUTH_USER = 255,	    /* octets */
	LIMIT_XAUTH_PASSWORD = 255, /* octets; crypt(3) takes 511 */
	LIMIT_XAUTH_TRIES = 3,	    /* in one Phase 1 */
	LIMIT_BANNER = 500,	    /* octets that we keep of what a gateway says */
	LIMIT_STRANGER_NAMES = 10,  /* seconds between look-ups of names for strangers */
	LIMIT_STRANGER_LOOKUPS = 8, /* connections whose names are looked up then */
	LIMIT_EXPORT = 16 << 20,    /* octets of session keys that are written down for a person */
	LIMIT_RECORD = 256 * 1024,  /* octets that are kept of an IKE SA and its Child SAs */
};
