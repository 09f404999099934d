"""Writes that are answered when they are on the disk, and a start with what they have left there."""

import os
import shutil
import statistics
import time

from harness import (
    Beatd, Failure, ask, ask_json, cpu_clock, run_json, say, slowness, start_listening, start_sink, verdict, wait_for,
    wait_until_beaten)

ROUNDS, RESTARTS, CONNECTIONS = 5, 5, 64
# Bytes of the answer to a POST of `load`.
ANSWER_BYTES = 778
GOAL_POST, GOAL_FIRST_S = 20000, 0.3


def load_posts(processes, options, log, port):
    return run_json(
        processes, ["load", "--port", str(port), "--count", str(options.count), "--connections", str(CONNECTIONS)],
        options.sink_core, log, 60 + options.count // 1000)


def store_bare(processes, options, work, log):
    """The same POSTs to `evhttp` and SQLite with nothing of a product around them: a second, microseconds of CPU each."""
    sink, sink_port = start_sink(processes, options, log)
    path = os.path.join(work, "bare.db")
    bare, port = start_listening(processes, ["storing", path, "x" * ANSWER_BYTES, str(sink_port)], options.core, log)
    before = cpu_clock(bare.pid)
    posted = load_posts(processes, options, log, port)
    each = (cpu_clock(bare.pid) - before) / options.count * 1e6
    wait_for("every register answered", 10,
             lambda: ask_json(sink_port, "/sink/counts")["registers"] == options.count)
    processes.stop(bare)
    processes.stop(sink)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)
    return {"perSecond": posted["perSecond"], "cpuUs": each}


def move_storage(pid, core):
    """Lets the thread that writes to the disk run on another core than the loop's: what a machine with two does."""
    if core is None:
        return
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
            if file.read().strip() == "beatd-storage":
                return os.sched_setaffinity(int(task), {core})
    raise Failure("beatd has no thread beatd-storage")


def store(processes, options, command, work, log, sink_port, data):
    """POSTs to a beatd with an empty data folder; beatd, and what `load` measured."""
    shutil.rmtree(data, ignore_errors=True)
    beatd = Beatd(processes, options, command, work, log, sink_port, data).wait_until_ready()
    move_storage(beatd.pid, options.sink_core)
    before = cpu_clock(beatd.pid)
    posted = load_posts(processes, options, log, beatd.port)
    posted["cpuUs"] = (cpu_clock(beatd.pid) - before) / options.count * 1e6
    return beatd, posted


def restart(processes, options, command, work, log, sink_port, data):
    """Seconds from a start to its first beat, each behind a SIGKILL, and what the sink counted behind the last one."""
    firsts = []
    for _ in range(RESTARTS):
        time.sleep(1)
        ask(sink_port, "/sink/reset", "POST")
        beatd = Beatd(processes, options, command, work, log, sink_port, data)
        wait_for("the first beat", 30, lambda: ask_json(sink_port, "/sink/counts")["firstBeat"] > 0)
        firsts.append(ask_json(sink_port, "/sink/counts")["firstBeat"] - beatd.started)
        time.sleep(options.period_ms / 1000 + 1)
        counts = ask_json(sink_port, "/sink/counts")
        beatd.kill()
    return firsts, counts


def median(rounds, key):
    return statistics.median(one[key] for one in rounds)


def measure_durable(processes, options, command, work, log):
    """Rounds of POSTs, interleaved with those to `storing`; then beatd is killed and starts again."""
    slow = slowness(processes, options, log)
    data = os.path.join(work, "data")
    bare, own = [], []
    for number in range(ROUNDS):
        bare.append(store_bare(processes, options, work, log))
        sink, sink_port = start_sink(processes, options, log)
        beatd, posted = store(processes, options, command, work, log, sink_port, data)
        own.append(posted)
        say(f"durable POST/s: evhttp and SQLite {bare[-1]['perSecond']} with {bare[-1]['cpuUs']:.1f} us of CPU each, "
            f"beatd {posted['perSecond']} with {posted['cpuUs']:.1f}")
        if number + 1 < ROUNDS:
            beatd.kill()
            processes.stop(sink)
    wait_until_beaten(sink_port, options.count, 60 + options.count / 2000)
    wait_for("every acceptance stored", 30, lambda: time.sleep(2) is None)
    registers = ask_json(sink_port, "/sink/counts")["registers"]
    beatd.kill()
    firsts, counts = restart(processes, options, command, work, log, sink_port, data)
    processes.stop(sink)
    return report(options, slow, bare, own, firsts, counts, counts["registers"] - registers)


def report(options, slow, bare, own, firsts, counts, again):
    posts, first = median(own, "perSecond"), statistics.median(firsts)
    latency = [statistics.median(one["latencyMs"][key] for one in own) for key in ("p50", "p99")]
    tenths = counts["perTenth"][:options.period_ms // 100]
    ratios = [one["perSecond"] / other["perSecond"] for one, other in zip(own, bare)]
    met = posts * slow >= GOAL_POST and first / slow < GOAL_FIRST_S
    rates = [one["perSecond"] for one in own]
    return "\n".join([
        f"Here and now bare C is {slow:.2f} × as slow as the reference.", "",
        f"Durable POST, {CONNECTIONS} connections, {options.count} registrations, median of {len(own)} rounds: "
        f"{posts:.0f}/s, {min(rates)} to {max(rates)}; p50 {latency[0]:.2f} ms, p99 {latency[1]:.2f} ms, "
        f"{median(own, 'cpuUs'):.1f} µs of CPU each; evhttp and SQLite with no more than a register: "
        f"{median(bare, 'perSecond'):.0f}/s, {median(bare, 'cpuUs'):.1f} µs; ratio {statistics.median(ratios):.2f}", "",
        verdict(posts >= GOAL_POST, f"≥ {GOAL_POST}/s", f"{posts:.0f}/s here, {posts * slow:.0f}/s at the reference's "
                "speed", posts * slow >= GOAL_POST), "",
        f"Killed and started again with {options.count} stored, {len(firsts)} times: first beat {first * 1000:.0f} ms "
        f"after exec in the median, {min(firsts) * 1000:.0f} to {max(firsts) * 1000:.0f}; beats per tenth of a second "
        f"over the first period of the last: mean {statistics.mean(tenths):.0f}, least {min(tenths)}, most "
        f"{max(tenths)}; {again} registered again", "",
        verdict(first < GOAL_FIRST_S, f"first beat < {GOAL_FIRST_S:g} s", f"{first * 1000:.0f} ms here, "
                f"{first / slow * 1000:.0f} ms at the reference's speed", first / slow < GOAL_FIRST_S)]), met
