#pragma once
/* The page of "ipsec diagnose --html". */
#include "event/event.h"

struct page;

struct page *page_new(void);
void page_free(struct page *p);
/* Keeps a copy; p NULL: nobody wants a page. is_story: it happened before the diagnosis looked. */
void page_take(struct page *p, const struct event *e, bool is_story);
/* The whole page, malloc'ed. of: what was diagnosed; when: for people. */
char *page_html(const struct page *p, const char *of, const char *when);
