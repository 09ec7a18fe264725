#include "cmd/patience.h"

#include "base/bytes.h"

#include <stdio.h>
#include <time.h>

enum { WHO_MAX = 16, WHO_NAME = 288 };

static struct {
	ns_t begun; /* 0: no */
	char who[WHO_MAX][WHO_NAME];
	unsigned n, told;
} state;

ns_t patience_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (ns_t)t.tv_sec * NS_S + t.tv_nsec;
}

void patience_begin(void)
{
	state.begun = patience_now();
}

ns_t patience_end(void)
{
	ns_t now = patience_now(), each = PATIENCE;

	/* a host where all is slow is no reason to hurry */
	if (state.begun && state.n)
		each = MAX(PATIENCE_LEAST, MIN(each, state.begun + PATIENCE_ALL - now));
	return now + each;
}

int patience_left(ns_t end)
{
	ns_t left = end - patience_now();

	return left <= 0 ? 0 : (int)(left / NS_MS) + 1;
}

void patience_give_up(const char *who)
{
	if (state.n < WHO_MAX && !patience_is_given_up(who))
		snprintf(state.who[state.n++], WHO_NAME, "%s", who);
}

bool patience_is_given_up(const char *who)
{
	for (unsigned i = 0; i < state.n; i++)
		if (strncmp(state.who[i], who, WHO_NAME - 1) == 0)
			return true;
	return false;
}

const char *patience_news(void)
{
	return state.told < state.n ? state.who[state.told++] : NULL;
}
