#pragma once
/* Where this host's configuration of OpenSSL may forbid algorithms. */
struct policy {
	char where[256]; /* file:line, "": nothing was found */
	char by[128];	 /* what stands there */
};
/* Reads files: before a sandbox is closed. */
void policy_find(struct policy *ret);
