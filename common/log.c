/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "words.h"

#define KINDS    64

enum log_level log_level = LOG_INFO;

const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static struct kind {
	const char *words;
	enum log_level level;
	unsigned long seen, unsaid; /* in this minute */
} kinds[KINDS];

void log_open(void)
{
	log_open_as("farpaged");
}

void log_open_as(const char *program)
{
	lines_open(program, "warn: ");
}

/* How many bytes from AT on are a character of UTF-8, well formed and in its shortest form; 0:
 * none. Its code is in *CODE. */
static size_t utf8(const unsigned char *at, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf8 ? 4 : 0;

	*code = n < 2 ? *at : *at & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	return n && *code >= least[n] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff) ? n : 0;
}

/* Controls, and what changes the look of what stands around it. */
static bool is_plain(uint32_t code)
{
	static const uint32_t not_plain[][2] = {
		{ 0, 0x1f }, { '\\', '\\' }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof not_plain / sizeof *not_plain; i++)
		if (code >= not_plain[i][0] && code <= not_plain[i][1])
			return false;
	return true;
}

void log_printable(char *to, size_t size, const char *text)
{
	size_t n = 0, len;
	uint32_t code;

	for (; *text; text += len) {
		char escaped[5];
		const char *from = text;

		len = utf8((const unsigned char *)text, &code);
		size_t bytes = len;
		if (!len || !is_plain(code)) {
			len = 1;
			bytes = (size_t)snprintf(escaped, sizeof escaped, *text == '\\' ? "\\\\" : "\\x%02x",
			                         (unsigned char)*text);
			from = escaped;
		}
		if (n + bytes >= size)
			break;
		memcpy(to + n, from, bytes);
		n += bytes;
	}
	to[n] = '\0';
}

/* Under the lock. */
static void put_text(enum log_level level, const char *text)
{
	static char safe[LINES_TEXT_MAX - 16];

	log_printable(safe, sizeof safe, text);
	lines_put("%s%s%s", level == LOG_INFO ? "" : log_levels[level], level == LOG_INFO ? "" : ": ", safe);
}

/* Its own, or a free one; where there are too many, the last one is for all others. */
static struct kind *find_kind(const char *words)
{
	unsigned i = 0;

	while (i < KINDS - 1 && kinds[i].words && strcmp(kinds[i].words, words) != 0)
		i++;
	if (i == KINDS - 1)
		words = "of other kinds";
	kinds[i].words = words;
	return &kinds[i];
}

/* Is one more of these to be written? If not, it is counted. Under the lock. */
static bool is_due(enum log_level level, const char *words, unsigned most)
{
	struct kind *kind = find_kind(words);

	if (!kind->unsaid || level < kind->level)
		kind->level = level;
	if (kind->seen++ < most)
		return true;
	kind->unsaid++;
	return false;
}

/* KIND is NULL: a line that is always written. */
static void __attribute__((format(printf, 4, 0)))
say(enum log_level level, const char *kind, unsigned most, const char *format, va_list ap)
{
	char text[WORDS_MAX];

	if (level > log_level)
		return;
	words_vprint(text, format, ap);
	pthread_mutex_lock(&lock);
	if (!kind || is_due(level, kind, most))
		put_text(level, text);
	pthread_mutex_unlock(&lock);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(level, NULL, 0, format, ap);
	va_end(ap);
}

void log_often(enum log_level level, const char *kind, unsigned most, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(level, kind, most, format, ap);
	va_end(ap);
}

void log_summary(void)
{
	char text[WORDS_MAX];

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < KINDS; i++) {
		struct kind *kind = &kinds[i];

		if (kind->unsaid) {
			words_print(text, "%lu more within a minute: %s", kind->unsaid,
			            kind->words);
			put_text(kind->level, text);
		}
		*kind = (struct kind){0};
	}
	pthread_mutex_unlock(&lock);
}
