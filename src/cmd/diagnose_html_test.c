/* The page: what is in it, and that a peer's words stay words. */
#include "cmd/diagnose_html.h"

#include "base/test.h"
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

#define HOSTILE "\"><script>alert('x')</script>&<img src=x onerror=y>"

static struct page *p;

static void take(void *ctx, const struct event *e)
{
	page_take(p, e, ctx != NULL);
}
static const struct event_sink out = { take, NULL };
static const struct event_sink story = { take, "" };
static const struct event_about about = { .conn = "vpn<b>" };
static const struct now now = { .mono = NS_S, .wall = NS_S };

static unsigned count(const char *s, const char *what)
{
	unsigned n = 0;

	while ((s = strstr(s, what))) {
		n++;
		s++;
	}
	return n;
}

static char *page_of_all(void)
{
	char *html;

	p = page_new();
	EMIT(&out, now, NULL, diag_step, .step = ev_str("configuration"),
		.result = ev_str(HOSTILE));
	EMIT(&story, now, &about, conn_facts, .ours = ev_str("192.0.2.1"),
		.their_id = ev_str("CN=" HOSTILE), .dpddelay = ev_u64(30));
	EMIT(&story, now, &about, v2_wrong_id, );
	EMIT(&story, now, NULL, config_error, .file = ev_str("/etc/ipsec.conf"),
		.at_line = ev_u64(7), .what = ev_str(HOSTILE), .name = ev_str("vpn"));
	EMIT(&out, now, &about, local_sysctl, .name = ev_str("net.ipv4.ip_forward"),
		.value = ev_str("0"), .needed = ev_str("1"));
	EMIT(&out, now, &about, found_finding, .class = ev_str("id-mismatch"),
		.certainty = ev_str("certain"), .rank = ev_u64(1),
		.cause = ev_str("it is " HOSTILE));
	EMIT(&out, now, &about, found_evidence, .class = ev_str("id-mismatch"),
		.number = ev_u64(42), .text = ev_str("vendor id " HOSTILE));
	EMIT(&out, now, &about, found_fix, .class = ev_str("id-mismatch"), .where = ev_str("here"),
		.kind = ev_str("conn"),
		.text = ev_str("in conn vpn of /etc/ipsec.conf write: rightid=" HOSTILE),
		.apply = ev_str("rightid=" HOSTILE));
	EMIT(&out, now, &about, found_proven, .what = ev_str("the way there & back"));
	html = page_html(p, "vpn<b>", "2026-01-02");
	page_free(p);
	return html;
}

TEST(a_peers_words_are_no_elements)
{
	char *html = page_of_all();

	assert_int_equal(count(html, "<script"), 0);
	assert_int_equal(count(html, "<img"), 0);
	assert_int_equal(count(html, "<b>"), 0);
	assert_int_equal(count(html, "onerror=y>"), 0);
	/* step, identity, what, cause, evidence, fix: shown all the same */
	assert_true(count(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;") >= 6);
	free(html);
}

TEST(nothing_comes_from_elsewhere_and_nothing_runs)
{
	char *html = page_of_all();

	assert_int_equal(count(html, "http:"), 0);
	assert_int_equal(count(html, "https:"), 0);
	assert_int_equal(count(html, "url("), 0);
	assert_int_equal(count(html, "@import"), 0);
	assert_int_equal(count(html, "<link"), 0);
	assert_non_null(strstr(html, "default-src 'none'"));
	free(html);
}

TEST(all_parts_are_there_for_a_reader_and_a_screen_reader)
{
	static const char *const parts[] = { "<!DOCTYPE html>\n<html lang=\"en\">",
		"<meta charset=\"utf-8\">", "<title>Diagnosis of vpn&lt;b&gt;</title>", "<main>",
		"<h1>Diagnosis of vpn&lt;b&gt;</h1>", "What was found</h2>", "What to do</h4>",
		"Evidence</h4>", "(event 42)", "Proven good</h2>", "the way there &amp; back",
		"What was done</h2>", "The connection vpn&lt;b&gt;</h2>",
		"<th scope=\"row\">dpddelay</th>", "This host</h2>",
		"sysctl net.ipv4.ip_forward is 0", "What happened</h2>",
		"prefers-color-scheme:dark", "write: <pre>rightid=" };
	char *html = page_of_all();

	for (size_t i = 0; i < COUNT(parts); i++)
		if (!strstr(html, parts[i]))
			fail_msg("\"%s\" is not in the page", parts[i]);
	assert_int_equal(count(html, "<section"), count(html, "</section>"));
	assert_int_equal(count(html, "<li"), count(html, "</li>"));
	assert_int_equal(count(html, "<ul>"), count(html, "</ul>"));
	free(html);
}

TEST(nothing_found_is_said_and_what_is_too_much_is_counted)
{
	char *html;

	p = page_new();
	for (unsigned i = 0; i < 5000; i++)
		EMIT(&story, now, NULL, diag_step, .step = ev_str("a"), .result = ev_str("b"));
	html = page_html(p, "x", "");
	assert_non_null(strstr(html, "<p>Nothing.</p>"));
	assert_non_null(strstr(html, "904 more events are left out"));
	page_free(p);
	free(html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peers_words_are_no_elements),
		cmocka_unit_test(nothing_comes_from_elsewhere_and_nothing_runs),
		cmocka_unit_test(all_parts_are_there_for_a_reader_and_a_screen_reader),
		cmocka_unit_test(nothing_found_is_said_and_what_is_too_much_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
