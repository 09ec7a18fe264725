#pragma once
/* The syntax of ike=, esp=, phase2alg= (Libreswan 4.x; strongSwan's and Cisco's spellings where
 * they mean one thing only). */
#include "ipsec/proposal.h"

/* "aes256+aes128-sha2_512+sha2_256-dh19+dh14,chacha20_poly1305" to proposals, what is left out
 * filled with the defaults. *ret is of proposals_new(). ERR_VALUE: *what (malloc'ed) says what was
 * found, what is valid and what is near. *warning: malloc'ed or left alone (weak algorithms, a
 * trailing
 * "!"). */
enum err must_use proposal_text_parse(enum protocol_id protocol, const char *s,
	struct proposals **ret, char **what, char **warning);
/* The same for IKEv1: its algorithms and its defaults. Proposals for IKE have ENCR, PRF (the hash)
 * and KE; those for ESP no ESN. */
enum err must_use proposal_text_parse_ikev1(enum protocol_id protocol, const char *s,
	struct proposals **ret, char **what, char **warning);
