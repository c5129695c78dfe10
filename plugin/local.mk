# SPDX-License-Identifier: BSD-2-Clause
plugin_LTLIBRARIES = plugin/nbdkit-farpage-plugin.la
plugin_nbdkit_farpage_plugin_la_SOURCES = \
	plugin/owner.c \
	plugin/owner.h \
	plugin/plugin.c \
	plugin/span.c \
	plugin/span.h
plugin_nbdkit_farpage_plugin_la_CPPFLAGS = $(AM_CPPFLAGS) $(NBDKIT_CFLAGS)
plugin_nbdkit_farpage_plugin_la_LIBADD = program/libprogram.la client/libborrower.la
# As libfarpage's.
plugin_nbdkit_farpage_plugin_la_LDFLAGS = $(AM_LDFLAGS) \
	-module -avoid-version -shared -no-undefined -Wl,-z,nodelete $(NBDKIT_LIBS) \
	-export-symbols-regex '^plugin_init$$'
