#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A write and a trim that nbdfault keeps come to the lender on their old connection, when
# another is there: they land where nobody claimed the pool, and are fenced where somebody did.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
lender --lend 2M --pool a=1M
faults
raw <<'PY'
def stuck(name, what, again, landed, got):
    old = Conn(name)
    old.write(0, page(0))
    fault("stuck " + what.split()[0])
    if what == "trim":
        old.send(TRIM, 0, PAGE)
    else:
        old.send(WRITE, 0, PAGE, 0, page(1))
        old.send(WRITE, PAGE, PAGE, 0, page(1))
    fault("wait")
    if what != "write of who stays":
        old.close()
        wait_for(lambda: "old=1" in fault("status"))
    new = Conn(again)
    new.write(0, page(2))
    assert new.read(0, PAGE) == page(2)
    assert fault("release") == landed
    assert new.read(0, PAGE) == got
    new.close()
    old.close()

stuck("a", "write", "a", "ok landed=2 refused=0 hung-up=0", page(1))
stuck("a", "write of who stays", "a", "ok landed=2 refused=0 hung-up=0", page(1))
stuck("a", "trim", "a", "ok landed=1 refused=0 hung-up=0", bytes(PAGE))
stuck("a?claim=me", "write", "a?claim=me", "ok landed=0 refused=0 hung-up=2", page(2))
stuck("a?claim=me", "write of who stays", "a?claim=me", "ok landed=0 refused=0 hung-up=2", page(2))
stuck("a?claim=me", "trim", "a?claim=me", "ok landed=0 refused=0 hung-up=1", page(2))
PY
