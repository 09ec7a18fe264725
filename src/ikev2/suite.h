#pragma once
/* Chosen algorithms: as the one proposal of a response, and as people read them. */
#include "ikev2/sa.h"

/* The proposal that says: this suite. spi: of spi_n octets, or NULL. KE is part of it unless it is
 * 0. */
void v2_proposal_of(const struct suite *s, uint8_t protocol, uint8_t number, const uint8_t *spi,
	uint8_t spi_n, struct proposals *ret);
/* What two sets of proposals that have nothing in common say, for the event: whole, and of the
 * first type that differs. */
struct v2_difference {
	char offered[2048], allowed[2048], theirs[512], ours[512];
	const char *type; /* "ENCR" */
	struct proposal_words words;
};
void v2_difference(const struct proposals *theirs, const struct proposals *ours, uint8_t why,
	struct v2_difference *ret);
/* Takes the KE transforms out. */
void v2_proposal_without_ke(struct proposal *p);
const char *v2_ke_name(uint16_t group); /* "MODP2048", "?" */
/* "cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=MODP2048" */
char *v2_suite_text(const struct v2_sa *sa, char *s, size_t n);
/* "AES_GCM_16_256-NONE" */
char *v2_xfrm_text(const struct suite *c, char *s, size_t n);
