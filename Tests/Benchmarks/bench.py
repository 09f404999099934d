#!/usr/bin/env python3
"""Measures beatd's cost of a beat and its punctuality beside the least a C program can do, in one run.

A sink that answers as Tomcat does runs on core 1, what is measured on core 0. First the bare C client (`bare.c`), once
with one beat a write and once with up to four as beatd does; then beatd with the same number of registrations, period,
sink and cores. The machine may be shared, so ratios taken in one run count, not figures from two.

    make bench                                     20 000 registrations at 5 s, about two minutes
    Tests/Benchmarks/bench.py --count 1000 --limit 100
    Tests/Benchmarks/bench.py --record             also writes Tests/Benchmarks/results-<date>.md
    Tests/Benchmarks/bench.py --goals              exit 1 when a goal is missed
    Tests/Benchmarks/bench.py --self-test          this script against a fake daemon, a few seconds

Python's standard library only; everything stays on loopback and ends with the script.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, ".build-bench")

# The goals of the first run: CPU per beat, its ratio to bare C, lateness. Ratio against one beat a write.
GOAL_CPU_US, GOAL_RATIO, GOAL_LATE_MS = 15.0, 2.5, 5.0
# beatd's lateness is of its last minute; it must have been in the steady state for that long before it is asked.
LATENESS_WINDOW = 60


class Failure(Exception):
    """What ends the run, in words."""


# MARK: processes


class Processes:
    """What this script has started; ended in reverse order, by pid, whatever happens."""

    def __init__(self):
        self.running = []

    def start(self, arguments, core, log):
        command = (["taskset", "-c", str(core)] if core is not None else []) + arguments
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.running.append(process)
        return process

    def stop(self, process, limit=15):
        """Ends one with TERM, after `limit` seconds with KILL; returns what is left of its output."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        self.running.remove(process)
        return output or b""

    def stop_all(self):
        for process in reversed(list(self.running)):
            self.stop(process, limit=5)


def cpu_clock(pid):
    """The process's CPU time in seconds. Its own POSIX clock counts nanoseconds; /proc/PID/stat only ticks."""
    return time.clock_gettime(((~pid) << 3) | 2)


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise Failure(f"no VmRSS of process {pid}")


def build(run_beatd):
    os.makedirs(BUILD, exist_ok=True)
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("clang")
    if not compiler:
        raise Failure("no C compiler (cc or clang)")
    for name in ("sink", "bare"):
        subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", os.path.join(BUILD, name),
             os.path.join(HERE, name + ".c")], check=True)
    if run_beatd is None:
        subprocess.run([os.path.join(ROOT, "scripts", "build.sh"), "release"], check=True, stdout=sys.stderr)
        return [os.path.join(ROOT, ".build", "release", "beatd")]
    return shlex.split(run_beatd)


# MARK: HTTP, as little as needed


class Connection:
    """One kept-alive connection to a unix socket's path or to a loopback port."""

    def __init__(self, address):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(30)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(("127.0.0.1", address), timeout=30)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def send(self, requests):
        self.socket.sendall(b"".join(requests))

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise Failure("the server closed the connection before it had answered")
        self.pending += data

    def _until(self, mark):
        while mark not in self.pending:
            self._more()
        part, self.pending = self.pending.split(mark, 1)
        return part

    def _exactly(self, length):
        while len(self.pending) < length:
            self._more()
        part, self.pending = self.pending[:length], self.pending[length:]
        return part

    def receive(self):
        """The next answer: status, body, and whether the connection stays open."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        status = int(lines[0].split()[1])
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
        else:
            body = self._exactly(int(fields.get("content-length", "0")))
        return status, body, fields.get("connection", "").lower() != "close"

    def close(self):
        self.socket.close()


def request(method, path, body=b""):
    kind = b"Content-Type: application/json\r\n" if body else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
    return head + kind + b"\r\n" + body


def ask(address, path, method="GET"):
    connection = Connection(address)
    try:
        connection.send([request(method, path)])
        status, body, _ = connection.receive()
    finally:
        connection.close()
    return status, body


def ask_json(address, path):
    status, body = ask(address, path)
    if status != 200:
        raise Failure(f"GET {path} was answered {status}: {body[:200]!r}")
    return json.loads(body)


def wait_for(what, limit, condition):
    """Asks until the condition holds; the wait between two questions is short beside what is measured."""
    end = time.monotonic() + limit
    while True:
        try:
            if condition():
                return
        except (OSError, Failure):
            pass
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {limit} s")
        time.sleep(0.1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# MARK: the steps


def start_sink(processes, options, log):
    sink = processes.start(
        [os.path.join(BUILD, "sink"), "--port", "0", "--limit", str(options.limit), "--period-ms",
         str(options.period_ms)], options.sink_core, log)
    line = sink.stdout.readline().decode()
    if not line.startswith("listening "):
        raise Failure("the sink did not start")
    return sink, int(line.split()[1])


def run_bare(processes, options, depth, log):
    sink, port = start_sink(processes, options, log)
    grid = 50 if options.count <= 20000 else 10
    warm = max(1, options.period_ms // 1000)
    bare = processes.start(
        [os.path.join(BUILD, "bare"), "--port", str(port), "--count", str(options.count), "--period-ms",
         str(options.period_ms), "--grid-ms", str(grid), "--depth", str(depth), "--limit", str(options.limit),
         "--warm", str(warm), "--seconds", str(options.seconds)], options.core, log)
    try:
        output, _ = bare.communicate(timeout=warm + options.seconds + 30)
    except subprocess.TimeoutExpired:
        raise Failure("bare did not end in time") from None
    processes.running.remove(bare)
    if bare.returncode != 0:
        raise Failure(f"bare ended with {bare.returncode}")
    counts = json.loads(processes.stop(sink))
    result = json.loads(output)
    return {"beats": result["beats"], "cpu_us": result["cpuPerBeatUs"], "late": result["latenessMs"],
            "jitter": counts["jitterMs"], "gap_max_ms": counts["gapMaxMs"]}


def registration(index):
    return json.dumps({
        "serviceName": f"bench-{index % 100}", "port": 8080,
        "ip": f"10.{(index >> 16) & 255}.{(index >> 8) & 255}.{index & 255}"}).encode()


def register_all(address, count, workers=4, depth=16):
    """POSTs all registrations over a few kept-alive connections, `depth` requests in one write."""
    errors = []

    def work(first):
        connection = Connection(address)
        try:
            indexes = list(range(first, count, workers))
            while indexes:
                batch, indexes = indexes[:depth], indexes[depth:]
                connection.send([request("POST", "/v1/beats", registration(i)) for i in batch])
                for position, index in enumerate(batch):
                    status, body, stays = connection.receive()
                    if status not in (200, 201):
                        raise Failure(f"registration {index} was answered {status}: {body[:200]!r}")
                    if not stays:  # a limit of requests per connection; what was behind it was not read
                        connection.close()
                        connection = Connection(address)
                        indexes = batch[position + 1:] + indexes
                        break
        except (Failure, OSError) as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(first,)) for first in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise Failure(f"registering: {errors[0]}")


def run_beatd(processes, options, command, work, log):
    sink, sink_port = start_sink(processes, options, log)
    api_socket, api_port = os.path.join(work, "api.sock"), free_port()
    daemon = processes.start(
        command + ["serve", "--nacos-servers", f"127.0.0.1:{sink_port}", "--data-dir", "memory", "--write-rate", "0",
                   "--listen", f"127.0.0.1:{api_port}", "--socket", api_socket, "--log-level", "warn"],
        options.core, log)
    threading.Thread(target=daemon.stdout.read, daemon=True).start()  # a full pipe must not be what is measured

    def ready():
        if daemon.poll() is not None:
            raise SystemExit(f"beatd ended with {daemon.returncode}; its log is above")
        return ask(api_port, "/readyz")[0] == 200

    wait_for("beatd ready", 15, ready)
    address = api_socket if os.path.exists(api_socket) else api_port
    idle_bytes = resident_bytes(daemon.pid)
    started = time.monotonic()
    register_all(address, options.count)
    registered_in = time.monotonic() - started
    period = options.period_ms / 1000
    wait_for(
        "every registration beaten", 60 + 4 * period,
        lambda: ask_json(sink_port, "/sink/counts")["instances"] >= options.count)

    settle = max(2 * period, LATENESS_WINDOW - options.seconds) if options.settle is None else options.settle
    say(f"all {options.count} beating {time.monotonic() - started:.1f} s after the first POST; settling {settle:.0f} s")
    time.sleep(settle)
    ask(sink_port, "/sink/reset", "POST")
    before, cpu_before = ask_json(sink_port, "/sink/counts"), cpu_clock(daemon.pid)
    time.sleep(options.seconds)
    cpu_after, after = cpu_clock(daemon.pid), ask_json(sink_port, "/sink/counts")

    lateness = ask_json(address, "/v1/metrics")["latenessSeconds"]["1m"]
    beats = after["beats"] - before["beats"]
    expected = options.count * options.seconds / period
    if not 0.9 * expected <= beats <= 1.1 * expected:
        raise Failure(f"{beats} beats arrived where {expected:.0f} were due")
    used_bytes = resident_bytes(daemon.pid)
    processes.stop(daemon)
    processes.stop(sink)
    if daemon.returncode != 0:
        raise Failure(f"beatd ended with {daemon.returncode} after TERM")
    return {
        "beats": beats, "cpu_us": (cpu_after - cpu_before) / beats * 1e6,
        "late": {name: lateness[name] * 1000 for name in ("p50", "p99", "max")},
        "jitter": after["jitterMs"], "gap_max_ms": after["gapMaxMs"], "rss": used_bytes, "rss_idle": idle_bytes,
        "registered_per_s": options.count / registered_in, "core": (cpu_after - cpu_before) / options.seconds}


# MARK: the report


def say(text):
    print(text, file=sys.stderr, flush=True)


def report(options, bare, bare4, beatd):
    def row(name, r):
        ratio = r["cpu_us"] / bare["cpu_us"]
        return (f"| {name} | {r['beats']} | {r['cpu_us']:.2f} | {ratio:.2f} | {r['late']['p50']:.2f} | "
                f"{r['late']['p99']:.2f} | {r['late']['max']:.2f} | {r['jitter']['p99']:.1f} | "
                f"{r['gap_max_ms']:.0f} |")

    limit = f"closing after {options.limit} answers" if options.limit else "without a limit of answers"
    lines = [
        f"{options.count} registrations every {options.period_ms / 1000:g} s, {options.seconds} s measured, "
        f"sink {limit}; {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", "",
        "| | beats | µs CPU a beat | × bare C | late p50 ms | p99 | max | jitter at the sink p99 ms | longest gap ms |",
        "|---|---|---|---|---|---|---|---|---|",
        row("bare C, 1 beat a write", bare), row("bare C, up to 4 a write", bare4), row("the fake" if options.self_test else "beatd", beatd), "",
        f"beatd: {100 * beatd['core']:.1f} % of a core, {beatd['rss'] / 1e6:.1f} MB resident "
        f"({beatd['rss_idle'] / 1e6:.1f} MB before the first registration, "
        f"{(beatd['rss'] - beatd['rss_idle']) / options.count:.0f} bytes each), "
        f"{beatd['registered_per_s']:.0f} registrations/s accepted.", ""]
    ratio = beatd["cpu_us"] / bare["cpu_us"]
    goals = [
        (f"CPU per beat ≤ {GOAL_CPU_US:g} µs", beatd["cpu_us"] <= GOAL_CPU_US, f"{beatd['cpu_us']:.2f} µs"),
        (f"≤ {GOAL_RATIO:g} × bare C", ratio <= GOAL_RATIO, f"{ratio:.2f} ×"),
        (f"lateness p99 < {GOAL_LATE_MS:g} ms", beatd["late"]["p99"] < GOAL_LATE_MS, f"{beatd['late']['p99']:.2f} ms")]
    if options.self_test:  # a fake has no goals to meet
        return "\n".join(lines), True
    lines += [f"* {'met' if met else 'MISSED'}: {goal} ({figure})" for goal, met, figure in goals]
    return "\n".join(lines), all(met for _, met, _ in goals)


def measure(options, processes, work):
    command = build(options.beatd)
    log = None if options.verbose else open(os.path.join(work, "log"), "w+b")
    if os.cpu_count() < 2:
        options.core = options.sink_core = None
    try:
        say(f"bare C, one beat a write: {options.seconds} s")
        bare = run_bare(processes, options, 1, log)
        say(f"bare C, up to four beats a write: {options.seconds} s")
        bare4 = run_bare(processes, options, 4, log)
        say("beatd")
        beatd = run_beatd(processes, options, command, work, log)
    except BaseException:
        if log:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
        raise
    text, met = report(options, bare, bare4, beatd)
    print(text)
    if options.record:
        path = os.path.join(HERE, f"results-{datetime.date.today().isoformat()}.md")
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"# {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC\n\n{text}\n\n")
        say(f"written to {path}")
    return 0 if met or not options.goals else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20000, help="registrations")
    parser.add_argument("--period-ms", type=int, default=5000, help="beatd's period without metadata is 5000")
    parser.add_argument("--seconds", type=int, default=25, help="length of each measurement")
    parser.add_argument("--settle", type=float, help="seconds from all beating to the measurement")
    parser.add_argument("--limit", type=int, default=0, help="the sink closes a connection with this answer; 0 = never")
    parser.add_argument("--core", type=int, default=0, help="core of what is measured")
    parser.add_argument("--sink-core", type=int, default=1)
    parser.add_argument("--beatd", help="command to measure instead of .build/release/beatd")
    parser.add_argument("--record", action="store_true", help="append to results-<date>.md")
    parser.add_argument("--goals", action="store_true", help="exit 1 when a goal is missed")
    parser.add_argument("--verbose", action="store_true", help="show what the processes print")
    parser.add_argument("--self-test", action="store_true", help="run against a fake daemon, small and short")
    options = parser.parse_args()
    if options.self_test:
        options.count, options.seconds, options.settle = 500, 5, 1
        options.beatd = f"{shlex.quote(sys.executable)} {shlex.quote(os.path.join(HERE, 'fake_beatd.py'))}"
        options.limit = options.limit or 100
    return options


def main():
    options = arguments()
    processes = Processes()
    work = tempfile.mkdtemp(prefix="beatd-bench-")
    try:
        return measure(options, processes, work)
    except (Failure, subprocess.CalledProcessError) as error:
        say(f"bench: {error}")
        return 70
    finally:
        processes.stop_all()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
