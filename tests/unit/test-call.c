/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices of one process heal at the same time: what one looks at is not touched by another. */
#include "seal_fixture.h"

#include <pthread.h>

#include "transfer.h"

#define DEVICES 2

static _Alignas(8) uint8_t pages[DEVICES][RUN_PAGES * PAGE_BYTES];
static pthread_barrier_t start;

struct device {
	struct op op;
	struct buffer buffer;
	struct farpage farpage;
	unsigned rounds, bad;
};

static void *heal(void *of)
{
	struct device *d = of;

	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < d->rounds; i++)
		d->bad += transfer_check(&d->farpage.engine, &d->op) != 0;
	return NULL;
}

static void prepare(struct device *d, struct seal *seal, uint8_t *data)
{
	uint8_t page[PAGE_BYTES];

	*d = (struct device){ .op = { .kind = OP_HEAL, .pages = RUN_PAGES, .came = UINT32_MAX } };
	d->buffer = (struct buffer){ .data = data, .sealer = sealer_open(seal) };
	d->op.buffer = &d->buffer;
	for (uint32_t i = 0; i < RUN_PAGES; i++) {
		fill(page, sizeof page, (uint64_t)(data - pages[0]) + i);
		d->op.record[i].version = seal_version(seal) & VERSION_MAX;
		assert_int_equal(sealer_seal(d->buffer.sealer, i, &d->op.record[i], page, data + i * PAGE_BYTES), 0);
	}
}

static void side_by_side(enum seal_kind kind, unsigned rounds)
{
	static struct device device[DEVICES];
	pthread_t thread[DEVICES];
	struct seal *seal;

	if (!built_in(kind))
		skip();
	seal = seal_open(kind);
	pthread_barrier_init(&start, NULL, DEVICES);
	for (unsigned i = 0; i < DEVICES; i++) {
		prepare(&device[i], seal, pages[i]);
		device[i].rounds = rounds;
	}
	for (unsigned i = 0; i < DEVICES; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, heal, &device[i]), 0);
	for (unsigned i = 0; i < DEVICES; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < DEVICES; i++) {
		assert_int_equal(device[i].bad, 0);
		sealer_close(device[i].buffer.sealer);
	}
	pthread_barrier_destroy(&start);
	seal_close(seal);
}

TEST(encrypting)
{
	side_by_side(SEAL_ENCRYPT, 100);
}

TEST(checking)
{
	side_by_side(SEAL_CHECK, 5000);
}

/* What is bad is seen, and only that. */
TEST(one_bad_page)
{
	static struct device device;
	struct seal *seal = seal_open(built_in(SEAL_CHECK) ? SEAL_CHECK : SEAL_ENCRYPT);

	prepare(&device, seal, pages[0]);
	pages[0][5 * PAGE_BYTES + 7] ^= 1;
	assert_int_equal(transfer_check(&device.farpage.engine, &device.op), 1u << 5);
	sealer_close(device.buffer.sealer);
	seal_close(seal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypting),
		cmocka_unit_test(checking),
		cmocka_unit_test(one_bad_page),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
