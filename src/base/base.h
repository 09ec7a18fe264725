#pragma once
/* What every file of the tree may count on: the fixed-width types and the attributes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define must_use	       __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT(array)	       (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)	       ((a) < (b) ? (a) : (b))
#define MAX(a, b)	       ((a) > (b) ? (a) : (b))

/* The struct around a member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
