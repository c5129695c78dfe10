# SPDX-License-Identifier: BSD-2-Clause
# Manual pages, and the tests that hold the documents against the programs.
pages = \
	docs/farpage-front.8 \
	docs/farpaged.8 \
	docs/libfarpage.3 \
	docs/nbdkit-farpage-plugin.1
man_MANS = $(pages)
CLEANFILES += $(pages) $(pages:=.pod)
EXTRA_DIST += \
	$(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/docs/*.md)) \
	docs/farpage-front.pod \
	docs/farpaged.pod \
	docs/libfarpage.pod \
	docs/nbdkit-farpage-plugin.pod \
	tests/docs-extract

make_page = $(AM_V_GEN)$(MKDIR_P) docs && sed \
	-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	-e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' $< >$@.pod && \
	$(POD2MAN) --errors=die --section=$(subst .,,$(suffix $@)) --name='$(*F)' \
	--center=Farpage --release='farpage $(VERSION)' $@.pod $@
docs/%.1: docs/%.pod Makefile
	$(make_page)
docs/%.3: docs/%.pod Makefile
	$(make_page)
docs/%.8: docs/%.pod Makefile
	$(make_page)

documents_tests = \
	tests/docs-examples.sh \
	tests/docs-lines.sh \
	tests/docs-options.sh \
	tests/docs-tests.sh
dist_check_SCRIPTS += $(documents_tests)
TESTS += $(documents_tests)
