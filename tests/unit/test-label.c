/* SPDX-License-Identifier: BSD-2-Clause */
/* The label: what was committed last is read, and nothing else, however the
 * process ended and whatever became of the bytes. */
#include "unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "label.h"

static struct label sample(uint64_t n)
{
	struct label label = { .inode = 7, .born_ns = 8, .pages = 100 + n, .thin = n % 2,
	                       .epoch = 1000 + n, .since = 900 + n, .owner_since = 5 };

	snprintf(label.name, sizeof label.name, "pool-%llu", (unsigned long long)n);
	memset(label.incarnation, 'c', sizeof label.incarnation - 1);
	snprintf(label.instance, sizeof label.instance, "instance-%llu", (unsigned long long)n);
	memset(label.owner_peer, 'p', sizeof label.owner_peer - 1);
	memset(label.owner, 'o', n % sizeof label.owner);
	return label;
}

static void expect_label(const struct label_head *head, uint64_t n)
{
	struct label want = sample(n), got;
	char words[WORDS_MAX];

	assert_int_equal(label_read(head, &got, words), 0);
	assert_true(got.inode == want.inode && got.born_ns == want.born_ns);
	assert_true(got.pages == want.pages && got.thin == want.thin);
	assert_true(got.epoch == want.epoch && got.since == want.since);
	assert_true(got.owner_since == want.owner_since);
	assert_string_equal(got.name, want.name);
	assert_string_equal(got.incarnation, want.incarnation);
	assert_string_equal(got.instance, want.instance);
	assert_string_equal(got.owner_peer, want.owner_peer);
	assert_string_equal(got.owner, want.owner);
}

static void expect_refusal(const struct label_head *head, const char *words)
{
	struct label label;
	char said[WORDS_MAX] = "";

	assert_int_equal(label_read(head, &label, said), -1);
	if (!strstr(said, words))
		fail_msg("\"%s\" and not \"%s\"", said, words);
}

static struct label_head commits(uint64_t n)
{
	struct label_head head = {0};

	for (uint64_t i = 1; i <= n; i++) {
		struct label label = sample(i);

		label_commit(&head, &label);
	}
	return head;
}

TEST(the_last_one_counts)
{
	for (uint64_t n = 1; n < 6; n++) {
		struct label_head head = commits(n);

		expect_label(&head, n);
	}
}

TEST(nothing_is_no_label)
{
	struct label_head head = {0};

	expect_refusal(&head, "not a pool of farpaged");
	memset(&head, 0xff, sizeof head);
	expect_refusal(&head, "not a pool of farpaged");
}

TEST(of_another_kind)
{
	struct label_head head = commits(2);

	head.version++;
	expect_refusal(&head, "version 2, this farpaged's is 1");
	head.version--;
	head.page_bytes = 65536;
	expect_refusal(&head, "pages are of 65536 bytes");
}

/* Each way that a commit of label 4 can be cut off: the slot in part, and all of it
 * but the word that makes it count. */
TEST(a_commit_that_was_cut_off_did_not_happen)
{
	struct label_head before = commits(3), after = commits(4);

	for (size_t n = 0; n <= sizeof after.slot[0]; n++) {
		struct label_head torn = before;

		memcpy(&torn.slot[0], &after.slot[0], n);
		expect_label(&torn, 3);
		struct label next = sample(5);
		label_commit(&torn, &next);
		expect_label(&torn, 5);
	}
	expect_label(&after, 4);
}

TEST(a_first_commit_that_was_cut_off_is_no_label)
{
	struct label_head after = commits(1), torn = {0};

	torn.slot[1] = after.slot[1];
	expect_refusal(&torn, "not a pool of farpaged");
	torn.magic = after.magic;
	torn.version = after.version;
	torn.page_bytes = after.page_bytes;
	expect_refusal(&torn, "damaged");
}

/* Of what counts, that is: the other slot's bytes do not matter. */
TEST(any_byte_that_changed_is_found_out)
{
	const struct label_head good = commits(4); /* in slot 0 */
	const uint8_t flips[] = { 0x01, 0x80, 0xff };

	for (size_t i = 0; i < sizeof good; i++)
		for (size_t k = 0; k < COUNT(flips); k++) {
			struct label_head bad = good;
			bool other = i >= offsetof(struct label_head, slot[1]);
			bool may = other || (i == offsetof(struct label_head, foreign) && flips[k] == 1);

			((uint8_t *)&bad)[i] ^= flips[k];
			if (may)
				expect_label(&bad, 4);
			else
				expect_refusal(&bad, "");
		}
}

TEST(bytes_that_are_missing_are_found_out)
{
	const struct label_head good = commits(4);

	for (size_t n = 0; n < offsetof(struct label_head, slot[1]); n++) {
		struct label_head bad = {0};

		memcpy(&bad, &good, n);
		if (memcmp(&bad, &good, offsetof(struct label_head, slot[1])) != 0)
			expect_refusal(&bad, "");
	}
}

TEST(a_file_is_known_by_its_inode_and_birth)
{
	int a = memfd_create("a", MFD_CLOEXEC), b = memfd_create("b", MFD_CLOEXEC);
	struct label one = {0}, again = {0}, other = {0};

	assert_int_equal(label_identify(&one, a), 0);
	assert_int_equal(write(a, "x", 1), 1);
	assert_int_equal(label_identify(&again, a), 0);
	assert_int_equal(label_identify(&other, b), 0);
	assert_true(one.inode == again.inode && one.born_ns == again.born_ns);
	assert_true(one.inode != other.inode || one.born_ns != other.born_ns);
	close(a), close(b);
	assert_int_equal(label_identify(&one, -1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(nothing_is_no_label),
		cmocka_unit_test(of_another_kind),
		cmocka_unit_test(a_commit_that_was_cut_off_did_not_happen),
		cmocka_unit_test(a_first_commit_that_was_cut_off_is_no_label),
		cmocka_unit_test(any_byte_that_changed_is_found_out),
		cmocka_unit_test(bytes_that_are_missing_are_found_out),
		cmocka_unit_test(a_file_is_known_by_its_inode_and_birth),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
