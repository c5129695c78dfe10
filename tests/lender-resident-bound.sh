#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whatever is put and read, by many clients on several loops: never more than what is
# lent and 16 MiB are resident.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
sanitized && { echo "SKIPPED: a sanitizer's memory is not ours" >&2; exit 77; }
lender --lend 256M --threads 4 --pool a=128M,revocable --pool t=512M,thin,revocable
raw <<'PY'
def client(name, first, last):
    c = Conn(name)
    for at in range(first, last, MIB):
        c.error(WRITE, at, MIB, 0, b"x" * MIB)      # more than fits into t
        for i in range(256):                        # many at a time
            c.send(READ, at + i * PAGE, PAGE)
        for i in range(256):
            c.reply(PAGE)
threads = [threading.Thread(target=client, args=(name, first * MIB, (first + 16) * MIB))
           for name, size in (("a", 128), ("t", 512)) for first in range(0, size, 16)]
for t in threads:
    t.start()
for t in threads:
    t.join()
used = [int(Conn(x).about["used"]) for x in "at"]
assert used == [128 * MIB, 128 * MIB], used
PY
rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$lender_pid/status")
echo "at most $rss KiB were resident"
[ "$(lender_kib)" -eq $((256 * 1024)) ] || fail "$(lender_kib) KiB are shared"
[ "$rss" -le $(((256 + 16) * 1024)) ] || fail "$rss KiB were resident"
