# SPDX-License-Identifier: BSD-2-Clause
# The benchmarks: ./run tests/bench/servers, borrowers, lender, hog, sealspeed
noinst_PROGRAMS += tests/bench/epollfloor tests/bench/nbdload tests/bench/sealspeed
tests_bench_epollfloor_SOURCES = \
	tests/bench/epollfloor.c \
	tests/bench/nbdwire.h
tests_bench_nbdload_SOURCES = \
	tests/bench/conn.c \
	tests/bench/conn.h \
	tests/bench/dial.c \
	tests/bench/dial.h \
	tests/bench/hist.h \
	tests/bench/load.c \
	tests/bench/load.h \
	tests/bench/meter.c \
	tests/bench/meter.h \
	tests/bench/nbdload.c \
	tests/bench/nbdwire.h \
	tests/bench/stamp.h
tests_bench_nbdload_LDADD = common/libcommon.la
tests_bench_sealspeed_SOURCES = tests/bench/sealspeed.c
tests_bench_sealspeed_LDADD = client/libborrower.la
noinst_LTLIBRARIES += tests/bench/nbdkit-passfloor-plugin.la
tests_bench_nbdkit_passfloor_plugin_la_SOURCES = \
	tests/bench/nbdwire.h \
	tests/bench/passfloor.c
tests_bench_nbdkit_passfloor_plugin_la_CPPFLAGS = $(AM_CPPFLAGS) $(NBDKIT_CFLAGS)
tests_bench_nbdkit_passfloor_plugin_la_LIBADD = $(LIBNBD_LIBS) $(NBDKIT_LIBS)
# A shared object that is never installed.
tests_bench_nbdkit_passfloor_plugin_la_LDFLAGS = $(AM_LDFLAGS) \
	-module -avoid-version -shared -rpath /nowhere
dist_check_SCRIPTS += \
	tests/bench/borrowers \
	tests/bench/hog \
	tests/bench/lender \
	tests/bench/nbdload-refuses.sh \
	tests/bench/nbdload-tolerates.sh \
	tests/bench/nbdload-verifies.sh \
	tests/bench/servers \
	tests/bench/tables.sh
EXTRA_DIST += tests/bench/bench.py
TESTS += \
	tests/bench/nbdload-refuses.sh \
	tests/bench/nbdload-tolerates.sh \
	tests/bench/nbdload-verifies.sh \
	tests/bench/tables.sh
