/* ipsec algparse: what ike= and esp= mean. */
#include "config/algparse.h"

#include "config/proposal_text.h"
#include <stdlib.h>
#include <strings.h>

static void print_all(
	const struct proposals *p, void (*print)(void *ctx, const char *line), void *ctx)
{
	char line[2048];

	for (size_t i = 0; i < p->n; i++) {
		char *shown = proposal_format(&p->p[i], line, sizeof(line));
		char *eq = strchr(shown, '=');

		print(ctx, eq ? eq + 1 : shown);
	}
}

static const struct proposals *defaults(bool is_ike, bool is_ikev1)
{
	if (is_ikev1)
		return is_ike ? proposals_default_ike_v1() : proposals_default_esp_v1();
	return is_ike ? proposals_default_ike() : proposals_default_esp();
}

enum err algparse(const char *text, bool is_ikev1, bool pfs,
	void (*print)(void *ctx, const char *line), void *ctx)
{
	bool is_ike = strncasecmp(text, "ike", 3) == 0, is_esp = strncasecmp(text, "esp", 3) == 0;
	struct proposals *p = NULL;
	uint16_t groups[32];
	char *what = NULL, *warning = NULL, *line;
	enum err e;

	if ((!is_ike && !is_esp) || (text[3] != '\0' && text[3] != '=')) {
		print(ctx, "ERROR: expected ike, esp, ike=PROPOSALS or esp=PROPOSALS");
		return ERR_VALUE;
	}
	if (text[3] == '\0' || text[4] == '\0') {
		print_all(defaults(is_ike, is_ikev1), print, ctx);
		return OK;
	}
	e = (is_ikev1 ? proposal_text_parse_ikev1 : proposal_text_parse)(
		is_ike ? PROTO_IKE : PROTO_ESP, text + 4, &p, &what, &warning);
	if (warning) {
		line = xasprintf("warning: %s", warning);
		print(ctx, line);
		free(line);
	}
	if (e) {
		line = xasprintf("ERROR: %s", what);
		print(ctx, line);
		free(line);
	} else {
		if (is_esp && !pfs && proposals_groups(p, groups, COUNT(groups)))
			print(ctx, "warning: the group is not used, because pfs=no");
		print_all(p, print, ctx);
	}
	free(p);
	free(what);
	free(warning);
	return e;
}
