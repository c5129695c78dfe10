# SPDX-License-Identifier: BSD-2-Clause
# What borrower and lender both need, and knows neither.
noinst_LTLIBRARIES += common/libcommon.la
common_libcommon_la_SOURCES = \
	common/json.c \
	common/json.h \
	common/lines.c \
	common/lines.h \
	common/standard.c \
	common/standard.h
