# SPDX-License-Identifier: BSD-2-Clause
"""What the comparisons share: starting servers, loading them with nbdload in
turns (A B C A B C), medians, one table with ratios to the reference, the gate.

A comparison makes Peers, the reference among them, and hands them to compare()."""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

START_SECONDS = 15
MODES = ("read", "write", "mixed")
FIELDS = ("iops", "p50_us", "p99_us", "p999_us", "own_cpu_us")


class Failed(Exception):
    """Something broke; the message says what, and is all the user sees."""


class Peer:
    """A server under test. pids: first the process compared, then what stands
    behind it, each with a name for the table."""

    def __init__(self, name, address, export, pids):
        self.name, self.address, self.export, self.pids = name, address, export, pids


class House:
    """Starts processes and ends them, last in first out, whatever happens."""

    def __enter__(self):
        self.pids = []
        self.dir = tempfile.mkdtemp(prefix="farpage-bench-")
        self.shm = tempfile.mkdtemp(prefix="farpage-bench-", dir="/dev/shm")
        for name in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, lambda number, frame: sys.exit(128 + number))
        return self

    def __exit__(self, *what):
        for pid in reversed(self.pids):
            end_process(pid)
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.shm, ignore_errors=True)

    def start(self, name, address, command, pid_file=None):
        """Starts COMMAND and waits until it accepts connections; returns its pid.
        With pid_file it goes to the background and says there who it is."""
        log = os.path.join(self.dir, name.replace(" ", "-") + ".log")
        if shutil.which("setpriv"):
            command = ["setpriv", "--pdeathsig", "KILL", "--"] + command
        with open(log, "w") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if pid_file is None:
            self.pids.append(process.pid)
        elif process.wait() == 0:
            process = None
        wait_for(lambda: accepts(address), process, f"{name} does not listen on {address}", log)
        if pid_file is None:
            return process.pid
        with open(pid_file) as f:
            self.pids.append(int(f.read()))
        return self.pids[-1]


def wait_for(ready, process, what, log):
    end = time.monotonic() + START_SECONDS
    while not ready():
        if (process and process.poll() is not None) or time.monotonic() > end:
            with open(log) as said:
                raise Failed(f"{what}: {said.read().strip()}")
        time.sleep(0.02)


def end_process(pid):
    """Ends a process of ours, child or not; a child's remains are left to our own exit."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + 5
        while running(pid) and time.monotonic() < end:
            time.sleep(0.02)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def accepts(address):
    try:
        if address.startswith("unix:"):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(address[5:])
        else:
            host, port = address.rsplit(":", 1)
            socket.create_connection((host, int(port)), 1).close()
        return True
    except OSError:
        return False


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def program(name):
    """The program's path, or None with a word to the user."""
    path = shutil.which(name)
    if path is None:
        print(f"{name} is not on PATH: left out", file=sys.stderr)
    return path


def parse_arguments(description, peers):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), metavar="N",
                   help="core of the pinned half (the last one)")
    p.add_argument("--depths", default="1,8,32,128", metavar="N,...", help="requests outstanding (%(default)s)")
    p.add_argument("--gate", action="store_true", help="exit with 1 if ours is not as fast, pinned, as it should be")
    p.add_argument("--json", nargs="?", const="-", metavar="FILE",
                   help="results as JSON: into FILE beside the table, or in the table's place")
    p.add_argument("--modes", default=",".join(MODES), metavar="MODE,...", help="%(default)s")
    p.add_argument("--no-syscalls", action="store_true", help="do not count system calls")
    p.add_argument("--only", metavar="NAME,...", help="of: " + ", ".join(peers))
    p.add_argument("--placed", default="pinned,free", metavar="HOW,...",
                   help="pinned: servers and load on one core; free: as the kernel likes (%(default)s)")
    p.add_argument("--quick", action="store_true", help="about 30 s: depths 1 and 32, short runs, no mixed")
    p.add_argument("--repeat", type=int, metavar="N", help="repetitions, of which the median counts (5)")
    p.add_argument("--seconds", type=float, metavar="N", help="of each repetition (0.5)")
    p.add_argument("--size-mib", type=int, default=512, metavar="N", help="size of each export (%(default)s)")
    a = p.parse_args()
    if a.quick:
        a.depths, a.modes = "1,32", "read,write"
    a.repeat = a.repeat or (2 if a.quick else 5)
    a.seconds = a.seconds or (0.1 if a.quick else 0.5)
    try:
        a.depths = [int(d) for d in a.depths.split(",")]
    except ValueError:
        p.error("--depths takes numbers")
    a.modes, a.placed = a.modes.split(","), a.placed.split(",")
    a.only = a.only.split(",") if a.only else list(peers)
    for given, known in ((a.modes, MODES), (a.placed, ("pinned", "free")), (a.only, peers)):
        for word in given:
            if word not in known:
                p.error(f"'{word}' is none of {', '.join(known)}")
    return a


def tasks_below(pid):
    """The process, its descendants, and all their threads."""
    tasks = []
    for task in os.listdir(f"/proc/{pid}/task"):
        tasks.append(int(task))
        try:
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    tasks += tasks_below(int(child))
        except OSError:
            pass
    return tasks


def place(peers, cores):
    for peer in peers:
        for pid in peer.pids.values():
            for task in tasks_below(pid):
                try:
                    os.sched_setaffinity(task, cores)
                except ProcessLookupError:
                    pass  # a thread of the connection before, just ending


def nbdload(peer, cores, arguments, wrapper=()):
    command = ["taskset", "-c", ",".join(map(str, sorted(cores))), *wrapper, "nbdload", "--json",
               "--export", peer.export, "--server-pid", ",".join(map(str, peer.pids.values())),
               *map(str, arguments), peer.address]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"{peer.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure(peer, cores, mode, depth, seconds):
    run = nbdload(peer, cores, ["--mode", mode, "--depth", depth, "--warmup", seconds / 5, "--seconds", seconds])
    sample = {field: run[field] for field in FIELDS}
    for i, (name, used) in enumerate(zip(peer.pids, run["servers"])):
        sample["cpu_us" if i == 0 else f"{name}_cpu_us"] = used["cpu_us"]
        if i == 0:
            sample.update(wakeups=used["wakeups"], preemptions=used["preemptions"])
    return sample


class Syscalls:
    """Counts system calls in runs of their own: counting slows the server down."""

    def __init__(self, wanted):
        self.baseline = {}
        self.tool = next((t for t in ("perf", "strace") if self.works(t)), None) if wanted else None
        if wanted and self.tool is None:
            print("neither perf nor strace can count system calls here: left out", file=sys.stderr)

    @staticmethod
    def works(tool):
        trial = {"perf": ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "true"],
                 "strace": ["strace", "-c", "true"]}[tool]
        return shutil.which(tool) is not None and subprocess.run(trial, capture_output=True).returncode == 0

    def per_op(self, peer, cores, mode, depth):
        """Connecting costs calls too: those of a run with next to no operations are taken off."""
        if self.tool is None:
            return None
        key = peer.name, depth, len(cores)
        if key not in self.baseline:
            self.baseline[key] = self.count(peer, cores, ["--mode", mode, "--depth", depth, "--ops", 1])
        calls, ops = self.count(peer, cores, ["--mode", mode, "--depth", depth, "--ops", 3000 if depth == 1 else 30000])
        return max(0, calls - self.baseline[key][0]) / (ops - self.baseline[key][1])

    def count(self, peer, cores, arguments):
        pid = next(iter(peer.pids.values()))
        if self.tool == "strace":
            return self.count_by_strace(pid, lambda: nbdload(peer, cores, arguments)["requests"])
        with tempfile.NamedTemporaryFile("r") as out:
            run = nbdload(peer, cores, arguments, ["perf", "stat", "-x,", "-o", out.name,
                                                   "-e", "raw_syscalls:sys_enter", "-p", str(pid), "--"])
            return int(re.search(r"^(\d+),", out.read(), re.M).group(1)), run["requests"]

    @staticmethod
    def count_by_strace(pid, run):
        with tempfile.NamedTemporaryFile("r") as out:
            strace = subprocess.Popen(["strace", "-c", "-f", "-o", out.name, "-p", str(pid)],
                                      stderr=subprocess.PIPE, text=True)
            strace.stderr.readline()  # "attached"
            try:
                requests = run()
            finally:
                strace.send_signal(signal.SIGINT)
                strace.communicate()
            total = [line.split() for line in out if line.rstrip().endswith("total")]
            return int(total[0][3]) if total else 0, requests


def run_points(peers, a, progress):
    syscalls = Syscalls(not a.no_syscalls)
    for peer in peers:
        progress(f"filling {peer.name}")
        nbdload(peer, os.sched_getaffinity(0), ["--fill", "--depth", 32, "--ops", 1])
    for placed in a.placed:
        cores = {a.core} if placed == "pinned" else os.sched_getaffinity(0)
        place(peers, cores)
        for mode in a.modes:
            for depth in a.depths:
                progress(f"{placed} {mode} depth {depth}")
                samples = {peer.name: [] for peer in peers}
                for _ in range(a.repeat):
                    for peer in peers:
                        samples[peer.name].append(measure(peer, cores, mode, depth, a.seconds))
                for peer in peers:
                    runs = samples[peer.name]
                    point = {"placed": placed, "mode": mode, "depth": depth, "server": peer.name}
                    point.update({k: round(statistics.median(r[k] for r in runs), 4) for k in runs[0]})
                    point["syscalls"] = syscalls.per_op(peer, cores, mode, depth)
                    yield point


def add_ratios(points, reference):
    base = {(p["placed"], p["mode"], p["depth"]): p for p in points if p["server"] == reference}
    for p in points:
        b = base.get((p["placed"], p["mode"], p["depth"]))
        for field in ("iops", "p50_us", "cpu_us"):
            p[field.split("_")[0] + "_ratio"] = float(f"{p[field] / b[field]:.4g}") if b and b[field] else None


def version(command):
    try:
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    except OSError:
        return None
    return out.strip().split("\n")[0]


def machine():
    with open("/proc/cpuinfo") as f:
        info = f.read()
    with open("/proc/meminfo") as f:
        kib = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1))
    model = re.search(r"model name\s*: (.*)", info)
    versions = [version([name, option]) for name, option in
                (("farpaged", "--version"), ("nbdkit", "--version"), ("nbd-server", "-V"))]
    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "virtual": bool(re.search(r"^flags.*\bhypervisor\b", info, re.M)), "memory_gib": round(kib / 2**20, 1),
            "kernel": platform.release(), "versions": [v for v in versions if v],
            "load_average": os.getloadavg()[0]}


def columns(points):
    """Heading, and how a point fills it; only those that some point has."""
    behind = sorted({k for p in points for k in p if k.endswith("_cpu_us") and k != "own_cpu_us"})
    number = lambda field, digits: lambda p: "-" if p.get(field) is None else f"{p[field]:.{digits}f}"
    return [("placed", lambda p: p["placed"]), ("mode", lambda p: p["mode"]), ("depth", number("depth", 0)),
            ("server", lambda p: p["server"]), ("IOPS", number("iops", 0)), ("p50 µs", number("p50_us", 1)),
            ("p99 µs", number("p99_us", 1)), ("p99.9 µs", number("p999_us", 1)),
            ("CPU µs/op", number("cpu_us", 2)),
            *((f"{k[:-7]} CPU µs/op", number(k, 2)) for k in behind),
            ("syscalls/op", number("syscalls", 3)), ("wake-ups/op", number("wakeups", 3)),
            ("IOPS ×", number("iops_ratio", 2)), ("p50 ×", number("p50_ratio", 2)),
            ("CPU ×", number("cpu_ratio", 2))]


def table(points):
    head = columns(points)
    rows = [[name for name, _ in head]] + [[fill(p) for _, fill in head] for p in points]
    width = [max(len(row[i]) for row in rows) for i in range(len(head))]
    left = {"placed", "mode", "server"}
    line = lambda row: "| " + " | ".join(
        cell.ljust(w) if name in left else cell.rjust(w) for cell, w, (name, _) in zip(row, width, head)) + " |"
    rule = "|" + "|".join("-" * (w + 1) + ("-" if name in left else ":") for w, (name, _) in zip(width, head)) + "|"
    return "\n".join([line(rows[0]), rule] + [line(row) for row in rows[1:]])


def report(points, a, reference, about, m):
    result = {"machine": m, "reference": reference, "seconds": a.seconds, "repeat": a.repeat, "points": points}
    if a.json:
        with open(a.json, "w") if a.json != "-" else os.fdopen(os.dup(1), "w") as out:
            json.dump(result, out, indent=1)
            out.write("\n")
    if a.json == "-":
        return
    print(f"{m['cpu']}, {m['cores']} {'virtual ' if m['virtual'] else ''}cores, {m['memory_gib']} GiB, "
          f"Linux {m['kernel']}, load average {m['load_average']:.1f}")
    print("; ".join(m["versions"]))
    print(f"{about} Requests of 4096 bytes at random offsets of {a.size_mib} MiB, filled before; median of "
          f"{a.repeat} runs of {a.seconds} s. Ratios (×) are to {reference}.\n")
    print(table(points))


def as_fast(ours):
    """Limits that say no more than that ours is not slower than the reference, at any point."""
    return lambda p: {"iops_ratio": (1, None), "p50_ratio": (None, 1)} if p["server"] == ours else {}


def gate(points, limits, reference):
    """The pinned points that break a limit. limits(point): {field: (at least, at most)}."""
    judged = [(p, limits(p)) for p in points if p["placed"] == "pinned" and limits(p)]
    if not judged:
        raise Failed("--gate judges the pinned half: leave --placed alone")
    broken = []
    for p, fields in judged:
        for field, (least, most) in fields.items():
            if (least is not None and p[field] < least) or (most is not None and p[field] > most):
                broken.append(p)
                wanted = f"at least {least}" if most is None else f"at most {most}"
                print(f"{p['server']}, {p['mode']} depth {p['depth']}: {field.replace('_ratio', ' ×')} {p[field]} "
                      f"of {reference}'s, and should be {wanted}", file=sys.stderr)
    return broken


def compare(a, start_peers, ours, reference, about, limits=None):
    """start_peers(house, arguments) makes the list of Peers; limits are the gate's. Returns the exit status."""
    clear = "\r\033[K" if sys.stderr.isatty() else None
    progress = lambda text: clear and print(clear + text, end="", file=sys.stderr, flush=True)
    try:
        with House() as house:
            if program("nbdload") is None:
                raise Failed("build it with make, and start this with ./run")
            about_machine = machine()
            peers = start_peers(house, a)
            if a.gate and not {ours, reference} <= {peer.name for peer in peers}:
                raise Failed(f"--gate needs both {ours} and {reference}")
            points = list(run_points(peers, a, progress))
        progress("")
        add_ratios(points, reference)
        report(points, a, reference, about, about_machine)
        return 1 if a.gate and gate(points, limits or as_fast(ours), reference) else 0
    except (Failed, OSError) as e:
        print(f"{os.path.basename(sys.argv[0])}: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
