#!/usr/bin/env python3
"""What was acknowledged is there, whatever happens to the process or its disk. Exits 1 when a promise does not hold.

    python3 Tests/crash/crash.py --binary .build/release/beatd [--kills 5] [--injected 4] [--only NAME]

Each scenario starts beatd on a data folder of its own, with a naming server (naming.py) that judges gaps, and writers
that know what they were promised (beatd.py). Those that need strace or root say so and are left out without them.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from beatd import Beatd, Failure, Writers, wait_for
from stage import Bench, SCENARIOS, scenario

# Their scenarios are found by being imported.
import checks  # noqa: F401
import endings  # noqa: F401


# ---- killed


@scenario()
def killed_at_random_moments(bench):
    bench.beatd.start()
    bench.register(200)
    writers = Writers(bench.beatd)
    moments = random.Random(bench.options.seed)
    for kill in range(bench.options.kills):
        # Now and then long enough that everything has been beaten on its phase.
        time.sleep(6.5 if kill % 10 == 4 else moments.uniform(0.05, 2))
        bench.beatd.kill()
        bench.beatd.check_integrity()
        bench.beatd.start()
    writers.stop()
    writers.check(bench.beatd)
    missing = [port for port in range(1, 201) if ("10.9.0.1", port) not in bench.beatd.registrations()]
    if missing:
        raise Failure(f"gone: {missing}")
    registered = max(bench.naming.registers[key] for key in bench.naming.registers if key[1] == "10.9.0.1")
    if registered > 2:
        raise Failure(f"an instance that stood was registered {registered} times")
    gap = bench.check_gap()
    return f"{bench.options.kills} kills, {writers.acknowledged} acknowledged writes, longest gap {gap:.2f} s"


def killed_at_call(bench, call, numbers):
    acknowledged = 0
    for number in numbers:
        before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                  f"inject={call}:signal=SIGKILL:when={number}"]
        bench.beatd.start(before, wait=False)
        writers = Writers(bench.beatd, 4)
        wait_for(f"killed at {call} {number}", 60, lambda: not bench.beatd.alive())
        bench.beatd.kill()
        writers.stop()
        bench.beatd.check_integrity()
        bench.beatd.start()
        writers.check(bench.beatd)
        acknowledged += writers.acknowledged
        bench.beatd.kill()
        shutil.rmtree(bench.beatd.data)
    return f"{len(numbers)} numbers, {acknowledged} acknowledged writes"


def numbers(options):
    """1…120 when all are asked for, else some of them, the first among them: the start writes too."""
    if options.injected >= 120:
        return list(range(1, 121))
    return [1] + sorted(random.Random(options.seed).sample(range(2, 121), max(options.injected - 1, 0)))


@scenario(needs=("strace",))
def killed_at_a_pwrite64(bench):
    return killed_at_call(bench, "pwrite64", numbers(bench.options))


@scenario(needs=("strace",))
def killed_at_a_fdatasync(bench):
    return killed_at_call(bench, "fdatasync", numbers(bench.options))


@scenario()
def the_database_is_corrupt(bench):
    bench.beatd.start()
    bench.register(300)
    bench.beatd.kill()
    path = os.path.join(bench.beatd.data, "beatd.db")
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.close()
    with open(path, "r+b") as file:
        file.seek((pages - 1) * 4096 + 100)
        file.write(os.urandom(3900))
    for start in range(2):
        bench.beatd.start()
        status, text = bench.beatd.ask("GET", "/readyz")
        # The first start says so until the next one; that has a sound database.
        if (status != 503 or "corrupt" not in text) if start == 0 else status != 200:
            raise Failure(f"readyz of start {start} after a corrupt database: {status} {text}")
        if bench.post(1)[0] not in (200, 201):
            raise Failure("a write is refused after the database was set aside")
        left = len(bench.beatd.registrations())
        bench.beatd.kill()
    aside = [name for name in sorted(os.listdir(bench.beatd.data)) if ".corrupt-" in name]
    if not aside:
        raise Failure("nothing was set aside")
    return f"set aside as {aside[0]}, {left - 1} of 300 registrations could be read"


# ---- the disk


@scenario(needs=("root",))
def the_disk_is_full(bench):
    bench.mount("1m")
    bench.beatd.start()
    bench.register(200)
    filler = os.path.join(bench.beatd.data, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    port = 5000
    def full():
        nonlocal port
        port += 1
        return bench.post(port)[0] == 503
    wait_for("the log has no room to grow", 20, full)
    bench.require_refused("a full disk")
    gap = bench.gap_over(11)
    os.unlink(filler)
    took = bench.require_recovered()
    bench.restart_and_compare()
    return f"longest gap {gap:.2f} s, written again {took:.1f} s after there was room"


def attach(bench, *inject):
    """Has strace inject into the running process, until the returned function is called."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(bench.beatd.process.pid), "-e", "trace=fdatasync,fsync",
         *[word for text in inject for word in ("-e", f"inject={text}")]],
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    time.sleep(0.5)
    def detach():
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
    return detach


@scenario(needs=("strace",))
def a_sync_fails(bench):
    bench.beatd.start()
    bench.register(200)
    detach = attach(bench, "fdatasync,fsync:error=EIO")
    bench.post(3)
    bench.require_refused("a failing sync")
    gap = bench.gap_over(11)
    detach()
    took = bench.require_recovered()
    bench.restart_and_compare()
    return f"longest gap {gap:.2f} s, written again after {took:.1f} s"


@scenario(needs=("strace",))
def the_disk_hangs(bench):
    bench.beatd.start()
    bench.register(200)
    detach = attach(bench, "fdatasync,fsync:delay_enter=8000000")
    threading.Thread(target=lambda: bench.post(3), daemon=True).start()
    time.sleep(0.2)
    begin = time.monotonic()
    bench.require_refused("a disk that hangs")
    gap = bench.gap_over(7)
    detach()
    bench.require_recovered(15)
    bench.restart_and_compare()
    return f"longest gap {gap:.2f} s, {time.monotonic() - begin:.1f} s in all"


@scenario()
def another_process_has_the_database_locked(bench):
    bench.beatd.start()
    bench.register(200)
    other = sqlite3.connect(os.path.join(bench.beatd.data, "beatd.db"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    status, took, _ = bench.post(3)
    if status != 503 or took > 1:
        raise Failure(f"{status} after {took:.2f} s")
    bench.require_refused("a locked database")
    gap = bench.gap_over(8)
    other.execute("ROLLBACK")
    other.close()
    took = bench.require_recovered()
    bench.restart_and_compare()
    return f"longest gap {gap:.2f} s, written again after {took:.1f} s"


def refused_start(bench, path, words):
    bench.beatd.arguments[bench.beatd.arguments.index("--data-dir") + 1] = path
    bench.beatd.start(wait=False)
    status = bench.beatd.process.wait(10)
    with open(bench.beatd.log, encoding="utf-8") as log:
        lines = log.read().splitlines()
    if status != 73 or len(lines) != 1 or path not in lines[0] or not any(word in lines[0] for word in words):
        raise Failure(f"exit {status}, log: {lines}")
    return lines[0].split("err=")[-1]


@scenario(needs=("root",))
def a_read_only_folder(bench):
    bench.mount("1m")
    subprocess.run(["mount", "-o", "remount,ro", bench.beatd.data], check=True)
    return refused_start(bench, bench.beatd.data, ["Read-only"])


@scenario()
def a_file_in_place_of_the_folder(bench):
    with open(bench.beatd.data, "w", encoding="utf-8"):
        pass
    return refused_start(bench, bench.beatd.data, ["Not a directory"])


@scenario()
def two_on_one_folder(bench):
    bench.beatd.start()
    bench.register(10)
    second = Beatd(bench.options.binary, bench.naming.port, bench.folder)
    second.data, second.log = bench.beatd.data, bench.beatd.log + "2"
    second.start(wait=False)
    status = second.process.wait(10)
    with open(second.log, encoding="utf-8") as log:
        line = log.read().strip()
    if status != 73 or "\n" in line or f"process {bench.beatd.process.pid}" not in line or second.data not in line:
        raise Failure(f"exit {status}: {line}")
    if bench.post(1)[0] != 201:
        raise Failure("the first is disturbed")
    return line.split("err=")[-1]


def missing(needs):
    lacking = []
    if "root" in needs and os.geteuid() != 0:
        lacking.append("root")
    if "strace" in needs:
        works = shutil.which("strace") and subprocess.run(
            ["strace", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
        if not works:
            lacking.append("strace")
    return lacking


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=".build/release/beatd")
    parser.add_argument("--kills", type=int, default=5, help="kill -9 at so many random moments")
    parser.add_argument("--injected", type=int, default=4, help="so many numbers n out of 1…120 for each system call")
    parser.add_argument("--slack", type=float, default=3, help="seconds that a busy machine may add to a promise")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", help="a part of the scenario's name")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    print(f"seed {options.seed}", flush=True)
    failed = []
    for name, function, needs in SCENARIOS:
        if options.only and options.only not in name:
            continue
        lacking = missing(needs)
        if lacking:
            print(f"-     {name}: left out, needs {' and '.join(lacking)}", flush=True)
            continue
        bench = Bench(options)
        begin = time.monotonic()
        try:
            result = function(bench)
            print(f"ok    {name}: {result} ({time.monotonic() - begin:.0f} s)", flush=True)
        except (Failure, AssertionError, OSError, subprocess.SubprocessError, sqlite3.Error) as error:
            failed.append(name)
            print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
            try:
                with open(bench.beatd.log, encoding="utf-8") as log:
                    print("".join("      " + line for line in log.readlines()[-12:]), flush=True)
            except OSError:
                pass
        finally:
            bench.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
