"""As many beats as beatd can send beside a bare `bufferevent` client, and what a large table costs a beat."""

import os
import signal
import statistics
import time

from harness import Beatd, Failure, ask, ask_json, cpu_clock, run_json, say, start_sink, wait_until_beaten

# The shortest period that beatd obeys (BeatCore, Limits): what makes the most of each registration.
SHORTEST_PERIOD_MS = 500
ROUNDS = 5
# Beside one program of the usual priority, a twentieth of the core, a fortieth, a seventieth (sched(7): a step is 1.25 ×).
SHARED_NICE = (13, 16, 19)
# What is sent of what is due, at most, for the faster of two rounds to be saturated too.
CLEARLY_SATURATED = 0.6
GOAL_A, GOAL_B, GOAL_TABLE = 0.75, 0.40, 0.9
# Requests in flight on each connection of the bare client: as the goal was set, and as many as beatd has at a sink as
# quick as this.
BARE_DEPTHS = (16, 64)


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
    later, so that each round begins anew.
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
        bare = [run_json(
            processes,
            ["saturate", "--port", str(bare_port), "--limit", str(options.limit), "--depth", str(depth),
             "--seconds", str(max(1, options.seconds // len(BARE_DEPTHS)))],
            options.core, log, options.seconds + 30) for depth in BARE_DEPTHS]
        beatd.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        own = over(sink_port, beatd.pid, options.seconds)
        rounds.append((*bare, own))
        say(f"round {number + 1}: bare {' and '.join(format(one['perSecond'], '.0f') for one in bare)}/s, "
            f"beatd {own['perSecond']:.0f}/s on {own['core']:.2f} of a core")
    beatd.kill()
    processes.stop(sink)
    processes.stop(bare_sink)
    goal = GOAL_B if options.limit else GOAL_A
    lines = [
        f"Saturated, mode {'B' if options.limit else 'A'}: {options.count} registrations at "
        f"{SHORTEST_PERIOD_MS} ms, {ROUNDS} rounds of {options.seconds} s", "",
        "| | beats/s | µs CPU a beat | of a core |", "|---|---|---|---|"]
    for place, name in enumerate([*(f"bare `bufferevent`, {depth} deep" for depth in BARE_DEPTHS), "beatd"]):
        middle = {key: statistics.median(results[place][key] for results in rounds)
                  for key in ("perSecond", "cpuPerBeatUs", "core")}
        lines.append(f"| {name} | {middle['perSecond']:.0f} | {middle['cpuPerBeatUs']:.2f} | {middle['core']:.2f} |")
    lines.append("")
    ratios = []
    for place, depth in enumerate(BARE_DEPTHS):
        ratio = statistics.median(results[-1]["perSecond"] / results[place]["perSecond"] for results in rounds)
        cpu = statistics.median(results[place]["cpuPerBeatUs"] / results[-1]["cpuPerBeatUs"] for results in rounds)
        ratios.append(ratio)
        lines.append(f"* {'met' if ratio >= goal else 'MISSED'}: beats/s ≥ {goal:g} of bare, {depth} deep (median of "
                     f"ratios {ratio:.2f}; per CPU second {cpu:.2f})")
    return "\n".join(lines), min(ratios) >= goal


class Saturated:
    """A beatd with more to send than it can, which is stopped but while it is measured."""

    def __init__(self, processes, options, command, work, log, count, services):
        self.count, self.services, self.options = count, services, options
        self.rounds = []
        self.sink, self.sink_port = start_sink(processes, options, log)
        folder = os.path.join(work, f"{count}-{services}")
        os.mkdir(folder)
        self.beatd = Beatd(processes, options, command, folder, log, self.sink_port).wait_until_ready()
        self.beatd.register(count, services=services)
        wait_until_beaten(self.sink_port, count, 60 + count / 2000)
        set_period(self.sink_port, SHORTEST_PERIOD_MS)
        time.sleep(options.period_ms / 1000 + 2)
        self.beatd.process.send_signal(signal.SIGSTOP)
        self.due = count * 1000 / SHORTEST_PERIOD_MS

    def run(self):
        self.beatd.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        result = over(self.sink_port, self.beatd.pid, self.options.seconds)
        self.beatd.process.send_signal(signal.SIGSTOP)
        return result

    def share(self, hog):
        """Gives it so little of the core beside `hog` that it is saturated."""
        hog.send_signal(signal.SIGCONT)
        for nice in SHARED_NICE:
            os.setpriority(os.PRIO_PROCESS, self.beatd.pid, nice)
            if self.run()["perSecond"] < CLEARLY_SATURATED * self.due:
                break
        hog.send_signal(signal.SIGSTOP)

    def measure(self):
        result = self.run()
        if result["perSecond"] > 0.9 * self.due:
            raise Failure(
                f"{self.count} registrations sent {result['perSecond']:.0f} of {self.due:.0f} beats/s: no saturation")
        self.rounds.append(result)
        say(f"{self.count} in {self.services} services: {result['perSecond']:.0f}/s on {result['core']:.2f} of a core, "
            f"{result['cpuPerBeatUs']:.2f} µs")
        return result

    def end(self, processes):
        self.beatd.kill()
        processes.stop(self.sink)

    def row(self):
        middle = {key: statistics.median(r[key] for r in self.rounds) for key in ("perSecond", "cpuPerBeatUs", "core")}
        return (f"| {self.count} | {self.services} | {middle['perSecond']:.0f} | {middle['core']:.2f} | "
                f"{middle['cpuPerBeatUs']:.2f} |")


def compare(processes, few, many, hog=None):
    """Median of the ratios of beats per CPU second, of interleaved rounds; `few` beside a program that takes the core."""
    for _ in range(ROUNDS):
        if hog:
            hog.send_signal(signal.SIGCONT)
        few.measure()
        if hog:
            hog.send_signal(signal.SIGSTOP)
        many.measure()
    for one in (few, many):
        one.end(processes)
    return statistics.median(a["cpuPerBeatUs"] / b["cpuPerBeatUs"] for a, b in zip(few.rounds, many.rounds))


def measure_table(processes, options, command, work, log):
    """Saturated with few registrations and with many, and in one service and in 200, in interleaved rounds.

    20 000 registrations are 40 000 beats/s at the shortest period, a tenth of what beatd can send: so that they saturate
    it, it shares its core with a program that takes the rest. What is compared is beats per CPU second.
    """
    hog = processes.start(["sh", "-c", "while :; do :; done"], options.core, log)
    hog.send_signal(signal.SIGSTOP)
    few = Saturated(processes, options, command, work, log, 20000, 200)
    few.share(hog)
    many = Saturated(processes, options, command, work, log, 1000000, 200)
    lines = ["| registrations | services | beats/s | of a core | µs CPU a beat |", "|---|---|---|---|---|"]
    table = compare(processes, few, many, hog)
    lines += [few.row(), many.row()]
    hog.send_signal(signal.SIGCONT)
    processes.stop(hog)
    few = Saturated(processes, options, command, work, log, 700000, 1)
    many = Saturated(processes, options, command, work, log, 700000, 200)
    services = compare(processes, few, many)
    lines += [few.row(), many.row(), ""]
    for what, ratio in (("1 000 000 in the table beside 20 000", table), ("200 services beside one", services)):
        lines.append(f"* {'met' if ratio >= GOAL_TABLE else 'MISSED'}: saturated beats per CPU second, {what}: "
                     f"≥ {GOAL_TABLE:g} × ({ratio:.2f}, median of {ROUNDS} rounds)")
    return "\n".join(lines), min(table, services) >= GOAL_TABLE
