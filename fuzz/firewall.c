/* The host's packet filter rules, as its programs tell them. The first octet says which. Oracles: a
 * rule that is named is named whole; what is taken out of the older tables is only ours. */
#include "dataplane/firewall/firewall.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void removal(const char *saved)
{
	char *text = fw_legacy_removal(saved);

	for (const char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");

		check(*line == '*' || strncmp(line, "COMMIT", 6) == 0 ||
			(n >= strlen(FW_TABLE) && strncmp(line + n - strlen(FW_TABLE), FW_TABLE,
							  strlen(FW_TABLE)) == 0));
		line += n + (line[n] == '\n');
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct range local, remote;
	struct ts_list a = { .n = 1 }, b = { .n = 1 };
	struct fw_question q = { &a, &b, NULL, false };
	struct rd r = rd_from(bytes_of(data, n));
	uint8_t kind = rd_u8(&r);
	struct bytes text = rd_rest(&r);
	char rule[FW_RULE_STR] = "", *s = xalloc(text.n + 1);

	check(range_parse("10.0.1.0/24", &local) == OK &&
		range_parse("10.0.2.0/24", &remote) == OK);
	a.ts[0] = ts_from_range(&local);
	b.ts[0] = ts_from_range(&remote);
	q.interface = kind & 2 ? "ipsec0" : NULL;
	q.has_policy = kind & 4;
	if (text.n)
		memcpy(s, text.p, text.n);
	if (kind & 1) {
		fw_legacy_catches(&q, 4, s, rule);
		removal(s);
	} else {
		struct fw_nft *rules = fw_nft_new(text);

		fw_nft_catches(&q, rules, rule);
		check(rules || *rule == '\0');
		fw_nft_free(rules);
	}
	check(strnlen(rule, sizeof(rule)) < sizeof(rule));
	free(s);
	return 0;
}
