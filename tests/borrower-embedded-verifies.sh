#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Without lender= the pages are in nbdkit's own process, any alignment.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdinfo
borrower size=16M
python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 1
