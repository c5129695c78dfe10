/* SPDX-License-Identifier: BSD-2-Clause */
#include "lenders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPACES " \t\r"
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors begin a text with it */

const struct lender *lenders_find(const struct lenders *l, const char *text)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->lender[i].text, text) == 0)
			return &l->lender[i];
	return NULL;
}

/* The next word of the LEN bytes at *AT; 0: there is none. */
static size_t take_word(const char **at, size_t *len)
{
	size_t n = strspn(*at, SPACES);

	n = n < *len ? n : *len;
	*at += n;
	*len -= n;
	n = strcspn(*at, SPACES "\n");
	return n < *len ? n : *len;
}

/* NULL: it is in order, and taken if there is a lender in it. */
static const char *parse_line(struct lenders *l, const char *line, size_t len)
{
	struct lender lender = {0};
	size_t n = take_word(&line, &len);

	if (!n)
		return NULL;
	if (n >= sizeof lender.text)
		return "its address is too long";
	memcpy(lender.text, line, n);
	line += n;
	len -= n;
	n = take_word(&line, &len);
	lender.drain = n == strlen("drain") && memcmp(line, "drain", n) == 0;
	if (n && !lender.drain)
		return "only the word drain may follow the address";
	line += n;
	len -= n;
	if (take_word(&line, &len))
		return "there is more than an address and the word drain";
	if (lenders_find(l, lender.text))
		return "it is listed twice: each copy is on a different lender";
	if (l->n == LENDERS_MAX)
		return "there are 16 lenders at most";
	l->lender[l->n++] = lender;
	return NULL;
}

int lenders_parse(struct lenders *l, const char *file, char words[static WORDS_MAX])
{
	unsigned number = 1;

	l->n = 0;
	if (strncmp(file, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		file += strlen(BYTE_ORDER_MARK);
	for (const char *line = file; *line; number++) {
		size_t len = strcspn(line, "\n"), comment = strcspn(line, "#\n");
		const char *wrong = parse_line(l, line, comment < len ? comment : len);

		if (wrong) {
			words_print(words, "line %u, %.*s: %s", number,
			            (int)(len < 100 ? len : 100), line, wrong);
			return -1;
		}
		line += len + (line[len] == '\n');
	}
	if (l->n)
		return 0;
	words_print(words, "it has no lender; to drain one, write ADDRESS drain");
	return -1;
}

/* A whole regular file, as a string: how long, or -1 with errno. */
static ssize_t read_file(const char *path, char text[static LENDERS_FILE_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t have = 0;
	ssize_t n = 1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && (errno = EINVAL)) ||
	    (st.st_size >= (off_t)LENDERS_FILE_MAX && (errno = EFBIG)))
		n = -1;
	while (n > 0 && have < LENDERS_FILE_MAX - 1) {
		n = read(fd, text + have, LENDERS_FILE_MAX - 1 - have);
		have += n > 0 ? (size_t)n : 0;
	}
	text[have] = '\0';
	close(fd);
	return n < 0 ? -1 : (ssize_t)have;
}

int lenders_read(struct lenders *l, const char *path, char words[static WORDS_MAX])
{
	char text[LENDERS_FILE_MAX];
	ssize_t n = read_file(path, text);

	if (n < 0 || strlen(text) != (size_t)n) {
		words_print(words, "%s", n < 0 ? strerrordesc_np(errno) : "it is no text");
		return -1;
	}
	return lenders_parse(l, text, words);
}

int lender_parse(const char *text, const char *pool, struct address *a,
                 char words[static WORDS_MAX])
{
	if (address_parse(a, text, words) < 0)
		return -1;
	if (pool && *a->pool && strcmp(pool, a->pool) != 0) {
		words_print(words, "pool=%s, but the lender's URI names pool %s", pool, a->pool);
		return -1;
	}
	if (pool)
		snprintf(a->pool, sizeof a->pool, "%s", pool);
	return 0;
}
