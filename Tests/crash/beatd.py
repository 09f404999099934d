"""A beatd that can be killed and started again, and clients that know what they were promised."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time


class Failure(Exception):
    pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, limit, condition):
    end = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"not within {limit} s: {what}")
        time.sleep(0.005)


class Beatd:
    """One data folder, one port, and the processes that follow one another on them."""

    def __init__(self, binary, naming_port, folder, settings=()):
        self.binary, self.folder = binary, folder
        self.data = os.path.join(folder, "data")
        self.port = free_port()
        self.log = os.path.join(folder, "log")
        self.arguments = [
            "serve", "--nacos-servers", f"127.0.0.1:{naming_port}", "--dialect", "v1", "--listen",
            f"127.0.0.1:{self.port}", "--socket", "", "--data-dir", self.data, "--write-rate", "0", "--log-format",
            "text", "--log-level", "warn", *settings]
        self.process = None

    def start(self, before=(), wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*before, self.binary, *self.arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True)
        if wait:
            self.ready()
        return self

    def ready(self, limit=20):
        def answers():
            if self.process.poll() is not None:
                return True
            try:
                return self.ask("GET", "/livez", timeout=1)[0] == 200
            except (OSError, http.client.HTTPException):
                return False
        wait_for("beatd is up", limit, answers)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9 of the process, and of the strace around it."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def terminate(self, limit):
        """TERM; the exit status and how long it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"no end within {limit} s of TERM") from None
        return status, time.monotonic() - begin

    def ask(self, method, path, body=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text[:1] in ("{", "[") else text
        finally:
            connection.close()

    def registrations(self):
        """What the API lists, by port of the instance."""
        found, more = {}, ""
        while True:
            status, page = self.ask("GET", f"/v1/beats?limit=1000{more}")
            if status != 200:
                raise Failure(f"GET /v1/beats: {status} {page}")
            for item in page["items"]:
                found[(item["ip"], item["port"])] = item
            if "continue" not in page:
                return found
            more = f"&continue={page['continue']}"

    def metric(self, name):
        _, text = self.ask("GET", "/metrics")
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith((name + " ", name + "{")))

    def check_integrity(self):
        """PRAGMA integrity_check on a copy, so that beatd finds what the crash left."""
        with tempfile.TemporaryDirectory() as copy:
            for name in os.listdir(self.data):
                if name in ("beatd.db", "beatd.db-wal"):
                    shutil.copy(os.path.join(self.data, name), copy)
            if not os.path.exists(os.path.join(copy, "beatd.db")):
                return
            database = sqlite3.connect(os.path.join(copy, "beatd.db"))
            try:
                result = database.execute("PRAGMA integrity_check").fetchall()
            finally:
                database.close()
            if result != [("ok",)]:
                raise Failure(f"integrity_check: {result}")


def document(ip, port, version, size=0):
    return {"serviceName": "crash", "ip": ip, "port": port, "weight": version % 1000,
            "metadata": {"version": str(version), "padding": "x" * size}}


class Writer(threading.Thread):
    """Creates, changes and deletes registrations of its own, and keeps what may be true of each.

    `known` holds for each key the last acknowledged version (None: deleted) and the versions that were sent since and
    not acknowledged.
    """

    def __init__(self, beatd, number, keys=40):
        super().__init__(daemon=True)
        self.beatd, self.number, self.keys = beatd, number, keys
        self.random = random.Random(number)
        self.known = {}
        self.ending = False
        self.acknowledged = 0
        self.refused = 0
        self.version = number * 1_000_000

    def run(self):
        connection = None
        while not self.ending:
            key = (f"10.0.{self.number}.1", 1000 + self.random.randrange(self.keys))
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.beatd.port, timeout=5)
                self._write(connection, key)
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)
        if connection is not None:
            connection.close()

    def _write(self, connection, key):
        settled, maybe = self.known.setdefault(key, (None, []))
        if self.random.random() < 0.25:
            version = None
            sent = lambda: connection.request(
                "DELETE", f"/v1/beats?serviceName=crash&ip={key[0]}&port={key[1]}&missing_ok=true&wait=0s")
        else:
            self.version += 1
            version = self.version
            body = json.dumps(document(*key, version, self.random.randrange(600)))
            sent = lambda: connection.request("POST", "/v1/beats", body, {"Content-Type": "application/json"})
        maybe.append(version)
        sent()
        answer = connection.getresponse()
        answer.read()
        if answer.status in (200, 201, 202, 204):
            self.known[key] = (version, [])
            self.acknowledged += 1
        elif answer.status == 503:
            self.refused += 1
        else:
            raise Failure(f"write answered {answer.status}")

    def check(self, found):
        """What is found must be what was acknowledged last, or something that was sent behind it."""
        for key, (settled, maybe) in self.known.items():
            item = found.get(key)
            version = int(item["metadata"]["version"]) if item else None
            if version != settled and version not in maybe:
                raise Failure(f"{key}: found version {version}, acknowledged {settled}, sent behind it {maybe}")
            if item and item["weight"] != version % 1000:
                raise Failure(f"{key}: version {version} is not whole: {item}")
            # From now on this is what holds.
            self.known[key] = (version, [])


class Writers:
    """Several writers at once."""

    def __init__(self, beatd, count=8):
        self.all = [Writer(beatd, number) for number in range(count)]
        for writer in self.all:
            writer.start()

    def stop(self):
        for writer in self.all:
            writer.ending = True
        for writer in self.all:
            writer.join(15)
            if writer.is_alive():
                raise Failure("a writer does not end")

    def check(self, beatd):
        found = beatd.registrations()
        for writer in self.all:
            writer.check(found)

    @property
    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.all)
