"""Beats at their pace: CPU per beat, lateness, memory, beside the least a C program can do."""

import os
import platform
import time

from harness import (
    Beatd, Failure, ask, ask_json, cpu_clock, resident_bytes, run_json, say, slowness, start_sink, verdict,
    wait_until_beaten)

# CPU per beat as a ratio to bare C with one beat a write; lateness; of a core, in mode A and B, by registrations.
GOAL_RATIO, GOAL_LATE_MS = 2.5, 5.0
GOAL_BYTES, GOAL_IDLE = 400, 12 << 20
GOALS_CORE = {100000: (0.05, 0.05), 1000000: (0.35, 0.45)}
# What bare C does: beats a write at most, connections. A write for each beat does not keep pace with a million.
BARE, BARE_MILLION, BARE_MAX = [(1, 8), (4, 8)], [(16, 64), (64, 16)], 200000
# beatd's lateness is of its last minute; it must have been in the steady state for that long before it is asked.
LATENESS_WINDOW = 60


def run_bare(processes, options, depth, connections, log):
    sink, port = start_sink(processes, options, log)
    # That of beatd (`Phase.grid`): no more than 1 250 at once.
    grid = next((ms for ms in (50, 25, 10) if options.count * ms <= 1250 * options.period_ms), 5)
    warm = max(1, options.period_ms // 1000)
    result = run_json(
        processes,
        ["bare", "--port", str(port), "--count", str(options.count), "--period-ms", str(options.period_ms),
         "--grid-ms", str(grid), "--depth", str(depth), "--connections", str(connections), "--limit",
         str(options.limit), "--warm", str(warm), "--seconds", str(options.seconds)],
        options.core, log, warm + options.seconds + 30)
    counts = ask_json(port, "/sink/counts")
    processes.stop(sink)
    return {"beats": result["beats"], "cpu_us": result["cpuPerBeatUs"], "late": result["latenessMs"],
            "jitter": counts["jitterMs"], "gap_max_ms": counts["gapMaxMs"],
            "name": f"bare C, up to {depth} a write on {connections}" if depth > 1 else "bare C, 1 beat a write"}


def run_beatd(processes, options, command, work, log):
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    idle_bytes = resident_bytes(beatd.pid)
    started = time.monotonic()
    registered = beatd.register(options.count)
    period = options.period_ms / 1000
    wait_until_beaten(sink_port, options.count, 60 + 4 * period + options.count / 5000)

    settle = max(2 * period, LATENESS_WINDOW - options.seconds) if options.settle is None else options.settle
    say(f"all {options.count} beating {time.monotonic() - started:.1f} s after the first POST; settling {settle:.0f} s")
    time.sleep(settle)
    ask(sink_port, "/sink/reset", "POST")
    before, cpu_before = ask_json(sink_port, "/sink/counts"), cpu_clock(beatd.pid)
    time.sleep(options.seconds)
    cpu_after, after = cpu_clock(beatd.pid), ask_json(sink_port, "/sink/counts")

    lateness = ask_json(beatd.port, "/v1/metrics")["latenessSeconds"]["1m"]
    beats = after["beats"] - before["beats"]
    expected = options.count * options.seconds / period
    if not 0.9 * expected <= beats <= 1.1 * expected:
        raise Failure(f"{beats} beats arrived where {expected:.0f} were due")
    used_bytes = resident_bytes(beatd.pid)
    if options.count > 100000:
        beatd.kill()  # a million deregistrations would only be waited for
    else:
        beatd.stop()
    processes.stop(sink)
    return {
        "beats": beats, "cpu_us": (cpu_after - cpu_before) / beats * 1e6,
        "late": {name: lateness[name] * 1000 for name in ("p50", "p99", "max")},
        "jitter": after["jitterMs"], "gap_max_ms": after["gapMaxMs"], "rss": used_bytes, "rss_idle": idle_bytes,
        "registered_per_s": registered["perSecond"], "core": (cpu_after - cpu_before) / options.seconds}


def report(options, bare, beatd, slow):
    def row(name, r):
        ratio = f"{r['cpu_us'] / bare[0]['cpu_us']:.2f}"
        return (f"| {name} | {r['beats']} | {r['cpu_us']:.2f} | {ratio} | {r['late']['p50']:.2f} | "
                f"{r['late']['p99']:.2f} | {r['late']['max']:.2f} | {r['jitter']['p99']:.1f} | "
                f"{r['gap_max_ms']:.0f} |")

    limit = f"closing after {options.limit} answers" if options.limit else "without a limit of answers"
    lines = [
        f"{options.count} registrations every {options.period_ms / 1000:g} s, {options.seconds} s measured, "
        f"sink {limit}; {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", "",
        "| | beats | µs CPU a beat | × bare C | late p50 ms | p99 | max | jitter at the sink p99 ms | longest gap ms |",
        "|---|---|---|---|---|---|---|---|---|",
        *[row(r["name"], r) for r in bare],
        row("the fake" if options.self_test else "beatd", beatd), "",
        f"beatd: {100 * beatd['core']:.1f} % of a core, {beatd['rss'] / 1e6:.1f} MB resident "
        f"({beatd['rss_idle'] / 1e6:.1f} MB before the first registration, "
        f"{(beatd['rss'] - beatd['rss_idle']) / options.count:.0f} bytes each), "
        f"{beatd['registered_per_s']:.0f} registrations/s accepted.", ""]
    goals = [
        (f"lateness p99 < {GOAL_LATE_MS:g} ms", beatd["late"]["p99"] < GOAL_LATE_MS, f"{beatd['late']['p99']:.2f} ms")]
    if options.count <= BARE_MAX:
        ratio = beatd["cpu_us"] / bare[0]["cpu_us"]
        goals.append((f"≤ {GOAL_RATIO:g} × bare C", ratio <= GOAL_RATIO, f"{ratio:.2f} ×"))
    if options.count in GOALS_CORE:
        share = GOALS_CORE[options.count][1 if options.limit else 0]
        goals.append((
            f"≤ {100 * share:g} % of a core", beatd["core"] <= share,
            f"{100 * beatd['core']:.1f} % here, where bare C is {slow:.2f} × as slow as the reference: "
            f"{100 * beatd['core'] / slow:.1f} % there", beatd["core"] / slow <= share))
    if options.count == 100000:
        each = (beatd["rss"] - beatd["rss_idle"]) / options.count
        goals.append((f"≤ {GOAL_BYTES} bytes each", each <= GOAL_BYTES, f"{each:.0f}"))
        goals.append(("idle ≤ 12 MiB", beatd["rss_idle"] <= GOAL_IDLE, f"{beatd['rss_idle'] / (1 << 20):.1f} MiB"))
    if options.self_test:  # a fake has no goals to meet
        return "\n".join(lines), True
    lines += [verdict(met, goal, figure, *scaled) for goal, met, figure, *scaled in goals]
    return "\n".join(lines), all(met or any(scaled) for _, met, _, *scaled in goals)


def measure(processes, options, command, work, log):
    bare = []
    for depth, connections in BARE if options.count <= BARE_MAX else BARE_MILLION:
        say(f"bare C, up to {depth} beats a write: {options.seconds} s")
        bare.append(run_bare(processes, options, depth, connections, log))
    say("beatd")
    slow = slowness(processes, options, log) if options.count in GOALS_CORE else 1
    beatd = run_beatd(processes, options, command, work, log)
    return report(options, bare, beatd, slow)
