# SPDX-License-Identifier: BSD-2-Clause
# What every other room may use, and knows none of them.
noinst_LTLIBRARIES += common/libcommon.la
common_libcommon_la_SOURCES = \
	common/clock.h \
	common/descriptors.c \
	common/descriptors.h \
	common/hostport.c \
	common/hostport.h \
	common/json.c \
	common/json.h \
	common/lines.c \
	common/lines.h \
	common/log.c \
	common/log.h \
	common/ownership.c \
	common/ownership.h \
	common/page.h \
	common/path.c \
	common/path.h \
	common/rate.h \
	common/setting.c \
	common/setting.h \
	common/settings_args.c \
	common/settings_args.h \
	common/size.c \
	common/size.h \
	common/standard.c \
	common/standard.h \
	common/words.c \
	common/words.h
common_libcommon_la_CPPFLAGS = $(see_common)

# Apart from it, for the sake of libinih.
noinst_LTLIBRARIES += common/libsettingsfile.la
common_libsettingsfile_la_SOURCES = \
	common/settings_file.c \
	common/settings_file.h
common_libsettingsfile_la_CPPFLAGS = $(see_common) $(INIH_CFLAGS)
common_libsettingsfile_la_LIBADD = $(INIH_LIBS)
