/* SPDX-License-Identifier: BSD-2-Clause */
/* pagestress SECONDS THREADS [KEY=VALUE...]: threads put, get and flush pages by libfarpage, as the
 * plugin's do. Each has pages of its own, of which it knows what they hold; a few are everybody's,
 * which hold some page, wholly. Ends with 1 on an error, a wrong byte, or a call that takes longer
 * than SLOW_MS, a third of the deadline: somebody slept on what had happened. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "farpage.h"

#define PAGE    FARPAGE_PAGE_BYTES
#define OWN     96u    /* pages of a thread */
#define SHARED  4u     /* and everybody's */
#define RUN     70u    /* pages of a call at most: it is cut into operations */
#define SLOW_MS 20000
#define THREADS 64u

static struct farpage *f;
static int64_t until;
static _Atomic int64_t longest;
static _Atomic unsigned long calls, errors, wrong;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct worker {
	pthread_t thread;
	unsigned number, seed;
	uint64_t value[OWN];         /* that its pages hold; 0: zeros */
	uint8_t data[RUN * PAGE];
};

static unsigned below(struct worker *w, unsigned n)
{
	return (unsigned)rand_r(&w->seed) % n;
}

/* Every fourth is a pattern, and need not leave the host. */
static void set_page(uint8_t *page, uint64_t value)
{
	for (size_t at = 0; at < PAGE; at += sizeof value)
		memcpy(page + at, &value, sizeof value);
	if (value % 4)
		memset(page + PAGE - 1, (int)value | 1, 1);
}

static bool is_page(const uint8_t *page, uint64_t value)
{
	uint8_t want[PAGE];

	set_page(want, value);
	return memcmp(page, want, PAGE) == 0;
}

enum kind { PUT, GET, FLUSH };

static bool call(enum kind kind, uint64_t page, unsigned n, uint8_t *data)
{
	int64_t ms = now_ms(), most = longest;
	int r = kind == PUT ? farpage_put(f, page, n, data)
	        : kind == GET ? farpage_get(f, page, n, data) : farpage_flush(f, page, n);

	ms = now_ms() - ms;
	while (ms > most && !atomic_compare_exchange_weak(&longest, &most, ms))
		;
	calls++;
	errors += r < 0;
	return r == 0;
}

static void touch_own(struct worker *w)
{
	unsigned at = below(w, OWN), n = 1 + below(w, below(w, 4) ? 3 : RUN);
	enum kind kind = (enum kind)(below(w, 5) / 2);

	n = n < OWN - at ? n : OWN - at;
	for (unsigned i = 0; i < n && kind == PUT; i++) {
		w->value[at + i] = (uint64_t)w->number << 32 | (unsigned)rand_r(&w->seed);
		set_page(w->data + i * PAGE, w->value[at + i]);
	}
	if (!call(kind, SHARED + w->number * OWN + at, n, w->data))
		return;
	for (unsigned i = 0; i < n; i++)
		if (kind == FLUSH)
			w->value[at + i] = 0;
		else if (kind == GET)
			wrong += !is_page(w->data + i * PAGE, w->value[at + i]);
}

static void touch_shared(struct worker *w)
{
	unsigned at = below(w, SHARED), n = 1 + below(w, SHARED - at);
	enum kind kind = (enum kind)below(w, 2);
	uint64_t value;

	for (unsigned i = 0; i < n; i++)
		set_page(w->data + i * PAGE, (unsigned)rand_r(&w->seed));
	if (!call(kind, at, n, w->data))
		return;
	for (unsigned i = 0; i < n && kind == GET; i++) {
		memcpy(&value, w->data + i * PAGE, sizeof value);
		wrong += !is_page(w->data + i * PAGE, value);
	}
}

static void *work(void *worker)
{
	struct worker *w = worker;

	while (now_ms() < until)
		if (below(w, 2))
			touch_shared(w);
		else
			touch_own(w);
	return NULL;
}

static void parse(struct farpage_options *o, char *option, unsigned *lenders)
{
	char *value = strchr(option, '=');

	if (!value)
		exit(2);
	*value++ = '\0';
	if (strcmp(option, "lender") == 0)
		o->lender[(*lenders)++] = value;
	else if (strcmp(option, "spill") == 0)
		o->spill = value;
	else if (strcmp(option, "tls-psk") == 0)
		o->tls_psk = value;
	else if (strcmp(option, "tls-username") == 0)
		o->tls_username = value;
	else
		exit(2);
}

int main(int argc, char **argv)
{
	struct farpage_options o = { .deadline_ms = 3 * SLOW_MS, .link_timeout_ms = 2 * SLOW_MS };
	unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 0, lenders = 0;
	char words[FARPAGE_WORDS_MAX];
	struct worker *w;

	if (!threads || threads > THREADS || !(w = calloc(threads, sizeof *w)))
		return 2;
	for (int i = 3; i < argc; i++)
		parse(&o, argv[i], &lenders);
	o.size = ((SHARED + threads * OWN) * (uint64_t)PAGE + (1 << 20) - 1) >> 20 << 20;
	f = farpage_open(&o, sizeof o, words);
	if (!f) {
		fprintf(stderr, "%s\n", words);
		return 1;
	}
	until = now_ms() + 1000 * atoi(argv[1]);
	for (unsigned i = 0; i < threads; i++) {
		w[i].number = w[i].seed = i;
		pthread_create(&w[i].thread, NULL, work, &w[i]);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(w[i].thread, NULL);
	farpage_close(f);
	free(w);
	printf("%lu calls, %lu errors, %lu wrong pages, the longest call %lld ms\n", calls, errors,
	       wrong, (long long)longest);
	return errors || wrong || longest > SLOW_MS;
}
