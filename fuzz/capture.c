/* Packets as ipsec capture reads them: the first octet chooses the link layer. */
#include "cmd/capture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int links[] = { LINK_ETHERNET, LINK_RAW, LINK_LINUX_SLL, LINK_LINUX_SLL2 };
	char text[CAPTURE_TEXT];

	if (n == 0)
		return 0;
	capture_decode(links[data[0] % COUNT(links)], bytes_of(data + 1, n - 1), text);
	if (strnlen(text, CAPTURE_TEXT) == CAPTURE_TEXT || *text == '\0')
		abort();
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
	return 0;
}
