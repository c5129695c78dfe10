/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_table.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "filter.h"
#include "hostport.h"
#include "listen.h"
#include "options_pool.h"
#include "page.h"
#include "socket.h"

#define FIELD(name) .at = offsetof(struct options, name)

static const char *const tls_modes[] = { "off", "allow", "require", NULL };
static const struct setting_style style = { "  --", " ", 27 };

static int options_table_refuse(char words[static WORDS_MAX], const char *why)
{
	words_print(words, "%s", why);
	return -1;
}

static int set_listen(void *options, const char *value, char words[static WORDS_MAX])
{
	struct options *o = options;
	const char *wrong = listen_wrong(value);

	if (wrong) {
		words_print(words, "write ADDR:PORT, [ADDR6]:PORT or unix:PATH: %s", wrong);
		return -1;
	}
	if (o->listens == OPTIONS_LISTEN_MAX)
		return options_table_refuse(words, "there are too many addresses");
	return setting_text(&o->listen[o->listens++], value, words);
}

static int set_pool(void *options, const char *value, char words[static WORDS_MAX])
{
	const char *wrong = options_set_pool(options, value);

	return wrong ? options_table_refuse(words, wrong) : 0;
}

static int set_drop_pool(void *options, const char *value, char words[static WORDS_MAX])
{
	const char *wrong = options_set_drop_pool(options, value);

	return wrong ? options_table_refuse(words, wrong) : 0;
}

static int set_seccomp(void *options, const char *value, char words[static WORDS_MAX])
{
	struct options *o = options;

	if (setting_switch(&o->seccomp, value) < 0)
		return options_table_refuse(words, "write on or off");
	if (o->seccomp && !filter_built())
		return options_table_refuse(words, "this farpaged was built without libseccomp");
	return 0;
}

static int set_help(void *options, const char *value, char words[static WORDS_MAX])
{
	(void)value, (void)words;
	printf("farpaged lends this host's RAM to other hosts, which swap onto it.\n\n"
	       "usage: farpaged [OPTION]...\n\n");
	settings_help(stdout, options_table, &style);
	printf("\nIt stays in the foreground and logs to stderr. SIGTERM ends it, SIGHUP reads\n"
	       "the config file again. See farpaged(8).\n");
	((struct options *)options)->done = true;
	return 0;
}

static int set_version(void *options, const char *value, char words[static WORDS_MAX])
{
	(void)value, (void)words;
	puts("farpaged " PACKAGE_VERSION);
	((struct options *)options)->done = true;
	return 0;
}

const struct setting options_table[] = {
	{ "config", "FILE", SETTING_TEXT, FIELD(config), .not_in_file = true, .hint = "write a file",
	  .help = "read further options from FILE, lines of \"name = value\"" },
	{ "listen", "ADDR:PORT", SETTING_OWN, .set = set_listen, .otherwise = OPTIONS_DEFAULT_LISTEN,
	  .help = "where to listen; also unix:PATH; may repeat" },
	{ "lend", "SIZE", SETTING_SIZE, FIELD(lend), .least = PAGE_BYTES,
	  .otherwise = "half of the free memory", .help = "lend this much RAM in total" },
	{ "pool", "NAME=SIZE", SETTING_OWN, .set = set_pool, .otherwise = OPTIONS_DEFAULT_POOL "=all",
	  .help = "a pool; more words: see farpaged(8); may repeat" },
	{ "drop-pool", "NAME", SETTING_OWN, .set = set_drop_pool,
	  .help = "remove this pool with the pages that it holds; may repeat" },
	{ "keep-free", "SIZE", SETTING_SIZE, FIELD(keep_free), .otherwise = "a 20th of its RAM",
	  .help = "memory that this host keeps for itself, or 0" },
	{ "vacate-deadline", "SECONDS", SETTING_NUMBER, FIELD(vacate_deadline_s), .unit = "seconds",
	  .least = 1, .most = 86400, .standard = "60",
	  .help = "how long borrowers have to give pages back" },
	{ "tls", "MODE", SETTING_CHOICE, FIELD(tls), .choices = tls_modes,
	  .otherwise = "require with credentials, else off" },
	{ "tls-certificates", "DIR", SETTING_TEXT, FIELD(tls_certificates), .hint = "write a directory",
	  .help = "ca-cert.pem, server-cert.pem, server-key.pem; clients need one, too" },
	{ "tls-psk", "FILE", SETTING_TEXT, FIELD(tls_psk), .hint = "write a file",
	  .help = "pre-shared keys: lines of IDENTITY:HEXKEY, as from psktool" },
	{ "allow-plaintext", NULL, SETTING_SWITCH, FIELD(allow_plaintext),
	  .help = "listen for other hosts without TLS" },
	{ "max-connections", "N", SETTING_NUMBER, FIELD(max_connections), .least = 1, .most = 1000000,
	  .standard = "4096", .help = "connections in total" },
	{ "max-per-address", "N", SETTING_NUMBER, FIELD(max_per_address), .least = 1, .most = 1000000,
	  .standard = "256", .help = "connections from one address" },
	{ "max-per-identity", "N", SETTING_NUMBER, FIELD(max_per_identity), .least = 1, .most = 1000000,
	  .standard = "64", .help = "connections of one TLS identity" },
	{ "dead-after", "SECONDS", SETTING_NUMBER, FIELD(dead_after_s), .unit = "seconds",
	  .least = SOCKET_DEAD_SECONDS, .most = SOCKET_END_AFTER_MAX, .standard = "43200",
	  .help = "end a connection that has pages after so much silence" },
	{ "threads", "N", SETTING_NUMBER, FIELD(threads), .least = 1, .most = 64, .standard = "1",
	  .help = "event loops, 1 to 64" },
	{ "busy-poll", "USEC", SETTING_NUMBER, FIELD(busy_poll_us), .unit = "microseconds",
	  .least = 0, .most = 1000000, .standard = "0",
	  .help = "after a request, poll for the next one so long before sleeping" },
	{ "user", "NAME", SETTING_TEXT, FIELD(user), .hint = "write the name of a user",
	  .help = "give up root and become this user, once it listens" },
	{ "seccomp", "on|off", SETTING_OWN, .set = set_seccomp, .otherwise = "on, if built in",
	  .help = "allow only the system calls that it needs" },
	{ "pid-file", "FILE", SETTING_TEXT, FIELD(pid_file), .hint = "write a path",
	  .help = "write the process id to FILE" },
	{ "state-dir", "DIR", SETTING_TEXT, FIELD(state_dir), .hint = "write a path",
	  .help = "keep the pools in DIR, on a tmpfs, for the next farpaged" },
	{ "reload-file", "FILE", SETTING_TEXT, FIELD(reload_file), .hint = "write a path",
	  .help = "write the result of each reload to FILE" },
	{ "stats", "PATH", SETTING_TEXT, FIELD(stats), .most = HOSTPORT_PATH_MAX - 1,
	  .hint = "write a path, of at most 107 bytes",
	  .help = "a unix socket that serves figures as JSON" },
	{ "log-level", "LEVEL", SETTING_CHOICE, FIELD(log_level), .choices = log_levels,
	  .standard = "info" },
	{ "check-config", NULL, SETTING_SWITCH, FIELD(check_config), .not_in_file = true,
	  .help = "check the options and the config file, then exit" },
	{ "help", NULL, SETTING_OWN, .set = set_help, .letter = 'h', .not_in_file = true,
	  .help = "this text; also -h" },
	{ "version", NULL, SETTING_OWN, .set = set_version, .letter = 'V', .not_in_file = true,
	  .help = "the version; also -V" },
	{0}
};

_Static_assert(sizeof options_table / sizeof *options_table <= OPTIONS_ROWS_MAX, "a bit for each");

static uint64_t bit(const struct setting *option)
{
	return UINT64_C(1) << (option - options_table);
}

int options_set(struct options *o, const struct setting *option, const char *value,
                char words[static WORDS_MAX])
{
	o->said |= bit(option);
	return setting_set(option, o, value, words);
}

bool options_said(const struct options *o, const struct setting *option)
{
	return o->said & bit(option);
}

struct options options_nothing(void)
{
	struct options o = { .seccomp = filter_built(), .keep_free = UINT64_MAX };

	settings_begin(options_table, &o);
	return o;
}

void options_free(struct options *o)
{
	for (unsigned i = 0; i < o->listens; i++)
		free(o->listen[i]);
	free(o->pool);
	free(o->drop);
	settings_free(options_table, o);
	*o = options_nothing();
}
