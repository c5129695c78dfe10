#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A host that is short of memory takes no page more, whatever is reserved, and no
# pool grows; what is there can be put and got. When it is over all is as before.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
ram=$(all_ram)
common='listen = 127.0.0.1:0
lend = 64M'
pools='pool = a=8M
pool = t=8M,thin'
short="keep-free = $ram" plenty='keep-free = 0'
printf '%s\n' "$common" "$plenty" "$pools" >"$tmp/lender.conf"
lender --config "$tmp/lender.conf"
takes() { raw "$@" <<'PY'; }
error, generation = int(sys.argv[1]), int(sys.argv[2])
for name in "at":
    c = Conn(name)
    for n in range(8):      # these are there
        c.write(n * PAGE, page(n, generation))
        assert c.read(n * PAGE, PAGE) == page(n, generation)
    for n in range(8, 12):  # these are not
        assert c.error(WRITE, n * PAGE, PAGE, 0, page(n)) == error, n
        assert c.error(ZERO, n * PAGE, PAGE, NO_HOLE) == error, n
        assert c.read(n * PAGE, PAGE) == bytes(PAGE)
        c.trim(n * PAGE, PAGE)
PY
raw <<'PY'
for name in "at":
    Conn(name).write(0, b"x" * (8 * PAGE))
PY
says() { # WORDS
    case $words in
    *"$1"*) ;;
    *) fail "no \"$1\" in: $words" ;;
    esac
}
takes 0 1
reload "$common" "$short" "$pools"
says "memory: short, no more pages are taken"
takes 28 2
for more in 'pool = a=9M' 'pool = t=9M,thin'; do
    reload "$common" "$short" "$(echo "$pools" | grep -v "${more%=*}=")" "$more"
    says "nothing changed: pool $(echo "$more" | sed 's/.*= \(.\)=.*/\1/') cannot be added or grow"
done
reload "$common" "$short" "$pools" 'pool = new=4K'
says "nothing changed: pool new cannot be added or grow while this host is short of memory"
reload "$common" "$short" 'pool = a=8M' 'drop-pool = t' # to take one away is fine
says "read again"
kill -USR1 "$lender_pid"
wait_for 10 grep -q 'memory: short.* refused by lend 0, refused by pressure 16,' "$tmp/lender.log"
reload "$common" "$plenty" 'pool = a=8M'
says "read again"
wait_for 60 grep -q "memory: no shortage" "$tmp/lender.log"
reload "$common" "$plenty" 'pool = a=9M' 'pool = t=8M,thin'
says "read again"
raw <<'PY'
Conn("t").write(0, b"x" * (8 * PAGE))
PY
takes 0 3
