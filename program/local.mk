# SPDX-License-Identifier: BSD-2-Clause
# What programs that serve a device share: parameters, figures, how the process is prepared.
noinst_LTLIBRARIES += program/libprogram.la
program_libprogram_la_SOURCES = \
	program/parameters.c \
	program/parameters.h \
	program/prepare.c \
	program/prepare.h \
	program/stats_socket.c \
	program/stats_socket.h \
	program/warn.h
program_libprogram_la_CPPFLAGS = $(see_program)
