#pragma once
/* What every unit test includes: cmocka, and a main made of a list of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TEST(name) static void name(void **test_state_ __attribute__((unused)))
