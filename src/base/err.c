/* Every error and its text; no default, so that the compiler finds a missing one. */
#include "base/err.h"

const char *err_text(enum err e)
{
	switch (e) {
	case OK:
		return "success";
	case ERR_TRUNCATED:
		return "truncated";
	case ERR_LENGTH:
		return "wrong length";
	case ERR_VALUE:
		return "invalid value";
	case ERR_LIMIT:
		return "too many or too large";
	case ERR_DUPLICATE:
		return "present twice";
	case ERR_MISSING:
		return "missing";
	case ERR_UNSUPPORTED:
		return "not supported";
	case ERR_CRITICAL:
		return "unknown critical payload";
	case ERR_INTEGRITY:
		return "integrity check failed";
	case ERR_CRYPTO:
		return "cryptographic operation failed";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_EXISTS:
		return "exists already";
	case ERR_MISMATCH:
		return "nothing in common";
	case ERR_NOT_NOW:
		return "not possible in this state";
	case ERR_DENIED:
		return "not permitted";
	case ERR_EXHAUSTED:
		return "none left";
	case ERR_SYSTEM:
		return "system error";
	case ERR_END:
		break;
	}
	return "unknown error";
}
