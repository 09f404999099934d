"""Signals and restarts: what is taken away, what stays, how long it takes."""

import os
import shutil
import signal
import time

from beatd import Failure, document, wait_for
from naming import Naming
from stage import scenario


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
