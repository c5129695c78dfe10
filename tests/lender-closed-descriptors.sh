#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whatever standard descriptors it is started without: none becomes a page, a socket or a kept
# pool, and no line of the log is written over one; also after a reload and with --state-dir.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
standard() { # all three are there, and none is ours
    for fd in 0 1 2; do
        case $(readlink "/proc/$lender_pid/fd/$fd") in /dev/null | "$tmp"/*) ;; *) return 1 ;; esac
    done
}
n=0
for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 2>&-' '1>&- 2>&-' '0<&- 1>&- 2>&-'; do
    n=$((n + 1))
    printf '%s\n' "listen = unix:$tmp/sock" 'lend = 16M' 'pool = a=4M' "state-dir = $state/$n" \
        'log-level = debug' >"$tmp/lender.conf"
    [ $((n % 2)) = 0 ] || sed -i /state-dir/d "$tmp/lender.conf"
    eval "farpaged --config $tmp/lender.conf </dev/null >/dev/null 2>$tmp/lender.log $closed &"
    lender_pid=$!
    cleanup "end_lender $lender_pid"
    wait_for 10 test -S "$tmp/sock"
    wait_for 10 standard
    echo 'pool = b=4M' >>"$tmp/lender.conf"
    kill -HUP "$lender_pid"
    port=0 raw "$tmp/sock" <<'PY' || fail "started with $closed"
sock = sys.argv[1]
wait_for(lambda: not refused("b", to=sock), 10)
put = {(pool, n): page(n) for pool in "ab" for n in range(1, 17)}
for (pool, n), data in put.items():
    Conn(pool, to=sock).write((n - 1) * PAGE, data)
for _ in range(60):         # each a line of the log, or two
    Conn("a", to=sock).close()
for (pool, n), data in put.items():
    assert Conn(pool, to=sock).read((n - 1) * PAGE, PAGE) == data, (pool, n)
PY
    standard || fail "started with $closed: $(ls -l "/proc/$lender_pid/fd")"
    end_lender "$lender_pid"
done
