/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "settings_file.h"

static const struct face_ops *const faces[] = { &face_ublk };
#define FACES (sizeof faces / sizeof *faces)

static const char usage[] =
	"Usage: farpage-front [--face auto|ublk] [--config FILE] KEY=VALUE...\n"
	"\n"
	"A block device whose pages are in other hosts' RAM, for the kernel of this host.\n"
	"\n"
	"  --face FACE      How the kernel asks for pages: ublk, as /dev/ublkbN. Default:\n"
	"                   auto, the first that this host has.\n"
	"  --config FILE    Read KEY = VALUE from FILE, one a line. What the command line\n"
	"                   says wins.\n"
	"  -h, --help       Print this and exit.\n"
	"  -V, --version    Print the version and exit.\n"
	"\n"
	"The keys:\n";

struct reading {
	struct front_options *o;
	int keys;            /* of the command line, which wins */
	char **key;
};

static int set_face(struct front_options *o, const char *name, char words[static WORDS_MAX])
{
	for (size_t i = 0; i < FACES; i++)
		if (strcmp(name, faces[i]->name) == 0 || (i == 0 && strcmp(name, "auto") == 0)) {
			o->face = faces[i];
			return 0;
		}
	words_print(words, "--face %.50s: write auto or ublk", name);
	return -1;
}

/* KEY=VALUE. */
static int set(struct parameters *p, const char *text, char words[static WORDS_MAX])
{
	const char *value = strchr(text, '=');
	char key[64];

	if (!value || (size_t)(value - text) >= sizeof key) {
		words_print(words, "%.200s: write KEY=VALUE; --help lists the keys", text);
		return -1;
	}
	snprintf(key, sizeof key, "%.*s", (int)(value - text), text);
	return parameters_set(p, key, value + 1, words);
}

static bool is_said(const struct reading *r, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < r->keys; i++)
		if (strncmp(r->key[i], name, len) == 0 && r->key[i][len] == '=')
			return true;
	return false;
}

/* What loses against the command line must be right too. */
static int take_line(void *reading, const char *name, const char *value, char words[static WORDS_MAX])
{
	struct reading *r = reading;
	struct parameters scratch;
	int result;

	if (!is_said(r, name))
		return parameters_set(&r->o->parameters, name, value, words);
	parameters_begin(&scratch);
	result = parameters_set(&scratch, name, value, words);
	parameters_free(&scratch);
	return result;
}

static int bad_option(char **argv, char words[static WORDS_MAX])
{
	words_print(words, "%.200s: no such option, or its value is missing; see farpage-front --help", argv[optind - 1]);
	return -1;
}

static int read_options(struct front_options *o, int argc, char **argv, const char **config,
                        char words[static WORDS_MAX])
{
	static const struct option longs[] = {
		{ "face", required_argument, NULL, 'f' }, { "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, {0},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (set_face(o, optarg, words) < 0)
				return -1;
			break;
		case 'c':
			*config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			parameters_help(stdout);
			o->done = true;
			return 0;
		case 'V':
			puts("farpage-front " PACKAGE_VERSION);
			o->done = true;
			return 0;
		default:
			return bad_option(argv, words);
		}
	}
	return 0;
}

int front_options_read(struct front_options *o, int argc, char **argv, char words[static WORDS_MAX])
{
	const char *config = NULL;
	struct reading r;

	*o = (struct front_options){ .face = faces[0] };
	parameters_begin(&o->parameters);
	o->parameters.realtime = true;
	if (read_options(o, argc, argv, &config, words) < 0)
		return -1;
	if (o->done)
		return 0;
	r = (struct reading){ o, argc - optind, argv + optind };
	for (int i = 0; i < r.keys; i++)
		if (set(&o->parameters, r.key[i], words) < 0)
			return -1;
	if (config && settings_file_read(config, take_line, &r, words) < 0)
		return -1;
	return parameters_complete(&o->parameters, words);
}

void front_options_free(struct front_options *o)
{
	parameters_free(&o->parameters);
}
