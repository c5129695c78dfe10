#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is not the pool that is wanted, or no pool, or no good place for one, is refused in
# words that say the way out. It stays as it is, and the same pages are there afterwards.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
dir=$state/kept
file=$dir/a.pool
options="--listen 127.0.0.1:0 --lend 8M"
lender --lend 8M --pool a=4M --state-dir "$dir"
raw <<'PY'
Conn("a?claim=me").write(0, page(1) + page(2))
PY
end_lender "$lender_pid"
sum() {
    {
        stat -c '%n %s %a %N' "$dir"/*
        [ ! -f "$file" ] || head -c 1M "$file"
    } 2>/dev/null | sha256sum
}

refuses() { # WORDS OPTION...
    want=$1
    shift
    before=$(sum)
    # shellcheck disable=SC2086
    timeout 20 farpaged $options "$@" 2>"$tmp/said" && fail "it ended well: $*"
    [ $? = 1 ] || fail "\"$want\": another status than 1: $(cat "$tmp/said")"
    tail -1 "$tmp/said" | grep -q "error: .*$want" || fail "\"$want\": $(cat "$tmp/said")"
    [ "$(sum)" = "$before" ] || fail "\"$want\": it changed something"
}
refuses_file() { # WORDS
    refuses "a.pool: $1; to go on without its pages, remove that file" --pool a=4M --state-dir "$dir"
}
refuses 'a.pool: it has 4 MiB, and cannot shrink to 3' --pool a=3M --state-dir "$dir"
refuses 'cannot change to or from thin' --pool a=4M,thin --state-dir "$dir"
refuses 'a.pool: it holds 8 KiB of pages and is not configured; .*drop-pool = a' --pool b=4M --state-dir "$dir"

poke() { printf '%b' "$2" | dd of="$file" bs=1 seek="$1" conv=notrunc status=none; }
damaged() { # WORDS OFFSET: with another byte there
    good=$(od -An -tu1 -j "$2" -N 1 "$file")
    poke "$2" "\\0$(printf %o $((good ^ 255)))"
    refuses_file "$1"
    poke "$2" "\\0$(printf %o "$((good))")"
}
damaged "it is not a pool of farpaged" 0
damaged 'it is of version .*, this farpaged.s is 1' 8
damaged 'its pages are of .* bytes, ours of 4096' 12
damaged 'its label is damaged' 16
damaged 'its label is damaged' 24
at=$(head -c 4096 "$file" | grep -abo me | tail -1 | cut -d: -f1)
damaged 'its label is damaged' "$at"
damaged 'its pages are not what its label says' 4103 # a lane
size=$(stat -c %s "$file")
truncate -s $((size + 4096)) "$file" && printf x | dd of="$file" bs=1 seek="$size" conv=notrunc status=none
refuses_file 'its pages are not what its label says'
truncate -s "$size" "$file"
cp "$file" "$tmp/copy" --sparse=always
mv "$file" "$dir/real"
cp "$tmp/copy" "$file" --sparse=always && chmod 600 "$file"
refuses_file 'it is a copy, and may lack what was put since'
: >"$file" && refuses_file "it is not a pool of farpaged"
rm "$file" && ln -s real "$file" && refuses_file 'it is a symbolic link'
rm "$file" && mkfifo -m 600 "$file" && refuses_file 'it is not a regular file'
rm "$file" && mkdir "$file" && refuses_file ".*directory"
rmdir "$file" && ln "$dir/real" "$file" && refuses_file 'it has another hard link'
rm "$file" && mv "$dir/real" "$file"
chmod 640 "$file" && refuses_file 'users other than its owner may access it'
chmod 600 "$file"
mv "$file" "$dir/b.pool"
refuses 'b.pool: it is the pool a' --pool b=4M --state-dir "$dir"
mv "$dir/b.pool" "$file"
[ "$(id -u)" != 0 ] || {
    chown 65534 "$file" && refuses_file 'it belongs to another user' && chown 0 "$file"
    chown 65534 "$dir" && refuses 'kept: it belongs to another user' --pool a=4M --state-dir "$dir"
    chown 0 "$dir"
    mkdir "$tmp/small" && mount -t tmpfs -o size=4m,mode=700 none "$tmp/small" && {
        cleanup "umount $tmp/small"
        refuses 'room for 4 MiB, and lend needs 9 MiB; mount' --pool a=4M --state-dir "$tmp/small"
    }
}
chmod 770 "$dir" && refuses 'kept: other users may write there' --pool a=4M --state-dir "$dir"
chmod 700 "$dir"
ln -s "$dir" "$state/link"
refuses 'not a directory, or is a symbolic link' --pool a=4M --state-dir "$state/link"
refuses 'No such file' --pool a=4M --state-dir "$state/none/none"
refuses 'state-dir : write a path' --state-dir ''
case $(stat -f -c %T "$tmp") in
tmpfs) ;;
*) mkdir "$tmp/disk" && refuses 'it is not on a tmpfs' --pool a=4M --state-dir "$tmp/disk" ;;
esac
lender --lend 8M --pool a=4M --state-dir "$dir"
refuses 'another farpaged uses it' --pool a=4M --state-dir "$dir"
raw <<'PY'
a = Conn("a")
assert a.read(0, 3 * PAGE) == page(1) + page(2) + bytes(PAGE)
PY
