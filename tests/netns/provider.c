/* A provider of OpenSSL that the lab has in the place of a validated one: what Debian's default one
 * does, with the property fips=yes, but without some (tests/netns/60-policy.sh). */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
	const OSSL_DISPATCH **out, void **provctx);

enum { OPERATIONS = 32, ALGORITHMS_MAX = 512 };

static OSSL_PROVIDER *whole;
static OSSL_ALGORITHM *lists[OPERATIONS];

/* As the validated ones have it. */
static int is_left_out(const char *names)
{
	return strncmp(names, "ChaCha20", 8) == 0 || strncmp(names, "MD5", 3) == 0 ||
	       strncmp(names, "X25519", 6) == 0 || strncmp(names, "X448", 4) == 0;
}

static const OSSL_ALGORITHM *query(void *ctx, int operation, int *no_cache)
{
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(whole, operation, no_cache);
	size_t n = 0;

	(void)ctx;
	*no_cache = 0;
	if (!all || operation < 0 || operation >= OPERATIONS)
		return NULL;
	if (lists[operation])
		return lists[operation];
	lists[operation] = calloc(ALGORITHMS_MAX, sizeof(**lists));
	for (; lists[operation] && all->algorithm_names && n + 1 < ALGORITHMS_MAX; all++) {
		if (is_left_out(all->algorithm_names))
			continue;
		lists[operation][n] = *all;
		lists[operation][n++].property_definition = "provider=lab,fips=yes";
	}
	return lists[operation];
}

static const OSSL_DISPATCH functions[] = {
	{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query }, { 0, NULL }
};

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
	const OSSL_DISPATCH **out, void **provctx)
{
	OSSL_LIB_CTX *own = OSSL_LIB_CTX_new_child(handle, in);

	whole = own ? OSSL_PROVIDER_load(own, "default") : NULL;
	if (!whole)
		return 0;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(whole);
	*out = functions;
	return 1;
}
