/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of lenders: what is taken, and the words for what is not. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transfer.h" /* has the client's watch.h, and lenders.h */

static struct lenders lenders;
static char words[WORDS_MAX];

static void takes(const char *file, unsigned n)
{
	if (lenders_parse(&lenders, file, words) < 0)
		fail_msg("refused: %s", words);
	assert_int_equal(lenders.n, n);
}

static void refuses(const char *file, const char *saying)
{
	assert_int_equal(lenders_parse(&lenders, file, words), -1);
	if (!strstr(words, saying))
		fail_msg("it said: %s", words);
}

static void is(unsigned i, const char *text, bool drain)
{
	assert_string_equal(lenders.lender[i].text, text);
	assert_int_equal(lenders.lender[i].drain, drain);
}

TEST(an_address_a_line)
{
	takes("a\nb:10810\nunix:/run/c\n", 3);
	is(0, "a", false);
	is(1, "b:10810", false);
	is(2, "unix:/run/c", false);
	takes("a", 1);
	is(0, "a", false);
	takes("\xef\xbb\xbf" "a\n", 1); /* a byte order mark */
	is(0, "a", false);
}

TEST(comments_and_spaces)
{
	takes("# all of them\n\n \t a \t# the first\r\n#b\n  c#\n\n", 2);
	is(0, "a", false);
	is(1, "c", false);
}

TEST(one_that_is_drained)
{
	takes("a drain\nb\n  c\tdrain # soon\n", 3);
	is(0, "a", true);
	is(1, "b", false);
	is(2, "c", true);
	assert_ptr_equal(lenders_find(&lenders, "c"), &lenders.lender[2]);
	assert_null(lenders_find(&lenders, "d"));
	assert_null(lenders_find(&lenders, ""));
}

TEST(what_is_wrong_and_where)
{
	refuses("a\nb drained\n", "line 2, b drained: only the word");
	refuses("a drai\n", "only the word");
	refuses("a drain drain\n", "more than");
	refuses("a b\n", "line 1, a b");
	refuses("a\n#\na\n", "line 3, a: it is listed twice");
	refuses("a\na drain\n", "twice");
}

/* It may be one that is just being written: nobody is drained by it. */
TEST(no_lender_at_all)
{
	refuses("", "no lender");
	refuses("\n# none\n  \n", "no lender");
}

TEST(too_much_of_it)
{
	char file[2000] = "", line[20], *end = file;

	for (int i = 0; i < 16; i++)
		end += sprintf(end, "lender-%d\n", i);
	takes(file, 16);
	sprintf(line, "one-more\n");
	strcpy(end, line);
	refuses(file, "16 lenders");
	memset(file, 'a', 256);
	file[256] = '\0';
	refuses(file, "too long");
	file[255] = '\0';
	takes(file, 1);
	assert_int_equal(strlen(lenders.lender[0].text), 255);
}

/* Whatever stands there, no byte behind a line is taken for part of it. */
TEST(any_bytes)
{
	static const char some[] = "ab \t\n#\r drain:";
	uint64_t seed = 1;
	char file[41];

	for (int i = 0; i < 200000; i++) {
		size_t n = dice_below(&seed, sizeof file - 1);

		for (size_t at = 0; at < n; at++)
			file[at] = some[dice_below(&seed, sizeof some - 1)];
		file[n] = '\0';
		if (lenders_parse(&lenders, file, words) < 0)
			continue;
		for (unsigned k = 0; k < lenders.n; k++) {
			const char *text = lenders.lender[k].text;

			assert_int_equal(strcspn(text, " \t\r\n#"), strlen(text));
			assert_non_null(strstr(file, text));
			assert_ptr_equal(lenders_find(&lenders, text), &lenders.lender[k]);
		}
	}
}

static const char *temporary(const void *bytes, size_t n)
{
	static char path[] = "test-lenders-XXXXXX";
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	return path;
}

static void read_refuses(const char *path, const char *saying)
{
	assert_int_equal(lenders_read(&lenders, path, words), -1);
	if (!strstr(words, saying))
		fail_msg("it said: %s", words);
}

TEST(files)
{
	static char large[LENDERS_FILE_MAX];
	const char *path = temporary("a\nb", 3);

	assert_int_equal(lenders_read(&lenders, path, words), 0);
	assert_int_equal(lenders.n, 2);
	unlink(path);
	read_refuses(path, "No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	read_refuses(path, "Invalid");
	unlink(path);
	read_refuses("/", "Invalid");
	path = temporary("a\0b\n", 4);
	read_refuses(path, "no text");
	unlink(path);
	memset(large, '\n', sizeof large);
	large[0] = 'a';
	path = temporary(large, sizeof large);
	read_refuses(path, "large");
	unlink(path);
	path = temporary(large, sizeof large - 1);
	assert_int_equal(lenders_read(&lenders, path, words), 0);
	unlink(path);
}

TEST(its_pool)
{
	struct address a;

	assert_int_equal(lender_parse("127.0.0.1", NULL, &a, words), 0);
	assert_string_equal(a.pool, "");
	assert_int_equal(lender_parse("127.0.0.1", "p", &a, words), 0);
	assert_string_equal(a.pool, "p");
	assert_int_equal(lender_parse("nbd://127.0.0.1/q", NULL, &a, words), 0);
	assert_string_equal(a.pool, "q");
	assert_int_equal(lender_parse("nbd://127.0.0.1/q", "p", &a, words), -1);
	assert_non_null(strstr(words, "names pool q"));
	assert_int_equal(lender_parse("a:b:c", "p", &a, words), -1);
	assert_non_null(strstr(words, "write HOST"));
}

/* It is read again, when the process may be in another directory. */
TEST(a_file_that_is_named_from_here)
{
	char dir[] = "/tmp/farpage-lenders-XXXXXX", here[4096], path[64];
	struct watch_options o = { .proof.instance = "me", .file = "lenders", .proof.psk = "keys" };
	static struct watch w;
	FILE *file;

	assert_non_null(getcwd(here, sizeof here));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	file = fopen("lenders", "w");
	assert_non_null(file);
	fputs("unix:/nobody\n", file);
	fclose(file);
	assert_int_equal(watch_open(&w, &o, NULL, 0, words), 0);
	assert_int_equal(chdir(here), 0);
	snprintf(path, sizeof path, "%s/lenders", dir);
	assert_string_equal(w.o.file, path);
	assert_string_equal(watch_name(&w, 0), "unix:/nobody");
	unlink(path);
	snprintf(path, sizeof path, "%s/keys", dir);
	assert_string_equal(w.o.proof.psk, path);
	watch_close(&w);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_a_line),
		cmocka_unit_test(comments_and_spaces),
		cmocka_unit_test(one_that_is_drained),
		cmocka_unit_test(what_is_wrong_and_where),
		cmocka_unit_test(no_lender_at_all),
		cmocka_unit_test(too_much_of_it),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(files),
		cmocka_unit_test(its_pool),
		cmocka_unit_test(a_file_that_is_named_from_here),
	};

	return cmocka_run_group_tests_name("lenders", tests, NULL, NULL);
}
