/* ipsec diagnose --html: the page becomes a file. */
#include "cmd/diagnose.h"
#include "cmd/diagnose_html.h"
#include "cmd/file.h"

#include <stdlib.h>
#include <time.h>

int diagnose_page(struct page *page_take, const char *file, const char *of, int status)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[64] = "", *html;
	int e;

	if (!page_take)
		return status;
	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	html = page_html(page_take, of, when);
	e = file_replace(file, bytes_str(html), NULL);
	if (e)
		out_error("ipsec: %s: %s", file, strerror(e));
	free(html);
	page_free(page_take);
	return e ? EXIT_SERVICE : status;
}
