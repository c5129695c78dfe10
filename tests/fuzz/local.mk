# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets. In every tree "make check" gives them their seeds; in one made by
# "configure --enable-fuzzers CC=clang", "make check-fuzz" is what they are for.
noinst_HEADERS += \
	tests/fuzz/fuzz.h \
	tests/fuzz/late_model.h \
	tests/fuzz/model.h
fuzz_targets = \
	tests/fuzz/address.fuzz \
	tests/fuzz/config.fuzz \
	tests/fuzz/export.fuzz \
	tests/fuzz/handshake.fuzz \
	tests/fuzz/late.fuzz \
	tests/fuzz/lenders.fuzz \
	tests/fuzz/size.fuzz \
	tests/fuzz/transmission.fuzz \
	tests/fuzz/wire.fuzz
if HAVE_GNUTLS
fuzz_targets += tests/fuzz/tls.fuzz
endif
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
TEST_EXTENSIONS += .fuzz
FUZZ_LOG_COMPILER = $(abs_top_builddir)/run $(abs_top_srcdir)/tests/fuzz/fuzz
EXTRA_DIST += \
	tests/fuzz/coverage \
	tests/fuzz/fuzz \
	tests/fuzz/seeds.py

if FUZZERS
fuzz_main =
else
fuzz_main = tests/fuzz/replay.c
endif
EXTRA_DIST += tests/fuzz/replay.c
fuzz_lender = server/liblender.la
fuzz_borrower = client/libborrower.la

tests_fuzz_address_fuzz_SOURCES = tests/fuzz/address.c $(fuzz_main)
tests_fuzz_address_fuzz_LDADD = common/libcommon.la
tests_fuzz_address_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_config_fuzz_SOURCES = tests/fuzz/config.c $(fuzz_main)
tests_fuzz_config_fuzz_LDADD = $(fuzz_lender)
tests_fuzz_config_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_export_fuzz_SOURCES = tests/fuzz/export.c $(fuzz_main)
tests_fuzz_export_fuzz_LDADD = $(fuzz_lender)
tests_fuzz_export_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_handshake_fuzz_SOURCES = tests/fuzz/handshake.c $(fuzz_main)
tests_fuzz_handshake_fuzz_LDADD = $(fuzz_lender)
tests_fuzz_handshake_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_late_fuzz_SOURCES = tests/fuzz/late.c $(fuzz_main)
tests_fuzz_late_fuzz_LDADD = face/libface.la nbd/libnbdserver.la common/libcommon.la $(GNUTLS_LIBS) $(EV_LIBS) \
	$(LIBURING_LIBS)
tests_fuzz_late_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_lenders_fuzz_SOURCES = tests/fuzz/lenders.c $(fuzz_main)
tests_fuzz_lenders_fuzz_LDADD = $(fuzz_borrower)
tests_fuzz_lenders_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_size_fuzz_SOURCES = tests/fuzz/size.c $(fuzz_main)
tests_fuzz_size_fuzz_LDADD = $(fuzz_lender)
tests_fuzz_size_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_tls_fuzz_SOURCES = tests/fuzz/tls.c $(fuzz_main)
tests_fuzz_tls_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/tests/unit $(GNUTLS_CFLAGS)
tests_fuzz_tls_fuzz_LDADD = $(fuzz_lender) $(GNUTLS_LIBS)
tests_fuzz_tls_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_transmission_fuzz_SOURCES = tests/fuzz/transmission.c tests/fuzz/model.c $(fuzz_main)
tests_fuzz_transmission_fuzz_LDADD = $(fuzz_lender)
tests_fuzz_transmission_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_wire_fuzz_SOURCES = tests/fuzz/wire.c $(fuzz_main)
tests_fuzz_wire_fuzz_LDADD = $(fuzz_borrower)
tests_fuzz_wire_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# FUZZ_SECONDS each, by default 60, as many at a time as make's -j says.
if FUZZERS
check-fuzz: all
	$(MAKE) check TESTS="$(fuzz_targets)" check_PROGRAMS="$(fuzz_targets)" check_LTLIBRARIES=
else
check-fuzz:
	@echo "check-fuzz: nothing to fuzz with; configure --enable-fuzzers CC=clang" >&2
	@false
endif
.PHONY: check-fuzz

# What the unit tests and the seeds reach, in a tree of --enable-coverage.
coverage_tests = \
	tests/fuzz/handshake.fuzz \
	tests/fuzz/late.fuzz \
	tests/fuzz/transmission.fuzz \
	$(filter %/test-late %/test-nbd-door %/test-no-memory %/test-reply %/test-request,$(unit_tests)) \
	$(foreach test,$(unit_tests),$(if $(findstring /test-handshake,$(test)),$(test))) \
	$(foreach test,$(unit_tests),$(if $(findstring /test-session,$(test))$(findstring /test-store-late,$(test)),$(test)))
check-coverage: all
	find . -name '*.gcda' -exec rm {} +
	$(MAKE) check TESTS="$(coverage_tests)" check_PROGRAMS="$(coverage_tests)" check_LTLIBRARIES=
	./run $(abs_top_srcdir)/tests/fuzz/coverage
.PHONY: check-coverage

clean-local: clean-fuzz
clean-fuzz:
	rm -rf coverage tests/fuzz/*.seeds tests/fuzz/*.found tests/fuzz/*.said tests/fuzz/*.*-*
	find . -name '*.gc??' -exec rm {} +
.PHONY: clean-fuzz
