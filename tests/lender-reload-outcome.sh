#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whoever has the file read again hears what came of it: the service manager in STATUS=, before
# READY=1 and until a reload goes well; and the caller of farpaged-reload, by its exit status and words.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
built_with LIBSYSTEMD
manager
common="listen = 127.0.0.1:0
reload-file = $tmp/outcome
lend = 64M"
printf '%s\n' "$common" 'pool = a=32M' >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
wait_for 10 told READY=1
reload_script=$FARPAGE_SRCDIR/units/farpaged-reload
asks() { # LINE...: with these instead of the pool
    printf '%s\n' "$common" "$@" >"$tmp/lender.conf"
    before=$(wc -l <"$tmp/told")
    "$reload_script" "$tmp/outcome" "$lender_pid" 2>"$tmp/said"
}
since() { tail -n +$((before + 1)) "$tmp/told"; }
said_in_order() { # WORDS
    since | tr '\n' ' ' | grep -q "^RELOADING=1 MONOTONIC_USEC=[0-9]* .*STATUS=[^=]*$1.* READY=1 *$"
}
refused() { # WORDS LINE...
    want=$1
    shift
    ! asks "$@" || fail "done: $*"
    grep -q "^farpaged-reload: failed: .*$want" "$tmp/said" || fail "\"$want\": $(cat "$tmp/said")"
    wait_for 10 said_in_order "the last reload went wrong: .*$want"
}
refused 'nothing changed: .*lend cannot change' 'lend = 128M' 'pool = a=32M'
refused 'nothing changed: .*lend = nonsense' 'lend = nonsense' 'pool = a=32M'
refused 'nothing changed: .*pool a cannot shrink' 'pool = a=16M'
refused 'nothing changed: .*reload-file cannot change' 'pool = a=32M' 'reload-file = /none'
# It stays in the status as long as that is so.
raw <<'PY'
Conn("a").write(0, random.randbytes(5 * MIB))
PY
wait_for 30 told 'STATUS=1 pool, .* 5 MiB in use; the last reload went wrong: .*reload-file.*'
asks 'pool = a=32M' 'pool = b=1M' || fail "refused: $(cat "$tmp/said")"
wait_for 10 said_in_order '2 pools, 33 of 64 MiB lent, 5 MiB in use'
since | grep -q 'went wrong' && fail "it still says so: $(since)"
# A file in place of which somebody left a link is not written to.
echo precious >"$tmp/precious"
rm "$tmp/outcome"
ln -s precious "$tmp/outcome"
kill -HUP "$lender_pid"
wait_for 10 grep -q 'cannot write reload-file' "$tmp/lender.log"
grep -qx precious "$tmp/precious" || fail 'it wrote through a link'
rm "$tmp/outcome"
ln "$tmp/precious" "$tmp/outcome"
kill -HUP "$lender_pid"
wait_for 10 grep -q 'cannot write reload-file .*: it has another hard link' "$tmp/lender.log"
grep -qx precious "$tmp/precious" || fail 'it wrote to what has another name'
end_lender "$lender_pid"
! "$reload_script" "$tmp/outcome" "$lender_pid" 2>"$tmp/said" || fail 'nobody is there, and it is done'
