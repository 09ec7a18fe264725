#pragma once
/* Password hashes of crypt(3), as in /etc/shadow: yescrypt, SHA-512 and what else libxcrypt knows.
 */
#include "base/bytes.h"

enum password_hash {
	PASSWORD_HASH_OK,
	PASSWORD_HASH_WEAK,    /* DES, MD5 and the like: it works */
	PASSWORD_HASH_INVALID, /* none, or of a method that the library does not know */
};
enum password_hash password_hash_kind(const char *hash);
/* Does the hash belong to the password? Compared in constant time; costs what the hash says, up to
 * seconds, whatever the password. */
bool password_is(const char *hash, struct bytes password);
