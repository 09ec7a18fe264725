#pragma once
/* ipsec diagnose --log */

/* What diagnose exits with: 0 when it has printed findings. */
enum { EXIT_LOG_NOTHING = 1, EXIT_LOG_UNKNOWN = 2 };

/* The log of another daemon ("-": standard input), of conn or of all (NULL). Gives the exit status.
 */
int diagnose_log(const char *file, const char *conn);
