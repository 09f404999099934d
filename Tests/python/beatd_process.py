"""beatd as a process of its own, on a port that it finds by itself."""

import json
import os
import queue
import subprocess
import threading
import time

# Longer than anything takes, so that only a fault reaches it.
PATIENCE = 30.0


class Beatd:
    """`beatd ARGUMENTS --listen 127.0.0.1:0`; `address` is where it listens. A context manager."""

    def __init__(self, binary, *arguments):
        # No BEATD_… of whoever runs the tests.
        environment = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
        command = [binary, *arguments, "--listen", "127.0.0.1:0", "--log-format", "json"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._lines = queue.Queue()
        # Reads to the end, so that the log never fills the pipe.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.address = self._announced()
        except BaseException:
            self.close()
            raise

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _announced(self):
        """The address of the line that says that it is up."""
        seen = []
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"beatd did not come up: {b''.join(seen).decode(errors='replace')}")
            seen.append(line)
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if record.get("event") in ("naming.up", "process.up"):
                return record["listen"]

    def close(self):
        """Asks it to end, and ends it when it does not; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(PATIENCE)
        self._process.stdout.close()
        return self._process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(what, condition, within=PATIENCE):
    """Asks ten times a second until the answer is true; it is given back."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: {what}")
        threading.Event().wait(0.1)
