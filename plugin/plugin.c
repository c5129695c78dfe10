/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdkit-farpage-plugin: a block device whose pages are in another host's RAM. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include "farpage.h"
#include "prepare.h"
#include "span.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

#if defined(HAVE_GNUTLS) && defined(HAVE_LIBXXHASH)
#define SEALS "on check off"
#elif defined(HAVE_GNUTLS)
#define SEALS "on off"
#elif defined(HAVE_LIBXXHASH)
#define SEALS "check off"
#else
#define SEALS "off"
#endif

static struct farpage_options options;
static char *lender[FARPAGE_LENDERS_MAX], *lenders, *pool, *tls_psk, *tls_username, *spill, *seal;
static bool swapping = true;
static bool realtime;
static struct farpage *farpage;

static void farpage_load(void)
{
	prepare_load();
}

static void farpage_unload(void)
{
	for (unsigned i = 0; i < FARPAGE_LENDERS_MAX; i++)
		free(lender[i]);
	free(lenders);
	free(pool);
	free(tls_psk);
	free(tls_username);
	free(spill);
	free(seal);
}

static int set_text(char **to, const char *key, const char *value)
{
	if (*to) {
		nbdkit_error("%s= is given twice", key);
		return -1;
	}
	if (!*value) {
		nbdkit_error("%s= is empty", key);
		return -1;
	}
	*to = strdup(value);
	if (!*to) {
		nbdkit_error("strdup: %m");
		return -1;
	}
	return 0;
}

/* It may be given once for each lender. */
static int add_lender(const char *value)
{
	unsigned n = 0;

	for (; n < FARPAGE_LENDERS_MAX && lender[n]; n++)
		if (strcmp(lender[n], value) == 0) {
			nbdkit_error("lender=%s is given twice: each copy is on a lender of its own",
			             value);
			return -1;
		}
	if (n == FARPAGE_LENDERS_MAX) {
		nbdkit_error("lender=%s: there are %d lenders at most", value, FARPAGE_LENDERS_MAX);
		return -1;
	}
	return set_text(&lender[n], "lender", value);
}

/* nbdkit may change its directory. */
static int set_path(char **to, const char *key, const char *value)
{
	char *path = *value ? nbdkit_absolute_path(value) : NULL;
	int r;

	if (*value && !path)
		return -1;
	r = set_text(to, key, path ? path : value);
	free(path);
	return r;
}

static int set_size(uint64_t *to, const char *key, const char *value)
{
	int64_t size = nbdkit_parse_size(value);

	if (size < 0)
		return -1;
	if (size == 0 || size % FARPAGE_PAGE_BYTES) {
		nbdkit_error("%s=%s: a size is a multiple of 4096 bytes, and not 0", key, value);
		return -1;
	}
	*to = (uint64_t)size;
	return 0;
}

static int set_copies(const char *value)
{
	if (nbdkit_parse_unsigned("copies", value, &options.copies) < 0)
		return -1;
	if (!options.copies || options.copies > FARPAGE_COPIES_MAX) {
		nbdkit_error("copies=%s: write 1 to %d", value, FARPAGE_COPIES_MAX);
		return -1;
	}
	return 0;
}

static int set_ms(unsigned *to, const char *key, const char *value)
{
	if (nbdkit_parse_unsigned(key, value, to) < 0)
		return -1;
	if (*to < 10 || *to > 3600000) {
		nbdkit_error("%s=%s: write milliseconds from 10 to 3600000", key, value);
		return -1;
	}
	return 0;
}

static int set_bool(bool *to, const char *value)
{
	int r = nbdkit_parse_bool(value);

	if (r < 0)
		return -1;
	*to = r;
	return 0;
}

static int farpage_config(const char *key, const char *value)
{
	if (strcmp(key, "lender") == 0)
		return add_lender(value);
	if (strcmp(key, "lenders") == 0)
		return set_path(&lenders, key, value);
	if (strcmp(key, "pool") == 0)
		return set_text(&pool, "pool", value);
	if (strcmp(key, "tls-psk") == 0)
		return set_path(&tls_psk, key, value);
	if (strcmp(key, "tls-username") == 0)
		return set_text(&tls_username, key, value);
	if (strcmp(key, "size") == 0)
		return set_size(&options.size, key, value);
	if (strcmp(key, "copies") == 0)
		return set_copies(value);
	if (strcmp(key, "spill") == 0)
		return set_path(&spill, key, value);
	if (strcmp(key, "seal") == 0)
		return set_text(&seal, key, value);
	if (strcmp(key, "heal-rate") == 0)
		return set_size(&options.heal_rate, key, value);
	if (strcmp(key, "deadline") == 0)
		return set_ms(&options.deadline_ms, key, value);
	if (strcmp(key, "link-timeout") == 0)
		return set_ms(&options.link_timeout_ms, key, value);
	if (strcmp(key, "swap") == 0)
		return set_bool(&swapping, value);
	if (strcmp(key, "realtime") == 0)
		return set_bool(&realtime, value);
	nbdkit_error("unknown parameter '%s'; nbdkit farpage --help lists them", key);
	return -1;
}

static int farpage_config_complete(void)
{
	if (!lender[0] && !lenders && !options.size) {
		nbdkit_error("say where the pages go: lender=HOST[:PORT], or size=SIZE to keep "
		             "them in this process");
		return -1;
	}
	if (pool && !lender[0] && !lenders) {
		nbdkit_error("pool= needs lender= or lenders=");
		return -1;
	}
	memcpy(options.lender, lender, sizeof options.lender);
	options.lenders_file = lenders;
	options.pool = pool;
	options.tls_psk = tls_psk;
	options.tls_username = tls_username;
	options.spill = spill;
	options.seal = seal;
	return 0;
}

#define farpage_config_help \
	"lender=HOST[:PORT]   A lender, also [ADDR6]:PORT, unix:PATH,\n" \
	"                     nbd://HOST[:PORT][/POOL], nbd+unix:///[POOL]?socket=PATH.\n" \
	"                     May be given up to 16 times. Without it pages are kept in\n" \
	"                     this process.\n" \
	"lenders=FILE         More lenders, one a line; read again when it changes. A\n" \
	"                     line that is gone, or ADDRESS drain, empties one.\n" \
	"copies=N             Copies of each page, on different lenders (default: 2 if\n" \
	"                     there are two lenders or more).\n" \
	"spill=PATH           A preallocated file or a block device, for pages that no\n" \
	"                     lender can take in time.\n" \
	"seal=on|check|off    Encrypt pages and check them (default: on), only check\n" \
	"                     them, or neither.\n" \
	"pool=NAME            Pool on each lender (default: its first).\n" \
	"tls-psk=FILE         TLS, with the pre-shared key that is in FILE, a line\n" \
	"tls-username=NAME    NAME:HEXKEY, as from psktool.\n" \
	"size=SIZE            Size of the device (default: what there is room for).\n" \
	"deadline=MS          Longest time of an operation that nobody can carry out,\n" \
	"                     then EIO (default: 30000).\n" \
	"link-timeout=MS      A lender that owes an answer this long is connected\n" \
	"                     anew, and others go on without it (default: 1000 with\n" \
	"                     copies or a spill, else 10000; at most the deadline).\n" \
	"heal-rate=SIZE       Bytes a second at most that are copied to make missing\n" \
	"                     copies again (default: 64M).\n" \
	"swap=BOOL            Prepare this process for being swapped onto\n" \
	"                     (default: true).\n" \
	"realtime=BOOL        Run in the real-time class (default: false)."

static void farpage_dump_plugin(void)
{
	printf("farpage_version=%s\n", PACKAGE_VERSION);
	printf("farpage_page_bytes=%d\n", FARPAGE_PAGE_BYTES);
	printf("farpage_embedded_store=flat\n");
	printf("farpage_deadline_ms=%d\n", FARPAGE_DEADLINE_MS);
	printf("farpage_link_timeout_ms=%d\n", FARPAGE_LINK_TIMEOUT_MS);
	printf("farpage_seals=" SEALS "\n");
	printf("farpage_lenders_max=%d\n", FARPAGE_LENDERS_MAX);
	printf("farpage_copies_max=%d\n", FARPAGE_COPIES_MAX);
}

static void warn(void *user, const char *words)
{
	(void)user;
	fprintf(stderr, "nbdkit: farpage: warning: %s\n", words);
}

static int farpage_get_ready(void)
{
	char words[FARPAGE_WORDS_MAX];

	if (swapping)
		prepare_privileged(realtime);
	options.warn = warn;
	farpage = farpage_open(&options, words);
	if (!farpage) {
		nbdkit_error("%s", words);
		return -1;
	}
	if (*words)
		warn(NULL, words);
	return 0;
}

static int farpage_after_fork(void)
{
	prepare_secret();
	if (swapping)
		prepare_memory(tls_psk);
	if (farpage_start(farpage) < 0) {
		nbdkit_error("cannot start the thread that heals: %m");
		return -1;
	}
	return 0;
}

static void farpage_cleanup(void)
{
	farpage_close(farpage);
	farpage = NULL;
}

/* The export's name is this process' instance, so that a client that comes back
 * to another process is not given zeros for the pages it put here. */
static const char *farpage_default_export(int readonly, int is_tls)
{
	(void)readonly, (void)is_tls;
	return farpage_instance(farpage);
}

static int farpage_list_exports(int readonly, int is_tls, struct nbdkit_exports *exports)
{
	(void)readonly, (void)is_tls;
	return nbdkit_add_export(exports, farpage_instance(farpage), "this process' pages");
}

static void *farpage_open_connection(int readonly)
{
	const char *name = nbdkit_export_name();

	(void)readonly;
	if (name && *name && strcmp(name, farpage_instance(farpage)) != 0) {
		nbdkit_error("export %s is not here: the process that had its pages has ended, and "
		             "its pages with it; this one is %s", name, farpage_instance(farpage));
		return NULL;
	}
	return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t farpage_get_size(void *handle)
{
	(void)handle;
	return (int64_t)farpage_size(farpage);
}

static int farpage_block_size(void *handle, uint32_t *minimum, uint32_t *preferred,
                              uint32_t *maximum)
{
	(void)handle;
	*minimum = 1;
	*preferred = FARPAGE_PAGE_BYTES;
	*maximum = 32 << 20;
	return 0;
}

static int yes(void *handle)
{
	(void)handle;
	return 1;
}

static int no(void *handle)
{
	(void)handle;
	return 0;
}

/* A put is acknowledged by the lender before it returns: nothing is ever unflushed. */
static int fua_native(void *handle)
{
	(void)handle;
	return NBDKIT_FUA_NATIVE;
}

static int farpage_pread(void *handle, void *buf, uint32_t count, uint64_t offset,
                         uint32_t flags)
{
	(void)handle, (void)flags;
	return span_get(farpage, buf, count, offset);
}

static int farpage_pwrite(void *handle, const void *buf, uint32_t count,
                          uint64_t offset, uint32_t flags)
{
	(void)handle, (void)flags;
	return span_put(farpage, buf, count, offset);
}

static int farpage_flush_nothing(void *handle, uint32_t flags)
{
	(void)handle, (void)flags;
	return 0;
}

static int farpage_erase(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
	(void)handle, (void)flags;
	return span_flush(farpage, count, offset);
}

static struct nbdkit_plugin plugin = {
	.name = "farpage",
	.longname = "swap on another host's RAM",
	.version = PACKAGE_VERSION,
	.description = "A block device whose pages are kept in another host's RAM.",
	.load = farpage_load,
	.unload = farpage_unload,
	.dump_plugin = farpage_dump_plugin,
	.config = farpage_config,
	.config_complete = farpage_config_complete,
	.config_help = farpage_config_help,
	.magic_config_key = "lender",
	.get_ready = farpage_get_ready,
	.after_fork = farpage_after_fork,
	.cleanup = farpage_cleanup,
	.default_export = farpage_default_export,
	.list_exports = farpage_list_exports,
	.open = farpage_open_connection,
	.get_size = farpage_get_size,
	.block_size = farpage_block_size,
	.can_multi_conn = yes,
	.can_flush = yes,
	.can_trim = yes,
	.can_zero = yes,
	.can_fua = fua_native,
	.is_rotational = no,
	.pread = farpage_pread,
	.pwrite = farpage_pwrite,
	.flush = farpage_flush_nothing,
	.trim = farpage_erase,
	.zero = farpage_erase,
	.errno_is_preserved = 1,
};

/* What nbdkit's macro defines. */
struct nbdkit_plugin *plugin_init(void);

NBDKIT_REGISTER_PLUGIN(plugin)
