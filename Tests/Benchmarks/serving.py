"""What the control API takes: GET beside `evhttp`, an open loop while it beats, durable writes, a restart."""

import json
import os
import statistics
import time

from harness import (
    Beatd, Connection, Failure, ask, ask_json, cpu_clock, request, run_json, say, slowness, start_listening,
    start_sink, verdict, wait_for, wait_until_beaten)

ROUNDS, RESTARTS = 11, 5
GET_CONNECTIONS, POST_CONNECTIONS = 16, 64
OPEN_LOOP_RATE, OPEN_LOOP_COUNT = 1000, 10000
# Bytes of the answer to a POST of `load`.
ANSWER_BYTES = 778
GOAL_GET, GOAL_OPEN_MS, GOAL_OPEN_LATE_MS, GOAL_POST, GOAL_FIRST_S = 1.5, 5.0, 20.0, 20000, 0.3


def post_one(port):
    """Registers one instance; its path and its document."""
    connection = Connection(port)
    try:
        connection.send([request("POST", "/v1/beats", b'{"serviceName":"bench-get","port":8080,"ip":"10.200.0.1"}')])
        status, body, _ = connection.receive()
    finally:
        connection.close()
    if status not in (200, 201):
        raise Failure(f"POST was answered {status}: {body[:200]!r}")
    document = json.loads(body)
    path = "/v1/beats/" + document.get("registration", document)["id"]
    # From its first beat on the document has what it will have while it is asked for.
    wait_for("the first beat", 10, lambda: ask_json(port, path)["status"]["lastBeat"] is not None)
    return path, ask(port, path)[1]


def get(processes, options, log, port, path, rate=0):
    return run_json(
        processes,
        ["load", "--port", str(port), "--get", path, "--seconds", str(options.seconds), "--connections",
         str(GET_CONNECTIONS), "--rate", str(rate)],
        options.sink_core, log, options.seconds + 30)


def measure_get(processes, options, command, work, log):
    """GET of one registration, closed loop, beside an `evhttp` handler with the same answer on the same core."""
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    path, body = post_one(beatd.port)
    peer, peer_port = start_listening(processes, ["peer", body.decode()], options.core, log)

    def measured(pid, port):
        """What `load` says, and the CPU that the server took for each request in microseconds."""
        before = cpu_clock(pid)
        result = get(processes, options, log, port, path)
        # The first second warms up, and is not among the requests.
        asked = result["perSecond"] * (options.seconds + 1)
        return result["perSecond"], (cpu_clock(pid) - before) / asked * 1e6

    rounds = []
    for number in range(ROUNDS):
        theirs, ours = measured(peer.pid, peer_port), measured(beatd.pid, beatd.port)
        rounds.append((theirs, ours))
        say(f"round {number + 1}: evhttp {theirs[0]}/s, {theirs[1]:.1f} us each, beatd {ours[0]}/s, {ours[1]:.1f} us")
    processes.stop(peer)
    beatd.stop()
    processes.stop(sink)
    ratio = statistics.median(ours[0] / theirs[0] for theirs, ours in rounds)
    cpu = statistics.median(theirs[1] / ours[1] for theirs, ours in rounds)
    middle = [statistics.median(pair[place][figure] for pair in rounds) for place in (0, 1) for figure in (0, 1)]
    return "\n".join([
        f"GET of one registration, {GET_CONNECTIONS} connections: evhttp {middle[0]:.0f}/s, {middle[1]:.1f} µs CPU each, "
        f"beatd {middle[2]:.0f}/s, {middle[3]:.1f} µs; {len(body)} bytes, median of {ROUNDS} rounds", "",
        verdict(ratio >= GOAL_GET, f"≥ {GOAL_GET:g} × evhttp", f"{ratio:.2f} ×; per CPU second {cpu:.2f}")]
    ), ratio >= GOAL_GET


def measure_open(processes, options, command, work, log):
    """GETs at a fixed rate, latency from when each was due, while registrations beat; and of `evhttp` with nothing else
    to do, for what the machine's stalls are."""
    peer, peer_port = start_listening(processes, ["peer", "{}"], options.core, log)
    theirs = get(processes, options, log, peer_port, "/", OPEN_LOOP_RATE)["latencyMs"]
    processes.stop(peer)
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    beatd.register(OPEN_LOOP_COUNT)
    wait_until_beaten(sink_port, OPEN_LOOP_COUNT, 60)
    path, _ = post_one(beatd.port)
    time.sleep(60)  # lateness is of the last minute
    result = get(processes, options, log, beatd.port, path, OPEN_LOOP_RATE)
    late = ask_json(beatd.port, "/v1/metrics")["latenessSeconds"]["1m"]["p99"] * 1000
    beatd.stop()
    processes.stop(sink)
    p99 = result["latencyMs"]["p99"]
    met = p99 < GOAL_OPEN_MS and late < GOAL_OPEN_LATE_MS and result["perSecond"] > 0.95 * OPEN_LOOP_RATE
    return "\n".join([
        f"Open loop, {result['perSecond']} GET/s for {options.seconds} s while {OPEN_LOOP_COUNT} beat: "
        f"p50 {result['latencyMs']['p50']:.2f} ms, p99 {p99:.2f} ms, max {result['latencyMs']['max']:.1f} ms; evhttp with "
        f"no beats: p50 {theirs['p50']:.2f} ms, p99 {theirs['p99']:.2f} ms, max {theirs['max']:.1f} ms", "",
        verdict(met, f"p99 < {GOAL_OPEN_MS:g} ms, lateness p99 < {GOAL_OPEN_LATE_MS:g} ms",
                f"{p99:.2f} ms, {late:.2f} ms")]), met


def store_bare(processes, options, work, log):
    """The same POSTs to `evhttp` and SQLite with nothing of a product around them; microseconds of CPU for each too."""
    sink, sink_port = start_sink(processes, options, log)
    bare, port = start_listening(
        processes, ["storing", os.path.join(work, "bare.db"), "x" * ANSWER_BYTES, str(sink_port)], options.core, log)
    before = cpu_clock(bare.pid)
    result = load_posts(processes, options, log, port)
    each = (cpu_clock(bare.pid) - before) / options.count * 1e6
    wait_for("every register answered", 10,
             lambda: ask_json(sink_port, "/sink/counts")["registers"] == options.count)
    processes.stop(bare)
    processes.stop(sink)
    return result["perSecond"], each


def load_posts(processes, options, log, port):
    return run_json(
        processes,
        ["load", "--port", str(port), "--count", str(options.count), "--connections", str(POST_CONNECTIONS)],
        options.sink_core, log, 60 + options.count // 1000)


def measure_durable(processes, options, command, work, log):
    """POSTs that are answered when they are on the disk; then the process is killed and starts again."""
    slow = slowness(processes, options, log)
    bare = store_bare(processes, options, work, log)
    say(f"evhttp and SQLite: {bare[0]} durable POST/s, {bare[1]:.1f} us of CPU each")
    sink, sink_port = start_sink(processes, options, log)
    data = os.path.join(work, "data")
    beatd = Beatd(processes, options, command, work, log, sink_port, data).wait_until_ready()
    before = cpu_clock(beatd.pid)
    posted = load_posts(processes, options, log, beatd.port)
    each = (cpu_clock(beatd.pid) - before) / options.count * 1e6
    say(f"{posted['perSecond']} durable POST/s, {each:.1f} us of CPU each")
    wait_until_beaten(sink_port, options.count, 60 + options.count / 2000)
    wait_for("every acceptance stored", 30, lambda: time.sleep(2) is None)
    registers = ask_json(sink_port, "/sink/counts")["registers"]
    firsts = []
    for _ in range(RESTARTS):
        beatd.kill()
        time.sleep(1)
        ask(sink_port, "/sink/reset", "POST")
        beatd = Beatd(processes, options, command, work, log, sink_port, data)
        wait_for("the first beat", 30, lambda: ask_json(sink_port, "/sink/counts")["firstBeat"] > 0)
        firsts.append(ask_json(sink_port, "/sink/counts")["firstBeat"] - beatd.started)
        time.sleep(options.period_ms / 1000 + 1)
    counts = ask_json(sink_port, "/sink/counts")
    beatd.kill()
    processes.stop(sink)
    first = statistics.median(firsts)
    tenths = counts["perTenth"][:options.period_ms // 100]
    mean = statistics.mean(tenths)
    posts_met, first_met = posted["perSecond"] >= GOAL_POST, first < GOAL_FIRST_S
    posts_scaled, first_scaled = posted["perSecond"] * slow >= GOAL_POST, first / slow < GOAL_FIRST_S
    lines = [
        f"Here and now bare C is {slow:.2f} × as slow as the reference.", "",
        f"Durable POST, {POST_CONNECTIONS} connections, {options.count} registrations: {posted['perSecond']}/s, "
        f"p50 {posted['latencyMs']['p50']:.2f} ms, p99 {posted['latencyMs']['p99']:.2f} ms, {each:.1f} µs of CPU each; "
        f"evhttp and SQLite with no more than a register: {bare[0]}/s, {bare[1]:.1f} µs", "",
        verdict(posts_met, f"≥ {GOAL_POST}/s", f"{posted['perSecond']}/s here, "
                f"{posted['perSecond'] * slow:.0f}/s at the reference's speed", posts_scaled), "",
        f"Killed and started again with {options.count} stored, {RESTARTS} times: first beat {first * 1000:.0f} ms after "
        f"exec in the median, {min(firsts) * 1000:.0f} to {max(firsts) * 1000:.0f}; beats per tenth of a second over the "
        f"first period of the last: mean {mean:.0f}, least {min(tenths)}, most {max(tenths)}; "
        f"{counts['registers'] - registers} registered again", "",
        verdict(first_met, f"first beat < {GOAL_FIRST_S:g} s", f"{first * 1000:.0f} ms here, "
                f"{first / slow * 1000:.0f} ms at the reference's speed", first_scaled)]
    return "\n".join(lines), first_scaled and posts_scaled
