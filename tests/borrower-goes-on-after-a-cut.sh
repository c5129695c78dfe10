#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The connection to the lender is cut, many times, in the middle of traffic:
# the link claims again and goes on, nobody sees an error or a wrong byte.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo socat
lender --lend 32M --pool a=16M --listen "unix:$tmp/lender.sock"
relay() {
    rm -f "$tmp/relay.sock"
    socat "UNIX-LISTEN:$tmp/relay.sock,fork" "UNIX-CONNECT:$tmp/lender.sock" 2>/dev/null &
    relay_pid=$!
}
relay
# shellcheck disable=SC2016
cleanup 'pkill -P $relay_pid; kill $relay_pid'
wait_for 10 test -S "$tmp/relay.sock"
borrower "lender=unix:$tmp/relay.sock"
python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 3 &
model_pid=$!
cuts=0
opened() { grep -c 'opens pool a.*as its owner' "$tmp/lender.log"; }
while kill -0 $model_pid 2>/dev/null; do
    before=$(opened)
    pkill -P $relay_pid || true
    kill $relay_pid
    wait $relay_pid || true
    relay
    cuts=$((cuts + 1))
    # The next cut hits a link that is up again.
    while [ "$(opened)" = "$before" ] && kill -0 $model_pid 2>/dev/null; do sleep 0.02; done
    sleep 0.05
done
wait $model_pid || fail "after $cuts cuts"
[ "$(opened)" -ge 3 ] || fail "the connection was never cut: $(opened) openings, $cuts cuts"
