/* logs FILE...: logs of other daemons. The first line of each says what is to be found at rank 1:
 * "# verdict: CLASS CERTAINTY", or "nothing". */
#include "diag/diag.h"
#include "foreign/foreign.h"

#include <stdio.h>

static char found[256];
static unsigned failures;

static void take(void *ctx, const struct event *e)
{
	if (!event_check(e)) {
		printf("FAIL  %s has a field of another type\n", event_kind(e->id)->name);
		failures++;
	}
	diag_take(ctx, e);
}

static void answer(void *ctx, const struct event *e)
{
	(void)ctx;
	if (e->id == EV_found_finding && strcmp(found, "nothing") == 0)
		snprintf(found, sizeof(found), "%s %s", FIELDS(e, found_finding)->class.str,
			FIELDS(e, found_finding)->certainty.str);
}

static void check(const char *file)
{
	FILE *in = fopen(file, "r");
	char line[8192], verdict[256] = "";
	struct foreign_log *l = foreign_new();
	struct diag d;
	struct event_sink to = { take, &d }, out = { answer, NULL };

	diag_init(&d);
	snprintf(found, sizeof(found), "nothing");
	if (in && fgets(line, sizeof(line), in))
		(void)sscanf(line, "# verdict: %255[^\n]", verdict);
	while (in && fgets(line, sizeof(line), in))
		foreign_line(l, bytes_of(line, strcspn(line, "\n")), &to);
	diag_report(&d, NULL, 1, foreign_now(l), &out);
	if (foreign_dialect(l) == FOREIGN_UNKNOWN || strcmp(found, verdict) != 0) {
		printf("FAIL  %s: %s, found: %s\n", file, verdict, found);
		failures++;
	}
	diag_done(&d);
	foreign_free(l);
	if (in)
		fclose(in);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		check(argv[i]);
	printf("%d logs, %u failures\n", argc - 1, failures);
	return failures || argc < 2;
}
