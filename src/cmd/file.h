#pragma once
/* Files that are put in place whole. */
#include "base/bytes.h"

#include <sys/stat.h>

/* The file becomes this at once: whoever reads it sees what was there or what is there now. like:
 * whose owner and mode it has; NULL: ours alone. 0, or why not (errno). What is no file of the
 * usual kind is left alone. */
int file_replace(const char *path, struct bytes text, const struct stat *like);
