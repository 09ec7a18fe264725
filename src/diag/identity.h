#pragma once
/* Identities, addresses and ends as events and people write them. */
#include "diag/story.h"

enum { IDENTITY_WHY = 256 };

/* Why two identities (as id_format() writes them) are not the same although they look alike: a
 * sentence; "" when nothing is striking. Gives t. */
char *identity_hint(const char *declared, const char *wanted, char t[IDENTITY_WHY]);
/* As a word of ipsec.conf and ipsec.secrets: in quotes when there are blanks in it, or commas.
 * Gives t. */
enum { IDENTITY_WORD = 576 };
char *identity_word(const char *id, char t[IDENTITY_WORD]);
/* As a word of swanctl.conf: a KEY_ID is written in another way there. */
char *identity_swanctl(const char *id, char t[IDENTITY_WORD]);
/* An address of a private network: RFC 1918, RFC 6598, link-local, RFC 4193. */
bool identity_is_private(const char *id);
/* An address at all. */
bool identity_is_addr(const char *id);
/* "%any", a pattern: it asks for nobody in particular. */
bool identity_is_open(const char *id);
/* Which of left and right is this end, in the conn of the story. */
const char *story_our_end(const struct story *s);
const char *story_their_end(const struct story *s);
/* What is to be written for the peer's address: "right=", "remote_addrs". */
const char *story_their_host(const struct story *s);
/* The name of the connection, for commands. */
const char *story_name(const struct story *s);
