/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "gauge.h"
#include "hostport.h"
#include "listen.h"
#include "size.h"
#include "socket.h"

#define DEFAULT_LISTEN "127.0.0.1:10809"
#define OPTIONS_CONNECTIONS_WORDS "write a number from 1 to 1000000"

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
	if (listen_wrong(value))
		return "write ADDR:PORT, [ADDR6]:PORT or unix:PATH";
	if (o->listens == OPTIONS_LISTEN_MAX)
		return "there are too many addresses";
	return set_text(&o->listen[o->listens++], value);
}

static const char *set_lend(struct options *o, const char *value)
{
	if (size_parse(value, &o->lend) < 0 || o->lend < PAGE_SIZE)
		return "write a size of at least 4K, such as 8G";
	return NULL;
}

static const char *set_tls(struct options *o, const char *value)
{
	static const char *const modes[] = { "off", "allow", "require" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(value, modes[i]) == 0) {
			o->tls = (enum tls_mode)i;
			o->tls_said = true;
			return NULL;
		}
	return "write off, allow or require";
}

static const char *set_tls_certificates(struct options *o, const char *value)
{
	return *value ? set_text(&o->tls_certificates, value) : "write a directory";
}

static const char *set_tls_psk(struct options *o, const char *value)
{
	return *value ? set_text(&o->tls_psk, value) : "write a file";
}

static const char *set_allow_plaintext(struct options *o, const char *value)
{
	if (value && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return "write yes or no";
	o->allow_plaintext = !value || *value == 'y';
	return NULL;
}

static const char *set_max_connections(struct options *o, const char *value)
{
	return options_number(&o->max_connections, value, 1, OPTIONS_CONNECTIONS_MAX)
	           ? NULL : OPTIONS_CONNECTIONS_WORDS;
}

static const char *set_max_per_address(struct options *o, const char *value)
{
	return options_number(&o->max_per_address, value, 1, OPTIONS_CONNECTIONS_MAX)
	           ? NULL : OPTIONS_CONNECTIONS_WORDS;
}

static const char *set_max_per_identity(struct options *o, const char *value)
{
	return options_number(&o->max_per_identity, value, 1, OPTIONS_CONNECTIONS_MAX)
	           ? NULL : OPTIONS_CONNECTIONS_WORDS;
}

static const char *set_threads(struct options *o, const char *value)
{
	return options_number(&o->threads, value, 1, OPTIONS_THREADS_MAX)
	           ? NULL : "write a number from 1 to 64";
}

static const char *set_busy_poll(struct options *o, const char *value)
{
	return options_number(&o->busy_poll_us, value, 0, OPTIONS_BUSY_POLL_MAX)
	           ? NULL : "write microseconds from 0 to 1000000";
}

static const char *set_user(struct options *o, const char *value)
{
	return *value ? set_text(&o->user, value) : "write the name of a user";
}

static const char *set_seccomp(struct options *o, const char *value)
{
	o->seccomp = strcmp(value, "on") == 0;
	if (!o->seccomp && strcmp(value, "off") != 0)
		return "write on or off";
	return o->seccomp && !filter_built() ? "this farpaged was built without libseccomp" : NULL;
}

static const char *set_keep_free(struct options *o, const char *value)
{
	return size_parse(value, &o->keep_free) < 0 ? "write a size, such as 512M, or 0" : NULL;
}

static const char *set_vacate_deadline(struct options *o, const char *value)
{
	return options_number(&o->vacate_deadline_s, value, 1, OPTIONS_DEADLINE_MAX)
	           ? NULL : "write seconds from 1 to 86400";
}

static const char *set_dead_after(struct options *o, const char *value)
{
	return options_number(&o->dead_after_s, value, SOCKET_DEAD_SECONDS, SOCKET_END_AFTER_MAX)
	           ? NULL : "write seconds from 15 to 1209600";
}

static const char *set_pid_file(struct options *o, const char *value)
{
	return *value ? set_text(&o->pid_file, value) : "write a path";
}

static const char *set_state_dir(struct options *o, const char *value)
{
	return *value ? set_text(&o->state_dir, value) : "write a path";
}

static const char *set_reload_file(struct options *o, const char *value)
{
	return *value ? set_text(&o->reload_file, value) : "write a path";
}

static const char *set_stats(struct options *o, const char *value)
{
	if (!*value || strlen(value) >= HOSTPORT_PATH_MAX)
		return "write a path, of at most 107 bytes";
	return set_text(&o->stats, value);
}

static const char *set_log_level(struct options *o, const char *value)
{
	return log_level_parse(value, &o->log_level) < 0
	           ? "write error, warn, info or debug" : NULL;
}

const struct option_row options_table[] = {
	{ "config", "FILE", false, set_config,
	  "read further options from FILE, lines of \"name = value\"" },
	{ "listen", "ADDR:PORT", true, set_listen,
	  "where to listen; also unix:PATH; may repeat [" DEFAULT_LISTEN "]" },
	{ "lend", "SIZE", true, set_lend,
	  "lend this much RAM in total [half of the free memory]" },
	{ "pool", "NAME=SIZE", true, options_set_pool,
	  "a pool; more words: see farpaged(8); may repeat [" OPTIONS_DEFAULT_POOL "=all]" },
	{ "drop-pool", "NAME", true, options_set_drop_pool,
	  "remove this pool with the pages that it holds; may repeat" },
	{ "keep-free", "SIZE", true, set_keep_free,
	  "memory that this host keeps for itself, or 0 [a 20th of its RAM]" },
	{ "vacate-deadline", "SECONDS", true, set_vacate_deadline,
	  "how long borrowers have to give pages back [60]" },
	{ "tls", "MODE", true, set_tls,
	  "off, allow or require [require with credentials, else off]" },
	{ "tls-certificates", "DIR", true, set_tls_certificates,
	  "ca-cert.pem, server-cert.pem, server-key.pem; clients need one, too" },
	{ "tls-psk", "FILE", true, set_tls_psk,
	  "pre-shared keys: lines of IDENTITY:HEXKEY, as from psktool" },
	{ "allow-plaintext", NULL, true, set_allow_plaintext,
	  "listen for other hosts without TLS" },
	{ "max-connections", "N", true, set_max_connections, "connections in total [4096]" },
	{ "max-per-address", "N", true, set_max_per_address,
	  "connections from one address [256]" },
	{ "max-per-identity", "N", true, set_max_per_identity,
	  "connections of one TLS identity [64]" },
	{ "dead-after", "SECONDS", true, set_dead_after,
	  "end a connection that has pages after so much silence [43200]" },
	{ "threads", "N", true, set_threads, "event loops, 1 to 64 [1]" },
	{ "busy-poll", "USEC", true, set_busy_poll,
	  "after a request, poll for the next one so long before sleeping [0]" },
	{ "user", "NAME", true, set_user, "give up root and become this user, once it listens" },
	{ "seccomp", "on|off", true, set_seccomp,
	  "allow only the system calls that it needs [on, if built in]" },
	{ "pid-file", "FILE", true, set_pid_file, "write the process id to FILE" },
	{ "state-dir", "DIR", true, set_state_dir,
	  "keep the pools in DIR, on a tmpfs, for the next farpaged" },
	{ "reload-file", "FILE", true, set_reload_file,
	  "write the result of each reload to FILE" },
	{ "stats", "PATH", true, set_stats,
	  "a unix socket that serves figures as JSON" },
	{ "log-level", "LEVEL", true, set_log_level, "error, warn, info or debug [info]" },
	{ "check-config", NULL, false, set_check,
	  "check the options and the config file, then exit" },
};

const unsigned options_rows = sizeof options_table / sizeof *options_table;

void options_help(void)
{
	printf("farpaged lends this host's RAM to other hosts, which swap onto it.\n\n"
	       "usage: farpaged [OPTION]...\n\n");
	for (unsigned i = 0; i < options_rows; i++) {
		const struct option_row *row = &options_table[i];
		char left[40];

		snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
		         row->argument ? row->argument : "");
		printf("  %-24s %s\n", left, row->help);
	}
	printf("  %-24s %s\n  %-24s %s\n\n", "--help", "this text; also -h",
	       "--version", "the version; also -V");
	printf("It stays in the foreground and logs to stderr. SIGTERM ends it, SIGHUP reads\n"
	       "the file again. See farpaged(8).\n");
}

struct options options_nothing(void)
{
	return (struct options){ .log_level = LOG_INFO, .threads = 1,
	                         .max_connections = 4096, .max_per_address = 256,
	                         .max_per_identity = 64,
	                         .seccomp = filter_built(),
	                         .keep_free = UINT64_MAX, .vacate_deadline_s = 60,
	                         .dead_after_s = 43200 };
}

static int check_sizes(const struct options *o, char words[static WORDS_MAX])
{
	uint64_t total = gauge_look().total, reserved = 0;
	char lend[32], sum[32];

	size_format(o->lend, lend);
	if (total && o->lend > total) {
		words_print(words, "lend = %s: this host has only %" PRIu64 " MiB",
		            lend, total >> 20);
		return -1;
	}
	for (unsigned i = 0; i < o->pools; i++)
		if (!o->pool[i].thin && __builtin_add_overflow(reserved, o->pool[i].size, &reserved))
			reserved = UINT64_MAX;
	if (reserved > o->lend) {
		size_format(reserved, sum);
		words_print(words,
		            "the pools reserve %s, but only %s is lent; raise lend, shrink a pool, "
		            "or make one thin (NAME=SIZE,thin)", sum, lend);
		return -1;
	}
	return 0;
}

static int check_drops(const struct options *o, char words[static WORDS_MAX])
{
	for (unsigned i = 0; i < o->drops; i++)
		if (options_find_pool(o, o->drop[i])) {
			words_print(words, "pool %s is given as pool and as drop-pool; leave one "
			            "of them out", o->drop[i]);
			return -1;
		}
	return 0;
}

static int check_tls(const struct options *o, char words[static WORDS_MAX])
{
	if (o->tls != TLS_OFF && !o->tls_certificates && !o->tls_psk) {
		words_print(words,
		            "tls needs credentials: tls-certificates, tls-psk, or both");
		return -1;
	}
	for (unsigned i = 0; i < o->pools; i++)
		if (*o->pool[i].owner && o->tls == TLS_OFF) {
			words_print(words,
			            "pool %s has an owner, and only TLS can prove who that is; "
			            "set tls-certificates or tls-psk, or leave the owner "
			            "out", o->pool[i].name);
			return -1;
		}
	for (unsigned i = 0; i < o->listens; i++)
		if (o->tls != TLS_REQUIRE && !o->allow_plaintext && listen_exposed(o->listen[i])) {
			words_print(words, "listen = %s: " LISTEN_EXPOSED_WORDS,
			            o->listen[i]);
			return -1;
		}
	return 0;
}

uint64_t options_default_lend(void)
{
	uint64_t available = gauge_look().available;

	return available == UINT64_MAX ? 0 : available / 2;
}

int options_fill_in(struct options *o, char words[static WORDS_MAX])
{
	const char *error = o->listens ? NULL : set_listen(o, DEFAULT_LISTEN);
	uint64_t total = gauge_look().total;
	char keep[32];

	if (o->keep_free == UINT64_MAX)
		o->keep_free = total / 20;
	if (!o->tls_said && (o->tls_certificates || o->tls_psk))
		o->tls = TLS_REQUIRE;
	if (error) {
		words_print(words, "%s", error);
		return -1;
	}
	if (total && o->keep_free > total) {
		size_format(o->keep_free, keep);
		words_print(words, "keep-free = %s: this host has only %" PRIu64
		            " MiB in all", keep, total >> 20);
		return -1;
	}
	return check_tls(o, words);
}

int options_settle(struct options *o, uint64_t default_lend,
                   char words[static WORDS_MAX])
{
	const char *error = NULL;
	char pool[64], size[32];

	if (!o->lend)
		o->lend = default_lend;
	o->lend -= o->lend % PAGE_SIZE;
	if (!o->pools) {
		size_format(o->lend, size);
		snprintf(pool, sizeof pool, OPTIONS_DEFAULT_POOL "=%s", size);
		error = options_set_pool(o, pool);
	}
	if (error) {
		words_print(words, "%s", error);
		return -1;
	}
	return check_sizes(o, words) < 0 ? -1 : check_drops(o, words);
}

void options_free(struct options *o)
{
	for (unsigned i = 0; i < o->listens; i++)
		free(o->listen[i]);
	free(o->config);
	free(o->pool);
	free(o->drop);
	free(o->user);
	free(o->pid_file);
	free(o->tls_certificates);
	free(o->tls_psk);
	free(o->state_dir);
	free(o->reload_file);
	free(o->stats);
	*o = options_nothing();
}
