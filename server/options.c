/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "listen.h"
#include "size.h"

#define DEFAULT_LISTEN "127.0.0.1:10809"
#define DEFAULT_POOL   "default"

/* A setter returns NULL, or words that say what would be right. */
typedef const char *setter(struct options *, const char *value);

static const char *set_text(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? NULL : "no memory";
}

static const char *set_config(struct options *o, const char *value)
{
	return set_text(&o->config, value);
}

static const char *set_check(struct options *o, const char *value)
{
	(void)value;
	o->check_config = true;
	return NULL;
}

static const char *set_listen(struct options *o, const char *value)
{
	if (!listen_valid(value))
		return "write ADDR:PORT, [ADDR6]:PORT or unix:PATH";
	if (o->listens == OPTIONS_LISTEN_MAX)
		return "that is one address too many";
	return set_text(&o->listen[o->listens++], value);
}

static const char *set_lend(struct options *o, const char *value)
{
	if (size_parse(value, &o->lend) < 0 || o->lend < PAGE_SIZE)
		return "write a size of at least 4K, such as 8G";
	return NULL;
}

static const char *set_pool(struct options *o, const char *value)
{
	const char *equals = strchr(value, '=');
	struct pool_spec spec = {0}, *more;
	char size[64];

	if (!equals || equals - value > POOL_NAME_MAX)
		return "write NAME=SIZE, or NAME=SIZE,thin";
	memcpy(spec.name, value, (size_t)(equals - value));
	if (!pool_name_valid(spec.name))
		return "a name has 1 to 64 letters, digits, dots, dashes and underscores";
	if (snprintf(size, sizeof size, "%s", equals + 1) >= (int)sizeof size)
		return "write the size as a multiple of 4K, such as 8G";
	char *comma = strchr(size, ',');
	if (comma) {
		spec.thin = strcmp(comma, ",thin") == 0;
		*comma = '\0';
		if (!spec.thin)
			return "after a pool's size only ,thin may stand";
	}
	if (size_parse(size, &spec.size) < 0 || spec.size == 0 || spec.size % PAGE_SIZE)
		return "write the size as a multiple of 4K, such as 8G";
	for (unsigned i = 0; i < o->pools; i++)
		if (strcmp(o->pool[i].name, spec.name) == 0)
			return "there is a pool of that name already";
	if (o->pools == OPTIONS_POOLS_MAX)
		return "that is one pool too many";
	more = realloc(o->pool, (o->pools + 1) * sizeof *more);
	if (!more)
		return "no memory";
	o->pool = more;
	o->pool[o->pools++] = spec;
	return NULL;
}

static const char *set_threads(struct options *o, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n < 1 || n > OPTIONS_THREADS_MAX)
		return "write a number from 1 to 64";
	o->threads = (unsigned)n;
	return NULL;
}

static const char *set_busy_poll(struct options *o, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n > OPTIONS_BUSY_POLL_MAX)
		return "write microseconds from 0 to 1000000";
	o->busy_poll_us = (unsigned)n;
	o->busy_poll_said = true;
	return NULL;
}

static const char *set_pid_file(struct options *o, const char *value)
{
	return *value ? set_text(&o->pid_file, value) : "write a path";
}

static const char *set_log_level(struct options *o, const char *value)
{
	return log_level_parse(value, &o->log_level) < 0
	           ? "write error, warn, info or debug" : NULL;
}

static const struct {
	const char *name, *argument;
	bool in_file;
	setter *set;
	const char *help;
} table[] = {
	{ "config", "FILE", false, set_config,
	  "read further options from FILE, lines of \"name = value\"" },
	{ "listen", "ADDR:PORT", true, set_listen,
	  "where to listen; also unix:PATH; may repeat [" DEFAULT_LISTEN "]" },
	{ "lend", "SIZE", true, set_lend,
	  "lend this much RAM in all [half of the free memory]" },
	{ "pool", "NAME=SIZE", true, set_pool,
	  "a pool; NAME=SIZE,thin is not reserved; may repeat [" DEFAULT_POOL "=all of lend]" },
	{ "threads", "N", true, set_threads, "event loops, 1 to 64 [1]" },
	{ "busy-poll", "USEC", true, set_busy_poll,
	  "after a request look for the next one so long before sleeping [0]" },
	{ "pid-file", "FILE", true, set_pid_file, "write the process id to FILE" },
	{ "log-level", "LEVEL", true, set_log_level, "error, warn, info or debug [info]" },
	{ "check-config", NULL, false, set_check,
	  "check the options and the file, then exit" },
};
#define OPTIONS (sizeof table / sizeof *table)

static void help(void)
{
	printf("farpaged lends this host's RAM to other hosts, which swap onto it.\n\n"
	       "usage: farpaged [OPTION]...\n\n");
	for (unsigned i = 0; i < OPTIONS; i++) {
		char left[40];

		snprintf(left, sizeof left, "--%s%s%s", table[i].name,
		         table[i].argument ? " " : "",
		         table[i].argument ? table[i].argument : "");
		printf("  %-24s %s\n", left, table[i].help);
	}
	printf("  %-24s %s\n  %-24s %s\n\n", "--help", "this text", "--version",
	       "the version");
	printf("It stays in the foreground and logs to stderr. SIGTERM ends it, SIGHUP reads\n"
	       "the file again. See farpaged(8).\n");
}

struct reading {
	struct options *o;
	const struct options *over; /* the command line, which wins */
	FILE *file;
	char *buf;                  /* of getline() */
	size_t room;
	int line;                   /* that was read last, from 1 */
	int error;                  /* errno of reading, or 0 */
	int bad_line;               /* the first that is wrong by what WORDS say, or 0 */
	char words[OPTIONS_WORDS_MAX];
};

static void bad_line(struct reading *r, const char *what, const char *error)
{
	if (!r->bad_line) {
		r->bad_line = r->line;
		snprintf(r->words, sizeof r->words, "%.400s%s", what, error);
	}
}

static bool in(const char *name, const char *option)
{
	return strcmp(name, option) == 0;
}

/* Did the command line say something of this option? */
static bool overridden(const struct options *cli, const char *name)
{
	return (in(name, "listen") && cli->listens) || (in(name, "lend") && cli->lend) ||
	       (in(name, "pool") && cli->pools) || (in(name, "threads") && cli->threads) ||
	       (in(name, "busy-poll") && cli->busy_poll_said) ||
	       (in(name, "pid-file") && cli->pid_file) ||
	       (in(name, "log-level") && cli->log_level != (enum log_level)-1);
}

/* For inih, like fgets(). It takes an indented line for more of the one above,
 * and what is over N bytes for the next line: so none is indented, and one that
 * is longer, or that a zero byte would shorten, ends the file. */
static char *next_line(char *to, int n, void *reading)
{
	struct reading *r = reading;
	ssize_t len = getline(&r->buf, &r->room, r->file);
	const char *line = r->buf;

	if (len < 0) {
		r->error = ferror(r->file) ? errno : 0;
		return NULL;
	}
	r->line++;
	if (memchr(line, '\0', (size_t)len)) {
		bad_line(r, "", "a zero byte");
		return NULL;
	}
	line += strspn(line, " \t\v\f\r");
	if (*line == '#' || *line == ';')
		line = "\n";
	if (snprintf(to, (size_t)n, "%s", line) >= n) {
		bad_line(r, "", "the line is too long");
		return NULL;
	}
	return to;
}

static int on_line(void *reading, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = reading;
	struct options scratch = {0};
	const char *error = "there is no such option in a config file";
	char what[OPTIONS_WORDS_MAX];

	if (*section)
		error = "a config file has no sections";
	for (unsigned i = 0; !*section && i < OPTIONS; i++)
		if (table[i].in_file && in(name, table[i].name)) {
			/* What loses against the command line must be right too. */
			bool loses = overridden(r->over, name);
			error = table[i].set(loses ? &scratch : r->o, value);
		}
	options_free(&scratch);
	if (!error)
		return 1;
	snprintf(what, sizeof what, "%s = %s: ", name, value);
	bad_line(r, what, error);
	return 0;
}

static int read_file(struct options *o, const struct options *cli,
                     char words[static OPTIONS_WORDS_MAX])
{
	struct reading r = { .o = o, .over = cli, .file = fopen(cli->config, "re") };
	int line = 0; /* the first that inih or on_line() did not like */

	if (r.file) {
		line = ini_parse_stream(next_line, &r, on_line, &r);
		fclose(r.file);
		free(r.buf);
	} else {
		r.error = errno;
	}
	if (r.error)
		snprintf(words, OPTIONS_WORDS_MAX, "cannot read %s: %s", cli->config,
		         strerror(r.error));
	else if (r.bad_line && (line == 0 || r.bad_line <= line))
		snprintf(words, OPTIONS_WORDS_MAX, "%s:%d: %.800s", cli->config, r.bad_line,
		         r.words);
	else if (line)
		snprintf(words, OPTIONS_WORDS_MAX,
		         "%s:%d: not a line of the form \"name = value\"", cli->config, line);
	return r.error || r.bad_line || line ? -1 : 0;
}

/* Bytes in a line of /proc/meminfo, 0 if there is none. */
static uint64_t meminfo(const char *what)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t kib = 0;

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtoull(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return kib * 1024;
}

static int check_sizes(const struct options *o, char words[static OPTIONS_WORDS_MAX])
{
	uint64_t total = meminfo("MemTotal:"), reserved = 0;
	char lend[32], sum[32];

	size_format(o->lend, lend);
	if (total && o->lend > total) {
		snprintf(words, OPTIONS_WORDS_MAX, "lend = %s: this host has only %" PRIu64 " MiB",
		         lend, total >> 20);
		return -1;
	}
	for (unsigned i = 0; i < o->pools; i++)
		if (!o->pool[i].thin && __builtin_add_overflow(reserved, o->pool[i].size, &reserved))
			reserved = UINT64_MAX;
	if (reserved > o->lend) {
		size_format(reserved, sum);
		snprintf(words, OPTIONS_WORDS_MAX,
		         "the pools reserve %s, but only %s is lent; raise lend, shrink a pool, "
		         "or make one thin (NAME=SIZE,thin)", sum, lend);
		return -1;
	}
	return 0;
}

uint64_t options_default_lend(void)
{
	return meminfo("MemAvailable:") / 2;
}

static int fill_in(struct options *o, uint64_t default_lend,
                   char words[static OPTIONS_WORDS_MAX])
{
	const char *error = NULL;
	char pool[64], size[32];

	if (!o->listens)
		error = set_listen(o, DEFAULT_LISTEN);
	if (!o->lend)
		o->lend = default_lend;
	o->lend -= o->lend % PAGE_SIZE;
	if (!error && !o->pools) {
		size_format(o->lend, size);
		snprintf(pool, sizeof pool, DEFAULT_POOL "=%s", size);
		error = set_pool(o, pool);
	}
	if (!o->threads)
		o->threads = 1;
	if (o->log_level == (enum log_level)-1)
		o->log_level = LOG_INFO;
	if (error) {
		snprintf(words, OPTIONS_WORDS_MAX, "%s", error);
		return -1;
	}
	return check_sizes(o, words);
}

/* What getopt_long() returns: above any character. */
enum { LONG = 256, HELP = LONG + OPTIONS, VERSION };

static void getopt_table(struct option longs[static OPTIONS + 3])
{
	for (unsigned i = 0; i < OPTIONS; i++)
		longs[i] = (struct option){
			table[i].name, table[i].argument ? required_argument : no_argument,
			NULL, LONG + (int)i };
	longs[OPTIONS] = (struct option){ "help", no_argument, NULL, HELP };
	longs[OPTIONS + 1] = (struct option){ "version", no_argument, NULL, VERSION };
	longs[OPTIONS + 2] = (struct option){0};
}

static enum options_result read_argv(struct options *o, int argc, char **argv,
                                     char words[static OPTIONS_WORDS_MAX])
{
	struct option longs[OPTIONS + 3];
	const char *error;
	int c;

	getopt_table(longs);
	optind = 0; /* also forgets where in "-xy" it was */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (c == HELP) {
			help();
			return OPTIONS_DONE;
		}
		if (c == VERSION) {
			puts("farpaged " PACKAGE_VERSION);
			return OPTIONS_DONE;
		}
		if (c < LONG) {
			char letter[] = { '-', (char)optopt, '\0' };

			snprintf(words, OPTIONS_WORDS_MAX, "%.200s: %s; see farpaged --help",
			         optopt > 0 && optopt < LONG ? letter : argv[optind - 1],
			         c == ':' ? "wants a value" : "no such option, or not with a value");
			return OPTIONS_BAD;
		}
		error = table[c - LONG].set(o, optarg);
		if (error) {
			snprintf(words, OPTIONS_WORDS_MAX, "--%s %.200s: %s",
			         table[c - LONG].name, optarg, error);
			return OPTIONS_BAD;
		}
	}
	if (optind < argc) {
		snprintf(words, OPTIONS_WORDS_MAX,
		         "%.200s: options only, please; see farpaged --help", argv[optind]);
		return OPTIONS_BAD;
	}
	return OPTIONS_OK;
}

static struct options nothing(void)
{
	return (struct options){ .log_level = (enum log_level)-1 };
}

enum options_result options_read(struct options *o, int argc, char **argv,
                                 uint64_t default_lend,
                                 char words[static OPTIONS_WORDS_MAX])
{
	struct options cli = nothing();
	enum options_result r;

	*o = nothing();
	r = read_argv(&cli, argc, argv, words);
	if (r == OPTIONS_OK && cli.config)
		r = read_file(o, &cli, words) < 0 ? OPTIONS_BAD : OPTIONS_OK;
	/* The command line once more, on top of what the file said. */
	if (r == OPTIONS_OK)
		r = read_argv(o, argc, argv, words);
	if (r == OPTIONS_OK && fill_in(o, default_lend, words) < 0)
		r = OPTIONS_BAD;
	options_free(&cli);
	return r;
}

void options_free(struct options *o)
{
	for (unsigned i = 0; i < o->listens; i++)
		free(o->listen[i]);
	free(o->config);
	free(o->pool);
	free(o->pid_file);
	*o = nothing();
}
