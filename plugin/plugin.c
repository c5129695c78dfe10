/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdkit-farpage-plugin: a block device whose pages are in another host's RAM. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include "farpage.h"
#include "owner.h"
#include "parameters.h"
#include "prepare.h"
#include "span.h"
#include "stats_socket.h"
#include "warn.h"

#define HOST_MAX 64
/* nbdkit's requests of 256 KiB in 16 threads, and libnbd's commands. */
#define HEAP_BYTES (8u << 20)

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

static struct parameters parameters;
static char help[4096];
static struct farpage *farpage;
static pid_t loaded_by;

static void make_help(void)
{
	FILE *f = fmemopen(help, sizeof help, "w");

	if (!f)
		return;
	parameters_help(f);
	fclose(f);
	if (*help)
		help[strlen(help) - 1] = '\0'; /* nbdkit ends the last line */
}

static void farpage_load(void)
{
	parameters_begin(&parameters);
	make_help();
	lines_open("nbdkit", WARNING);
	loaded_by = getpid();
	prepare_load();
}

static void farpage_unload(void)
{
	parameters_free(&parameters);
}

static int refuse_parameters(const char *words)
{
	nbdkit_error("%s", words);
	return -1;
}

static int farpage_config(const char *key, const char *value)
{
	char words[WORDS_MAX];

	return parameters_set(&parameters, key, value, words) < 0 ? refuse_parameters(words) : 0;
}

static int farpage_config_complete(void)
{
	char words[WORDS_MAX];

	return parameters_complete(&parameters, words) < 0 ? refuse_parameters(words) : 0;
}

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

static void tell(void *user, const char *words)
{
	(void)user;
	warn("%s", words);
}

static int farpage_get_ready(void)
{
	char words[WORDS_MAX];

	if (parameters.swap)
		prepare_privileged(parameters.realtime, !parameters.lender[0] && !parameters.lenders);
	if (parameters.stats && stats_socket_open(parameters.stats, words) < 0)
		return refuse_parameters(words);
	parameters.options.warn = tell;
	farpage = farpage_open(&parameters.options, sizeof parameters.options, words);
	if (!farpage) {
		nbdkit_error("%s", words);
		return -1;
	}
	owner_begin(farpage);
	if (*words)
		warn("%s", words);
	return 0;
}

/* nbdkit in the background has /dev/null for standard error. */
static bool nobody_hears(void)
{
	struct stat st;

	return getpid() != loaded_by && fstat(STDERR_FILENO, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

static int farpage_after_fork(void)
{
	if (nobody_hears())
		lines_to_syslog();
	else
		lines_own_stderr();
	prepare_secret();
	if (parameters.swap)
		prepare_memory(&(struct prepare_needs){ HEAP_BYTES, NULL, parameters.options.tls_psk });
	if (farpage_start(farpage) < 0) {
		nbdkit_error("cannot start the thread that heals: %m");
		return -1;
	}
	errno = stats_socket_start(farpage);
	if (errno) {
		nbdkit_error("cannot start the thread that serves figures: %m");
		return -1;
	}
	return 0;
}

static void farpage_cleanup(void)
{
	stats_socket_close();
	farpage_close(farpage);
	farpage = NULL;
}

/* The export's name is this process' instance, or its owner's, so that a client that comes
 * back to another is not given zeros for the pages it put here. */
static const char *farpage_default_export(int readonly, int is_tls)
{
	(void)readonly, (void)is_tls;
	return owner_name();
}

static int farpage_list_exports(int readonly, int is_tls, struct nbdkit_exports *exports)
{
	char words[WORDS_MAX];

	(void)readonly, (void)is_tls;
	owner_describe(words);
	return nbdkit_add_export(exports, owner_name(), words);
}

/* By its address, without the port; all that come by a unix socket are one. */
static void find_host(char host[static HOST_MAX])
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;

	snprintf(host, HOST_MAX, "this host");
	if (nbdkit_peer_name((struct sockaddr *)&peer, &len) == 0 && peer.ss_family != AF_UNIX)
		getnameinfo((struct sockaddr *)&peer, len, host, HOST_MAX, NULL, 0, NI_NUMERICHOST);
}

static void *farpage_open_connection(int readonly)
{
	char words[WORDS_MAX], host[HOST_MAX];
	const char *name = nbdkit_export_name();
	struct guest *visit;

	(void)readonly;
	find_host(host);
	visit = owner_open(name ? name : "", host, words);
	if (!visit)
		nbdkit_error("%s", words);
	return visit;
}

static void farpage_close_connection(void *visit)
{
	owner_close(visit);
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

/* The host before, or one that was let in only to look. */
static int plugin_refuse(void)
{
	errno = EPERM;
	return -1;
}

static int farpage_pread(void *visit, void *buf, uint32_t count, uint64_t offset,
                         uint32_t flags)
{
	int r;

	(void)flags;
	if (!owner_enter(visit, false))
		return plugin_refuse();
	r = span_get(farpage, buf, count, offset);
	owner_leave(visit);
	return r;
}

static int farpage_pwrite(void *visit, const void *buf, uint32_t count,
                          uint64_t offset, uint32_t flags)
{
	int r;

	(void)flags;
	if (!owner_enter(visit, true))
		return plugin_refuse();
	r = span_put(farpage, buf, count, offset);
	owner_leave(visit);
	return r;
}

static int add_extents(struct nbdkit_extents *extents, uint64_t page, uint64_t end)
{
	int hole, r = 0;

	for (uint64_t n; r == 0 && page < end; page += n) {
		n = end - page;
		hole = farpage_look(farpage, page, &n);
		r = hole < 0 ? -1 : nbdkit_add_extent(extents, page * FARPAGE_PAGE_BYTES, n * FARPAGE_PAGE_BYTES,
		                                      hole ? NBDKIT_EXTENT_HOLE | NBDKIT_EXTENT_ZERO : 0);
	}
	return r;
}

/* nbdkit puts together what adjoins. A former owner's pages are no holes to it, but errors. */
static int farpage_extents(void *visit, uint32_t count, uint64_t offset, uint32_t flags, struct nbdkit_extents *extents)
{
	int r;

	(void)flags;
	if (!owner_enter(visit, false))
		return plugin_refuse();
	r = add_extents(extents, offset / FARPAGE_PAGE_BYTES, (offset + count - 1) / FARPAGE_PAGE_BYTES + 1);
	owner_leave(visit);
	return r;
}

static int farpage_flush_nothing(void *visit, uint32_t flags)
{
	(void)visit, (void)flags;
	return 0;
}

static int farpage_erase(void *visit, uint32_t count, uint64_t offset, uint32_t flags)
{
	int r;

	(void)flags;
	if (!owner_enter(visit, true))
		return plugin_refuse();
	r = span_flush(farpage, count, offset);
	owner_leave(visit);
	return r;
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
	.config_help = help,
	.magic_config_key = "lender",
	.get_ready = farpage_get_ready,
	.after_fork = farpage_after_fork,
	.cleanup = farpage_cleanup,
	.default_export = farpage_default_export,
	.list_exports = farpage_list_exports,
	.open = farpage_open_connection,
	.close = farpage_close_connection,
	.get_size = farpage_get_size,
	.block_size = farpage_block_size,
	.can_multi_conn = yes,
	.can_flush = yes,
	.can_trim = yes,
	.can_zero = yes,
	.can_extents = yes,
	.can_fua = fua_native,
	.is_rotational = no,
	.pread = farpage_pread,
	.pwrite = farpage_pwrite,
	.extents = farpage_extents,
	.flush = farpage_flush_nothing,
	.trim = farpage_erase,
	.zero = farpage_erase,
	.errno_is_preserved = 1,
};

/* What nbdkit's macro defines. */
struct nbdkit_plugin *plugin_init(void);

NBDKIT_REGISTER_PLUGIN(plugin)
