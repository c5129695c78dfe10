#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A config file says what options say; the command line wins over it.
# --check-config says that it is fine and starts nothing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
conf=$tmp/good.conf
cat >"$conf" <<CONF
# a remark
; another one
listen = 127.0.0.1:0
listen=unix:$tmp/sock
  
lend = 1.5M ; of all
pool = a=1M
pool = b=1M,thin
threads = 2
pid-file = $tmp/pid
log-level = warn
CONF
[ "$(farpaged --config "$conf" --check-config)" = "farpaged: the configuration is fine" ] || fail "a good one"
[ ! -e "$tmp/pid" ] || fail "--check-config wrote a pid-file"
[ ! -e "$tmp/sock" ] || fail "--check-config listened"
lender --config "$conf" --log-level info
raw "$lender_pid" "$tmp/sock" <<'PY'
a, b = Conn("a"), Conn("b", to=sys.argv[2])
assert (a.size, b.size) == (MIB, MIB)
b.write(0, bytes([1]) * (MIB // 2))
assert b.error(WRITE, MIB // 2, 1, 0, b"x") == ENOSPC, "of the 1.5M that are lent"
assert len(os.listdir("/proc/%s/task" % sys.argv[1])) == 2
PY
wait_for 10 grep -qx "$lender_pid" "$tmp/pid"
end_lender "$lender_pid"
# The command line wins, and what it replaces must be right all the same.
lender --config "$conf" --log-level info --pool only=4K --listen 127.0.0.1:0
raw <<'PY'
assert [d[4:] for k, d in Conn().option(LIST) if k == SERVER] == [b"only"]
PY
farpaged --config "$conf" --check-config --lend 512K 2>"$tmp/err" && fail "512K are enough?"
grep -q 'only 512K is lent' "$tmp/err" || fail "$(cat "$tmp/err")"
farpaged --config "$conf" --check-config --lend 512K --pool a=512K >/dev/null || fail "512K are not enough"
