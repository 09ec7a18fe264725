/* capture: IKE and ESP of one peer, a line for each packet, and a pcapng file. */
#include "cmd/capture.h"

#include "cmd/cmd.h"
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SNAP = 65535, PACKETS = 10000, SECONDS = 300, KEYS_SECONDS = 3600, FILTER_MAX = 1024 };

struct capture {
	pcap_t *from;
	FILE *file; /* NULL: none is written */
	int link;
	uint64_t most, seen, ike, esp;
	bool is_broken; /* the file could not be written */
};

static volatile sig_atomic_t is_over;

static void over(int number)
{
	(void)number;
	is_over = 1;
}

/* Adds one end's address to the filter, when it has one. */
static void add_end(char *filter, const struct conf_end *e)
{
	char text[ADDR_STR];
	size_t n = strlen(filter);
	const char *host = e->host_kind == HOST_NAME ? e->host_name
			   : addr_is_set(&e->host)   ? addr_format(&e->host, text)
						     : NULL;

	if (host && e->host_kind != HOST_ANY)
		snprintf(filter + n, FILTER_MAX - n, " and host %s", host);
}

/* The page's filter, for a connection of ipsec.conf or an address. False: it is neither. */
static bool make_filter(const struct cmd *c, char filter[FILTER_MAX])
{
	const struct conf_source files = conf_source_files();
	const struct conf_conn *conn;
	struct conf *conf;
	struct addr a;
	char hint[NEAREST_HINT];

	snprintf(filter, FILTER_MAX, "(esp or udp port 500 or udp port 4500 or tcp port 4500)");
	if (c->words == 0)
		return true;
	if (addr_parse(c->word[0], &a) == OK) {
		snprintf(filter + strlen(filter), FILTER_MAX - strlen(filter), " and host %s",
			c->word[0]);
		return true;
	}
	conf = conf_parse(&files, cmd_config(c));
	conn = conf_find(conf, c->word[0], 0);
	if (conn) {
		add_end(filter, &conn->left);
		add_end(filter, &conn->right);
	} else
		out_error("ipsec: no connection named \"%s\" in %s, and it is no address%s",
			c->word[0], cmd_config(c), conf_hint(conf, c->word[0], hint));
	conf_free(conf);
	return conn != NULL;
}

static void write_out(struct capture *t, const struct wr *w)
{
	t->is_broken |= !wr_ok(w) || fwrite(w->p, 1, w->n, t->file) != w->n;
}

static void take(u_char *ctx, const struct pcap_pkthdr *h, const u_char *data)
{
	struct capture *t = (struct capture *)(void *)ctx;
	static uint8_t room[SNAP + PCAPNG_ROOM];
	struct bytes frame = bytes_of(data, MIN(h->caplen, (unsigned)SNAP));
	struct wr w = wr_to(room, sizeof(room));
	time_t seconds = h->ts.tv_sec;
	char text[CAPTURE_TEXT], clock[16] = "";
	enum capture_kind kind;
	struct tm tm;

	if (t->seen == t->most || is_over)
		return;
	t->seen++;
	kind = capture_decode(t->link, frame, text);
	t->ike += kind == CAPTURE_IKE;
	t->esp += kind == CAPTURE_ESP;
	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (out_is_json())
		out_object(json_pack("{s:f, s:s}", "time",
			(double)h->ts.tv_sec + (double)h->ts.tv_usec / 1e6, "packet", text));
	else
		out_say("%s.%03u %s", clock, (unsigned)(h->ts.tv_usec / 1000), text);
	if (!t->file)
		return;
	pcapng_packet(
		&w, (uint64_t)h->ts.tv_sec * 1000000 + (uint64_t)h->ts.tv_usec, frame, h->len);
	write_out(t, &w);
}

/* NULL: the person was told. */
static pcap_t *open_source(const struct cmd *c, const char *device, int *ret_status)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p;

	*ret_status = c->read_file ? EXIT_SERVICE : EXIT_PRIVILEGE;
	if (c->read_file) {
		p = pcap_open_offline(c->read_file, why);
		if (!p)
			out_error("ipsec: %s", why);
		return p;
	}
	if (geteuid() != 0) {
		out_error("ipsec: capture needs root: sudo ipsec capture");
		return NULL;
	}
	*ret_status = EXIT_SERVICE;
	p = pcap_create(device, why);
	if (!p || pcap_set_snaplen(p, SNAP) || pcap_set_immediate_mode(p, 1) ||
		pcap_activate(p) < 0 || pcap_setnonblock(p, 1, why) < 0) {
		out_error("ipsec: cannot capture on %s: %s", device,
			p && *pcap_geterr(p) ? pcap_geterr(p) : why);
		if (p)
			pcap_close(p);
		return NULL;
	}
	return p;
}

static bool set_filter(pcap_t *p, const char *filter)
{
	struct bpf_program program;
	bool ok = pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (ok) {
		ok = pcap_setfilter(p, &program) == 0;
		pcap_freecode(&program);
	}
	if (!ok)
		out_error("ipsec: %s: %s", filter, pcap_geterr(p));
	return ok;
}

/* False: the person was told. */
static bool open_file(const struct cmd *c, struct capture *t)
{
	int fd = open(c->write_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint8_t room[2 * PCAPNG_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	t->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!t->file) {
		out_error("ipsec: cannot write %s: %s", c->write_file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	pcapng_start(&w, t->link, SNAP);
	write_out(t, &w);
	return true;
}

static time_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Until enough was seen, time is over, or somebody interrupts. False: capturing failed. */
static bool follow(struct capture *t, bool is_file, long seconds)
{
	struct pollfd ready = { .events = POLLIN };
	time_t end = monotonic() + seconds;
	int n = 0;

	ready.fd = is_file ? -1 : pcap_get_selectable_fd(t->from);
	while (n >= 0 && !is_over && t->seen < t->most && !t->is_broken &&
		(is_file || monotonic() < end)) {
		if (!is_file)
			poll(&ready, 1, 250);
		n = pcap_dispatch(t->from, is_file ? 1 : -1, take, (u_char *)(void *)t);
		if (is_file && n == 0)
			break;
	}
	if (n == PCAP_ERROR)
		out_error("ipsec: %s", pcap_geterr(t->from));
	return n != PCAP_ERROR;
}

static void summary(const struct cmd *c, const struct capture *t)
{
	struct pcap_stat lost = { 0 };

	if (!c->read_file && pcap_stats(t->from, &lost) != 0)
		lost.ps_drop = 0;
	out_say("%llu packets: %llu IKE, %llu ESP%s%s", (unsigned long long)t->seen,
		(unsigned long long)t->ike, (unsigned long long)t->esp,
		c->write_file ? ", written to " : "", c->write_file ? c->write_file : "");
	if (lost.ps_drop)
		out_say("%u more were lost, since they came too fast", lost.ps_drop);
	if (t->is_broken)
		out_error("ipsec: %s could not be written to its end", c->write_file);
}

/* A number from 1 on; 0: it is none. */
static long count_of(const char *word, long otherwise)
{
	char *end;
	long n = word ? strtol(word, &end, 10) : otherwise;

	return word && (*end || n < 1 || n > INT32_MAX) ? 0 : n;
}

int run_capture(const struct cmd *c)
{
	struct sigaction stop = { .sa_handler = over };
	long count = count_of(c->count, c->read_file ? INT32_MAX : PACKETS);
	long seconds = count_of(c->seconds, SECONDS);
	struct capture t = { .most = (uint64_t)count };
	struct capture_keys keys = { 0 };
	char filter[FILTER_MAX];
	int status;

	if (!count || !seconds) {
		out_error("ipsec: -c and --seconds want a number from 1 on");
		return EXIT_USAGE;
	}
	if (c->keys && (!c->write_file || c->read_file || seconds > KEYS_SECONDS)) {
		out_error("ipsec: --keys goes with -w FILE, and for an hour at most");
		return EXIT_USAGE;
	}
	if (!make_filter(c, filter))
		return EXIT_UNKNOWN;
	t.from = open_source(c, c->device ? c->device : "any", &status);
	if (!t.from)
		return status;
	t.link = pcap_datalink(t.from);
	status = EXIT_SERVICE;
	if (!capture_knows_link(t.link)) {
		out_error("ipsec: link type %d is not understood", t.link);
		goto out;
	}
	if (!set_filter(t.from, filter))
		goto out;
	if (c->keys && (status = keys_begin(&keys, c)))
		goto out;
	status = EXIT_SERVICE;
	if (c->write_file && !open_file(c, &t))
		goto out;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (!c->read_file)
		out_say("capturing on %s: %s; at most %ld packets, %ld s; Ctrl-C ends it",
			c->device ? c->device : "any", filter, count, seconds);
	status = follow(&t, c->read_file, seconds) ? 0 : EXIT_SERVICE;
	if (t.file && fclose(t.file) != 0)
		t.is_broken = true;
	summary(c, &t);
	if (t.is_broken || (c->keys && !keys_end(&keys, c)))
		status = EXIT_SERVICE;
out:
	keys_done(&keys);
	pcap_close(t.from);
	return status;
}
