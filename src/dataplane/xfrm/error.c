/* The kernel's refusals in plain words (Linux net/xfrm/xfrm_user.c, xfrm_state.c, xfrm_policy.c).
 */
#include "dataplane/xfrm/xfrm.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	int error;
	enum err err;
	const char *text;
} errors[] = {
	{ EPERM, ERR_DENIED, "this process lacks CAP_NET_ADMIN in this network namespace" },
	{ EACCES, ERR_DENIED, "the system's security module forbids it" },
	{ EEXIST, ERR_EXISTS,
		"there is one already, ours or of another program (ip xfrm state; ip xfrm "
		"policy)" },
	{ ESRCH, ERR_NOT_FOUND, "the kernel has no such SA: it expired, or somebody removed it" },
	{ ENOENT, ERR_NOT_FOUND, "the kernel has no such policy, or the SPIs asked for are taken" },
	{ EPROTONOSUPPORT, ERR_UNSUPPORTED,
		"this kernel has no ESP (modules esp4 and esp6, CONFIG_INET_ESP, "
		"CONFIG_INET6_ESP)" },
	{ ENOSYS, ERR_UNSUPPORTED,
		"this kernel lacks the algorithm (/proc/crypto; in FIPS mode it may be "
		"forbidden)" },
	{ ENOPROTOOPT, ERR_UNSUPPORTED,
		"this kernel lacks part of XFRM that this needs (CONFIG_XFRM_MIGRATE for moving "
		"SAs)" },
	{ EOPNOTSUPP, ERR_UNSUPPORTED, "the kernel or the device cannot do this" },
	{ EAFNOSUPPORT, ERR_UNSUPPORTED, "this kernel has no XFRM for this address family" },
	{ ENODEV, ERR_NOT_FOUND, "there is no such network interface" },
	{ EINVAL, ERR_SYSTEM, "the kernel does not accept one of the values" },
	{ ENOMEM, ERR_SYSTEM, "the kernel has no memory left" },
	{ ENOBUFS, ERR_SYSTEM, "the kernel's answer did not fit; the list is incomplete" },
};

enum err xfrm_err(int error)
{
	if (error == 0)
		return OK;
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].error == error)
			return errors[i].err;
	return ERR_SYSTEM;
}

int xfrm_sa_errno(int error)
{
	return error == ENOENT ? ENOSYS : error;
}

/* The kernel's own words may come from another version than ours: one line, whatever is in them. */
static void printable(const char *from, char *to, size_t room)
{
	size_t n = 0;

	for (; from[n] && n + 1 < room; n++)
		to[n] = from[n] < ' ' || from[n] > '~' ? '?' : from[n];
	to[n] = '\0';
}

char *xfrm_error_format(int error, const char *kernels_text, char *s)
{
	char words[128], other[96];
	const char *text = NULL;

	printable(kernels_text ? kernels_text : "", words, sizeof(words));
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].error == error)
			text = errors[i].text;
	if (!text) {
		snprintf(other, sizeof(other), "the kernel refused it: %s", strerror(error));
		text = other;
	}
	snprintf(s, XFRM_ERROR_STR, "%s%s%s", text, *words ? ": " : "", words);
	return s;
}
