#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the process needs to be swapped onto: memory locked, and not too much of
# it; one heap; small stacks; no dumps; and plain words about what could not be had.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo setpriv
if grep -q "^#define FARPAGE_SANITIZED" "$FARPAGE_BUILDDIR/config.h"; then
    echo "what a sanitizer needs is not looked at" && exit 0
fi
lender --lend 1G --pool a=1G
borrower "lender=127.0.0.1:$port"
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF'
for i in range(64):
    h.pwrite(os.urandom(1 << 18), i << 18)
EOF
locked=$(sed -n 's/^Locked:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$borrower_pid/smaps_rollup")
# 1 GiB of pages have 256 KiB of records. The rest is what the manual page says. Of libraries this is the process'
# share: less while others have the same ones mapped.
[ "$locked" -gt 8000 ] || fail "only $locked KiB are locked"
[ "$locked" -le $((36 * 1024 + 256)) ] || fail "$locked KiB are locked"
# A log that grows too long for a file (ulimit -f) does not end it: signal 25, SIGXFSZ.
ignored=$(sed -n 's/^SigIgn:[^0-9a-f]*//p' "/proc/$borrower_pid/status")
[ $((0x$ignored >> 24 & 1)) = 1 ] || fail "SIGXFSZ would end it: it ignores $ignored"
# Its end would be that of every program whose pages are out.
if sh -c 'echo -1000 >/proc/self/oom_score_adj' 2>/dev/null; then
    [ "$(cat "/proc/$borrower_pid/oom_score_adj")" = -1000 ] || fail 'the OOM killer may end it'
else
    grep -q "the OOM killer may end this process.*CAP_SYS_RESOURCE" "$tmp/borrower.log" || fail 'no word of the OOM killer'
fi
kill "$borrower_pid"
wait "$borrower_pid" || true
# One that keeps pages itself is to be ended, before it takes the host's last memory.
own=$("$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/own" -P "$tmp/own.pid" farpage size=1M --run "cat /proc/\$(cat $tmp/own.pid)/oom_score_adj")
[ "$own" = "$(cat /proc/$$/oom_score_adj)" ] || fail "the OOM killer may not end one that keeps pages: $own"
prlimit --memlock=65536:65536 --pid $$
cat >"$tmp/unprivileged" <<EOF
setpriv --bounding-set -ipc_lock,-sys_resource,-sys_nice --inh-caps -all --reuid 65534 \
    --clear-groups "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/none" -P "$tmp/pid" \
    farpage lender=127.0.0.1:$port realtime=yes --run "nbdinfo \\\$uri >/dev/null; stat -c 'owner %u' /proc/\\\$(cat $tmp/pid)/environ"
EOF
chmod 777 "$tmp"
sh "$tmp/unprivileged" >"$tmp/out" 2>"$tmp/err" || true
# The kernel gives what belongs to a process that is not dumped to root.
grep -qx "owner 0" "$tmp/out" || fail "it may be dumped: $(cat "$tmp/out")"
for words in "cannot become an I/O flusher.*CAP_SYS_RESOURCE" "cannot lock memory.*CAP_IPC_LOCK" \
    "cannot get the real-time class.*CAP_SYS_NICE" "the OOM killer may end this process.*CAP_SYS_RESOURCE"; do
    grep -q "$words" "$tmp/err" || fail "no word of: $words; $(cat "$tmp/err")"
done
