#!/usr/bin/env python3
"""Measures beatd beside the least a C program can do, in one run.

A sink that answers as Tomcat does and what puts load run on core 1, what is measured on core 0. The machine may be
shared, so ratios taken in one run count, not figures from two. docs/performance.md has the figures and the method.

    make bench                                     all of these one after the other, about half an hour
    Tests/Benchmarks/bench.py                      paced: 20 000 registrations at 5 s, about two minutes
    Tests/Benchmarks/bench.py --count 1000 --limit 100
    Tests/Benchmarks/bench.py saturated            beats/s beside a bare `bufferevent` client, five rounds
    Tests/Benchmarks/bench.py table                the cost of a beat with few and with many registrations and services
    Tests/Benchmarks/bench.py get                  GET of one registration beside `evhttp`, eleven rounds
    Tests/Benchmarks/bench.py open                 1 000 GET/s open loop while 10 000 beat
    Tests/Benchmarks/bench.py durable              durable POST/s; 100 000 registrations restored
        --record   also writes Tests/Benchmarks/results-<date>.md
        --goals    exit 1 when a goal is missed
    Tests/Benchmarks/bench.py --self-test          the scripts against a fake daemon, half a minute

Python's standard library only; everything stays on loopback and ends with the script.
"""

import argparse
import datetime
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import durable
import paced
import saturated
import serving
from harness import HERE, Failure, Processes, build, run_json, say, start_listening, start_sink

# What `all` measures: the measure, registrations, and the sink's limit of answers.
ALL = [
    ("paced", 1000, 0), ("paced", 10000, 0), ("paced", 20000, 0), ("paced", 100000, 0), ("paced", 1000000, 0),
    ("paced", 1000000, 100), ("saturated", 700000, 0), ("saturated", 700000, 100), ("table", 0, 0), ("get", 0, 0),
    ("open", 0, 0), ("durable", 100000, 0)]

# What is measured by each name, with how many registrations and for how many seconds if nothing is said.
MEASURES = {
    "paced": (paced.measure, 20000, 25),
    "saturated": (saturated.measure, 700000, 4),
    "table": (saturated.measure_table, 0, 4),
    "get": (serving.measure_get, 0, 2),
    "open": (serving.measure_open, 0, 30),
    "durable": (durable.measure_durable, 100000, 0),
}


def try_programs(processes, options, work, log):
    """For a second each: what --self-test has no daemon for."""
    sink, port = start_sink(processes, options, log)
    beats = run_json(
        processes, ["saturate", "--port", str(port), "--limit", str(options.limit), "--seconds", "1"], options.core,
        log, 30)
    processes.stop(sink)
    peer, port = start_listening(processes, ["peer", "{}"], options.core, log)
    closed = run_json(
        processes, ["load", "--port", str(port), "--get", "/", "--seconds", "1", "--connections", "4"],
        options.sink_core, log, 30)
    paced_load = run_json(
        processes, ["load", "--port", str(port), "--get", "/", "--seconds", "1", "--rate", "200"], options.sink_core,
        log, 30)
    processes.stop(peer)
    few = argparse.Namespace(**{**vars(options), "count": 1000})
    stored = durable.store_bare(processes, few, work, log)["perSecond"]
    if not (stored > 0 and beats["beats"] > 0 and closed["requests"] > 0 and paced_load["requests"] > 0):
        raise Failure(f"a program measured nothing: {beats} {closed} {paced_load}")


def measure_all(processes, options, command, work, log):
    texts, met = [], True
    for name, count, limit in ALL:
        part = argparse.Namespace(**vars(options))
        part.count, part.limit, part.seconds = count, limit, options.seconds or MEASURES[name][2]
        folder = tempfile.mkdtemp(dir=work)
        text, part_met = MEASURES[name][0](processes, part, command, folder, log)
        say(text)
        texts.append(f"## {name}\n\n{text}")
        met = met and part_met
    return "\n\n".join(texts), met


def measure(options, processes, work):
    command = build(options.beatd)
    log = None if options.verbose else open(os.path.join(work, "log"), "w+b")
    if os.cpu_count() < 2:
        options.core = options.sink_core = None
    try:
        if options.self_test:
            try_programs(processes, options, work, log)
        if options.measure == "all":
            text, met = measure_all(processes, options, command, work, log)
        else:
            text, met = MEASURES[options.measure][0](processes, options, command, work, log)
    except BaseException:
        if log:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
        raise
    print(text)
    if options.record:
        path = os.path.join(HERE, f"results-{datetime.date.today().isoformat()}.md")
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"# {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC\n\n{text}\n\n")
        say(f"written to {path}")
    return 0 if met or not options.goals else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", nargs="?", choices=[*MEASURES, "all"], default="paced")
    parser.add_argument("--count", type=int, help="registrations")
    parser.add_argument("--period-ms", type=int, default=5000, help="the period that the sink tells")
    parser.add_argument("--seconds", type=int, help="length of each measurement")
    parser.add_argument("--settle", type=float, help="seconds from all beating to the measurement")
    parser.add_argument("--limit", type=int, default=0, help="the sink closes a connection with this answer; 0 = never")
    parser.add_argument("--core", type=int, default=0, help="core of what is measured")
    parser.add_argument("--sink-core", type=int, default=1)
    parser.add_argument("--beatd", help="command to measure instead of .build/release/beatd")
    parser.add_argument("--record", action="store_true", help="append to results-<date>.md")
    parser.add_argument("--goals", action="store_true", help="exit 1 when a goal is missed at the reference's speed too")
    parser.add_argument("--verbose", action="store_true", help="show what the processes print")
    parser.add_argument("--self-test", action="store_true", help="run against a fake daemon, small and short")
    options = parser.parse_args()
    _, count, seconds = MEASURES.get(options.measure, (None, 0, 0))
    options.count = options.count or count
    options.seconds = options.seconds or seconds
    if options.self_test:
        options.measure, options.count, options.seconds, options.settle = "paced", 500, 5, 1
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
