/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of farpaged, from the command line and from a config file with the same
 * names. Both are read by one table. */
#ifndef FARPAGE_OPTIONS_H
#define FARPAGE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "pool.h"

#define OPTIONS_LISTEN_MAX 16
#define OPTIONS_POOLS_MAX  1024
#define OPTIONS_IOPS_MAX 100000000
#define OPTIONS_BANDWIDTH_MAX (UINT64_C(1) << 40)

struct options {
	uint64_t said;             /* a bit for each row of the table */
	bool done;                 /* help or the version was printed */
	char *config;
	bool check_config;
	char *listen[OPTIONS_LISTEN_MAX];
	unsigned listens;
	uint64_t lend;             /* bytes; 0: not given, see options_settle() */
	struct pool_spec *pool;
	unsigned pools;
	char (*drop)[POOL_NAME_MAX + 1]; /* pools to remove with their pages */
	unsigned drops;
	enum tls_mode tls;
	char *tls_certificates, *tls_psk;
	bool allow_plaintext;
	unsigned max_connections, max_per_address, max_per_identity;
	unsigned threads;
	unsigned busy_poll_us;
	uint64_t keep_free;        /* bytes */
	unsigned vacate_deadline_s;
	unsigned dead_after_s;
	char *user;
	bool seccomp;
	char *pid_file;
	char *state_dir;
	char *reload_file;
	char *stats;
	enum log_level log_level;
};

enum options_result { OPTIONS_OK, OPTIONS_DONE, OPTIONS_BAD };

/* The default of lend: half of the free memory now, in bytes. */
uint64_t options_default_lend(void);

/* Read the command line, then the file that it names; an option on the command line replaces
 * all lines of the file with that name. DONE: --help or --version was printed. BAD: WORDS say
 * what was wrong and the way out. The caller owns O and frees it, even after BAD.
 * options_settle() fills in lend, and the default pool if there is no other. */
enum options_result options_read(struct options *o, int argc, char **argv,
                                 char words[static WORDS_MAX]);
/* Lend DEFAULT_LEND if lend was not given. -1 with WORDS: the pools do not fit. */
int options_settle(struct options *, uint64_t default_lend,
                   char words[static WORDS_MAX]);
/* The pool when none is configured. */
#define OPTIONS_DEFAULT_POOL "default"
#define OPTIONS_DEFAULT_LISTEN "127.0.0.1:10809"
void options_free(struct options *);
/* The configured pool NAME, or NULL. Is the pool NAME to be dropped with its pages? */
const struct pool_spec *options_find_pool(const struct options *, const char *name);
bool options_drops(const struct options *, const char *name);

#endif
