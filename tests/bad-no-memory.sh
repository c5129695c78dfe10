#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# More than there is: of the host's memory, or of what the process may have. It
# says so at the start, or of the pool that was to come, and the rest goes on.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires prlimit
kib=$(sed -n 's/^MemTotal:[^0-9]*\([0-9]*\) kB/\1/p' /proc/meminfo)
refused() { # WORDS COMMAND...
    words=$1
    shift
    status=0
    timeout 10 "$@" --listen 127.0.0.1:0 2>"$tmp/err" || status=$?
    [ $status = 1 ] || fail "$*: status $status: $(cat "$tmp/err")"
    grep -qF -- "$words" "$tmp/err" || fail "$*: no \"$words\" in: $(cat "$tmp/err")"
    ! grep -q listening "$tmp/err" || fail "$*: it listened"
}
refused "lend = $((kib + 4))K: this host has only $((kib / 1024)) MiB" farpaged --lend $((kib + 4))K
refused "raise lend, shrink a pool, or make one thin" farpaged --pool "a=$((kib + 4))K"
timeout 10 farpaged --check-config --lend "${kib}K" >/dev/null || fail "all that there is is refused"
sanitized && { echo "SKIPPED: the rest, ASan needs more than it may have" >&2; exit 77; }
refused "pool a: no memory for 1024 MiB: Cannot allocate memory" \
    prlimit --as=268435456 farpaged --lend 1G --pool a=1G
# A pool as large as no map can be.
refused "pool a: no memory" farpaged --lend 1M --pool a=7000P,thin
common='listen = 127.0.0.1:0
lend = 2G
pool = a=16M'
echo "$common" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
prlimit --pid "$lender_pid" --as=268435456
raw "$tmp/go" <<'PY' &
witness = Witness("a")
wait_for(lambda: os.path.exists(sys.argv[1]))
witness.finish()
PY
witness=$!
for pool in 'pool = b=1G' 'pool = b=1G,thin'; do
    reload "$common" "$pool"
    case $words in
    *"pool b: no memory"*"again, except for pool b, see the log"*) ;;
    *) fail "$pool: $words" ;;
    esac
done
reload "$(echo "$common" | sed s/16M/1G/)"
case $words in
*"pool a: no memory"*"again, except for pool a, see the log"*) ;;
*) fail "grown: $words" ;;
esac
[ "$(used a)" -ge 0 ] || fail "it does not answer"
: >"$tmp/go"
wait $witness || fail "the client that it had did not go on"
