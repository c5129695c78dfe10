/* SPDX-License-Identifier: BSD-2-Clause */
/* The page path neither allocates nor locks: here every malloc and every lock of the
 * process, of the libraries too, is counted. */
#include "seal_fixture.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#define PAGES 10000

static _Atomic unsigned allocations, locks;

/* The next one, found out once; dlsym itself does not allocate. */
#define NEXT(function) \
	static __typeof__(&function) next; \
	if (!next) \
		next = (__typeof__(&function))dlsym(RTLD_NEXT, #function)

void *malloc(size_t n)
{
	NEXT(malloc);
	allocations++;
	return next(n);
}

void *calloc(size_t n, size_t of)
{
	NEXT(calloc);
	allocations++;
	return next(n, of);
}

void *realloc(void *p, size_t n)
{
	NEXT(realloc);
	allocations++;
	return next(p, n);
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	NEXT(pthread_mutex_lock);
	locks++;
	return next(m);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	NEXT(pthread_rwlock_rdlock);
	locks++;
	return next(l);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	NEXT(pthread_rwlock_wrlock);
	locks++;
	return next(l);
}

static unsigned wrong(struct sealing *s)
{
	static uint8_t data[PAGE_BYTES], out[PAGE_BYTES], back[PAGE_BYTES];
	unsigned n = 0;

	for (uint64_t page = 0; page < PAGES; page++) {
		struct record r = { .version = seal_version(s->seal) & VERSION_MAX };

		n += sealer_seal(s->sealer, page, &r, data, out) != 0;
		n += sealer_open_page(s->sealer, page, &r, out, back) != 0;
		r.tag[0] ^= 1;
		n += sealer_open_page(s->sealer, page, &r, out, back) != -1;
	}
	return n;
}

static void counts_nothing(enum seal_kind kind)
{
	if (!built_in(kind))
		skip();
	struct sealing s = sealing(kind);
	unsigned allocations_before = allocations, locks_before = locks;
	unsigned n = wrong(&s), allocated = allocations - allocations_before;

	assert_int_equal(locks - locks_before, 0);
	assert_int_equal(allocated, 0);
	/* Without a seal nothing is refused. */
	assert_int_equal(n, kind == SEAL_OFF ? PAGES : 0);
	sealing_end(&s);
}

TEST(encrypting)
{
	counts_nothing(SEAL_ENCRYPT);
}

TEST(checking)
{
	counts_nothing(SEAL_CHECK);
}

TEST(copying)
{
	counts_nothing(SEAL_OFF);
}

TEST(they_are_counted_at_all)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	unsigned allocations_before = allocations, locks_before = locks;
	struct sealing s = sealing(SEAL_OFF);

	sealing_end(&s);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	assert_int_equal(allocations - allocations_before, 2);
	assert_int_equal(locks - locks_before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_counted_at_all),
		cmocka_unit_test(encrypting),
		cmocka_unit_test(checking),
		cmocka_unit_test(copying),
	};

	return cmocka_run_group_tests_name("seal, path", tests, NULL, NULL);
}
