/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdload: puts an NBD server under load and says what it made of it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define STALLED_SECONDS 15u

struct settings {
	struct load_plan plan;
	struct meter meter;
	bool json;
};

static struct settings settings = {
	.plan = {.export = "", .depth = 1, .connections = 1, .read_percent = 100, .block_bytes = 4096, .seed = 1,
		.duration_ns = 1000000000u},
};

__attribute__((format(printf, 1, 2), noreturn)) static void usage_error(const char *format, ...)
{
	va_list args;

	fputs("nbdload: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; nbdload --help lists the options\n", stderr);
	exit(2);
}

/* A whole number with an optional K, M, G or T. */
static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno != 0)
		usage_error("--%s: '%s' is no number", option, text);
	unit = *end == '\0' ? NULL : strchr(units, *end);
	if (unit != NULL) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		n = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
		end++;
	}
	if (*end != '\0')
		usage_error("--%s: '%s' is no number", option, text);
	if (n < min || n > max)
		usage_error("--%s: %s is not between %" PRIu64 " and %" PRIu64, option, text, min, max);
	return n;
}

static uint64_t parse_seconds(const char *option, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 86400))
		usage_error("--%s: '%s' is no time in seconds", option, text);
	return (uint64_t)(seconds * 1e9);
}

static void set_mode(struct settings *s, const char *text)
{
	if (strcmp(text, "read") == 0)
		s->plan.read_percent = 100;
	else if (strcmp(text, "write") == 0)
		s->plan.read_percent = 0;
	else if (strcmp(text, "mixed") == 0)
		s->plan.read_percent = 101; /* --read-percent, in whatever order they come */
	else
		usage_error("--mode: '%s' is none of read, write, mixed", text);
}

static void add_server_pids(struct settings *s, char *list)
{
	for (char *text = strtok(list, ","); text != NULL; text = strtok(NULL, ",")) {
		if (s->meter.servers == METER_SERVERS)
			usage_error("--server-pid: more than %d", METER_SERVERS);
		s->meter.server_pid[s->meter.servers++] = (pid_t)parse_number("server-pid", text, 1, INT_MAX);
	}
}

enum option_key {
	OPT_BLOCK = 256,
	OPT_CONNECTIONS,
	OPT_DEPTH,
	OPT_EXPORT,
	OPT_FILL,
	OPT_HELP,
	OPT_JSON,
	OPT_MODE,
	OPT_OPS,
	OPT_RANDOM,
	OPT_READ_PERCENT,
	OPT_SECONDS,
	OPT_SEED,
	OPT_SEQUENTIAL,
	OPT_SERVER_PID,
	OPT_SIZE,
	OPT_TOLERATE_EIO,
	OPT_VERIFY,
	OPT_WARMUP,
};

static const struct {
	enum option_key key;
	const char *name, *argument, *help;
} options[] = {
	{OPT_BLOCK, "block", "BYTES", "bytes of each request (4096)"},
	{OPT_CONNECTIONS, "connections", "N", "connections, each with its own depth (1)"},
	{OPT_DEPTH, "depth", "N", "requests outstanding on a connection, always exactly (1)"},
	{OPT_EXPORT, "export", "NAME", "export to open (the server's default)"},
	{OPT_FILL, "fill", NULL, "write the whole span once before all else"},
	{OPT_HELP, "help", NULL, "this text"},
	{OPT_JSON, "json", NULL, "report as one JSON object"},
	{OPT_MODE, "mode", "MODE", "read, write or mixed (read)"},
	{OPT_OPS, "ops", "N", "measure N operations instead of a time"},
	{OPT_RANDOM, "random", NULL, "at random offsets (default)"},
	{OPT_READ_PERCENT, "read-percent", "N", "share of reads in --mode mixed (70)"},
	{OPT_SECONDS, "seconds", "N", "measure that long, fractions allowed (1)"},
	{OPT_SEED, "seed", "N", "of the random offsets (1)"},
	{OPT_SEQUENTIAL, "sequential", NULL, "at ascending offsets, from the start again at the end"},
	{OPT_SERVER_PID, "server-pid", "PID[,...]", "report these processes' CPU time and context switches"},
	{OPT_SIZE, "size", "BYTES", "use only that much of the export (all of it)"},
	{OPT_TOLERATE_EIO, "tolerate-eio", NULL, "count EIO, and with --verify wrong data, and go on; 1 if any was wrong"},
	{OPT_VERIFY, "verify", NULL, "check all that is read of what was written in this run"},
	{OPT_WARMUP, "warmup", "N", "seconds under load before measuring (0)"},
};

#define OPTIONS (sizeof options / sizeof options[0])

static void print_help(void)
{
	puts("usage: nbdload [OPTION...] ADDRESS\n"
		"Puts the NBD server at ADDRESS under load and reports operations per second,\n"
		"latencies and, for --server-pid, CPU time. ADDRESS: HOST:PORT, [ADDR6]:PORT or unix:PATH.\n"
		"BYTES may end in K, M, G, T. SIGTERM ends the measuring before its time.\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		int width = printf("  --%s%s%s", options[i].name, options[i].argument != NULL ? " " : "",
			options[i].argument != NULL ? options[i].argument : "");

		printf("%*s%s\n", 28 - width, "", options[i].help);
	}
}

static void set_option(struct settings *s, unsigned *mixed_percent, int key, char *argument)
{
	struct load_plan *plan = &s->plan;

	switch ((enum option_key)key) {
	case OPT_BLOCK:
		plan->block_bytes = (uint32_t)parse_number("block", argument, 1, 32u << 20);
		break;
	case OPT_CONNECTIONS:
		plan->connections = (unsigned)parse_number("connections", argument, 1, 1024);
		break;
	case OPT_DEPTH:
		plan->depth = (unsigned)parse_number("depth", argument, 1, 65536);
		break;
	case OPT_EXPORT:
		plan->export = argument;
		break;
	case OPT_FILL:
		plan->fill = true;
		break;
	case OPT_HELP:
		print_help();
		exit(0);
	case OPT_JSON:
		s->json = true;
		break;
	case OPT_MODE:
		set_mode(s, argument);
		break;
	case OPT_OPS:
		plan->ops = parse_number("ops", argument, 1, UINT64_MAX);
		break;
	case OPT_READ_PERCENT:
		*mixed_percent = (unsigned)parse_number("read-percent", argument, 0, 100);
		break;
	case OPT_SECONDS:
		plan->duration_ns = parse_seconds("seconds", argument);
		break;
	case OPT_SEED:
		plan->seed = parse_number("seed", argument, 0, UINT64_MAX);
		break;
	case OPT_RANDOM:
	case OPT_SEQUENTIAL:
		plan->sequential = key == OPT_SEQUENTIAL;
		break;
	case OPT_SERVER_PID:
		add_server_pids(s, argument);
		break;
	case OPT_SIZE:
		plan->span_bytes = parse_number("size", argument, 1, INT64_MAX);
		break;
	case OPT_TOLERATE_EIO:
		plan->tolerate_eio = true;
		break;
	case OPT_VERIFY:
		plan->verify = true;
		break;
	case OPT_WARMUP:
		plan->warmup_ns = parse_seconds("warmup", argument);
		break;
	}
}

static void parse_options(struct settings *s, int argc, char **argv)
{
	struct option longs[OPTIONS + 1] = {0};
	unsigned mixed_percent = 70;
	int key;

	for (size_t i = 0; i < OPTIONS; i++) {
		longs[i].name = options[i].name;
		longs[i].has_arg = options[i].argument != NULL ? required_argument : no_argument;
		longs[i].val = (int)options[i].key;
	}
	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (key == '?')
			usage_error("unknown option '%s'", argv[optind - 1]);
		if (key == ':')
			usage_error("%s needs an argument", argv[optind - 1]);
		set_option(s, &mixed_percent, key, optarg);
	}
	if (argc - optind != 1)
		usage_error(argc == optind ? "no address" : "more than one address");
	s->plan.address = argv[optind];
	if (s->plan.read_percent > 100)
		s->plan.read_percent = mixed_percent;
	if (s->plan.verify && s->plan.block_bytes % 8 != 0)
		usage_error("--verify needs blocks of a multiple of 8 bytes");
}

/* A dead server must not hang whoever measures it. */
static void on_alarm(int signal_number)
{
	static const char message[] = "nbdload: no reply for 15 seconds\n";
	static uint64_t before = UINT64_MAX;
	uint64_t now = load_progress();

	(void)signal_number;
	if (now == before) {
		ssize_t n = write(STDERR_FILENO, message, sizeof message - 1);

		_exit(n >= 0 ? 1 : 1);
	}
	before = now;
	alarm(STALLED_SECONDS);
}

static void watch_for_stalls(void)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	alarm(STALLED_SECONDS);
}

static void on_term(int signal_number)
{
	(void)signal_number;
	load_stop();
}

/* It ends when it was told, with a report. */
static void stop_when_told(void)
{
	struct sigaction action = {.sa_handler = on_term};

	sigaction(SIGTERM, &action, NULL);
}

static const char *mode_name(const struct load_plan *plan)
{
	return plan->read_percent == 100 ? "read" : plan->read_percent == 0 ? "write" : "mixed";
}

static void report_json(const struct settings *s, const struct load_result *r)
{
	const struct load_plan *plan = &s->plan;
	double ops = (double)r->ops;

	printf("{\"mode\": \"%s\", \"read_percent\": %u, \"block\": %u, \"depth\": %u, \"connections\": %u, "
		"\"sequential\": %s, \"ops\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"seconds\": %.6f, \"iops\": %.1f, ",
		mode_name(plan), plan->read_percent, plan->block_bytes, plan->depth, plan->connections,
		plan->sequential ? "true" : "false", r->ops, r->requests, (double)r->elapsed_ns / 1e9,
		ops * 1e9 / (double)r->elapsed_ns);
	printf("\"wrong\": %" PRIu64 ", \"read_errors\": %" PRIu64 ", \"write_errors\": %" PRIu64 ", \"longest_ms\": %.1f, ",
		r->wrong, r->read_errors, r->write_errors, (double)r->longest_ns / 1e6);
	printf("\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"own_cpu_us\": %.4f, \"servers\": [",
		hist_percentile(&r->latency, 0.5) / 1e3, hist_percentile(&r->latency, 0.99) / 1e3,
		hist_percentile(&r->latency, 0.999) / 1e3, (double)r->own_cpu_ns / 1e3 / ops);
	for (unsigned i = 0; i < s->meter.servers; i++) {
		const struct meter_sample *used = &s->meter.used[i];

		printf("%s{\"pid\": %d, \"cpu_us\": %.4f, \"wakeups\": %.4f, \"preemptions\": %.4f}", i > 0 ? ", " : "",
			(int)s->meter.server_pid[i], (double)used->cpu_ns / 1e3 / ops, (double)used->voluntary / ops,
			(double)used->involuntary / ops);
	}
	puts("]}");
}

static void report_line(const struct settings *s, const struct load_result *r)
{
	const struct load_plan *plan = &s->plan;
	double ops = (double)r->ops;

	printf("%s %s of %u bytes, depth %u x %u: %.0f IOPS, p50 %.1f us, p99 %.1f us, p99.9 %.1f us, own CPU %.2f us/op",
		plan->sequential ? "sequential" : "random", mode_name(plan), plan->block_bytes, plan->depth,
		plan->connections, ops * 1e9 / (double)r->elapsed_ns, hist_percentile(&r->latency, 0.5) / 1e3,
		hist_percentile(&r->latency, 0.99) / 1e3, hist_percentile(&r->latency, 0.999) / 1e3,
		(double)r->own_cpu_ns / 1e3 / ops);
	for (unsigned i = 0; i < s->meter.servers; i++) {
		const struct meter_sample *used = &s->meter.used[i];

		printf(", process %d CPU %.2f us/op, %.3f wake-ups/op", (int)s->meter.server_pid[i],
			(double)used->cpu_ns / 1e3 / ops, (double)used->voluntary / ops);
	}
	if (plan->tolerate_eio)
		printf(", %" PRIu64 " wrong, EIO of %" PRIu64 " reads and %" PRIu64 " writes, longest wait %.1f ms",
			r->wrong, r->read_errors, r->write_errors, (double)r->longest_ns / 1e6);
	puts("");
}

int main(int argc, char **argv)
{
	static struct load_result result;
	struct load *load;

	parse_options(&settings, argc, argv);
	watch_for_stalls();
	stop_when_told();
	load = load_open(&settings.plan, &settings.meter);
	if (load == NULL || load_run(load, &result) == -1) {
		fprintf(stderr, "nbdload: %s\n", load_error());
		load_close(load);
		return 1;
	}
	load_close(load);
	(settings.json ? report_json : report_line)(&settings, &result);
	if (result.wrong > 0) {
		fprintf(stderr, "nbdload: wrong data: %" PRIu64 " reads, of block %" PRIu64 " first\n", result.wrong,
			result.first_wrong);
		return 1;
	}
	return 0;
}
