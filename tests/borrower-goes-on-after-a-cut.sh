#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The connection to the lender is cut, many times, in the middle of traffic:
# the link claims again and goes on, nobody sees an error or a wrong byte.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo socat
lender --lend 32M --pool a=16M --listen "unix:$tmp/lender.sock"
relay
borrower "lender=unix:$tmp/relay.sock"
python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 3 &
model_pid=$!
cut_while $model_pid
wait $model_pid || fail 'the model saw something wrong'
