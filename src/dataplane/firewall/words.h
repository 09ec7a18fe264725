#pragma once
/* The words of a line of iptables-save. */
#include <stdbool.h>

enum { FW_WORD = 256 };

/* A word; what stands in quotes is one. False: the line is over. */
bool fw_word(const char **p, char ret[static FW_WORD]);
