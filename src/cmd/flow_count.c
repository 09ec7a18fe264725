/* What this host's kernel counts, read before and after the test flow. */
#include "cmd/flow.h"

#include <stdio.h>

enum { FILE_MAX = 32 << 10 };

static struct bytes read_text(const char *path, char *text)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, FILE_MAX, f) : 0;

	if (f)
		fclose(f);
	return bytes_of(text, n);
}

bool flow_is_neighbour(const struct addr *a)
{
	char text[FILE_MAX], t[ADDR_STR];

	return lines_have(read_text("/proc/net/arp", text), addr_format(a, t));
}

void flow_count(struct counters *ret)
{
	char text[FILE_MAX];

	*ret = (struct counters){ 0 };
	counters_pairs(read_text("/proc/net/snmp", text), ret);
	counters_pairs(read_text("/proc/net/netstat", text), ret);
	counters_lines(read_text("/proc/net/xfrm_stat", text), ret);
}
