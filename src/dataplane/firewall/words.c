/* Words of what iptables-save prints. */
#include "dataplane/firewall/words.h"

#include <string.h>

bool fw_word(const char **p, char ret[static FW_WORD])
{
	size_t n = 0;
	bool is_quoted;

	*p += strspn(*p, " ");
	if (**p == '\0' || **p == '\n')
		return false;
	is_quoted = **p == '"';
	for (*p += is_quoted; **p && **p != '\n' && **p != (is_quoted ? '"' : ' '); (*p)++) {
		*p += **p == '\\' && (*p)[1] && (*p)[1] != '\n';
		if (n + 1 < FW_WORD)
			ret[n++] = **p;
	}
	*p += is_quoted && **p == '"';
	ret[n] = '\0';
	return true;
}
