#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP refuses what cannot change and what is wrong, in clear words; then
# nothing has changed, also not what it could have changed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
cat >"$tmp/good.conf" <<CONF
listen = 127.0.0.1:0
lend = 32M
threads = 1
pid-file = $tmp/pid
log-level = info
pool = a=4M
pool = b=4M
pool = t=4M,thin
CONF
cp "$tmp/good.conf" "$tmp/lender.conf"
lender --config "$tmp/lender.conf"
raw "$tmp/stop" <<'PY' &
witness = Witness("b")
wait_for(lambda: os.path.exists(sys.argv[1]), 60)
witness.finish()
PY
python=$!
wait_for 10 grep -q 'opens pool b' "$tmp/lender.log"
refuses() { # WORDS SED: and the pool that comes with it is not added
    reload "$(sed "$2" "$tmp/good.conf")" 'pool = new=4K'
    case $words in
    *"nothing changed"*"$1"*) ;;
    *) fail "for \"$1\": $words" ;;
    esac
    raw <<'PY'
c = Conn()
names = [data[4:] for kind, data in c.option(LIST) if kind == SERVER]
assert names == [b"a", b"b", b"t"], names
assert [Conn(x).size for x in "abt"] == [4 * MIB] * 3
PY
}
refuses "listen cannot change" 's/^listen.*/listen = 127.0.0.1:1/'
refuses "listen cannot change" "\$a listen = 127.0.0.1:1"
refuses "busy-poll cannot change" '/^threads/a busy-poll = 5'
refuses "threads cannot change" '/^threads/s/1/2/'
refuses "log-level cannot change" s/info/debug/
refuses "lend cannot change" s/32M/33M/
refuses "pid-file cannot change" '/^pid-file/d'
refuses "user cannot change" "\$a user = nobody"
# Where it is built without, it was off before.
! farpaged --check-config --lend 1M --seccomp on >"$tmp/on" 2>&1 ||
    refuses "seccomp cannot change" "\$a seccomp = off"
refuses "pool a cannot shrink" s/a=4M/a=2M/
refuses "pool t cannot change to or from thin" s/,thin//
refuses "pool a cannot change to or from thin" s/a=4M/a=4M,thin/
refuses "pool a cannot change to or from revocable" s/a=4M/a=4M,revocable/
refuses "pool b is in use and cannot be removed" /b=4M/d
refuses "only 32M is lent" s/a=4M/a=29M/
refuses "pool = a=x" s/a=4M/a=x/
refuses "no such option" "\$a colour = red"
refuses "already is a pool" "\$a pool = t=4M"
refuses "a is given as pool and as drop-pool" "\$a drop-pool = a"
refuses "write the name of a pool" "\$a drop-pool = ?"
rm "$tmp/lender.conf"
kill -HUP "$lender_pid"
wait_for 10 grep -q 'nothing changed: cannot read' "$tmp/lender.log"
: >"$tmp/stop"
wait $python
end_lender "$lender_pid"
lender --lend 4M
kill -HUP "$lender_pid"
wait_for 10 grep -q 'nothing changed: no --config' "$tmp/lender.log"
