/* Password hashes by libxcrypt. crypt_rn(), since it alone leaves the memory to us, to be wiped. */
#include "crypto/password.h"

#include <crypt.h>
#include <stdlib.h>

/* A hash has a digest behind its setting: a bare setting, and the marks of locked accounts, do not.
 */
static bool is_whole(const char *hash)
{
	size_t n = strlen(hash);
	const char *last = strrchr(hash, '$');

	if (*hash != '$')
		return n == 13 || *hash == '_'; /* DES */
	return last != hash && strlen(last + 1) >= 22;
}

enum password_hash password_hash_kind(const char *hash)
{
	/* yescrypt, scrypt, bcrypt, SHA-2: the library itself calls $5$ legacy */
	static const char *const strong[] = { "$y$", "$gy$", "$7$", "$2", "$6$", "$5$" };
	int e = *hash ? crypt_checksalt(hash) : CRYPT_SALT_INVALID;

	if (e == CRYPT_SALT_INVALID || e == CRYPT_SALT_METHOD_DISABLED || !is_whole(hash))
		return PASSWORD_HASH_INVALID;
	for (size_t i = 0; i < COUNT(strong); i++)
		if (strncmp(hash, strong[i], strlen(strong[i])) == 0)
			return PASSWORD_HASH_OK;
	return PASSWORD_HASH_WEAK;
}

bool password_is(const char *hash, struct bytes password)
{
	struct crypt_data *room = xalloc(sizeof(*room));
	size_t n = MIN(password.n, (size_t)CRYPT_MAX_PASSPHRASE_SIZE - 1);
	char *phrase = xalloc(n + 1);
	const char *made;
	bool is;

	/* what it cannot be, too long or with a NUL inside, costs as much as what it can */
	if (n)
		memcpy(phrase, password.p, n);
	made = crypt_rn(phrase, hash, room, (int)sizeof(*room));
	is = made && bytes_eq_ct(bytes_str(made), bytes_str(hash)) && n == password.n &&
	     strlen(phrase) == n;
	wipe(phrase, n + 1);
	free(phrase);
	wipe(room, sizeof(*room));
	free(room);
	return is;
}
