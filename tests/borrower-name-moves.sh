#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender comes back, with its pages, at another address: its name is looked up again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/names.sh"
requires nbdkit nbdinfo
on_tmpfs
names '127.0.0.1 mover'
lender --lend 16M --pool a=8M --state-dir "$state"
first_port=$port
borrower "lender=mover:$port" deadline=30000
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
h.pwrite(page(b"a"), 0)
PY
kill "$lender_pid"
wait "$lender_pid" || fail 'the lender did not end well'
names '127.0.0.2 mover'
lender --listen "127.0.0.2:$first_port" --lend 16M --pool a=8M --state-dir "$state"
nbdsh_at "nbd+unix:///?socket=$sock" <<'PY'
assert h.pread(4096, 0) == page(b"a")
PY
