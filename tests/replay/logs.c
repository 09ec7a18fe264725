/* logs FILE...: logs of other daemons. The first line of each says what is to be found at rank 1:
 * "# verdict: CLASS CERTAINTY", or "nothing"; "CLASS CERTAINTY or CLASS..." when what it can also
 * be is to be the same; "A; B" of a file that has the logs of several. */
#include "diag/diag.h"
#include "foreign/foreign.h"

#include <stdio.h>

static char found[512];
static bool is_best; /* what is told now belongs to rank 1 */
static bool with_suspects;
static unsigned failures;

static void take(void *ctx, const struct event *e)
{
	if (!event_check(e)) {
		printf("FAIL  %s has a field of another type\n", event_kind(e->id)->name);
		failures++;
	}
	diag_take(ctx, e);
}

static void add(const char *a, const char *b)
{
	size_t n = strlen(found);

	snprintf(found + n, sizeof(found) - n, "%s%s", a, b);
}

static void answer(void *ctx, const struct event *e)
{
	(void)ctx;
	if (e->id == EV_found_finding) {
		is_best = FIELDS(e, found_finding)->rank.u64 == 1;
		if (is_best) {
			add(found[0] ? "; " : "", FIELDS(e, found_finding)->class.str);
			add(" ", FIELDS(e, found_finding)->certainty.str);
		}
	} else if (e->id == EV_found_suspect && is_best && with_suspects)
		add(" or ", FIELDS(e, found_suspect)->class.str);
}

struct part {
	struct foreign_log *log;
	struct diag diag;
};

static void begin(struct part *p)
{
	p->log = foreign_new();
	diag_init(&p->diag);
}

/* Is it a log at all? */
static bool end(struct part *p)
{
	struct event_sink to = { take, &p->diag }, out = { answer, NULL };
	size_t before = strlen(found);
	bool is_log;

	foreign_end(p->log, &to);
	diag_report(&p->diag, NULL, 1, foreign_now(p->log), &out);
	if (strlen(found) == before)
		diag_report(&p->diag, NULL, 1, foreign_later(p->log), &out);
	is_log = foreign_dialect(p->log) != FOREIGN_UNKNOWN;
	diag_done(&p->diag);
	foreign_free(p->log);
	return is_log;
}

static void check(const char *file)
{
	FILE *in = fopen(file, "r");
	char line[8192], verdict[256] = "";
	bool is_log = false;
	struct part p;
	struct event_sink to = { take, &p.diag };

	begin(&p);
	found[0] = '\0';
	if (in && fgets(line, sizeof(line), in))
		(void)sscanf(line, "# verdict: %255[^\n]", verdict);
	with_suspects = strstr(verdict, " or ") != NULL;
	while (in && fgets(line, sizeof(line), in)) {
		struct bytes text = bytes_of(line, strcspn(line, "\n"));

		if (foreign_begins(p.log, text)) {
			is_log |= end(&p);
			begin(&p);
		}
		foreign_line(p.log, text, &to);
	}
	is_log |= end(&p);
	if (!found[0])
		add("nothing", "");
	if (!is_log || strcmp(found, verdict) != 0) {
		printf("FAIL  %s: %s, found: %s\n", file, verdict, found);
		failures++;
	}
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
