"""What every scenario stands on: the list of them, and a beatd with a naming server and a folder of its own."""

import os
import shutil
import subprocess
import tempfile
import time

from beatd import Beatd, Failure, document, wait_for
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
