#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The examples of the manual pages and of README.md work as they stand. They run as root of
# namespaces of their own, where the host "lender" is 192.0.2.10 and is this one. Those that need a
# kernel to swap are run by units-guest.sh; see docs-extract for the kinds.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires unshare ip ss podchecker nbd-client nbdinfo nbdcopy
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }

podchecker "$FARPAGE_SRCDIR"/docs/*.pod 2>"$tmp/pod" || fail "$(cat "$tmp/pod")"
mkdir "$tmp/examples" "$tmp/bin"
"$FARPAGE_SRCDIR/tests/docs-extract" "$tmp/examples"
[ "$(find "$tmp/examples" -type f | wc -l)" -ge 10 ] || fail 'hardly any example was found'

# "nbdkit farpage" means the plugin of this tree.
printf '#!/bin/sh\nPATH=%s\nexec "%s/run" nbdkit "$@"\n' "$PATH" "$FARPAGE_BUILDDIR" >"$tmp/bin/nbdkit"
chmod +x "$tmp/bin/nbdkit"
printf '127.0.0.1 localhost\n192.0.2.10 lender\n' >"$tmp/hosts"

cat >"$tmp/session" <<'SESSION'
set -eum
mount --bind "$tmp/hosts" /etc/hosts
mount -t tmpfs run /run
mkdir /run/farpage
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
ip addr add 192.0.2.11/32 dev lo
export PATH="$tmp/bin:$PATH"
listening() { ss -Hltx | wc -l; }
bad() { echo "$1: $2" >&2; cat "$1" "$tmp/said" >&2; exit 1; }
for example in "$tmp"/examples/*; do
    : >"$tmp/said"
    case $example in
    *-serve-anew-*)
        for job in $(jobs -p); do kill -- "-$job"; done
        while [ "$(listening)" -gt 0 ]; do sleep 0.05; done
        ;;
    esac
    case $example in
    *-serve-*)
        before=$(listening)
        sh -eu "$example" >>"$tmp/said" 2>&1 &
        tries=200
        until [ "$(listening)" -gt "$before" ]; do
            [ $((tries -= 1)) -gt 0 ] || bad "$example" 'it does not listen'
            sleep 0.05
        done
        ;;
    *-run-*) timeout 60 sh -eu "$example" >"$tmp/said" 2>&1 || bad "$example" "status $?" ;;
    *-c-*)
        cp "$example" "$tmp/example.c"
        # shellcheck disable=SC2086
        "${CC:-cc}" $san -Wall -Wextra -Werror -o "$tmp/example" -I "$FARPAGE_SRCDIR/client/include" "$tmp/example.c" \
            "$FARPAGE_BUILDDIR/client/.libs/libfarpage.so" $(sed -n 's/#include <ev.h>/-lev/p' "$example") >"$tmp/said" 2>&1 || bad "$example" 'compiling'
        LD_LIBRARY_PATH=$FARPAGE_BUILDDIR/client/.libs timeout 60 "$tmp/example" >"$tmp/said" 2>&1 ||
            bad "$example" "status $?"
        ;;
    *-config-*) farpaged --check-config --config "$example" >"$tmp/said" 2>&1 || bad "$example" config ;;
    *-env-*) grep -qE '^ *[A-Z]+=' "$example" || bad "$example" 'no variable' ;;
    *-syntax-* | *-guest-*) sh -n "$example" 2>"$tmp/said" || bad "$example" syntax ;;
    *) bad "$example" 'no such kind' ;;
    esac
    echo "${example##*/}"
done
SESSION
# A library built with sanitizers wants programs that are.
san=
if sanitized; then san=-fsanitize=address,undefined; fi
export tmp san
timeout 100 unshare -nmp --fork --kill-child bash "$tmp/session"
