#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender that keeps its pools is started anew, many times, in the middle of
# traffic, after it ended or was killed: the borrower sees no error, no wrong byte.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
on_tmpfs
lender --lend 32M --pool a=16M --state-dir "$state"
first_port=$port
borrower "lender=127.0.0.1:$port"
: >"$tmp/more"
{
    while [ -e "$tmp/more" ]; do
        python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 5 || exit
        # The next model begins with zeros.
        nbdsh_at "nbd+unix:///?socket=$sock" <<'PY' || exit
h.trim(h.get_size(), 0)
PY
    done
} &
model_pid=$!
for how in TERM KILL TERM KILL TERM KILL TERM KILL; do
    kill -0 $model_pid 2>/dev/null || break
    kill -$how "$lender_pid"
    wait "$lender_pid" || [ $how = KILL ] || fail "SIG$how: status $?"
    lender --listen "127.0.0.1:$first_port" --lend 32M --pool a=16M --state-dir "$state"
    # The next one hits a borrower that is back.
    while ! grep -q 'opens pool a.*as its owner' "$tmp/lender.log" && kill -0 $model_pid 2>/dev/null; do
        sleep 0.02
    done
    sleep 0.05
done
rm "$tmp/more"
wait $model_pid || fail "an error or wrong bytes"
