/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be a spill, and what is refused in which words. */
#include "spill_fixture.h"

#include <errno.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "config.h"
#include "link.h"
#include "spill.h"

#define PAGES  UINT64_C(64)
#define WANTED UINT64_C(1000)

static char words[WORDS_MAX];

static int open_at(const char *path, uint64_t *pages)
{
	int fd;

	memset(words, 0, sizeof words);
	fd = spill_open(path, pages, words);
	if (fd < 0)
		no_direct(words);
	return fd;
}

static int good(void)
{
	uint64_t pages = WANTED;
	int fd = open_at(spill_path, &pages);

	if (fd < 0)
		fail_msg("%s", words);
	assert_true(pages == PAGES - SPILL_LABEL_PAGES);
	return fd;
}

static void refused(const char *path, const char *says)
{
	uint64_t pages = WANTED;
	char begin[128];

	snprintf(begin, sizeof begin, "spill=%s: ", path);
	assert_int_equal(open_at(path, &pages), -1);
	if (strncmp(words, begin, strlen(begin)) != 0 || !strstr(words, says))
		fail_msg("\"%s\" does not say \"%s\"", words, says);
}

static void read_page(int fd, uint64_t page, uint8_t data[static PAGE_BYTES])
{
	_Alignas(PAGE_BYTES) uint8_t aligned[PAGE_BYTES];

	assert_int_equal(pread(fd, aligned, PAGE_BYTES, (off_t)(page * PAGE_BYTES)), PAGE_BYTES);
	memcpy(data, aligned, PAGE_BYTES);
}

TEST(a_preallocated_file)
{
	make_file(PAGES, true, NULL);
	close(good());
}

TEST(a_file_that_was_a_spill_is_one_again)
{
	_Alignas(PAGE_BYTES) uint8_t junk[PAGE_BYTES], label[PAGE_BYTES];
	int fd;

	make_file(PAGES, true, NULL);
	fill(junk, sizeof junk, 1);
	for (int i = 0; i < 2; i++) {
		fd = good();
		read_page(fd, 0, label);
		assert_memory_equal(label, "farpage spill", 13);
		assert_int_equal(pwrite(fd, junk, sizeof junk, PAGE_BYTES), PAGE_BYTES);
		close(fd);
	}
}

TEST(no_more_than_is_wanted)
{
	uint64_t pages = 10;
	int fd;

	make_file(PAGES, true, NULL);
	fd = open_at(spill_path, &pages);
	assert_true(fd >= 0 && pages == 10);
	close(fd);
}

TEST(a_file_that_is_not_there)
{
	uint64_t all = UINT64_MAX;

	assert_int_equal(open_at("./there-is-none", &all), -1);
	assert_non_null(strstr(words, "is not there; make it, of 16 GiB for example: "
	                              "fallocate -l 16G ./there-is-none"));
	/* 1000 pages and the label: 3.91 MiB */
	refused("./there-is-none", "is not there; make it: fallocate -l 4M ./there-is-none");
}

TEST(no_file_at_all)
{
	refused(".", "is a directory");
	refused("/dev/null", "is neither a file nor a block device");
}

TEST(a_file_that_may_not_be_written)
{
	make_file(PAGES, true, NULL);
	assert_int_equal(chmod(spill_path, 0400), 0);
	if (geteuid() == 0) {
		uint64_t pages = WANTED;
		int status;
		pid_t child = fork();

		if (child == 0)
			_exit(setuid(65534) < 0 || spill_open(spill_path, &pages, words) >= 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	} else {
		refused(spill_path, "Permission denied");
	}
}

TEST(a_file_with_holes)
{
	make_file(PAGES, false, NULL);
	refused(spill_path, "is not preallocated: 262144 of its 262144 bytes are holes; "
	                    "fill them: fallocate -l 262144 ./test-spill-");
}

TEST(a_file_with_one_hole)
{
	int fd;

	make_file(PAGES, true, NULL);
	fd = open(spill_path, O_WRONLY);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                           10 * PAGE_BYTES, PAGE_BYTES), 0);
	close(fd);
	refused(spill_path, "4096 of its 262144 bytes are holes");
}

TEST(a_file_that_is_too_small)
{
	make_file(1, true, NULL);
	refused(spill_path, "has only 4096 bytes");
}

TEST(a_file_with_something_in_it_stays_as_it_is)
{
	_Alignas(PAGE_BYTES) uint8_t page[PAGE_BYTES];
	int fd;

	make_file(PAGES, true, "the only copy of a book");
	refused(spill_path, "holds something that no spill wrote");
	fd = open(spill_path, O_RDONLY);
	read_page(fd, 0, page);
	assert_string_equal((char *)page, "the only copy of a book");
	close(fd);
}

TEST(a_label_with_more_behind_it_is_none)
{
	int fd;

	make_file(PAGES, true, NULL);
	close(good());
	fd = open(spill_path, O_WRONLY);
	assert_int_equal(pwrite(fd, "SWAPSPACE2", 10, PAGE_BYTES - 10), 10);
	close(fd);
	refused(spill_path, "holds something that no spill wrote");
}

TEST(a_file_that_is_in_use)
{
	int fd;

	make_file(PAGES, true, NULL);
	fd = good();
	refused(spill_path, "is in use by another process");
	close(fd);
	close(good());
}

TEST(a_file_in_memory)
{
	uint64_t pages = WANTED;
	int fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || posix_fallocate(fd, 0, PAGES * PAGE_BYTES) != 0)
		skip();
	assert_int_equal(spill_open(path, &pages, words), -1);
	assert_true(strstr(words, "memory (tmpfs)") || strstr(words, "O_DIRECT"));
	close(fd);
}

/* A loop device on the file, its path in PATH; the test is skipped if there cannot be one. */
static int loop_on_file(char path[static 64])
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -1, fd, n;
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };

	fd = open(spill_path, O_RDWR | O_CLOEXEC);
	config.fd = (uint32_t)fd;
	for (int tries = 0; control >= 0 && loop < 0 && tries < 10; tries++) {
		n = ioctl(control, LOOP_CTL_GET_FREE);
		snprintf(path, 64, "/dev/loop%d", n);
		loop = open(path, O_RDWR | O_CLOEXEC);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
			close(loop);
			loop = -1;
		}
	}
	close(fd);
	if (control >= 0)
		close(control);
	if (loop < 0) {
		print_message("SKIPPED: no loop device here\n");
		remove_file(NULL);
		skip();
	}
	return loop;
}

static void write_at(int fd, const void *data, size_t n, off_t at)
{
	assert_int_equal(pwrite(fd, data, n, at), n);
	assert_int_equal(fsync(fd), 0);
}

TEST(a_block_device)
{
	const uint32_t swap[2] = { 1, PAGES - 1 }; /* version, last page */
	uint64_t pages = WANTED;
	char path[64];
	int loop, fd;

	make_file(PAGES, true, NULL);
	loop = loop_on_file(path);
	write_at(loop, swap, sizeof swap, 1024);
	write_at(loop, "SWAPSPACE2", 10, PAGE_BYTES - 10);
#ifdef HAVE_LIBBLKID
	refused(path, "holds something (swap); if that is no longer needed: wipefs -a /dev/");
	write_at(loop, "..........", 10, PAGE_BYTES - 10);
	fd = open_at(path, &pages);
	if (fd < 0)
		fail_msg("%s", words);
	assert_true(pages == PAGES - SPILL_LABEL_PAGES);
	refused(path, "in use by another process");
	close(fd);
	fd = open_at(path, &pages);
	assert_true(fd >= 0);
	close(fd);
#else
	(void)fd, (void)pages;
	refused(path, "cannot tell whether it holds something");
#endif
	close(loop);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, remove_file)
	const struct CMUnitTest tests[] = {
		T(a_preallocated_file),
		T(a_file_that_was_a_spill_is_one_again),
		T(no_more_than_is_wanted),
		T(a_file_that_is_not_there),
		T(no_file_at_all),
		T(a_file_that_may_not_be_written),
		T(a_file_with_holes),
		T(a_file_with_one_hole),
		T(a_file_that_is_too_small),
		T(a_file_with_something_in_it_stays_as_it_is),
		T(a_label_with_more_behind_it_is_none),
		T(a_file_that_is_in_use),
		T(a_file_in_memory),
		T(a_block_device),
	};

	return cmocka_run_group_tests_name("what may be a spill", tests, NULL, NULL);
}
