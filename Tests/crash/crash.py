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
import tempfile
import threading
import time

from beatd import Beatd, Failure, Writers, document, wait_for
from health import Health
from naming import Naming

# The period is 5 s; what is allowed on top is the restart and the second in which beats begin (reliability.md, row 20).
GAP_LIMIT = 7.0
SCENARIOS = []


def scenario(needs=()):
    def add(function):
        SCENARIOS.append((function.__name__, function, needs))
        return function
    return add


class Bench:
    """What a scenario has: a folder, a naming server, a beatd. Everything ends with it."""

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="beatd-crash-")
        self.naming = Naming()
        self.beatd = Beatd(options.binary, self.naming.port, self.folder)
        self.mounts = []

    def close(self):
        self.beatd.kill()
        for mount in self.mounts:
            subprocess.run(["umount", "-l", mount], check=False)
        try:
            self.naming.stop()
        except OSError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def mount(self, size):
        os.makedirs(self.beatd.data)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.beatd.data], check=True)
        self.mounts.append(self.beatd.data)

    def register(self, count, first=1, ip="10.9.0.1", **more):
        for port in range(first, first + count):
            status, answer = self.beatd.ask("POST", "/v1/beats", {**document(ip, port, 1), **more})
            if status != 201:
                raise Failure(f"POST: {status} {answer}")
        wait_for(f"{count} instances at the naming server", 20, lambda: self.naming.count() >= count)

    def check_gap(self, limit=GAP_LIMIT):
        gap = self.naming.longest_gap()
        if gap > limit:
            raise Failure(f"longest gap {gap:.2f} s, at most {limit} s")
        return gap

    def gap_over(self, seconds):
        """The longest gap of a while of its own."""
        self.naming.forget_gaps()
        time.sleep(seconds)
        return self.check_gap(6)

    def post(self, port, version=1):
        begin = time.monotonic()
        status, answer = self.beatd.ask("POST", "/v1/beats", document("10.9.9.9", port, version))
        return status, time.monotonic() - begin, answer

    def require_refused(self, what):
        """Writes answer 503 within a second, with all that a client needs; beats and reads go on."""
        def refused():
            status, took, answer = self.post(1)
            return (took, answer) if status == 503 else None
        took, answer = wait_for(f"503 with {what}", 5, refused)
        if took > 1.2 or not answer["type"].endswith("storage-unavailable"):
            raise Failure(f"503 after {took:.2f} s: {answer}")
        status, text = self.beatd.ask("GET", "/readyz")
        if status != 503 or "storage:" not in text:
            raise Failure(f"readyz with {what}: {status} {text}")
        if self.beatd.metric("beatd_storage_writable") != 0:
            raise Failure(f"beatd_storage_writable is not 0 with {what}")

    def require_recovered(self, limit=5):
        begin = time.monotonic()
        wait_for("writes are taken again", limit, lambda: self.post(2, 2)[0] in (200, 201))
        took = time.monotonic() - begin
        wait_for("readyz", 2, lambda: self.beatd.ask("GET", "/readyz")[0] == 200)
        return took

    def restart_and_compare(self):
        """After kill -9 everything that was listed is listed again."""
        before = self.beatd.registrations()
        self.beatd.kill()
        self.beatd.check_integrity()
        self.beatd.start()
        after = self.beatd.registrations()
        def documents(found):
            return {key: (item["metadata"], item["generation"], item["rev"], item["createdAt"][:19])
                    for key, item in found.items()}
        if documents(before) != documents(after):
            raise Failure(f"{len(before)} registrations before, {len(after)} after, or different ones")


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


# ---- checks


@scenario()
def a_check_decides(bench):
    """Rows 51 and 52: a failing target stops its beats, a hanging one too, and both are nobody else's matter."""
    every, fall, period = 1.0, 3, "500ms"
    health = Health()
    bench.naming.interval = 500
    try:
        bench.beatd.start()
        def checked(port, path):
            health.set(path, 200)
            bench.register(1, first=port, ip="10.9.0.2", period=period, checks=[
                {"http": f"http://127.0.0.1:{health.port}{path}", "every": "1s", "timeout": "500ms", "fall": fall}])
        checked(1, "/flips")
        checked(2, "/hangs")
        for port in range(3, 23):
            checked(port, f"/well{port}")
        keys = {path: ("crash", "10.9.0.2", str(port)) for port, path in ((1, "/flips"), (2, "/hangs"))}
        wait_for("all beat", 20, lambda: all(
            item["status"]["state"] == "beating" for item in bench.beatd.registrations().values()))
        bench.naming.forget_gaps()

        def stopped(path, status, most):
            """How long beats go on after the target has changed."""
            begin = time.monotonic()
            health.set(path, status)
            time.sleep(most + 2)
            with bench.naming.lock:
                return max(0, bench.naming.heard.get(keys[path], begin) - begin)

        slack = bench.options.slack
        stop = stopped("/flips", 500, fall * every)
        if stop > fall * every + 1 + slack:
            raise Failure(f"beats went on for {stop:.2f} s after the check began to fail")
        hang = stopped("/hangs", None, fall * every + 0.5)
        if hang > fall * every + 0.5 + 1 + slack:
            raise Failure(f"beats went on for {hang:.2f} s after the target began to hang")

        health.set("/flips", 200)
        passed = wait_for("the target is asked", 10, lambda: health.passed.get("/flips"))
        beaten = wait_for("a beat", 10 + slack, lambda: (
            bench.naming.heard[keys["/flips"]] if bench.naming.heard[keys["/flips"]] > passed else None))
        if beaten - passed > 1 + slack:
            raise Failure(f"the first beat came {beaten - passed:.2f} s after the check had passed")
        with bench.naming.lock:
            others = max(gap for key, gap in bench.naming.gaps.items() if key not in keys.values())
        if others > 1 + slack:
            raise Failure(f"others had a gap of {others:.2f} s at a period of {period}")
        return (f"beats cease {stop:.2f} s after a failure and {hang:.2f} s after a hang (fall 3, every 1 s), come back "
                f"{1000 * (beaten - passed):.0f} ms after a pass, longest gap of 20 others {others:.2f} s at {period}")
    finally:
        health.stop()


@scenario()
def held_back_over_kills(bench):
    """Maintenance and fresh verdicts survive kill -9: what beat beats on, what was held out stays out."""
    health = Health()
    try:
        bench.beatd.start()
        health.set("/well", 200)
        check = {"http": f"http://127.0.0.1:{health.port}/well", "every": "2s", "timeout": "500ms"}
        bench.register(20, ip="10.9.0.3", checks=[check])
        bench.register(20, first=100, ip="10.9.0.3", checks=[check])
        held = {(item["ip"], item["port"]): item["id"] for item in bench.beatd.registrations().values()
                if item["port"] >= 100}
        for number, each in enumerate(held.values()):
            body = {"reason": f"number {number}", "mode": "disable", "for": "10m"}
            status, answer = bench.beatd.ask("PUT", f"/v1/beats/{each}/maintenance", body)
            if status != 200:
                raise Failure(f"maintenance: {status} {answer}")
        kills = min(bench.options.kills, 10)
        for kill in range(kills):
            time.sleep(0.1 if kill == 0 else 2.5)
            before = bench.beatd.registrations()
            bench.restart_and_compare()
            after = bench.beatd.registrations()
            for key, item in before.items():
                if item["status"]["maintenance"] != after[key]["status"]["maintenance"]:
                    raise Failure(f"{item['status']['maintenance']} became {after[key]['status']['maintenance']}")
        wait_for("all beat", 10 + bench.options.slack, lambda: all(
            item["status"]["state"] == ("maintenance" if key in held else "beating")
            for key, item in bench.beatd.registrations().items()))
        time.sleep(6)
        return f"{kills} kills, 20 held out and 20 beating, longest gap {bench.check_gap():.2f} s"
    finally:
        health.stop()


# ---- the end


def terminated(bench, most):
    """Ends beatd by TERM, which leaves no instance; how long that took."""
    status, took = bench.beatd.terminate(15)
    if status != 0 or took > most or bench.naming.count():
        raise Failure(f"exit {status} after {took:.2f} s, {bench.naming.count()} instances left")
    return took


@scenario()
def term_deregisters_all(bench):
    bench.beatd.start()
    for port in range(1, 1001):
        bench.beatd.ask("POST", "/v1/beats", document("10.9.0.1", port, 1))
    wait_for("1000 instances", 30, lambda: bench.naming.count() == 1000)
    return f"1000 instances gone, exit 0 after {terminated(bench, 3):.2f} s"


@scenario()
def term_with_dead_servers(bench):
    bench.beatd.start()
    bench.register(100)
    bench.register(5, first=500, deregisterOnExit=False)
    port, instances = bench.naming.port, dict(bench.naming.instances)
    bench.naming.stop()
    status, took = bench.beatd.terminate(15)
    if status != 0 or took > 10.5:
        raise Failure(f"exit {status} after {took:.2f} s")
    bench.naming = Naming(port)
    bench.naming.instances = instances
    bench.beatd.start()
    wait_for("the deletions are finished", 10, lambda: bench.naming.count() == 5)
    wait_for("no tombstones", 5, lambda: bench.beatd.metric("beatd_tombstones") == 0)
    if len(bench.beatd.registrations()) != 5 or bench.naming.registers:
        raise Failure(f"{len(bench.beatd.registrations())} kept, registered: {bench.naming.registers}")
    return f"exit 0 after {took:.2f} s, 100 deletions finished by the next start, 5 kept"


@scenario()
def term_while_beats_hang(bench):
    """A beat in flight is awaited for a second, not for the request time-out, which is far longer here."""
    bench.beatd.arguments += ["--request-timeout", "20s"]
    bench.beatd.start()
    bench.register(100)
    bench.naming.hangs_on_beats = True
    time.sleep(2.5)
    return f"exit 0 after {terminated(bench, 9):.2f} s"


@scenario()
def the_folder_is_removed(bench):
    bench.beatd.start()
    bench.register(50)
    shutil.rmtree(bench.beatd.data)
    wait_for("written anew", 10, lambda: bench.post(3)[0] in (200, 201))
    wait_for("the file is there again", 5, lambda: os.path.exists(os.path.join(bench.beatd.data, "beatd.db")))
    bench.restart_and_compare()
    return f"{len(bench.beatd.registrations())} registrations are back"


@scenario()
def a_second_signal(bench):
    bench.beatd.start()
    bench.register(50)
    bench.naming.stop()
    bench.beatd.process.send_signal(signal.SIGTERM)
    wait_for("draining", 5, lambda: "draining" in bench.beatd.ask("GET", "/readyz")[1])
    status, took = bench.beatd.terminate(5)
    bench.beatd.check_integrity()
    if status != 130 or took > 1:
        raise Failure(f"exit {status} after {took:.2f} s")
    return f"exit 130 after {took:.2f} s"


@scenario()
def restarted_again_and_again(bench):
    """Row 20 in small: everything beats on, nothing is registered anew."""
    bench.beatd.start()
    bench.register(200)
    restarts = 3
    for _ in range(restarts):
        time.sleep(3)
        bench.restart_and_compare()
    time.sleep(6)
    if max(bench.naming.registers.values()) > 1:
        raise Failure("an instance was registered again")
    return f"{restarts} restarts, longest gap {bench.check_gap():.2f} s"


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
