#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whoever may connect, and does what he can with all that the lender tells him, does not
# become the owner unseen: either no page changes, or who comes back finds since= changed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
on_tmpfs
lender --lend 2M --pool a=1M --state-dir "$state/s" --log-level debug
raw "$tmp/lender.log" <<'PY'
import re
me = "b5e2c0aa-my-own"
def told():
    """All words that a stranger can have."""
    words = ["a"]
    for name in "a", "a?claim=x", "a?claim=%s" % me[:-1], "a@1", "", "none":
        for option in INFO, GO:
            try:
                words += [str(Conn().go(name, option).about)]
            except Refused as e:
                words += [e.words]
    words += [d.decode("latin1") for _, d in Conn().option(LIST)]
    c = Conn()
    c.option(8)
    words += [d.decode("latin1") for _, d in c.option(9, struct.pack(">I", 1) + b"a" + struct.pack(">I", 0))]
    return " ".join(words)
def tries():
    words = told()
    assert me not in words, words
    for word in set(re.findall(r"[\w.-]{1,64}", words)):
        yield "a?claim=" + word
        yield "a@" + word if word.isdigit() else "a?claim=" + word[::-1]
    yield "a?claim=usurper&force"
    yield "a"
owner = Conn("a?claim=" + me)
for name in list(tries()) + [owner.name.split(".")[0]]:
    for there in True, False:
        owner = Conn("a?claim=" + me)
        since = owner.about["since"]
        owner.write(0, page(1))
        if not there:
            owner.close()
            wait_for(lambda: not Conn("a").flags & FLAG_READ_ONLY)
        try:
            stranger = Conn(name)
            wrote = stranger.error(WRITE, 0, PAGE, 0, page(9)) == 0
        except (Refused, EOFError):
            wrote = False
        again = Conn("a?claim=%s&force" % me)
        right = again.read(0, PAGE) == page(1)
        assert right or again.about["since"] != since, "%s writes unseen" % name
        assert right != wrote
words = open(sys.argv[1]).read()
assert me not in words and owner.name.split(".")[1] not in words, "the log tells it"
PY
[ -z "$(find "$state/s" -perm /077)" ] || fail "others may read what is kept: $(ls -la "$state/s")"
