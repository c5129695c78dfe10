#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The units, as they are installed, are in order: systemd-analyze says so, what they start
# exists, and the example files say what the programs understand. So is udev's rule.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires systemd-analyze
env -u MAKEFLAGS make -s -C "$FARPAGE_BUILDDIR" install DESTDIR="$tmp/root" >"$tmp/make.log" 2>&1 ||
    fail "make install: $(tail -5 "$tmp/make.log")"
units=$(dirname "$(find "$tmp/root" -name farpaged.service)")

# The same with the paths of here, and with an instance.
mkdir "$tmp/units"
for unit in farpaged farpage@ farpage-front@ farpage-swap@; do
    grep -q '@[a-z]*dir@' "$units/$unit.service" && fail "$unit: not all is substituted"
    sed -E "s|^(Exec[A-Za-z]*=[+]?)(/[^ ]*/farpage)|\\1$tmp/root\\2|" "$units/$unit.service" \
        >"$tmp/units/$unit.service"
done
grep -q '^WantedBy=' "$units/farpaged.service" || fail 'the end of farpaged.service is missing'
all='farpaged.service farpage@test.service farpage-front@test.service farpage-swap@test.service'
if grep -q '^#define HAVE_LIBSYSTEMD 1' "$FARPAGE_BUILDDIR/config.h"; then
    cp "$units/farpaged.socket" "$tmp/units"
    all="$all farpaged.socket"
    for unit in farpaged farpage-front@; do
        grep -qx Type=notify "$units/$unit.service" || fail "$unit tells, and nobody listens"
    done
else
    ! grep -E '^Type=notify|^Watchdog' "$units/farpaged.service" "$units/farpage-front@.service" || fail 'nobody tells'
    [ ! -e "$units/farpaged.socket" ] || fail 'the daemon cannot take sockets'
fi
for unit in $all; do
    said=$(systemd-analyze verify --man=no "$tmp/units/$unit" 2>&1) || fail "$unit: $said"
    [ -z "$said" ] || fail "$unit: $said"
done
# In tenths: how exposed it is at most. What it reads of the host's memory stays open.
said=$(systemd-analyze security --offline=true --threshold=20 "$tmp/units/farpaged.service" 2>&1) ||
    fail "the lender's unit is too open: $said"
# The front makes devices, and is real-time and root: it cannot be as closed.
said=$(systemd-analyze security --offline=true --threshold=36 "$tmp/units/farpage-front@test.service" 2>&1) ||
    fail "the front's unit is too open: $said"
! grep -E '^(ProcSubset|ProtectProc|PrivateDevices|PrivateTmp|ProtectHome=yes)' "$units/farpage-front@.service" ||
    fail 'it cannot make a device, or see who uses it'
! grep -E '^ProcSubset=pid|^RootDirectory|^RootImage' "$units/farpaged.service" ||
    fail 'it cannot read /proc/meminfo'

examples=$(dirname "$(find "$tmp/root" -name farpage-swap.env)")
farpaged --check-config --lend 1G --config "$examples/farpaged.conf" ||
    fail 'the example of a config file is wrong'
LENDER='' POOL='' PRIORITY='' DEVICE=''
# shellcheck source=/dev/null
. "$examples/farpage-swap.env"
[ "$LENDER/$POOL/$PRIORITY/$DEVICE" = 127.0.0.1:10809/default// ] || fail 'farpage-swap.env changed'
# What it speaks of is what the script reads, and nothing else.
sed -n 's/^#*\([A-Z]*\)=.*/\1/p' "$examples/farpage-swap.env" | sort >"$tmp/spoken"
sed -n 's/^# attach: \(.*\); see.*/\1/p' "$FARPAGE_SRCDIR/units/farpage-swap" | tr -d ' ' |
    tr , '\n' | sort >"$tmp/read"
cmp "$tmp/spoken" "$tmp/read" || fail 'farpage-swap and its example differ'

rules=$(find "$tmp/root" -name 60-farpage.rules)
case $rules in */lib/udev/rules.d/*) ;; *) fail "udev's rule is not where it looks: $rules" ;; esac
if udevadm verify --help >/dev/null 2>&1; then
    said=$(udevadm verify "$rules" 2>&1) || fail "udev's rule: $said"
fi

# The front and the plugin take their examples, and miss nothing but the lender.
parameters=$(sed -n 's/^PARAMETERS=//p' "$examples/farpage.env" | sed 's/:10809/:1/')
refused() {
    case $said in
    *'cannot open the pool of lender'*) ;;
    *) fail "$1: $said" ;;
    esac
}
# shellcheck disable=SC2086
said=$("$FARPAGE_BUILDDIR/run" nbdkit -U - farpage $parameters --run true 2>&1) &&
    fail 'there was a lender'
refused farpage.env
parameters=$(sed -n 's/^PARAMETERS=//p' "$examples/farpage-front.env" | sed 's/:10809/:1/')
# shellcheck disable=SC2086
said=$("$FARPAGE_BUILDDIR/run" farpage-front --listen "unix:$tmp/front" $parameters 2>&1) && fail 'there was a lender'
refused farpage-front.env
