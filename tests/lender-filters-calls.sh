#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# When it serves, every thread is under the filter of system calls and can gain no
# rights; --seccomp off does without the filter. (What it refuses: unit/test-filter.)
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
if ! farpaged --check-config --lend 1M --seccomp on >"$tmp/on" 2>&1; then
    grep -q 'seccomp on: this farpaged was built without libseccomp' "$tmp/on" || fail "$(cat "$tmp/on")"
    echo 'SKIPPED: built without libseccomp, or with sanitizers' >&2
    exit 77
fi
all_have() { # LINE
    for task in "/proc/$lender_pid/task"/*; do
        tr '\t' ' ' <"$task/status" | grep -qx "$1" || fail "$task: no $1: $(cat "$task/status")"
    done
}
for filter in on off ''; do
    lender --threads 3 --lend 1M --pool a=1M ${filter:+--seccomp "$filter"}
    nbdinfo "nbd://127.0.0.1:$port/a" >/dev/null || fail 'it does not serve'
    [ "$(find "/proc/$lender_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail 'no threads'
    if [ "$filter" = off ]; then all_have 'Seccomp: 0'; else all_have 'Seccomp: 2'; fi
    all_have 'NoNewPrivs: 1'
    end_lender "$lender_pid"
done
