"""What every measurement needs: processes that end, a little HTTP, the sink, beatd."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Where the programs of Package.swift are.
PROGRAMS = os.path.join(ROOT, ".build-bench", "release")


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
    """Builds the programs, and beatd unless there is a command to run instead of it; the command to run."""
    def run(what):
        subprocess.run([os.path.join(ROOT, "scripts", "build.sh"), what], check=True, stdout=sys.stderr)

    run("bench")
    if run_beatd is None:
        run("release")
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


# MARK: what is started


def say(text):
    print(text, file=sys.stderr, flush=True)


def start_listening(processes, arguments, core, log):
    """Starts one of PROGRAMS that prints the port that it listens on."""
    process = processes.start([os.path.join(PROGRAMS, arguments[0])] + arguments[1:], core, log)
    line = process.stdout.readline().decode()
    if not line.startswith("listening "):
        raise Failure(f"{arguments[0]} did not start")
    return process, int(line.split()[1])


def start_sink(processes, options, log, limit=None):
    return start_listening(
        processes, ["sink", "--port", "0", "--limit", str(options.limit if limit is None else limit), "--period-ms",
                    str(options.period_ms)], options.sink_core, log)


def run_json(processes, arguments, core, log, limit):
    """Runs one of PROGRAMS to its end; what it prints is one JSON object."""
    process = processes.start([os.path.join(PROGRAMS, arguments[0])] + arguments[1:], core, log)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        raise Failure(f"{arguments[0]} did not end within {limit} s") from None
    processes.running.remove(process)
    if process.returncode != 0:
        raise Failure(f"{arguments[0]} ended with {process.returncode}")
    return json.loads(output)


class Beatd:
    """The daemon that is measured, with its log at `warn` and no limit of writes."""

    def __init__(self, processes, options, command, work, log, sink_port, data="memory"):
        self.socket, self.port = os.path.join(work, "api.sock"), free_port()
        self.options, self.log, self.processes = options, log, processes
        self.started = time.monotonic()
        self.process = processes.start(
            command + ["serve", "--nacos-servers", f"127.0.0.1:{sink_port}", "--data-dir", data, "--write-rate", "0",
                       "--listen", f"127.0.0.1:{self.port}", "--socket", self.socket, "--log-level", "warn",
                       "--max-registrations", "1000000"],
            options.core, log)
        self.pid = self.process.pid
        # A full pipe must not be what is measured.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def wait_until_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise SystemExit(f"beatd ended with {self.process.returncode}; its log is above")
            return ask(self.port, "/readyz")[0] == 200

        wait_for("beatd ready", 15, ready)
        return self

    def register(self, count, first=0, services=100, connections=16, depth=4):
        """POSTs registrations over the network listener; returns what `load` measured."""
        return run_json(
            self.processes,
            ["load", "--port", str(self.port), "--count", str(count), "--first", str(first), "--services",
             str(services), "--connections", str(connections), "--depth", str(depth)],
            self.options.sink_core, self.log, 60 + count // 1000)

    def stop(self):
        self.processes.stop(self.process, limit=60)
        if self.process.returncode != 0:
            raise Failure(f"beatd ended with {self.process.returncode} after TERM")

    def kill(self):
        """What a crash is: TERM would take every registration away."""
        self.process.kill()
        self.processes.stop(self.process)


# A beat of `saturate` on the machine on which the goals in percent, seconds and per second were set (shared/performance.md).
REFERENCE_BARE_US = 0.54


def slowness(processes, options, log):
    """How many times as long as there a bare `bufferevent` client takes for a beat, here and now.

    Virtual machines of one kind differ by 2 to 4 x from hour to hour, so goals that are no ratios are divided by it.
    """
    sink, port = start_sink(processes, options, log, limit=0)
    bare = run_json(processes, ["saturate", "--port", str(port), "--seconds", "3"], options.core, log, 30)
    processes.stop(sink)
    say(f"bare bufferevent: {bare['cpuPerBeatUs']:.2f} us a beat")
    return bare["cpuPerBeatUs"] / REFERENCE_BARE_US


def verdict(met, goal, figure, met_scaled=False):
    """One goal; `met_scaled` says that it is met at the reference's speed, which is an extrapolation."""
    word = "met" if met else "MISSED here, met at the reference's speed" if met_scaled else "MISSED"
    return f"* {word}: {goal} ({figure})"


def wait_until_beaten(sink_port, count, limit):
    def beaten():
        counts = ask_json(sink_port, "/sink/counts")
        if counts["refused"] > 0:
            raise Failure(f"the sink refused {counts['refused']} requests that no Nacos would take")
        return counts["instances"] >= count

    wait_for("every registration beaten", limit, beaten)
