/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "settings_args.h"
#include "settings_file.h"

#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyz-"
#define FIELD(name) .at = offsetof(struct front_options, name)

static const struct setting_style style = { "  --", " ", 27 };
static const char *const faces[] = { [FRONT_AUTO] = "auto", [FRONT_UBLK] = "ublk", [FRONT_NBD] = "nbd" };

static int set_help(void *options, const char *value, char words[static WORDS_MAX]);

static int set_face(void *options, const char *value, char words[static WORDS_MAX])
{
	struct front_options *o = options;

	for (enum front_face f = FRONT_AUTO; f <= FRONT_NBD; f++)
		if (strcmp(value, faces[f]) == 0) {
			o->face = f;
			return 0;
		}
	words_print(words, "write auto, ublk or nbd");
	return -1;
}

static int add_listen(void *options, const char *value, char words[static WORDS_MAX])
{
	struct front_options *o = options;
	const char *wrong = face_nbd_wrong(value);

	if (wrong) {
		words_print(words, "write ADDR:PORT, [ADDR6]:PORT or unix:PATH: %s", wrong);
		return -1;
	}
	if (o->listens == FRONT_LISTENS_MAX) {
		words_print(words, "there are %d addresses at most", FRONT_LISTENS_MAX);
		return -1;
	}
	return setting_text(&o->listen[o->listens++], value, words);
}

static int set_version(void *options, const char *value, char words[static WORDS_MAX])
{
	(void)value, (void)words;
	puts("farpage-front " PACKAGE_VERSION);
	((struct front_options *)options)->done = true;
	return 0;
}

static const struct setting table[] = {
	{ "face", "FACE", SETTING_OWN, .set = set_face, .otherwise = "nbd if there is --listen, else ublk",
	  .help = "how pages are asked for: ublk, by this host's kernel as /dev/ublkbN; nbd, by an NBD client; "
	          "auto is ublk if it can be had, else nbd" },
	{ "listen", "ADDR:PORT", SETTING_OWN, .set = add_listen,
	  .help = "where to listen for an NBD client; also unix:PATH; may repeat" },
	{ "allow-plaintext", NULL, SETTING_SWITCH, FIELD(allow_plaintext),
	  .help = "listen for other hosts without TLS" },
	{ "tls-psk", "FILE", SETTING_PATH, FIELD(tls_psk), .hint = "write a file",
	  .help = "TLS for clients, with the keys in FILE, lines of NAME:HEXKEY" },
	{ "tls-certificates", "DIR", SETTING_PATH, FIELD(tls_certificates), .hint = "write a directory",
	  .help = "TLS for clients: ca-cert.pem, server-cert.pem, server-key.pem" },
	{ "config", "FILE", SETTING_TEXT, FIELD(config), .hint = "write a file",
	  .help = "read KEY = VALUE from FILE, one a line; what the command line says wins" },
	{ "device-file", "FILE", SETTING_PATH, FIELD(device_file), .hint = "write a file",
	  .help = "write there which device it is, before it can be used, and its process" },
	{ "help", NULL, SETTING_OWN, .set = set_help, .letter = 'h', .help = "this text; also -h" },
	{ "version", NULL, SETTING_OWN, .set = set_version, .letter = 'V', .help = "the version; also -V" },
	{0}
};

static int set_help(void *options, const char *value, char words[static WORDS_MAX])
{
	(void)value, (void)words;
	printf("farpage-front is a block device whose pages are in other hosts' RAM.\n\n"
	       "usage: farpage-front [OPTION]... KEY=VALUE...\n\n");
	settings_help(stdout, table, &style);
	printf("\nThe keys:\n");
	parameters_help(stdout);
	printf("\nIt stays in the foreground and logs to stderr. SIGTERM ends it, unless the\n"
	       "device is in use. See farpage-front(8).\n");
	((struct front_options *)options)->done = true;
	return 0;
}

static int take_arg(void *options, const struct setting *s, const char *value, char words[static WORDS_MAX])
{
	struct front_options *o = options;

	return setting_set(s, o, value, words) < 0 ? -1 : o->done;
}

static bool is_address(const char *text)
{
	return text[strspn(text, KEY_LETTERS)] != '=';
}

/* KEY=VALUE, or, as nbdkit takes it, the address of a lender. */
static int set_key(struct parameters *p, const char *text, char words[static WORDS_MAX])
{
	size_t len = strspn(text, KEY_LETTERS);
	char key[64];

	if (is_address(text))
		return parameters_set(p, "lender", text, words);
	snprintf(key, sizeof key, "%.*s", (int)len, text);
	return parameters_set(p, key, text + len + 1, words);
}

struct reading {
	struct front_options *o;
	int keys;            /* of the command line, which wins */
	char **key;
};

static bool is_said(const struct reading *r, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < r->keys; i++)
		if ((strncmp(r->key[i], name, len) == 0 && r->key[i][len] == '=') ||
		    (strcmp(name, "lender") == 0 && is_address(r->key[i])))
			return true;
	return false;
}

/* What loses against the command line must be right too. */
static int set_from_file(void *reading, const char *name, const char *value, char words[static WORDS_MAX])
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

static int choose_face(struct front_options *o, char words[static WORDS_MAX])
{
	if (o->face == FRONT_UNSAID)
		o->face = o->listens ? FRONT_NBD : FRONT_UBLK;
	if (o->face == FRONT_NBD && !o->listens)
		words_print(words, "--face nbd: give --listen unix:PATH or --listen ADDR:PORT");
	else if (o->face == FRONT_UBLK && (o->listens || o->tls_psk || o->tls_certificates))
		words_print(words, "--listen and TLS for clients are of --face nbd");
	else
		return 0;
	return -1;
}

int front_options_read(struct front_options *o, int argc, char **argv, char words[static WORDS_MAX])
{
	struct reading r = { .o = o };
	int rest;

	*o = (struct front_options){0};
	settings_begin(table, o);
	parameters_begin(&o->parameters);
	o->parameters.realtime = true;
	rest = settings_args(table, "farpage-front", argc, argv, take_arg, o, words);
	if (rest <= 0)
		return rest;
	r.keys = argc - rest;
	r.key = argv + rest;
	for (int i = 0; i < r.keys; i++)
		if (set_key(&o->parameters, r.key[i], words) < 0)
			return -1;
	if (o->config && settings_file_read(o->config, set_from_file, &r, words) < 0)
		return -1;
	return choose_face(o, words) < 0 ? -1 : parameters_complete(&o->parameters, words);
}

struct face_nbd_terms front_options_nbd(const struct front_options *o, const char *name)
{
	bool tls = o->tls_psk || o->tls_certificates;

	return (struct face_nbd_terms){
		.listen = o->listen, .listens = o->listens, .exposed = o->allow_plaintext, .name = name,
		.tls_require = tls, .tls_psk = o->tls_psk, .tls_certificates = o->tls_certificates,
	};
}

void front_options_free(struct front_options *o)
{
	for (unsigned i = 0; i < o->listens; i++)
		free(o->listen[i]);
	parameters_free(&o->parameters);
	settings_free(table, o);
}
