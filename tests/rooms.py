# SPDX-License-Identifier: BSD-2-Clause
"""rooms.py TREE: steps up between rooms, a line "up: FILE HEADER" each, and circles of modules (a .c and
its .h are one), "circle: MODULE MODULE..."; sorted."""
import pathlib
import re
import sys

# From below; each may include those before it, and the lender and the borrower nothing of each other. A face
# has the NBD server in it.
LENDER = ("common store server/memory nbd/net nbd/protocol nbd/serve server/system server/pool "
          "server/config server").split()
BORROWER = ("common store client/include client/seal client/core client/link client/engine "
            "client/lenders client program plugin").split()
FACE = "common nbd/net nbd/protocol nbd/serve face".split()
FRONT = BORROWER[:-1] + ["face", "front"]

tree = pathlib.Path(sys.argv[1])
rooms = dict.fromkeys(LENDER + BORROWER + FACE + FRONT)
files = sorted(f for room in rooms for f in (tree / room).glob("*.[ch]"))
headers = {}
for f in files:
    if f.suffix == ".h":
        headers.setdefault(f.name, []).append(f)


def name(f):
    return str(f.relative_to(tree))


def room(f):
    return str(f.parent.relative_to(tree))


def side(f):
    return next(side for side in (BORROWER, LENDER, FACE, FRONT) if room(f) in side)


def target(f, include):
    """The header that F means: its room's, or that of the side it is on."""
    found = headers.get(include, [])
    return next((h for h in found if h.parent == f.parent),
                next((h for h in found if room(h) in side(f)), found[0] if found else None))


def is_up(f, h):
    return room(h) not in side(f) or side(f).index(room(h)) > side(f).index(room(f))


def circles(edges):
    """Tarjan's."""
    number, low, stack, found = {}, {}, [], []

    def visit(v):
        number[v] = low[v] = len(number)
        stack.append(v)
        for w in edges[v]:
            if w not in number:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == number[v]:
            at = stack.index(v)
            found.append(sorted(stack[at:]))
            del stack[at:]

    for v in edges:
        if v not in number:
            visit(v)
    return [c for c in found if len(c) > 1]


lines, edges = [], {}
for f in files:
    module = name(f.with_suffix(""))
    edges.setdefault(module, set())
    for include in re.findall(r'^\s*#\s*include "([^"]+)"', f.read_text(), re.M):
        h = target(f, include)
        if not h:
            continue
        if is_up(f, h):
            lines.append("up: %s %s" % (name(f), name(h)))
        if name(h.with_suffix("")) != module:
            edges[module].add(name(h.with_suffix("")))
for module in list(edges):
    for other in edges[module]:
        edges.setdefault(other, set())
for line in sorted(lines + ["circle: " + " ".join(c) for c in circles(edges)]):
    print(line)
