#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A name with several addresses, of which the lender listens on one: the borrower
# finds it, also when it comes back on another.
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
# With a hosts file of its own.
[ -n "${OWN_HOSTS-}" ] || OWN_HOSTS=yes exec unshare -m "$0" "$@"
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
printf '127.0.0.%s localhost twice\n' 1 2 >"$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts
[ "$(getent ahosts twice | grep -c STREAM)" = 2 ] || fail "$(getent ahosts twice)"
lender --lend 16M --pool a=8M
first_port=$port
borrower "lender=twice:$port" deadline=5000
for next in 2 1; do
    nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
h.pwrite(page(b"a"), 0)
assert h.pread(4096, 0) == page(b"a")
EOF
    kill -KILL "$lender_pid"
    wait "$lender_pid" || true
    lender --listen "127.0.0.$next:$first_port" --lend 16M --pool a=8M
done
