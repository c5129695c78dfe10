/* SPDX-License-Identifier: BSD-2-Clause */
#include "farpage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "address.h"
#include "drive.h"

#define PAGE_BYTES FARPAGE_PAGE_BYTES
/* The most that is asked for at once: NBD's usual limit of 32 MiB of data, and
 * for a flush what fits into its 32 bit length. */
#define RUN_PAGES   (UINT64_C(32) << 20 >> 12)
#define FLUSH_PAGES (UINT64_C(1) << 30 >> 12)
#define CLOSE_MS    2000

struct farpage {
	struct drive drive;
	char instance[FARPAGE_INSTANCE_MAX];
	uint64_t pages;
};

static void __attribute__((format(printf, 2, 3)))
say(char *words, const char *format, ...)
{
	va_list ap;

	if (!words)
		return;
	va_start(ap, format);
	vsnprintf(words, FARPAGE_WORDS_MAX, format, ap);
	va_end(ap);
}

static int make_instance(struct farpage *f)
{
	uint64_t id[2];

	if (getrandom(id, sizeof id, 0) != sizeof id)
		return -1;
	snprintf(f->instance, sizeof f->instance, "%016" PRIx64 "%016" PRIx64,
	         id[0], id[1]);
	return 0;
}

/* The link that the options ask for; NULL with words. */
static struct link *make_link(const struct farpage *f,
                              const struct farpage_options *o, int64_t timeout,
                              char *words)
{
	struct address address;
	struct link *link;

	if (!o->lender) {
		link = link_store(o->size);
	} else {
		char text[LINK_WORDS_MAX];

		if (address_parse(&address, o->lender, text, sizeof text) < 0) {
			say(words, "%s", text);
			return NULL;
		}
		if (o->pool && *address.pool && strcmp(o->pool, address.pool) != 0) {
			say(words, "pool=%s, but the lender's URI names pool %s", o->pool,
			    address.pool);
			return NULL;
		}
		link = link_nbd(&address, o->pool ? o->pool : address.pool,
		                &(struct link_proof){ f->instance, o->tls_psk, o->tls_username },
		                timeout);
	}
	if (!link)
		say(words, "no memory for %" PRIu64 " MiB: %s", o->size >> 20,
		    strerror(errno));
	return link;
}

/* What can be seen before anybody is asked. */
static int check_options(const struct farpage_options *o, char *words)
{
	if (o->size % PAGE_BYTES) {
		say(words, "size=%" PRIu64 " is not a multiple of 4096", o->size);
		return -1;
	}
	if (!o->lender && !o->size) {
		say(words, "without lender= the size must be given: size=SIZE");
		return -1;
	}
	if (!o->tls_psk != !o->tls_username || (o->tls_psk && !o->lender)) {
		say(words, "tls-psk=FILE and tls-username=NAME go together, and with lender=");
		return -1;
	}
	if (o->tls_psk && access(o->tls_psk, R_OK) < 0) {
		say(words, "tls-psk=%.300s: %s", o->tls_psk, strerror(errno));
		return -1;
	}
	if (o->pool && !address_pool_valid(o->pool)) {
		say(words, "pool=%.200s: " ADDRESS_POOL_WORDS, o->pool);
		return -1;
	}
	return 0;
}

/* Against what the pool has. */
static int check_size(struct farpage *f, const struct farpage_options *o, char *words)
{
	uint64_t have = f->drive.size, want = o->size ? o->size : have / PAGE_BYTES * PAGE_BYTES;

	if (want > have) {
		say(words, "size=%" PRIu64 " is more than the pool has, %" PRIu64
		    "; leave size= out to take all of it", want, have);
		return -1;
	}
	if (!want) {
		say(words, "the pool has no room for a page");
		return -1;
	}
	f->pages = want / PAGE_BYTES;
	return 0;
}

struct farpage *farpage_open(const struct farpage_options *o, char *words)
{
	struct farpage *f;
	unsigned deadline = o->deadline_ms ? o->deadline_ms : FARPAGE_DEADLINE_MS;
	unsigned timeout = o->link_timeout_ms ? o->link_timeout_ms : FARPAGE_LINK_TIMEOUT_MS;
	struct link *link;

	if (check_options(o, words) < 0)
		return NULL;
	f = calloc(1, sizeof *f);
	if (!f || make_instance(f) < 0) {
		say(words, "cannot begin: %s", strerror(errno));
		free(f);
		return NULL;
	}
	link = make_link(f, o, timeout, words);
	if (!link) {
		free(f);
		return NULL;
	}
	if (drive_open(&f->drive, link, timeout) < 0) {
		say(words, "cannot open the lender's pool: %s", f->drive.words);
		goto err;
	}
	if (check_size(f, o, words) < 0)
		goto err;
	/* What a predecessor put is nobody's now: lost until it is flushed. */
	if (drive_begin(&f->drive, f->pages, PAGE_LOST, deadline, timeout) < 0) {
		say(words, "no memory for the records of %" PRIu64 " pages: %s", f->pages,
		    strerror(errno));
		goto err;
	}
	farpage_flush_area(f);
	return f;
err:
	drive_close(&f->drive);
	free(f);
	return NULL;
}

void farpage_close(struct farpage *f)
{
	if (!f)
		return;
	/* Nobody waits long for this: a lender that is away will forget us anyway. */
	drive_hurry(&f->drive, CLOSE_MS);
	for (uint64_t page = 0; page < f->pages && drive_up(&f->drive); page += FLUSH_PAGES)
		farpage_flush(f, page, f->pages - page < FLUSH_PAGES ? f->pages - page
		                                                     : FLUSH_PAGES);
	drive_close(&f->drive);
	free(f);
}

/* In runs of at most MAX pages; the first failure decides. */
static int run(struct farpage *f, enum op_kind kind, uint64_t page, uint64_t n,
               uint8_t *data, uint64_t max)
{
	int error = 0;

	if (page > f->pages || n > f->pages - page) {
		errno = EINVAL;
		return -1;
	}
	while (n) {
		uint64_t some = n < max ? n : max;
		struct op op = { .kind = kind, .page = page, .pages = some, .data = data };

		if (drive_run(&f->drive, &op) < 0 && !error)
			error = errno;
		page += some;
		n -= some;
		if (data)
			data += some * PAGE_BYTES;
	}
	errno = error;
	return error ? -1 : 0;
}

int farpage_put(struct farpage *f, uint64_t page, uint64_t n, const void *data)
{
	return run(f, OP_PUT, page, n, (uint8_t *)data, RUN_PAGES);
}

int farpage_get(struct farpage *f, uint64_t page, uint64_t n, void *data)
{
	return run(f, OP_GET, page, n, data, RUN_PAGES);
}

int farpage_flush(struct farpage *f, uint64_t page, uint64_t n)
{
	return run(f, OP_FLUSH, page, n, NULL, FLUSH_PAGES);
}

int farpage_flush_area(struct farpage *f)
{
	return farpage_flush(f, 0, f->pages);
}

uint64_t farpage_size(const struct farpage *f)
{
	return f->pages * PAGE_BYTES;
}

const char *farpage_instance(const struct farpage *f)
{
	return f->instance;
}
