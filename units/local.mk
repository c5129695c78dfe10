# SPDX-License-Identifier: BSD-2-Clause
# systemd units, the script that they share, what their files look like, and udev's rule.
units = \
	units/farpage-front@.service \
	units/farpage-swap@.service \
	units/farpage@.service \
	units/farpaged.service
environments = \
	units/farpage-front.env \
	units/farpage-swap.env \
	units/farpage.env

examplesdir = $(pkgdatadir)/examples
dist_pkglibexec_SCRIPTS = \
	units/farpage-swap \
	units/farpaged-reload
systemdsystemunit_DATA = $(units)
dist_udevrules_DATA = units/60-farpage.rules
if HAVE_LIBSYSTEMD
dist_systemdsystemunit_DATA = units/farpaged.socket
without_libsystemd =
else
EXTRA_DIST += units/farpaged.socket
# Without libsystemd nothing reports to systemd, which would wait for that and kill it.
without_libsystemd = -e 's/^Type=notify/Type=exec/' -e '/^WatchdogSec=/d' -e '/^\# A loop that/d'
endif
examples_DATA = $(environments)
dist_examples_DATA = \
	units/60-farpage.conf \
	units/farpaged.conf
CLEANFILES += $(units) $(environments)
EXTRA_DIST += $(units:=.in) $(environments:=.in)

# By make and not by configure, so that $${prefix} is not left in them.
$(units) $(environments): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) units && sed $(without_libsystemd) \
		-e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
		-e 's|@plugindir[@]|$(plugindir)|g' \
		-e 's|@sbindir[@]|$(sbindir)|g' \
		-e 's|@sysconfdir[@]|$(sysconfdir)|g' $< >$@-t && mv $@-t $@

TESTS += \
	tests/units-stop-is-patient.sh \
	tests/units-swap-advises.sh \
	tests/units-swap-front.sh \
	tests/units-swap-held.sh \
	tests/units-swap-hibernation.sh \
	tests/units-swap-marks.sh \
	tests/units-swap-signals.sh \
	tests/units-swap-single-pages.sh \
	tests/units-swap-wrong.sh \
	tests/units-verify.sh
dist_check_SCRIPTS += \
	tests/quick-start.sh \
	tests/units-guest.sh \
	tests/units-stop-is-patient.sh \
	tests/units-swap-advises.sh \
	tests/units-swap-front.sh \
	tests/units-swap-held.sh \
	tests/units-swap-hibernation.sh \
	tests/units-swap-marks.sh \
	tests/units-swap-signals.sh \
	tests/units-swap-single-pages.sh \
	tests/units-swap-wrong.sh \
	tests/units-verify.sh
EXTRA_DIST += \
	tests/units-host.sh \
	tests/units-image.sh \
	tests/units-scenario

# One boot of systemd, with the other guests.
check-units: all
	$(MAKE) -j1 check TESTS=tests/units-guest.sh
.PHONY: check-units
