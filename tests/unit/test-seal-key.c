/* SPDX-License-Identifier: BSD-2-Clause */
/* Which nonces and ciphertexts come of a key, and what becomes of the key. Linked
 * with --wrap=munmap, to see what is in memory when it is given back. */
#include "seal_fixture.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NUMBERS_MAX ((UINT64_C(1) << 48) - 1)

int __real_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n);

static const uint8_t *watched;
static unsigned given_back, left;

int __wrap_munmap(void *p, size_t n)
{
	if (p == watched) {
		given_back++;
		for (size_t i = 0; i < n; i++)
			left += watched[i] != 0;
	}
	return __real_munmap(p, n);
}

/* The answer is OpenSSL's: EVP_aes_256_gcm() with this key, nonce and page. Tag and
 * ciphertext cannot both be right by accident, as the tag is of all of it. */
TEST(it_is_aes_256_gcm)
{
	static const uint8_t tag[] = { 0x28, 0x28, 0xe7, 0x86, 0x5c, 0x26, 0x5b, 0x68,
	                               0x31, 0xdc, 0xd5, 0xce, 0xea, 0xe7, 0x30, 0x24 };
	static const uint8_t last[] = { 0xdf, 0x60, 0x76, 0xec, 0xa0, 0x58, 0x60, 0x61,
	                                0xc8, 0x22, 0x8d, 0x77, 0x22, 0x63, 0x41, 0xd5 };
	struct seal *seal = seal_open(SEAL_ENCRYPT);
	struct record r = { .version = UINT64_C(0x010203040506) };
	uint8_t data[PAGE_BYTES], out[PAGE_BYTES];

	for (unsigned i = 0; i < 32; i++)
		seal->key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	struct sealer *sealer = sealer_open(seal);
	assert_int_equal(sealer_seal(sealer, UINT64_C(0xf1f2f3f4f5f6), &r, data, out), 0);
	assert_memory_equal(r.tag, tag, TAG_BYTES);
	assert_memory_equal(out + PAGE_BYTES - sizeof last, last, sizeof last);
	sealer_close(sealer);
	seal_close(seal);
}

/* Open what was sealed by GnuTLS' other interface, under a nonce made here: version and
 * number can be read back out of it, so no two pairs share one. */
static void opens_under_its_nonce(struct sealing *s, uint64_t version, uint64_t page)
{
	const gnutls_datum_t key = { s->seal->key, 32 };
	uint8_t data[PAGE_BYTES], out[PAGE_BYTES + TAG_BYTES], back[PAGE_BYTES], nonce[12];
	struct record r = { .version = version & VERSION_MAX };
	gnutls_aead_cipher_hd_t handle;
	size_t n = sizeof back;

	fill(data, sizeof data, version ^ page);
	assert_int_equal(sealer_seal(s->sealer, page, &r, data, out), 0);
	memcpy(out + PAGE_BYTES, r.tag, TAG_BYTES);
	memcpy(nonce, &version, 6);
	memcpy(nonce + 6, &page, 6);
	assert_int_equal(gnutls_aead_cipher_init(&handle, GNUTLS_CIPHER_AES_256_GCM, &key), 0);
	assert_int_equal(gnutls_aead_cipher_decrypt(handle, nonce, sizeof nonce, NULL, 0, TAG_BYTES,
	                                            out, sizeof out, back, &n), 0);
	gnutls_aead_cipher_deinit(handle);
	assert_int_equal(n, PAGE_BYTES);
	assert_memory_equal(back, data, PAGE_BYTES);
}

TEST(nonces_are_version_and_number)
{
	static const uint64_t number[] = { 1, 2, 255, 256, UINT32_MAX, UINT64_C(1) << 32,
	                                   UINT64_C(1) << 47, NUMBERS_MAX };
	struct sealing s = sealing(SEAL_ENCRYPT);
	uint64_t seed = 1;

	for (unsigned i = 0; i < COUNT(number); i++) {
		opens_under_its_nonce(&s, number[i], 0);
		for (unsigned k = 0; k < COUNT(number); k++)
			opens_under_its_nonce(&s, number[i], number[k]);
	}
	for (unsigned i = 0; i < 200; i++)
		opens_under_its_nonce(&s, 1 + dice_below(&seed, NUMBERS_MAX),
		                      dice_below(&seed, NUMBERS_MAX + 1));
	sealing_end(&s);
}

TEST(a_key_is_wiped_before_it_is_given_back)
{
	for (enum seal_kind kind = SEAL_ENCRYPT; kind < SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		struct seal *seal = seal_open(kind);

		given_back = left = 0;
		watched = seal->key;
		seal_close(seal);
		assert_int_equal(given_back, 1);
		assert_int_equal(left, 0);
	}
	watched = NULL;
}

/* The key as it must not stand anywhere, not even here. */
static uint8_t hidden[32];
static uint8_t piece[1 << 20];

static unsigned found_in(int mem, uint64_t from, uint64_t to)
{
	unsigned found = 0;

	/* Pieces overlap by a key. */
	for (uint64_t at = from; at < to; at += sizeof piece - sizeof hidden) {
		size_t want = to - at < sizeof piece ? to - at : sizeof piece;
		ssize_t n = pread(mem, piece, want, (off_t)at);

		for (ssize_t i = 0; i + (ssize_t)sizeof hidden <= n; i++) {
			unsigned same = 0;

			while (same < sizeof hidden && (piece[i + same] ^ 0xa5) == hidden[same])
				same++;
			found += same == sizeof hidden;
		}
	}
	memset(piece, 0, sizeof piece);
	return found;
}

/* How often the key stands on the heap and on the stack. */
static unsigned found(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512];
	unsigned n = 0;
	uint64_t from, to;

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof line, maps))
		if ((strstr(line, "[heap]") || strstr(line, "[stack]")) &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			n += found_in(mem, from, to);
	close(mem);
	fclose(maps);
	return n;
}

TEST(nothing_of_a_key_stays_behind)
{
	uint8_t data[PAGE_BYTES] = {0}, out[PAGE_BYTES];
	struct sealing s = sealing(SEAL_ENCRYPT);

	for (unsigned i = 0; i < sizeof hidden; i++)
		hidden[i] = s.seal->key[i] ^ 0xa5;
	struct record r = sealed(&s, 1, data, out);
	assert_int_equal(sealer_open_page(s.sealer, 1, &r, out, data), 0);
	print_message("a sealer has its key %u times\n", found());
	sealing_end(&s);
	assert_int_equal(found(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_aes_256_gcm),
		cmocka_unit_test(nonces_are_version_and_number),
		cmocka_unit_test(a_key_is_wiped_before_it_is_given_back),
		cmocka_unit_test(nothing_of_a_key_stays_behind),
	};

	return cmocka_run_group_tests_name("seal, key", tests, NULL, NULL);
}
