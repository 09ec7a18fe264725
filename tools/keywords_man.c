/* Fills the lists of keywords into ipsec.conf(5) from the table of keywords, so that none is
 * undocumented: a line @setup@, @ends@ or @conn@ of the page becomes that list. */
#include "config/keywords.h"

#include <inttypes.h>
#include <stdio.h>

/* scdoc reads these as markup. */
static void escaped(const char *s)
{
	for (; *s; s++) {
		if (strchr("*_\\#[]<>~`", *s))
			putchar('\\');
		putchar(*s);
	}
}

static void bold(const char *side, const char *name)
{
	putchar('*');
	escaped(side);
	escaped(name);
	putchar('*');
}

static void names(const struct keyword *k)
{
	if (k->section != SECTION_END) {
		bold("", k->name);
		puts("=");
		return;
	}
	bold("left", k->name);
	printf("=, ");
	bold("right", k->name);
	puts("=");
}

static void words(const struct keyword *k)
{
	printf(" Values: ");
	for (const struct keyword_word *w = k->words; w->word; w++) {
		escaped(w->word);
		printf("%s", w[1].word ? ", " : ".");
	}
}

static void range(const struct keyword *k)
{
	static const char *const unit[] = {
		[TYPE_TIME] = " seconds",
		[TYPE_TIME_MS] = " milliseconds",
		[TYPE_PERCENT] = " percent",
	};
	const char *u = k->type < COUNT(unit) && unit[k->type] ? unit[k->type] : "";

	if (k->max != 0 && k->max < INT32_MAX)
		printf(" From %" PRIu64 " to %" PRIu64 "%s.", k->min, k->max, u);
}

static void other_names(const struct keyword *k)
{
	const char *a = k->aliases;

	if (!*a)
		return;
	printf(" Also written: ");
	for (; *a; a += strspn(a, " ")) {
		char name[64];
		size_t n = strcspn(a, " ");

		snprintf(name, sizeof(name), "%.*s", (int)n, a);
		bold("", name);
		a += n;
		printf("%s", *a ? ", " : ".");
	}
}

static void working(const struct keyword *k)
{
	names(k);
	putchar('\t');
	escaped(k->help);
	if (k->type == TYPE_BOOL)
		printf(" Values: yes, no.");
	if (k->words)
		words(k);
	range(k);
	if (*k->fallback) {
		printf(" Default: ");
		escaped(k->fallback);
		putchar('.');
	}
	other_names(k);
	puts("\n");
}

static void other(const struct keyword *k)
{
	names(k);
	putchar('\t');
	escaped(k->help);
	if (*k->help)
		putchar(' ');
	if (k->is_gone)
		printf("Not known any more: ");
	else
		printf("%s: ", k->state == STATE_LATER	   ? "_Not in this version_"
			       : k->state == STATE_IGNORED ? "_Without effect_"
							   : "_Refused_");
	escaped(k->why);
	putchar('.');
	other_names(k);
	puts("\n");
}

static void list(enum keyword_section s)
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++)
		if (k->section == s && k->state == STATE_WORKS)
			working(k);
	puts("The following are accepted, so that files of other programs and versions can be "
	     "read, but do\n"
	     "nothing; a message tells so when they are set to anything but what happens "
	     "anyway.\n");
	for (int gone = 0; gone < 2; gone++)
		for (size_t i = 0; (k = keyword_at(i)); i++)
			if (k->section == s && k->state != STATE_WORKS && k->is_gone == gone)
				other(k);
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[1024];

	if (!f)
		return 1;
	while (fgets(line, sizeof(line), f)) {
		if (strcmp(line, "@setup@\n") == 0)
			list(SECTION_SETUP);
		else if (strcmp(line, "@ends@\n") == 0)
			list(SECTION_END);
		else if (strcmp(line, "@conn@\n") == 0)
			list(SECTION_CONN);
		else
			fputs(line, stdout);
	}
	fclose(f);
	return 0;
}
