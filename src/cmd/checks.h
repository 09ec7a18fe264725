#pragma once
/* What ipsec verify judges, as pure functions over facts: each line is ok, WARN (works, but a
 * person should look) or FAIL (cannot work), and says what repairs it. What only might be wrong is
 * not said.
 */
#include "config/conf.h"
#include "config/secrets.h"

enum check_result { CHECK_OK, CHECK_WARN, CHECK_FAIL };
struct check {
	enum check_result result;
	const char *name;
	char text[512];
	char repair[320]; /* a command, or what to write where; "": nothing */
};

struct process {
	unsigned pid;
	char name[32];
	bool is_ours;
};
/* A UDP socket of this host. */
struct udp_socket {
	uint16_t port;
	uint64_t inode;
	struct process owner; /* pid 0: not found (it is the kernel's, or of another container) */
};
enum { SOCKETS_MAX = 32, RIVALS_MAX = 8 };

struct facts {
	bool is_running;
	char plane[128]; /* of the running daemon; "": not known */
	const char *conf_path, *secrets_path;
	/* Its connections are oriented, names are looked up. */
	const struct conf *conf;
	bool has_secrets; /* the file is there */
	unsigned secrets_mode, secrets_uid;
	const struct secrets *secrets;
	const struct addr *local; /* addresses of this host */
	size_t n_local;
	struct udp_socket socket[SOCKETS_MAX]; /* of ports 500 and 4500 */
	size_t n_socket;
	struct process rival[RIVALS_MAX]; /* other IKE daemons of this network namespace */
	size_t n_rival;
	bool has_xfrm, has_esp4, has_tun;
	bool forwards4, forwards6;
	uint64_t rp_dropped; /* packets that rp_filter dropped while we looked */
	uint64_t log_free;   /* octets; UINT64_MAX: not known */
	const char *log_dir;
};

struct check_sink {
	void (*take)(void *ctx, const struct check *c);
	void *ctx;
};
/* A check: sprintf for its text; repair may be NULL. */
void verify_say(const struct check_sink *to, enum check_result result, const char *name,
	const char *repair, const char *fmt, ...) printf_like(5, 6);

void checks_host(const struct facts *f, const struct check_sink *to);
void checks_conns(const struct facts *f, const struct check_sink *to);

/* ---- what files of /proc say ---- */
/* Sockets of port 500 and 4500 of /proc/net/udp or udp6, added to those of f. */
void facts_udp(struct facts *f, struct bytes text);
/* IPReversePathFilter of /proc/net/netstat; 0 when it is not there. */
uint64_t facts_rp_dropped(const char *text);
/* Is it the name of a process that speaks IKE, and of which service ("": of none)? NULL: no. */
const char *facts_rival(const char *name);
