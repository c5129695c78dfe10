#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Its log is not its life: when nobody reads stderr any more, because the reader
# died or stands still, the lender goes on and keeps its pages.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for reader in dies stands-still; do
    mkfifo "$tmp/$reader"
    : >"$tmp/lender.log"
    # The reader lives until the lender listens, or longer without reading.
    (
        exec <"$tmp/$reader"
        while read -r line; do
            echo "$line" >>"$tmp/lender.log"
            case $line in *listening*) break ;; esac
        done
        [ $reader = dies ] || exec sleep 60
    ) &
    reader_pid=$!
    cleanup "kill $reader_pid 2>/dev/null"
    farpaged --listen 127.0.0.1:0 --lend 1M --pool a=1M --log-level debug 2>"$tmp/$reader" &
    lender_pid=$!
    cleanup "end_lender $lender_pid"
    wait_for 10 grep -q listening "$tmp/lender.log"
    port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$tmp/lender.log")
    [ $reader != dies ] || wait $reader_pid
    raw <<'PY' || fail "the reader of its log $reader, and the lender does not work"
c = Conn("a?claim=me")
c.write(0, page(0))
for _ in range(2000):       # each a line in the log, or two
    Conn("a").close()
    assert c.read(0, PAGE) == page(0)
PY
    kill -0 "$lender_pid" || fail "it is gone"
    kill "$lender_pid"
    wait "$lender_pid" || fail "it ended with status $?"
done
