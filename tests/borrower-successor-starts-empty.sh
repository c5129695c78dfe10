#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A new process has no records of its predecessor's pages: it flushes them, and
# refuses a client that comes back for them by the predecessor's name.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
lender --lend 16M --pool a=8M
borrower "lender=127.0.0.1:$port"
uri="nbd+unix:///?socket=$sock"
name=$(nbdinfo --json "$uri" | jq -r '.exports[0]."export-name"')
nbdsh_at "$uri" <<'EOF'
h.pwrite(2 * page(b"a"), 0)
EOF
[ "$(used a)" = 8192 ] || fail "used $(used a)"
kill -KILL "$borrower_pid"
wait "$borrower_pid" || true
borrower "lender=127.0.0.1:$port"
[ "$(used a)" = 0 ] || fail "the predecessor's pages stayed: $(used a)"
nbdsh_at "$uri" <<'EOF'
assert h.pread(8192, 0) == bytes(8192)
EOF
nbdinfo "nbd+unix:///$name?socket=$sock" >/dev/null 2>&1 && fail "the old name is still served"
# The front has a thread for its log.
wait_for 10 grep -q "has ended, and the pages with it" "$tmp/borrower.log"
[ "$(nbdinfo --list --json "$uri" | jq -r '.exports[0]."export-name"')" != "$name" ]
