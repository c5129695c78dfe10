#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# With tls-psk a client needs a key of the file, and a pool with an owner is for that
# owner alone: others are not told that it exists.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires psktool nbdinfo
with_tls
for name in alice bob alic alice2 ALICE; do psktool -u $name -p "$tmp/keys" >/dev/null 2>&1; done
psktool -u mallory -p "$tmp/others" >/dev/null 2>&1
sed 's/^mallory/alice/' "$tmp/others" >"$tmp/forged"
chmod o= "$tmp/keys"
pools='--lend 8M --pool hers=1M,owner=alice --pool his=1M,owner=bob --pool any=1M'
# shellcheck disable=SC2086
lender --tls-psk "$tmp/keys" $pools
cat >"$tmp/client.py" <<'PY'
import nbd, sys
port, tmp = sys.argv[1:3]
def dial(user, export, file="keys", opt=False):
    h = nbd.NBD()
    h.set_tls(nbd.TLS_REQUIRE)
    h.set_tls_username(user)
    h.set_tls_psk_file(tmp + "/" + file)
    h.set_export_name(export)
    h.set_full_info(True)
    h.set_opt_mode(opt)
    h.connect_tcp("127.0.0.1", port)
    return h
def refused(*args):
    try:
        dial(*args).pread(1, 0)
    except nbd.Error as e:
        return str(e)
    raise SystemExit("%s was let in" % (args,))
def listed(user):
    names, h = [], dial(user, "", opt=True)
    h.opt_list(lambda name, about: names.append(name) and 0)
    return sorted(names)
PY
PYTHONPATH=$tmp python3_nbd - "$port" "$tmp" <<'PY' || fail 'owners'
from client import *
data = b"alice's" * 100
h = dial("alice", "hers?claim=alice")
h.pwrite(data, 5)
assert h.pread(len(data), 5) == data
assert listed("alice") == ["any", "hers"], listed("alice")
assert listed("bob") == ["any", "his"], listed("bob")
name = h.get_canonical_export_name()
words = refused("bob", "hers")
assert words == refused("bob", "none").replace("none", "hers"), words
for how in "hers?claim=bob", "hers?claim=bob&force", "hers?claim=alice", name[:-1] + "x", name.split(".")[0], "hers@%d" % (2**64 - 1):
    refused("bob", how)
# The first pool is the first of one's own.
b = dial("bob", "")
assert b.pread(len(data), 5) == bytes(len(data))
b.pwrite(b"bob", 0)
assert dial("bob", "his").pread(3, 0) == b"bob"
assert dial("alice", "").pread(len(data), 5) == data
# Contexts and infos of another's pool are not told either.
b = dial("bob", "hers", opt=True)
b.add_meta_context("base:allocation")
for ask in b.opt_info, lambda: b.opt_list_meta_context(lambda name: 0):
    try:
        ask()
    except nbd.Error:
        continue
    raise SystemExit("bob was told of hers")
# Not by half a name, nor by more than one.
for user in "alic", "alice2", "ALICE":
    refused(user, "hers")
    assert listed(user) == ["any"], listed(user)
refused("mallory", "any")
refused("mallory", "any", "others")
refused("alice", "any", "forged")
assert h.pread(len(data), 5) == data
PY
# In the open, where that is allowed, nobody is anybody.
# shellcheck disable=SC2086
lender --tls allow --tls-psk "$tmp/keys" $pools
raw <<'PY'
assert refused("hers") == refused("none")[:1] + ("there is no pool hers",), refused("hers")
c = Conn("any")
c.write(0, page(1))
names = [d[4:].decode() for k, d in Conn().option(LIST) if k == SERVER]
assert names == ["any"], names
assert Conn("").size == MIB
PY
PYTHONPATH=$tmp python3_nbd - "$port" "$tmp" <<'PY' || fail 'with --tls allow'
from client import *
dial("alice", "hers").pwrite(b"x", 0)
PY
# What is wrong with a file is said, and where.
wrong() { # words
    ! farpaged --check-config --tls-psk "$tmp/wrong" >"$tmp/said" 2>&1 || fail "no error: $1"
    grep -q "$1" "$tmp/said" || fail "not '$1' but $(cat "$tmp/said")"
}
: >"$tmp/wrong"
chmod o+r "$tmp/wrong"
wrong 'everybody can read it'
chmod o= "$tmp/wrong"
wrong 'it has no key'
printf '# a remark\nalice\n' >"$tmp/wrong"
wrong 'wrong:2: write IDENTITY:HEXKEY'
echo 'alice:00112233445566778899aabbccddeefg' >"$tmp/wrong"
wrong 'wrong:1: the key is not hexadecimal'
echo 'alice:0011' >"$tmp/wrong"
wrong 'wrong:1: a key has at least 16 bytes'
cat "$tmp/keys" "$tmp/keys" >"$tmp/wrong"
wrong 'wrong:6: this identity already has a key'
rm "$tmp/wrong"
wrong 'wrong: No such file'
