"""As many beats as beatd can send beside a bare `bufferevent` client, and what a large table costs a beat."""

import signal
import statistics
import time

from harness import Beatd, ask, ask_json, cpu_clock, run_json, say, start_sink, wait_until_beaten

# The shortest period that beatd obeys (BeatCore, Limits): what makes the most of each registration.
SHORTEST_PERIOD_MS = 500
ROUNDS = 5
GOAL_A, GOAL_B, GOAL_TABLE = 0.75, 0.40, 0.9


def over(sink_port, pid, seconds):
    """Beats a second and CPU of the process, by the sink's clock."""
    before, cpu = ask_json(sink_port, "/sink/counts"), cpu_clock(pid)
    time.sleep(seconds)
    after, cpu_after = ask_json(sink_port, "/sink/counts"), cpu_clock(pid)
    beats, took = after["beats"] - before["beats"], after["monotonic"] - before["monotonic"]
    return {"perSecond": beats / took, "cpuPerBeatUs": (cpu_after - cpu) / beats * 1e6, "core": (cpu_after - cpu) / took}


def set_period(sink_port, milliseconds):
    ask(sink_port, f"/sink/period/{milliseconds}", "POST")


def measure(processes, options, command, work, log):
    """Registered at the normal period, then told the shortest one, so that more is due than can be sent.

    Interleaved with the bare client on the same core, for which beatd is stopped: what a stall swallows is not sent
    later, so that each round begins anew. It is stopped for less than a request may take.
    """
    sink, sink_port = start_sink(processes, options, log)
    bare_sink, bare_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    beatd.register(options.count)
    wait_until_beaten(sink_port, options.count, 60 + options.count / 2000)
    set_period(sink_port, SHORTEST_PERIOD_MS)
    time.sleep(options.period_ms / 1000 + 2)
    rounds = []
    for number in range(ROUNDS):
        beatd.process.send_signal(signal.SIGSTOP)
        bare = run_json(
            processes,
            ["saturate", "--port", str(bare_port), "--limit", str(options.limit), "--seconds", str(options.seconds)],
            options.core, log, options.seconds + 30)
        beatd.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        own = over(sink_port, beatd.pid, options.seconds)
        rounds.append((bare, own))
        say(f"round {number + 1}: bare {bare['perSecond']:.0f}/s {bare['core']:.2f} of a core, "
            f"beatd {own['perSecond']:.0f}/s {own['core']:.2f} of a core")
    beatd.kill()
    processes.stop(sink)
    processes.stop(bare_sink)
    ratio = statistics.median(own["perSecond"] / bare["perSecond"] for bare, own in rounds)
    cpu = statistics.median(bare["cpuPerBeatUs"] / own["cpuPerBeatUs"] for bare, own in rounds)
    goal = GOAL_B if options.limit else GOAL_A
    lines = [
        f"Saturated, mode {'B' if options.limit else 'A'}: {options.count} registrations at "
        f"{SHORTEST_PERIOD_MS} ms, {ROUNDS} rounds of {options.seconds} s", "",
        "| | beats/s | µs CPU a beat | of a core |", "|---|---|---|---|"]
    for name, place in (("bare `bufferevent`", 0), ("beatd", 1)):
        middle = {key: statistics.median(pair[place][key] for pair in rounds)
                  for key in ("perSecond", "cpuPerBeatUs", "core")}
        lines.append(f"| {name} | {middle['perSecond']:.0f} | {middle['cpuPerBeatUs']:.2f} | {middle['core']:.2f} |")
    lines += ["", f"* {'met' if ratio >= goal else 'MISSED'}: beats/s ≥ {goal:g} of bare (median of ratios {ratio:.2f}; "
              f"per CPU second {cpu:.2f})"]
    return "\n".join(lines), ratio >= goal


def one_table(processes, options, command, work, log, count, period_ms, services):
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    beatd.register(count, services=services)
    wait_until_beaten(sink_port, count, 60 + count / 2000)
    set_period(sink_port, period_ms)
    time.sleep(7)
    result = over(sink_port, beatd.pid, options.seconds)
    beatd.kill()
    processes.stop(sink)
    say(f"{count} at {period_ms} ms in {services} services: {result['cpuPerBeatUs']:.2f} µs a beat")
    return result


def measure_table(processes, options, command, work, log):
    """The same number of beats a second from few registrations and from ten times as many, in one and 200 services.

    20 000 registrations cannot saturate beatd: at the shortest period they are 40 000 beats/s.
    """
    lines = ["| registrations | period | services | beats/s | µs CPU a beat |", "|---|---|---|---|---|"]
    results = {}
    for count, period_ms, services in (
            (20000, 500, 200), (200000, 5000, 200), (100000, 500, 1), (100000, 500, 200), (1000000, 5000, 200)):
        result = one_table(processes, options, command, work, log, count, period_ms, services)
        results[count, services] = result["cpuPerBeatUs"]
        lines.append(f"| {count} | {period_ms} ms | {services} | {result['perSecond']:.0f} | "
                     f"{result['cpuPerBeatUs']:.2f} |")
    lines.append("")
    met = True
    for what, few, many in (
            ("200 000 in the table beside 20 000", (20000, 200), (200000, 200)),
            ("1 000 000 in the table beside 100 000", (100000, 200), (1000000, 200)),
            ("200 services beside one", (100000, 1), (100000, 200))):
        ratio = results[few] / results[many]
        met = met and ratio >= GOAL_TABLE
        lines.append(f"* {'met' if ratio >= GOAL_TABLE else 'MISSED'}: beats per CPU second, {what}: {ratio:.2f}")
    return "\n".join(lines), met
